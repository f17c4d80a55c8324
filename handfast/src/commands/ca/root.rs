//! `handfast ca root`: the root's key in a folder of its own, and what is signed with it there.

use std::path::{Path, PathBuf};

use handfast_ca::sign_with_root;
use handfast_credentials::{
    files::{Claim, Piece, Readers},
    load,
};
use handfast_finding::{shell::shell, when::when};
use handfast_report::{json::certificate, schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::json;

use super::Where;
use crate::{
    commands::{acting::Acting, leaf::dir_flag, tell::text},
    failure::{Exit, Failure},
    words::Words,
};

/// Take the root's key away, and sign with it where it is
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast ca root export --to /media/safe/acme-root\n  \
    handfast ca root sign payments.csr --root /media/safe/acme-root --out payments.crt"
)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Export(Export),
    Sign(Sign),
}

/// Move the root's key into a new folder, on a medium that is kept away
///
/// The copy is written, read again and has to sign before the key here is removed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca root export --to /media/safe/acme-root")]
struct Export {
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

/// Sign the request of an issuing CA with the root, on the machine that has it
///
/// Subject and key are the request's, everything else follows from the root. A transcript is written beside: who, when,
/// what, and hashes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast ca root sign payments.csr --root /media/safe/acme-root --out payments.crt"
)]
struct Sign {
    /// The request
    request: PathBuf,
    /// The folder of the root, as ca root export has made it
    #[arg(long, value_name = "DIR")]
    root: PathBuf,
    /// The file to write; the transcript is FILE.transcript
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    acting: Acting,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    match &args.command {
        Command::Export(args) => export(args, now, words),
        Command::Sign(args) => sign(args, now, words),
    }
}

fn export(args: &Export, now: Timestamp, words: &Words) -> Result<Exit, Failure> {
    let (authority, _) = args.place.open_for(&args.acting)?;
    let exported = authority.export_root(&args.to, now)?;
    let dir = dir_flag(&args.place.dir);
    let next = format!("handfast ca issuer list{dir}");
    words.json(
        Schema::CaRootExport,
        json!({
            "root": certificate(&exported.certificate),
            "to": text(&exported.folder),
            "removed": text(&exported.removed),
            "next": next,
        }),
    );
    words.data(format_args!(
        "{GOOD}root{GOOD:#} {} is in {} and has signed there",
        exported.certificate.called(),
        text(&exported.folder)
    ));
    words.data(format_args!("  removed {}", text(&exported.removed)));
    words.data("what was on this disk may be found on it: a disk that must not tell is destroyed");
    words.data(format_args!(
        "for a new issuing CA: handfast ca issuer add --name NAME --csr NAME.csr{dir}; a rotation takes --root-at {}",
        shell(exported.folder.display())
    ));
    words.next(next);
    Ok(Exit::Yes)
}

fn sign(args: &Sign, now: Timestamp, words: &Words) -> Result<Exit, Failure> {
    let request = load::request(&args.request)?;
    let transcript = beside(&args.out);
    let claim = Claim::take(&[&args.out, &transcript], false)?;
    let signed = sign_with_root(&args.root, &request, &args.acting.requester()?, now)?;
    let chain = handfast_pki::certificate::chain_to_pem(&[signed.certificate.clone(), signed.root]);
    words.tell_leftovers(&claim.write(&[
        Piece {
            path: &args.out,
            bytes: chain.as_bytes(),
            readers: Readers::Everybody,
        },
        Piece {
            path: &transcript,
            bytes: signed.transcript.as_bytes(),
            readers: Readers::Everybody,
        },
    ])?);
    let out = shell(args.out.display());
    let next = format!("handfast inspect {out}");
    words.json(
        Schema::CaRootSign,
        json!({
            "certificate": certificate(&signed.certificate),
            "file": text(&args.out),
            "transcript": text(&transcript),
            "next": next,
        }),
    );
    words.data(format_args!(
        "{GOOD}{} signed{GOOD:#} in {}",
        signed.certificate.called(),
        text(&args.out)
    ));
    words.data(format_args!(
        "  until      {}",
        when(signed.certificate.not_after(), now)
    ));
    words.data(format_args!("  transcript {}", text(&transcript)));
    words.talk(format_args!(
        "where the request was made: handfast ca issuer add --cert {out}"
    ));
    words.next(next);
    Ok(Exit::Yes)
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".transcript");
    name.into()
}
