//! Which signature schemes a key can be used with (RFC 8446 section 4.2.3).

/// Whether a key, by [`handfast_pki::PublicKey::algorithm`], makes signatures of this scheme in any version of TLS.
pub(super) fn signs_with(key: &str, scheme: u16) -> bool {
    match scheme {
        0x0403 | 0x0203 => key.starts_with("P-"),
        0x0503 => key == "P-384",
        0x0603 => key == "P-521",
        0x0401 | 0x0501 | 0x0601 | 0x0804..=0x0806 => key.starts_with("RSA-"),
        0x0807 => key == "Ed25519",
        0x0904 => key == "ML-DSA-44",
        0x0905 => key == "ML-DSA-65",
        0x0906 => key == "ML-DSA-87",
        _ => false,
    }
}
