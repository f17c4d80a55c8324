//! When everything that was issued expires: one line of time for each profile of each issuer, the soonest first, as text and
//! as a page.
//!
//! Time is drawn by its logarithm, so that a certificate of a week and a CA of ten years are on one line.

mod chart;
mod page;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use self::{chart::chart, page::page};

/// One certificate, and until when it is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Whom it names.
    pub called: String,
    pub serial: String,
    pub profile: String,
    /// The CA that signed it, by its name.
    pub issuer: String,
    pub not_after: Timestamp,
    pub standing: Standing,
}

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Valid,
    Expired,
    Revoked,
    /// It was never finished.
    Planned,
}

impl Standing {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Planned => "planned",
        }
    }
}

/// What expires within this time is drawn as a warning.
const SOON: i64 = 14 * DAY;

const DAY: i64 = 86_400;
/// What is closer than this to now is drawn as one.
const UNIT: f64 = 3600.0;

/// Where a line of time has marks, in seconds from now.
const MARKS: [(i64, &str); 8] = [
    (0, "now"),
    (DAY, "1 d"),
    (7 * DAY, "7 d"),
    (30 * DAY, "30 d"),
    (90 * DAY, "90 d"),
    (365 * DAY, "1 y"),
    (3650 * DAY, "10 y"),
    (36_500 * DAY, "100 y"),
];

/// From now to the last expiry.
struct Line {
    now: Timestamp,
    /// Seconds; at least a day, so that a line has a length.
    length: i64,
}

impl Line {
    fn of(rows: &[Expiry], now: Timestamp) -> Self {
        let last = rows
            .iter()
            .map(|row| row.not_after.as_second() - now.as_second())
            .max();
        Self {
            now,
            length: last.unwrap_or(0).max(DAY),
        }
    }

    /// Where a moment is, from 0 to 1.
    fn place(&self, at: Timestamp) -> f64 {
        self.place_in(at.as_second() - self.now.as_second())
    }

    fn place_in(&self, seconds: i64) -> f64 {
        let scaled = |seconds: i64| (seconds.max(0) as f64 / UNIT).ln_1p();
        (scaled(seconds) / scaled(self.length)).clamp(0.0, 1.0)
    }

    /// The marks that are on it, with their places.
    fn marks(&self) -> impl Iterator<Item = (f64, &'static str)> {
        MARKS
            .into_iter()
            .filter(|(seconds, _)| *seconds <= self.length)
            .map(|(seconds, name)| (self.place_in(seconds), name))
    }
}

/// Whether a valid certificate expires soon.
fn is_soon(row: &Expiry, now: Timestamp) -> bool {
    row.standing == Standing::Valid && row.not_after.as_second() - now.as_second() < SOON
}

/// The certificates of one profile of one issuer.
struct Group<'a> {
    profile: &'a str,
    issuer: &'a str,
    rows: Vec<&'a Expiry>,
}

/// The soonest first, within groups and among them. What is valid counts before what is over.
fn groups(rows: &[Expiry]) -> Vec<Group<'_>> {
    let mut found: BTreeMap<(&str, &str), Vec<&Expiry>> = BTreeMap::new();
    for row in rows {
        found.entry((&row.profile, &row.issuer)).or_default().push(row);
    }
    let mut groups: Vec<Group<'_>> = found
        .into_iter()
        .map(|((profile, issuer), mut rows)| {
            rows.sort_by_key(|row| (row.standing != Standing::Valid, row.not_after, &row.serial));
            Group {
                profile,
                issuer,
                rows,
            }
        })
        .collect();
    let first = |group: &Group<'_>| {
        group
            .rows
            .first()
            .map(|row| (row.standing != Standing::Valid, row.not_after))
    };
    groups.sort_by_key(first);
    groups
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    pub(super) fn now() -> Timestamp {
        "2026-06-01T12:00:00Z".parse().expect("a time")
    }

    pub(super) fn row(called: &str, profile: &str, days: i64, standing: Standing) -> Expiry {
        Expiry {
            called: called.into(),
            serial: format!("4f{days:06}"),
            profile: profile.into(),
            issuer: "Acme Issuing CA".into(),
            not_after: now() + SignedDuration::from_hours(24 * days),
            standing,
        }
    }

    #[test]
    fn the_soonest_stands_first_among_groups_and_in_them_and_what_is_over_last() {
        let rows = [
            row("late", "server", 80, Standing::Valid),
            row("soon", "client", 3, Standing::Valid),
            row("gone", "server", 1, Standing::Revoked),
            row("early", "server", 20, Standing::Valid),
        ];
        let shown: Vec<Vec<&str>> = groups(&rows)
            .iter()
            .map(|group| group.rows.iter().map(|row| row.called.as_str()).collect())
            .collect();
        assert_eq!(shown, [vec!["soon"], vec!["early", "late", "gone"]]);
    }

    #[test]
    fn a_line_goes_from_now_to_the_last_expiry_and_knows_nothing_outside() {
        let rows = [row("a", "server", 100, Standing::Valid)];
        let line = Line::of(&rows, now());
        assert_eq!(line.place(now() - SignedDuration::from_hours(24)), 0.0);
        assert_eq!(line.place(rows[0].not_after), 1.0);
        let names: Vec<&str> = line.marks().map(|(_, name)| name).collect();
        assert_eq!(names, ["now", "1 d", "7 d", "30 d", "90 d"]);
        let places: Vec<f64> = line.marks().map(|(place, _)| place).collect();
        assert!(places.is_sorted() && places.iter().all(|place| (0.0..=1.0).contains(place)));
        assert_eq!(Line::of(&[], now()).place(now()), 0.0);
    }
}
