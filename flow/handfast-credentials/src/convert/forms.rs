//! What goes into the file, one function for each form. Those that hold the key itself are in `keyed.rs`.

use handfast_finding::Problem;
use handfast_formats::pkcs7;
use handfast_pki::{Certificate, certificate::chain_to_pem, code};
use zeroize::Zeroizing;

use super::{
    goods::Goods,
    missing::{counted, missing},
    output::{Made, Output},
    wanted::has_ending,
};
use crate::files::Readers;

impl Output<'_> {
    pub(super) fn add(&mut self, what: impl Into<String>, bytes: Vec<u8>, readers: Readers) {
        self.made.push(Made {
            path: self.wanted.out.clone(),
            what: what.into(),
            bytes: Zeroizing::new(bytes),
            readers,
        });
    }

    pub(super) fn pem(&mut self, goods: &Goods, certificates: &[Certificate]) {
        let mut text = Zeroizing::new(chain_to_pem(certificates));
        let inside = goods.key.as_ref().filter(|_| self.wanted.key_out.is_none());
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

    pub(super) fn der(&mut self, goods: &Goods) -> Result<(), Problem> {
        match (&goods.chain.chain[..], &goods.key) {
            ([], Some(_)) if self.wanted.key_out.is_some() => Err(Problem::new(
                code::USAGE,
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

    pub(super) fn p7b(&mut self, certificates: &[Certificate]) -> Result<(), Problem> {
        if certificates.is_empty() {
            return Err(missing(
                "a certificate",
                "a private key, which PKCS#7 does not hold",
            ));
        }
        let der = pkcs7::write(certificates).map_err(|error| Problem::about("--to p7b", &error))?;
        let as_text = has_ending(&self.wanted.out, "pem");
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
}
