//! The alerts of TLS (RFC 8446 section 6), as each library spells them. An alert says who refused and hides
//! why: libraries choose differently for the same cause, and which of them choose so is said beside it.

use handfast_pki::code;

use super::pattern::{Cause, Pattern, certain, guess, likely, received};

/// One alert: its number, then its name as OpenSSL and Java, rustls, Go, curl and Firefox have it.
macro_rules! alert {
    ($number:literal, $name:literal, $rustls:literal, $go:literal, $curl:literal, $firefox:literal) => {
        received("a TLS library", &[]).any(&[
            concat!("alert ", $name),
            concat!("alert: ", $name),
            concat!("alert: fatal ", $name),
            concat!("], fatal ", $name),
            concat!("alert: ", $rustls),
            concat!("remote error: tls: ", $go),
            concat!("alert, ", $name, " (", $curl, ")"),
            concat!("alert, unknown (", $curl, ")"),
            concat!("ssl error ", $firefox, " alert"),
            concat!("alert number ", $number),
            concat!("alert [", $number, "]"),
            concat!("alert code is ", $number),
            concat!("alert code ", $number),
            concat!("alert description ", $number),
            concat!($name, " (", $number, ")"),
            concat!("=", $name),
            concat!("=", $go),
        ])
    };
}

/// The same for a name of everyday words, which counts only where it is said of TLS.
macro_rules! plain_alert {
    ($number:literal, $name:literal, $rustls:literal, $go:literal, $curl:literal) => {
        received("a TLS library", &[]).any(&[
            concat!("tlsv1 alert ", $name),
            concat!("sslv3 alert ", $name),
            concat!("tlsv13 alert ", $name),
            concat!("fatal alert: ", $name),
            concat!("client alert: fatal ", $name),
            concat!("server alert: fatal ", $name),
            concat!("], fatal ", $name),
            concat!("the alert ", $name),
            concat!("fatal alert: ", $rustls),
            concat!("remote error: tls: ", $go),
            concat!("alert, ", $name, " (", $curl, ")"),
            concat!("ssl error ", $name, " alert"),
            concat!($name, " (", $number, ")"),
            concat!("alert number ", $number),
            concat!("alert [", $number, "]"),
            concat!("alert code is ", $number),
        ])
    };
}

const OLD_GO: &str = "Go before 1.20 says so of an issuer that it does not know";
const TLS12: &str = "in TLS 1.2, OpenSSL and Go say so where no certificate was sent";
const JAVA_NONE: &str = "Java says so where no certificate was sent";
const JAVA: &str = "Java says so of almost everything";
const NOT_YET: &str = "rustls and Go say so of a certificate that is not valid yet";

const OLD_PROCESS: Cause = guess(code::OLD_PROCESS).why("the file may be new and the process old");
const MISSING: Cause =
    guess(code::MISSING_INTERMEDIATE).why("a leaf that comes without its intermediate looks the same");

