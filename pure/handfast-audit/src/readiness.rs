//! Readiness: who of those that an access log has seen would be rejected if every host were in earnest.
//!
//! In: the lines of one log or more, in any order. Out: each client that came, and why it was or would have been rejected. A
//! client is who it calls itself; one without a certificate is its address. Every rejection counts that is not older than the
//! moment that was asked for: what has been mended since is left out by asking for a later one.
//!
//! The line of a request that a host in earnest has rejected names no client. It waits for the line of its connection, which
//! is written when that ends.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead},
};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::line::{ConnectionLine, Line, LoggedIdentity, LoggedRejection, RequestLine};

/// The addresses of a client that are remembered.
const MOST_ADDRESSES: usize = 16;
/// A line that is longer is none of ours: every text in one is cut.
const LONGEST: u64 = 1 << 20;
/// The rejected requests of one connection that are remembered.
const MOST_WAITING: usize = 1000;
/// What a request is answered with that its client may not make.
const FORBIDDEN: u16 = 403;

/// What logs say.
#[derive(Debug, Default)]
pub struct Readiness {
    since: Option<Timestamp>,
    clients: BTreeMap<String, Client>,
    /// Connections that count.
    pub connections: u64,
    /// Lines that could not be read.
    pub unreadable: u64,
    /// Lines that the proxy could not write.
    pub dropped: u64,
    /// The first and the last moment of a connection or request that counts.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Requests that were rejected, by the number of their connection, whose line is still to come.
    waiting: BTreeMap<u64, Vec<RequestLine>>,
}

/// A client that came.
#[derive(Debug, Clone, Serialize)]
pub struct Client {
    /// What it calls itself: `uri:spiffe://acme/web`, or `no certificate from 192.0.2.7`.
    pub called: String,
    /// From where it came.
    pub addresses: BTreeSet<String>,
    /// When it came first.
    pub first: Timestamp,
    /// When it was there last.
    pub last: Timestamp,
    /// How often it connected.
    pub connections: u64,
    /// When it was accepted last, with nothing to be said against it.
    pub accepted: Option<Timestamp>,
    /// Why it was rejected or would be, each reason once.
    pub rejections: Vec<Rejection>,
}

/// Why a client was rejected, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct Rejection {
    /// The code of the reason.
    pub code: String,
    /// In words, as it was said last.
    pub reason: String,
    /// Method and path of a request; nothing where the handshake would be rejected.
    pub request: Option<String>,
    /// SHA-256 of the certificate that was shown last, where one was.
    pub fingerprint: Option<String>,
    /// Whether it was served all the same.
    pub observed: bool,
    /// When this was first said.
    pub first: Timestamp,
    /// When it was said last.
    pub last: Timestamp,
    /// How often it was said.
    pub times: u64,
}

impl Readiness {
    /// Nothing yet; what ended before `since` does not count.
    pub fn since(since: Option<Timestamp>) -> Self {
        Self {
            since,
            ..Self::default()
        }
    }

