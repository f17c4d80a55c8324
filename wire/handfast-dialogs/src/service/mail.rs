//! IMAP, POP3 and SMTP: servers that greet whoever comes, and decide at a login.

use super::Next;
use crate::verdict::{Pending, Reply, Verdict};

/// One of them.
pub(super) struct Mail {
    protocol: &'static str,
    /// How a good greeting begins, and any line that says yes.
    greeting: &'static str,
    /// What is said first, and how the last line of the answer begins.
    ask: (&'static str, &'static str),
    /// A login by PLAIN (RFC 4616), as the user "handfast" with that password.
    login: &'static str,
    /// How the answer to the login begins, whatever it is.
    answer: &'static [&'static str],
}

/// `\0handfast\0handfast` in Base64.
pub(super) const IMAP: Mail = Mail {
    protocol: "IMAP",
    greeting: "* ",
    ask: ("a1 CAPABILITY\r\n", "a1 "),
    login: "a2 LOGIN handfast handfast\r\n",
    answer: &["a2 "],
};
pub(super) const POP3: Mail = Mail {
    protocol: "POP3",
    greeting: "+OK",
    ask: ("CAPA\r\n", "."),
    login: "AUTH PLAIN AGhhbmRmYXN0AGhhbmRmYXN0\r\n",
    answer: &["-ERR", "+OK"],
};
pub(super) const SMTP: Mail = Mail {
    protocol: "SMTP",
    greeting: "220",
    ask: ("EHLO handfast.invalid\r\n", "250 "),
    login: "AUTH PLAIN AGhhbmRmYXN0AGhhbmRmYXN0\r\n",
    answer: &["2", "4", "5"],
};

/// The protocol of a server that speaks before its client does, by its first words.
pub fn spoken_first(heard: &[u8]) -> Option<Verdict> {
    let text = String::from_utf8_lossy(heard).into_owned();
    let line = text.lines().next().unwrap_or_default();
    let protocol = if line.starts_with("* OK") || line.starts_with("* PREAUTH") {
        "IMAP"
    } else if line.starts_with("+OK") {
        "POP3"
    } else if line.starts_with("220") {
        "SMTP or FTP"
    } else {
        return None;
    };
    Some(Verdict::Undecided(Pending::Login, Reply::new(protocol, "", line)))
}

impl Mail {
    pub(super) fn hear(&self, turn: u8, heard: &[u8], login: bool) -> Next {
        if !heard.ends_with(b"\n") {
            return Next::Wait;
        }
        let text = String::from_utf8_lossy(heard).into_owned();
        let last = text.lines().last().unwrap_or_default();
        match turn {
            // A session behind STARTTLS is not greeted, so that the exchange asks at once.
            0 if last.starts_with(self.greeting) => Next::Say(self.ask.0.into()),
            0 => self.refused(last),
            1 if last.starts_with(self.ask.1) && login => Next::Say(self.login.into()),
            1 if last.starts_with(self.ask.1) => self.pending(Pending::Login, "asks for a login"),
            1 if last.starts_with(self.greeting) || text.starts_with(self.greeting) => Next::Wait,
            1 => self.refused(last),
            _ if self.answer.iter().any(|begin| last.starts_with(begin)) => self.judged(last),
            _ => Next::Wait,
        }
    }

    /// The first words where the server has greeted before.
    pub(super) fn question(&self) -> Vec<u8> {
        self.ask.0.into()
    }

    fn pending(&self, pending: Pending, text: &str) -> Next {
        Next::Done(Verdict::Undecided(pending, Reply::new(self.protocol, "", text)))
    }

    fn refused(&self, line: &str) -> Next {
        Next::Done(Verdict::Refused(Reply::new(self.protocol, "", line)))
    }

    /// A made-up password is refused; what for is the question.
    fn judged(&self, line: &str) -> Next {
        let lower = line.to_lowercase();
        if lower.contains("certificate") || lower.contains(" cert") {
            return self.refused(line);
        }
        // Only a server that has looked at the password says so.
        if lower.contains("authenticationfailed") || lower.contains("[auth]") || lower.contains("535") {
            return self.pending(Pending::LoginRefused, line);
        }
        self.pending(Pending::Login, line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(next: Next) -> String {
        match next {
            Next::Say(words) => String::from_utf8_lossy(&words).into_owned(),
            other => panic!("nothing is said: {other:?}"),
        }
    }

    #[test]
    fn a_greeting_alone_decides_nothing() {
        assert_eq!(say(IMAP.hear(0, b"* OK ready\r\n", false)), "a1 CAPABILITY\r\n");
        let capable = IMAP.hear(1, b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK done\r\n", false);
        assert!(
            matches!(capable, Next::Done(Verdict::Undecided(Pending::Login, _))),
            "{capable:?}"
        );
        assert_eq!(IMAP.hear(1, b"* CAPABILITY IMAP4rev1\r\n", false), Next::Wait);
    }

    #[test]
    fn a_login_that_is_refused_for_the_certificate_is_told_from_one_refused_for_its_password() {
        let certificate = IMAP.hear(2, b"a2 NO Client didn't present valid SSL certificate\r\n", true);
        assert!(
            matches!(certificate, Next::Done(Verdict::Refused(_))),
            "{certificate:?}"
        );
        let password = IMAP.hear(
            2,
            b"a2 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n",
            true,
        );
        assert!(
            matches!(password, Next::Done(Verdict::Undecided(Pending::LoginRefused, _))),
            "{password:?}"
        );
    }

    #[test]
    fn the_protocol_is_known_by_the_first_words_of_the_server() {
        let protocol = |heard: &[u8]| {
            let verdict = spoken_first(heard)?;
            verdict.reply().map(|reply| reply.protocol)
        };
        assert_eq!(protocol(b"* OK [CAPABILITY IMAP4rev1] ready\r\n"), Some("IMAP"));
        assert_eq!(protocol(b"+OK ready\r\n"), Some("POP3"));
        assert_eq!(protocol(b"220 mail.example ESMTP\r\n"), Some("SMTP or FTP"));
        assert_eq!(protocol(b"SSH-2.0-x\r\n"), None);
    }
}
