//! HTTP/2: the settings of the server, and whether it goes away at once.

use super::Next;
use crate::verdict::{Pending, Reply, Verdict};

/// The preface, and a SETTINGS frame without settings.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

const PROTOCOL: &str = "HTTP/2";
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// The longest frame before settings say otherwise (RFC 9113 section 4.2).
const LONGEST: usize = 1 << 14;

pub(super) fn hear(heard: &[u8]) -> Next {
    let mut rest = heard;
    let mut is_welcome = false;
    while let Some((kind, payload, after)) = frame(rest) {
        match kind {
            GOAWAY => return Next::Done(gone(payload)),
            SETTINGS => is_welcome = true,
            _ if !is_welcome => return other(),
            _ => {}
        }
        rest = after;
    }
    let length = rest.get(..3).map_or(0, |bytes| {
        usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2])
    });
    if is_welcome {
        // It may go away behind them.
        return Next::Linger(Verdict::Accepted(Reply::new(PROTOCOL, "", "settings")));
    }
    if length > LONGEST {
        return other();
    }
    Next::Wait
}

fn other() -> Next {
    let reply = Reply::new("not HTTP/2", "", "");
    Next::Done(Verdict::Undecided(Pending::Unrelated, reply))
}

/// The first frame, and what follows it (RFC 9113 section 4.1).
fn frame(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let head = bytes.get(..9)?;
    let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
    let payload = bytes.get(9..9 + length)?;
    Some((head[3], payload, bytes.get(9 + length..)?))
}

/// RFC 9113 section 6.8: the last stream, the error, and words.
fn gone(payload: &[u8]) -> Verdict {
    let number = payload.get(4..8).map_or(0, |bytes| {
        bytes
            .iter()
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
    });
    let words = String::from_utf8_lossy(payload.get(8..).unwrap_or_default()).into_owned();
    let name = match number {
        0 => "NO_ERROR",
        1 => "PROTOCOL_ERROR",
        2 => "INTERNAL_ERROR",
        7 => "REFUSED_STREAM",
        11 => "ENHANCE_YOUR_CALM",
        12 => "INADEQUATE_SECURITY",
        13 => "HTTP_1_1_REQUIRED",
        _ => "",
    };
    let reply = Reply::new(
        PROTOCOL,
        format!("GOAWAY {number}"),
        format!("{name} {words}").trim(),
    );
    if number == 0 {
        return Verdict::Undecided(Pending::Unrelated, reply);
    }
    Verdict::Refused(reply)
}
