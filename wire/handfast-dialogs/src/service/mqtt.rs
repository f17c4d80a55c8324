//! MQTT 3.1.1 and 5.0: CONNECT, and the return code of CONNACK.

use super::Next;
use crate::verdict::{Pending, Reply, Verdict};

const PROTOCOL: &str = "MQTT";

/// CONNECT with a clean session, 60 s of keep-alive, and the name "handfast", in the protocol version `level`.
pub(super) fn connect(level: u8) -> Vec<u8> {
    let mut body = b"\x00\x04MQTT".to_vec();
    body.extend([level, 2, 0, 60]);
    if level >= 5 {
        // No properties.
        body.push(0);
    }
    body.extend(b"\x00\x08handfast");
    let length = u8::try_from(body.len()).unwrap_or_default();
    [&[0x10, length], body.as_slice()].concat()
}

pub(super) fn hear(heard: &[u8]) -> Next {
    match heard {
        [] | [0x20] | [0x20, _] | [0x20, _, _] => Next::Wait,
        // Two bytes in MQTT 3.1.1; properties follow in MQTT 5.0 (section 3.2).
        [0x20, length, _, 0, ..] if *length >= 2 => {
            Next::Done(Verdict::Accepted(Reply::new(PROTOCOL, 0, "connection accepted")))
        }
        [0x20, length, _, code, ..] if *length >= 2 => {
            let reply = Reply::new(PROTOCOL, format!("code {code}"), meaning(*code));
            Next::Done(if is_about_the_client(*code) {
                Verdict::Refused(reply)
            } else {
                Verdict::Undecided(Pending::Unrelated, reply)
            })
        }
        _ => {
            let start = String::from_utf8_lossy(heard.get(..40).unwrap_or(heard)).into_owned();
            Next::Done(Verdict::Undecided(
                Pending::Unrelated,
                Reply::new("not MQTT:", "", start),
            ))
        }
    }
}

/// Whether the code says what the broker thinks of the client, and not how it is or which version it speaks.
fn is_about_the_client(code: u8) -> bool {
    !matches!(code, 1 | 3 | 0x84 | 0x88 | 0x89 | 0x97 | 0x9c | 0x9d | 0x9f)
}

/// MQTT 3.1.1 table 3.1, MQTT 5.0 table 3-1.
fn meaning(code: u8) -> &'static str {
    match code {
        1 | 0x84 => "unacceptable protocol version",
        2 | 0x85 => "client identifier rejected",
        3 | 0x88 => "server unavailable",
        4 | 0x86 => "bad user name or password",
        5 | 0x87 => "not authorized",
        0x80 => "unspecified error",
        0x81 => "malformed packet",
        0x82 => "protocol error",
        0x83 => "implementation specific error",
        0x89 => "server busy",
        0x8a => "banned",
        0x8c => "bad authentication method",
        0x95 => "packet too large",
        0x97 => "quota exceeded",
        0x9c => "use another server",
        0x9d => "server moved",
        0x9f => "connection rate exceeded",
        _ => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_as_long_as_they_say() {
        for level in [4, 5] {
            let words = connect(level);
            assert_eq!(usize::from(words[1]), words.len() - 2, "{level}");
        }
    }

    #[test]
    fn a_busy_broker_is_no_refusal_of_the_client() {
        assert!(matches!(
            hear(b"\x20\x02\x00\x03"),
            Next::Done(Verdict::Undecided(..))
        ));
        assert!(matches!(
            hear(b"\x20\x02\x00\x05"),
            Next::Done(Verdict::Refused(_))
        ));
    }
}
