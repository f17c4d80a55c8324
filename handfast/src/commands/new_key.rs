//! Where the key of a new CA shall be: the flags of every command that makes one.

use handfast_ca::{KeyChoice, TokenUri};
use handfast_pki::KeyKind;

use super::leaf::key_kinds;
use crate::failure::Failure;

/// The key of a new CA.
#[derive(Debug, clap::Args)]
pub struct NewKey {
    /// The kind of the key to make, or the pkcs11: URI of one in a token; what is not there yet is made there [default: p256,
    /// or the kind of the key before]
    // Read as text and parsed below: an error of the parser would repeat a PIN.
    #[arg(long, value_name = "KIND|URI")]
    key: Option<String>,
    /// The kind of a key that is made in a token [default: p256]
    #[arg(long, value_name = "KIND", value_parser = key_kinds(), requires = "key")]
    kind: Option<KeyKind>,
}

impl NewKey {
    /// Whether something was said.
    pub fn is_given(&self) -> bool {
        self.key.is_some()
    }

    /// What was said.
    pub fn choice(&self) -> Result<Option<KeyChoice>, Failure> {
        let Some(text) = &self.key else { return Ok(None) };
        if text.starts_with("pkcs11:") {
            let uri: TokenUri = text.parse().map_err(handfast_ca::Error::from)?;
            return Ok(Some(KeyChoice::Token(uri, self.kind.unwrap_or(KeyKind::P256))));
        }
        if self.kind.is_some() {
            return Err(
                Failure::misuse("--kind is for a key in a token, and --key names none")
                    .help("give the kind with --key"),
            );
        }
        let kind: KeyKind = text.parse().map_err(|_| {
            let kinds = KeyKind::ALL.map(KeyKind::name).join(", ");
            Failure::misuse(format!("--key: expected {kinds}, or a pkcs11: URI"))
        })?;
        Ok(Some(kind.into()))
    }
}
