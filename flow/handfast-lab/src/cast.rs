//! Who takes part: an authority with everything that it and others got wrong. Each certificate stands in a
//! folder of its own as `tls.crt` and `tls.key`, leaf first, and is good but for the one thing it is named for.

use const_oid::db::rfc5280::ID_KP_SERVER_AUTH;
use handfast_pki::{Certificate, KeyKind, certificate::chain_to_pem};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Error, Folder,
    forge::{DAY, Holder, Wish},
};

type Result<T> = std::result::Result<T, Error>;

/// The names of every good server.
const SERVER_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "proxy.lab.example"];

/// Writes everything into `folder`, as of `now`.
pub(crate) fn write(folder: &Folder, now: Timestamp) -> Result<()> {
    let root = Holder::itself(&Wish::ca("Lab Root", None, now)?)?;
    let issuing = root.sign(&Wish::ca("Lab Issuing CA", None, now)?)?;
    folder.write("ca.crt", root.certificate.to_pem())?;
    folder.write("issuing.crt", issuing.certificate.to_pem())?;
    folder.write(
        "issuing-and-root.crt",
        chain_to_pem([&issuing.certificate, &root.certificate]),
    )?;
    // For cases that need a certificate more.
    root.keep(folder, "signers/root")?;
    issuing.keep(folder, "signers/issuing")?;
    let cast = Cast {
        folder,
        now,
        root,
        issuing,
    };
    cast.servers()?;
    cast.clients()?;
    cast.spoiled_clients()?;
    cast.spoiled_issuers()?;
    cast.strangers()?;
    cast.lists()
}

/// Those who sign, and the time that it is for them.
pub(crate) struct Cast<'a> {
    pub(crate) folder: &'a Folder,
    pub(crate) now: Timestamp,
    pub(crate) root: Holder,
    pub(crate) issuing: Holder,
}

impl<'a> Cast<'a> {
    /// The one that was written into `folder`.
    pub(crate) fn of(folder: &'a Folder) -> Result<Self> {
        Ok(Self {
            folder,
            now: Timestamp::now(),
            root: Holder::kept(folder, "signers/root")?,
            issuing: Holder::kept(folder, "signers/issuing")?,
        })
    }

    pub(crate) fn put(&self, place: &str, holder: &Holder, above: &[&Certificate]) -> Result<()> {
        holder.write(self.folder, place, above)
    }

    /// A leaf of the issuing CA.
    pub(crate) fn leaf(&self, place: &str, wish: &Wish) -> Result<Holder> {
        let holder = self.issuing.sign(wish)?;
        self.put(place, &holder, &[&self.issuing.certificate])?;
        Ok(holder)
    }

    pub(crate) fn client(&self) -> Result<Wish> {
        Wish::client("client", self.now)?.named(&["client.lab.example"])
    }

    pub(crate) fn server(&self) -> Result<Wish> {
        Wish::server("proxy.lab.example", self.now)?.named(&SERVER_NAMES)
    }

    fn servers(&self) -> Result<()> {
        let good = self.leaf("server", &self.server()?)?;
        self.put("server-leaf-only", &good, &[])?;
        self.leaf("server-renewed", &self.server()?)?;
        self.leaf(
            "server-expired",
            &Wish {
                not_before: self.now - DAY * 40,
                not_after: self.now - DAY * 10,
                ..self.server()?
            },
        )?;
        self.leaf(
            "server-rsa",
            &Wish {
                key: KeyKind::Rsa2048,
                ..self.server()?
            },
        )?;
        let other_name = Wish::server("other.lab.example", self.now)?.named(&["other.lab.example"])?;
        self.leaf("server-other-name", &other_name)?;
        let names =
            Wish::server("names.lab.example", self.now)?.named(&["localhost", "proxy.lab.example"])?;
        self.leaf("server-without-ip", &names)?;
        self.leaf("server-nameless", &Wish::server("localhost", self.now)?)?;
        let workload = Wish::server("workload", self.now)?.named(&[
            "localhost",
            "127.0.0.1",
            "spiffe://lab.example/billing",
        ])?;
        self.leaf("server-workload", &workload)?;
        Ok(())
    }

    fn clients(&self) -> Result<()> {
        let good = self.leaf("client", &self.client()?)?;
        self.put("client-leaf-only", &good, &[])?;
        // The file that was forgotten lies right there.
        self.put("client-forgotten", &good, &[])?;
        self.folder.copy("issuing.crt", "client-forgotten/issuing.crt")?;
        self.leaf("client-renewed", &self.client()?)?;
        self.leaf(
            "client-ed25519",
            &Wish {
                key: KeyKind::Ed25519,
                ..self.client()?
            },
        )?;
        self.leaf(
            "client-rsa",
            &Wish {
                key: KeyKind::Rsa2048,
                ..self.client()?
            },
        )?;
        let nameless = Wish {
            subject: crate::forge::nameless()?,
            ..self.client()?
        };
        self.leaf("client-nameless", &nameless)?;
        let other_key = Wish {
            wrong_authority_key_id: true,
            ..self.client()?
        };
        self.leaf("client-other-key-id", &other_key)?;
        let other = Wish::client("other", self.now)?.named(&["other.example"])?;
        self.leaf("client-other-name", &other)?;
        Ok(())
    }

