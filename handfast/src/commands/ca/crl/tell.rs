//! What is said of lists and their parts.

use std::path::Path;

use handfast_ca::{RevocationLists, SignedShards};
use handfast_finding::when::when;
use handfast_pki::{
    revocation::age::Age,
    text::{counted, were},
};
use handfast_report::style::GOOD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{commands::tell::text, words::Words};

/// What was written, in words.
pub(super) fn tell(
    out: &Path,
    lists: &RevocationLists,
    shards: &[SignedShards],
    now: Timestamp,
    words: &Words,
) {
    words.data(format_args!("{GOOD}revocation lists{GOOD:#} in {}", text(out)));
    for signed in lists.lists() {
        words.data(format_args!(
            "  {}: number {}, {} revoked, next update {}",
            signed.issuer,
            signed.list.number,
            signed.entries,
            when(signed.list.next_update, now)
        ));
    }
    for of in shards {
        words.data(format_args!(
            "  {}: in {} of 65536 certificates, in the folder {}",
            of.issuer,
            counted(of.parts.len(), "part"),
            of.folder
        ));
    }
    if !shards.is_empty() {
        words.talk(
            "warning: software on GnuTLS accepts what is revoked on another part: give it the whole list",
        );
    }
    for signed in lists.lists() {
        tell_age("list", &signed.issuer, signed.age(now), words);
    }
    let ahead: usize = lists.lists().iter().map(|signed| signed.ahead).sum();
    if ahead > 0 {
        words.talk(format_args!(
            "warning: {} {} revoked at a time that is yet to come, by a clock that was ahead; the list has its own time for that",
            counted(ahead, "certificate"),
            were(&ahead)
        ));
    }
    for missing in lists.missing() {
        words.talk(format_args!(
            "warning: the list of \"{}\" is not in it: {}; programs that check every certificate of a path reject everybody without it",
            missing.issuer, missing.why
        ));
    }
}

/// The same as JSON.
pub(super) fn described(out: &Path, lists: &RevocationLists, shards: &[SignedShards], next: &str) -> Value {
    json!({
        "file": text(out),
        "lists": lists.lists().iter().map(|signed| json!({
            "issuer": signed.issuer,
            "number": signed.list.number,
            "entries": signed.entries,
            "this_update": signed.list.this_update,
            "next_update": signed.list.next_update,
        })).collect::<Vec<_>>(),
        "missing": lists.missing().iter().map(|missing| json!({
            "issuer": missing.issuer,
            "why": missing.why,
        })).collect::<Vec<_>>(),
        "shards": shards.iter().map(shards_described).collect::<Vec<_>>(),
        "next": next,
    })
}

fn shards_described(of: &SignedShards) -> Value {
    json!({
        "issuer": of.issuer,
        "number": of.number,
        "folder": of.folder,
        "parts": of.parts.iter().map(|part| json!({
            "file": part.file,
            "address": part.address,
            "entries": part.entries,
        })).collect::<Vec<_>>(),
    })
}

/// A warning where much of the life of what was published is used up already: it was kept, since its CA's key is away.
pub(in crate::commands::ca) fn tell_age(what: &str, issuer: &str, age: Age, words: &Words) {
    if let Some(step) = age.warning() {
        words.talk(format_args!(
            "warning: more than {step} % of the life of the {what} of \"{issuer}\" is over; bring its key here and make a new one"
        ));
    }
}
