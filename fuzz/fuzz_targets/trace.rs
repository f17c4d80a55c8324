//! The decoder of what two sides said, with secrets and without.
//!
//! The first byte of the input says how it is read, then come pieces: two bytes with the side, whether the piece is
//! to be sealed, the key, and the length. Without sealing, no change of the input would ever get behind the
//! encryption.
#![no_main]

use std::time::Duration;

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Prk},
    tls_prf,
};
use handfast_trace::{Chunk, Secrets, Side, decode, handshake_id, handshake_time};
use libfuzzer_sys::fuzz_target;

const RFC_8448: [&str; 5] = [
    include_str!("../../wire/handfast-trace/tests/rfc8448/simple.txt"),
    include_str!("../../wire/handfast-trace/tests/rfc8448/resumed_with_early_data.txt"),
    include_str!("../../wire/handfast-trace/tests/rfc8448/retry.txt"),
    include_str!("../../wire/handfast-trace/tests/rfc8448/client_authentication.txt"),
    include_str!("../../wire/handfast-trace/tests/rfc8448/compatibility.txt"),
];
/// Master secret and traffic secret of everything that is sealed here.
const SECRET: [u8; 48] = [7; 48];
const LABELS: [&str; 6] = [
    "CLIENT_RANDOM",
    "CLIENT_EARLY_TRAFFIC_SECRET",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
];

fuzz_target!(|input: &[u8]| {
    let Some((&how, rest)) = input.split_first() else { return };
    let chunks = chunks(rest, how & 4 != 0);
    let secrets = match how & 3 {
        0 => Secrets::default(),
        1 => Secrets::from_key_log(&RFC_8448.join("\n")),
        _ => Secrets::from_key_log(&key_log(&random(&chunks, Side::Client))),
    };
    let messages = decode(&chunks, &secrets);
    handshake_time(&messages);
    for message in &messages {
        message.fields();
        message.details();
        message.certificates();
        message.kind.name();
        message.is_refusal();
        if let Some(hello) = message.client_hello() {
            hello.offers_resumption();
            hello.key_shares();
        }
        if let Some(hello) = message.server_hello() {
            hello.group();
            hello.is_resumption();
        }
    }
    for chunk in &chunks {
        handshake_id(&chunk.bytes);
    }
});

/// The pieces of `input`, sealed where they ask for it, byte by byte where `finely`.
fn chunks(mut input: &[u8], finely: bool) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut sealed = [0; 8];
    while let Some((&[high, low], rest)) = input.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high & 0x0f, low])).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        input = rest;
        let from = if high & 0x80 == 0 { Side::Client } else { Side::Server };
        let bytes = if high & 0x40 == 0 {
            piece.to_vec()
        } else {
            let key = usize::from(high >> 4 & 3);
            let sequence = &mut sealed[key + if from == Side::Client { 0 } else { 4 }];
            let record = if key == 3 {
                seal_12(&chunks, from, piece, *sequence)
            } else {
                seal_13(piece, *sequence)
            };
            *sequence += 1;
            record
        };
        let at = Duration::from_millis(chunks.len() as u64);
        let size = if finely { 1 } else { bytes.len().max(1) };
        chunks.extend(bytes.chunks(size).map(|bytes| Chunk { at, from, bytes: bytes.to_vec() }));
    }
    chunks
}

/// A record of TLS 1.3 under [`SECRET`]; the last byte of `piece` is the type of its content.
fn seal_13(piece: &[u8], sequence: u64) -> Vec<u8> {
    let secret = Prk::new_less_safe(HKDF_SHA256, &SECRET[..32]);
    let iv = expand(&secret, b"iv", 12);
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&iv);
    for (byte, counted) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
        *byte ^= counted;
    }
    let length = u16::try_from(piece.len() + 16).expect("twelve bits and a tag").to_be_bytes();
    let header = [23, 3, 3, length[0], length[1]];
    seal(&expand(&secret, b"key", 16), nonce, &header, piece, &header)
}

/// A record of TLS 1.2 under [`SECRET`]; the first byte of `piece` is its type.
fn seal_12(chunks: &[Chunk], from: Side, piece: &[u8], sequence: u64) -> Vec<u8> {
    let (kind, piece) = piece.split_first().map_or((22, piece), |(kind, rest)| (*kind, rest));
    let seed = [random(chunks, Side::Server), random(chunks, Side::Client)].concat();
    let block = tls_prf::Secret::new(&tls_prf::P_SHA256, &SECRET)
        .and_then(|secret| secret.derive(b"key expansion", &seed, 40))
        .expect("a secret of the right length");
    let (key, salt) = if from == Side::Client { (0, 32) } else { (16, 36) };
    let explicit = sequence.to_be_bytes();
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&block.as_ref()[salt..salt + 4]);
    nonce[4..].copy_from_slice(&explicit);
    let length = |more: usize| u16::try_from(piece.len() + more).expect("twelve bits and a tag").to_be_bytes();
    let additional = [&explicit[..], &[kind, 3, 3], &length(0)].concat();
    let header = [&[kind, 3, 3][..], &length(24), &explicit].concat();
    seal(&block.as_ref()[key..key + 16], nonce, &additional, piece, &header)
}

fn seal(key: &[u8], nonce: [u8; 12], additional: &[u8], piece: &[u8], header: &[u8]) -> Vec<u8> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).expect("16 bytes"));
    let mut body = piece.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(additional), &mut body)
        .expect("a short piece");
    [header, &body].concat()
}

/// The random of the first hello that `from` sent in one piece.
fn random(chunks: &[Chunk], from: Side) -> [u8; 32] {
    let hello = if from == Side::Client { 1 } else { 2 };
    let found = chunks.iter().filter(|chunk| chunk.from == from).find_map(|chunk| match &chunk.bytes[..] {
        [22, 3, _, _, _, kind, _, _, _, _, _, random @ ..] if *kind == hello => random.first_chunk(),
        _ => None,
    });
    found.copied().unwrap_or_default()
}

fn key_log(random: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let line = |label: &str| {
        let secret = if label == "CLIENT_RANDOM" { &SECRET[..] } else { &SECRET[..32] };
        format!("{label} {} {}\n", hex(random), hex(secret))
    };
    LABELS.into_iter().map(line).collect()
}

/// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1).
fn expand(secret: &Prk, label: &[u8], length: usize) -> Vec<u8> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let info: [&[u8]; 5] = [&[0, length as u8], &[label.len() as u8 + 6], b"tls13 ", label, &[0]];
    let mut out = vec![0; length];
    secret.expand(&info, Length(length)).and_then(|okm| okm.fill(&mut out)).expect("a short key");
    out
}
