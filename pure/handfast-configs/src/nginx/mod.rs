//! nginx: its blocks as sites.
//!
//! `http`, `stream` and `mail` hold servers; a snippet may be servers alone, or the inside of one. A directive counts
//! on the innermost level on which it stands, and hides all of its name outside.

mod reaches;
pub(super) mod spots;
#[cfg(test)]
mod tests;
pub(super) mod tokens;
mod variables;
mod ways;

use reaches::Reaches;
use tokens::{Block, Directive};
use variables::{Client, Fate, Variables, is_either, is_identity, is_verdict};

use super::{
    files::{Opened, Reader},
    rules,
    site::{Asks, Comparison, Form, Later, Material, Pair, Said, Site, Source},
    span::Word,
    trouble::Trouble,
};

/// The sites of the configuration `file`.
pub(super) fn read(file: &str, opened: &Opened, reader: &mut Reader<'_>) -> Result<Vec<Site>, Trouble> {
    let tree = tokens::read(file, opened, reader)?;
    let variables = Variables::of(&tree);
    let mut sites = Vec::new();
    let mut any = false;
    for context in &tree {
        let is_http = context.name == "http";
        if is_http || context.name == "stream" || context.name == "mail" {
            any = true;
            let outer = Scope(vec![&tree, context.inside()]);
            for server in context.inside().iter().filter(|inner| inner.name == "server") {
                sites.extend(self::server(&outer, server, is_http, &variables, reader));
            }
        }
    }
    for server in tree.iter().filter(|top| top.name == "server" && !any) {
        sites.extend(self::server(
            &Scope(vec![&tree]),
            server,
            true,
            &variables,
            reader,
        ));
    }
    let is_inside = |top: &Directive| top.name.starts_with("ssl_") || top.name == "location";
    if sites.is_empty()
        && !any
        && let Some(first) = tree.iter().find(|top| is_inside(top))
    {
        let mut site = Site::new("this snippet", &first.place);
        let scope = Scope(vec![&tree]);
        tls(&mut site, &scope, reader);
        conduct(&mut site, &scope, &variables);
        sites.push(site);
    }
    defaults(&mut sites);
    Ok(sites)
}

/// The blocks around a place, the outermost first.
#[derive(Debug, Clone)]
struct Scope<'a>(Vec<&'a [Directive]>);

impl<'a> Scope<'a> {
    fn within(&self, inside: &'a [Directive]) -> Self {
        Self(self.0.iter().copied().chain([inside]).collect())
    }

    /// Those called `name` on the innermost level that has one.
    fn all(&self, name: &str) -> Vec<&'a Directive> {
        let found = |level: &&'a [Directive]| -> Vec<&'a Directive> {
            level.iter().filter(|directive| directive.name == name).collect()
        };
        let levels = self.0.iter().rev().map(found);
        levels
            .into_iter()
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    fn last(&self, name: &str) -> Option<&'a Directive> {
        self.all(name).pop()
    }

    fn is_on(&self, name: &str, usually: bool) -> bool {
        self.last(name).map_or(usually, |found| found.first() == "on")
    }

    /// The blocks whose conditions a request passes that ends here: those of the server, after `outside` others, and of
    /// the innermost location alone.
    fn passed(&self, outside: usize) -> Vec<&'a [Directive]> {
        match self.0.get(outside..).unwrap_or_default() {
            [server, .., last] => vec![server, last],
            inner => inner.to_vec(),
        }
    }
}

/// A server, once for its addresses with TLS and once for those without.
fn server<'a>(
    outer: &Scope<'a>,
    server: &'a Directive,
    is_http: bool,
    variables: &Variables<'a>,
    reader: &Reader<'_>,
) -> Vec<Site> {
    let scope = outer.within(server.inside());
    let names: Vec<String> = server
        .inside()
        .iter()
        .filter(|inner| inner.name == "server_name")
        .flat_map(|names| names.words.iter().map(|name| name.text.clone()))
        .filter(|name| !name.is_empty() && name != "_")
        .collect();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let mut is_default = false;
    for listen in server.inside().iter().filter(|inner| inner.name == "listen") {
        let flags = listen.words.get(1..).unwrap_or_default();
        let has = |wanted: &str| flags.iter().any(|flag| flag == wanted);
        is_default |= has("default_server") || has("default");
        let is_tls = has("ssl") || has("quic") || scope.is_on("ssl", false);
        let side = if is_tls { &mut with } else { &mut without };
        side.push(address(listen.first()));
    }
    if with.is_empty() && without.is_empty() {
        let side = if scope.is_on("ssl", false) {
            &mut with
        } else {
            &mut without
        };
        side.push("*:80".to_owned());
    }
    let called = match names.first() {
        Some(name) => format!("server \"{name}\""),
        None => format!(
            "the server on {}",
            with.first().or(without.first()).map_or("", String::as_str)
        ),
    };
    let mut sites = Vec::new();
    for (addresses, is_tls) in [(with, true), (without, false)] {
        if addresses.is_empty() {
            continue;
        }
        let mut site = Site::new(called.clone(), &server.place);
        (site.addresses, site.names) = (addresses, names.clone());
        (site.is_default, site.is_tls, site.is_http) = (is_default, is_tls, is_http);
        if is_tls {
            tls(&mut site, &scope, reader);
        }
        conduct(&mut site, &scope, variables);
        sites.push(site);
    }
    sites
}

