//! What files hold, identities first: a card for each certificate, request, key, container and list.
//!
//! Shows and judges nothing but the items themselves; whether a certificate is trusted is not asked. Private bytes are
//! never shown.

use std::fmt::Write as _;

use handfast_finding::{Problem, when::when};
use handfast_pki::{
    Certificate, PrivateKey, Request, Shown, code, crl::RevocationList, name::shown, pem::Item,
    text::printable,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    json::{self, problem},
    style::{BAD, STRONG},
};

/// What is shown about one item.
pub struct Card {
    title: String,
    kind: &'static str,
    rows: Vec<(&'static str, String)>,
    /// What will not work, and what to do about it.
    problems: Vec<Problem>,
    json: Value,
}

impl Card {
    /// With one more problem, which comes first.
    pub fn with(mut self, problem: Problem) -> Self {
        self.problems.insert(0, problem);
        self
    }

    /// Something that was found and is shown by no card of its own.
    pub fn of_words(words: &Shown) -> Self {
        locked_card("something else", "other", words.to_string(), "")
    }

    /// The container that the items of a file stood in, which was opened.
    pub fn of_container() -> Self {
        locked_card(
            "PKCS#12 container, opened",
            "pkcs12",
            "its contents follow".into(),
            "",
        )
    }

    /// The card as lines.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "{STRONG}{}{STRONG:#}", self.title);
        let mut last = "";
        for (label, value) in &self.rows {
            let _ = writeln!(out, "  {:<12} {value}", if *label == last { "" } else { label });
            last = label;
        }
        for problem in &self.problems {
            let _ = writeln!(
                out,
                "  {BAD}problem{BAD:#}      {}  [{}]",
                problem.message, problem.code
            );
            if let Some(help) = &problem.help {
                let _ = writeln!(out, "               {help}");
            }
        }
        out
    }

    pub fn to_json(&self) -> Value {
        let mut json = json!({ "kind": self.kind });
        for (name, value) in self.json.as_object().into_iter().flatten() {
            json[name] = value.clone();
        }
        json["problems"] = self.problems.iter().map(problem).collect();
        json
    }
}

const OPEN_IT: &str = "open it: handfast inspect FILE --password-file PASSWORD-FILE";

/// A card for each of `items`, in their order.
pub fn cards(items: &[Item], now: Timestamp) -> Vec<Card> {
    let chain: Vec<&Certificate> = items
        .iter()
        .filter_map(|item| {
            if let Item::Certificate(certificate) = item {
                Some(&**certificate)
            } else {
                None
            }
        })
        .collect();
    let mut position = 0;
    items
        .iter()
        .map(|item| match item {
            Item::Certificate(_) => {
                position += 1;
                certificate_card(&chain, position, now)
            }
            Item::Request(request) => request_card(request),
            Item::Key(key) => key_card(key, &chain),
            Item::Crl(list) => list_card(list, now),
            Item::EncryptedKey(key) => locked_card(
                "encrypted private key",
                "encrypted key",
                key.by.to_owned(),
                if key.by == "Java keystore" {
                    OPEN_IT
                } else {
                    "decrypt it: openssl pkey -in FILE -out plain.key && chmod 600 plain.key"
                },
            ),
            Item::Pkcs12(der) => locked_card(
                "PKCS#12 container, locked",
                "pkcs12",
                format!("{} bytes", der.len()),
                OPEN_IT,
            ),
            Item::Pkcs7(der) => locked_card(
                "PKCS#7 container, not read",
                "other",
                format!("{} bytes", der.len()),
                "",
            ),
            Item::Other(label) => locked_card(
                "something else",
                "other",
                match label.name() {
                    Some(_) => format!("PEM block {label}"),
                    None => "PEM block with an unknown label".to_owned(),
                },
                "",
            ),
        })
        .collect()
}

