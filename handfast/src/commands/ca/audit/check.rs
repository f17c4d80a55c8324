//! `handfast ca audit check`: what was taken from a log, verified without the CA.

use std::path::{Path, PathBuf};

use handfast_audit::{
    check::{self, Checked},
    tree::VerifierKey,
};
use handfast_ca::folder;
use handfast_credentials::files;
use handfast_pki::{code, text::counted};
use handfast_report::{schema::Schema, style::GOOD};
use serde_json::{Value, json};

use crate::{
    commands::{
        ca::{Where, show},
        leaf::dir_flag,
    },
    failure::{Exit, Failure},
    words::Words,
};

/// Check a proof, an export or a checkpoint of an audit log
///
/// All that is needed is the public key of the log, audit.pub in the CA directory, which must come from the CA by a way that
/// is trusted.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast ca audit check server.tlog-proof --log-key audit.pub --cert server/tls.crt"
)]
pub struct Args {
    /// The proof, export or checkpoint
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The public key of the log, or a file that holds it [default: audit.pub in the CA directory]
    #[arg(long, value_name = "KEY|FILE")]
    log_key: Option<String>,
    /// It must say that this certificate was issued
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let key = log_key(args)?;
    let text = text_of(&args.file)?;
    let certificate = args.cert.as_deref().map(show::from_file).transpose()?;
    let checked = check::check(&text, &key).map_err(handfast_ca::Error::from)?;
    if let Some(certificate) = certificate
        && !checked.gave_out(&certificate)
    {
        return Err(Failure::new(
            Exit::No,
            code::PROOF_REFUSED,
            format!(
                "\"{}\" says nothing of the certificate {} with SHA-256 {}",
                args.file.display(),
                certificate.serial(),
                certificate.fingerprint()
            ),
        )
        .command(format!(
            "handfast ca audit prove {}{}",
            certificate.serial(),
            dir_flag(&args.place.dir)
        )));
    }
    words.json(Schema::CaAuditCheck, described(&checked, &key));
    words.data(format_args!("{GOOD}holds{GOOD:#}: {}", said(&checked)));
    if let Checked::Proof { leaf, .. } = &checked {
        words.data(format_args!("  {leaf}: {}", leaf.detail));
        if let Some(sha256) = &leaf.evidence.certificate {
            words.data(format_args!("  SHA-256 {sha256}"));
        }
    }
    words.data(format_args!("  signed by {}", key.name()));
    Ok(Exit::Yes)
}

/// The key that was given, or that of the CA directory.
fn log_key(args: &Args) -> Result<VerifierKey, Failure> {
    let text = match &args.log_key {
        Some(key) if !Path::new(key).exists() => key.clone(),
        Some(file) => text_of(Path::new(file))?,
        None => text_of(&args.place.dir.join(folder::AUDIT_PUBLIC))
            .map_err(|failure| failure.help("give the public key of the log: --log-key FILE"))?,
    };
    let key = text.parse::<VerifierKey>();
    Ok(key.map_err(handfast_ca::Error::from)?)
}

fn text_of(path: &Path) -> Result<String, Failure> {
    Ok(String::from_utf8_lossy(&files::read(path)?).into_owned())
}

/// What holds, in a few words.
fn said(checked: &Checked) -> String {
    match checked {
        Checked::Checkpoint(head) => format!("a checkpoint of {} leaves", head.size),
        Checked::Proof {
            position, checkpoint, ..
        } => format!("the leaf {position} is in the log of {} leaves", checkpoint.size),
        Checked::Export(export) => format!(
            "an export of {} from position {}, with {}",
            counted(export.leaves.len(), "event"),
            export.first,
            counted(export.certificates.len(), "certificate")
        ),
    }
}

fn described(checked: &Checked, key: &VerifierKey) -> Value {
    let (kind, position, size, leaf, events, certificates) = match checked {
        Checked::Checkpoint(head) => ("checkpoint", None, Some(head.size), None, None, None),
        Checked::Proof {
            leaf,
            position,
            checkpoint,
        } => (
            "proof",
            Some(*position),
            Some(checkpoint.size),
            Some(leaf),
            None,
            None,
        ),
        Checked::Export(export) => {
            let counts = (export.leaves.len(), export.certificates.len());
            (
                "export",
                Some(export.first),
                None,
                None,
                Some(counts.0),
                Some(counts.1),
            )
        }
    };
    json!({
        "kind": kind,
        "log": key.name(),
        "position": position,
        "size": size,
        "leaf": leaf,
        "events": events,
        "certificates": certificates,
    })
}
