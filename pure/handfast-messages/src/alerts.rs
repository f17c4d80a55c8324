//! The alerts of TLS (RFC 8446 section 6), as each library spells them. An alert says who refused and hides
//! why: libraries choose differently for the same cause, and which of them choose so is said beside it. None is certain.

use handfast_pki::code;

use super::{
    meaning::{Cause, Meaning, guess, likely},
    pattern::{Pattern, received},
};

/// One alert: its number, its number among OpenSSL's reasons, then its name as OpenSSL and Java, rustls, Go, curl and
/// Firefox have it.
macro_rules! alert {
    ($number:literal, $reason:literal, $name:literal, $rustls:literal, $go:literal, $curl:literal, $firefox:literal) => {
        received("a TLS library", &[]).any(&[
            concat!("alert ", $name),
            concat!("alert: ", $name),
            concat!("alert: fatal ", $name),
            concat!("], fatal ", $name),
            concat!("alert: ", $rustls),
            concat!("alertreceived(", $rustls),
            concat!("remote error: tls: ", $go),
            concat!("remote error: ", $go),
            concat!("alert, ", $name, " (", $curl, ")"),
            concat!("alert, unknown (", $curl, ")"),
            concat!("ssl error ", $firefox, " alert"),
            concat!("alert, level: fatal, description: ", $name),
            concat!("tls alert,\"", $name),
            concat!("tls alert,'", $name),
            concat!("tls alert, \"", $name),
            concat!("tls alert,{", $name),
            concat!("tls alert, {:", $name),
            concat!("tls alert, '", $name),
            concat!("alert number ", $number),
            concat!("alert [", $number, "]"),
            concat!("alert code is ", $number),
            concat!("alert code ", $number),
            concat!("alert description ", $number),
            concat!("alert message (msg ", $number, ")"),
            concat!("reason(", $reason, ")"),
            concat!($name, " (", $number, ")"),
            concat!("=", $name),
            concat!("=", $go),
        ])
    };
}

/// The same for a name of everyday words, which counts only where it is said of TLS.
macro_rules! plain_alert {
    ($number:literal, $reason:literal, $name:literal, $rustls:literal, $go:literal, $curl:literal) => {
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
            concat!("alertreceived(", $rustls),
            concat!("remote error: tls: ", $go),
            concat!("alert, ", $name, " (", $curl, ")"),
            concat!("ssl error ", $name, " alert"),
            concat!("alert, level: fatal, description: ", $name),
            concat!("tls alert,\"", $name),
            concat!("tls alert,{", $name),
            concat!("tls alert, {:", $name),
            concat!($name, " (", $number, ")"),
            concat!("alert number ", $number),
            concat!("alert [", $number, "]"),
            concat!("alert code is ", $number),
            concat!("alert message (msg ", $number, ")"),
            concat!("reason(", $reason, ")"),
        ])
    };
}

const OLD_GO: &str = "Go before 1.20 says so of an issuer that it does not know";
const TLS12: &str = "in TLS 1.2, OpenSSL and Go say so where no certificate was sent";
const JAVA_NONE: &str = "Java says so where no certificate was sent";
const JAVA: &str = "Java says so of almost everything";
const NOT_YET: &str =
    "rustls and Go say so of a certificate that is not valid yet; a clock ahead looks expired";

const OLD_PROCESS: Cause = guess(code::OLD_PROCESS).why("the file may be new and the process old");
const MISSING: Cause =
    guess(code::MISSING_INTERMEDIATE).why("a leaf that comes without its intermediate looks the same");

pub(super) const CERTIFICATE_REQUIRED: Meaning = Meaning::received().means(&[
    likely(code::NO_CERTIFICATE),
    guess(code::HELD_BACK).why("it may have one that is below none of the CAs that the server names"),
    guess(code::NO_COMMON_SCHEME).why("it may have one whose signatures the server does not take"),
]);
pub(super) const UNKNOWN_CA: Meaning = Meaning::received()
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
    ]);
