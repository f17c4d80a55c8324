//! The first words of protocols other than HTTP/1.1, by which a server shows whether it accepts us.

mod amqp;
mod http2;
mod mail;
mod mqtt;
mod mysql;
mod postgres;
mod redis;

pub use mail::spoken_first;

use crate::Verdict;

/// A protocol of which the first words are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// AMQP 0-9-1, as RabbitMQ speaks it.
    Amqp,
    /// HTTP/2 without HTTP/1.1 before it, as servers of gRPC speak it (RFC 9113 section 3.4).
    Http2,
    /// RFC 9051.
    Imap,
    /// MQTT 3.1.1 section 3.1.
    Mqtt,
    /// MQTT 5.0 section 3.1.
    Mqtt5,
    /// MySQL and MariaDB, as the user "handfast" without a password unless another one is named.
    Mysql,
    /// RFC 1939.
    Pop3,
    /// RESP, as Redis and Valkey speak it.
    Redis,
    /// RFC 5321.
    Smtp,
}

/// What to do after some bytes of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// More of them are needed.
    Wait,
    /// Say this, and hear what is answered.
    Say(Vec<u8>),
    /// It is decided.
    Done(Verdict),
    /// This is it, unless something else comes in a moment.
    Linger(Verdict),
}

/// A conversation without sockets: bytes of the server in, what to do next out.
#[derive(Debug)]
pub struct Dialog {
    speaks: Speaks,
    /// How often we have spoken.
    turn: u8,
    /// What we say before the server says anything; nothing where it begins.
    words: Vec<u8>,
}

/// Which protocol, as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speaks {
    /// As far as it says whether a client is accepted.
    Service(Service),
    /// A login with a made-up password is tried, where the protocol decides no sooner.
    Login(Service),
    /// A StartupMessage for this user.
    Postgres(String),
    /// A login without a password for this user.
    Mysql(String),
}

impl Dialog {
    /// `is_greeted` where the server says the first words of a session that begins with TLS; behind STARTTLS they have been
    /// said.
    pub fn new(speaks: Speaks, is_greeted: bool) -> Self {
        let (words, turn) = match &speaks {
            Speaks::Service(service) | Speaks::Login(service) if service.has_login() && !is_greeted => {
                (service.question(), 1)
            }
            Speaks::Service(service) | Speaks::Login(service) => (service.words(), 0),
            Speaks::Postgres(user) => (postgres::startup(user), 0),
            Speaks::Mysql(user) => (mysql::login(user), 0),
        };
        Self { speaks, turn, words }
    }

    /// What a client says first; nothing where the server does.
    pub fn words(&self) -> &[u8] {
        &self.words
    }

    /// Whether the server may speak before it is spoken to.
    pub fn is_spoken_to_first(&self) -> bool {
        self.words.is_empty() || self.speaks == Speaks::Service(Service::Http2)
    }

    /// What to do after `heard`, all that came since we spoke last.
    pub fn hear(&mut self, heard: &[u8]) -> Next {
        let next = match &self.speaks {
            Speaks::Postgres(_) => postgres::hear(heard),
            Speaks::Mysql(_) => mysql::hear(heard, true),
            Speaks::Service(service) => service.hear(self.turn, heard, false),
            Speaks::Login(service) => service.hear(self.turn, heard, true),
        };
        if matches!(next, Next::Say(_)) {
            self.turn += 1;
        }
        next
    }
}

impl Service {
    /// Each with the name by which people give it.
    pub const ALL: [(&'static str, Self); 9] = [
        ("amqp", Self::Amqp),
        ("http2", Self::Http2),
        ("imap", Self::Imap),
        ("mqtt", Self::Mqtt),
        ("mqtt5", Self::Mqtt5),
        ("mysql", Self::Mysql),
        ("pop3", Self::Pop3),
        ("redis", Self::Redis),
        ("smtp", Self::Smtp),
    ];

    /// What is to be offered by ALPN, where servers insist on it.
    pub fn alpn(self) -> Option<&'static str> {
        (self == Self::Http2).then_some("h2")
    }

    /// Whether clients log in after the handshake, with or without a certificate.
    pub fn has_login(self) -> bool {
        matches!(self, Self::Imap | Self::Pop3 | Self::Smtp)
    }

    /// What a client asks a server that has greeted it.
    fn question(self) -> Vec<u8> {
        match self {
            Self::Imap => mail::IMAP.question(),
            Self::Pop3 => mail::POP3.question(),
            Self::Smtp => mail::SMTP.question(),
            other => other.words(),
        }
    }

