//! Who acts, why, and what opens the keys of the CA.

use std::path::PathBuf;

use handfast_ca::{Person, Requester, passphrase_in};

use super::again::passphrase_flag;
use crate::failure::Failure;

/// Why somebody asks.
#[derive(Debug, clap::Args)]
pub struct Why {
    /// Why, for the journal: a ticket, a sentence
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Why {
    /// Whoever runs this command.
    pub fn person(&self) -> Result<Person, Failure> {
        Person::of_this_process(self.reason.as_deref()).map_err(|error| Failure::about("--reason", &error))
    }

    /// The same, asking.
    pub fn requester(&self) -> Result<Requester, Failure> {
        self.person().map(Requester::Person)
    }
}

/// Who acts, why, and what opens the keys of the CA.
#[derive(Debug, clap::Args)]
pub struct Acting {
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    unlock: Unlock,
}

impl Acting {
    /// Whoever runs this command; the passphrase is known from here on.
    pub fn person(&self) -> Result<Person, Failure> {
        self.unlock.announce();
        self.why.person()
    }

    /// The same, asking.
    pub fn requester(&self) -> Result<Requester, Failure> {
        self.person().map(Requester::Person)
    }

    /// The flag by which another command finds the passphrase, where one was given.
    pub fn passphrase_flag(&self) -> String {
        passphrase_flag(self.unlock.passphrase_file.as_deref())
    }
}

/// What opens key files that are encrypted.
#[derive(Debug, clap::Args)]
pub struct Unlock {
    /// The file with the passphrase of the CA's keys in its first line [default: HANDFAST_PASSPHRASE_FILE]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Unlock {
    /// Says where the passphrase is; it is read when a key needs it.
    pub fn announce(&self) {
        if let Some(file) = &self.passphrase_file {
            passphrase_in(file);
        }
    }
}