    /// Takes in the lines of `log`.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub fn read(&mut self, log: &mut impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut limited = io::Read::take(&mut *log, LONGEST);
            if limited.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            if !line.trim_ascii().is_empty() {
                self.take(&line);
            }
        }
    }

    fn take(&mut self, line: &[u8]) {
        match Line::read(line) {
            Some(Line::Connection(line)) => self.connection(*line),
            Some(Line::Request(line)) => self.request(*line),
            Some(Line::Dropped { lines }) => self.dropped += lines,
            // Numbers of connections begin anew.
            Some(Line::Open {}) => self.waiting.clear(),
            Some(Line::Other) => {}
            None => self.unreadable += 1,
        }
    }

    fn counts(&mut self, from: Timestamp, to: Timestamp) -> bool {
        let counts = self.since.is_none_or(|since| to >= since);
        if counts {
            let (first, last) = self.span.unwrap_or((from, to));
            self.span = Some((first.min(from), last.max(to)));
        }
        counts
    }

    fn connection(&mut self, line: ConnectionLine) {
        let lasted = i64::try_from(line.duration_ms).unwrap_or(i64::MAX);
        let end = line.time.checked_add(SignedDuration::from_millis(lasted));
        let end = end.unwrap_or(line.time);
        let rejection = rejected(&line);
        let requests = self.waiting.remove(&line.id).unwrap_or_default();
        // Who has shown nothing at all, and is not rejected for that, is no client: a scanner, or a look whether we live.
        let is_client = line.identity.is_some() || line.anonymous || rejection.is_some();
        if !is_client || !self.counts(line.time, end) {
            return;
        }
        self.connections += 1;
        let (since, address) = (self.since, address(&line.peer));
        let identity = line.identity.as_ref();
        let presented = rejection.as_ref().and_then(|(said, _)| said.presented.as_ref());
        let code = rejection.as_ref().map(|(said, _)| said.code.as_str());
        let called = called(identity.or(presented), code, &address);
        let client = self.client(called, &address, (line.time, end));
        client.connections += 1;
        match rejection {
            Some((said, observed)) => client.reject(said, None, observed, (line.time, end)),
            None => client.accepted = client.accepted.max(Some(line.time)),
        }
        // The number can be that of a connection in another log.
        let own = requests
            .into_iter()
            .filter(|one| (line.time..=end).contains(&one.time));
        let now_counts = |one: &RequestLine| since.is_none_or(|since| one.time >= since);
        for request in own.filter(now_counts) {
            let (when, asked) = (request.time, format!("{} {}", request.method, request.path));
            let said = LoggedRejection {
                reason: request.reason.unwrap_or_default(),
                code: request.code.unwrap_or_default(),
                address: address.clone(),
                presented: identity.cloned(),
            };
            client.reject(said, Some(asked), false, (when, when));
        }
    }

    fn request(&mut self, mut line: RequestLine) {
        let Some(said) = line.would_reject.take() else {
            // By a rule, or for want of one; what a backend answers has no code.
            if line.status == FORBIDDEN && matches!(line.code.as_deref(), Some("HF-609" | "HF-725")) {
                let waiting = self.waiting.entry(line.connection).or_default();
                if waiting.len() < MOST_WAITING {
                    waiting.push(line);
                }
            }
            return;
        };
        if !self.counts(line.time, line.time) {
            return;
        }
        let when = (line.time, line.time);
        let called = called(said.presented.as_ref(), None, &said.address);
        let client = self.client(called, &said.address.clone(), when);
        let request = format!("{} {}", line.method, line.path);
        client.reject(said, Some(request), true, when);
    }

    fn client(&mut self, called: String, address: &str, (from, to): (Timestamp, Timestamp)) -> &mut Client {
        let client = self.clients.entry(called.clone()).or_insert_with(|| Client {
            called,
            addresses: BTreeSet::new(),
            first: from,
            last: to,
            connections: 0,
            accepted: None,
            rejections: Vec::new(),
        });
        (client.first, client.last) = (client.first.min(from), client.last.max(to));
        if client.addresses.len() < MOST_ADDRESSES {
            client.addresses.insert(address.to_owned());
        }
        client
    }

    /// Every client, by what it is called.
    pub fn clients(&self) -> impl ExactSizeIterator<Item = &Client> {
        self.clients.values()
    }

    /// Those of [`Self::rejected`] that a host in earnest has rejected: for them nothing changes with the others.
    pub fn already(&self) -> usize {
        let is_rejected = |client: &&Client| client.rejections.iter().any(|said| !said.observed);
        self.clients().filter(is_rejected).count()
    }

    /// Those that were rejected or would be.
    pub fn rejected(&self) -> impl Iterator<Item = &Client> {
        self.clients().filter(|client| !client.rejections.is_empty())
    }
}

impl Client {
    fn reject(
        &mut self,
        said: LoggedRejection,
        request: Option<String>,
        observed: bool,
        (from, to): (Timestamp, Timestamp),
    ) {
        let fingerprint = said.presented.map(|presented| presented.fingerprint);
        let mut known = self.rejections.iter_mut();
        let known = known
            .find(|known| known.code == said.code && known.request == request && known.observed == observed);
        let Some(known) = known else {
            self.rejections.push(Rejection {
                code: said.code,
                reason: said.reason,
                request,
                fingerprint,
                observed,
                first: from,
                last: to,
                times: 1,
            });
            return;
        };
        known.times += 1;
        known.first = known.first.min(from);
        if to >= known.last {
            (known.last, known.reason, known.fingerprint) = (to, said.reason, fingerprint);
        }
    }
}

