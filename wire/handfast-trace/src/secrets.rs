//! The traffic secrets of a connection, and what they decrypt (RFC 8446 sections 5.2 and 7, RFC 5246 section
//! 6.3, RFC 5288, RFC 7905).

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::{aead, hkdf, tls_prf};
use zeroize::Zeroizing;

use super::Side;

/// How far one side of a TLS 1.3 connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Early,
    Handshake,
    Application,
}

/// Collects the secrets of our own connections as they are derived, or reads those that others logged.
#[derive(Default)]
pub struct Secrets(Mutex<Kept>);

/// By client random: every record of a connection without secrets asks again, and a browser logs for months.
#[derive(Default)]
struct Kept {
    by_random: HashMap<Vec<u8>, Vec<Secret>>,
    count: usize,
}

struct Secret {
    label: String,
    secret: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(hidden)")
    }
}

impl Secrets {
    /// The most secrets that are kept; a capture of a busy machine has some thousands.
    const MOST: usize = 100_000;

    /// What `SSLKEYLOGFILE` makes programs write (RFC 9850): a label, a client random and a secret to the line.
    /// Lines of another form are passed over.
    pub fn from_key_log(text: &str) -> Self {
        let secrets = Self::default();
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            if let (Some(label), Some(random), Some(secret), None) =
                (words.next(), words.next(), words.next(), words.next())
                && let (Some(random), Some(secret)) = (from_hex(random), from_hex(secret))
            {
                secrets.keep(label, random, secret);
            }
        }
        secrets
    }

    /// Keeps `secret` of the connection that began with `client_random`, under a label of RFC 9850.
    pub fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        self.keep(label, client_random.to_vec(), secret.to_vec());
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).count
    }

    fn keep(&self, label: &str, client_random: Vec<u8>, secret: Vec<u8>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.count < Self::MOST {
            kept.count += 1;
            kept.by_random.entry(client_random).or_default().push(Secret {
                label: label.to_owned(),
                secret: Zeroizing::new(secret),
            });
        }
    }

    /// The traffic secret of `from` at `stage` of the TLS 1.3 connection that began with `client_random`.
    pub(super) fn traffic(
        &self,
        from: Side,
        stage: Stage,
        client_random: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        self.find(
            match (from, stage) {
                (Side::Client, Stage::Early) => "CLIENT_EARLY_TRAFFIC_SECRET",
                (Side::Server, Stage::Early) => return None,
                (Side::Client, Stage::Handshake) => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                (Side::Server, Stage::Handshake) => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                (Side::Client, Stage::Application) => "CLIENT_TRAFFIC_SECRET_0",
                (Side::Server, Stage::Application) => "SERVER_TRAFFIC_SECRET_0",
            },
            client_random,
        )
    }

    /// The master secret of the TLS 1.2 connection that began with `client_random`.
    pub(super) fn master(&self, client_random: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.find("CLIENT_RANDOM", client_random)
    }

    fn find(&self, label: &str, client_random: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.by_random
            .get(client_random)?
            .iter()
            .find(|secret| secret.label == label)
            .map(|secret| secret.secret.clone())
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

/// What opens the records of one direction.
pub(super) struct RecordKey {
    key: aead::LessSafeKey,
    iv: Vec<u8>,
    form: Form,
}

/// How nonce and additional data are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Tls13,
    /// Eight bytes of the nonce stand in the record.
    Gcm12,
    ChaCha12,
}

impl RecordKey {
    /// The key of a TLS 1.3 traffic secret under `suite`.
    pub(super) fn of_traffic(suite: u16, secret: &[u8]) -> Option<Self> {
        let (algorithm, hash) = suite_13(suite)?;
        let secret = hkdf::Prk::new_less_safe(hash, secret);
        let key = expand(&secret, b"key", algorithm.key_len())?;
        Some(Self {
            key: less_safe(algorithm, &key)?,
            iv: expand(&secret, b"iv", aead::NONCE_LEN)?,
            form: Form::Tls13,
        })
    }

    /// The key with which `from` writes in TLS 1.2.
    pub(super) fn of_master(
        suite: u16,
        master: &[u8],
        from: Side,
        client_random: &[u8; 32],
        server_random: &[u8; 32],
    ) -> Option<Self> {
        let (algorithm, form, prf) = suite_12(suite)?;
        let iv_length = if form == Form::Gcm12 { 4 } else { aead::NONCE_LEN };
        let key_length = algorithm.key_len();
        let seed = [server_random.as_slice(), client_random].concat();
        let block = tls_prf::Secret::new(prf, master)
            .ok()?
            .derive(b"key expansion", &seed, 2 * (key_length + iv_length))
            .ok()?;
        // Client's key, server's key, client's IV, server's IV; AEAD suites have no MAC keys.
        let (keys, ivs) = block.as_ref().split_at_checked(2 * key_length)?;
        let of_side = |two: &[u8]| {
            let (client, server) = two.split_at(two.len() / 2);
            if from == Side::Client { client } else { server }.to_vec()
        };
        Some(Self {
            key: less_safe(algorithm, &of_side(keys))?,
            iv: of_side(ivs),
            form,
        })
    }

