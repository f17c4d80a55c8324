//! Versions, suites and groups, asked for one by one with greetings of our own making: a server names its choice
//! in its first message, and what it has named is left out of the next greeting.

use handfast_trace::{
    Greeting, Kind, Message, ServerHello,
    greeting::{GROUPS, NEW_SUITES, OLD_SUITES, SCHEMES, USUAL_SUITES},
    group_name, suite_name, version_name,
};

use super::{Check, Grade};
use crate::{Target, patience::Patience, probe};

/// Post-quantum hybrids and ML-KEM alone (draft-ietf-tls-ecdhe-mlkem, draft-ietf-tls-mlkem).
const POST_QUANTUM: [u16; 6] = [0x11ec, 0x11eb, 0x11ed, 0x0200, 0x0201, 0x0202];
const VERSIONS: [u16; 4] = [0x0304, 0x0303, 0x0302, 0x0301];

/// What the server agrees to.
#[derive(Debug, Clone, Default)]
pub(super) struct Offers {
    versions: Vec<u16>,
    /// Of TLS 1.3 and below, each in the order in which the server chose.
    suites: Vec<u16>,
    /// Of TLS 1.3.
    groups: Vec<u16>,
    /// A greeting that was not answered at all.
    trouble: Option<String>,
}

pub(super) async fn offers(target: &Target) -> Offers {
    let mut offers = Offers::default();
    for version in VERSIONS {
        if let Some(hello) = offers.ask(target, version, &suites_of(version), &groups()).await
            && hello.version() == version
        {
            offers.versions.push(version);
        }
    }
    // The suites of TLS 1.2 and below are the same list, and are asked for at the highest of them.
    let newest = offers.versions.iter().copied().find(|version| *version < 0x0304);
    for version in offers
        .versions
        .first()
        .copied()
        .into_iter()
        .filter(|version| *version == 0x0304)
        .chain(newest)
    {
        let mut left = suites_of(version);
        while let Some(hello) = offers.ask(target, version, &left, &groups()).await {
            let Some(place) = left.iter().position(|suite| *suite == hello.suite) else {
                break;
            };
            offers.suites.push(left.remove(place));
        }
    }
    if offers.versions.contains(&0x0304) {
        let mut left = groups();
        while let Some(hello) = offers.ask(target, 0x0304, &NEW_SUITES, &left).await {
            let chosen = hello.group();
            let Some(place) = left.iter().position(|group| Some(*group) == chosen) else {
                break;
            };
            offers.groups.push(left.remove(place));
        }
    }
    offers
}

fn groups() -> Vec<u16> {
    [&POST_QUANTUM[..], &GROUPS].concat()
}

fn suites_of(version: u16) -> Vec<u16> {
    match version {
        0x0304 => NEW_SUITES.to_vec(),
        _ => [&USUAL_SUITES[..], &OLD_SUITES].concat(),
    }
}

impl Offers {
    /// The server's choice; nothing where it wants none of these.
    async fn ask(
        &mut self,
        target: &Target,
        version: u16,
        suites: &[u16],
        groups: &[u16],
    ) -> Option<ServerHello> {
        if suites.is_empty() || groups.is_empty() {
            return None;
        }
        let greeting = Greeting {
            version,
            suites: suites.to_vec(),
            server_name: probe::sni(target),
            alpn: target.alpn.clone(),
            groups: groups.to_vec(),
            schemes: SCHEMES.to_vec(),
        };
        match probe::greeted(target, &[], &greeting, Patience::default()).await {
            Ok(messages) if messages.iter().any(|message| message.kind == Kind::NotTls) => {
                self.trouble = Some("the answer is not TLS".into());
                None
            }
            Ok(messages) => messages.iter().find_map(Message::server_hello).cloned(),
            Err(why) => {
                self.trouble = Some(why);
                None
            }
        }
    }
}

pub(super) fn checks(offers: &Offers) -> Vec<Check> {
    if offers.versions.is_empty() {
        let why = offers
            .trouble
            .as_deref()
            .unwrap_or("no version of TLS was agreed to");
        return ["versions", "suites", "groups"]
            .map(|name| Check::unknown(name, why))
            .to_vec();
    }
    vec![versions(offers), suites(offers), groups_check(offers)]
}

