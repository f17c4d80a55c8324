//! The alerts by which one side of TLS tells the other why it refuses (RFC 8446 section 6).
//!
//! In: the number of an alert. Out: its name, and the code of what it most likely means.

use crate::{Code, Purpose, code};

/// The alert `number` by its name in RFC 8446 section 6, or by its number where it has none.
pub fn name(number: u8) -> String {
    let name = match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => return format!("number {number}"),
    };
    name.to_owned()
}

/// What an alert most likely means; an alert alone proves nothing, so vague ones get the vague code.
/// `theirs` is what the sender is to us: a server that refuses a client, or the reverse.
pub fn code(number: u8, theirs: Purpose) -> Code {
    match (number, theirs) {
        (116, _) => code::NO_CERTIFICATE,
        (48, Purpose::Server) => code::UNKNOWN_ISSUER,
        (48, Purpose::Client) => code::SERVER_UNTRUSTED,
        (43, _) => code::WRONG_PURPOSE,
        (44, _) => code::REVOKED,
        (45, _) => code::EXPIRED,
        (49, _) => code::NOT_ALLOWED,
        (51, _) => code::BAD_SIGNATURE,
        (70, _) => code::NO_COMMON_VERSION,
        (112, _) => code::WRONG_SNI,
        (120, _) => code::NO_COMMON_ALPN,
        _ => code::VAGUE_ALERT,
    }
}