pub(super) const EXPIRED: Meaning = Meaning::received()
    .server(&[
        likely(code::EXPIRED).why("it may be the leaf's or a CA's above it"),
        guess(code::CRL_UNUSABLE).why("OpenSSL says so of an expired revocation list, and to every client"),
        guess(code::NOT_YET_VALID).why(NOT_YET),
        OLD_PROCESS,
    ])
    .client(&[
        likely(code::EXPIRED),
        OLD_PROCESS,
        guess(code::NOT_YET_VALID).why(NOT_YET),
    ]);
pub(super) const REVOKED: Meaning = Meaning::received().means(&[
    likely(code::REVOKED),
    guess(code::CRL_UNUSABLE).why("some stacks say so where they cannot find out"),
]);
pub(super) const UNSUPPORTED_CERTIFICATE: Meaning = Meaning::received().means(&[
    likely(code::WRONG_PURPOSE),
    guess(code::VERSION_1).why("rustls says so of an X.509 version 1 certificate"),
    guess(code::NOT_A_CA),
    guess(code::NO_COMMON_SCHEME).why("GnuTLS and Go say so of a kind of key that they do not take"),
]);
pub(super) const DECRYPT_ERROR: Meaning = Meaning::received().means(&[
    likely(code::BAD_SIGNATURE),
    guess(code::KEY_MISMATCH).why("the key in use may not be the certificate's"),
    guess(code::WEAK_KEY).why("rustls says so of a signature that it does not take"),
]);
pub(super) const BAD_CERTIFICATE: Meaning = Meaning::received()
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
    ]);
pub(super) const CERTIFICATE_UNKNOWN: Meaning = Meaning::received()
    .general()
    .server(&[
        likely(code::VAGUE_ALERT),
        likely(code::UNKNOWN_ISSUER).why(JAVA),
        guess(code::IDENTITY_MISMATCH).why("Envoy says so of an identity that its SAN matcher does not list"),
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
    ]);
pub(super) const HANDSHAKE_FAILURE: Meaning = Meaning::received()
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
    ]);
pub(super) const UNRECOGNIZED_NAME: Meaning = Meaning::received().means(&[
    likely(code::WRONG_SNI),
    guess(code::VAGUE_ALERT).why("nginx with ssl_reject_handshake and proxies without a route say so, too"),
]);
pub(super) const NO_APPLICATION_PROTOCOL: Meaning = Meaning::received().means(&[
    likely(code::NO_COMMON_ALPN),
    guess(code::WRONG_SNI).why("the name may lead to a host that speaks another protocol"),
]);
pub(super) const PROTOCOL_VERSION: Meaning = Meaning::received().means(&[
    likely(code::NO_COMMON_VERSION),
    guess(code::NO_COMMON_SCHEME).why("OpenSSL says so of a key that no scheme of the version fits"),
]);
pub(super) const INSUFFICIENT_SECURITY: Meaning =
    Meaning::received().means(&[likely(code::NO_COMMON_CIPHER), guess(code::WEAK_KEY)]);
pub(super) const ACCESS_DENIED: Meaning = Meaning::received().means(&[
    likely(code::NOT_ALLOWED),
    likely(code::UNKNOWN_ISSUER)
        .why("lighttpd with GnuTLS and checks of a server's own say so of any refusal"),
    guess(code::IDENTITY_MISMATCH),
]);
pub(super) const INTERNAL_ERROR: Meaning = Meaning::received().general().means(&[
    likely(code::VAGUE_ALERT),
    guess(code::VERIFY_DEPTH).why("Apache says so of a chain longer than SSLVerifyDepth"),
    guess(code::WRONG_SNI).why("Caddy says so of a name that it does not serve"),
    guess(code::KEY_MISMATCH).why("a server that cannot use its own key says so"),
]);

