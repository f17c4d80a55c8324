//! Which CAs may be trusted at all, and what trusting them means.

use std::path::Path;

use handfast_credentials::files;
use handfast_finding::Problem;
use handfast_pki::{
    AnchorError, Anchors, Certificate, code, constraints,
    pem::{self, Item},
};
use jiff::Timestamp;
use zeroize::Zeroizing;

/// The CAs in the file `path`. All of them have to be fit, for none is left out in silence.
pub fn read(path: &Path, now: Timestamp) -> Result<Vec<Certificate>, Problem> {
    let shown = path.display();
    let bytes = Zeroizing::new(files::read(path)?);
    let items = pem::read(&bytes).map_err(|error| Problem::about(format_args!("\"{shown}\""), &error))?;
    let is_key = |item: &Item| matches!(item, Item::Key(_) | Item::EncryptedKey(_) | Item::Pkcs12(_));
    if items.iter().any(is_key) {
        let message = format!("\"{shown}\" holds a private key, which nobody needs to believe a CA");
        return Err(Problem::new(code::WRONG_FORMAT, message)
            .hint("give the certificate alone; whoever has the key of a CA can pose as anybody to all who believe it"));
    }
    let cas =
        pem::certificates(&bytes).map_err(|error| Problem::about(format_args!("\"{shown}\""), &error))?;
    let unfit = |error: &AnchorError, hint: &str| {
        Problem::new(error.code(), format!("\"{shown}\": {error}")).hint(hint)
    };
    for ca in &cas {
        let anchor = Anchors::new(vec![ca.clone()], now);
        anchor.map_err(|error| match error {
            AnchorError::Expired { .. } => unfit(
                &error,
                "get the CA's new certificate; nobody believes an expired one",
            ),
            _ => unfit(
                &error,
                "give the certificate of the CA that signed it, usually ca.crt or root.crt",
            ),
        })?;
        ca.public_key()
            .must_be_strong()
            .map_err(|error| Problem::about(format_args!("\"{shown}\""), &error))?;
    }
    Ok(cas)
}

/// What it means for the store `target` to hold `cas`.
pub fn meaning(cas: &[Certificate], target: &str) -> Vec<String> {
    let mut notes = Vec::new();
    for ca in cas {
        let called = ca.called();
        notes.push(match constraints::permitted(ca) {
            None => format!(
                "whoever has the key of \"{called}\" can now pose as every host to {target}, for nothing limits its names"
            ),
            Some(names) if constraints::limits_hosts(ca) => format!(
                "whoever has the key of \"{called}\" can now pose to {target} as {}, and as nobody else",
                names.join(", ")
            ),
            Some(names) => format!(
                "whoever has the key of \"{called}\" can now pose to {target} as {}, and as every host whose kind of name \
                 (DNS, IP) is not among these",
                names.join(", ")
            ),
        });
        if !ca.is_self_issued() {
            notes.push(format!(
                "\"{called}\" is an intermediate: OpenSSL and Python believe it together with its root only"
            ));
        }
    }
    notes
}
