//! `handfast ca revoke`: shows exactly what would be revoked, and does it when that is confirmed.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use handfast_ca::{Because, Person, Reason, Requester, RevokedNow, Selection, Taken, Which};
use handfast_pki::{Fingerprint, NamePattern, code};
use handfast_report::{schema::Schema, style::BAD};
use handfast_values::moment;
use jiff::Timestamp;
use serde_json::json;

use super::{Where, record, show};
use crate::{
    commands::{again::again, leaf::dir_flag},
    failure::{Exit, Failure},
    words::Words,
};

/// Revoke certificates, after showing exactly which
///
/// What is revoked stays so, and may be named again: it is said, and all that is not done yet is done. Only a compromise
/// that was not known takes the place of the reason before. Other programs learn of it from the next list: handfast ca crl. For keyCompromise every
/// certificate with the same key is revoked too, and those that replaced it, and the key gets no certificate any more.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true),
    after_help = "Examples:\n  handfast ca revoke client/tls.crt --reason keyCompromise\n  \
    handfast ca revoke --identity 'uri:spiffe://acme/partner/*' --dry-run"
)]
pub struct Args {
    /// A serial number in hex, or a file that holds the certificate
    #[arg(value_name = "SERIAL|FILE", group = "which")]
    certificate: Option<String>,
    /// Every valid certificate with such a name, written as in rules: uri:spiffe://acme/*
    #[arg(long, value_name = "PATTERN", group = "which")]
    identity: Option<NamePattern>,
    /// Every valid certificate with this key: SHA-256 of its public half, as handfast ca show prints it
    #[arg(long, value_name = "SHA256", group = "which")]
    key: Option<Fingerprint>,
    /// Every valid certificate that was issued before: a time, a day, or how long ago, such as 7d
    #[arg(long, value_name = "TIME", group = "which")]
    issued_before: Option<String>,
    /// Why, as RFC 5280 calls it
    #[arg(long, value_name = "REASON", default_value = "unspecified", value_parser = reasons())]
    reason: Reason,
    /// The same in your own words, for the journal: a ticket, a sentence
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
    /// Also the certificates that replaced them
    #[arg(long)]
    with_renewals: bool,
    /// Show what would be revoked, and revoke nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    place: Where,
}

fn reasons() -> impl TypedValueParser<Value = Reason> {
    PossibleValuesParser::new(Reason::ALL.map(Reason::name)).map(|text| {
        let found = Reason::ALL.into_iter().find(|reason| reason.name() == text);
        // The parser lets nothing else through.
        found.unwrap_or(Reason::Unspecified)
    })
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let person = Person::of_this_process(args.because.as_deref());
    let requester = Requester::Person(person.map_err(|error| Failure::about("--because", &error))?);
    let authority = args.place.open_to_revoke(words)?;
    let selection = authority.to_revoke(&which(args, now)?, args.reason, args.with_renewals, now)?;
    if selection.is_empty() {
        return Err(Failure::new(
            Exit::No,
            code::NOT_RECORDED,
            "no valid certificate fits: nothing is revoked",
        )
        .command(format!(
            "handfast ca list --state valid{}",
            dir_flag(&args.place.dir)
        )));
    }
    preview(&selection, args.reason, now, words);
    let is_confirmed = args.yes || args.dry_run || selection.taken().is_empty();
    let is_done = !args.dry_run && (is_confirmed || confirmed(selection.taken().len(), words)?);
    // Also where nothing is to be revoked: the key of what is revoked already may have to be blocked.
    let done = match is_done {
        true => authority.revoke_selected(&selection, args.reason, &requester, now)?,
        false => RevokedNow::default(),
    };
    let dir = dir_flag(&args.place.dir);
    let next = if is_done {
        format!("handfast ca crl --out ca.crl{dir}")
    } else {
        again("--dry-run", false, "")
    };
    words.json(
        Schema::CaRevoke,
        described(&selection, args.reason, is_done.then_some(done), now, &next),
    );
    if is_done {
        words.data(format_args!("{BAD}revoked{BAD:#} {}", done.revoked));
    }
    if done.changed > 0 {
        words.data(format_args!(
            "{} were revoked already, and are for {} from now on",
            done.changed,
            args.reason.name()
        ));
    }
    if done.already > 0 {
        words.data(format_args!("{} were revoked already", done.already));
    }
    words.next(next);
    Ok(Exit::Yes)
}

