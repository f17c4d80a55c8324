//! What was made, which file holds what, and what it needs.

use std::path::Path;

use handfast_ca::{Authority, CaRole, folder};
use handfast_finding::when::when;
use handfast_pki::Certificate;
use handfast_report::{json::certificate, schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Args, limits::Limits};
use crate::{commands::tell::text, words::Words};

pub(super) fn tell(args: &Args, authority: &Authority, now: Timestamp, words: &Words) {
    let dir = &args.dir;
    let adopted = args.from_cert.is_some();
    let verb = if adopted { "imported" } else { "created" };
    let mut cas: Vec<(&str, &Certificate)> = Vec::new();
    if let Some((root, below)) = authority.chain().split_last() {
        cas.push((folder::ROOT_CERTIFICATE, root));
        cas.extend(below.iter().rev().map(|ca| (folder::ISSUING_CERTIFICATE, ca)));
    }
    let limits = Limits::of(args, authority);
    let next = limits.first_certificate(args);
    words.data(format_args!("{GOOD}CA {verb}{GOOD:#} in {}", dir.display()));
    tell_cas(&cas, now, words);
    words.data(format_args!(
        "  {:<12} every certificate, planned and issued",
        folder::DATABASE
    ));
    let has_root_key = dir.join(folder::ROOT_KEY).exists();
    let signing_key = tell_signing_key(authority, words);
    if has_root_key {
        words.data(format_args!(
            "  {:<12} is needed for a new issuing CA only: move it to a safe place",
            folder::ROOT_KEY
        ));
    }
    limits.tell(words);
    words.data("it cannot be created again: back up the folder; everyone who reads its keys can issue any certificate");
    words.json(
        Schema::Init,
        json!({
            "dir": text(dir),
            "adopted": adopted,
            "cas": cas.iter().map(|(file, ca)| described(&dir.join(file), ca)).collect::<Vec<_>>(),
            "signing_key": match signing_key.as_str() {
                folder::ISSUING_KEY => text(&dir.join(&signing_key)),
                uri => uri.to_owned(),
            },
            "root_key": has_root_key.then(|| text(&dir.join(folder::ROOT_KEY))),
            "names": limits.names,
            "read_as": limits.read_as,
            "next": next,
        }),
    );
    words.next(next);
}

/// Where the key that signs is, as the records have it.
fn tell_signing_key(authority: &Authority, words: &Words) -> String {
    let signing = authority
        .chain()
        .first()
        .map(Certificate::called)
        .unwrap_or_default();
    let issuing = authority.cas().iter().find(|ca| ca.role == CaRole::Issuing);
    let key = issuing.map(|ca| ca.key.clone()).unwrap_or_default();
    let readable = if key == folder::ISSUING_KEY {
        ", readable by its owner alone"
    } else {
        ""
    };
    words.data(format_args!("  signs with   {key} ({signing}){readable}"));
    key
}

fn tell_cas(cas: &[(&str, &Certificate)], now: Timestamp, words: &Words) {
    for (file, ca) in cas {
        words.data(format_args!(
            "  {:<12} {}, {}",
            file,
            ca.called(),
            ca.public_key().algorithm()
        ));
        words.data(format_args!("               until {}", when(ca.not_after(), now)));
    }
}

fn described(file: &Path, ca: &Certificate) -> Value {
    let mut object = certificate(ca);
    object["file"] = json!(text(file));
    object["key"] = json!(ca.public_key().algorithm());
    object
}
