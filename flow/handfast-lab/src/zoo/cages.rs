//! Making the animals.

use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use handfast_pki::{Certificate, KeyKind, certificate::chain_to_pem};
use jiff::{SignedDuration, Timestamp};

use super::ml_dsa;
use crate::{
    Error, Folder,
    forge::{DAY, Holder, Wish, distinguished},
};

type Result<T> = std::result::Result<T, Error>;

/// The common name of good clients, and the name of the user that they are to a database.
const CLIENT: &str = "handfast";
/// The name of a good server that nothing is set up for.
pub const STRANGE: &str = "proxy.lab.example";
/// The names of good servers.
const SERVER: [&str; 3] = ["localhost", "127.0.0.1", STRANGE];

/// Writes the whole zoo into `folder`, as of `now`; good servers have the names `hosts`, too. `openssl` makes the key
/// that our own library refuses to make.
pub fn write(folder: &Folder, hosts: &[&str], now: Timestamp) -> Result<()> {
    let root = Holder::itself(&Wish::ca("Test Root", None, now)?)?;
    let issuing = root.sign(&Wish::ca("Test Issuing CA", None, now)?)?;
    let upper = root.sign(&Wish::ca("Test Upper CA", None, now)?)?;
    let lower = upper.sign(&Wish::ca("Test Lower CA", None, now)?)?;
    let stranger = Holder::itself(&Wish {
        subject: handfast_pki::name::distinguished("Stranger Root", Some("Stranger Inc"))?,
        ..Wish::ca("Stranger Root", None, now)?
    })?;
    let ml_dsa = ml_dsa::Issuing::below(&root, &Wish::ca("Test ML-DSA CA", None, now)?)?;
    folder.write("ca.crt", root.certificate.to_pem())?;
    let zoo = Zoo {
        folder,
        now,
        root,
        issuing,
        upper,
        lower,
        stranger,
        ml_dsa,
    };
    let mut revoked = zoo.fill(&Kind {
        cages: "clients",
        good: Wish::client(CLIENT, now)?.named(&["client.lab.example"])?,
        renamed: Wish::client("other", now)?.named(&["other.example"])?,
        other_purpose: ID_KP_SERVER_AUTH,
        extensions: "extendedKeyUsage = clientAuth\nsubjectAltName = DNS:client.lab.example\n",
    })?;
    let server = Wish::server("proxy.lab.example", now)?.named(&[&SERVER, hosts].concat())?;
    revoked.extend(zoo.fill(&Kind {
        cages: "servers",
        good: server.clone(),
        renamed: Wish::server("other.lab.example", now)?.named(&["other.lab.example"])?,
        other_purpose: ID_KP_CLIENT_AUTH,
        extensions: "extendedKeyUsage = serverAuth\nsubjectAltName = DNS:localhost, IP:127.0.0.1\n",
    })?);
    zoo.below_issuing("renewed", &server)?;
    zoo.lists(&revoked)
}

struct Zoo<'a> {
    folder: &'a Folder,
    now: Timestamp,
    root: Holder,
    issuing: Holder,
    upper: Holder,
    lower: Holder,
    stranger: Holder,
    ml_dsa: ml_dsa::Issuing,
}

/// The half of the zoo for one side.
struct Kind {
    cages: &'static str,
    good: Wish,
    renamed: Wish,
    other_purpose: der::asn1::ObjectIdentifier,
    /// For the certificate that OpenSSL signs.
    extensions: &'static str,
}