fn which(args: &Args, now: Timestamp) -> Result<Which, Failure> {
    if let Some(text) = &args.certificate {
        let path: PathBuf = text.into();
        if show::is_file(text) {
            return Ok(Which::Certificate(Box::new(show::from_file(&path)?)));
        }
        return Ok(Which::Serial(show::serial(text)?));
    }
    let by_time = args
        .issued_before
        .as_deref()
        .map(|text| moment(text, now))
        .transpose()?;
    let found = (args.identity.clone().map(Which::Identity))
        .or(args.key.map(Which::Key))
        .or(by_time.map(Which::IssuedBefore));
    // The parser asks for one of them.
    found.ok_or_else(|| Failure::bug("nothing says which certificates are to be revoked"))
}

fn preview(selection: &Selection, reason: Reason, now: Timestamp, words: &Words) {
    words.data(format_args!(
        "to be revoked ({}), {} in all:",
        reason.name(),
        selection.taken().len()
    ));
    for taken in selection.taken() {
        words.data(format_args!(
            "  {}{}",
            record::line(taken.row(), now),
            because(taken)
        ));
    }
    for taken in selection.already() {
        words.data(format_args!(
            "  revoked already{}: {}",
            before(taken),
            record::line(taken.row(), now)
        ));
    }
    for row in selection.renewals() {
        words.data(format_args!(
            "  stays: {}, which replaced one of these; --with-renewals revokes it too",
            record::line(row, now)
        ));
    }
}

/// For which reason, where it is revoked already.
fn before(taken: &Taken) -> String {
    let revoked = taken.row().revoked;
    revoked.map_or_else(String::new, |revoked| format!(" for {}", revoked.reason.name()))
}

fn because(taken: &Taken) -> &'static str {
    match taken.because() {
        _ if taken.row().revoked.is_some() => "  (revoked already, and the reason becomes this one)",
        Because::Named if taken.is_unrecorded() => "  (not in the records; signed by this CA)",
        Because::Named => "",
        Because::SameKey => "  (has the same key)",
        Because::Renewal => "  (replaced one of these)",
    }
}

/// Asks on the terminal; without one there is nobody to ask.
fn confirmed(count: usize, words: &Words) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(
            Failure::misuse("the revocation has to be confirmed, and stdin is no terminal")
                .help("look at it with --dry-run, then say --yes"),
        );
    }
    let _ = write!(
        anstream::stderr(),
        "revoke {count}? This cannot be taken back. [y/N] "
    );
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    let is_yes = matches!(answer.trim(), "y" | "Y" | "yes");
    if !is_yes {
        words.talk("nothing is revoked");
    }
    Ok(is_yes)
}

fn described(
    selection: &Selection,
    reason: Reason,
    done: Option<RevokedNow>,
    now: Timestamp,
    next: &str,
) -> serde_json::Value {
    let described = |taken: &Taken| {
        json!({
            "certificate": record::described(taken.row(), now),
            "because": match taken.because() {
                Because::Named => "named",
                Because::SameKey => "same-key",
                Because::Renewal => "renewal",
            },
            "recorded": !taken.is_unrecorded(),
        })
    };
    let counts = done.unwrap_or_default();
    json!({
        "reason": reason.name(),
        "revoked": done.is_some(),
        "count": counts.revoked,
        "changed": counts.changed,
        "taken": selection.taken().iter().map(described).collect::<Vec<_>>(),
        "already": selection.already().iter().map(described).collect::<Vec<_>>(),
        "renewals": selection.renewals().iter().map(|row| record::described(row, now)).collect::<Vec<_>>(),
        "next": next,
    })
}
