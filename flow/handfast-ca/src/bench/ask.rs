//! Every question that `handfast ca list` can ask, and how long its pages take.

use std::time::{Duration, Instant};

use handfast_pki::Fingerprint;
use jiff::{SignedDuration, Timestamp};

use crate::{
    authority::Authority,
    error::Result,
    records::{Condition, NameFilter, Query, Row},
};

/// One question and its pages.
#[derive(Debug, Clone)]
pub struct Asked {
    pub question: &'static str,
    /// How many rows its pages had together.
    pub rows: usize,
    /// How long the slowest page took.
    pub slowest: Duration,
}

/// As many as `handfast ca list` shows.
const PAGE: u32 = 100;
/// How many pages are turned.
const PAGES: usize = 5;

/// Asks the records of `authority` everything, about one certificate in the middle of them where it is about one.
///
/// # Errors
///
/// Where the records cannot be read.
pub fn ask(authority: &Authority, now: Timestamp) -> Result<Vec<Asked>> {
    let Some(sample) = sample(authority, now)? else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for (question, query) in questions(&sample, now) {
        let mut asked = Asked {
            question,
            rows: 0,
            slowest: Duration::ZERO,
        };
        let mut query = Query {
            limit: Some(PAGE),
            ..query
        };
        for _ in 0..PAGES {
            let began = Instant::now();
            let page = authority.find(&query)?;
            asked.slowest = asked.slowest.max(began.elapsed());
            asked.rows += page.rows.len();
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        all.push(asked);
    }
    let began = Instant::now();
    let totals = authority.totals(now)?;
    let sum = totals.valid + totals.expired + totals.revoked + totals.planned;
    all.push(Asked {
        question: "totals",
        rows: usize::try_from(sum).unwrap_or(usize::MAX),
        slowest: began.elapsed(),
    });
    Ok(all)
}

/// A certificate that expires in the middle.
fn sample(authority: &Authority, now: Timestamp) -> Result<Option<Row>> {
    let middle = now
        .checked_add(SignedDuration::from_hours(45 * 24))
        .unwrap_or(now);
    let page = authority.find(&Query {
        condition: Some(Condition::Valid(middle)),
        limit: Some(1),
        ..Query::default()
    })?;
    Ok(page.rows.into_iter().next())
}

fn questions(sample: &Row, now: Timestamp) -> Vec<(&'static str, Query)> {
    let name = sample.names.first().cloned().unwrap_or_default();
    let team = name.rsplit_once('/').map_or(name.as_str(), |(team, _)| team);
    let all_names = name.split_inclusive('/').take(3).collect::<String>();
    let key: Option<Fingerprint> = sample.key.as_deref().and_then(|key| key.parse().ok());
    let within = |days: i64| {
        now.checked_add(SignedDuration::from_hours(24 * days))
            .unwrap_or(now)
    };
    let starts = |text: String| Some(NameFilter::StartsWith(text));
    let mut questions = Vec::new();
    let mut ask = |question, set: &dyn Fn(&mut Query)| {
        let mut query = Query::default();
        set(&mut query);
        questions.push((question, query));
    };
    ask("all", &|_| ());
    ask("identity", &|query| {
        query.name = Some(NameFilter::Is(name.clone()))
    });
    ask("prefix of a thousand", &|query| {
        query.name = starts(format!("{team}/"))
    });
    ask("prefix of all", &|query| query.name = starts(all_names.clone()));
    ask("requester", &|query| {
        query.requester = Some(sample.requester.clone())
    });
    ask("serial", &|query| query.serial = Some(sample.serial.clone()));
    ask("fingerprint", &|query| {
        query.fingerprint = sample.der.as_deref().map(Fingerprint::of)
    });
    ask("key", &|query| query.key = key);
    ask("profile", &|query| query.profile = Some(sample.profile.clone()));
    ask("issuer", &|query| query.issuer = sample.issuer.clone());
    ask("state valid", &|query| {
        query.condition = Some(Condition::Valid(within(30)))
    });
    ask("state expired", &|query| {
        query.condition = Some(Condition::Expired(within(30)))
    });
    ask("state revoked", &|query| {
        query.condition = Some(Condition::Revoked)
    });
    ask("state planned", &|query| {
        query.condition = Some(Condition::Planned)
    });
    ask("expiring in 14 days", &|query| {
        query.condition = Some(Condition::Valid(now));
        query.expiring_before = Some(within(14));
    });
    ask("issued since", &|query| query.issued_after = Some(within(-10)));
    ask("renewed from", &|query| {
        query.renewed_from = Some(sample.serial.clone())
    });
    questions
}
