//! curl beyond what it repeats of OpenSSL.

use handfast_pki::code;

use super::pattern::{Pattern, certain, guess, likely, own, received};

pub(super) const TABLE: &[Pattern] = &[
    // --- names and pins ----------------------------------------------------------------------------------
    own("curl", &["no alternative certificate subject name matches"])
        .any(&["ipv4 address", "ipv6 address"])
        .client(&[
            likely(code::NAME_MISMATCH),
            likely(code::NO_IP_NAME).why("curl connects by address"),
        ]),
    own("curl", &["no alternative certificate subject name matches"]).client(&[
        certain(code::NAME_MISMATCH),
        guess(code::NO_IP_NAME).why("older releases say so of an address, too"),
    ]),
    own("curl", &["certificate subject name", "does not match target"]).client(&[
        certain(code::NAME_MISMATCH),
        guess(code::NO_NAMES).why("curl looked at the common name"),
    ]),
    own("curl", &[])
        .any(&["does not match pinned public key", "pinned public key"])
        .client(&[certain(code::PIN_CHANGED)]),
    // --- our certificate and key -------------------------------------------------------------------------
    received("curl", &[])
        .any(&["ssl client certificate required", "tls cert problem"])
        .means(&[certain(code::NO_CERTIFICATE), guess(code::HELD_BACK)]),
    own("curl", &["could not load pem client certificate", "no such file"])
        .client(&[certain(code::UNREADABLE)]),
    own("curl", &["could not load pem client certificate"])
        .any(&["no start line", "base64", "asn1"])
        .client(&[certain(code::WRONG_FORMAT)]),
    own("curl", &["could not load pem client certificate"])
        .any(&["too small", "too weak"])
        .client(&[certain(code::WEAK_KEY)]),
    own("curl", &["could not load pem client certificate"]).client(&[
        likely(code::KEY_ENCRYPTED),
        likely(code::WRONG_FORMAT),
        guess(code::UNREADABLE),
    ]),
    own("curl", &["private key does not match the certificate public key"])
        .client(&[certain(code::KEY_MISMATCH), guess(code::CHAIN_ORDER)]),
    own("curl", &["unable to set private key file"]).client(&[
        likely(code::KEY_MISMATCH),
        likely(code::KEY_ENCRYPTED).why("curl says so of a wrong password"),
        guess(code::UNREADABLE).why("curl says so of a key file that is not there"),
        guess(code::WRONG_FORMAT).why("curl says so of a key that is not PEM"),
        guess(code::CHAIN_ORDER),
    ]),
    own("curl", &["could not parse pkcs12 file", "unsupported"]).client(&[certain(code::P12_TOO_OLD)]),
    own("curl", &["could not load pkcs12 client certificate"])
        .client(&[likely(code::P12_WITHOUT_KEY), guess(code::WRONG_FORMAT)]),
    own("curl", &["error reading pkcs12 file"]).client(&[certain(code::WRONG_FORMAT)]),
    own("curl", &[])
        .any(&["openssl engine not found", "ssl crypto engine not found"])
        .client(&[certain(code::TOKEN)]),
    own("curl", &["ssl engine", "not found"]).client(&[certain(code::TOKEN)]),
    // --- its CAs -----------------------------------------------------------------------------------------
    own("curl", &[])
        .any(&[
            "error setting certificate file",
            "error setting certificate verify locations",
            "error adding trust anchors",
        ])
        .client(&[certain(code::BAD_TRUST_FILE)]),
    own("curl", &["ssl peer certificate or ssh remote key was not ok"])
        .general()
        .client(&[
            likely(code::SERVER_UNTRUSTED),
            guess(code::NAME_MISMATCH),
            guess(code::EXPIRED),
        ]),
    // --- the connection ----------------------------------------------------------------------------------
    received("curl", &["received http/0.9 when not allowed"])
        .means(&[likely(code::NOT_TLS).why("http:// was said to a port that speaks TLS")]),
    received("curl", &["empty reply from server"]).general().means(&[
        likely(code::VAGUE_ALERT).why("the server closed without a word"),
        guess(code::NOT_TLS).why("http:// was said to a port that speaks TLS"),
        guess(code::UNKNOWN_ISSUER).why("Node closes so when it does not trust the client"),
        guess(code::NO_CERTIFICATE),
    ]),
    received("curl", &[])
        .any(&["getpeername() failed", "send failure:", "recv failure:"])
        .general()
        .means(&[
            likely(code::VAGUE_ALERT)
                .why("in TLS 1.3 the refusal comes after the handshake, and curl may miss the alert"),
            guess(code::NO_CERTIFICATE),
            guess(code::UNKNOWN_ISSUER),
            guess(code::EXPIRED),
            guess(code::CUT_SHORT),
        ]),
];
