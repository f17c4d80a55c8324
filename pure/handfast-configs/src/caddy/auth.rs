//! `client_auth`: who is asked, who is believed, and the names that are compared.
//!
//! The words mislead: "require" demands a certificate and verifies nothing. Without any CA, a mode that verifies
//! believes the CAs of the system.

use base64::{Engine, prelude::BASE64_STANDARD};
use handfast_finding::Place;

use super::{super::files::Reader, tokens::Node};
use crate::site::{Asks, Comparison, Form, Material, Said, Site, Source};

/// What a `client_auth` says, in whichever language.
#[derive(Debug, Default)]
pub(super) struct ClientAuth {
    pub(super) mode: Option<Said<String>>,
    pub(super) cas: Vec<Material>,
    /// A pool from where we cannot look.
    pub(super) is_elsewhere: bool,
    /// Single certificates that are let in, or another way to verify.
    pub(super) verifies: bool,
}

impl ClientAuth {
    /// What this makes of `site`; `place` is where it begins.
    pub(super) fn apply(self, site: &mut Site, place: &Place) {
        let has_pool = !self.cas.is_empty() || self.is_elsewhere;
        let (word, written, place) = match &self.mode {
            Some(mode) => (mode.value.as_str(), mode.written.clone(), &mode.place),
            None if has_pool || self.verifies => ("require_and_verify", "client_auth".to_owned(), place),
            None => ("require", "client_auth without a mode".to_owned(), place),
        };
        let asks = match word {
            "require_and_verify" => Asks::Required,
            "verify_if_given" => Asks::Optional,
            "require" if self.verifies => Asks::Required,
            _ => Asks::Unverified,
        };
        let verifies_by_pool = matches!(word, "require_and_verify" | "verify_if_given");
        if verifies_by_pool && !has_pool && !self.verifies {
            site.trust.system = Some(Said::new((), format!("{written} without a trust_pool"), place));
        }
        site.trust.is_elsewhere = self.is_elsewhere || self.verifies;
        site.trust.cas = self.cas;
        site.looks |= self.verifies;
        site.asks = Said::new(asks, written, place);
    }
}

/// A `client_auth` block of a Caddyfile.
pub(super) fn fill(site: &mut Site, block: &Node, reader: &Reader<'_>) {
    let mut auth = ClientAuth::default();
    for line in block.inside() {
        let rest = line.words.get(1..).unwrap_or_default();
        match line.word(0) {
            "mode" => auth.mode = Some(Said::new(line.word(1).to_owned(), line.written(), &line.place)),
            "trusted_ca_cert_file" => auth
                .cas
                .extend(rest.iter().map(|file| path(file, &line.place, reader))),
            "trusted_ca_cert" => auth.cas.extend(rest.iter().map(|text| inline(text, &line.place))),
            "trusted_leaf_cert" | "trusted_leaf_cert_file" | "verifier" => auth.verifies = true,
            "trust_pool" => pool(&mut auth, line, reader),
            _ => {}
        }
    }
    auth.apply(site, &block.place);
}

fn pool(auth: &mut ClientAuth, line: &Node, reader: &Reader<'_>) {
    let arguments = line.words.get(2..).unwrap_or_default();
    match line.word(1) {
        "file" => {
            let named = line.all("pem_file").chain(line.all("pem_files"));
            let named =
                named.flat_map(|inner| inner.words.iter().skip(1).map(move |file| (file, &inner.place)));
            let beside = arguments.iter().map(|file| (file, &line.place));
            auth.cas
                .extend(beside.chain(named).map(|(file, place)| path(file, place, reader)));
        }
        "inline" => {
            for inner in line.all("trust_der") {
                auth.cas
                    .extend(inner.words.iter().skip(1).map(|text| inline(text, &inner.place)));
            }
        }
        _ => auth.is_elsewhere = true,
    }
}

pub(super) fn path(written: &str, place: &Place, reader: &Reader<'_>) -> Material {
    Material {
        name: written.to_owned(),
        source: Source::Path(reader.locate(written)),
        place: place.clone(),
    }
}

/// DER in base64.
pub(super) fn inline(text: &str, place: &Place) -> Material {
    Material {
        name: "an inline certificate".to_owned(),
        source: Source::Inline(BASE64_STANDARD.decode(text.trim()).unwrap_or_default()),
        place: place.clone(),
    }
}

/// Subjects and issuers compared with a text within `text`.
pub(super) fn comparisons(text: &str, written: &str, place: &Place) -> Vec<Comparison> {
    let mut found = Vec::new();
    for name in [
        "tls_client_subject}",
        "tls.client.subject}",
        "tls_client_issuer}",
        "tls.client.issuer}",
    ] {
        for after in text.split(name).skip(1) {
            let after = after.trim_start();
            let Some(rest) = after.strip_prefix("==").or_else(|| after.strip_prefix("!=")) else {
                continue;
            };
            let value = rest
                .trim_start()
                .trim_start_matches(['"', '\''])
                .split(['"', '\''])
                .next();
            found.extend(value.filter(|value| !value.is_empty()).map(|value| Comparison {
                form: Form::Rfc2253,
                with: Said::new(value.to_owned(), written, place),
                is_part: false,
                instead: "{tls_client_fingerprint}".to_owned(),
            }));
        }
    }
    found
}