fn versions(offers: &Offers) -> Check {
    let has = |version| offers.versions.contains(&version);
    let names = list(&offers.versions, version_name);
    if has(0x0301) || has(0x0302) {
        return Check::new(
            "versions",
            Grade::C,
            format!("{names}; 1.0 and 1.1 are deprecated (RFC 8996)"),
        )
        .help("leave TLS 1.2 and 1.3 alone, such as ssl_protocols TLSv1.2 TLSv1.3;");
    }
    if !has(0x0304) {
        return Check::new(
            "versions",
            Grade::B,
            format!("{names}; certificates travel in the clear before 1.3"),
        )
        .help("allow TLS 1.3, too");
    }
    Check::new("versions", Grade::APlus, names)
}

fn suites(offers: &Offers) -> Check {
    let names = |is: fn(&str) -> bool| {
        let found: Vec<String> = offers
            .suites
            .iter()
            .map(|suite| suite_name(*suite))
            .filter(|name| is(name))
            .collect();
        found.join(", ")
    };
    let without_secrecy =
        names(|name| name.starts_with("TLS_RSA_") || name.contains("_3DES_") || name.contains("_RC4_"));
    let old = names(|name| name.contains("_CBC_"));
    let help = "leave the suites with ECDHE and an AEAD alone: ECDHE+AESGCM:ECDHE+CHACHA20";
    if !without_secrecy.is_empty() {
        return Check::new(
            "suites",
            Grade::C,
            format!("with the server's key, recorded traffic can be decrypted: {without_secrecy}"),
        )
        .help(help);
    }
    if !old.is_empty() {
        return Check::new("suites", Grade::B, format!("legacy, without an AEAD: {old}")).help(help);
    }
    Check::new("suites", Grade::APlus, list(&offers.suites, suite_name))
}

fn groups_check(offers: &Offers) -> Check {
    if !offers.versions.contains(&0x0304) {
        return Check::new("groups", Grade::A, "post-quantum key exchange needs TLS 1.3");
    }
    if offers.groups.is_empty() {
        return Check::unknown("groups", "the server named no group");
    }
    let names = list(&offers.groups, group_name);
    if offers.groups.iter().any(|group| POST_QUANTUM.contains(group)) {
        return Check::new("groups", Grade::APlus, names);
    }
    Check::new("groups", Grade::A, format!("{names}; none of them post-quantum"))
        .help("take a TLS library with X25519MLKEM768: OpenSSL 3.5, rustls, Go 1.24")
}

fn list(numbers: &[u16], name: fn(u16) -> String) -> String {
    let names: Vec<String> = numbers.iter().map(|number| name(*number)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grades(versions: &[u16], suites: &[u16], groups: &[u16]) -> Vec<Option<Grade>> {
        let offers = Offers {
            versions: versions.to_vec(),
            suites: suites.to_vec(),
            groups: groups.to_vec(),
            trouble: None,
        };
        checks(&offers).iter().map(|check| check.grade).collect()
    }

    #[test]
    fn each_offer_allows_a_best_grade() {
        use Grade::{A, APlus, B, C};
        let best = grades(&[0x0304, 0x0303], &[0x1301, 0xc02b], &[0x11ec, 0x001d]);
        assert_eq!(best, [Some(APlus), Some(APlus), Some(APlus)]);
        let without_pq = grades(&[0x0304], &[0x1301], &[0x001d]);
        assert_eq!(without_pq, [Some(APlus), Some(APlus), Some(A)]);
        // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_RSA_WITH_AES_128_GCM_SHA256
        assert_eq!(grades(&[0x0303], &[0xc013], &[]), [Some(B), Some(B), Some(A)]);
        assert_eq!(
            grades(&[0x0303, 0x0301], &[0x009c], &[]),
            [Some(C), Some(C), Some(A)]
        );
    }

    #[test]
    fn a_server_that_answers_nothing_gets_no_grade() {
        assert_eq!(grades(&[], &[], &[]), [None, None, None]);
    }
}
