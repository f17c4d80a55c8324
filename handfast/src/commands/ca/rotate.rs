//! `handfast ca rotate`: another CA or root takes over, and the old one leaves when nobody needs it.

use std::path::PathBuf;

use handfast_ca::{Authority, RootRotation, Successor};
use handfast_finding::shell::shell;
use handfast_report::{schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Where, standing};
use crate::{
    commands::{acting::Acting, leaf::dir_flag, new_key::NewKey, tell::text},
    failure::{Exit, Failure},
    words::Words,
};

/// Replace an issuing CA by a new one, or with --root the root
///
/// The new CA signs from now on, with the profiles of the old one; other CAs stay as they are. The old one stays trusted and goes on with its lists; --status counts in the records who
/// still needs it, and --finish retires it once no valid certificate does. A new root is cross-signed by the old one and the
/// other way round, so that every chain leads to both while both are trusted.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast ca rotate\n  handfast ca rotate --root\n  handfast ca rotate --status\n  \
    handfast ca rotate --finish"
)]
pub struct Args {
    /// The issuing CA that is replaced [default: of those that sign the one that was added last]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["root", "status", "finish"])]
    issuer: Option<String>,
    /// A new root, and a new issuing CA below it for each that signs
    #[arg(long, conflicts_with_all = ["status", "finish"])]
    root: bool,
    /// Who still needs the CAs that are leaving
    #[arg(long, conflicts_with = "finish")]
    status: bool,
    /// Retire the CAs that are leaving; refused while a valid certificate needs one
    #[arg(long)]
    finish: bool,
    #[command(flatten)]
    key: NewKey,
    /// The folder that holds the root's key, where that was taken away
    #[arg(long, value_name = "DIR", conflicts_with_all = ["status", "finish"])]
    root_at: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let (authority, _) = args.place.open_for(&args.acting)?;
    let dir = dir_flag(&args.place.dir);
    let done = if args.finish {
        finish(&authority, now, &dir)?
    } else if args.status {
        status(&authority, now, &dir)?
    } else if args.root {
        let key = args.key.choice()?;
        of_root(
            &authority.rotate_root(key.as_ref(), args.root_at.as_deref(), now)?,
            &dir,
        )
    } else {
        let key = args.key.choice()?;
        let successor =
            authority.rotate_issuer(args.issuer.as_deref(), key.as_ref(), args.root_at.as_deref(), now)?;
        of_issuer(&successor, &dir)
    };
    let standing = standing::after(&args.place.dir, now)?;
    words.json(
        Schema::CaRotate,
        json!({
            "successors": done.successors,
            "retired": done.retired,
            "bundle": done.bundle.as_deref().map(text),
            "steps": done.steps,
            "cas": standing::described(&standing),
            "next": done.next,
        }),
    );
    words.data(format_args!("{GOOD}{}{GOOD:#}", done.headline));
    standing::tell(&standing, now, words);
    for (number, step) in done.steps.iter().enumerate() {
        words.data(format_args!("{}. {step}", number + 1));
    }
    words.next(done.next);
    Ok(Exit::Yes)
}

/// What is said of a step of a rotation.
struct Done {
    headline: String,
    successors: Vec<Value>,
    retired: Vec<String>,
    bundle: Option<PathBuf>,
    /// What is to be done where.
    steps: Vec<String>,
    next: String,
}

fn successor(one: &Successor) -> Value {
    json!({ "new": one.new.name, "old": one.old.name })
}

fn of_issuer(done: &Successor, dir: &str) -> Done {
    let old = &done.old.name;
    Done {
        headline: format!("CA {} signs from now on, {old} is leaving", done.new.name),
        successors: vec![successor(done)],
        retired: Vec::new(),
        bundle: None,
        steps: vec![
            "peers: nothing to install, for they trust the root, and certificates come with the new CA above them".into(),
            format!("revocation lists: handfast ca crl --out FILE{dir} writes those of both CAs; publish it now"),
            format!("certificates of {old}: they stay valid; handfast renew moves each to the new CA"),
            format!("when no valid certificate needs {old}: handfast ca rotate --finish{dir}"),
        ],
        next: format!("handfast ca rotate --status{dir}"),
    }
}

fn of_root(done: &RootRotation, dir: &str) -> Done {
    let (new, old) = (&done.root.new.name, &done.root.old.name);
    let bundle = shell(done.bundle.display());
    Done {
        headline: format!("root {new} signs from now on, {old} is leaving"),
        successors: std::iter::once(&done.root)
            .chain(&done.issuers)
            .map(successor)
            .collect(),
        retired: Vec::new(),
        bundle: Some(done.bundle.clone()),
        steps: vec![
            format!("every peer that trusts {old}: install {bundle}, which holds both roots, in its place"),
            format!(
                "servers and clients: handfast renew for each certificate; the new chains lead to {new}, and by the \
                 certificate that {old} signed for it to {old}"
            ),
            format!(
                "revocation lists: handfast ca crl --out FILE{dir} writes those of all CAs; publish it now"
            ),
            format!(
                "when every peer has the bundle and no valid certificate needs {old}: handfast ca rotate --finish{dir}, \
                 and install the new bundle"
            ),
        ],
        next: format!("handfast ca rotate --status{dir}"),
    }
}

fn status(authority: &Authority, now: Timestamp, dir: &str) -> Result<Done, Failure> {
    let standing = authority.standing_of_cas(now)?;
    let mut steps = Vec::new();
    let leaving = standing
        .iter()
        .filter(|one| one.ca.state == handfast_ca::CaState::Leaving);
    let mut is_needed = false;
    for one in leaving {
        is_needed |= one.needed.count > 0;
        steps.push(format!(
            "{} is needed by {}",
            one.ca.name,
            standing::needed(one.needed, now)
        ));
    }
    let (headline, next) = match (steps.is_empty(), is_needed) {
        (true, _) => ("no CA is leaving", format!("handfast ca issuer list{dir}")),
        (false, true) => (
            "CAs that are leaving are still needed",
            format!("handfast ca list --state valid{dir}"),
        ),
        (false, false) => (
            "no valid certificate needs a CA that is leaving",
            format!("handfast ca rotate --finish{dir}"),
        ),
    };
    Ok(Done {
        headline: headline.into(),
        successors: Vec::new(),
        retired: Vec::new(),
        bundle: None,
        steps,
        next,
    })
}

fn finish(authority: &Authority, now: Timestamp, dir: &str) -> Result<Done, Failure> {
    let retired: Vec<String> = authority
        .finish_rotation(now)?
        .into_iter()
        .map(|ca| ca.name)
        .collect();
    let bundle = authority.root_file();
    let headline = if retired.is_empty() {
        "no CA was leaving".to_owned()
    } else {
        format!("{} retired", retired.join(", "))
    };
    Ok(Done {
        headline,
        successors: Vec::new(),
        steps: vec![format!(
            "peers: trust what is in {} and nothing else of this CA",
            text(&bundle)
        )],
        retired,
        bundle: Some(bundle),
        next: format!("handfast ca issuer list{dir}"),
    })
}
