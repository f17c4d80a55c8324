//! The card of a certificate: names first, then what it may do, in the words of RFC 5280.

use handfast_finding::{
    Problem,
    when::{relative, when},
};
use handfast_pki::{
    Certificate, code, constraints,
    extensions::{
        AuthorityAccess, AuthorityKey, BasicConstraints, CrlPoints, Extended, ExtendedUsages, KeyUsage,
        NameConstraints,
    },
    general::{AltNames, GeneralName},
    name::shown,
    oid::Oid,
    serial,
    text::{hex, printable},
    time,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Card;
use crate::json;

type Row = (&'static str, String);

/// The card of `chain[position - 1]`.
pub(super) fn card(chain: &[&Certificate], position: usize, now: Timestamp) -> Card {
    let certificate = chain[position - 1];
    let role = match (certificate.is_ca(), certificate.is_self_issued()) {
        (true, true) => "root CA certificate",
        (true, false) => "intermediate CA certificate",
        (false, _) => "certificate",
    };
    let of = if chain.len() > 1 {
        format!(" ({position} of {})", chain.len())
    } else {
        String::new()
    };
    let mut rows = names(certificate);
    rows.push(("valid from", when(certificate.not_before(), now)));
    rows.push(("until", when(certificate.not_after(), now)));
    rows.extend(usages(certificate));
    rows.push(("key", certificate.public_key().algorithm()));
    rows.push(("signed with", certificate.signature_algorithm()));
    let subject = shown(certificate.subject());
    let strict = printable(&certificate.subject().strict());
    let is_strict = strict == subject || certificate.subject().is_empty();
    rows.push(("subject", subject));
    if !is_strict {
        rows.push(("subject (RFC 4514)", strict));
    }
    rows.push(("issuer", issuer(chain, position)));
    rows.push(("serial", serial_row(certificate)));
    rows.extend(pointers(certificate));
    rows.push(("SHA-256", certificate.fingerprint().to_string()));
    Card {
        title: format!("{role}{of}, X.509 version {}", certificate.version()),
        kind: "certificate",
        rows,
        short: short(certificate, role, now),
        pem: Some(certificate.to_pem()),
        problems: problems(chain, position, now),
        json: to_json(certificate),
    }
}

fn short(certificate: &Certificate, role: &str, now: Timestamp) -> String {
    let usages = certificate.extended_key_usage_names().unwrap_or_default();
    let what = match role.strip_suffix(" certificate") {
        Some(ca) => ca.to_owned(),
        None => listed(&usages),
    };
    let name = if certificate.is_ca() {
        certificate.called()
    } else {
        certificate.identity().called()
    };
    let end = certificate.not_after();
    let date = time::shown(end);
    let date = date.get(..10).unwrap_or(&date);
    format!("{name}  {what}  until {date} ({})", relative(end, now))
}

/// Every name that it has, of whatever kind.
fn names(certificate: &Certificate) -> Vec<Row> {
    let mut rows: Vec<Row> = certificate
        .identity()
        .names()
        .into_iter()
        .map(|name| ("names", name))
        .collect();
    if certificate.is_unreadable::<AltNames>() {
        rows.push(("names", "subjectAltName cannot be read".into()));
    } else if rows.is_empty() && !certificate.is_ca() {
        rows.push(("names", "none".into()));
    }
    rows
}

/// What it may be used for.
fn usages(certificate: &Certificate) -> Vec<Row> {
    let basic = match (certificate.is_ca(), certificate.path_length()) {
        (true, Some(limit)) => format!("CA:TRUE, pathlen:{limit}"),
        (true, None) => "CA:TRUE".into(),
        (false, _) => "CA:FALSE".into(),
    };
    let usage = certificate.key_usage_names();
    let extended = certificate.extended_key_usage_names().unwrap_or_default();
    let mut rows = vec![("Key Usage", read::<KeyUsage>(certificate, listed(&usage)))];
    rows.push((
        "Extended Key Usage",
        read::<ExtendedUsages>(certificate, listed(&extended)),
    ));
    rows.push(("Basic Constraints", read::<BasicConstraints>(certificate, basic)));
    if let Some(permitted) = constraints::permitted(certificate) {
        rows.push(("Name Constraints", format!("permitted: {}", permitted.join(", "))));
    } else if certificate.extension::<NameConstraints>().is_some() {
        rows.push(("Name Constraints", "excluded names alone".into()));
    }
    rows
}

/// Whose key it is, and where the issuer is found.
fn pointers(certificate: &Certificate) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(id) = certificate.subject_key_id() {
        rows.push(("Subject Key Identifier", hex(&id)));
    }
    if let Some(authority) = certificate.extension::<AuthorityKey>() {
        rows.extend(authority_rows(&authority));
    }
    if let Some(points) = certificate.extension::<CrlPoints>() {
        rows.extend(
            points
                .0
                .iter()
                .map(|name| ("CRL Distribution Points", place(name))),
        );
    }
    if let Some(access) = certificate.extension::<AuthorityAccess>() {
        rows.extend(access.0.iter().map(|(method, name)| {
            let method = match method.to_string().as_str() {
                "1.3.6.1.5.5.7.48.1" => "OCSP".to_owned(),
                "1.3.6.1.5.5.7.48.2" => "CA Issuers".to_owned(),
                _ => method.called(),
            };
            ("Authority Info Access", format!("{method}: {}", place(name)))
        }));
    }
    let others = certificate
        .extensions()
        .iter()
        .filter(|extension| !is_shown(&extension.id));
    rows.extend(others.map(|extension| {
        let critical = if extension.critical { ", critical" } else { "" };
        ("other extensions", format!("{}{critical}", extension.id.called()))
    }));
    rows
}

fn authority_rows(authority: &AuthorityKey) -> Vec<Row> {
    const LABEL: &str = "Authority Key Identifier";
    let mut rows = Vec::new();
    rows.extend(authority.key_id.as_ref().map(|id| (LABEL, hex(id))));
    rows.extend(
        authority
            .issuer
            .iter()
            .map(|name| (LABEL, format!("issuer {name}"))),
    );
    rows.extend(
        authority
            .serial
            .as_ref()
            .map(|octets| (LABEL, format!("serial {}", serial::shown(octets)))),
    );
    rows
}

/// A place as people write it: most are URLs.
fn place(name: &GeneralName) -> String {
    match name {
        GeneralName::Uri(uri) => printable(uri),
        other => other.to_string(),
    }
}

/// Whether the card has a row for the extension.
fn is_shown(id: &Oid) -> bool {
    const SHOWN: [&str; 9] = [
        "2.5.29.14",
        "2.5.29.15",
        "2.5.29.17",
        "2.5.29.19",
        "2.5.29.30",
        "2.5.29.31",
        "2.5.29.35",
        "2.5.29.37",
        "1.3.6.1.5.5.7.1.1",
    ];
    SHOWN.contains(&id.to_string().as_str())
}

/// `text`, unless the extension is there and cannot be read.
fn read<T: Extended>(certificate: &Certificate, text: String) -> String {
    if certificate.is_unreadable::<T>() {
        return "cannot be read".into();
    }
    if certificate.is_critical::<T>() {
        format!("{text} (critical)")
    } else {
        text
    }
}

/// A number below zero is no accident of the display.
fn serial_row(certificate: &Certificate) -> String {
    let shown = certificate.serial();
    if serial::is_negative(certificate.serial_octets()) {
        format!("{shown} (negative)")
    } else {
        shown
    }
}

/// What stands in every answer that names a certificate, and what it may do.
fn to_json(certificate: &Certificate) -> Value {
    let mut json = json::certificate(certificate);
    let authority = certificate.extension::<AuthorityKey>().unwrap_or_default();
    let points = certificate.extension::<CrlPoints>().map(|points| points.0);
    let access = certificate.extension::<AuthorityAccess>().map(|access| access.0);
    let more = json!({
        "version": certificate.version(),
        "ca": certificate.is_ca(),
        "path_length": certificate.path_length(),
        "key_usage": certificate.key_usage_names(),
        "extended_key_usage": certificate.extended_key_usage_names(),
        "subject_key_id": certificate.subject_key_id().map(|id| hex(&id)),
        "authority_key_id": authority.key_id.map(|id| hex(&id)),
        "crl_distribution_points": points.unwrap_or_default().iter().map(place).collect::<Vec<_>>(),
        "authority_info_access": access
            .unwrap_or_default()
            .iter()
            .map(|(method, name)| json!({ "method": method.called(), "location": place(name) }))
            .collect::<Vec<_>>(),
        "key": certificate.public_key().algorithm(),
        "signature": certificate.signature_algorithm(),
        "pem": certificate.to_pem(),
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        json[name] = value.clone();
    }
    json
}

/// The usages of a certificate, those of one extension.
fn listed<Name: AsRef<str>>(names: &[Name]) -> String {
    if names.is_empty() {
        return "none".into();
    }
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    printable(&names.join(", "))
}

/// The issuer's name, and whether the file holds it.
fn issuer(chain: &[&Certificate], position: usize) -> String {
    let certificate = chain[position - 1];
    let name = shown(certificate.issuer());
    // Names first: a bundle of hundreds of CAs must not cost a signature check for every pair.
    let signs = |other: &Certificate| {
        other.subject() == certificate.issuer() && certificate.is_signed_by(&other.public_key())
    };
    let signer = chain.iter().position(|other| signs(other));
    match signer.map(|index| index + 1) {
        Some(own) if own == position => format!("{name} (itself)"),
        Some(other) => format!("{name} (number {other} here)"),
        None => name,
    }
}

fn problems(chain: &[&Certificate], position: usize, now: Timestamp) -> Vec<Problem> {
    let certificate = chain[position - 1];
    let mut problems = of_contents(certificate);
    let mut problem = |code, text: String, help| problems.push(Problem::new(code, text).help(help));
    if now > certificate.not_after() {
        problem(
            code::EXPIRED,
            format!("expired {}", when(certificate.not_after(), now)),
            "issue a new one: handfast issue",
        );
    }
    if now < certificate.not_before() {
        let text = format!("valid from {}", when(certificate.not_before(), now));
        problem(code::NOT_YET_VALID, text, "check the clock");
    }
    if position == 1
        && certificate.is_ca()
        && chain.iter().any(|other| !other.is_ca() && other.version() == 3)
    {
        problem(
            code::CHAIN_ORDER,
            "the file begins with a CA certificate and holds a leaf below it".into(),
            "put the leaf first, then the intermediates, without the root",
        );
    }
    problems
}

/// What is wrong whenever one looks.
fn of_contents(certificate: &Certificate) -> Vec<Problem> {
    const SIGN_AGAIN: &str =
        "sign its request again with names: handfast sign REQUEST.csr server --dns NAME --out FILE";
    let mut problems = Vec::new();
    let mut problem = |code, text: String, help| problems.push(Problem::new(code, text).help(help));
    if certificate.version() != 3 {
        let text = format!(
            "X.509 version {}, without extensions: modern TLS refuses it",
            certificate.version()
        );
        problem(code::VERSION_1, text, SIGN_AGAIN);
    }
    if certificate.is_unreadable::<AltNames>() {
        let text = "its subjectAltName cannot be read, so that no peer knows it by a name";
        problem(
            code::WRONG_FORMAT,
            text.into(),
            "issue it again: handfast issue keeps the rules",
        );
    } else if certificate.identity().is_nameless() && !certificate.is_ca() {
        problem(
            code::NO_NAMES,
            "no subject alternative name: it is valid for no host and no identity".into(),
            SIGN_AGAIN,
        );
    }
    if serial::is_negative(certificate.serial_octets()) {
        problem(
            code::WRONG_FORMAT,
            "its serial number is negative, which RFC 5280 section 4.1.2.2 forbids: Go refuses it since 1.23, others \
             do not mind"
                .into(),
            "issue it again: handfast issue keeps the rules",
        );
    }
    if let Err(error) = certificate.public_key().must_be_strong() {
        let help = if error.code() == code::CANNOT_VERIFY {
            "nothing is wrong with it; with Handfast, use P-256, P-384, P-521, Ed25519 or RSA of 2048 to 8192 bits"
        } else {
            "make a new key: P-256, or RSA of 2048 bits or more"
        };
        problem(error.code(), error.to_string(), help);
    }
    problems
}
