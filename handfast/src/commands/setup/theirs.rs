//! `handfast verify-config FILE`: a configuration that the user wrote, met by the fixtures.

use std::path::PathBuf;

use handfast_credentials::files;
use handfast_finding::shell::shell;
use handfast_interop::{
    moved::Written,
    of_setup,
    sites::{self, Met, Revocation, Wanted},
    stage::{Ground, Setting, Stage},
    table::Cell,
    target::{find, of_configuration},
};
use handfast_pki::code;
use handfast_report::{schema::Schema, style::STRONG};
use handfast_setup::{Role, Target};
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    signals::BrokenOff,
    suggest,
    words::Words,
};

/// Run a configuration that you wrote on this machine, and test it with every kind of certificate
///
/// The software is started with a copy of FILE, and of what it includes, on free ports of 127.0.0.1. In the copy, every
/// file with certificates, keys or revocation lists is replaced by a temporary one of the same kind, and every listener
/// address by a free port; settings of the machine, such as logs, sockets and users, are removed. Then it is tested as
/// in `setup verify`. FILE itself and what it names are only read. Exit code 1 when it accepts a client that it must
/// reject. A revoked certificate counts where FILE names a revocation list, or with --require revocation.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast verify-config /etc/nginx/conf.d/api.conf")]
pub struct VerifyConfig {
    /// The configuration, or the part of it that holds the site: nginx.conf, a virtual host, haproxy.cfg, Caddyfile ...
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose configuration it is, where that cannot be told from it
    #[arg(long, value_name = "TARGET", hide_possible_values = true, value_parser = suggest::TARGETS)]
    target: Option<String>,
    /// Test only the sites at this port, or of this name, as FILE has it; together, at these ports by these names
    #[arg(long, value_name = "PORT|NAME")]
    at: Vec<String>,
    /// Count it as a fault if a revoked certificate is accepted, also where FILE names no revocation list
    #[arg(long, value_name = "WHAT", value_parser = ["revocation"])]
    require: Vec<String>,
    /// Keep the files in this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

// long: the order is what there is to read: read, move, start, meet, tell
pub fn run(args: &VerifyConfig, words: &Words) -> Result<Exit, Failure> {
    let bytes = files::read(&args.file)?;
    let shown = args.file.display();
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::of(
            code::CONFIG_INVALID,
            format!("\"{shown}\" is not a text in UTF-8"),
        )
    })?;
    let target = whose(args, &text)?;
    let part = target.part(Role::Server).map_err(|error| of_setup(&error))?;
    let theirs = part.theirs.as_ref().ok_or_else(|| {
        Failure::misuse(format!(
            "a configuration of {} cannot be moved to loopback",
            target.title
        ))
        .help("test what we write for it instead")
        .command(format!("handfast setup verify {}", target.name))
    })?;
    let written = Written::of(&text, &args.file, &target, theirs)?;
    let hosts = written.hosts();
    let known: Vec<&str> = hosts.iter().map(|(_, host)| host.as_str()).collect();
    let _broken_off = BrokenOff::by_signals(words)?;
    words.tell_leftovers(&handfast_lab::leftovers::remove());
    let ground = Ground::new(args.dir.as_ref(), &known)?;
    let mut stage = Stage::set(&ground, &target, &Setting::of_good_server())?;
    let moved = written.moved(&args.file, theirs, &stage)?;
    moved.write(&stage.out, theirs)?;
    for (name, instead) in &moved.exchanged {
        words.talk(format_args!("instead of {}: {instead}", shell(name)));
    }
    words.talk(format_args!("testing {shown} of {} ...", target.title));
    let ports: Vec<u16> = moved.listeners.iter().map(|listener| listener.here).collect();
    let started = stage
        .start_on(&ports)
        .map_err(|failure| failure.detail("this is a copy of your configuration"))?;
    let wanted = Wanted {
        listeners: &moved.listeners,
        hosts: &hosts,
        only: &args.at,
    };
    let Met { mut sites, notes } = sites::meet(&mut stage, &wanted)
        .map_err(|failure| failure.detail(format!("the server had said: {}", started.said())))?;
    let missed = written.missed(theirs).into_iter();
    let missed = missed.map(|block| format!("what stands in {block} {{ }} is not tested"));
    let told = theirs.ours.iter().cloned().chain(missed).chain(notes);
    let revoked = sites::settle(&mut sites, part, revocation(args, moved.names_list));
    let notes: Vec<String> = told.chain(revoked).collect();
    for note in &notes {
        words.talk(format_args!("note: {note}"));
    }
    words.data(sites::text(&sites, part).trim_end());
    let cells = || sites.iter().flat_map(|site| &site.cells);
    let strange = |is_in: bool| {
        let is_strange = |cell: &&Cell| cell.is_in == is_in && !cell.is_as_told(part);
        cells().filter(is_strange).count()
    };
    let (wrong, kept) = (strange(true), strange(false));
    for line in part.cannot() {
        words.data(format_args!("{STRONG}warning{STRONG:#}: {line}"));
    }
    words.json(
        Schema::VerifyConfig,
        json!({
            "file": args.file,
            "target": target.name,
            "cells": sites::to_json(&sites, part),
            "notes": notes,
            "wrongly_accepted": wrong,
            "wrongly_rejected": kept,
            "good": wrong == 0,
        }),
    );
    words.talk(match (wrong, kept) {
        (0, 0) => format!(
            "{shown} accepts and rejects as it must, in {} cases",
            cells().count()
        ),
        (0, kept) => format!("{shown} rejects every client that it must reject, and also {kept} valid ones"),
        (wrong, _) => format!(
            "{shown} accepts a client that it must reject, in {wrong} of {} cases",
            cells().count()
        ),
    });
    if wrong > 0 {
        words.next(format_args!("handfast doctor config {}", shell(shown)));
    }
    Ok(if wrong == 0 { Exit::Yes } else { Exit::No })
}

/// Whether FILE has to reject a revoked certificate.
fn revocation(args: &VerifyConfig, names_list: bool) -> Revocation {
    match (args.require.is_empty(), names_list) {
        (false, _) => Revocation::Demanded,
        (true, true) => Revocation::Claimed,
        (true, false) => Revocation::Unsaid,
    }
}

fn whose(args: &VerifyConfig, text: &str) -> Result<Target, Failure> {
    if let Some(name) = &args.target {
        return Ok(find(name, None)?);
    }
    match of_configuration(&args.file, text)? {
        Some(target) => Ok(target),
        None => Err(Failure::misuse(format!(
            "it cannot be told whose configuration \"{}\" is",
            args.file.display()
        ))
        .help("name the software: --target nginx")),
    }
}
