//! `handfast inspect`: what a file holds, identities first.
//!
//! Shows and judges nothing but the file itself; whether a certificate is trusted is for `verify`. Private
//! bytes are never printed.

use std::path::{Path, PathBuf};

use handfast_credentials::{files, load};
use handfast_doctor::presented_chain;
use handfast_pki::{Certificate, pem::Item, revocation::set::RevocationSets};
use handfast_report::{
    cards::{Card, cards, of_opened, of_sets},
    schema::Schema,
};
use handfast_values::{Endpoint, Form};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    time,
    words::Words,
};

/// Show what a file holds: certificates, requests, keys, keystores, revocation lists and sets
///
/// Reads what `handfast convert` reads: PEM, DER, PKCS#12, PKCS#7, the keystores of Java and Secrets of Kubernetes, any
/// number of things in one file. Names of every kind come first, then validity, Key Usage, Extended Key Usage, Basic
/// Constraints, key, key identifiers, CRL Distribution Points, Authority Info Access and fingerprint.
/// What will not work is said with its code and what to do about it. Private keys are named and
/// never shown. The exit code is 0 when the file could be read, problems or not.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast inspect tls.crt\n  handfast inspect client.p12 --password-file client.p12.password\n  handfast inspect tls.crt --short\n  handfast inspect https://localhost:8443 --pem"
)]
pub struct Args {
    /// A file, - for stdin, or https://HOST:PORT for the chain that a server presents
    what: String,
    /// The password of a container or key, the first line of FILE
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Print the certificates and requests themselves in PEM, and nothing else
    #[arg(long, conflicts_with = "short")]
    pem: bool,
    /// Print one line for each thing: what it is, its name, until when, and the codes of what is wrong
    #[arg(long)]
    short: bool,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let cards = match args.what.strip_prefix("https://") {
        Some(place) => {
            let chain = presented(place)?.into_iter();
            let items: Vec<Item> = chain.map(|found| Item::Certificate(Box::new(found))).collect();
            cards(&items, now)
        }
        None => match sets(&args.what, now) {
            Some(sets) => of_sets(&sets, now),
            None => of_opened(
                load::opened(Path::new(&args.what), args.password_file.as_deref())?,
                now,
            ),
        },
    };
    let text = if args.pem {
        cards.iter().filter_map(Card::pem).collect()
    } else if args.short {
        cards.iter().map(Card::short).collect::<Vec<_>>().join("\n")
    } else {
        cards.iter().map(Card::text).collect::<Vec<_>>().join("\n")
    };
    words.data(text.trim_end());
    words.json(
        Schema::Inspect,
        json!({ "items": cards.iter().map(Card::to_json).collect::<Vec<_>>() }),
    );
    Ok(Exit::Yes)
}

/// The revocation sets in the file `what`, where it holds nothing else.
fn sets(what: &str, now: Timestamp) -> Option<RevocationSets> {
    // stdin and pipes are read once.
    let bytes = files::read_regular(Path::new(what)).ok()?;
    RevocationSets::read(&bytes, now).ok()
}

/// The chain that the server at `place` (`HOST` or `HOST:PORT`, IPv6 in brackets) presents.
fn presented(place: &str) -> Result<Vec<Certificate>, Failure> {
    let form = Form::CONNECT
        .or_port(443)
        .called("address", "write https://HOST:PORT");
    let place = place.strip_suffix('/').unwrap_or(place);
    Ok(time::wait_for(presented_chain(Endpoint::read(place, &form)?))??)
}
