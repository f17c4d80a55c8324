//! The events: what is written about every connection, request and reload, and the guard that writes
//! exactly one record however a connection ends.
//!
//! Field names stand in this file and nowhere else. Everything that a peer can choose is escaped and
//! capped before it gets here ([`handfast_pki::text::printable`]), so that one event is one line.

#![warn(missing_docs)]

pub mod check;
pub mod export;
pub mod leaf;
pub mod line;
pub mod readiness;
pub mod tree;

use std::{fmt, sync::Arc};

use handfast_pki::{Code, Identity};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// One line of the log.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A connection that has ended.
    Connection(Connection),
    /// A request that was answered; only with the detail `requests`.
    Request(Request),
    /// An attempt to take over new files.
    Reload(Reload),
    /// Something that there is not enough of; at most one in ten seconds for each.
    Shortage(Shortage),
    /// Something that somebody has to look after before it fails; once for each step.
    Alarm(Alarm),
    /// A target of a backend that is left out, or used again.
    Target(Target),
}

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Identity proven and allowed; whatever else is said happened afterwards.
    Allowed,
    /// Refused in the handshake: certificate, protocol, deadline.
    Refused,
    /// Identity proven, and no rule allows it.
    Denied,
    /// Dropped before the handshake, or in its middle by the peer.
    Broken,
}

/// What client and proxy call the same handshake: the first half of the ClientHello's random (RFC 8446 section
/// 4.1.2). The client chooses it, so it finds a record and proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandshakeId(pub [u8; 16]);

impl fmt::Display for HandshakeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// One connection, from accept to close.
#[derive(Debug, Clone, Serialize)]
pub struct Connection {
    /// When it was accepted.
    pub time: Timestamp,
    /// Unique within a run of the program.
    pub id: u64,
    /// Absent where the peer did not begin with a ClientHello, or sent its first bytes in pieces.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub handshake: Option<HandshakeId>,
    /// Address and port of the peer.
    pub peer: String,
    /// What the leaf says of its holder; absent until it is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Box<Identity>>,
    /// The version, `TLSv1.2` or `TLSv1.3`; absent where the handshake did not end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<&'static str>,
    /// The cipher suite by its IANA name; absent like `tls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suite: Option<&'static str>,
    /// The protocol that was agreed on (RFC 7301), if any was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<&'static str>,
    /// Whether an earlier session was resumed; its client was judged again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resumed: bool,
    /// Whether the client came in without a certificate, by a rule that says so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
    /// The rule that allowed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why it would have been rejected in the handshake if its host did more than observe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_reject: Option<Box<WouldReject>>,
    /// How far it came.
    pub verdict: Verdict,
    /// Why it was refused, or why an allowed connection was ended from our side.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The reason in words, both values in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Plaintext bytes from the peer.
    pub bytes_in: u64,
    /// Plaintext bytes to the peer.
    pub bytes_out: u64,
    /// Requests served; 0 for a byte tunnel.
    pub requests: u64,
    /// From accept to close, in milliseconds.
    pub duration_ms: u64,
}

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// When its head was complete.
    pub time: Timestamp,
    /// The connection that it came on.
    pub connection: u64,
    /// As it was sent: `GET`.
    pub method: String,
    /// Path without query: queries carry secrets.
    pub path: String,
    /// From Host or `:authority` (RFC 9110 section 7.2); absent in HTTP/1.0 without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Of the answer: the backend's, or our own where we refused.
    pub status: u16,
    /// Why we answered in the place of the backend.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The same in words, where the code does not say all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it would have been answered with 403 if its host did more than observe. A request that has this is written with
    /// the detail `connections`, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_reject: Option<Box<WouldReject>>,
    /// To the first byte of the answer, in microseconds.
    pub duration_us: u64,
}

/// What a host would do that only observes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WouldReject {
    /// Why.
    #[serde(serialize_with = "shown")]
    pub code: Code,
    /// The same in words, both values in it.
    pub reason: String,
    /// The address of the client, without its port.
    pub address: String,
    /// What its certificate says of it; it proved to have the key, and nothing else is known to be true. Absent without a
    /// certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presented: Option<Box<Identity>>,
}

