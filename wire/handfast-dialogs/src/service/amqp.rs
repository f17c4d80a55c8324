//! AMQP 0-9-1: Connection.Start, and where it offers EXTERNAL, what it says to a client that names itself by its
//! certificate.

use super::Next;
use crate::verdict::{Pending, Reply, Verdict};

pub(super) const HEADER: &[u8] = b"AMQP\x00\x00\x09\x01";

const PROTOCOL: &str = "AMQP";
/// A method frame of channel 0 begins so.
const METHOD: &[u8] = &[1, 0, 0];
/// Class, and the methods Start, Tune and Close.
const CONNECTION: u16 = 10;
const START: u16 = 10;
const TUNE: u16 = 30;
const CLOSE: u16 = 50;

pub(super) fn hear(turn: u8, heard: &[u8]) -> Next {
    let begins_as_frame = METHOD.starts_with(heard.get(..3).unwrap_or(heard));
    if !begins_as_frame {
        return match heard {
            [b'A', b'M', b'Q', b'P', _, rest @ ..] if rest.len() >= 3 => {
                let version: Vec<String> = rest.iter().take(3).map(ToString::to_string).collect();
                unrelated(format!("another version, {}", version.join("-")))
            }
            [b'A', b'M', b'Q', b'P', ..] | [b'A', b'M', b'Q'] | [b'A', b'M'] | [b'A'] | [] => Next::Wait,
            other => unrelated(String::from_utf8_lossy(other.get(..40).unwrap_or(other)).into_owned()),
        };
    }
    let Some(size) = heard
        .get(3..7)
        .and_then(|size| size.try_into().ok())
        .map(u32::from_be_bytes)
    else {
        return Next::Wait;
    };
    let Some(payload) = heard.get(7..7 + size as usize) else {
        return Next::Wait;
    };
    let number = |at: usize| {
        let bytes = payload.get(at..at + 2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    };
    match (number(0), number(2)) {
        (Some(CONNECTION), Some(START)) if turn == 0 => started(payload),
        (Some(CONNECTION), Some(TUNE)) => Next::Done(Verdict::Accepted(Reply::new(
            PROTOCOL,
            "",
            "logged in by the certificate",
        ))),
        (Some(CONNECTION), Some(CLOSE)) => {
            let text = payload
                .get(6)
                .map(|length| usize::from(*length))
                .unwrap_or_default();
            let text = String::from_utf8_lossy(payload.get(7..7 + text).unwrap_or_default()).into_owned();
            Next::Done(Verdict::Refused(Reply::new(
                PROTOCOL,
                number(4).unwrap_or_default(),
                text,
            )))
        }
        _ => unrelated("an answer of another kind".into()),
    }
}

fn unrelated(text: String) -> Next {
    Next::Done(Verdict::Undecided(
        Pending::Unrelated,
        Reply::new(PROTOCOL, "", text),
    ))
}

/// Who can name itself by its certificate does so; all others have to log in.
fn started(payload: &[u8]) -> Next {
    let names = mechanisms(payload).unwrap_or_default();
    if names.split(' ').any(|name| name == "EXTERNAL") {
        return Next::Say(start_ok());
    }
    Next::Done(Verdict::Undecided(
        Pending::Login,
        Reply::new(PROTOCOL, "", format!("log in by {names}")),
    ))
}

/// Behind class, method, two bytes of version and a table.
fn mechanisms(payload: &[u8]) -> Option<String> {
    let long = |at: usize| {
        let bytes = payload.get(at..at + 4)?;
        let length = u32::from_be_bytes(bytes.try_into().ok()?) as usize;
        payload.get(at + 4..at + 4 + length)
    };
    let table = long(6)?;
    let names = long(10 + table.len())?;
    Some(String::from_utf8_lossy(names).into_owned())
}

/// Connection.StartOk with EXTERNAL, and the wish to be told why it fails.
fn start_ok() -> Vec<u8> {
    let capability = b"\x1cauthentication_failure_closet\x01";
    let mut table = b"\x0ccapabilitiesF".to_vec();
    table.extend(length(capability.len()));
    table.extend(capability);
    let mut payload = [CONNECTION.to_be_bytes(), 11_u16.to_be_bytes()].concat();
    payload.extend(length(table.len()));
    payload.extend(table);
    payload.extend(b"\x08EXTERNAL\x00\x00\x00\x00\x05en_US");
    [METHOD, &length(payload.len()), &payload, &[0xce]].concat()
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or_default().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connection.Start with these mechanisms and an empty table.
    fn start(mechanisms: &str) -> Vec<u8> {
        let mut payload = b"\x00\x0a\x00\x0a\x00\x09\x00\x00\x00\x00".to_vec();
        payload.extend(length(mechanisms.len()));
        payload.extend(mechanisms.as_bytes());
        payload.extend(b"\x00\x00\x00\x05en_US");
        [METHOD, &length(payload.len()), &payload, &[0xce]].concat()
    }

    #[test]
    fn a_broker_that_logs_in_by_certificate_is_asked_to() {
        let Next::Say(said) = hear(0, &start("PLAIN EXTERNAL")) else {
            panic!("nothing is said");
        };
        let size = u32::from_be_bytes([said[3], said[4], said[5], said[6]]) as usize;
        assert_eq!(said.len(), size + 8);
        assert_eq!(said.last(), Some(&0xce));
        let tune = [METHOD, &length(4), &[0, 10, 0, 30], &[0xce]].concat();
        assert!(matches!(hear(1, &tune), Next::Done(Verdict::Accepted(_))));
    }

    #[test]
    fn a_broker_that_wants_a_password_has_decided_nothing() {
        let next = hear(0, &start("PLAIN AMQPLAIN"));
        assert!(
            matches!(next, Next::Done(Verdict::Undecided(Pending::Login, _))),
            "{next:?}"
        );
    }

    #[test]
    fn half_of_a_frame_is_waited_for() {
        let whole = start("PLAIN");
        assert_eq!(hear(0, &whole[..20]), Next::Wait);
        assert_eq!(hear(0, &whole[..2]), Next::Wait);
    }
}
