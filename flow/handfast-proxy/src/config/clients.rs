//! Whose clients may come: `client-ca`, or the `[[clients]]` that are named, each with the names that it may vouch for.

use std::path::{Path, PathBuf};

use handfast_finding::Problem;
use handfast_pki::{ClientUsage, Fingerprint, revocation::Stale, text::printable};
use handfast_settings::{Lined, Table, Text};
use http::Uri;

use super::{
    invalid,
    keys::{RawClients, RawFile},
    rules,
};
use crate::sources::{ClientCas, ListPlace};

/// The CAs that may vouch for the clients of the proxy; everything that is wrong with them is added to `errors`.
pub(super) fn of_proxy(file: &RawFile, folder: &Path, errors: &mut Vec<Problem>) -> Vec<ClientCas> {
    let tables = all(&file.clients, folder, errors);
    let proxy = &file.proxy;
    if let (Some(text), [_, ..]) = (&proxy.client_ca, proxy.clients.as_slice()) {
        let problem = invalid("client-ca and clients say the same twice, expected one of them");
        errors.push(text.wrong(problem.help("write the bundle of client-ca as a [[clients]], too")));
    }
    let lists = places(&proxy.crl, folder, errors);
    if let (Some(text), [_, ..]) = (proxy.crl.first(), proxy.clients.as_slice()) {
        let problem = invalid("crl is for client-ca; the lists of a [[clients]] stand in its own crl");
        errors.push(text.wrong(problem));
    }
    match &proxy.client_ca {
        Some(ca) => vec![ClientCas {
            lists,
            ..ClientCas::for_every_name(folder.join(&ca.text))
        }],
        None => named(&proxy.clients, &tables, errors),
    }
}

/// A `[[clients]]` that can be read, beside its raw form.
pub(super) type Read<'a> = (&'a Lined<RawClients>, ClientCas);

/// Every `[[clients]]` that can be read. All of them are looked at, also those that nobody names.
pub(super) fn all<'a>(
    tables: &'a [Lined<RawClients>],
    folder: &Path,
    errors: &mut Vec<Problem>,
) -> Vec<Read<'a>> {
    let mut read: Vec<Read<'a>> = Vec::new();
    for lined in tables {
        let (raw, place) = (&lined.table, Some(lined.place.clone()));
        for key in raw.missing() {
            errors.push(invalid(format_args!("\"{key}\" is missing")).place(place.clone()));
        }
        let mut wrong = |text: &Text, problem| errors.push(text.wrong(problem));
        let mut names = raw.names.as_ref().map(|names| rules(names, &mut wrong));
        if raw.is_unreadable("names") {
            names = Some(Vec::new());
        }
        // A list that cannot be read was complained of, and is no reason to complain of its absence.
        let is_unreadable = raw.is_unreadable("crl") || raw.is_unreadable("revocations");
        if raw.stale.is_some() && raw.crl.is_empty() && raw.revocations.is_empty() && !is_unreadable {
            let problem =
                invalid("stale says what holds when no revocation list is current, and there is none");
            let help = "name the lists in crl or revocations, or leave stale out";
            errors.push(problem.place(place.clone()).help(help));
        }
        let (Some(name), Some(ca)) = (&raw.name, &raw.ca) else {
            continue;
        };
        if read.iter().any(|(_, other)| other.name == name.text) {
            errors.push(name.wrong(invalid(format_args!(
                "two [[clients]] are called \"{}\"",
                name.text
            ))));
        }
        let sets = raw.revocations.iter();
        let sets = sets.map(|text| ListPlace::Set(folder.join(&text.text)));
        let clients = ClientCas {
            name: name.text.clone(),
            ca: folder.join(&ca.text),
            names,
            lists: sets.chain(places(&raw.crl, folder, errors)).collect(),
            stale: raw.stale.map_or_else(Stale::default, |stale| stale.0),
            usage: raw
                .extended_key_usage
                .map_or_else(ClientUsage::default, |usage| usage.0),
        };
        read.push((lined, clients));
    }
    read
}

/// Where lists are: a URL is fetched, everything else is a file.
fn places(texts: &[Text], folder: &Path, errors: &mut Vec<Problem>) -> Vec<ListPlace> {
    let mut place = |text: &Text| {
        let url = &text.text;
        if !url.contains("://") {
            return Some(ListPlace::File(folder.join(url)));
        }
        let parsed = url.parse::<Uri>().ok();
        let is_known = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
        if !parsed.as_ref().is_some_and(is_known) {
            let message = format!("\"{}\" is no URL of a revocation list", printable(url));
            errors.push(
                text.wrong(invalid(message).help("write a file, http://HOST/PATH or https://HOST/PATH")),
            );
            return None;
        }
        Some(ListPlace::Url {
            url: url.clone(),
            kept: kept(url, "crl"),
        })
    };
    texts.iter().filter_map(&mut place).collect()
}

/// Where what `url` answers with is kept: in the state folder that systemd gives, else in the cache of the user.
pub(super) fn kept(url: &str, kind: &str) -> PathBuf {
    let folder = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = || {
        let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
        cache.map_or_else(
            || PathBuf::from("/var/cache/handfast"),
            |cache| cache.join("handfast"),
        )
    };
    let name = format!("{}.{kind}", Fingerprint::of(url.as_bytes()));
    folder("STATE_DIRECTORY")
        .unwrap_or_else(cache)
        .join(kind)
        .join(name)
}

/// Those that `wanted` names. Where there are several, each has to be bound: else one could vouch for the names of another.
pub(super) fn named(wanted: &[Text], tables: &[Read<'_>], errors: &mut Vec<Problem>) -> Vec<ClientCas> {
    let mut found = Vec::new();
    for (number, text) in wanted.iter().enumerate() {
        let is_it = |(_, clients): &&Read<'_>| clients.name == text.text;
        match tables.iter().find(is_it) {
            Some(_) if wanted.iter().take(number).any(|other| other.text == text.text) => {
                errors.push(text.wrong(invalid(format_args!("\"{}\" is named twice", text.text))));
            }
            Some(read) => found.push(read),
            None => {
                let known: Vec<_> = tables.iter().map(|(_, clients)| clients.name.as_str()).collect();
                let known = if known.is_empty() {
                    "there is none".to_owned()
                } else {
                    format!("there are: {}", known.join(", "))
                };
                let message = format!("no [[clients]] is called \"{}\", {known}", text.text);
                errors.push(text.wrong(invalid(message)));
            }
        }
    }
    let unbound = found.iter().filter(|(_, clients)| clients.names.is_none());
    if found.len() > 1 {
        errors.extend(unbound.map(|(lined, clients)| {
            let message = format!(
                "the CA \"{}\" is not bound to names, and it is used beside others: it could vouch for their names",
                clients.name
            );
            invalid(message)
                .place(Some(lined.place.clone()))
                .help("name what it may vouch for: names = [\"dns:*.acme.example\"]")
        }));
    }
    found.into_iter().map(|(_, clients)| clients.clone()).collect()
}
