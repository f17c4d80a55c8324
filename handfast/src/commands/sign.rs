//! `handfast sign`: a certificate for a key that somebody else holds.

use std::path::PathBuf;

use handfast_ca::{Applicant, Authority, IdempotencyKey};
use handfast_credentials::{
    files::{self, Claim, Piece},
    load,
};
use handfast_pki::{certificate::chain_to_pem, name::AltName};
use handfast_report::schema::Schema;
use jiff::Timestamp;
use serde_json::json;

use super::{leaf::Leaf, tell};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Sign a certificate request (CSR): its key, its names and those of the flags; all else comes from the profile
///
/// Taken from the request are the key, which it must prove to hold, the subject alternative names and the
/// common name. All else in it (to be a CA, other usages, other parts of a subject) is ignored, and listed as
/// ignored. Names that were given as flags are added to those of the request, and do not replace them: which came from the request
/// is said on stderr then. Writes the certificate and the intermediate above it to --out, the certificate first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast sign server.csr server --dns localhost --out server.crt")]
pub struct Args {
    /// The request, PEM or DER; - for stdin
    request: PathBuf,
    #[command(flatten)]
    leaf: Leaf,
    /// A name for this request: when it is sent again, it gets the certificate that it got
    #[arg(long, value_name = "KEY", value_parser = IdempotencyKey::new)]
    idempotency_key: Option<IdempotencyKey>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    files::must_be_free(&[&args.out], args.leaf.force)?;
    if args.leaf.force {
        // Before anything is signed for it.
        files::must_take_public(&args.out)?;
    }
    let request = load::request(&args.request)?;
    let cert_request = args.leaf.request(Applicant::from_request(&request))?;
    let authority = Authority::open(&args.leaf.dir)?;
    let claim = Claim::take(&[&args.out], args.leaf.force)?;
    let requester = args.leaf.requester()?;
    let issued = match &args.idempotency_key {
        Some(key) => authority.issue_once(requester, key, cert_request, now)?,
        None => authority.issue_for(requester, cert_request, now)?,
    };
    let chain = chain_to_pem(&issued.chain());
    let leftovers = claim.write(&[Piece::public(&args.out, chain.as_bytes())])?;
    words.tell_leftovers(&leftovers);
    let ca = authority.root_file();
    let next = tell::verify_command(&args.out, &ca, issued.certificate());
    tell::tell_certificate(&issued, now, words);
    tell_names(&args.leaf.names()?, request.wished(), words);
    for ignored in issued.ignored() {
        words.data(format_args!("  ignored {ignored}"));
    }
    let lines = [
        (
            args.out.as_path(),
            format!("the certificate{}", tell::and_intermediates(&issued)),
        ),
        (ca.as_path(), "what the other side has to trust".to_owned()),
    ];
    tell::tell_files(&lines, words);
    tell::tell_limits(&issued, words);
    words.json(
        Schema::Sign,
        tell::described(
            &issued,
            &json!({ "certificate": tell::text(&args.out), "ca": tell::text(&ca) }),
            &next,
        ),
    );
    words.next(next);
    tell::tell_unfinished(&authority, now, words);
    Ok(Exit::Yes)
}

/// Who names the holder by flags may not know what else the request asks for.
fn tell_names(given: &[AltName], wished: &[AltName], words: &Words) {
    let others: Vec<String> = wished
        .iter()
        .filter(|name| !given.contains(name))
        .map(ToString::to_string)
        .collect();
    if !given.is_empty() && !others.is_empty() {
        words.talk(format_args!(
            "note: these names are the request's, beside those that were given: {}",
            others.join(", ")
        ));
    }
}
