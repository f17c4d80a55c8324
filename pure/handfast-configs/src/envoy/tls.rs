//! A downstream TLS context: who is asked, who is believed.
//!
//! Without a CA a certificate that is required is verified by nothing. A secret that comes from a server of secrets
//! is believed to be what it should be.

use base64::{Engine, prelude::BASE64_STANDARD};
use handfast_finding::Place;

use super::super::{
    files::{Naming, Reader},
    node::{self, Node},
    rules,
    site::{Asks, Material, Pair, Said, Site, Source},
    trouble::Trouble,
};

/// What the context `tls` makes of `site`. `all` is the whole configuration, for the secrets that stand in it.
pub(super) fn fill(
    site: &mut Site,
    file: &str,
    all: &[&Node],
    tls: &Node,
    reader: &mut Reader<'_>,
) -> Result<(), Trouble> {
    let common = tls.at("common_tls_context");
    let found = validations(file, all, common, reader)?;
    for validation in &found.contexts {
        validation.believe(site, reader);
    }
    site.trust.is_elsewhere |= found.is_elsewhere;
    let is_pinned = found.contexts.iter().any(|context| {
        let node = &context.node;
        node.at("verify_certificate_hash").is_there() || node.at("verify_certificate_spki").is_there()
    });
    site.looks = is_pinned || found.contexts.iter().any(|context| context.matches_names());
    ask(site, file, tls, &found, is_pinned);
    own(site, file, common, reader);
    let parameters = common.at("tls_params");
    if let Some(version) = parameters.at("tls_minimum_protocol_version").text()
        && rules::is_old_version(version)
    {
        let place = Place::new(file, parameters.line_of("tls_minimum_protocol_version"));
        let written = format!("tls_minimum_protocol_version: {version}");
        site.old_versions = vec![Said::new(version.to_owned(), written, &place)];
    }
    for suite in parameters.at("cipher_suites").list() {
        let weak = suite.text().map(rules::weak_ciphers).unwrap_or_default();
        let place = Place::new(file, suite.line);
        site.weak_ciphers
            .extend(weak.into_iter().map(|weak| Said::new(weak.clone(), weak, &place)));
    }
    Ok(())
}

/// Everything that says how certificates are validated.
struct Found {
    contexts: Vec<Validation>,
    /// A part comes from where we cannot look.
    is_elsewhere: bool,
    /// The line on which the first begins.
    place: Option<Place>,
}

struct Validation {
    file: String,
    node: Node,
}

fn validations(file: &str, all: &[&Node], common: &Node, reader: &mut Reader<'_>) -> Result<Found, Trouble> {
    let mut found = Found {
        contexts: Vec::new(),
        is_elsewhere: false,
        place: None,
    };
    let combined = common.at("combined_validation_context");
    let inline = [
        common.entry("validation_context"),
        combined.entry("default_validation_context"),
    ];
    for (key, node) in inline.into_iter().flatten() {
        found.place.get_or_insert(Place::new(file, key.line));
        found.contexts.push(Validation {
            file: file.to_owned(),
            node: node.clone(),
        });
    }
    for outer in [common, combined] {
        let Some((key, secret)) = outer.entry("validation_context_sds_secret_config") else {
            continue;
        };
        let place = Place::new(file, key.line);
        found.place.get_or_insert(place.clone());
        match self::secret(file, all, secret, &place, reader)? {
            Some(validation) => found.contexts.push(validation),
            None => found.is_elsewhere = true,
        }
    }
    Ok(found)
}

/// The secret of that name: in the configuration itself, or in a file that it names.
fn secret(
    file: &str,
    all: &[&Node],
    wanted: &Node,
    place: &Place,
    reader: &mut Reader<'_>,
) -> Result<Option<Validation>, Trouble> {
    let name = wanted.at("name").text().unwrap_or_default();
    let fits = |node: &&&Node| node.at("name").is(name) && node.at("validation_context").is_there();
    if let Some(secret) = all.iter().find(fits) {
        return Ok(Some(Validation {
            file: file.to_owned(),
            node: secret.at("validation_context").clone(),
        }));
    }
    let source = wanted.at("sds_config");
    let Some(path) = source_path(source) else {
        return Ok(None);
    };
    let (file, documents) = opened(path, place, reader)?;
    let all = documents.iter().flat_map(Node::all).collect::<Vec<_>>();
    Ok(all.iter().find(fits).map(|secret| Validation {
        file: file.clone(),
        node: secret.at("validation_context").clone(),
    }))
}

/// What names the file of a configuration source.
pub(super) fn source_path(source: &Node) -> Option<&Node> {
    let paths = [source.path(&["path_config_source", "path"]), source.at("path")];
    paths.into_iter().find(|path| path.text().is_some())
}

