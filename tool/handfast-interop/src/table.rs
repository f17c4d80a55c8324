//! The outcome of a trial: who got in, who should have, and how it is shown.

use std::fmt::Write as _;

use handfast_lab::fixtures::Fixture;
use handfast_pki::Code;
use handfast_report::style::{BAD, GOOD, STRONG};
use handfast_setup::{Limits, Part};
use serde_json::{Value, json};

/// One fixture in one version of TLS.
#[derive(Debug, Clone)]
pub struct Cell {
    pub fixture: Fixture,
    pub tls: &'static str,
    pub is_in: bool,
    /// Whether it was shown at all: some servers do not even load it.
    pub is_shown: bool,
    /// What the doctor makes of a refusal.
    pub code: Option<Code>,
    /// Why, in a few words.
    pub words: String,
    /// Whether it is as it has to be, where that is known better than by what is known of the target.
    pub settled: Option<bool>,
}

impl Cell {
    /// Whether the target is known to let this one in.
    fn is_expected_in(&self, limits: &Limits) -> bool {
        let says = |list: &std::collections::BTreeMap<String, String>| {
            list.contains_key(self.fixture.name)
                || list.contains_key(&format!("{} {}", self.fixture.name, self.tls))
        };
        if self.fixture.verdict.is_in() {
            !says(&limits.rejects)
        } else {
            says(&limits.accepts)
        }
    }

    pub fn is_as_told(&self, part: &Part) -> bool {
        self.settled
            .unwrap_or_else(|| self.is_in == self.is_expected_in(&part.limits))
    }

    fn mark(&self, part: &Part) -> &'static str {
        match (self.is_in, self.is_as_told(part)) {
            _ if !self.is_shown => "-",
            (true, true) => "accepted",
            (false, true) => "rejected",
            (true, false) => "ACCEPTED!",
            (false, false) => "REJECTED!",
        }
    }
}

/// A line for each fixture.
pub fn text(cells: &[Cell], part: &Part) -> String {
    let mut out = String::new();
    for row in cells.chunk_by(|one, other| one.fixture == other.fixture) {
        let Some(first) = row.first() else { continue };
        let mut line = format!("{STRONG}{:<16}{STRONG:#}", first.fixture.name);
        for cell in row {
            let style = if cell.is_as_told(part) { GOOD } else { BAD };
            line.push_str(&format!("  {} {style}{:<9}{style:#}", cell.tls, cell.mark(part)));
        }
        let why = row.iter().rev().find(|cell| !cell.is_in);
        let why = why.map_or(first.fixture.description.to_owned(), |cell| {
            let code = cell.code.map(|code| format!("{code} ")).unwrap_or_default();
            format!("{code}{}", cell.words)
        });
        let _ = writeln!(out, "{line}  {why}");
    }
    out
}

pub fn to_json(cells: &[Cell], part: &Part) -> Value {
    let object = |cell: &Cell| {
        json!({
            "certificate": cell.fixture.name,
            "description": cell.fixture.description,
            "tls": cell.tls,
            "accepted": cell.is_in,
            "shown": cell.is_shown,
            "as_documented": cell.is_as_told(part),
            "must_reject": cell.fixture.verdict.must_be_rejected(),
            "code": cell.code.map(|code| code.to_string()),
            "words": cell.words,
        })
    };
    Value::from(cells.iter().map(object).collect::<Vec<_>>())
}
