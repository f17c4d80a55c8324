//! What was issued, and which file holds what.

use std::path::Path;

use handfast_ca::Issued;
use handfast_credentials::places::Places;
use handfast_report::schema::Schema;
use jiff::Timestamp;
use serde_json::json;

use crate::{
    commands::tell::{
        and_intermediates, described, tell_certificate, tell_files, tell_limits, text, verify_command,
    },
    words::Words,
};

pub(super) fn tell(places: &Places, issued: &Issued, now: Timestamp, words: &Words) {
    let next = verify_command(&places.certificate, &places.ca, issued.certificate());
    let key = format!(
        "its private key, {}, readable by its owner alone",
        issued.certificate().public_key().algorithm()
    );
    let mut lines: Vec<(&Path, String)> = vec![
        (
            &places.certificate,
            format!("the certificate{}", and_intermediates(issued)),
        ),
        (&places.key, key),
        (&places.ca, "what the other side has to trust".into()),
    ];
    let mut files = json!({
        "certificate": text(&places.certificate),
        "key": text(&places.key),
        "ca": text(&places.ca),
        "p12": null,
        "p12_password": null,
    });
    if let Some(p12) = &places.p12 {
        lines.push((&p12.file, "key and certificates as PKCS#12".into()));
        files["p12"] = json!(text(&p12.file));
        if let Some(password) = &p12.password.file {
            lines.push((password, "its password, readable by its owner alone".into()));
            files["p12_password"] = json!(text(password));
        }
    }
    tell_certificate(issued, now, words);
    tell_files(&lines, words);
    tell_limits(issued, words);
    words.json(Schema::Issue, described(issued, &files, &next));
    words.next(next);
}
