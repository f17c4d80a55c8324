//! A target is started with its own configuration and shown every kind of certificate.

use std::{fmt::Write as _, path::Path};

use handfast_report::style::{BAD, GOOD};
use handfast_setup::{Part, Role, Target};
use serde_json::{Value, json};

use crate::{
    error::Result,
    play, reload,
    stage::{Ground, Setting, Stage, last_words},
    table::{self, Cell},
    visit,
};

pub use crate::{play::Told, reload::Renewal};

/// Everything that was seen.
#[derive(Default)]
pub struct Trial {
    pub cells: Vec<Cell>,
    /// What the backend was told; nothing where there is no backend.
    pub told: Option<Told>,
    pub renewal: Option<Renewal>,
}

/// Tries `target` as a `role`; a server that it is tried with may be a target in the folder `own`.
pub fn run(ground: &Ground, target: &Target, role: Role, own: Option<&Path>) -> Result<Trial> {
    match role {
        Role::Server => server(ground, target),
        Role::Client => Ok(Trial {
            cells: visit::visit(ground, target, own)?,
            ..Trial::default()
        }),
    }
}

fn server(ground: &Ground, target: &Target) -> Result<Trial> {
    let stage = Stage::set(ground, target, &Setting::of_good_server())?;
    let mut started = stage.start()?;
    let seen = || -> Result<Trial> {
        play::wait_until_open(&stage)?;
        Ok(Trial {
            cells: play::play(&stage, &stage.versions())?,
            told: match &stage.part.upstream {
                Some(_) => Some(play::forge(&stage)?),
                None => None,
            },
            renewal: match &stage.filled.reload {
                Some(_) => Some(reload::renew(&stage)?),
                None => None,
            },
        })
    };
    let mut trial =
        seen().map_err(|error| error.detail(format!("the server had said: {}", started.said())))?;
    // A server that crashes refuses connections like one that is started again, and is another fault.
    if let Some(renewal) = &mut trial.renewal
        && !renewal.failed.is_empty()
        && started.has_ended()
    {
        let said = last_words(&started.said());
        renewal.failed.push(format!("the server ended by itself: {said}"));
    }
    Ok(trial)
}

impl Trial {
    /// How many cells are not as `part` says of itself.
    pub fn wrong(&self, part: &Part) -> usize {
        self.cells.iter().filter(|cell| !cell.is_as_told(part)).count()
    }

    /// Whether everything is as `part` says of itself.
    pub fn is_good(&self, part: &Part) -> bool {
        self.wrong(part) == 0
            && self.told.as_ref().is_none_or(|told| match part.limits.forged {
                Some(_) => !told.forged.is_empty(),
                None => told.forged.is_empty() && told.who,
            })
            && self.renewal.as_ref().is_none_or(|renewal| renewal.is_good(part))
    }

    /// What it comes to, in one sentence.
    pub fn verdict(&self, target: &Target, part: &Part) -> String {
        let (title, count) = (&target.title, self.cells.len());
        if self.is_good(part) {
            format!("{title}: {count} of {count} cases as documented")
        } else {
            let wrong = self.wrong(part);
            format!("{wrong} of {count} cases differ from what is documented for {title}")
        }
    }

    pub fn to_json(&self, target: &Target, role: Role, part: &Part) -> Value {
        json!({
            "target": target.name,
            "title": target.title,
            "role": role.name(),
            "cells": table::to_json(&self.cells, part),
            "wrong": self.wrong(part),
            "forged": self.told.as_ref().map(|told| &told.forged),
            "who_was_told": self.told.as_ref().map(|told| told.who),
            "renewal": self.renewal.as_ref().map(Renewal::to_json),
            "limits": part.cannot(),
            "good": self.is_good(part),
        })
    }

    /// The table, and a line for the headers and the renewal each.
    pub fn text(&self, part: &Part) -> String {
        let mut out = table::text(&self.cells, part);
        if let Some(told) = &self.told {
            let _ = writeln!(out, "{}", headers(told, part));
        }
        if let Some(renewal) = &self.renewal {
            let style = if renewal.is_good(part) { GOOD } else { BAD };
            let _ = writeln!(out, "{style}renewal{style:#}: {}", renewal.told());
        }
        out
    }
}

fn headers(told: &Told, part: &Part) -> String {
    if part.limits.forged.is_some() && !told.forged.is_empty() {
        return "forged headers: they reach the backend, as it is said".to_owned();
    }
    if told.forged.is_empty() && told.who {
        return format!(
            "{GOOD}forged headers{GOOD:#}: none reached the backend, which was told who the client is"
        );
    }
    let who = if told.who {
        ""
    } else {
        "; who the client is was NOT told"
    };
    format!("{BAD}forged headers{BAD:#}: {}{who}", told.forged.join(", "))
}