impl Zoo<'_> {
    /// All animals of one side; returns the revoked ones.
    // long: one entry per test certificate
    fn fill(&self, kind: &Kind) -> Result<Vec<Certificate>> {
        let place = |name: &str| format!("{}/{name}", kind.cages);
        let good = &kind.good;
        let leaf = self.below_issuing(&place("good"), good)?;
        self.put(&place("no-intermediate"), &leaf, &[])?;
        let revoked = self.below_issuing(&place("revoked"), good)?;
        let spoiled = [
            (
                "expired",
                Wish {
                    not_before: self.now - DAY * 40,
                    not_after: self.now - DAY * 10,
                    ..good.clone()
                },
            ),
            (
                "not-yet",
                Wish {
                    not_before: self.now + SignedDuration::from_hours(2),
                    ..good.clone()
                },
            ),
            (
                "other-purpose",
                Wish {
                    purposes: vec![kind.other_purpose],
                    ..good.clone()
                },
            ),
            (
                "no-purpose",
                Wish {
                    purposes: Vec::new(),
                    ..good.clone()
                },
            ),
            ("other-name", kind.renamed.clone()),
            (
                "version-1",
                Wish {
                    version: 1,
                    ..good.clone()
                },
            ),
            (
                "p-384",
                Wish {
                    key: KeyKind::P384,
                    ..good.clone()
                },
            ),
            (
                "ed25519",
                Wish {
                    key: KeyKind::Ed25519,
                    ..good.clone()
                },
            ),
        ];
        for (name, wish) in &spoiled {
            self.below_issuing(&place(name), wish)?;
        }
        self.put(&place("other-ca"), &self.stranger.sign(good)?, &[])?;
        let itself = Holder::itself(&Wish {
            subject: distinguished("self-signed")?,
            ..good.clone()
        })?;
        self.put(&place("self-signed"), &itself, &[])?;
        let deep = self.lower.sign(good)?;
        let above = [&self.lower.certificate, &self.upper.certificate];
        self.put(&place("deep"), &deep, &above)?;
        self.put(
            &place("ml-dsa"),
            &self.ml_dsa.sign(good)?,
            &[&self.ml_dsa.certificate],
        )?;
        self.weak(&place("rsa-1024"), kind.extensions)?;
        Ok(vec![revoked.certificate])
    }

    fn put(&self, place: &str, holder: &Holder, above: &[&Certificate]) -> Result<()> {
        let chain = std::iter::once(&holder.certificate).chain(above.iter().copied());
        self.folder
            .write(&format!("{place}/tls.crt"), chain_to_pem(chain))?;
        let key = format!("{place}/tls.key");
        self.folder.write(&key, holder.key.to_pem().as_bytes())?;
        self.folder.mode(&key, 0o600)
    }

    fn below_issuing(&self, place: &str, wish: &Wish) -> Result<Holder> {
        let holder = self.issuing.sign(wish)?;
        self.put(place, &holder, &[&self.issuing.certificate])?;
        Ok(holder)
    }

    /// An RSA key of 1024 bits, which our library neither makes nor takes.
    fn weak(&self, place: &str, extensions: &str) -> Result<()> {
        let folder = self.folder;
        folder.write("weak/ca.crt", self.issuing.certificate.to_pem())?;
        folder.write("weak/ca.key", self.issuing.key.to_pem().as_bytes())?;
        folder.write("weak/extensions", extensions)?;
        folder.write(&format!("{place}/.keep"), "")?;
        folder.shell(&format!(
            "openssl req -new -newkey rsa:1024 -nodes -keyout {place}/tls.key -subj '/O=Handfast Lab/CN={CLIENT}' \
             -out weak/csr 2>/dev/null && openssl x509 -req -in weak/csr -CA weak/ca.crt -CAkey weak/ca.key -days 10 \
             -sha256 -extfile weak/extensions -out {place}/leaf.crt -set_serial 0x$(openssl rand -hex 16) 2>/dev/null && \
             cat {place}/leaf.crt weak/ca.crt > {place}/tls.crt && rm -r {place}/leaf.crt {place}/.keep weak"
        ))?;
        folder.mode(&format!("{place}/tls.key"), 0o600)
    }

    /// A list of every CA that stands above a leaf, for some look at the whole chain.
    fn lists(&self, revoked: &[Certificate]) -> Result<()> {
        let (from, until) = (self.now - DAY, self.now + DAY * 7);
        let revoked: Vec<&Certificate> = revoked.iter().collect();
        let mut all = self.issuing.revoke(&revoked, from, until)?;
        for ca in [&self.root, &self.upper, &self.lower] {
            all.push_str(&ca.revoke(&[], from, until)?);
        }
        all.push_str(&self.ml_dsa.empty_list(from, until)?);
        self.folder.write("all.crl", all)
    }
}