/// One attempt to take over new certificate, key, CA and rules.
#[derive(Debug, Clone, Serialize)]
pub struct Reload {
    /// When it was tried.
    pub time: Timestamp,
    /// Whether the new state serves now; if not, the last good one still does.
    pub taken: bool,
    /// Counts the states that served, from 1.
    pub generation: u64,
    /// Why it was not taken.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The same in words, both values in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Settings that were changed, too, and that only a restart takes over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restart_for: Vec<&'static str>,
}

/// Something that there is not enough of: descriptors, places for connections, connections to the backend.
#[derive(Debug, Clone, Serialize)]
pub struct Shortage {
    /// When it was noticed.
    pub time: Timestamp,
    /// What there is not enough of.
    #[serde(serialize_with = "shown")]
    pub code: Code,
    /// The same in words.
    pub reason: &'static str,
    /// How often since the last event with this reason.
    pub times: u64,
}

/// Something that somebody has to look after: a revocation list that grows old, or cannot be fetched.
#[derive(Debug, Clone, Serialize)]
pub struct Alarm {
    /// When it was noticed.
    pub time: Timestamp,
    /// What happens if nobody does.
    #[serde(serialize_with = "shown")]
    pub code: Code,
    /// What it is, in words.
    pub reason: String,
}

/// One of several targets of a backend, and whether requests go to it.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    /// When it was noticed.
    pub time: Timestamp,
    /// The backend, as routes call it.
    pub backend: String,
    /// Where the target is, as it was configured.
    pub target: String,
    /// `false` while it is left out.
    pub in_use: bool,
    /// Why it is left out.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Event {
    /// The line, without its end.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self)
            .unwrap_or_else(|error| format!("{{\"event\":\"unwritable\",\"reason\":\"{error}\"}}"))
    }
}

/// Where events go. It must not block: a full pipe is the log's problem and not the peers'.
pub trait Sink: Send + Sync {
    /// Takes one event; for connections it stamps the duration since [`Connection::time`].
    fn take(&self, event: Event);
}

/// Writes the record of one connection when it is dropped: after an answer, an error, a panic or a cancel.
pub struct Entry {
    /// The record so far, to be filled in.
    pub record: Connection,
    sink: Arc<dyn Sink>,
}

impl Entry {
    /// Begins the record of a connection from `peer`, accepted at `time`.
    pub fn begin(sink: Arc<dyn Sink>, time: Timestamp, id: u64, peer: String) -> Self {
        let record = Connection {
            time,
            id,
            handshake: None,
            peer,
            identity: None,
            tls: None,
            suite: None,
            alpn: None,
            resumed: false,
            anonymous: false,
            rule: None,
            would_reject: None,
            verdict: Verdict::Broken,
            code: None,
            reason: None,
            bytes_in: 0,
            bytes_out: 0,
            requests: 0,
            duration_ms: 0,
        };
        Self { record, sink }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.sink.take(Event::Connection(self.record.clone()));
    }
}

fn shown<T: fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

// serde hands over a reference to the field, whatever that is.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn as_text<T: fmt::Display, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Kept(Mutex<Vec<Event>>);

    impl Sink for Kept {
        fn take(&self, event: Event) {
            self.0.lock().expect("no panic while locked").push(event);
        }
    }

    #[test]
    fn a_connection_leaves_one_record_even_when_it_panics() {
        let kept = Arc::new(Kept::default());
        let sink: Arc<dyn Sink> = kept.clone();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut entry = Entry::begin(sink, Timestamp::UNIX_EPOCH, 1, "127.0.0.1:1".into());
            entry.record.verdict = Verdict::Allowed;
            panic!("in the middle");
        }));
        assert!(outcome.is_err());
        let events = kept.0.lock().expect("no poison");
        assert_eq!(events.len(), 1);
        assert!(
            events[0]
                .to_line()
                .starts_with(r#"{"event":"connection","time":"1970-01-01T00:00:00Z","id":1"#)
        );
    }

    #[test]
    fn a_code_is_written_as_people_read_it() {
        let event = Event::Reload(Reload {
            time: Timestamp::UNIX_EPOCH,
            taken: false,
            generation: 3,
            code: Some(handfast_pki::code::EXPIRED),
            reason: Some("old".into()),
            restart_for: Vec::new(),
        });
        assert_eq!(
            event.to_line(),
            r#"{"event":"reload","time":"1970-01-01T00:00:00Z","taken":false,"generation":3,"code":"HF-202","reason":"old"}"#
        );
    }
}
