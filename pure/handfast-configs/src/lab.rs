//! For the tests of the readers and rules: files in memory, and what was found as short lines.

use std::{path::Path, sync::LazyLock};

use der::{
    Encode,
    asn1::{BitString, UtcTime},
};
use handfast_pki::{Profile, certificate::chain_to_pem};
use handfast_testkit::{Ca, Leaf, Pair};
use jiff::{SignedDuration, Timestamp};
use x509_cert::{
    Version,
    certificate::Rfc5280,
    crl::{CertificateList, TbsCertList},
    time::Time,
};

pub(super) use super::files::tests::Shelf;
use super::{Kind, Trouble, Wanted, look, outline};
use crate::Judged;

/// The cast, made once.
pub(super) struct Cast {
    pub(super) root: Ca,
    pub(super) issuing: Ca,
    pub(super) other: Ca,
    pub(super) server: Pair,
    pub(super) expired: Pair,
    pub(super) client: Pair,
}

pub(super) static CAST: LazyLock<Cast> = LazyLock::new(|| {
    let root = Ca::root("Acme Root");
    let issuing = root.below("Acme Issuing");
    let now = Timestamp::now();
    let ago = |hours| now - SignedDuration::from_hours(hours);
    let server = Leaf::of(Profile::Server, "spiffe://acme/proxy").dns("localhost");
    let old = Leaf::of(Profile::Server, "spiffe://acme/old").valid(ago(48), ago(24));
    Cast {
        server: issuing.issue(&server),
        expired: issuing.issue(&old),
        client: issuing.issue(&Leaf::of(Profile::Client, "spiffe://acme/web")),
        other: Ca::root("Other Root"),
        issuing,
        root,
    }
});

/// What most configurations of the tests name.
pub(super) fn usual() -> Shelf {
    let cast = &*CAST;
    let pem = |pair: &Pair| (chain_to_pem(&pair.chain), pair.key.to_pem().to_string());
    let (server, server_key) = pem(&cast.server);
    let (expired, expired_key) = pem(&cast.expired);
    let (root, issuing) = (cast.root.certificate.to_pem(), cast.issuing.certificate.to_pem());
    Shelf::new()
        .with("ca.crt", root.clone() + &issuing)
        .with("root.crt", &root)
        .with("issuing.crt", &issuing)
        .with("other.crt", cast.other.certificate.to_pem())
        .with("tls.crt", &server)
        .with("tls.key", &server_key)
        .with("tls.pem", server.clone() + &server_key)
        .with(
            "backwards.crt",
            issuing.clone() + &cast.server.certificate.to_pem(),
        )
        .with("expired.crt", expired)
        .with("expired.key", expired_key)
        .with("client.crt", chain_to_pem(&cast.client.chain[..1]))
        .with("open.key", server_key)
        .open_to("open.key", 0o644)
        .with("empty.crt", "")
        .with("many.crt", many())
}

/// More CAs than a private PKI has.
fn many() -> String {
    let roots = (0..21).map(|number| Ca::root(&format!("Public {number}")).certificate);
    chain_to_pem(&roots.collect::<Vec<_>>())
}

/// The report on `text`.
pub(super) fn report(kind: Kind, text: &str, shelf: Shelf) -> Result<Judged, Trouble> {
    let wanted = Wanted {
        kind: Some(kind),
        folder: None,
        ..Wanted::default()
    };
    let shelf = shelf.with("conf", text);
    outline::tests::ranges_hold(kind, &shelf);
    look(Path::new("conf"), &wanted, &shelf, Timestamp::now())
}

/// What is found in `text`, as `HF-605 certain 3` or `HF-605 certain other.conf:3`, guesses about the application
/// left out.
#[track_caller]
pub(super) fn found(kind: Kind, text: &str) -> Vec<String> {
    found_with(kind, text, usual())
}

#[track_caller]
pub(super) fn found_with(kind: Kind, text: &str, shelf: Shelf) -> Vec<String> {
    let report = report(kind, text, shelf).unwrap_or_else(|trouble| panic!("{trouble}"));
    let shown = report.findings.iter().filter(|finding| {
        ![handfast_pki::code::NOT_FORWARDED, handfast_pki::code::ANY_OF_CA].contains(&finding.code)
    });
    shown.map(line).collect()
}

/// Everything that is found in `text`.
#[track_caller]
pub(super) fn all(kind: Kind, text: &str) -> Vec<String> {
    let report = report(kind, text, usual()).unwrap_or_else(|trouble| panic!("{trouble}"));
    report.findings.iter().map(line).collect()
}

fn line(finding: &handfast_finding::Finding) -> String {
    assert!(
        !finding.because.is_empty() && !finding.help.is_empty(),
        "{finding:#?}"
    );
    let place = finding.place.as_ref().expect("a place");
    assert!(place.text.is_some(), "{finding:#?}");
    let file = if place.file == "conf" {
        String::new()
    } else {
        format!("{}:", place.file)
    };
    format!(
        "{} {} {file}{}",
        finding.code,
        finding.certainty.name(),
        place.line
    )
}

/// How `text` is refused.
#[track_caller]
pub(super) fn refused(kind: Kind, text: &str) -> String {
    match report(kind, text, usual()) {
        Err(trouble) => trouble.to_string(),
        Ok(report) => panic!("it was read: {:#?}", report.findings),
    }
}

/// A revocation list that names nobody.
pub(super) trait Lists {
    /// Good until `left` from now.
    fn list(&self, left: SignedDuration) -> String;
}

impl Lists for Ca {
    fn list(&self, left: SignedDuration) -> String {
        let now = Timestamp::now();
        let time = |at: Timestamp| {
            let since = std::time::Duration::from_secs(u64::try_from(at.as_second()).expect("after 1970"));
            Time::UtcTime(UtcTime::from_unix_duration(since).expect("before 2050"))
        };
        let list = TbsCertList::<Rfc5280> {
            version: Version::V2,
            signature: self.key.signature_algorithm(),
            issuer: der::Decode::from_der(&self.certificate.subject().der()).expect("a name"),
            this_update: time(now - SignedDuration::from_hours(2)),
            next_update: Some(time(now + left)),
            revoked_certificates: None,
            crl_extensions: None,
        };
        let signature = self.key.sign(&list.to_der().expect("encoded")).expect("signed");
        let list = CertificateList {
            signature_algorithm: list.signature.clone(),
            signature: BitString::from_bytes(&signature).expect("whole octets"),
            tbs_cert_list: list,
        };
        handfast_pki::pem::write("X509 CRL", &list.to_der().expect("encoded"))
    }
}
