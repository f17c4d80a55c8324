//! Where requests and bytes go: `to` of the one-host form, and every `[[backend]]`.

use std::path::{Path, PathBuf};

use handfast_finding::Problem;
use handfast_settings::{Lined, Table, Text};

use super::{invalid, keys::RawBackend};
use crate::backend::{BackendSource, BackendUrl, MOST_TARGETS};

/// The targets that `texts` name, each that is wrong by itself; all of them carry requests, or all bytes.
pub(super) fn targets(
    texts: &[Text],
    folder: &Path,
    wrong: &mut impl FnMut(&Text, Problem),
) -> Vec<BackendUrl> {
    let mut all: Vec<BackendUrl> = Vec::new();
    for text in texts {
        let to = match BackendUrl::parse(&text.text) {
            Ok(BackendUrl::Unix(path)) => BackendUrl::Unix(folder.join(path)),
            Ok(other) => other,
            Err(problem) => {
                wrong(text, problem);
                continue;
            }
        };
        let why = match all.first() {
            _ if all.contains(&to) => format!("the target \"{to}\" stands there twice"),
            _ if all.len() == MOST_TARGETS => format!("a backend has at most {MOST_TARGETS} targets"),
            Some(first) if !first.can_stand_in_for(&to) => {
                format!(
                    "\"{first}\" and \"{to}\" cannot stand in for each other: they carry different protocols"
                )
            }
            _ => {
                all.push(to);
                continue;
            }
        };
        wrong(text, invalid(why));
    }
    all
}

/// Every `[[backend]]` that can be read; everything that is wrong with them is added to `errors`.
pub(super) fn all(
    tables: &[Lined<RawBackend>],
    folder: &Path,
    errors: &mut Vec<Problem>,
) -> Vec<BackendSource> {
    let mut read: Vec<BackendSource> = Vec::new();
    for Lined {
        table: raw, place, ..
    } in tables
    {
        for key in raw.missing() {
            errors.push(invalid(format_args!("\"{key}\" is missing")).place(Some(place.clone())));
        }
        let to = targets(&raw.to.0, folder, &mut |text, problem| {
            errors.push(text.wrong(problem))
        });
        if is_https(&to) && raw.ca.is_none() {
            let problem = invalid("an https backend is verified, and nothing says by which CA");
            errors.push(
                problem
                    .place(Some(place.clone()))
                    .help("say by which CA: ca = \"ca.crt\""),
            );
        }
        if let (Some(text), None) | (None, Some(text)) = (&raw.cert, &raw.key) {
            errors.push(text.wrong(invalid("cert and key belong together, one of them is missing")));
        }
        let Some(name) = &raw.name else { continue };
        if read.iter().any(|other| *other.name == *name.text) {
            errors.push(name.wrong(invalid(format_args!(
                "two [[backend]] are called \"{}\"",
                name.text
            ))));
        }
        let path =
            |text: &Option<Text>| -> Option<PathBuf> { text.as_ref().map(|text| folder.join(&text.text)) };
        read.push(BackendSource {
            name: name.text.as_str().into(),
            to,
            ca: path(&raw.ca),
            cert: path(&raw.cert),
            key: path(&raw.key),
            most: None,
            announces: raw.proxy_protocol,
        });
    }
    read
}

pub(super) fn is_https(to: &[BackendUrl]) -> bool {
    to.iter().any(|to| matches!(to, BackendUrl::Https { .. }))
}
