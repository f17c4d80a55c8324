//! The traffic secrets of our own connection, and what they decrypt (RFC 8446 sections 5.2 and 7.3).

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::{aead, hkdf};
use rustls::KeyLog;

use super::Side;

/// How far one side of a TLS 1.3 connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Handshake,
    Application,
}

/// Collects the secrets as rustls derives them; for one connection.
#[derive(Default)]
pub struct Secrets(Mutex<Vec<(String, Vec<u8>)>>);

impl KeyLog for Secrets {
    fn log(&self, label: &str, _client_random: &[u8], secret: &[u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((label.to_owned(), secret.to_vec()));
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(hidden)")
    }
}

impl Secrets {
    /// Decrypts record number `sequence` that `from` sent at `stage` under `suite`; the inner plaintext with
    /// its padding and type, or nothing where the secret is missing or does not fit.
    pub(super) fn open(
        &self,
        suite: u16,
        from: Side,
        stage: Stage,
        sequence: u64,
        record: &[u8],
    ) -> Option<Vec<u8>> {
        let label = match (from, stage) {
            (Side::Client, Stage::Handshake) => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            (Side::Server, Stage::Handshake) => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            (Side::Client, Stage::Application) => "CLIENT_TRAFFIC_SECRET_0",
            (Side::Server, Stage::Application) => "SERVER_TRAFFIC_SECRET_0",
        };
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, secret) = secrets.iter().find(|(known, _)| known == label)?;
        let (algorithm, hash) = match suite {
            0x1301 => (&aead::AES_128_GCM, hkdf::HKDF_SHA256),
            0x1302 => (&aead::AES_256_GCM, hkdf::HKDF_SHA384),
            0x1303 => (&aead::CHACHA20_POLY1305, hkdf::HKDF_SHA256),
            _ => return None,
        };
        let secret = hkdf::Prk::new_less_safe(hash, secret);
        let key = expand(&secret, b"key", algorithm.key_len())?;
        let iv = expand(&secret, b"iv", aead::NONCE_LEN)?;
        let mut nonce = <[u8; aead::NONCE_LEN]>::try_from(iv).ok()?;
        for (byte, counted) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
            *byte ^= counted;
        }
        let (header, body) = record.split_at_checked(5)?;
        let mut body = body.to_vec();
        let key = aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, &key).ok()?);
        let opened = key
            .open_in_place(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::from(header),
                &mut body,
            )
            .ok()?;
        Some(opened.to_vec())
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1).
fn expand(secret: &hkdf::Prk, label: &[u8], length: usize) -> Option<Vec<u8>> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let length_bytes = u16::try_from(length).ok()?.to_be_bytes();
    let label_length = [u8::try_from(label.len()).ok()? + 6];
    let info: [&[u8]; 5] = [&length_bytes, &label_length, b"tls13 ", label, &[0]];
    let mut out = vec![0; length];
    secret.expand(&info, Length(length)).ok()?.fill(&mut out).ok()?;
    Some(out)
}
