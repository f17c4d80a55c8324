//! `handfast inspect`: what a file holds, identities first.
//!
//! Shows and judges nothing but the file itself; whether a certificate is trusted is for `verify`. Private
//! bytes are never printed.

use std::path::{Path, PathBuf};

use handfast_credentials::{files, load};
use handfast_formats::container;
use handfast_pki::{
    Certificate, Error as PkiError,
    pem::{self, Item},
    text::printable,
};
use handfast_report::{
    cards::{Card, cards},
    schema::Schema,
};
use handfast_values::{Endpoint, Form};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Show what a file holds: certificates, requests, keys, PKCS#12, revocation lists
///
/// PEM or DER, any number of things in one file. Names come first, then validity, usages, key and
/// fingerprint. What will not work is said with its code and what to do about it. Private keys are named and
/// never shown. The exit code is 0 when the file could be read, problems or not.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast inspect tls.crt\n  handfast inspect client.p12 --password-file client.p12.password"
)]
pub struct Args {
    /// A file, - for stdin, or https://HOST:PORT for the chain that a server presents
    what: String,
    /// The password of a PKCS#12 container, the first line of FILE
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let items = match args.what.strip_prefix("https://") {
        Some(place) => presented(place)?
            .into_iter()
            .map(|found| Item::Certificate(Box::new(found)))
            .collect(),
        None => read(args)?,
    };
    let cards = cards(&items, now);
    let texts: Vec<String> = cards.iter().map(Card::text).collect();
    words.data(texts.join("\n").trim_end());
    words.json(
        Schema::Inspect,
        json!({ "items": cards.iter().map(Card::to_json).collect::<Vec<_>>() }),
    );
    Ok(Exit::Yes)
}

/// The chain that the server at `place` (`HOST` or `HOST:PORT`, IPv6 in brackets) presents.
fn presented(place: &str) -> Result<Vec<Certificate>, Failure> {
    let form = Form::CONNECT
        .or_port(443)
        .called("address", "write https://HOST:PORT");
    let place = place.strip_suffix('/').unwrap_or(place);
    super::fetch::presented_chain(Endpoint::read(place, &form)?)
}

/// The items of the file; a container is opened where the password is known.
fn read(args: &Args) -> Result<Vec<Item>, Failure> {
    let about = |error: PkiError| Failure::about(format_args!("\"{}\"", printable(&args.what)), &error);
    let items = pem::read(&files::read(Path::new(&args.what))?).map_err(about)?;
    let Some(password_file) = &args.password_file else {
        return Ok(items);
    };
    let password = load::password(password_file)?;
    let mut opened = Vec::new();
    for item in items {
        let Item::Pkcs12(der) = item else {
            opened.push(item);
            continue;
        };
        let mut contents = container::open(&der, &password).map_err(about)?;
        // A container knows no order; people expect the leaf first.
        contents.certificates.sort_by_key(Certificate::is_ca);
        opened.extend(
            contents
                .certificates
                .into_iter()
                .map(|certificate| Item::Certificate(Box::new(certificate))),
        );
        opened.extend(contents.keys.into_iter().map(Item::Key));
    }
    Ok(opened)
}
