//! What files hold, identities first: a card for each certificate, request, key, container and list.
//!
//! Shows and judges nothing but the items themselves; whether a certificate is trusted is not asked. Private bytes are
//! never shown.

mod certificate;
mod opened;

use std::fmt::Write as _;

use handfast_finding::{Problem, when::when};
use handfast_pki::{
    Certificate, PrivateKey, Request, Shown, code,
    crl::RevocationList,
    name::shown,
    pem::{Item, write},
    revocation::set::{RevocationSet, RevocationSets},
    text::counted,
    time,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    json::problem,
    style::{BAD, STRONG},
};

pub use self::opened::of_opened;

/// What is shown about one item.
pub struct Card {
    title: String,
    kind: &'static str,
    rows: Vec<(&'static str, String)>,
    /// All of it in one line, without the kind.
    short: String,
    /// The certificate or request itself.
    pem: Option<String>,
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
            let _ = writeln!(out, "  {:<24} {value}", if *label == last { "" } else { label });
            last = label;
        }
        for problem in &self.problems {
            let _ = writeln!(
                out,
                "  {BAD}problem{BAD:#}                  {}  [{}]",
                problem.message, problem.code
            );
            if let Some(help) = &problem.help {
                let _ = writeln!(out, "                           {help}");
            }
        }
        out
    }

    /// The card as one line: what it is, whose, until when, and what is wrong with it.
    pub fn short(&self) -> String {
        let codes: Vec<String> = self
            .problems
            .iter()
            .map(|problem| problem.code.to_string())
            .collect();
        let codes = if codes.is_empty() {
            String::new()
        } else {
            format!("  [{}]", codes.join(", "))
        };
        format!("{}: {}{codes}", self.kind, self.short)
    }

    /// The certificate or request itself in PEM; nothing for a key or a locked container.
    pub fn pem(&self) -> Option<&str> {
        self.pem.as_deref()
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
                certificate::card(&chain, position, now)
            }
            Item::Trusted(_) => Card::of_words(&item.describe()),
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
    let names = request.wished().iter().map(ToString::to_string);
    Card {
        title: "certificate request (CSR)".into(),
        kind: "request",
        rows,
        short: format!(
            "{}  {}",
            names.chain([shown(request.subject())]).next().unwrap_or_default(),
            request.public_key().algorithm()
        ),
        pem: Some(write("CERTIFICATE REQUEST", request.der())),
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
        short: key.public_key().algorithm(),
        pem: None,
        problems,
        json,
    }
}

fn list_card(list: &RevocationList, now: Timestamp) -> Card {
    const SHOWN: usize = 20;
    let mut rows = vec![
        ("issuer", list.issuer_shown()),
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
    rows.push(("revoked", counted(list.revoked.len(), "certificate")));
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
        short: format!("{}  {} revoked", list.issuer_shown(), list.revoked.len()),
        pem: None,
        problems: Vec::new(),
        json: json!({
            "version": list.version,
            "issuer": list.issuer_shown(),
            "this_update": time::shown(list.this_update),
            "next_update": list.next_update.map(time::shown),
            "number": list.number,
            "revoked": list.revoked,
        }),
    }
}

/// What is shown about revocation sets, one card for each CA.
pub fn of_sets(sets: &RevocationSets, now: Timestamp) -> Vec<Card> {
    sets.iter().map(|set| set_card(set, now)).collect()
}

fn set_card(set: &RevocationSet, now: Timestamp) -> Card {
    let (issuer, indexes) = (set.issuer().called(), set.indexes());
    let next = when(set.next_update(), now);
    let next = if set.is_stale(now) {
        format!("{next}: it is stale, and proxies refuse every client")
    } else {
        next
    };
    Card {
        title: "revocation set".into(),
        kind: "set",
        rows: vec![
            ("issuer", issuer.clone()),
            ("made", when(set.this_update(), now)),
            ("next due", next),
            ("number", set.number().to_string()),
            (
                "indexes",
                format!("from {} up to, and without, {}", indexes.start, indexes.end),
            ),
            ("revoked", counted(set.revoked(), "certificate")),
        ],
        short: format!("{issuer}  {} revoked", set.revoked()),
        pem: None,
        problems: Vec::new(),
        json: json!({
            "issuer": issuer,
            "number": set.number(),
            "this_update": time::shown(set.this_update()),
            "next_update": time::shown(set.next_update()),
            "first_index": indexes.start,
            "next_index": indexes.end,
            "revoked": set.revoked(),
        }),
    }
}

/// Something that cannot be looked into.
fn locked_card(title: &str, kind: &'static str, what: String, next: &'static str) -> Card {
    let json = json!({ "what": what });
    let short = what.clone();
    let mut rows = vec![("what", what)];
    if !next.is_empty() {
        rows.push(("next", next.to_owned()));
    }
    Card {
        title: title.to_owned(),
        kind,
        rows,
        short,
        pem: None,
        problems: Vec::new(),
        json,
    }
}
