//! PostgreSQL: a StartupMessage, and the first message of the answer.

use super::Next;
use crate::verdict::{Pending, Reply, Verdict};

const PROTOCOL: &str = "PostgreSQL";
/// The longest error that is read, in bytes.
const LONGEST: usize = 8192;

/// Of protocol 3.0, for `user`.
pub(super) fn startup(user: &str) -> Vec<u8> {
    let mut message = 196_608_u32.to_be_bytes().to_vec();
    for text in ["user", user, "database", "postgres"] {
        // A zero within a name would end it early.
        message.extend(text.bytes().filter(|byte| *byte != 0));
        message.push(0);
    }
    message.push(0);
    let length = u32::try_from(message.len() + 4).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), message.as_slice()].concat()
}

pub(super) fn hear(heard: &[u8]) -> Next {
    let Some(head) = heard.get(..5) else {
        return Next::Wait;
    };
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let body = length.clamp(4, LONGEST) - 4;
    let Some(body) = heard.get(5..5 + body) else {
        return Next::Wait;
    };
    Next::Done(match head[0] {
        b'R' if body.get(..4) == Some(&[0; 4]) => {
            Verdict::Accepted(Reply::new(PROTOCOL, "", "AuthenticationOk"))
        }
        b'R' => Verdict::Undecided(Pending::Login, Reply::new(PROTOCOL, "", "asks for a password")),
        b'E' => refused(body),
        _ => Verdict::Undecided(
            Pending::Unrelated,
            Reply::new(PROTOCOL, "", "an answer of another kind"),
        ),
    })
}

/// Fields of one letter and a text: "C" is the SQLSTATE, "M" the message in words of the server's language.
fn refused(body: &[u8]) -> Verdict {
    let field = |letter: u8| {
        let mut fields = body.split(|byte| *byte == 0);
        let text = fields
            .find_map(|field| field.strip_prefix(&[letter]))
            .unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    };
    let state = field(b'C');
    let reply = Reply::new(PROTOCOL, &state, field(b'M'));
    match state.as_str() {
        // The database is looked for behind the login.
        "3D000" => Verdict::Accepted(reply),
        "53300" | "57P03" => Verdict::Undecided(Pending::Unrelated, reply),
        "28P01" => Verdict::Undecided(Pending::Login, reply),
        _ => Verdict::Refused(reply),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(state: &str, text: &str) -> Vec<u8> {
        let body = format!("SFATAL\0C{state}\0M{text}\0\0");
        let length = u32::try_from(body.len() + 4).expect("short");
        [b"E", length.to_be_bytes().as_slice(), body.as_bytes()].concat()
    }

    #[test]
    fn an_error_is_read_by_its_state_in_any_language() {
        let Next::Done(Verdict::Refused(reply)) = hear(&error("28000", "Zertifikat fehlt")) else {
            panic!("not refused");
        };
        assert_eq!(
            (reply.code.as_str(), reply.text.as_str()),
            ("28000", "Zertifikat fehlt")
        );
    }

    #[test]
    fn who_is_told_that_a_database_is_missing_has_been_accepted() {
        assert!(matches!(
            hear(&error("3D000", "no database")),
            Next::Done(Verdict::Accepted(_))
        ));
        assert!(matches!(
            hear(b"R\0\0\0\x08\0\0\0\0"),
            Next::Done(Verdict::Accepted(_))
        ));
        assert!(matches!(
            hear(b"R\0\0\0\x08\0\0\0\x03"),
            Next::Done(Verdict::Undecided(Pending::Login, _))
        ));
        assert_eq!(hear(b"R\0\0"), Next::Wait);
    }
}
