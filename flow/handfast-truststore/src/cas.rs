//! Which CAs may be trusted at all, and what trusting them means.

use std::path::Path;

use handfast_credentials::files;
use handfast_finding::Problem;
use handfast_formats::open::{self, Part};
use handfast_pki::{AnchorError, Anchors, Certificate, code, constraints, pem::Item};
use jiff::Timestamp;
use zeroize::Zeroizing;

/// The CAs in the file `path`. All of them have to be fit, for none is left out in silence.
pub fn read(path: &Path, now: Timestamp) -> Result<Vec<Certificate>, Problem> {
    let shown = path.display();
    let bytes = Zeroizing::new(files::read(path)?);
    let opened =
        open::open(&bytes, &[]).map_err(|error| Problem::about(format_args!("\"{shown}\""), &error))?;
    let is_key = |part: &Part| matches!(part.item, Item::Key(_) | Item::EncryptedKey(_));
    if opened.parts.iter().any(is_key) {
        let message = format!("\"{shown}\" holds a private key, which is not needed to trust a CA");
        return Err(Problem::new(code::WRONG_FORMAT, message)
            .help("give the certificate alone; the holder of a CA's key can impersonate every peer to all who trust the CA"));
    }
    let cas =
        open::certificates(&bytes).map_err(|error| Problem::about(format_args!("\"{shown}\""), &error))?;
    let unfit = |error: &AnchorError, hint: &str| {
        Problem::new(error.code(), format!("\"{shown}\": {error}")).help(hint)
    };
    for ca in &cas {
        let anchor = Anchors::new(vec![ca.clone()], now);
        anchor.map_err(|error| match error {
            AnchorError::Expired { .. } => unfit(
                &error,
                "get the CA's new certificate; an expired one is untrusted",
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
                "the holder of the key of \"{called}\" can now impersonate every host to {target}: no name constraints limit this CA"
            ),
            Some(names) if constraints::limits_hosts(ca) => format!(
                "the holder of the key of \"{called}\" can now impersonate {} to {target}, and no other host",
                names.join(", ")
            ),
            Some(names) => format!(
                "the holder of the key of \"{called}\" can now impersonate to {target} {}, and every host whose kind of name \
                 (DNS, IP) is not among these",
                names.join(", ")
            ),
        });
        if !ca.is_self_issued() {
            notes.push(format!(
                "\"{called}\" is an intermediate: OpenSSL and Python trust it together with its root only"
            ));
        }
    }
    notes
}
