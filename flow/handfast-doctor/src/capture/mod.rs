//! A capture made by others: from the file to the conversations in it, and what is to be said of each.
//!
//! Pure: the bytes of the file come in, reports go out. What is no TCP or no TLS is passed over.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::text::printable;
pub use handfast_trace::capture::Malformed;
use handfast_trace::{
    Kind, Message, Secrets, Side,
    capture::{self, Conversation, End},
    decode,
};
use jiff::Timestamp;

use crate::{
    Context, Ending, Report, Trace,
    judge::{Evidence, heard},
};
use handfast_pki::code;

/// Every conversation of TLS in the capture `bytes`, in the order in which they began. `secrets` open what is
/// encrypted, beside those that the file itself carries.
pub fn read(
    bytes: &[u8],
    secrets: Option<&str>,
    context: &Context,
    now: Timestamp,
) -> Result<Vec<Report>, Malformed> {
    let capture = capture::read(bytes)?;
    let mut log = secrets.unwrap_or_default().to_owned();
    log.push('\n');
    log.push_str(&capture.key_log);
    let secrets = Secrets::from_key_log(&log);
    Ok(capture
        .conversations
        .iter()
        .filter(|conversation| conversation.looks_like_tls())
        .map(|conversation| report(conversation, &secrets, context, now))
        .collect())
}

fn report(conversation: &Conversation, secrets: &Secrets, context: &Context, now: Timestamp) -> Report {
    let messages = decode(&conversation.chunks, secrets);
    let trace = Trace::heard(conversation.server.into(), messages, ending(conversation.end));
    let mut findings = Vec::new();
    if is_whole_enough(&trace, conversation) {
        findings = heard(&Evidence::alone(&trace, context), now);
    }
    if findings.is_empty() {
        findings.extend(hidden(&trace, conversation));
    }
    if conversation.has_gaps {
        for finding in &mut findings {
            finding.certainty = finding.certainty.max(Certainty::Likely);
        }
    }
    let mut notes = notes(&trace, conversation);
    if findings.is_empty() && is_unfinished(&trace) {
        let text = "the handshake comes to no end in this capture, so nothing says that it went well";
        notes.push((UNFINISHED.to_owned(), text.to_owned()));
    }
    Report {
        notes,
        findings,
        trace: Some(trace),
        ..Report::new(printable(&format!(
            "{} -> {}",
            conversation.client, conversation.server
        )))
    }
}

/// Whether what was not captured can be told from what was not said.
fn is_whole_enough(trace: &Trace, conversation: &Conversation) -> bool {
    let has_start = trace.saw(&Kind::ClientHello);
    let has_answer = trace.saw(&Kind::ServerHello) || trace.messages.iter().any(Message::is_refusal);
    (has_start || conversation.has_begin) && (!conversation.has_gaps || has_start && has_answer)
}

/// What the capture does not show.
fn notes(trace: &Trace, conversation: &Conversation) -> Vec<(String, String)> {
    let mut notes = Vec::new();
    let mut note = |name: &str, text: &str| notes.push((name.to_owned(), text.to_owned()));
    if !conversation.has_begin && !trace.saw(&Kind::ClientHello) {
        note(
            "begins late",
            "the connection is older than the capture, so its handshake is not in it",
        );
    }
    if conversation.has_gaps {
        note(
            "gaps",
            "packets are missing from the capture, or cut short; what came behind them is not read",
        );
    }
    if is_locked(trace) {
        note(
            "encrypted",
            "most of it is encrypted, what the server says of a client certificate, too; give the key log that \
             SSLKEYLOGFILE makes: --keylog FILE",
        );
    }
    notes
}

/// The name of the note about a handshake whose end was not captured.
pub const UNFINISHED: &str = "unfinished";

/// Whether neither the end of the handshake nor a refusal is there.
fn is_unfinished(trace: &Trace) -> bool {
    let from = |side: Side, kind: &Kind| {
        let is_it = |message: &Message| message.from == side && message.kind == *kind;
        trace.messages.iter().any(is_it)
    };
    let both = |kind: &Kind| from(Side::Client, kind) && from(Side::Server, kind);
    let is_over = both(&Kind::Finished) || (is_locked(trace) && both(&Kind::ApplicationData));
    let is_refused = trace.messages.iter().any(Message::is_refusal);
    !is_over && !is_refused
}

fn ending(end: Option<End>) -> Ending {
    match end {
        Some(End {
            by: Side::Server,
            reset: true,
        }) => Ending::Broken("the server reset the connection".into()),
        Some(End {
            by: Side::Client,
            reset: true,
        }) => Ending::Broken("the client reset the connection".into()),
        Some(End {
            by: Side::Client,
            reset: false,
        })
        | None => Ending::Open,
        Some(End {
            by: Side::Server,
            reset: false,
        }) => Ending::Closed,
    }
}

/// Whether TLS 1.3 was chosen and nothing of it can be read.
fn is_locked(trace: &Trace) -> bool {
    let is_13 = trace
        .server_hello()
        .is_some_and(|hello| hello.version() == 0x0304);
    is_13 && !trace.saw(&Kind::EncryptedExtensions)
}

/// The length of a record of TLS 1.3 with nothing but an alert in it: two bytes, the type, the tag, the header.
const ALERT_RECORD: usize = 24;

/// A refusal that cannot be read shows by its length: the last word of the server is an alert, and nothing of what
/// the connection was for came before it.
fn hidden(trace: &Trace, conversation: &Conversation) -> Option<Finding> {
    let from_server = |message: &&Message| message.from == Side::Server;
    let mut after_flight = trace
        .messages
        .iter()
        .filter(from_server)
        .filter(|message| message.kind == Kind::ApplicationData);
    let last = after_flight.next_back()?;
    let end = conversation.end?;
    // A client that closes first may have had nothing to ask, and the record is the server's farewell.
    let certainty = if end.by == Side::Server {
        Certainty::Likely
    } else {
        Certainty::Guess
    };
    (is_locked(trace) && last.bytes == ALERT_RECORD).then(|| {
        Finding::new(
            code::VAGUE_ALERT,
            Refuser::Server,
            certainty,
            "after the client's last message the server sent one record of the length of an alert and nothing else; \
             what it says is encrypted",
        )
        .help("capture it again with the client's key log (SSLKEYLOGFILE), and give that with --keylog")
    })
}