/// The name and the documents of the file that `path` names.
pub(super) fn opened(
    path: &Node,
    place: &Place,
    reader: &mut Reader<'_>,
) -> Result<(String, Vec<Node>), Trouble> {
    let at = reader.locate(path.text().unwrap_or_default());
    let opened = reader.open(&at, Some(Naming::path(place, &path.span)))?;
    reader.close();
    let file = at.display().to_string();
    let documents = node::read(&file, &opened)?;
    Ok((file, documents))
}

impl Validation {
    fn place(&self, name: &str) -> Place {
        Place::new(&self.file, self.node.line_of(name))
    }

    /// Adds what it says to whom `site` believes.
    fn believe(&self, site: &mut Site, reader: &Reader<'_>) {
        let trust = &mut site.trust;
        if self.node.at("trusted_ca").is_there() {
            match material(&self.file, &self.node, "trusted_ca", reader) {
                Some(material) => trust.cas.push(material),
                None => trust.is_elsewhere = true,
            }
        }
        trust.crls.extend(material(&self.file, &self.node, "crl", reader));
        if self.node.at("system_root_certs").is_there() {
            trust.system = Some(Said::new(
                (),
                "system_root_certs",
                &self.place("system_root_certs"),
            ));
        }
        trust.is_elsewhere |= self.node.at("custom_validator_config").is_there()
            || self.node.at("ca_certificate_provider_instance").is_there();
        if let Some(depth) = self
            .node
            .at("max_verify_depth")
            .text()
            .and_then(|depth| depth.parse().ok())
        {
            let written = format!("max_verify_depth: {depth}");
            trust.depth = Some(Said::new(depth, written, &self.place("max_verify_depth")));
        }
    }

    fn matches_names(&self) -> bool {
        let names = [
            "match_typed_subject_alt_names",
            "match_subject_alt_names",
            "verify_subject_alt_name",
        ];
        names.iter().any(|name| self.node.at(name).is_there())
            || self.node.at("custom_validator_config").is_there()
    }
}

fn ask(site: &mut Site, file: &str, tls: &Node, found: &Found, is_pinned: bool) {
    const REQUIRE: &str = "require_client_certificate";
    let is_required = tls.at(REQUIRE).is("true");
    let untrusted = found
        .contexts
        .iter()
        .find(|context| context.node.at("trust_chain_verification").is("ACCEPT_UNTRUSTED"));
    let says_so = tls.at(REQUIRE).is_there();
    let place = match (says_so, &found.place) {
        (false, Some(place)) => place.clone(),
        _ => Place::new(file, tls.line_of(REQUIRE)),
    };
    let said = |asks, place: &Place| Said::new(asks, format!("{REQUIRE}: {is_required}"), place);
    site.asks = match untrusted {
        Some(context) if !is_pinned => {
            site.mend = Some("trust_chain_verification: VERIFY_TRUST_CHAIN".to_owned());
            let place = context.place("trust_chain_verification");
            Said::new(
                Asks::Unverified,
                "trust_chain_verification: ACCEPT_UNTRUSTED",
                &place,
            )
        }
        _ if is_required && site.trust.is_empty() && !is_pinned => said(Asks::Unverified, &place),
        _ if is_required => said(Asks::Required, &place),
        _ if !site.trust.is_empty() || is_pinned => said(Asks::Optional, &place),
        _ => said(Asks::Never, &place),
    };
    // Pinned certificates need no CA, which rules would miss.
    site.trust.is_elsewhere |= is_pinned && site.trust.is_empty();
}

/// The server's own certificates.
fn own(site: &mut Site, file: &str, common: &Node, reader: &Reader<'_>) {
    for pair in common.at("tls_certificates").list() {
        if let Some(certificate) = material(file, pair, "certificate_chain", reader) {
            site.pairs.push(Pair {
                certificate,
                key: material(file, pair, "private_key", reader),
            });
        }
    }
}

/// What the data source under `name` leads to; nothing where that is the environment.
fn material(file: &str, node: &Node, name: &str, reader: &Reader<'_>) -> Option<Material> {
    let source = node.at(name);
    let (key, name, source) = if let Some((key, path)) = source.entry("filename") {
        let path = path.text()?;
        (key, path.to_owned(), Source::Path(reader.locate(path)))
    } else if let Some((key, text)) = source.entry("inline_string") {
        (
            key,
            format!("the inline {name}"),
            Source::Inline(text.text()?.as_bytes().to_vec()),
        )
    } else {
        let (key, text) = source.entry("inline_bytes")?;
        let bytes = BASE64_STANDARD.decode(text.text()?).unwrap_or_default();
        (key, format!("the inline {name}"), Source::Inline(bytes))
    };
    Some(Material {
        name,
        source,
        place: Place::new(file, key.line),
    })
}
