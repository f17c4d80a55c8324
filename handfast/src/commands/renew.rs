//! `handfast renew`: replaces a certificate by a new one with the same names.

use std::{path::PathBuf, process::Command};

use handfast_ca::{Applicant, Authority, Error, Issued};
use handfast_credentials::exchange::Exchange;
use handfast_finding::{shell::shell, when::when};
use handfast_pki::{Certificate, code};
use handfast_report::{json, schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::json;

use super::{leaf, tell};
use crate::{
    commands::ca::show::from_file,
    failure::{Exit, Failure},
    places,
    words::Words,
};

/// Replace a certificate by a new one with the same names and profile
///
/// Names, subject and profile are those of the old certificate as the CA has recorded it, and the profile's rules hold as
/// they are now. The file is replaced as a whole, and with --new-key the key with it; programs that watch it take the new
/// one. What is revoked is not renewed, and what has expired only where its profile says for how long.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast renew --cert server/tls.crt --key server/tls.key\n  \
    handfast renew --cert server/tls.crt --new-key --exec 'systemctl reload nginx'"
)]
pub struct Args {
    /// The certificate, or the chain that begins with it; it is replaced
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// Its private key [default: the file of --cert with the ending .key]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Make a new key, of the same kind, in the place of the old one
    #[arg(long)]
    new_key: bool,
    /// How long the new one is valid, such as 24h or 90d [default: as the profile says]
    #[arg(long, value_name = "TIME")]
    lifetime: Option<String>,
    /// A shell command to run when the new certificate is in its place
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    #[command(flatten)]
    acting: super::acting::Acting,
    /// The CA directory [default: ./handfast, else that of the system or the user]
    #[arg(long, value_name = "DIR", env = "HANDFAST_DIR", default_value = places::ca(), hide_default_value = true)]
    dir: PathBuf,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let old = from_file(&args.cert)?;
    let issued = renew(args, &old, now, words)?;
    let new = issued.certificate();
    let names = new.identity().names().join(", ");
    words.data(format_args!("{GOOD}renewed{GOOD:#} {names}"));
    words.data(format_args!(
        "  until   {} (before: {})",
        when(new.not_after(), now),
        old.not_after()
    ));
    words.data(format_args!("  serial  {}", new.serial()));
    words.data(format_args!("  in      {}", tell::text(&args.cert)));
    args.exec.as_deref().map(run_after).transpose()?;
    let next = format!("handfast needs-renewal {}", shell(args.cert.display()));
    words.json(
        Schema::Renew,
        json!({
            "certificate": json::certificate(new),
            "replaces": json::certificate(&old),
            "new_key": args.new_key,
            "file": tell::text(&args.cert),
            "ran": args.exec.is_some(),
            "next": next,
        }),
    );
    words.next(next);
    Ok(Exit::Yes)
}

/// Has the successor of `old` signed, and puts it in its place.
fn renew(args: &Args, old: &Certificate, now: Timestamp, words: &Words) -> Result<Issued, Failure> {
    let lifetime = args.lifetime.as_deref().map(leaf::lifetime).transpose()?;
    let exchange = Exchange::of(old, &args.cert, args.key.as_deref(), args.new_key)?;
    let authority = Authority::open(&args.dir)?;
    let renewable = authority.renewable(old, now)?;
    let claim = exchange.claim()?;
    let requester = args.acting.requester()?;
    let applicant = Applicant::holding(exchange.key());
    let issued = match authority.renew(requester, &renewable, applicant, lifetime, now) {
        // The certificate comes later, and needs the key that was made for it; the old pair stays in use.
        Err(Error::Waits { id, profile }) => {
            if let Some(key) = exchange.keep_key(claim, &id)? {
                words.talk(format_args!("its private key is in {}", tell::text(&key)));
            }
            return Err(Error::Waits { id, profile }.into());
        }
        other => other?,
    };
    words.tell_leftovers(&exchange.write(claim, &issued.chain())?);
    Ok(issued)
}

/// The certificate is in its place whatever becomes of the command.
fn run_after(command: &str) -> Result<(), Failure> {
    let ended = Command::new("sh")
        .args(["-c", command])
        .stdout(std::io::stderr())
        .status();
    let why = match ended {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("the command of --exec ended with {status}"),
        Err(error) => format!("the command of --exec cannot be run: {error}"),
    };
    Err(Failure::new(Exit::No, code::TOOL, why).detail("the new certificate is in its place"))
}