pub(super) const TABLE: &[Pattern] = &[
    alert!(
        "116",
        "certificate required",
        "certificaterequired",
        "certificate required",
        "628",
        "rx certificate required"
    )
    .means(&[
        certain(code::NO_CERTIFICATE),
        guess(code::HELD_BACK).why("it may have one that is below none of the CAs that the server names"),
        guess(code::NO_COMMON_SCHEME).why("it may have one whose signatures the server does not take"),
    ]),
    alert!(
        "48",
        "unknown ca",
        "unknownca",
        "unknown certificate authority",
        "560",
        "unknown ca"
    )
    .server(&[
        likely(code::UNKNOWN_ISSUER),
        MISSING,
        guess(code::BAD_CLIENT_CAS),
        guess(code::CRL_UNUSABLE).why("OpenSSL and rustls say so of a missing revocation list"),
        guess(code::BAD_SIGNATURE).why("a CA that was made again under its old name looks the same"),
        guess(code::CA_AS_LEAF),
    ])
    .client(&[
        likely(code::SERVER_UNTRUSTED),
        guess(code::SERVER_INTERMEDIATE),
        guess(code::INSPECTED),
    ]),
    alert!(
        "45",
        "certificate expired",
        "certificateexpired",
        "expired certificate",
        "557",
        "expired cert"
    )
    .server(&[
        likely(code::EXPIRED),
        guess(code::CRL_UNUSABLE).why("OpenSSL says so of an expired revocation list, and to every client"),
        guess(code::NOT_YET_VALID).why(NOT_YET),
        OLD_PROCESS,
    ])
    .client(&[
        likely(code::EXPIRED),
        OLD_PROCESS,
        guess(code::NOT_YET_VALID).why(NOT_YET),
    ]),
    alert!(
        "44",
        "certificate revoked",
        "certificaterevoked",
        "revoked certificate",
        "556",
        "revoked cert"
    )
    .means(&[certain(code::REVOKED)]),
    alert!(
        "43",
        "unsupported certificate",
        "unsupportedcertificate",
        "unsupported certificate",
        "555",
        "unsupported cert"
    )
    .means(&[
        likely(code::WRONG_PURPOSE),
        guess(code::VERSION_1).why("rustls says so of an X.509 version 1 certificate"),
        guess(code::NOT_A_CA),
    ]),
    alert!(
        "51",
        "decrypt error",
        "decrypterror",
        "error decrypting message",
        "563",
        "decrypt error"
    )
    .means(&[
        likely(code::BAD_SIGNATURE),
        guess(code::KEY_MISMATCH).why("the key in use may not be the certificate's"),
        guess(code::WEAK_KEY).why("rustls says so of a signature that it does not take"),
    ]),
    alert!(
        "42",
        "bad certificate",
        "badcertificate",
        "bad certificate",
        "554",
        "bad cert"
    )
    .general()
    .server(&[
        likely(code::VAGUE_ALERT),
        likely(code::UNKNOWN_ISSUER).why(OLD_GO),
        guess(code::NO_CERTIFICATE).why(JAVA_NONE),
        MISSING,
        guess(code::WRONG_PURPOSE).why("Go says so of the wrong purpose"),
        guess(code::NOT_YET_VALID).why("OpenSSL says so of a certificate that is not valid yet"),
        guess(code::WEAK_KEY).why("OpenSSL says so of a weak key or digest"),
        guess(code::NAME_CONSTRAINTS).why("Go says so of a name outside of the constraints"),
    ])
    .client(&[
        likely(code::VAGUE_ALERT),
        likely(code::SERVER_UNTRUSTED),
        guess(code::NAME_MISMATCH).why("many clients say so of a name that does not fit"),
        guess(code::NOT_YET_VALID),
    ]),
    alert!(
        "46",
        "certificate unknown",
        "certificateunknown",
        "unknown certificate",
        "558",
        "certificate unknown"
    )
    .general()
    .server(&[
        likely(code::VAGUE_ALERT),
        likely(code::UNKNOWN_ISSUER).why(JAVA),
        guess(code::EXPIRED).why(JAVA),
        guess(code::WRONG_PURPOSE).why(JAVA),
        guess(code::CRL_UNUSABLE).why("Apache says so of an expired revocation list"),
        guess(code::NAME_CONSTRAINTS).why("OpenSSL says so of a name outside of the constraints"),
        guess(code::CRITICAL_EXTENSION).why("OpenSSL says so of a critical extension"),
    ])
    .client(&[
        likely(code::VAGUE_ALERT),
        likely(code::SERVER_UNTRUSTED).why("Java and Chrome say so of a CA that they do not trust"),
        guess(code::NAME_MISMATCH),
        guess(code::EXPIRED),
    ]),
    alert!(
        "40",
        "handshake failure",
        "handshakefailure",
        "handshake failure",
        "552",
        "handshake failure"
    )
    .general()
    .server(&[
        likely(code::VAGUE_ALERT),
        guess(code::NO_CERTIFICATE).why(TLS12),
        guess(code::NO_COMMON_CIPHER),
        guess(code::NO_COMMON_SCHEME),
        guess(code::NO_COMMON_VERSION),
        guess(code::HELD_BACK),
    ])
    .client(&[
        likely(code::VAGUE_ALERT),
        guess(code::NO_COMMON_CIPHER),
        guess(code::NO_COMMON_SCHEME),
    ]),
    alert!(
        "112",
        "unrecognized name",
        "unrecognisedname",
        "unrecognized name",
        "624",
        "unrecognized name"
    )
    .means(&[certain(code::WRONG_SNI)]),
    alert!(
        "120",
        "no application protocol",
        "noapplicationprotocol",
        "no application protocol",
        "632",
        "no application protocol"
    )
    .means(&[certain(code::NO_COMMON_ALPN)]),
    alert!(
        "70",
        "protocol version",
        "protocolversion",
        "protocol version not supported",
        "582",
        "protocol version"
    )
    .means(&[certain(code::NO_COMMON_VERSION)]),
    alert!(
        "86",
        "inappropriate fallback",
        "inappropriatefallback",
        "inappropriate fallback",
        "598",
        "inappropriate fallback"
    )
    .means(&[certain(code::NO_COMMON_VERSION)]),
    alert!(
        "71",
        "insufficient security",
        "insufficientsecurity",
        "insufficient security level",
        "583",
        "insufficient security"
    )
    .means(&[likely(code::NO_COMMON_CIPHER), guess(code::WEAK_KEY)]),
    plain_alert!("49", "access denied", "accessdenied", "access denied", "561").means(&[
        likely(code::NOT_ALLOWED),
        guess(code::IDENTITY_MISMATCH),
        guess(code::UNKNOWN_ISSUER).why("a check of the server's own may say so of anything"),
    ]),
    plain_alert!("80", "internal error", "internalerror", "internal error", "592")
        .general()
        .means(&[
            likely(code::VAGUE_ALERT),
            guess(code::VERIFY_DEPTH).why("Apache says so of a chain longer than SSLVerifyDepth"),
            guess(code::WRONG_SNI).why("Caddy says so of a name that it does not serve"),
        ]),
    plain_alert!(
        "47",
        "illegal parameter",
        "illegalparameter",
        "illegal parameter",
        "559"
    )
    .general()
    .means(&[likely(code::VAGUE_ALERT), guess(code::NO_COMMON_CIPHER)]),
    plain_alert!(
        "50",
        "decode error",
        "decodeerror",
        "error decoding message",
        "562"
    )
    .general()
    .means(&[likely(code::VAGUE_ALERT), guess(code::CUT_SHORT)]),
    plain_alert!("20", "bad record mac", "badrecordmac", "bad record mac", "532")
        .general()
        .means(&[likely(code::VAGUE_ALERT), guess(code::CUT_SHORT)]),
    plain_alert!(
        "109",
        "missing extension",
        "missingextension",
        "missing extension",
        "621"
    )
    .general()
    .means(&[likely(code::VAGUE_ALERT), guess(code::NO_COMMON_VERSION)]),
];
