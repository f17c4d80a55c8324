//! Key sets and access tokens of strangers: each is read or refused, and no token is believed that the key has not signed.
#![no_main]

use std::sync::LazyLock;

use handfast_jose::{Keys, Signer, verify};
use handfast_pki::{KeyKind, PrivateKey};
use libfuzzer_sys::fuzz_target;

/// The set with the key that signs, and a token that it has signed.
static KEY: LazyLock<(Keys, String)> = LazyLock::new(|| {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let signer = Signer::from_pkcs8(key.pkcs8()).expect("a key that signs tokens");
    let set = format!("{{\"keys\":[{}]}}", signer.jwk());
    let claims = "{\"sub\":\"web\"}".parse().expect("claims");
    let token = signer.sign(&claims).expect("a token");
    (Keys::read(set.as_bytes()).expect("a set"), token)
});

fuzz_target!(|input: &[u8]| {
    let (keys, token) = &*KEY;
    let _ = Keys::read(input);
    let Ok(text) = std::str::from_utf8(input) else { return };
    assert!(verify(text, keys).is_err());
    // The parts of the true one, and another part in the place of each.
    let parts: Vec<&str> = token.split('.').collect();
    for place in 0..parts.len() {
        let mut parts = parts.clone();
        if parts[place] != text {
            parts[place] = text;
            assert!(verify(&parts.join("."), keys).is_err());
        }
    }
});
