//! What goes into the file, one function for each form.

use handfast_credentials::files::Readers;
use handfast_formats::{
    container::{self, Age, Lock},
    kubernetes, pkcs7,
};
use handfast_pki::{Certificate, Error as PkiError, certificate::chain_to_pem};
use zeroize::Zeroizing;

use super::{
    missing::{counted, missing},
    output::{Form, Goods, Made, Output, has_ending},
};
use crate::failure::Failure;

impl Output<'_> {
    fn add(&mut self, what: impl Into<String>, bytes: Vec<u8>, readers: Readers) {
        self.made.push(Made {
            path: self.args.out.clone(),
            what: what.into(),
            bytes: Zeroizing::new(bytes),
            readers,
        });
    }

    pub(super) fn pem(&mut self, goods: &Goods, certificates: &[Certificate]) {
        let mut text = Zeroizing::new(chain_to_pem(certificates));
        let inside = goods.key.as_ref().filter(|_| self.args.key_out.is_none());
        if let Some(key) = inside {
            text.push_str(&key.to_pem());
        }
        let (what, readers) = match (inside, certificates.len()) {
            (Some(_), 0) => (
                "the private key, PKCS#8, readable by its owner alone".to_owned(),
                Readers::Owner,
            ),
            (Some(_), count) => (
                format!(
                    "{} and the private key, readable by its owner alone",
                    counted(count)
                ),
                Readers::Owner,
            ),
            (None, count) => (counted(count), Readers::Everybody),
        };
        self.add(what, text.as_bytes().to_vec(), readers);
    }

    pub(super) fn der(&mut self, goods: &Goods) -> Result<(), Failure> {
        match (&goods.chain.chain[..], &goods.key) {
            ([], Some(_)) if self.args.key_out.is_some() => Err(Failure::misuse(
                "there is nothing but a key: leave out --key-out, --out takes it",
            )),
            ([], Some(key)) => {
                let what = "the private key, PKCS#8, readable by its owner alone";
                self.add(what, key.pkcs8().to_vec(), Readers::Owner);
                Ok(())
            }
            ([_, more @ ..], _) if goods.chain.cas_alone && !more.is_empty() => {
                let found = format!("{} CA certificates", more.len() + 1);
                Err(missing("one certificate, for DER holds no more", &found)
                    .help("choose --to pem or --to p7b"))
            }
            ([leaf, ..], _) => {
                self.add("the certificate", leaf.der().to_vec(), Readers::Everybody);
                Ok(())
            }
            ([], None) => Err(missing("a certificate or a key", "neither")),
        }
    }

    pub(super) fn p12(&mut self, goods: &Goods) -> Result<(), Failure> {
        let age = if self.args.legacy {
            Age::Legacy
        } else {
            Age::Modern
        };
        let password = self.password.clone().unwrap_or_default();
        let lock = Lock {
            password: &password,
            age,
        };
        let certificates = goods.certificates();
        let about = |error: PkiError| Failure::about("--to p12", &error);
        let (what, bytes) = match (&goods.key, certificates.first()) {
            (Some(key), Some(leaf)) => {
                let alias = leaf.called();
                let bytes = container::write(key, &certificates, &alias, lock).map_err(about)?;
                (
                    "key and certificates as PKCS#12, readable by its owner alone",
                    bytes,
                )
            }
            (None, Some(_)) if goods.chain.cas_alone => (
                "the CA certificates as PKCS#12 without a key: a trust store for Java",
                container::write_trusted(&certificates, lock).map_err(about)?,
            ),
            (None, Some(_)) => {
                return Err(
                    missing("the private key of the certificate", "the certificate alone")
                        .help("give it: --key FILE; without a key there is --to p7b"),
                );
            }
            (_, None) => {
                return Err(missing("the certificate of the key", "the key alone")
                    .help("convert the certificate and give the key with --key FILE"));
            }
        };
        if let Some(path) = &self.password_file {
            self.made.push(Made {
                path: path.clone(),
                what: "its password, readable by its owner alone".into(),
                bytes: Zeroizing::new(format!("{}\n", *password).into_bytes()),
                readers: Readers::Owner,
            });
        }
        self.add(what, bytes.to_vec(), Readers::Owner);
        Ok(())
    }

    pub(super) fn p7b(&mut self, certificates: &[Certificate]) -> Result<(), Failure> {
        if certificates.is_empty() {
            return Err(missing(
                "a certificate",
                "a private key, which PKCS#7 does not hold",
            ));
        }
        let der = pkcs7::write(certificates).map_err(|error| Failure::about("--to p7b", &error))?;
        let as_text = has_ending(&self.args.out, "pem");
        let bytes = if as_text {
            handfast_pki::pem::write("PKCS7", &der).into_bytes()
        } else {
            der
        };
        let form = if as_text { "PEM" } else { "DER" };
        self.add(
            format!("{} as PKCS#7, {form}", counted(certificates.len())),
            bytes,
            Readers::Everybody,
        );
        Ok(())
    }

    pub(super) fn secret(&mut self, goods: &Goods, certificates: &[Certificate]) -> Result<(), Failure> {
        let key = match &goods.key {
            Some(key) if !certificates.is_empty() => key,
            _ => {
                return Err(missing("a certificate and its private key", "one of them alone")
                    .help("give the key with --key FILE"));
            }
        };
        let roots = goods.roots();
        let wanted = kubernetes::Wanted {
            name: &self.secret_name,
            namespace: self.args.namespace.as_deref(),
            key,
            chain: certificates,
            roots: &roots,
        };
        let text = kubernetes::write(&wanted).map_err(|error| Failure::about("--to k8s", &error))?;
        let ca = if roots.is_empty() {
            ""
        } else {
            ", and the root as ca.crt"
        };
        let what = format!(
            "Secret \"{}\" with {} and the key{ca}, readable by its owner alone",
            self.secret_name,
            counted(certificates.len())
        );
        self.add(what, text.as_bytes().to_vec(), Readers::Owner);
        Ok(())
    }

    /// What there is and is not written.
    pub(super) fn left_out(&self, goods: &Goods) -> Vec<String> {
        let mut notes = Vec::new();
        let form = self.args.to.name();
        let key_is_written = self.args.key_out.is_some() || !matches!(self.args.to, Form::Der | Form::P7b);
        if goods.key.is_some() && !key_is_written && !goods.chain.chain.is_empty() {
            notes.push(format!(
                "left out: the private key, which {form} does not hold beside (--key-out FILE)"
            ));
        }
        if self.args.to == Form::Der && goods.chain.chain.len() > 1 {
            notes.push(format!(
                "left out: {} above the leaf; DER holds one certificate",
                counted(goods.chain.chain.len() - 1)
            ));
        }
        if self.takes_root() {
            return notes;
        }
        let roots = goods.roots();
        notes.extend(
            roots
                .iter()
                .filter(|root| goods.given.contains(root))
                .map(|root| {
                    format!(
                        "left out: the root \"{}\"; relying parties already have it (--with-root)",
                        root.called()
                    )
                }),
        );
        notes
    }
}
