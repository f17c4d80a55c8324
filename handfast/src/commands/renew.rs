//! `handfast renew`: replaces a certificate by a new one with the same names.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use handfast_ca::{Applicant, Authority, Issued};
use handfast_credentials::{
    files::{Claim, Piece, Readers},
    load,
};
use handfast_finding::{shell::shell, when::when};
use handfast_pki::{Certificate, certificate::chain_to_pem, code};
use handfast_report::{json, schema::Schema, style::GOOD};
use handfast_values::duration;
use jiff::Timestamp;
use serde_json::json;

use super::{leaf, tell};
use crate::{
    commands::ca::show::from_file,
    failure::{Exit, Failure},
    words::Words,
};

/// Replace a certificate by a new one with the same names and profile
///
/// Names, subject and profile are those of the old certificate as the CA has recorded it, and the profile's rules hold as
/// they are now. The file is replaced as a whole, and
/// with --new-key the key with it; programs that watch it take the new one. What is revoked is
/// not renewed, and what has expired only where its profile says for how long.
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
    why: leaf::Why,
    /// The CA directory
    #[arg(long, value_name = "DIR", env = "HANDFAST_DIR", default_value = leaf::DEFAULT_DIR)]
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

/// Has the successor of `old` signed and writes it, a new key first: a certificate without its key helps no one.
fn renew(args: &Args, old: &Certificate, now: Timestamp, words: &Words) -> Result<Issued, Failure> {
    let lifetime = args.lifetime.as_deref().map(duration).transpose()?;
    let key_file = args
        .key
        .clone()
        .unwrap_or_else(|| args.cert.with_extension("key"));
    let held = load::private_key(&key_file)?;
    held.must_match(old)
        .map_err(|error| Failure::about(format_args!("\"{}\"", key_file.display()), &error))?;
    let key = if args.new_key {
        held.another()
            .map_err(|error| Failure::about("--new-key", &error))?
    } else {
        held
    };
    let authority = Authority::open(&args.dir)?;
    let renewable = authority.renewable(old, now)?;
    let mut files: Vec<&Path> = vec![&args.cert];
    files.extend(args.new_key.then_some(key_file.as_path()));
    let claim = Claim::take(&files, true)?;
    let issued = authority.renew(
        args.why.requester()?,
        &renewable,
        Applicant::holding(&key),
        lifetime,
        now,
    )?;
    let (chain, pem) = (chain_to_pem(&issued.chain()), key.to_pem());
    let piece = |path, bytes, readers| Piece { path, bytes, readers };
    let mut pieces = vec![piece(&args.cert, chain.as_bytes(), Readers::Everybody)];
    if args.new_key {
        pieces.insert(0, piece(&key_file, pem.as_bytes(), Readers::Owner));
    }
    words.tell_leftovers(&claim.write(&pieces)?);
    Ok(issued)
}

/// The certificate is in its place whatever becomes of the command.
fn run_after(command: &str) -> Result<(), Failure> {
    let ended = Command::new("sh")
        .args(["-c", command])
        .stdout(std::io::stderr())
        .status();
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(
            Exit::No,
            code::TOOL,
            format!("the command of --exec ended with {status}"),
        )
        .detail("the new certificate is in its place")),
        Err(error) => Err(Failure::new(
            Exit::No,
            code::TOOL,
            format!("the command of --exec cannot be run: {error}"),
        )
        .detail("the new certificate is in its place")),
    }
}
