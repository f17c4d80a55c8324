//! Where requests and bytes go: `to` of the one-host form, and every `[[backend]]`.

use std::path::{Path, PathBuf};

use handfast_finding::Problem;
use handfast_headers::Reserved;
use handfast_pki::text::printable;
use handfast_settings::{Lined, Table, Text};
use http::HeaderName;

use super::{
    invalid,
    keys::{RawAssertion, RawBackend},
};
use crate::backend::{AssertionSource, BackendSource, BackendUrl, MOST_TARGETS};

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
        if is_https(&to) && raw.ca.is_none() && !raw.is_unreadable("ca") {
            let problem = invalid("an https backend is verified, and nothing says by which CA");
            errors.push(
                problem
                    .place(Some(place.clone()))
                    .help("say by which CA: ca = \"ca.crt\""),
            );
        }
        let is_wrong = raw.is_unreadable("cert") || raw.is_unreadable("key");
        if let ((Some(text), None) | (None, Some(text)), false) = ((&raw.cert, &raw.key), is_wrong) {
            errors.push(text.wrong(invalid("cert and key belong together, one of them is missing")));
        }
        let Some(name) = &raw.name else { continue };
        if read.iter().any(|other| *other.name == *name.text) {
            errors.push(name.wrong(invalid(format_args!(
                "two [[backend]] are called \"{}\"",
                name.text
            ))));
        }
        let assertion = assertion(raw.assertion.as_ref(), &to, errors);
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
            assertion,
        });
    }
    read
}

/// The header that carries an assertion where no other is named.
pub(super) const ASSERTION: &str = "client-assertion";

/// What the backend is told with each request; only requests can carry it.
fn assertion(
    raw: Option<&Lined<RawAssertion>>,
    to: &[BackendUrl],
    errors: &mut Vec<Problem>,
) -> Option<AssertionSource> {
    let Lined { table, place, .. } = raw?;
    for key in table.missing() {
        errors.push(invalid(format_args!("\"{key}\" is missing")).place(Some(place.clone())));
    }
    if to.iter().any(|to| !to.speaks_http()) {
        let problem = invalid("assertion is a header of requests, and a tcp backend gets bytes");
        errors.push(problem.place(Some(place.clone())));
    }
    let header = match &table.header {
        None => Some(HeaderName::from_static(ASSERTION)),
        Some(text) => {
            let name = text.text.parse::<HeaderName>().ok();
            // A pattern would be one for strip-headers, and a header of the connection is not ours to use.
            let name = name.filter(|name| !name.as_str().contains('*'));
            let name = name.filter(|_| Reserved::with(std::slice::from_ref(&text.text), &[]).is_ok());
            if name.is_none() {
                let message = format!(
                    "\"{}\" is no header that can carry an assertion",
                    printable(&text.text)
                );
                errors.push(text.wrong(invalid(message).help("header = \"Client-Assertion\"")));
            }
            name
        }
    };
    Some(AssertionSource {
        audience: table.audience.as_ref()?.text.clone(),
        header: header?,
    })
}

pub(super) fn is_https(to: &[BackendUrl]) -> bool {
    to.iter().any(|to| matches!(to, BackendUrl::Https { .. }))
}
