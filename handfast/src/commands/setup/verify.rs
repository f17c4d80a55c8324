//! `handfast setup verify TARGET`: the software is started with its configuration, and meets the zoo.

use std::path::PathBuf;

use handfast_pki::code;
use handfast_report::style::{BAD, GOOD, STRONG};
use handfast_setup::{Role, Target};
use serde_json::json;

use super::{
    Which, play, reload,
    stage::{Ground, Stage, Wish},
    table::{self, Cell},
    visit, write,
};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Run the software with its configuration on this machine, and show it every kind of certificate
///
/// Starts it on a free port of 127.0.0.1 with throw-away certificates and meets it with the zoo: good, expired,
/// revoked, of another CA, for another purpose, self-signed and others, over TLS 1.2 and 1.3. Then headers are forged
/// and the certificate is renewed under load. Exit code 1 when anything differs from what the target says of itself.
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    which: Which,
    /// Keep the files in this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub fn run(args: &Verify, words: &Words) -> Result<Exit, Failure> {
    let (target, role) = args.which.find()?;
    let part = target.part(role).map_err(|error| super::of_error(&error))?;
    if part.trial.is_none() {
        return Err(Failure::new(
            Exit::Unreachable,
            code::LAB,
            format!("nothing is known of how to try {} on one machine", target.title),
        ));
    }
    let ground = Ground::new(args.dir.as_ref(), &[])?;
    words.talk(format_args!(
        "{} as a {} meets the zoo ...",
        target.title,
        role.name()
    ));
    let trial = match role {
        Role::Server => server(&ground, &target)?,
        Role::Client => Trial {
            cells: visit::visit(&ground, &target, args.which.targets.as_ref())?,
            ..Trial::default()
        },
    };
    trial.tell(&target, role, words)
}

/// Everything that was seen.
#[derive(Default)]
struct Trial {
    cells: Vec<Cell>,
    /// What the backend was told; nothing where there is no backend.
    told: Option<play::Told>,
    renewal: Option<reload::Renewal>,
}

fn server(ground: &Ground, target: &Target) -> Result<Trial, Failure> {
    let stage = Stage::set(
        ground,
        target,
        &Wish {
            role: Role::Server,
            pair: "servers/good",
            port: None,
            only: None,
        },
    )?;
    let started = stage.start()?;
    let seen = || -> Result<Trial, Failure> {
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
    seen().map_err(|failure| failure.detail(format!("the server had said: {}", started.said())))
}

impl Trial {
    fn tell(&self, target: &Target, role: Role, words: &Words) -> Result<Exit, Failure> {
        let part = target.part(role).map_err(|error| super::of_error(&error))?;
        table::tell(&self.cells, part, words);
        let wrong = self.cells.iter().filter(|cell| !cell.is_as_told(part)).count();
        if let Some(told) = &self.told {
            if part.limits.forged.is_some() && !told.forged.is_empty() {
                words.data(format_args!(
                    "forged headers: they reach the backend, as it is said"
                ));
            } else if told.forged.is_empty() && told.who {
                words.data(format_args!(
                    "{GOOD}forged headers{GOOD:#}: none reached the backend, which was told who the client is"
                ));
            } else {
                let who = if told.who {
                    ""
                } else {
                    "; who the client is was NOT told"
                };
                words.data(format_args!(
                    "{BAD}forged headers{BAD:#}: {}{who}",
                    told.forged.join(", ")
                ));
            }
        }
        if let Some(renewal) = &self.renewal {
            let style = if renewal.is_good(part) { GOOD } else { BAD };
            words.data(format_args!("{style}renewal{style:#}: {}", renewal.told()));
        }
        for line in write::limits(part) {
            words.data(format_args!("{STRONG}beware{STRONG:#}: {line}"));
        }
        let is_good = wrong == 0
            && self.told.as_ref().is_none_or(|told| match part.limits.forged {
                Some(_) => !told.forged.is_empty(),
                None => told.forged.is_empty() && told.who,
            })
            && self.renewal.as_ref().is_none_or(|renewal| renewal.is_good(part));
        words.json(&json!({
            "target": target.name,
            "title": target.title,
            "role": role.name(),
            "cells": table::to_json(&self.cells, part),
            "wrong": wrong,
            "forged": self.told.as_ref().map(|told| &told.forged),
            "who_was_told": self.told.as_ref().map(|told| told.who),
            "renewal": self.renewal.as_ref().map(reload::Renewal::to_json),
            "limits": write::limits(part),
            "good": is_good,
        }));
        words.talk(if is_good {
            format!(
                "{} did in every one of {} cases what is said of it",
                target.title,
                self.cells.len()
            )
        } else {
            format!(
                "{wrong} of {} cases are not as is said of {}",
                self.cells.len(),
                target.title
            )
        });
        Ok(if is_good { Exit::Yes } else { Exit::No })
    }
}