/// Why a connection was rejected because of its client, or would have been; and whether it was served all the same.
fn rejected(line: &ConnectionLine) -> Option<(LoggedRejection, bool)> {
    if let Some(said) = &line.would_reject {
        return Some((said.clone(), true));
    }
    let code = line.code.as_ref()?;
    // HF-1nn and HF-2nn are about certificates; what else is refused says nothing about a client.
    let is_refused = line.verdict == "refused" && (code.starts_with("HF-1") || code.starts_with("HF-2"));
    if !is_refused && line.verdict != "denied" {
        return None;
    }
    let said = LoggedRejection {
        code: code.clone(),
        reason: line.reason.clone().unwrap_or_default(),
        address: address(&line.peer),
        presented: line.identity.clone(),
    };
    Some((said, false))
}

/// By its certificate, where the log has that; a host in earnest leaves out what it has not verified.
fn called(identity: Option<&LoggedIdentity>, code: Option<&str>, address: &str) -> String {
    match (identity, code) {
        (Some(identity), _) => identity.called.clone(),
        (None, None | Some("HF-101")) => format!("no certificate from {address}"),
        (None, Some(_)) => format!("unverified certificate from {address}"),
    }
}

/// Without its port.
fn address(peer: &str) -> String {
    let address = peer.rsplit_once(':').map_or(peer, |(address, _)| address);
    address.trim_matches(['[', ']']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINGERPRINT: &str = "0707070707070707070707070707070707070707070707070707070707070707";

    fn identity(called: &str) -> String {
        format!(
            r#"{{"called":"uri:{called}","uris":["{called}"],"dns":[],"emails":[],"ips":[],"others":[],"common_name":null,"fingerprint":"{FINGERPRINT}"}}"#
        )
    }

    fn connection(day: u32, more: &str) -> String {
        format!(
            r#"{{"event":"connection","time":"2026-11-{day:02}T12:00:00Z","id":1,"peer":"[2001:db8::7]:4711",{more},"bytes_in":0,"bytes_out":0,"requests":1,"duration_ms":1000}}"#
        )
    }

    fn good(day: u32, called: &str) -> String {
        connection(
            day,
            &format!(r#""identity":{},"verdict":"allowed""#, identity(called)),
        )
    }

    fn bad(day: u32, called: &str, code: &str) -> String {
        let presented = identity(called);
        let would =
            format!(r#"{{"code":"{code}","reason":"why","address":"2001:db8::7","presented":{presented}}}"#);
        connection(day, &format!(r#""verdict":"allowed","would_reject":{would}"#))
    }

    fn of(since: Option<&str>, lines: &[String]) -> Readiness {
        let mut readiness = Readiness::since(since.map(|text| text.parse().expect("a time")));
        readiness.read(&mut lines.join("\n").as_bytes()).expect("read");
        readiness
    }

    fn named(readiness: &Readiness) -> Vec<&str> {
        readiness
            .rejected()
            .map(|client| client.called.as_str())
            .collect()
    }

    #[test]
    fn who_was_rejected_counts_until_one_asks_for_a_later_time() {
        let lines = [
            good(20, "spiffe://acme/web"),
            bad(20, "spiffe://acme/old", "HF-202"),
            bad(21, "spiffe://acme/old", "HF-202"),
            good(22, "spiffe://acme/old"),
        ];
        let all = of(None, &lines);
        assert_eq!(all.clients().len(), 2);
        assert_eq!(named(&all), ["uri:spiffe://acme/old"]);
        let old = all.rejected().next().expect("one");
        assert_eq!((old.connections, old.rejections[0].times), (3, 2));
        assert_eq!(old.accepted, "2026-11-22T12:00:00Z".parse().ok());
        assert!(old.addresses.contains("2001:db8::7"), "{old:?}");
        let since = of(Some("2026-11-22T00:00:00Z"), &lines);
        assert_eq!((since.clients().len(), named(&since).len()), (1, 0));
        // What lasts into the time that is asked for counts.
        let since = of(Some("2026-11-21T12:00:00.5Z"), &lines);
        assert_eq!(named(&since), ["uri:spiffe://acme/old"]);
    }

    #[test]
    fn who_was_truly_rejected_counts_and_noise_does_not() {
        let lines = [
            connection(20, r#""verdict":"refused","code":"HF-103","reason":"unknown""#),
            connection(
                20,
                &format!(
                    r#""identity":{},"verdict":"denied","code":"HF-609","reason":"no rule""#,
                    identity("spiffe://acme/api")
                ),
            ),
            connection(20, r#""verdict":"refused","code":"HF-304","reason":"no TLS""#),
            connection(20, r#""verdict":"broken","code":"HF-303""#),
            r#"{"event":"reload","time":"2026-11-20T12:00:00Z","taken":true,"generation":2}"#.into(),
            r#"{"event":"dropped","lines":3}"#.into(),
            "no line of ours".into(),
            String::new(),
        ];
        let readiness = of(None, &lines);
        assert_eq!(
            named(&readiness),
            ["unverified certificate from 2001:db8::7", "uri:spiffe://acme/api"]
        );
        assert_eq!(
            (readiness.connections, readiness.dropped, readiness.unreadable),
            (2, 3, 1)
        );
        assert!(readiness.rejected().all(|client| !client.rejections[0].observed));
    }

    #[test]
    fn a_request_that_a_host_in_earnest_has_rejected_counts_for_the_client_of_its_connection() {
        let request = |day: u32, connection: u64, status: u16, more: &str| {
            format!(
                r#"{{"event":"request","time":"2026-11-{day:02}T12:00:00.5Z","connection":{connection},"method":"GET","path":"/a","status":{status}{more},"duration_us":1}}"#
            )
        };
        let (by_rule, by_backend) = (r#","code":"HF-609","reason":"no rule""#, "");
        let lines = [
            request(20, 1, 403, by_rule),
            request(20, 1, 403, by_rule),
            good(20, "spiffe://acme/web"),
            // What a backend answers, and what is no matter of rules.
            request(21, 1, 403, by_backend),
            request(21, 1, 401, r#","code":"HF-735""#),
            good(21, "spiffe://acme/api"),
            // Of another connection, of another log, and of one whose end nobody has seen.
            request(22, 2, 403, by_rule),
            request(10, 1, 403, by_rule),
            good(22, "spiffe://acme/shop"),
        ];
        let readiness = of(None, &lines);
        assert_eq!(named(&readiness), ["uri:spiffe://acme/web"]);
        assert_eq!(readiness.already(), 1);
        let said = &readiness.rejected().next().expect("one").rejections[0];
        assert_eq!(
            (
                said.code.as_str(),
                said.reason.as_str(),
                said.request.as_deref(),
                said.observed,
                said.times
            ),
            ("HF-609", "no rule", Some("GET /a"), false, 2)
        );
        // A new start counts connections anew.
        let restarted = [
            request(20, 1, 403, by_rule),
            r#"{"event":"open","address":"a"}"#.to_owned(),
            good(20, "spiffe://acme/web"),
        ];
        assert_eq!(of(None, &restarted).rejected().count(), 0);
        assert_eq!(of(Some("2026-11-20T12:00:00.8Z"), &lines).rejected().count(), 0);
        assert_eq!(of(None, &[bad(20, "spiffe://acme/old", "HF-202")]).already(), 0);
    }

    #[test]
    fn a_request_that_its_route_would_reject_counts_for_its_client() {
        let request = format!(
            r#"{{"event":"request","time":"2026-11-20T12:00:00Z","connection":1,"method":"POST","path":"/a","status":200,"would_reject":{{"code":"HF-609","reason":"no rule","address":"192.0.2.7","presented":{}}},"duration_us":1}}"#,
            identity("spiffe://acme/web")
        );
        let readiness = of(None, &[request.clone(), request, good(20, "spiffe://acme/web")]);
        assert_eq!(readiness.clients().len(), 1);
        let web = readiness.rejected().next().expect("one");
        assert_eq!(web.rejections[0].request.as_deref(), Some("POST /a"));
        assert_eq!((web.rejections[0].times, web.connections), (2, 1));
    }
}
