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
    let bad = || {
        Failure::misuse(format!(
            "\"https://{}\" is not https://HOST:PORT",
            printable(place)
        ))
    };
    let place = place.strip_suffix('/').unwrap_or(place);
    let (host, port) = match place.rsplit_once(':') {
        // A colon inside of brackets belongs to the address.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| bad())?),
        _ => (place, 443),
    };
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = bracketed.unwrap_or(host);
    if host.is_empty() || host.contains(['/', '[', ']']) || (host.contains(':') && bracketed.is_none()) {
        return Err(bad());
    }
    super::fetch::presented_chain(host, port)
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
