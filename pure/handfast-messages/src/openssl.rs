//! OpenSSL and BoringSSL in their own words, which nginx, Apache, Node, Python, curl, Envoy and many more
//! repeat, where a reason means more than the lists say of it (`lists/openssl.rs`, `lists/openssl_verify.rs`): beside
//! another, or for what it is said of.

use handfast_finding::Refuser::Server;
use handfast_pki::code;

use super::pattern::{Cause, Pattern, by, certain, guess, likely, own};

const LISTS: &str = "OpenSSL says this of a revocation list, too";
const KEY_CHANGED: &str = "a CA that was made again under its old name looks like this as well";
const DEPTH: &str = "a chain that is cut off by the verify depth ends in this error";

const ROOT_SENT: &[Cause] = &[
    likely(code::SERVER_UNTRUSTED).why("the server sent its root along, and this client does not trust it"),
    guess(code::INSPECTED).why("an inspecting proxy sends its root along"),
    guess(code::CA_AS_LEAF),
];

pub(super) const TABLE: &[Pattern] = &[
    // --- the path ----------------------------------------------------------------------------------------
    own("OpenSSL", &["unable to get local issuer certificate"])
        .any(&["depth 1", "depth 2", "depth 3", "depth 4"])
        .none(&["1 depth lookup"])
        .server(&[
            likely(code::BAD_CLIENT_CAS).why("the issuing CA is known, what stands above it is not"),
            guess(code::VERIFY_DEPTH).why(DEPTH),
            guess(code::UNKNOWN_ISSUER),
        ])
        .client(&[
            likely(code::SERVER_UNTRUSTED),
            guess(code::SERVER_INTERMEDIATE),
            guess(code::INSPECTED),
        ]),
    own("Node", &["unable to verify leaf signature"])
        .server(&[likely(code::UNKNOWN_ISSUER), likely(code::MISSING_INTERMEDIATE)])
        .client(&[
            likely(code::SERVER_UNTRUSTED),
            likely(code::SERVER_INTERMEDIATE)
                .why("the server sent one certificate, and its issuer is not known"),
        ]),
    own("Node", &["self signed cert in chain"])
        .server(&[likely(code::UNKNOWN_ISSUER), guess(code::CA_AS_LEAF)])
        .client(ROOT_SENT),
    own("OpenSSL", &[])
        .any(&["self signed certificate", "self signed cert"])
        .none(&["generat", "creat", "in certificate chain", "in chain"])
        .otherwise(Server)
        .server(&[certain(code::CA_AS_LEAF)])
        .client(&[likely(code::CA_AS_LEAF), likely(code::SERVER_UNTRUSTED)]),
    own("OpenSSL", &[])
        .any(&["code: 'invalid purpose'"])
        .otherwise(Server)
        .means(&[certain(code::WRONG_PURPOSE)]),
    own("OpenSSL", &[])
        .any(&[
            "ee key too small",
            "ca key too small",
            "ca md too weak",
            "dh key too small",
        ])
        .otherwise(Server)
        .means(&[certain(code::WEAK_KEY)]),
    own("OpenSSL", &["ip address mismatch"]).client(&[likely(code::NO_IP_NAME), likely(code::NAME_MISMATCH)]),
    own("OpenSSL", &[])
        .any(&["hostname mismatch", "email address mismatch"])
        .client(&[certain(code::NAME_MISMATCH)])
        .server(&[certain(code::IDENTITY_MISMATCH)]),
    by(Server, "OpenSSL", &[])
        .any(&[
            "peer did not return a certificate",
            "peer did not provide required client certificate",
        ])
        .means(&[
            certain(code::NO_CERTIFICATE),
            guess(code::HELD_BACK)
                .why("the client may have one, and none of the CAs that the server names is above it"),
        ]),
    // --- versions, suites, schemes -----------------------------------------------------------------------
    own("OpenSSL", &[])
        .any(&[
            "no shared signature algorithms",
            "no suitable signature algorithm",
            "no common signature algorithms",
            "wrong signature type",
        ])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_SCHEME)]),
    own("OpenSSL", &["no shared cipher"]).otherwise(Server).means(&[
        certain(code::NO_COMMON_CIPHER),
        guess(code::NO_COMMON_SCHEME).why("the server's key may be of a kind that the client does not take"),
    ]),
    own("OpenSSL", &[])
        .any(&[
            "no suitable key share",
            "no shared group",
            "no ciphers available",
            "openssl internal:wrong curve",
            "no suitable groups",
        ])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_CIPHER)]),
    own("OpenSSL", &[])
        .any(&[
            "unsupported protocol",
            "no protocols available",
            "version too low",
            "unsupported ssl version",
        ])
        .none(&["scheme", "unsupported protocol \"", "unsupported protocol:"])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_VERSION)]),
    // --- not TLS -----------------------------------------------------------------------------------------
    own("OpenSSL", &["wrong version number"]).means(&[
        likely(code::NOT_TLS)
            .why("what came back is not TLS: an answer in plain text, or a protocol before TLS"),
        guess(code::VAGUE_ALERT)
            .why("a second attempt with an older version may have hidden the first answer"),
    ]),
    own("OpenSSL", &[])
        .any(&[
            "routines::http request",
            "record:http request",
            "ssl: http request",
            "err ssl http request",
            "openssl internal:http request",
        ])
        .otherwise(Server)
        .means(&[certain(code::NOT_TLS)]),
    own("OpenSSL", &[])
        .any(&[
            "packet length too long",
            "hello:unknown protocol",
            "ssl: unknown protocol",
            "err ssl packet length too long",
        ])
        .means(&[likely(code::NOT_TLS)]),
    // --- files -------------------------------------------------------------------------------------------
    own("OpenSSL", &["key values mismatch"]).means(&[
        certain(code::KEY_MISMATCH),
        guess(code::CHAIN_ORDER).why("the first certificate of the file may not be the leaf"),
    ]),
    own("OpenSSL", &[])
        .any(&["mac verify failure", "mac verify error"])
        .means(&[
            likely(code::KEY_ENCRYPTED).why("the password of the container is wrong"),
            guess(code::P12_TOO_NEW).why("an old reader says so of a container with a new kind of MAC"),
        ]),
    own("OpenSSL", &[])
        .any(&[
            "bad decrypt",
            "maybe wrong password",
            "problems getting password",
            "bad password read",
            "empty password",
            "ui routines::processing error",
        ])
        .means(&[certain(code::KEY_ENCRYPTED)]),
    own("OpenSSL", &[])
        .any(&["rc2 40 cbc", "rc2 64 cbc", "pbewithsha1and40bitrc2"])
        .means(&[certain(code::P12_TOO_OLD)]),
    own("OpenSSL", &["digital envelope routines", "unsupported"])
        .means(&[likely(code::P12_TOO_OLD)
            .why("OpenSSL 3 no longer knows an algorithm of the file, such as RC2-40")]),
    own("OpenSSL", &[])
        .any(&["no certificate or crl found", "bad trust file"])
        .means(&[certain(code::BAD_TRUST_FILE)]),
    // In a handshake this is the check of a signature, not a file.
    own("OpenSSL", &["asn1 encoding routines", "evp lib"])
        .otherwise(Server)
        .means(&[likely(code::BAD_SIGNATURE).why(KEY_CHANGED)]),
    own("OpenSSL", &[])
        .any(&[
            "no start line",
            "bad base64 decode",
            "bad end line",
            "wrong tag",
            "nested asn1 error",
            "asn1: structure error",
            "asn1: syntax error",
            "bad base64",
        ])
        .means(&[certain(code::WRONG_FORMAT)]),
    own("OpenSSL", &[])
        .any(&[
            "store routines:ossl store handle load result:unsupported",
            "unable to load certificate",
            "could not read certificate from",
        ])
        .means(&[
            likely(code::WRONG_FORMAT).why("the file holds something else than was asked for"),
            guess(code::UNREADABLE),
        ]),
    own("OpenSSL", &["could not read key from"]).general().means(&[
        likely(code::WRONG_FORMAT).why("the file holds something else than a key"),
        guess(code::KEY_ENCRYPTED),
        guess(code::UNREADABLE),
    ]),
    own("OpenSSL", &[])
        .any(&["pem routines", "pem lib"])
        .general()
        .means(&[
            likely(code::KEY_ENCRYPTED).why("the password of the key is missing or wrong"),
            likely(code::WRONG_FORMAT).why("the file is not PEM, or holds something else"),
            guess(code::P12_WITHOUT_KEY).why("the file holds a certificate and no key"),
        ]),
    own("OpenSSL", &["no such file"])
        .any(&[
            ".pem",
            ".crt",
            ".key",
            ".cer",
            ".p12",
            ".pfx",
            ".jks",
            "fopen(",
            "certificate",
            "private key",
            "cafile",
        ])
        .general()
        .means(&[certain(code::UNREADABLE)]),
    own("OpenSSL", &[])
        .any(&["=permission denied", "=no such file or directory", "avc: denied"])
        .means(&[likely(code::UNREADABLE)]),
    own("a tool", &["wrong password?"]).means(&[
        likely(code::P12_TOO_OLD).why("tools of old say so of algorithms that OpenSSL 3 does not read"),
        likely(code::KEY_ENCRYPTED),
    ]),
    own("OpenSSL", &["permission denied"])
        .any(&[
            ".pem",
            ".crt",
            ".key",
            ".cer",
            ".p12",
            ".pfx",
            ".jks",
            "fopen(",
            "certificate",
            "private key",
            "cafile",
        ])
        .means(&[certain(code::UNREADABLE)]),
    // --- and where nothing more is said ------------------------------------------------------------------
    own("OpenSSL", &["certificate verify failed"])
        .general()
        .server(&[
            likely(code::UNKNOWN_ISSUER),
            guess(code::EXPIRED),
            guess(code::WRONG_PURPOSE),
            guess(code::CRL_UNUSABLE).why(LISTS),
            guess(code::REVOKED),
        ])
        .client(&[
            likely(code::SERVER_UNTRUSTED),
            guess(code::SERVER_INTERMEDIATE),
            guess(code::NAME_MISMATCH),
            guess(code::EXPIRED),
        ]),
];
