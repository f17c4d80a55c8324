//! The forms that hold key and certificates together: PKCS#12, a Kubernetes Secret.

use handfast_finding::Problem;
use handfast_formats::{
    container::{self, Age, Lock},
    kubernetes,
};
use handfast_pki::{Certificate, Error as PkiError};

use super::{
    goods::Goods,
    missing::{counted, missing},
    output::{Made, Output},
};
use crate::{files::Readers, password::NewPassword};

impl Output<'_> {
    pub(super) fn p12(&mut self, goods: &Goods) -> Result<(), Problem> {
        let age = if self.wanted.legacy {
            Age::Legacy
        } else {
            Age::Modern
        };
        let chosen = self.password.as_ref();
        let lock = Lock {
            password: chosen.map_or("", |chosen| chosen.text.as_str()),
            age,
        };
        let certificates = goods.certificates();
        let about = |error: PkiError| Problem::about("--to p12", &error);
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
        if let Some((path, line)) = chosen.and_then(NewPassword::to_write) {
            self.made.push(Made {
                path: path.to_owned(),
                what: "its password, readable by its owner alone".into(),
                bytes: line,
                readers: Readers::Owner,
            });
        }
        self.add(what, bytes.to_vec(), Readers::Owner);
        Ok(())
    }

    pub(super) fn secret(&mut self, goods: &Goods, certificates: &[Certificate]) -> Result<(), Problem> {
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
            namespace: self.wanted.namespace.as_deref(),
            key,
            chain: certificates,
            roots: &roots,
        };
        let text = kubernetes::write(&wanted).map_err(|error| Problem::about("--to k8s", &error))?;
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
}