pub(super) const TABLE: &[Pattern] = &[
    alert!(
        "116",
        "1116",
        "certificate required",
        "certificaterequired",
        "certificate required",
        "628",
        "rx certificate required"
    )
    .says(CERTIFICATE_REQUIRED),
    alert!(
        "48",
        "1048",
        "unknown ca",
        "unknownca",
        "unknown certificate authority",
        "560",
        "unknown ca"
    )
    .says(UNKNOWN_CA),
    alert!(
        "45",
        "1045",
        "certificate expired",
        "certificateexpired",
        "expired certificate",
        "557",
        "expired cert"
    )
    .says(EXPIRED),
    alert!(
        "44",
        "1044",
        "certificate revoked",
        "certificaterevoked",
        "revoked certificate",
        "556",
        "revoked cert"
    )
    .says(REVOKED),
    alert!(
        "43",
        "1043",
        "unsupported certificate",
        "unsupportedcertificate",
        "unsupported certificate",
        "555",
        "unsupported cert"
    )
    .says(UNSUPPORTED_CERTIFICATE),
    alert!(
        "51",
        "1051",
        "decrypt error",
        "decrypterror",
        "error decrypting message",
        "563",
        "decrypt error"
    )
    .says(DECRYPT_ERROR),
    alert!(
        "42",
        "1042",
        "bad certificate",
        "badcertificate",
        "bad certificate",
        "554",
        "bad cert"
    )
    .says(BAD_CERTIFICATE),
    alert!(
        "46",
        "1046",
        "certificate unknown",
        "certificateunknown",
        "unknown certificate",
        "558",
        "certificate unknown"
    )
    .says(CERTIFICATE_UNKNOWN),
    alert!(
        "40",
        "1040",
        "handshake failure",
        "handshakefailure",
        "handshake failure",
        "552",
        "handshake failure"
    )
    .says(HANDSHAKE_FAILURE),
    alert!(
        "112",
        "1112",
        "unrecognized name",
        "unrecognisedname",
        "unrecognized name",
        "624",
        "unrecognized name"
    )
    .says(UNRECOGNIZED_NAME),
    alert!(
        "120",
        "1120",
        "no application protocol",
        "noapplicationprotocol",
        "no application protocol",
        "632",
        "no application protocol"
    )
    .says(NO_APPLICATION_PROTOCOL),
    alert!(
        "70",
        "1070",
        "protocol version",
        "protocolversion",
        "protocol version not supported",
        "582",
        "protocol version"
    )
    .says(PROTOCOL_VERSION),
    alert!(
        "86",
        "1086",
        "inappropriate fallback",
        "inappropriatefallback",
        "inappropriate fallback",
        "598",
        "inappropriate fallback"
    )
    .says(PROTOCOL_VERSION),
    alert!(
        "71",
        "1071",
        "insufficient security",
        "insufficientsecurity",
        "insufficient security level",
        "583",
        "insufficient security"
    )
    .says(INSUFFICIENT_SECURITY),
    plain_alert!(
        "49",
        "1049",
        "access denied",
        "accessdenied",
        "access denied",
        "561"
    )
    .says(ACCESS_DENIED),
    plain_alert!(
        "80",
        "1080",
        "internal error",
        "internalerror",
        "internal error",
        "592"
    )
    .says(INTERNAL_ERROR),
    plain_alert!(
        "47",
        "1047",
        "illegal parameter",
        "illegalparameter",
        "illegal parameter",
        "559"
    )
    .general()
    .means(&[likely(code::VAGUE_ALERT), guess(code::NO_COMMON_CIPHER)]),
    plain_alert!(
        "50",
        "1050",
        "decode error",
        "decodeerror",
        "error decoding message",
        "562"
    )
    .general()
    .means(&[likely(code::VAGUE_ALERT), guess(code::CUT_SHORT)]),
    plain_alert!(
        "20",
        "1020",
        "bad record mac",
        "badrecordmac",
        "bad record mac",
        "532"
    )
    .general()
    .means(&[likely(code::VAGUE_ALERT), guess(code::CUT_SHORT)]),
    plain_alert!(
        "109",
        "1109",
        "missing extension",
        "missingextension",
        "missing extension",
        "621"
    )
    .general()
    .means(&[likely(code::VAGUE_ALERT), guess(code::NO_COMMON_VERSION)]),
];
