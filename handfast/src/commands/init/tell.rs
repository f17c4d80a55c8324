//! What was made, which file holds what, and what it needs.

use std::path::Path;

use handfast_ca::{Authority, folder};
use handfast_finding::when::when;
use handfast_pki::Certificate;
use handfast_report::{json::certificate, schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Args;
use crate::{
    commands::{leaf::dir_flag, tell::text},
    words::Words,
};

pub(super) fn tell(args: &Args, authority: &Authority, now: Timestamp, words: &Words) {
    let dir = &args.dir;
    let adopted = args.from_cert.is_some();
    let verb = if adopted { "imported" } else { "created" };
    let next = format!(
        "handfast issue server --dns localhost --out server{}",
        dir_flag(dir)
    );
    let mut cas: Vec<(&str, &Certificate)> = Vec::new();
    if let Some((root, below)) = authority.chain().split_last() {
        cas.push((folder::ROOT_CERTIFICATE, root));
        cas.extend(below.iter().rev().map(|ca| (folder::ISSUING_CERTIFICATE, ca)));
    }
    let signing = authority
        .chain()
        .first()
        .map(Certificate::called)
        .unwrap_or_default();
    words.data(format_args!("{GOOD}CA {verb}{GOOD:#} in {}", dir.display()));
    for (file, ca) in &cas {
        words.data(format_args!(
            "  {:<12} {}, {}",
            file,
            ca.called(),
            ca.public_key().algorithm()
        ));
        words.data(format_args!("               until {}", when(ca.not_after(), now)));
    }
    words.data(format_args!(
        "  {:<12} every certificate, planned and issued",
        folder::DATABASE
    ));
    let has_root_key = dir.join(folder::ROOT_KEY).exists();
    words.data(format_args!(
        "  signs with   {} ({signing}), readable by its owner alone",
        folder::ISSUING_KEY
    ));
    if has_root_key {
        words.data(format_args!(
            "  {:<12} is needed for a new issuing CA only: move it to a safe place",
            folder::ROOT_KEY
        ));
    }
    words.data("it cannot be created again: back up the folder; everyone who reads its keys can issue any certificate");
    words.json(
        Schema::Init,
        json!({
            "dir": text(dir),
            "adopted": adopted,
            "cas": cas.iter().map(|(file, ca)| described(&dir.join(file), ca)).collect::<Vec<_>>(),
            "signing_key": text(&dir.join(folder::ISSUING_KEY)),
            "root_key": has_root_key.then(|| text(&dir.join(folder::ROOT_KEY))),
            "next": next,
        }),
    );
    words.next(next);
}

fn described(file: &Path, ca: &Certificate) -> Value {
    let mut object = certificate(ca);
    object["file"] = json!(text(file));
    object["key"] = json!(ca.public_key().algorithm());
    object
}