    /// What a client says first.
    pub fn words(self) -> Vec<u8> {
        match self {
            Self::Amqp => amqp::HEADER.to_vec(),
            Self::Http2 => http2::PREFACE.to_vec(),
            Self::Mqtt => mqtt::connect(4),
            Self::Mqtt5 => mqtt::connect(5),
            Self::Mysql => mysql::login("handfast"),
            Self::Redis => b"PING\r\n".to_vec(),
            Self::Imap | Self::Pop3 | Self::Smtp => Vec::new(),
        }
    }

    fn hear(self, turn: u8, heard: &[u8], login: bool) -> Next {
        match self {
            Self::Amqp => amqp::hear(turn, heard),
            Self::Http2 => http2::hear(heard),
            Self::Mqtt | Self::Mqtt5 => mqtt::hear(heard),
            Self::Mysql => mysql::hear(heard, false),
            Self::Redis => redis::hear(heard),
            Self::Imap => mail::IMAP.hear(turn, heard, login),
            Self::Pop3 => mail::POP3.hear(turn, heard, login),
            Self::Smtp => mail::SMTP.hear(turn, heard, login),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(service: Service, heard: &[u8]) -> Option<Verdict> {
        match Dialog::new(Speaks::Service(service), true).hear(heard) {
            Next::Done(verdict) | Next::Linger(verdict) => Some(verdict),
            Next::Wait | Next::Say(_) => None,
        }
    }

    #[test]
    fn a_welcome_is_heard_and_half_of_one_is_waited_for() {
        let welcome: [(Service, &[u8]); 5] = [
            (Service::Http2, b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
            (Service::Mqtt, b"\x20\x02\x00\x00"),
            (Service::Mqtt5, b"\x20\x03\x00\x00\x00"),
            (Service::Mysql, b"\x07\x00\x00\x03\x00\x00\x00\x02\x00\x00\x00"),
            (Service::Redis, b"+PONG\r\n"),
        ];
        for (service, heard) in welcome {
            let verdict = verdict(service, heard);
            assert!(
                verdict.is_some_and(|verdict| verdict.is_accepted()),
                "{service:?}"
            );
            assert_eq!(self::verdict(service, &heard[..2]), None, "{service:?}");
        }
    }

    #[test]
    fn a_refusal_is_heard_with_its_code_and_its_words() {
        let refused: [(Service, &[u8], &str, &str); 8] = [
            (Service::Mqtt, b"\x20\x02\x00\x05", "5", "not authorized"),
            (Service::Mqtt, b"\x20\x02\x00\x04", "4", "user name or password"),
            (Service::Mqtt5, b"\x20\x03\x00\x87\x00", "135", "not authorized"),
            (Service::Redis, b"-DENIED no\r\n", "DENIED", "no"),
            (Service::Redis, b"-NOAUTH Authentication required.\r\n", "NOAUTH", "Authentication required"),
            (Service::Redis, b"-ERR max number of clients reached\r\n", "ERR", "max number"),
            (
                Service::Amqp,
                b"\x01\x00\x00\x00\x00\x00\x0f\x00\x0a\x00\x32\x01\x93\x04NOPE\x00\x0a\x00\x0b\xce",
                "403",
                "NOPE",
            ),
            (
                Service::Http2,
                b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x0a\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0dhi",
                "GOAWAY 13",
                "HTTP_1_1_REQUIRED",
            ),
        ];
        for (service, heard, code, why) in refused {
            let Some(Verdict::Refused(reply)) = verdict(service, heard) else {
                panic!("{service:?} accepts {heard:?}");
            };
            assert!(reply.code.contains(code), "{reply:?}");
            assert!(reply.text.contains(why), "{reply:?}");
        }
    }

    #[test]
    fn a_protocol_of_another_kind_is_no_refusal_of_the_client() {
        for (service, heard) in [
            (Service::Mqtt, b"HTTP/1.1 400 Bad Request\r\n".as_slice()),
            (Service::Redis, b"HTTP/1.1 400 Bad Request\r\n"),
            (Service::Amqp, b"AMQP\x00\x00\x09\x01"),
        ] {
            let verdict = verdict(service, heard);
            assert!(
                matches!(verdict, Some(Verdict::Undecided(..))),
                "{service:?}: {verdict:?}"
            );
        }
    }
}
