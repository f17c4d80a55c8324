//! `handfast ca key`: the key files of a CA, encrypted at rest or not.

use std::path::PathBuf;

use handfast_ca::{decrypt_keys, encrypt_keys};
use handfast_credentials::load;
use handfast_report::{schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::json;

use super::Where;
use crate::{
    commands::{
        acting::{Acting, Why},
        again::passphrase_flag,
        leaf::dir_flag,
    },
    failure::{Exit, Failure},
    terminal,
    words::Words,
};

/// Encrypt the key files of a CA, or decrypt them
///
/// With encrypted keys every command that signs needs the passphrase: in the file of --passphrase-file or
/// HANDFAST_PASSPHRASE_FILE, in HANDFAST_PASSPHRASE, or typed on the terminal. Commands that only read the records need none.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast ca key encrypt --passphrase-file phrase\n  handfast ca key decrypt --passphrase-file phrase"
)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Encrypt(Encrypt),
    Decrypt(Decrypt),
}

/// Encrypt every key file (PKCS#8, PBES2 with PBKDF2 and AES-256)
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca key encrypt --passphrase-file phrase")]
struct Encrypt {
    /// The new passphrase, the first line of this file; without it a person is asked
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    place: Where,
}

/// Write every key file as it is
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca key decrypt --passphrase-file phrase")]
struct Decrypt {
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let (schema, done, place, verb, file) = match &args.command {
        Command::Encrypt(args) => {
            let phrase = match &args.passphrase_file {
                Some(file) => load::password(file)?,
                None => terminal::new_passphrase()?,
            };
            let done = encrypt_keys(&args.place.dir, &phrase, &args.why.requester()?, now)?;
            (
                Schema::CaKeyEncrypt,
                done,
                &args.place,
                "encrypted",
                args.passphrase_file.as_deref(),
            )
        }
        Command::Decrypt(args) => {
            let done = decrypt_keys(&args.place.dir, &args.acting.requester()?, now)?;
            (Schema::CaKeyDecrypt, done, &args.place, "decrypted", None)
        }
    };
    let next = format!(
        "handfast ca check{}{}",
        dir_flag(&place.dir),
        passphrase_flag(file)
    );
    words.json(schema, json!({ "keys": done, "next": next }));
    if done.is_empty() {
        words.data(format_args!("no key file had to be {verb}"));
    } else {
        words.data(format_args!("{GOOD}{verb}{GOOD:#}: {}", done.join(", ")));
    }
    words.next(next);
    Ok(Exit::Yes)
}
