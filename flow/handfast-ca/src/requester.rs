//! Requester: who asks the CA for something, as it stands in the journal.
//!
//! Commands make a [`Person`]: the user who started them, whom the file system has let read the CA's key. The others are what a front will have verified before it asks: a client
//! certificate, a token, the signature of an account. What each of them may ask for is judged in `approve.rs`.

use std::{fmt, fs};

use handfast_pki::{Error, Identity, Result, text::printable};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requester {
    /// Whoever holds the CA's key files, which the file system gives to their owner alone.
    Owner,
    /// The same, by name.
    Person(Person),
    /// A person or program that the owner has made an operator, by its client certificate.
    Operator(Identity),
    /// The holder of a one-time token.
    Token(TokenId),
    /// An ACME account (RFC 8555 section 7.1.2).
    Acme(AccountId),
    /// An EST client, by the certificate that it has (RFC 7030 section 3.3.2).
    Est(Identity),
}

/// A user of this machine who runs a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user of the process.
    pub uid: u32,
    /// Who logged in, where the system knows it: sudo and su do not change that.
    pub login_uid: Option<u32>,
    /// The name of the one who is told apart.
    pub user: String,
    pub host: String,
    /// Why, in the person's own words.
    pub reason: Option<String>,
}

impl Person {
    /// Whoever started this process. Their names are looked up; what is not known has its number as a name.
    ///
    /// # Errors
    ///
    /// If `reason` is empty, longer than 200 characters, or has control characters in it.
    pub fn of_this_process(reason: Option<&str>) -> Result<Self> {
        if let Some(reason) = reason {
            let length = reason.chars().count();
            if length == 0 || length > 200 || reason.chars().any(char::is_control) {
                return Err(Error::BadValue {
                    found: printable(reason),
                    expected: "a reason of 1 to 200 characters on one line",
                });
            }
        }
        let uid = rustix::process::getuid().as_raw();
        let login_uid = login_uid();
        let told_apart = login_uid.unwrap_or(uid);
        let host = fs::read_to_string("/proc/sys/kernel/hostname")
            .or_else(|_| fs::read_to_string("/etc/hostname"))
            .unwrap_or_default();
        Ok(Self {
            uid,
            login_uid,
            user: user_name(told_apart),
            host: word(host.trim(), "localhost"),
            reason: reason.map(str::to_owned),
        })
    }

    /// By which persons are told apart.
    pub fn told_apart(&self) -> u32 {
        self.login_uid.unwrap_or(self.uid)
    }
}

/// As it stands in the records: `alice@pki.example(1000)`; behind it the user of the process, where that is another one.
impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}({}", self.user, self.host, self.told_apart())?;
        if self.told_apart() != self.uid {
            write!(f, " as {}", self.uid)?;
        }
        f.write_str(")")
    }
}

/// What Linux sets at the login and lets nobody change afterwards; nothing in a container, and elsewhere.
fn login_uid() -> Option<u32> {
    let text = fs::read_to_string("/proc/self/loginuid").ok()?;
    text.trim().parse().ok().filter(|uid| *uid != u32::MAX)
}

/// The name in /etc/passwd; users of a directory service are known by their numbers.
fn user_name(uid: u32) -> String {
    let number = format!("uid-{uid}");
    let Ok(users) = fs::read_to_string("/etc/passwd") else {
        return number;
    };
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, id) = (fields.next()?, fields.next()?, fields.next()?);
        (id.parse::<u32>() == Ok(uid)).then_some(name)
    });
    word(name.unwrap_or_default(), &number)
}

/// A name that cannot break a line of the journal.
fn word(text: &str, otherwise: &str) -> String {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.$".contains(&byte);
    if !text.is_empty() && text.len() <= 64 && text.bytes().all(fits) {
        text.to_owned()
    } else {
        otherwise.to_owned()
    }
}

/// The kinds of requester, for saying which of them a profile is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequesterKind {
    Owner,
    Operator,
    Token,
    Acme,
    Est,
}

impl Requester {
    /// Why, where a person has said it.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Person(person) => person.reason.as_deref(),
            _ => None,
        }
    }

    /// What was done, with the reason behind it where a person has said one.
    pub(crate) fn explained(&self, what: &str) -> String {
        match self.reason() {
            None => what.to_owned(),
            Some(reason) => format!("{what}, because \"{}\"", printable(reason)),
        }
    }

    /// The kind of requester.
    pub fn kind(&self) -> RequesterKind {
        match self {
            Self::Owner | Self::Person(_) => RequesterKind::Owner,
            Self::Operator(_) => RequesterKind::Operator,
            Self::Token(_) => RequesterKind::Token,
            Self::Acme(_) => RequesterKind::Acme,
            Self::Est(_) => RequesterKind::Est,
        }
    }
}

/// As it stands in the records: `owner`, `operator uri:spiffe://acme/ops`, `token 4711`.
impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.write_str("owner"),
            Self::Person(person) => person.fmt(f),
            Self::Operator(identity) => write!(f, "operator {}", identity.called()),
            Self::Token(TokenId(id)) => write!(f, "token {id}"),
            Self::Acme(AccountId(id)) => write!(f, "acme account {id}"),
            Self::Est(identity) => write!(f, "est client {}", identity.called()),
        }
    }
}

/// What a token is called; the token itself is a secret and never recorded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenId(String);

impl TokenId {
    /// 1 to 64 letters, digits, hyphens and underscores.
    pub fn new(text: &str) -> Result<Self> {
        checked(text).map(Self)
    }
}

/// What an ACME account is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// 1 to 64 letters, digits, hyphens and underscores.
    pub fn new(text: &str) -> Result<Self> {
        checked(text).map(Self)
    }
}

fn checked(text: &str) -> Result<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(text.to_owned());
    }
    Err(Error::BadValue {
        found: printable(text),
        expected: "an identifier of letters, digits, - and _",
    })
}
