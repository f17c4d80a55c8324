//! Certificates of every kind, also of times that have passed.

use std::fs;

use handfast_ca::{Applicant, Authority, CertRequest, NewAuthority, Requester};
use handfast_pki::{KeyKind, PrivateKey, Profile, certificate::chain_to_pem, name::AltName};
use jiff::{SignedDuration, Timestamp};

use super::Place;

pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// An authority in a folder of the test.
pub(crate) struct Ca(Authority);

/// What a certificate shall be, beyond its names.
pub(crate) struct Wanted {
    pub(crate) profile: Profile,
    pub(crate) key: KeyKind,
    /// When it was issued.
    pub(crate) issued: Timestamp,
    pub(crate) lifetime: Option<SignedDuration>,
}

impl Wanted {
    pub(crate) fn now(profile: Profile) -> Self {
        Self {
            profile,
            key: KeyKind::P256,
            issued: Timestamp::now(),
            lifetime: None,
        }
    }

    pub(crate) fn expired(profile: Profile) -> Self {
        Self {
            issued: ago(5),
            lifetime: Some(DAY),
            ..Self::now(profile)
        }
    }
}

pub(crate) fn ago(days: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(24 * days)
}

impl Ca {
    /// Old enough to have issued certificates that have expired since.
    pub(crate) fn new(place: &Place, name: &str) -> Self {
        Self::founded(place, name, ago(30))
    }

    pub(crate) fn founded(place: &Place, name: &str, at: Timestamp) -> Self {
        let new = NewAuthority {
            name: name.to_owned(),
            key: KeyKind::P256.into(),
            bounds: None,
        };
        let folder = place.path(&format!("authority-{name}"));
        Self(Authority::create(&folder, &new, at).expect("an authority"))
    }

    pub(crate) fn root(&self) -> String {
        self.0.root().expect("a root").to_pem()
    }

    /// Writes `tls.crt`, `tls.key` and `ca.crt` into the folder `out`; names as rules are written.
    pub(crate) fn issue(&self, place: &Place, out: &str, wanted: &Wanted, names: &[&str]) {
        let key = PrivateKey::generate(wanted.key).expect("a key");
        let chain = self.certify(&key, wanted, names);
        let folder = place.path(out);
        fs::create_dir_all(&folder).expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
        write("tls.crt", &chain);
        write("tls.key", &key.to_pem());
        write("ca.crt", &self.root());
    }

    /// A certificate for `key`, and the chain to the root.
    pub(crate) fn certify(&self, key: &PrivateKey, wanted: &Wanted, names: &[&str]) -> String {
        let request = CertRequest {
            profile: wanted.profile.into(),
            applicant: Applicant::holding(key),
            names: names
                .iter()
                .filter(|name| !name.starts_with("cn:"))
                .map(|name| alt_name(name))
                .collect(),
            common_name: names
                .iter()
                .find_map(|name| name.strip_prefix("cn:"))
                .map(str::to_owned),
            lifetime: wanted.lifetime,
            roles: Vec::new(),
        };
        // Some were issued longer ago than others that are there already.
        let clock = self.0.accept_clock(&Requester::Owner, wanted.issued);
        clock.expect("the records");
        let issued = self.0.issue(request, wanted.issued).expect("a certificate");
        chain_to_pem(&issued.chain())
    }
}

fn alt_name(name: &str) -> AltName {
    let (kind, value) = name.split_once(':').expect("TYPE:VALUE");
    match kind {
        "uri" => AltName::uri(value),
        "dns" => AltName::dns(value),
        "ip" => AltName::ip(value),
        "email" => AltName::email(value),
        other => panic!("no such name: {other}"),
    }
    .expect("a good name")
}

/// The usual cast: a proxy, a client that is let in, one that is not, and one of another authority.
pub(crate) fn cast(place: &Place) -> (Ca, Ca) {
    let ours = Ca::new(place, "acme");
    let others = Ca::new(place, "other");
    let (server, client) = (Wanted::now(Profile::Server), Wanted::now(Profile::Client));
    let local = ["uri:spiffe://acme/proxy", "dns:localhost", "ip:127.0.0.1"];
    ours.issue(place, "server", &server, &local);
    ours.issue(place, "web", &client, &["uri:spiffe://acme/web"]);
    ours.issue(place, "api", &client, &["uri:spiffe://acme/api"]);
    others.issue(place, "stranger", &client, &["uri:spiffe://acme/web"]);
    (ours, others)
}

/// How the usual proxy is opened, beside `--to` and `--allow`.
pub(crate) const DOOR: &str = "proxy --listen 127.0.0.1:0 --workers 1 --cert server/tls.crt --key server/tls.key --client-ca server/ca.crt";
