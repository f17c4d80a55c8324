//! `handfast ca list`: what was issued, soonest expiry first.

use std::path::PathBuf;

use handfast_ca::{Authority, Condition, Cursor, Query, identity_prefix};
use handfast_pki::{Certificate, NamePattern, code};
use handfast_report::{schema::Schema, style::GOOD};
use handfast_values::{duration, moment};
use jiff::Timestamp;
use serde_json::json;

use super::{Where, picture, record};
use crate::{
    commands::{again::again, leaf::dir_flag},
    failure::{Exit, Failure},
    words::Words,
};

/// List certificates, those that expire soonest first
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast ca list --expiring 14d\n  handfast ca list --identity 'uri:spiffe://acme/*' --state valid\n  \
    handfast ca list --chart --html expiry.html"
)]
pub struct Args {
    /// Only those with such a name, written as in rules: uri:spiffe://acme/*, dns:*.acme.example
    #[arg(long, value_name = "PATTERN")]
    identity: Option<NamePattern>,
    /// Only those of this profile
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Only those of this issuer: its name in ca issuer list, its subject, or the identifier of its key in hex
    #[arg(long, value_name = "ISSUER")]
    issuer: Option<String>,
    /// Only those that this requester asked for, as the records write it, such as owner
    #[arg(long, value_name = "REQUESTER")]
    requester: Option<String>,
    /// Only those in this state
    #[arg(long, value_enum)]
    state: Option<StateFilter>,
    /// Only valid ones that expire within this time, such as 14d
    #[arg(long, value_name = "TIME", conflicts_with = "state")]
    expiring: Option<String>,
    /// Only those that were issued since: a time, a day, or how long ago, such as 7d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Those behind a page that was read: the cursor that it ended with
    #[arg(long, value_name = "CURSOR")]
    after: Option<Cursor>,
    /// Draw when each expires, by profile and issuer, instead of listing them
    #[arg(long)]
    chart: bool,
    /// Write the same as an HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum StateFilter {
    Valid,
    Expired,
    Revoked,
    Planned,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let authority = args.place.open_to_revoke(words)?;
    let query = query(args, &authority, now)?;
    let page = authority
        .find_matching(&query, args.identity.as_ref())
        .map_err(handfast_ca::Error::from)?;
    let totals = authority.totals(now).map_err(handfast_ca::Error::from)?;
    words.json(
        Schema::CaList,
        json!({
            "certificates": page.rows.iter().map(|row| record::described(row, now)).collect::<Vec<_>>(),
            "totals": {
                "valid": totals.valid,
                "expired": totals.expired,
                "revoked": totals.revoked,
                "planned": totals.planned,
            },
            "next": page.next.as_ref().map(ToString::to_string),
        }),
    );
    if page.rows.is_empty() {
        words.talk("no certificate in the records fits");
        return Ok(Exit::Yes);
    }
    if let Some(path) = &args.html {
        picture::html(&page, &authority, path, now, words)?;
    }
    if args.chart {
        picture::chart(&page, &authority, now, words);
    } else {
        words.data(format_args!("{GOOD}{}{GOOD:#}", record::HEADING));
        for row in &page.rows {
            words.data(record::line(row, now));
        }
    }
    words.talk(format_args!(
        "the CA has {} valid, {} expired, {} revoked and {} planned certificates",
        totals.valid, totals.expired, totals.revoked, totals.planned
    ));
    let dir = dir_flag(&args.place.dir);
    match (&page.next, page.rows.first()) {
        (Some(next), _) => {
            words.talk("there are more");
            words.next(again("--after", true, &format!(" --after {next}")));
        }
        (None, Some(first)) => words.next(format_args!("handfast ca show {}{dir}", first.serial)),
        (None, None) => {}
    }
    Ok(Exit::Yes)
}

fn query(args: &Args, authority: &Authority, now: Timestamp) -> Result<Query, Failure> {
    let expiring = args.expiring.as_deref().map(duration).transpose()?;
    let condition = match args.state {
        None if expiring.is_some() => Some(Condition::Valid(now)),
        None => None,
        Some(StateFilter::Valid) => Some(Condition::Valid(now)),
        Some(StateFilter::Expired) => Some(Condition::Expired(now)),
        Some(StateFilter::Revoked) => Some(Condition::Revoked),
        Some(StateFilter::Planned) => Some(Condition::Planned),
    };
    Ok(Query {
        name: args.identity.as_ref().and_then(identity_prefix),
        condition,
        profile: args.profile.clone(),
        issuer: args
            .issuer
            .as_deref()
            .map(|text| issuer(text, authority))
            .transpose()?,
        requester: args.requester.clone(),
        expiring_before: expiring.map(|within| now.checked_add(within).unwrap_or(Timestamp::MAX)),
        issued_after: args.since.as_deref().map(|text| moment(text, now)).transpose()?,
        limit: Some(args.limit),
        after: args.after,
        ..Query::default()
    })
}

/// The key identifier of the CA that is called so: by its name in `ca issuer list`, its subject, or the identifier itself.
fn issuer(text: &str, authority: &Authority) -> Result<String, Failure> {
    let id = |ca: &Certificate| handfast_pki::text::hex(&ca.public_key().key_id());
    if let Some(found) = authority.certificate_of(text) {
        return Ok(id(&found));
    }
    let cas = authority.certificates();
    let found = cas
        .iter()
        .find(|ca| ca.called() == text || id(ca).eq_ignore_ascii_case(text));
    found.map(id).ok_or_else(|| {
        let known: Vec<String> = cas.iter().map(Certificate::called).collect();
        Failure::new(
            Exit::Misuse,
            code::NOT_RECORDED,
            format!("--issuer: this CA has no issuer \"{text}\""),
        )
        .help(format!("its issuers are {}", handfast_pki::text::listed(&known)))
    })
}
