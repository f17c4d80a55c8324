//! `handfast csr`: a key, and the request for a certificate that its holder sends to a CA.

use std::path::PathBuf;

use handfast_credentials::files::{self, Claim, Piece};
use handfast_finding::shell::shell;
use handfast_pki::{KeyKind, PrivateKey, Request, code, name, pem, requesting};
use handfast_report::{schema::Schema, style::GOOD};
use serde_json::json;

use super::{
    leaf,
    named::Named,
    tell::{tell_files, text},
};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Make a key and a certificate request (CSR) for it, for a CA elsewhere
///
/// Writes tls.key (the private key, PKCS#8, for its owner alone) and tls.csr (the request, PEM) into the folder --out. The
/// key stays there; the request is what the CA gets. It contains the names and nothing else: usages and lifetime are for the
/// CA to decide.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  handfast csr --dns web.acme.example --out web\n  \
    handfast csr --uri spiffe://acme/web --key ed25519 --out web\n  \
    handfast sign web/tls.csr client --out web/tls.crt")]
pub struct Args {
    #[command(flatten)]
    named: Named,
    /// The kind of the key to make
    #[arg(long, value_name = "KIND", default_value = "p256", value_parser = leaf::key_kinds())]
    key: KeyKind,
    /// The folder to write into; it is made where it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Overwrite what exists
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let (key_file, file) = (args.out.join("tls.key"), args.out.join("tls.csr"));
    files::must_be_free(&[&key_file, &file], args.force)?;
    let (names, subject) = (args.named.names()?, args.named.subject()?);
    if names.is_empty() {
        return Err(Failure::of(
            code::NO_NAMES,
            "the request has no subject alternative name, and peers look there alone",
        )
        .help("give a name: --dns NAME, --ip ADDRESS, --uri URI or --email ADDRESS"));
    }
    let key = PrivateKey::generate(args.key).map_err(|error| Failure::about("--key", &error))?;
    let request =
        requesting::request(&key, &subject, &names).map_err(|error| Failure::about("the request", &error))?;
    let claim = Claim::take(&[&key_file, &file], args.force)?;
    let (key_pem, request_pem) = (key.to_pem(), pem::write("CERTIFICATE REQUEST", request.der()));
    // The key first: a request without it helps nobody.
    let leftovers = claim.write(&[
        Piece::secret(&key_file, key_pem.as_bytes()),
        Piece::public(&file, request_pem.as_bytes()),
    ])?;
    words.tell_leftovers(&leftovers);
    tell(args, &request, words);
    Ok(Exit::Yes)
}

fn tell(args: &Args, request: &Request, words: &Words) {
    let (key_file, file) = (args.out.join("tls.key"), args.out.join("tls.csr"));
    let names: Vec<String> = request.wished().iter().map(ToString::to_string).collect();
    let algorithm = request.public_key().algorithm();
    let next = format!(
        "handfast sign {} server --out {}",
        shell(file.display()),
        shell(args.out.join("tls.crt").display())
    );
    words.data(format_args!(
        "{GOOD}certificate request{GOOD:#} for {}",
        names.join(", ")
    ));
    let lines = [
        (file.as_path(), "the request, for the CA".to_owned()),
        (
            key_file.as_path(),
            format!("the private key, {algorithm}, readable by its owner alone; it stays here"),
        ),
    ];
    tell_files(&lines, words);
    words.json(
        Schema::Csr,
        json!({
            "names": names,
            "subject": name::shown(request.subject()),
            "key": algorithm,
            "files": { "request": text(&file), "key": text(&key_file) },
            "next": next,
        }),
    );
    words.next(next);
}
