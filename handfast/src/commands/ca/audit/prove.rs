//! `handfast ca audit prove`: a file that proves one leaf to everybody who has the public key of the log.

use std::path::{Path, PathBuf};

use handfast_audit::{leaf::Leaf, tree::ProofFile};
use handfast_ca::{Authority, Event, folder};
use handfast_credentials::files::{self, Readers};
use handfast_finding::shell::shell;
use handfast_pki::{code, text::printable};
use handfast_report::{schema::Schema, style::GOOD};
use serde_json::json;

use crate::{
    commands::{
        ca::{Where, journal, show},
        leaf::dir_flag,
        tell::text,
    },
    failure::{Exit, Failure},
    words::Words,
};

/// Prove that a certificate is in the log, for others to check without the CA
///
/// The file (.tlog-proof) holds the leaf, the hashes from it to the root, and the signed checkpoint.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca audit prove server/tls.crt --out server.tlog-proof")]
pub struct Args {
    /// Its serial number in hex, or a file that holds it
    #[arg(value_name = "SERIAL|FILE")]
    certificate: String,
    /// Prove this line about it [default: issued]
    #[arg(long, value_parser = journal::events())]
    event: Option<Event>,
    /// The file to write; an older one is replaced [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let authority = args.place.open_to_revoke(words)?;
    let path = Path::new(&args.certificate);
    let serial = if show::is_file(&args.certificate) {
        show::from_file(path)?.serial()
    } else {
        show::serial(&args.certificate)?
    };
    let dir = dir_flag(&args.place.dir);
    let proof = authority.prove(&serial, args.event)?.ok_or_else(|| {
        Failure::new(
            Exit::No,
            code::NOT_RECORDED,
            format!("the log has no such leaf about \"{}\"", printable(&serial)),
        )
        .command(format!("handfast ca list{dir}"))
    })?;
    if let Some(path) = &args.out {
        let leftovers = files::write(path, proof.to_text().as_bytes(), Readers::Everybody)?;
        words.tell_leftovers(&leftovers);
    }
    tell(args, &authority, &proof, words);
    Ok(Exit::Yes)
}

fn tell(args: &Args, authority: &Authority, proof: &ProofFile, words: &Words) {
    let says = Leaf::parse(&proof.leaf).map(|leaf| leaf.to_string());
    words.json(
        Schema::CaAuditProve,
        json!({
            "position": proof.position,
            "leaf": serde_json::from_slice::<serde_json::Value>(&proof.leaf).ok(),
            "key": authority.log_verifier().to_string(),
            "proof": proof.to_text(),
            "file": args.out.as_deref().map(text),
        }),
    );
    let Some(path) = &args.out else {
        words.data(proof.to_text().trim_end());
        return;
    };
    words.data(format_args!(
        "{GOOD}proof{GOOD:#} of the leaf {} ({}) in {}",
        proof.position,
        says.unwrap_or_default(),
        text(path)
    ));
    words.next(format_args!(
        "handfast ca audit check {} --log-key {}",
        shell(path.display()),
        shell(args.place.dir.join(folder::AUDIT_PUBLIC).display())
    ));
}
