//! Both views of one handshake, in the terminal and as JSON.

use std::fmt::Write as _;

use handfast_finding::Finding;
use handfast_pki::text::printable;
use handfast_trace::Side;
use serde_json::{Value, json};

use crate::{
    findings, json, ladder,
    style::{BAD, FAINT, STRONG},
};

/// What both wrote down.
pub struct Joined {
    pub target: String,
    pub handshake: String,
    /// The client's report.
    pub client: Value,
    /// The proxy's line of the connection.
    pub record: Value,
    /// Its lines of what was asked over it.
    pub requests: Vec<Value>,
    pub findings: Vec<Finding>,
}

pub fn json(joined: &Joined) -> Value {
    json!({
        "target": joined.target,
        "handshake": joined.handshake,
        "trace": joined.client["trace"],
        "client": { "findings": joined.client["findings"] },
        "proxy": { "connection": joined.record, "requests": joined.requests },
        "findings": json::findings(&joined.findings),
    })
}

/// The client's ladder on the left, the proxy's words on the right of the message that they are about.
pub fn side_by_side(joined: &Joined) -> String {
    let mut out = String::new();
    let record = &joined.record;
    let head = format!("{}  connection {}", joined.target, text(&record["id"]));
    let _ = writeln!(out, "{}", ladder::head(&head));
    let messages = joined.client["trace"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut notes = proxy_notes(record);
    // Of TLS 1.3, where ChangeCipherSpec is filler (RFC 8446 appendix D.4).
    let is_13 = messages
        .iter()
        .any(|message| message["message"] == "EncryptedExtensions");
    for message in messages {
        let name = printable(message["message"].as_str().unwrap_or_default());
        if name == "ChangeCipherSpec" && is_13 {
            continue;
        }
        let side = match message["from"].as_str() {
            Some("server") => Side::Server,
            _ => Side::Client,
        };
        let note = notes
            .iter()
            .position(|note| note.side == side && note.message == name)
            .map(|place| notes.remove(place).words)
            .unwrap_or_default();
        let _ = writeln!(out, "{}", line(message["ms"].as_f64(), side, &name, &note));
    }
    // What the proxy did for which the client saw no message.
    for note in notes {
        let _ = writeln!(out, "{:>66}{}", "", note.words);
    }
    for request in &joined.requests {
        let _ = writeln!(
            out,
            "{:>66}{FAINT}proxy: {} {} answered {}{FAINT:#}",
            "",
            text(&request["method"]),
            text(&request["path"]),
            text(&request["status"]),
        );
    }
    let _ = writeln!(out, "\n{STRONG}client{STRONG:#}  {}", client_says(&joined.client));
    let _ = writeln!(out, "{STRONG}proxy{STRONG:#}   {}\n", proxy_says(record));
    out + &findings::ranked(&joined.findings)
}

/// Words of the proxy about a message that the client saw.
struct Note {
    side: Side,
    message: &'static str,
    words: String,
}

fn proxy_notes(record: &Value) -> Vec<Note> {
    let mut notes = vec![Note {
        side: Side::Client,
        message: "ClientHello",
        words: format!(
            "{FAINT}proxy: from {}, at {}{FAINT:#}",
            text(&record["peer"]),
            text(&record["time"])
        ),
    }];
    let code = record["code"].as_str().map(printable);
    let proven = Some(names(&record["identity"])).filter(|names| !names.is_empty());
    let words = match (proven, &code, record["verdict"].as_str()) {
        (Some(names), code, verdict) => format!(
            "{FAINT}proxy: proven as {}{FAINT:#}{}",
            names.join(", "),
            match (code, verdict) {
                (Some(code), Some("denied")) => format!("; {BAD}✗ denied, {code}{BAD:#}"),
                _ => String::new(),
            }
        ),
        (None, Some(code), _) => format!("{BAD}proxy: ✗ refused, {code}{BAD:#}"),
        (None, None, _) => return notes,
    };
    notes.push(Note {
        side: Side::Client,
        message: "Certificate",
        words,
    });
    notes
}

/// The names of an identity, with their types.
fn names(identity: &Value) -> Vec<String> {
    let typed = |(key, kind): (&str, &str)| {
        let names = match &identity[key] {
            Value::Array(names) => names.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        };
        names
            .iter()
            .map(|name| format!("{kind}:{}", text(name)))
            .collect::<Vec<_>>()
    };
    [
        ("uris", "uri"),
        ("dns", "dns"),
        ("emails", "email"),
        ("ips", "ip"),
        ("common_name", "cn"),
    ]
    .into_iter()
    .flat_map(typed)
    .collect()
}

fn line(ms: Option<f64>, side: Side, name: &str, note: &str) -> String {
    let time = ms.map_or(format!("{:>9}", ""), |ms| format!("{ms:>6.2} ms"));
    format!("{time}      {}  {note}", ladder::arrow(side, name))
}

fn client_says(client: &Value) -> String {
    match client["findings"]
        .as_array()
        .and_then(|findings| findings.first())
    {
        None => "nothing went wrong".into(),
        Some(first) => format!(
            "{} {} ({}): {}",
            text(&first["code"]),
            text(&first["title"]),
            text(&first["certainty"]),
            text(&first["because"])
        ),
    }
}

fn proxy_says(record: &Value) -> String {
    let verdict = text(&record["verdict"]);
    match (record["code"].as_str(), record["reason"].as_str()) {
        (Some(code), Some(reason)) => format!("{verdict}: {} {}", printable(code), printable(reason)),
        (Some(code), None) => format!("{verdict}: {}", printable(code)),
        (None, _) => match record["rule"].as_str() {
            Some(rule) => format!("{verdict} by {}", printable(rule)),
            None => verdict,
        },
    }
}

/// A value of somebody else's file, for a terminal.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text),
        Value::Null => "-".into(),
        other => printable(&other.to_string()),
    }
}
