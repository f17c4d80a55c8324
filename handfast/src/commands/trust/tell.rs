//! What was installed or removed, step by step.

use handfast_finding::when::when;
use handfast_pki::Certificate;
use handfast_report::{json::certificate, schema::Schema, style::GOOD};
use handfast_truststore::{Change, Plan, Request, Step, cas};
use jiff::Timestamp;
use serde_json::json;

use super::flags::Flagged;
use crate::words::Words;

pub(super) fn tell(
    flags: &Flagged,
    request: &Request,
    change: Change,
    given: &[Certificate],
    plan: &Plan,
    now: Timestamp,
    words: &Words,
) {
    let store = flags.store.name();
    let is_done = plan.steps.is_empty();
    let head = headline(change, is_done, flags.dry_run);
    for ca in given {
        words.data(format_args!(
            "{GOOD}{head}{GOOD:#}: \"{}\" for {store}",
            ca.called()
        ));
        words.data(format_args!("  until   {}", when(ca.not_after(), now)));
        words.data(format_args!("  SHA-256 {}", ca.fingerprint()));
    }
    for step in &plan.steps {
        words.data(format_args!("  {}", step.told(flags.dry_run)));
    }
    let mut notes = plan.notes.clone();
    if change == Change::Install {
        notes.extend(cas::meaning(given, store));
    }
    for note in &notes {
        words.talk(format_args!("note: {note}"));
    }
    let undo = (change == Change::Install).then(|| request.command(Change::Remove, &flags.ca));
    let next = plan.next.clone().filter(|_| !flags.dry_run || is_done);
    let next = next
        .or_else(|| flags.dry_run.then(|| request.command(change, &flags.ca)))
        .or_else(|| undo.clone());
    words.json(
        Schema::Trust,
        json!({
            "for": store,
            "cas": given.iter().map(certificate).collect::<Vec<_>>(),
            "changed": !is_done && !flags.dry_run,
            "dry_run": flags.dry_run,
            "steps": plan.steps.iter().map(Step::to_json).collect::<Vec<_>>(),
            "file": plan.file.as_ref().map(|file| file.display().to_string()),
            "notes": notes,
            "undo": undo,
            "next": next,
        }),
    );
    if let Some(undo) = undo.filter(|undo| Some(undo) != next.as_ref()) {
        words.talk(format_args!("undo: {undo}"));
    }
    if let Some(next) = next {
        words.next(next);
    }
}

fn headline(change: Change, is_done: bool, dry_run: bool) -> &'static str {
    match (change, is_done, dry_run) {
        (Change::Install, true, _) => "installed already, nothing to do",
        (Change::Remove, true, _) => "not installed, nothing to do",
        (Change::Install, _, true) => "would be installed",
        (Change::Remove, _, true) => "would be removed",
        (Change::Install, ..) => "installed",
        (Change::Remove, ..) => "removed",
    }
}
