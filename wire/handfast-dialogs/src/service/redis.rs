//! RESP, as Redis and Valkey speak it: the answer to PING.

use super::Next;
use crate::verdict::{Pending, Reply, Verdict};

const PROTOCOL: &str = "Redis";

pub(super) fn hear(heard: &[u8]) -> Next {
    if !heard.ends_with(b"\r\n") {
        return Next::Wait;
    }
    let text = String::from_utf8_lossy(heard).into_owned();
    let text = text.lines().next().unwrap_or_default();
    Next::Done(match text.strip_prefix('-') {
        Some(error) => refused(error),
        None if text.starts_with('+') => Verdict::Accepted(Reply::new(PROTOCOL, "", text)),
        None => Verdict::Undecided(Pending::Unrelated, Reply::new("not Redis:", "", text)),
    })
}

/// The first word of an error is its kind.
fn refused(error: &str) -> Verdict {
    let (kind, why) = error.split_once(' ').unwrap_or((error, ""));
    let reply = Reply::new(PROTOCOL, kind, why);
    match kind {
        // The server is not ready, whoever asks.
        "LOADING" | "BUSY" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" => {
            Verdict::Undecided(Pending::Unrelated, reply)
        }
        // Commands may be renamed; who is told so has been accepted.
        "ERR" if why.starts_with("unknown command") => Verdict::Accepted(reply),
        _ => Verdict::Refused(reply),
    }
}
