//! What keeps a command from its work.

use std::fmt::Display;

use handfast_pki::{Code, code, conceal::concealed};

use crate::{Finding, Place};

/// Why something cannot be done. The operator is to blame, the machine, or we are; the code says which. Its parts are
/// called as those of a [`crate::Finding`] are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// Which problem it is; each has a page in `docs/findings/`.
    pub code: Code,
    /// Lower case, the failing thing first: the file, the address, the rule; no full stop.
    pub message: String,
    /// Further lines: the other value, the nearest rule, what another program said.
    pub details: Vec<String>,
    /// One thing to do about it, in words, where we know one.
    pub help: Option<String>,
    /// One command that does or checks it, ready to be run.
    pub command: Option<String>,
    /// Where in a file it stands; boxed, because most have none and all are returned by value.
    pub place: Option<Box<Place>>,
}

impl Problem {
    /// What is repeated of a file or a flag may be a key in the wrong place, and is left out then.
    pub fn new(code: Code, message: impl ToString) -> Self {
        Self {
            code,
            message: concealed(&message.to_string()).into_owned(),
            details: Vec::new(),
            help: None,
            command: None,
            place: None,
        }
    }

    /// What should not happen; asks for a report.
    pub fn bug(message: impl ToString) -> Self {
        Self::new(code::BUG, message)
            .help("this is a bug of ours: please report it with the command line and this message")
    }

    /// What is wrong with the contents of `what`: a file, a flag.
    pub fn about(what: impl Display, error: &handfast_pki::Error) -> Self {
        let problem = Self::new(error.code(), format_args!("{what}: {error}"));
        match error.hint() {
            Some(help) => problem.help(help),
            None => problem,
        }
    }

    /// The same with one thing to do about it, in words.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(concealed(&help.into()).into_owned());
        self
    }

    /// The same with a command that does or checks what is to be done.
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(concealed(&command.into()).into_owned());
        self
    }

    /// The same with the line of a file that it is about.
    pub fn place(mut self, place: Option<Place>) -> Self {
        self.place = place.map(Box::new);
        self
    }

    /// The message after its place, `FILE:LINE: what`, for where only one line of text fits.
    pub fn located(&self) -> String {
        match &self.place {
            Some(place) => format!("{place}: {}", self.message),
            None => self.message.clone(),
        }
    }

    /// The same with one line more.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(concealed(&detail.into()).into_owned());
        self
    }
}

/// What a diagnosis found, as the reason that something cannot be done.
impl From<&Finding> for Problem {
    fn from(finding: &Finding) -> Self {
        Self {
            command: finding.command.clone(),
            ..Self::new(finding.code, &finding.because)
                .help(&finding.help)
                .place(finding.place.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_stands_beside_the_message_and_in_front_of_it_in_one_line() {
        let problem = Problem::new(code::CONFIG_INVALID, "log \"much\" is unknown");
        assert_eq!(problem.located(), "log \"much\" is unknown");
        let placed = problem.place(Some(Place::new("handfast.toml", 4)));
        assert_eq!(placed.message, "log \"much\" is unknown");
        assert_eq!(placed.located(), "handfast.toml:4: log \"much\" is unknown");
    }

    #[test]
    fn a_key_in_the_place_of_a_command_is_left_out() {
        let key = "MHcCAQEEIBn3Ou1v5cVtB2mQzYx8Kq0sJd7hLw4eTgRfUpXaWoAoGCCqGSM49AwEHoUQDQgAE";
        let command = |word: &str| {
            let problem = Problem::new(code::UNREADABLE, "x").command(format!("handfast inspect {word}"));
            problem.command.unwrap_or_default()
        };
        assert!(!command(key).contains(&key[..12]));
        assert_eq!(command("tls.crt"), "handfast inspect tls.crt");
    }
}