/// `443` is `*:443`, `127.0.0.1` is `127.0.0.1:80`.
fn address(written: &str) -> String {
    if written.chars().all(|c| c.is_ascii_digit()) {
        return format!("*:{written}");
    }
    let has_port = written
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.chars().all(|c| c.is_ascii_digit()));
    if has_port || written.starts_with("unix:") {
        written.to_owned()
    } else {
        format!("{written}:80")
    }
}

/// The first server of an address takes whoever names none, unless another says that it does.
fn defaults(sites: &mut [Site]) {
    let mut taken: Vec<String> = sites
        .iter()
        .filter(|site| site.is_default)
        .flat_map(|site| site.addresses.clone())
        .collect();
    for site in sites {
        if site.addresses.iter().any(|address| !taken.contains(address)) {
            site.is_default = true;
        }
        taken.extend(site.addresses.iter().cloned());
    }
}

/// What the handshake of `site` does.
fn tls(site: &mut Site, scope: &Scope<'_>, reader: &Reader<'_>) {
    if let Some(verify) = scope.last("ssl_verify_client") {
        let asks = match verify.first() {
            "on" => Asks::Required,
            "optional" => Asks::Optional,
            "optional_no_ca" => Asks::Unverified,
            _ => Asks::Never,
        };
        site.asks = Said::new(asks, verify.written(), &verify.place);
    }
    let material = |directive: &Directive| Material {
        name: directive.first().to_owned(),
        source: Source::Path(reader.locate(directive.first())),
        place: directive.place.clone(),
    };
    let all = |name: &str| scope.all(name).into_iter().map(material).collect::<Vec<_>>();
    let trust = &mut site.trust;
    trust.cas = all("ssl_client_certificate");
    trust.others = all("ssl_trusted_certificate");
    trust.crls = all("ssl_crl");
    trust.asks_responder = scope.last("ssl_ocsp").is_some_and(|ocsp| ocsp.first() != "off");
    if let [_, second, ..] = scope.all("ssl_client_certificate").as_slice() {
        trust.twice = Some(Said::new(
            second.name.text.clone(),
            second.written(),
            &second.place,
        ));
    }
    let depth = scope.last("ssl_verify_depth");
    trust.depth =
        depth.and_then(|said| Some(Said::new(said.first().parse().ok()?, said.written(), &said.place)));
    // Keys and certificates that a variable names are known to the running server alone.
    let is_fixed = |material: &Material| !material.name.contains('$') && !material.name.contains(':');
    let keys = all("ssl_certificate_key");
    site.pairs = all("ssl_certificate")
        .into_iter()
        .zip(keys.into_iter().map(Some).chain(std::iter::repeat(None)))
        .filter(|(certificate, _)| is_fixed(certificate))
        .map(|(certificate, key)| Pair {
            certificate,
            key: key.filter(is_fixed),
        })
        .collect();
    let cache = scope
        .last("ssl_session_cache")
        .map_or("none", |cache| cache.first());
    site.resumes = scope.is_on("ssl_session_tickets", true) || !["off", "none"].contains(&cache);
    site.rejects = scope.is_on("ssl_reject_handshake", false);
    strength(site, scope);
}

/// Versions and suites of `site` that are too old.
fn strength(site: &mut Site, scope: &Scope<'_>) {
    if let Some(versions) = scope.last("ssl_protocols") {
        let old = versions
            .words
            .iter()
            .filter(|version| rules::is_old_version(version));
        site.old_versions = old
            .map(|version| Said::new(version.text.clone(), versions.written(), &versions.place))
            .collect();
    }
    if let Some(ciphers) = scope.last("ssl_ciphers") {
        site.weak_ciphers = rules::weak_ciphers(ciphers.first())
            .into_iter()
            .map(|weak| Said::new(weak, ciphers.written(), &ciphers.place))
            .collect();
    }
}

