//! `handfast ca issuer ocsp-signer`: who signs OCSP answers in the place of a CA.

use handfast_finding::when::when;
use handfast_report::{json::certificate, schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    commands::{
        acting::Acting,
        ca::Where,
        leaf::{dir_flag, promised},
    },
    failure::{Exit, Failure},
    words::Words,
};

/// Make a short-lived signer of OCSP answers, so that the key of the CA can stay away
///
/// Key and certificate (OCSPSigning, ocsp-nocheck) go into the CA directory, and ca ocsp signs with them until they expire.
/// Make the next one before that: verifiers take no answer of an expired signer.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca issuer ocsp-signer --lifetime 7d")]
pub struct Args {
    /// The issuing CA that it answers for [default: the first that signs]
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,
    /// How long it is valid, at most 30d
    #[arg(long, value_name = "TIME", default_value = "7d")]
    lifetime: String,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, now: Timestamp, words: &Words) -> Result<Exit, Failure> {
    let lifetime = promised(&args.lifetime)?;
    let (authority, _) = args.place.open_for(&args.acting)?;
    let made = authority.make_ocsp_signer(args.issuer.as_deref(), Some(lifetime), now)?;
    let next = format!(
        "handfast ca ocsp --out answers{}{}",
        dir_flag(&args.place.dir),
        args.acting.passphrase_flag()
    );
    words.json(
        Schema::CaIssuerOcspSigner,
        json!({
            "name": made.ca,
            "certificate": certificate(&made.certificate),
            "certificate_file": made.certificate_file,
            "key_file": made.key_file,
            "next": next,
        }),
    );
    words.data(format_args!(
        "{GOOD}signer of OCSP answers{GOOD:#} for {}",
        made.ca
    ));
    words.data(format_args!(
        "  until  {}",
        when(made.certificate.not_after(), now)
    ));
    words.data(format_args!(
        "  in     {} and {}",
        made.certificate_file, made.key_file
    ));
    words.next(next);
    Ok(Exit::Yes)
}
