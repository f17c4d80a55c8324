//! MySQL and MariaDB behind their request for TLS: a login without a password.

use super::Next;
use crate::verdict::{Pending, Reply, Verdict};

const PROTOCOL: &str = "MySQL";
/// `CLIENT_PROTOCOL_41`, `CLIENT_SSL`, `CLIENT_SECURE_CONNECTION` and `CLIENT_PLUGIN_AUTH`.
const CAPABILITIES: u32 = 0x0000_0200 | 0x0000_0800 | 0x0000_8000 | 0x0008_0000;

/// As `user`.
pub(super) fn login(user: &str) -> Vec<u8> {
    let mut body = CAPABILITIES.to_le_bytes().to_vec();
    body.extend((16_u32 << 20).to_le_bytes());
    body.push(45);
    body.extend([0; 23]);
    // A zero within a name would end it early.
    body.extend(user.bytes().filter(|byte| *byte != 0));
    body.extend(b"\0\0mysql_native_password\0");
    // Its length in three bytes, and the third number: greeting and the request for TLS came before.
    let length = u32::try_from(body.len()).unwrap_or(0).to_le_bytes();
    [&length[..3], &[2], &body].concat()
}

/// `is_known` where the user was named to us, so that a refusal is about him and not about a name of ours.
pub(super) fn hear(heard: &[u8], is_known: bool) -> Next {
    let Some(head) = heard.get(..4) else {
        return Next::Wait;
    };
    let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
    let Some(packet) = heard.get(4..4 + length) else {
        return Next::Wait;
    };
    Next::Done(match packet {
        [0, ..] => Verdict::Accepted(Reply::new(PROTOCOL, "", "logged in")),
        [0xff, low, high, words @ ..] => refused(u16::from_le_bytes([*low, *high]), words, is_known),
        // Another way to log in, or more of this one.
        [0xfe | 1, ..] => Verdict::Undecided(Pending::Login, Reply::new(PROTOCOL, "", "asks for a password")),
        _ => Verdict::Undecided(Pending::Unrelated, Reply::new("not MySQL", "", "")),
    })
}

/// The state in five characters behind "#", then the words.
fn refused(number: u16, words: &[u8], is_known: bool) -> Verdict {
    let text = String::from_utf8_lossy(words).into_owned();
    let (state, why) = match text.strip_prefix('#').and_then(|text| text.split_at_checked(5)) {
        Some((state, why)) => (format!(" ({state})"), why.to_owned()),
        None => (String::new(), text),
    };
    let reply = Reply::new(PROTOCOL, format!("{number}{state}"), why);
    match number {
        // Too many connections, shutting down, too many errors from this host.
        1040 | 1053 | 1129 | 1203 | 1226 => Verdict::Undecided(Pending::Unrelated, reply),
        1045 | 1698 if !is_known => Verdict::Undecided(Pending::Login, reply),
        _ => Verdict::Refused(reply),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: &[u8] = b"\x1f\x00\x00\x03\xff\x15\x04#28000Access denied for user";

    #[test]
    fn a_user_that_was_named_is_refused_and_a_name_of_ours_decides_nothing() {
        let packet = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            bytes[0] = u8::try_from(bytes.len() - 4).expect("short");
            bytes
        };
        let Next::Done(Verdict::Refused(reply)) = hear(&packet(DENIED), true) else {
            panic!("not refused");
        };
        assert_eq!(
            (reply.code.as_str(), reply.text.as_str()),
            ("1045 (28000)", "Access denied for user")
        );
        let ours = hear(&packet(DENIED), false);
        assert!(
            matches!(ours, Next::Done(Verdict::Undecided(Pending::Login, _))),
            "{ours:?}"
        );
    }
}
