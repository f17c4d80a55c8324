//! JSON Web Tokens in compact form (RFC 7519, RFC 7515): verified by keys of a JWK Set (RFC 7517), and signed.
//!
//! In: bytes that others wrote. Out: claims whose signature was verified, or a [`TokenError`] that says why not. The key says
//! which algorithm is meant, never the token (RFC 8725 section 3.1): there is no `none`, and no algorithm with a shared
//! secret. The cryptography is that of aws-lc-rs. Nothing is fetched, and the time is an argument.

#![warn(missing_docs)]

mod claims;
mod error;
mod keys;
mod sign;
mod token;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

pub use crate::{
    claims::{Claims, Expected},
    error::TokenError,
    keys::{Algorithm, Keys, KeysError},
    sign::{Signer, SignerError},
    token::verify,
};

/// Base64 as RFC 7515 section 2 has it: of the alphabet for URLs, without padding.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