/// The card of `chain[position - 1]`.
fn certificate_card(chain: &[&Certificate], position: usize, now: Timestamp) -> Card {
    let certificate = chain[position - 1];
    let identity = certificate.identity();
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
    let mut rows: Vec<(&'static str, String)> =
        identity.names().into_iter().map(|name| ("names", name)).collect();
    if rows.is_empty() && !certificate.is_ca() {
        rows.push(("names", "none".into()));
    }
    rows.push(("valid from", when(certificate.not_before(), now)));
    rows.push(("until", when(certificate.not_after(), now)));
    rows.push(("key usage", listed(&certificate.key_usage_names())));
    rows.push((
        "ext. usage",
        listed(&certificate.extended_key_usage_names().unwrap_or_default()),
    ));
    if let Some(limit) = certificate.path_length() {
        rows.push(("pathlen", limit.to_string()));
    }
    rows.push(("key", certificate.public_key().algorithm()));
    rows.push(("signed with", certificate.signature_algorithm()));
    rows.push(("subject", shown(certificate.subject())));
    rows.push(("issuer", issuer(chain, position)));
    rows.push(("serial", certificate.serial()));
    rows.push(("SHA-256", certificate.fingerprint().to_string()));
    Card {
        title: format!("{role}{of}, X.509 version {}", certificate.version()),
        kind: "certificate",
        rows,
        problems: certificate_problems(chain, position, now),
        json: certificate_json(certificate),
    }
}

/// What stands in every answer that names a certificate, and what it may do.
fn certificate_json(certificate: &Certificate) -> Value {
    let mut json = json::certificate(certificate);
    let more = json!({
        "version": certificate.version(),
        "ca": certificate.is_ca(),
        "path_length": certificate.path_length(),
        "key_usage": certificate.key_usage_names(),
        "extended_key_usage": certificate.extended_key_usage_names(),
        "key": certificate.public_key().algorithm(),
        "signature": certificate.signature_algorithm(),
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

fn certificate_problems(chain: &[&Certificate], position: usize, now: Timestamp) -> Vec<Problem> {
    const SIGN_AGAIN: &str =
        "sign its request again with names: handfast sign REQUEST.csr server --dns NAME --out FILE";
    let certificate = chain[position - 1];
    let mut problems = Vec::new();
    let mut problem = |code, text: String, help| problems.push(Problem::new(code, text).help(help));
    if certificate.version() != 3 {
        let text = format!(
            "X.509 version {}, without extensions: modern TLS refuses it",
            certificate.version()
        );
        problem(code::VERSION_1, text, SIGN_AGAIN);
    }
    let identity = certificate.identity();
    let nameless = identity.uris.is_empty()
        && identity.dns.is_empty()
        && identity.emails.is_empty()
        && identity.ips.is_empty();
    if nameless && !certificate.is_ca() {
        problem(
            code::NO_NAMES,
            "no subject alternative name: it is valid for no host and no identity".into(),
            SIGN_AGAIN,
        );
    }
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
    if let Err(error) = certificate.public_key().must_be_strong() {
        problem(
            error.code(),
            error.to_string(),
            "make a new key: P-256, or RSA of 2048 bits or more",
        );
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

fn request_card(request: &Request) -> Card {
    let mut rows: Vec<(&'static str, String)> = request
        .wished()
        .iter()
        .map(|name| ("names", name.to_string()))
        .collect();
    if rows.is_empty() {
        rows.push(("names", "none: say them when it is signed".into()));
    }
    rows.push((
        "key",
        format!(
            "{}, and the request proves to hold it",
            request.public_key().algorithm()
        ),
    ));
    rows.push(("subject", shown(request.subject())));
    rows.extend(
        request
            .ignored()
            .iter()
            .map(|ignored| ("ignored", ignored.clone())),
    );
    let dns = if request.wished().is_empty() {
        " --dns NAME"
    } else {
        ""
    };
    rows.push((
        "sign it",
        format!("handfast sign REQUEST.csr server{dns} --out FILE"),
    ));
    Card {
        title: "certificate request (CSR)".into(),
        kind: "request",
        rows,
        problems: Vec::new(),
        json: json!({
            "names": request.wished().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "subject": shown(request.subject()),
            "key": request.public_key().algorithm(),
            "ignored": request.ignored(),
        }),
    }
}

fn key_card(key: &PrivateKey, chain: &[&Certificate]) -> Card {
    let mut rows = vec![("key", key.public_key().algorithm())];
    let mut problems = Vec::new();
    let own = chain
        .iter()
        .position(|certificate| key.must_match(certificate).is_ok());
    match (own, chain.first().map(|first| key.must_match(first))) {
        (Some(index), _) => rows.push(("belongs to", format!("certificate {} of this file", index + 1))),
        (None, Some(Err(error))) => problems.push(
            Problem::new(code::KEY_MISMATCH, error)
                .help("use the key that was made together with this certificate"),
        ),
        _ => {}
    }
    let json = json!({ "key": key.public_key().algorithm(), "belongs_to": own.map(|index| index + 1) });
    Card {
        title: "private key, not shown".into(),
        kind: "key",
        rows,
        problems,
        json,
    }
}

fn list_card(list: &RevocationList, now: Timestamp) -> Card {
    const SHOWN: usize = 20;
    let mut rows = vec![
        ("issuer", list.issuer.clone()),
        ("made", when(list.this_update, now)),
    ];
    rows.push(match list.next_update {
        Some(next) if next < now => (
            "next due",
            format!(
                "{}: it is stale, and strict peers refuse every client",
                when(next, now)
            ),
        ),
        Some(next) => ("next due", when(next, now)),
        None => ("next due", "never said".into()),
    });
    rows.extend(list.number.iter().map(|number| ("number", number.clone())));
    if list.version < 2 {
        let why = "1, which rustls and others refuse; with crl_extensions and a crlnumber openssl makes 2";
        rows.push(("version", why.into()));
    }
    rows.push(("revoked", format!("{} certificates", list.revoked.len())));
    rows.extend(
        list.revoked
            .iter()
            .take(SHOWN)
            .map(|serial| ("serials", serial.clone())),
    );
    if list.revoked.len() > SHOWN {
        rows.push(("serials", format!("and {} more", list.revoked.len() - SHOWN)));
    }
    Card {
        title: "revocation list (CRL)".into(),
        kind: "crl",
        rows,
        problems: Vec::new(),
        json: json!({
            "version": list.version,
            "issuer": list.issuer,
            "this_update": list.this_update,
            "next_update": list.next_update,
            "number": list.number,
            "revoked": list.revoked,
        }),
    }
}

/// Something that cannot be looked into.
fn locked_card(title: &str, kind: &'static str, what: String, next: &'static str) -> Card {
    let json = json!({ "what": what });
    let mut rows = vec![("what", what)];
    if !next.is_empty() {
        rows.push(("next", next.to_owned()));
    }
    Card {
        title: title.to_owned(),
        kind,
        rows,
        problems: Vec::new(),
        json,
    }
}