    /// Decrypts record number `sequence`, given with its header. In TLS 1.3 padding and type are part of what
    /// comes out.
    pub(super) fn open(&self, sequence: u64, record: &[u8]) -> Option<Vec<u8>> {
        let (header, body) = record.split_at_checked(5)?;
        let (explicit, body) = match self.form {
            Form::Gcm12 => body.split_at_checked(8)?,
            Form::Tls13 | Form::ChaCha12 => (&[][..], body),
        };
        let mut nonce = [0; aead::NONCE_LEN];
        if self.form == Form::Gcm12 {
            nonce[..4].copy_from_slice(self.iv.get(..4)?);
            nonce[4..].copy_from_slice(explicit);
        } else {
            nonce.copy_from_slice(self.iv.get(..aead::NONCE_LEN)?);
            for (byte, counted) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
                *byte ^= counted;
            }
        }
        let mut additional = Vec::with_capacity(13);
        if self.form == Form::Tls13 {
            additional.extend_from_slice(header);
        } else {
            let plain = body.len().checked_sub(self.key.algorithm().tag_len())?;
            additional.extend_from_slice(&sequence.to_be_bytes());
            additional.extend_from_slice(header.get(..3)?);
            additional.extend_from_slice(&u16::try_from(plain).ok()?.to_be_bytes());
        }
        let mut body = body.to_vec();
        let opened = self
            .key
            .open_in_place(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::from(additional),
                &mut body,
            )
            .ok()?;
        Some(opened.to_vec())
    }
}

/// The traffic secret after a KeyUpdate (RFC 8446 section 7.2).
pub(super) fn next_traffic(suite: u16, secret: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (_, hash) = suite_13(suite)?;
    let prk = hkdf::Prk::new_less_safe(hash, secret);
    expand(&prk, b"traffic upd", secret.len()).map(Zeroizing::new)
}

fn less_safe(algorithm: &'static aead::Algorithm, key: &[u8]) -> Option<aead::LessSafeKey> {
    Some(aead::LessSafeKey::new(
        aead::UnboundKey::new(algorithm, key).ok()?,
    ))
}

fn suite_13(suite: u16) -> Option<(&'static aead::Algorithm, hkdf::Algorithm)> {
    match suite {
        0x1301 => Some((&aead::AES_128_GCM, hkdf::HKDF_SHA256)),
        0x1302 => Some((&aead::AES_256_GCM, hkdf::HKDF_SHA384)),
        0x1303 => Some((&aead::CHACHA20_POLY1305, hkdf::HKDF_SHA256)),
        _ => None,
    }
}

/// The suites of TLS 1.2 that protect records with an AEAD; older ones stay closed.
fn suite_12(suite: u16) -> Option<(&'static aead::Algorithm, Form, &'static tls_prf::Algorithm)> {
    match suite {
        0x009c | 0x009e | 0xc02b | 0xc02f => Some((&aead::AES_128_GCM, Form::Gcm12, &tls_prf::P_SHA256)),
        0x009d | 0x009f | 0xc02c | 0xc030 => Some((&aead::AES_256_GCM, Form::Gcm12, &tls_prf::P_SHA384)),
        0xcca8..=0xccaa => Some((&aead::CHACHA20_POLY1305, Form::ChaCha12, &tls_prf::P_SHA256)),
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_its_connection_and_its_label() {
        let log =
            "CLIENT_RANDOM 0a 0102\nSERVER_TRAFFIC_SECRET_0 0b 0304\nCLIENT_RANDOM 0a 0506\nno secret\n";
        let secrets = Secrets::from_key_log(log);
        assert_eq!(secrets.count(), 3);
        assert_eq!(
            secrets.master(&[10]).as_deref(),
            Some(&vec![1, 2]),
            "the first is kept"
        );
        let traffic = |random: u8| secrets.traffic(Side::Server, Stage::Application, &[random]);
        assert_eq!(traffic(11).as_deref(), Some(&vec![3, 4]));
        assert_eq!(traffic(10).as_deref(), None, "of another connection");
        assert_eq!(secrets.master(&[11]).as_deref(), None, "of another label");
    }
}
