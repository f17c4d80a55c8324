//! `handfast ca issuer`: the CAs that sign leaves, and further ones.

mod ocsp_signer;

use std::path::PathBuf;

use handfast_ca::NewIssuer;
use handfast_credentials::{
    files::{self, Readers},
    load,
};
use handfast_finding::shell::shell;
use handfast_pki::{Bounds, KeyKind, NamePattern, pem, profile::ProfileName};
use handfast_report::{schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::json;

use super::{Where, standing};
use crate::{
    commands::{acting::Acting, leaf::dir_flag, new_key::NewKey},
    failure::{Exit, Failure},
    words::Words,
};

/// Add, list and retire the CAs that sign certificates
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast ca issuer list\n  handfast ca issuer add --name payments --profiles client\n  \
    handfast ca issuer add --name payments --csr payments.csr\n  handfast ca issuer add --cert payments.crt"
)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Add(Box<Add>),
    List(List),
    Retire(Retire),
    OcspSigner(ocsp_signer::Args),
}

/// Add a CA below the root, which signs from now on what it is for
///
/// With the root's key at hand the CA is made at once. With --csr its key is made and a request is written, for the machine
/// that has the root (handfast ca root sign); --cert takes the certificate that comes back.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast ca issuer add --name payments --profiles client --names 'uri:spiffe://acme/**'"
)]
struct Add {
    /// By which commands call it: lower-case letters, digits and hyphens
    #[arg(long, required_unless_present = "cert")]
    name: Option<String>,
    /// The profiles that it signs, with commas between them [default: all]
    #[arg(long, value_name = "PROFILES", value_delimiter = ',', conflicts_with = "cert")]
    profiles: Vec<ProfileName>,
    /// The names that it may speak for [default: those of the root]
    #[arg(long, value_name = "PATTERN", conflicts_with = "cert")]
    names: Vec<NamePattern>,
    #[command(flatten)]
    key: NewKey,
    /// The folder that holds the root's key, where that was taken away
    #[arg(long, value_name = "DIR", conflicts_with_all = ["csr", "cert"])]
    root: Option<PathBuf>,
    /// Make key and request alone, and write the request into this file
    #[arg(long, value_name = "FILE", conflicts_with = "cert")]
    csr: Option<PathBuf>,
    /// The certificate of a CA that waits for it
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    cert: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

/// List the CAs, and how many valid certificates need each
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca issuer list --json")]
struct List {
    #[command(flatten)]
    place: Where,
}

/// Let a CA sign no certificates any more
///
/// Its certificates stay valid and its lists go on. When none of them is valid any more, a second call retires it for good.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca issuer retire issuing")]
struct Retire {
    /// The CA, by its name in the list
    name: String,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    match &args.command {
        Command::Add(args) => add(args, now, words),
        Command::List(args) => list(args, now, words),
        Command::Retire(args) => retire(args, now, words),
        Command::OcspSigner(args) => ocsp_signer::run(args, now, words),
    }
}

fn add(args: &Add, now: Timestamp, words: &Words) -> Result<Exit, Failure> {
    let (authority, _) = args.place.open_for(&args.acting)?;
    let dir = dir_flag(&args.place.dir);
    let bounds = match args.names.as_slice() {
        [] => None,
        names => Some(Bounds::new(names.to_vec()).map_err(handfast_ca::Error::from)?),
    };
    let new = NewIssuer {
        name: args.name.clone().unwrap_or_default(),
        key: args.key.choice()?.unwrap_or_else(|| KeyKind::P256.into()),
        profiles: args.profiles.clone(),
        bounds,
    };
    let mut elsewhere = None;
    let (name, next) = match (&args.csr, &args.cert) {
        (Some(file), _) => {
            files::must_be_free(&[file], false)?;
            let request = authority.request_issuer(&new, now)?;
            let text = pem::write("CERTIFICATE REQUEST", request.der());
            words.tell_leftovers(&files::write(file, text.as_bytes(), Readers::Everybody)?);
            elsewhere = Some(format!(
                "handfast ca root sign {} --root DIR --out {}.crt",
                shell(file.display()),
                new.name
            ));
            (new.name.clone(), format!("handfast ca issuer list{dir}"))
        }
        (_, Some(file)) => {
            let kept = authority.import_issuer(&load::certificates(file)?, now)?;
            (kept.name, format!("handfast ca issuer list{dir}"))
        }
        (None, None) => {
            let kept = authority.add_issuer(&new, args.root.as_deref(), now)?;
            (kept.name, format!("handfast ca issuer list{dir}"))
        }
    };
    let standing = standing::after(&args.place.dir, now)?;
    words.json(
        Schema::CaIssuerAdd,
        json!({ "name": name, "cas": standing::described(&standing), "next": next }),
    );
    if let Some(one) = standing.iter().find(|one| one.ca.name == name) {
        let verb = if one.certificate.is_some() {
            "signs"
        } else {
            "waits for its certificate"
        };
        words.data(format_args!(
            "{GOOD}CA {name}{GOOD:#} {verb}; {}",
            standing::files(&one.ca)
        ));
    }
    standing::tell(&standing, now, words);
    if let Some(command) = elsewhere {
        words.talk(format_args!("where the root's key is: {command}"));
    }
    words.next(next);
    Ok(Exit::Yes)
}

fn list(args: &List, now: Timestamp, words: &Words) -> Result<Exit, Failure> {
    let standing = standing::after(&args.place.dir, now)?;
    words.json(
        Schema::CaIssuerList,
        json!({ "cas": standing::described(&standing) }),
    );
    standing::tell(&standing, now, words);
    words.next(format_args!(
        "handfast ca rotate --status{}",
        dir_flag(&args.place.dir)
    ));
    Ok(Exit::Yes)
}

fn retire(args: &Retire, now: Timestamp, words: &Words) -> Result<Exit, Failure> {
    let (authority, _) = args.place.open_for(&args.acting)?;
    let retired = authority.retire(&args.name, now)?;
    let standing = standing::after(&args.place.dir, now)?;
    let next = format!("handfast ca issuer list{}", dir_flag(&args.place.dir));
    words.json(
        Schema::CaIssuerRetire,
        json!({
            "name": retired.name,
            "state": retired.state.name(),
            "cas": standing::described(&standing),
            "next": next,
        }),
    );
    words.data(format_args!(
        "{GOOD}CA {}{GOOD:#} signs no certificates any more and is {}",
        retired.name,
        retired.state.name()
    ));
    standing::tell(&standing, now, words);
    words.next(next);
    Ok(Exit::Yes)
}
