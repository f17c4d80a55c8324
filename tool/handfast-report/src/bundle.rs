//! A report that is safe to send to the other party: what was seen, and no key, no secret, no bytes of a message.

use std::{
    collections::BTreeMap,
    io::{Cursor, Write},
};

use handfast_doctor::Report;
use handfast_pki::text::printable;
use jiff::Timestamp;
use serde_json::Value;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{html, json, ladder, schema::Schema, style};

const README: &str = "A report of a TLS connection, made by handfast doctor.\n\n\
report.json  everything that was seen, for machines\n\
report.html  the same as a page: open it in a browser\n\
ladder.txt   the handshake, message by message\n\n\
It holds no private key, no session secret and no bytes of any message. Certificates are shown by name, dates,\n\
serial number and fingerprint, as both sides saw them on the wire.\n";

/// The files of the bundle, zipped. With `masked`, names of hosts and certificates are exchanged for numbers.
pub fn bundle(made: &Report, masked: bool, now: Timestamp) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut bare = made.clone();
    for message in bare.trace.iter_mut().flat_map(|trace| &mut trace.messages) {
        message.raw.clear();
    }
    let mask = if masked { Mask::of(&bare) } else { Mask::default() };
    let ladder = bare.trace.as_ref().map(|trace| {
        let detail = ladder::Detail {
            explain: true,
            verbose: 1,
            // A name that is broken in two is not found by the mask.
            unbroken: true,
            width: None,
        };
        style::plain(&ladder::detailed(trace, detail, bare.blamed()))
    });
    let report = format!("{:#}", Schema::Doctor.answer(mask.value(json::report(&bare))));
    let page = html::page(&bare, now, html::Contents::Read);
    let files = [
        ("README.txt", README.to_owned()),
        ("report.json", report),
        ("report.html", mask.text(&page)),
        ("ladder.txt", mask.text(&ladder.unwrap_or_default())),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in files {
        zip.start_file(name, options)?;
        zip.write_all(content.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Hosts of these names stay, or the report would lose its own words.
const OUR_WORDS: [&str; 7] = [
    "client",
    "server",
    "network",
    "name",
    "proxy",
    "host",
    "handshake",
];

/// `text` with `mask` for every `name` in it that is not a part of a longer word.
fn replaced(text: &str, name: &str, mask: &str) -> String {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(name) {
        out.push_str(before);
        // A name that is more than a word, such as one of a certificate, is masked wherever it stands.
        let is_word = name.chars().all(char::is_alphanumeric);
        let is_inside = is_part(out.chars().next_back()) || is_part(after.chars().next());
        out.push_str(if is_word && is_inside { name } else { mask });
        rest = after;
    }
    out + rest
}

/// Names and what stands for them.
#[derive(Default)]
struct Mask(BTreeMap<String, String>);

impl Mask {
    /// Every name in the report: the host, what certificates are called, their issuers and alternative names.
    fn of(made: &Report) -> Self {
        let mut names = Vec::new();
        if let Some(trace) = &made.trace {
            names.push(trace.target.host.clone());
            names.extend(trace.client_hello().and_then(|hello| hello.server_name()));
            let sent = trace.messages.iter().flat_map(|message| message.certificates());
            for certificate in sent.chain(trace.own_chain.clone()).chain(made.trusted.clone()) {
                names.push(certificate.called());
                names.push(handfast_pki::name::shown(certificate.subject()));
                names.push(handfast_pki::name::shown(certificate.issuer()));
                let identity = certificate.identity();
                names.extend(identity.dns);
                names.extend(identity.uris);
                names.extend(identity.emails);
                names.extend(identity.ips.iter().map(ToString::to_string));
                names.extend(identity.common_name);
            }
            let asked = trace.asked.iter().flat_map(|asked| &asked.issuers);
            names.extend(asked.map(|der| handfast_pki::name::shown_der(der)));
        }
        names.push(made.target.clone());
        // What a stranger chose is printed with its odd characters spelled out.
        let printed: Vec<String> = names.iter().map(|name| printable(name)).collect();
        names.extend(printed);
        names.retain(|name| name.len() > 2 && !OUR_WORDS.contains(&name.as_str()));
        names.sort();
        names.dedup();
        Self(
            names
                .into_iter()
                .enumerate()
                .map(|(number, name)| (name, format!("name-{}", number + 1)))
                .collect(),
        )
    }

    /// `text` without the names, the longest first, for one may hold another.
    fn text(&self, text: &str) -> String {
        let mut names: Vec<(&String, &String)> = self.0.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let mut text = text.to_owned();
        for (name, mask) in names {
            text = replaced(&text, name, mask);
            // As it stands in a page.
            let escaped = name
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;");
            text = replaced(&text, &escaped, mask);
        }
        text
    }

    fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name, self.value(value)))
                    .collect(),
            ),
            other => other,
        }
    }
}
