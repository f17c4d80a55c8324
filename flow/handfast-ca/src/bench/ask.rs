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
    let all = name.split_inclusive('/').take(3).collect::<String>();
    let key: Option<Fingerprint> = sample.key.as_deref().and_then(|key| key.parse().ok());
    let within = |days: i64| {
        now.checked_add(SignedDuration::from_hours(24 * days))
            .unwrap_or(now)
    };
    let starts = |text: &str| Some(NameFilter::StartsWith(text.to_owned()));
    let none = Query::default;
    vec![
        ("all", none()),
        (
            "identity",
            Query {
                name: Some(NameFilter::Is(name.clone())),
                ..none()
            },
        ),
        (
            "prefix of a thousand",
            Query {
                name: starts(&format!("{team}/")),
                ..none()
            },
        ),
        (
            "prefix of all",
            Query {
                name: starts(&all),
                ..none()
            },
        ),
        (
            "requester",
            Query {
                requester: Some(sample.requester.clone()),
                ..none()
            },
        ),
        (
            "serial",
            Query {
                serial: Some(sample.serial.clone()),
                ..none()
            },
        ),
        (
            "fingerprint",
            Query {
                fingerprint: sample.der.as_deref().map(Fingerprint::of),
                ..none()
            },
        ),
        ("key", Query { key, ..none() }),
        (
            "profile",
            Query {
                profile: Some(sample.profile.clone()),
                ..none()
            },
        ),
        (
            "issuer",
            Query {
                issuer: sample.issuer.clone(),
                ..none()
            },
        ),
        (
            "state valid",
            Query {
                condition: Some(Condition::Valid(within(30))),
                ..none()
            },
        ),
        (
            "state expired",
            Query {
                condition: Some(Condition::Expired(within(30))),
                ..none()
            },
        ),
        (
            "state revoked",
            Query {
                condition: Some(Condition::Revoked),
                ..none()
            },
        ),
        (
            "state planned",
            Query {
                condition: Some(Condition::Planned),
                ..none()
            },
        ),
        (
            "expiring in 14 days",
            Query {
                condition: Some(Condition::Valid(now)),
                expiring_before: Some(within(14)),
                ..none()
            },
        ),
        (
            "issued since",
            Query {
                issued_after: Some(within(-10)),
                ..none()
            },
        ),
        (
            "renewed from",
            Query {
                renewed_from: Some(sample.serial.clone()),
                ..none()
            },
        ),
    ]
}