    fn spoiled_clients(&self) -> Result<()> {
        let client = self.client()?;
        let spoil = |place: &str, wish: Wish| self.leaf(place, &wish);
        spoil(
            "client-for-servers",
            Wish {
                purposes: vec![ID_KP_SERVER_AUTH],
                ..client.clone()
            },
        )?;
        spoil(
            "client-expired",
            Wish {
                not_before: self.now - DAY * 40,
                not_after: self.now - DAY * 10,
                ..client.clone()
            },
        )?;
        spoil(
            "client-early",
            Wish {
                not_before: self.now + SignedDuration::from_hours(2),
                ..client.clone()
            },
        )?;
        spoil(
            "client-v1",
            Wish {
                version: 1,
                ..client.clone()
            },
        )?;
        spoil(
            "client-ca",
            Wish {
                ca: Some(None),
                ..client.clone()
            },
        )?;
        spoil(
            "client-critical",
            Wish {
                private_critical: true,
                ..client.clone()
            },
        )?;
        let itself = Holder::itself(&Wish {
            subject: crate::forge::distinguished("self-signed")?,
            ..client.clone()
        })?;
        self.put("client-self-signed", &itself, &[])?;
        self.leaf(
            "client-for-years",
            &Wish {
                not_after: self.now + DAY * 1000,
                ..client
            },
        )?;
        Ok(())
    }

    /// Clients below CAs that are not what they should be.
    fn spoiled_issuers(&self) -> Result<()> {
        let client = self.client()?;
        let below = |place: &str, ca: &Holder, wish: &Wish, above: &[&Certificate]| {
            let leaf = ca.sign(wish)?;
            let chain: Vec<&Certificate> = std::iter::once(&ca.certificate)
                .chain(above.iter().copied())
                .collect();
            self.put(place, &leaf, &chain)
        };
        let no_ca = self.root.sign(&Wish {
            ca: None,
            usages: None,
            ..Wish::ca("Lab CA Without Flags", None, self.now)?
        })?;
        below("client-of-no-ca", &no_ca, &client, &[])?;
        let last = self.root.sign(&Wish::ca("Lab Last CA", Some(0), self.now)?)?;
        let one_more = last.sign(&Wish::ca("Lab CA Too Many", None, self.now)?)?;
        below("client-path-length", &one_more, &client, &[&last.certificate])?;
        let confined = self.root.sign(&Wish {
            permitted_dns: Some("corp.example".into()),
            ..Wish::ca("Lab Confined CA", None, self.now)?
        })?;
        below("client-outside", &confined, &client, &[])?;
        let upper = self.root.sign(&Wish::ca("Lab Upper CA", None, self.now)?)?;
        let lower = upper.sign(&Wish::ca("Lab Lower CA", None, self.now)?)?;
        below("client-deep", &lower, &client, &[&upper.certificate])?;
        let ended = self.root.sign(&Wish {
            not_before: self.now - DAY * 90,
            not_after: self.now - DAY * 5,
            ..Wish::ca("Lab Ended CA", None, self.now)?
        })?;
        below("client-of-ended-ca", &ended, &client, &[])
    }

    /// CAs of others, and one that has the name of ours.
    fn strangers(&self) -> Result<()> {
        let client = self.client()?;
        let stranger = Holder::itself(&Wish {
            subject: handfast_pki::name::distinguished("Stranger Root", Some("Stranger Inc"))?,
            ..Wish::ca("Stranger Root", None, self.now)?
        })?;
        self.folder.write("stranger.crt", stranger.certificate.to_pem())?;
        self.put("client-stranger", &stranger.sign(&client)?, &[])?;
        self.put("server-stranger", &stranger.sign(&self.server()?)?, &[])?;
        let again = Holder::itself(&Wish::ca("Lab Root", None, self.now)?)?;
        self.folder.write("root-again.crt", again.certificate.to_pem())?;
        self.put("client-rekeyed", &again.sign(&client)?, &[])?;
        self.put("server-rekeyed", &again.sign(&self.server()?)?, &[])?;
        let nameless = Wish {
            authority_key_id: false,
            ..client
        };
        self.put("client-rekeyed-without-id", &again.sign(&nameless)?, &[])?;
        let ended = Holder::itself(&Wish {
            not_before: self.now - DAY * 400,
            not_after: self.now - DAY * 5,
            ..Wish::ca("Lab Ended Root", None, self.now)?
        })?;
        self.folder.write("ended-root.crt", ended.certificate.to_pem())?;
        self.put("server-of-ended-root", &ended.sign(&self.server()?)?, &[])?;
        let inspection = Holder::itself(&Wish {
            subject: handfast_pki::name::distinguished("Zscaler Root CA", Some("Zscaler Inc."))?,
            ..Wish::ca("Zscaler Root CA", None, self.now)?
        })?;
        self.put("server-inspected", &inspection.sign(&self.server()?)?, &[])
    }

    fn lists(&self) -> Result<()> {
        let revoked = self.leaf("client-revoked", &self.client()?)?;
        let (now, later) = (self.now - DAY, self.now + DAY * 7);
        let of_root = self.root.revoke(&[], now, later)?;
        let of_issuing = self.issuing.revoke(&[&revoked.certificate], now, later)?;
        let ended = self
            .issuing
            .revoke(&[&revoked.certificate], self.now - DAY * 9, self.now - DAY * 2)?;
        self.folder.write("good.crl", format!("{of_issuing}{of_root}"))?;
        self.folder.write("ended.crl", format!("{ended}{of_root}"))?;
        // Without the list of the CA that issues to clients.
        self.folder.write("incomplete.crl", of_root)
    }
}
