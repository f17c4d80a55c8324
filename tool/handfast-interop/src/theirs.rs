//! A configuration that the user wrote, moved to loopback and shown every kind of certificate.

use std::path::{Path, PathBuf};

use handfast_credentials::files;
use handfast_finding::{Problem, shell::shell};
use handfast_pki::code;
use handfast_setup::{Part, Role, Target};
use serde_json::{Value, json};

use crate::{
    error::{Result, of_setup},
    moved::Written,
    sites::{self, Met, Revocation, Site},
    stage::{Ground, Setting, Stage},
    table::Cell,
    target::{find, of_configuration},
};

/// The configuration, read.
pub struct Theirs<'a> {
    file: &'a Path,
    target: Target,
    written: Written,
}

/// What is to be tried of it.
pub struct Trying<'a> {
    /// Only the sites at these ports or of these names.
    pub at: &'a [String],
    /// Whether a revoked certificate must be rejected in any case.
    pub demands_revocation: bool,
    /// The folder to keep the files in.
    pub dir: Option<&'a PathBuf>,
}

/// Who was accepted and who was rejected.
pub struct Outcome<'a> {
    theirs: &'a Theirs<'a>,
    sites: Vec<Site>,
    /// What is not tested, or not as the user might think.
    pub notes: Vec<String>,
}

impl<'a> Theirs<'a> {
    /// The configuration in `file`, for the software called `target`, or the one that it is told by.
    pub fn read(file: &'a Path, target: Option<&str>) -> Result<Self, Problem> {
        let bytes = files::read(file)?;
        let shown = file.display();
        let text = String::from_utf8(bytes).map_err(|_| {
            Problem::new(
                code::CONFIG_INVALID,
                format!("\"{shown}\" is not a text in UTF-8"),
            )
        })?;
        let target = whose(file, target, &text)?;
        let part = target.part(Role::Server).map_err(|error| of_setup(&error))?;
        let theirs = part.theirs.as_ref().ok_or_else(|| immovable(&target))?;
        let written = Written::of(&text, file, &target, theirs)?;
        Ok(Self {
            file,
            target,
            written,
        })
    }

    /// The software that it is for.
    pub fn target(&self) -> &Target {
        &self.target
    }

    fn part(&self) -> Result<&Part, Problem> {
        self.target.part(Role::Server).map_err(|error| of_setup(&error))
    }

    /// Starts a copy and shows it everybody; `say` hears what goes on.
    pub fn meet(&'a self, trying: &Trying<'_>, say: impl Fn(String)) -> Result<Outcome<'a>> {
        let part = self.part()?;
        let theirs = part.theirs.as_ref().ok_or_else(|| immovable(&self.target))?;
        let hosts = self.written.hosts();
        let known: Vec<&str> = hosts.iter().map(|(_, host)| host.as_str()).collect();
        let ground = Ground::new(trying.dir, &known)?;
        let mut stage = Stage::set(&ground, &self.target, &Setting::of_good_server())?;
        let moved = self.written.moved(self.file, theirs, &stage)?;
        moved.write(&stage.out, theirs)?;
        for (name, instead) in &moved.exchanged {
            say(format!("instead of {}: {instead}", shell(name)));
        }
        say(format!(
            "testing {} of {} ...",
            self.file.display(),
            self.target.title
        ));
        let ports: Vec<u16> = moved.listeners.iter().map(|listener| listener.here).collect();
        let started = stage
            .start_on(&ports)
            .map_err(|failure| failure.detail("this is a copy of your configuration"))?;
        let wanted = sites::Wanted {
            listeners: &moved.listeners,
            hosts: &hosts,
            only: trying.at,
        };
        let Met { mut sites, notes } = sites::meet(&mut stage, &wanted)
            .map_err(|failure| failure.detail(format!("the server had said: {}", started.said())))?;
        let missed = self.written.missed(theirs).into_iter();
        let missed = missed.map(|block| format!("what stands in {block} {{ }} is not tested"));
        let told = theirs.ours.iter().cloned().chain(missed).chain(notes);
        let revocation = revocation(trying.demands_revocation, moved.names_list);
        let revoked = sites::settle(&mut sites, part, revocation);
        let notes = told.chain(revoked).collect();
        Ok(Outcome {
            theirs: self,
            sites,
            notes,
        })
    }
}

impl Outcome<'_> {
    /// The table.
    pub fn text(&self, part: &Part) -> String {
        sites::text(&self.sites, part)
    }

    /// Whether nobody was accepted who must be rejected.
    pub fn is_good(&self, part: &Part) -> bool {
        self.strange(part, true) == 0
    }

    /// How many cells are not as they have to be, among the accepted or the rejected.
    fn strange(&self, part: &Part, is_in: bool) -> usize {
        let is_strange = |cell: &&Cell| cell.is_in == is_in && !cell.is_as_told(part);
        self.cells().filter(is_strange).count()
    }

    fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.sites.iter().flat_map(|site| &site.cells)
    }

    /// What it comes to, in one sentence.
    pub fn verdict(&self, part: &Part) -> String {
        let shown = self.theirs.file.display();
        let count = self.cells().count();
        match (self.strange(part, true), self.strange(part, false)) {
            (0, 0) => format!("{shown} accepts and rejects as it must, in {count} cases"),
            (0, kept) => {
                format!("{shown} rejects every client that it must reject, and also {kept} valid ones")
            }
            (wrong, _) => {
                format!("{shown} accepts a client that it must reject, in {wrong} of {count} cases")
            }
        }
    }

    pub fn to_json(&self, part: &Part) -> Value {
        json!({
            "file": self.theirs.file,
            "target": self.theirs.target.name,
            "cells": sites::to_json(&self.sites, part),
            "notes": self.notes,
            "wrongly_accepted": self.strange(part, true),
            "wrongly_rejected": self.strange(part, false),
            "good": self.is_good(part),
        })
    }
}

fn immovable(target: &Target) -> Problem {
    let message = format!("a configuration of {} cannot be moved to loopback", target.title);
    Problem::new(code::USAGE, message)
        .help("test what we write for it instead")
        .command(format!("handfast setup verify {}", target.name))
}

/// Whether it has to reject a revoked certificate.
fn revocation(is_demanded: bool, names_list: bool) -> Revocation {
    match (is_demanded, names_list) {
        (true, _) => Revocation::Demanded,
        (false, true) => Revocation::Claimed,
        (false, false) => Revocation::Unsaid,
    }
}

fn whose(file: &Path, target: Option<&str>, text: &str) -> Result<Target, Problem> {
    if let Some(name) = target {
        return find(name, None);
    }
    of_configuration(file, text)?.ok_or_else(|| {
        let message = format!("it cannot be told whose configuration \"{}\" is", file.display());
        Problem::new(code::USAGE, message).help("name the software: --target nginx")
    })
}