/// What `site` does once the handshake is over.
fn conduct<'a>(site: &mut Site, scope: &Scope<'a>, variables: &Variables<'a>) {
    let outside = scope.0.len() - 1;
    let spots = spots(scope);
    let mut is_unsure = false;
    for spot in &spots {
        // An unverified certificate is as good as none there, so both have to stay out.
        let strangers: &[Client] = match site.asks.value {
            Asks::Unverified => &[Client::Absent, Client::Stranger],
            _ => &[Client::Absent],
        };
        let passed = spot.passed(outside);
        let fate = |client| variables.fate(&passed, client);
        let is_refused = strangers.iter().all(|client| fate(*client) == Fate::Refused);
        let routed = ways::targets(spot).any(|target| variables.depends(target.first(), is_either));
        if routed || is_refused && fate(Client::Verified) != Fate::Refused {
            site.later = Later::Refused;
        }
        is_unsure |= strangers.iter().any(|client| fate(*client) == Fate::Unsure)
            || has_script(spot, "ssl_client_verify");
        // A server that answers everything itself, such as one that sends to https, forwards nothing.
        let usual = if site.does_ask() {
            Client::Verified
        } else {
            Client::Absent
        };
        let is_over = matches!(fate(usual), Fate::Refused | Fate::Answered);
        if site.is_http && !is_over {
            site.ways.extend(ways::of(spot, variables));
        }
    }
    let tells_verdict = spots.iter().any(|spot| ways::tells(spot, variables, is_verdict));
    if site.later != Later::Refused && (is_unsure || tells_verdict) {
        site.later = if is_unsure { Later::Unknown } else { Later::Told };
    }
    site.reaches = Reaches::new(site, scope, variables).all();
    site.is_fenced = reaches::is_fenced(scope);
    site.looks = site.ways.iter().any(|way| way.tells)
        || spots.iter().any(|spot| {
            has_script(spot, "ssl_client_")
                || ways::tells(spot, variables, is_identity)
                || decides(spot, variables)
        });
    for level in &scope.0 {
        comparisons(level, &mut site.comparisons);
    }
}

/// Every place at which a request can end: the server itself, its locations, and theirs.
fn spots<'a>(scope: &Scope<'a>) -> Vec<Scope<'a>> {
    let mut found = vec![scope.clone()];
    let inside = scope.0.last().copied().unwrap_or_default();
    for inner in inside.iter().filter(|inner| inner.name == "location") {
        found.extend(spots(&scope.within(inner.inside())));
    }
    found
}

/// Whether a script or another server is asked there, which may look at the certificate.
fn has_script(spot: &Scope<'_>, variable: &str) -> bool {
    let speaks = |directive: &Directive| match &directive.block {
        Some(Block::Raw(text)) => text.contains(variable),
        _ => {
            ["auth_request", "js_access", "js_content", "perl"].contains(&directive.name.as_str())
                || directive.name.ends_with("_by_lua_file")
        }
    };
    spot.0.iter().any(|level| level.iter().any(speaks))
}

/// Whether a condition there, or the choice of the backend, depends on who the client is.
fn decides<'a>(spot: &Scope<'a>, variables: &Variables<'a>) -> bool {
    let depends = |word: &Word| variables.depends(word, is_identity);
    let level = spot.0.last().copied().unwrap_or_default();
    let asked = level
        .iter()
        .filter(|directive| ["if", "return"].contains(&directive.name.as_str()));
    asked
        .into_iter()
        .any(|directive| directive.words.iter().any(depends))
        || ways::targets(spot).any(|target| target.words.iter().any(depends))
}

/// Subjects and issuers that are compared with a text: in an `if`, as a row of a `map`.
fn comparisons(level: &[Directive], found: &mut Vec<Comparison>) {
    let of = |name: &str| match name {
        "ssl_client_s_dn" | "ssl_client_i_dn" => Some((Form::Rfc2253, format!("${name}_legacy"))),
        "ssl_client_s_dn_legacy" | "ssl_client_i_dn_legacy" => {
            Some((Form::OneLine, format!("${}", name.trim_end_matches("_legacy"))))
        }
        _ => None,
    };
    for directive in level {
        match directive.name.as_str() {
            "if" => {
                let words = variables::condition(&directive.words);
                if let [left, operator, right] = words.as_slice()
                    && let Some((form, instead)) = of(left.trim_start_matches('$'))
                {
                    found.push(Comparison {
                        form,
                        with: Said::new(right.clone(), directive.written(), &directive.place),
                        is_part: operator.contains('~'),
                        instead,
                    });
                }
            }
            "map" => {
                let Some((form, instead)) = of(directive.first().trim_start_matches('$')) else {
                    continue;
                };
                for row in directive.inside().iter().filter(|row| row.words.len() == 1) {
                    let is_part = row.name.starts_with('~');
                    let value = row.name.trim_start_matches(['~', '*']).to_owned();
                    found.push(Comparison {
                        form,
                        with: Said::new(value, row.written(), &row.place),
                        is_part,
                        instead: instead.clone(),
                    });
                }
            }
            "location" => comparisons(directive.inside(), found),
            _ => {}
        }
    }
}
