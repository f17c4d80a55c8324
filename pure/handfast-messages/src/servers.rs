//! nginx, Apache, HAProxy and Envoy. What they repeat of OpenSSL stands there.

use handfast_finding::Refuser::{Client, Network, Server};
use handfast_pki::code;

use super::pattern::{Pattern, by, certain, guess, likely, own, received};

const HIDDEN: &str = "the server's error log, at level info, has \"client SSL certificate verify error\" with \
                      a number: 10 is expired, 12 and 3 a revocation list, 20 and 21 an issuer, 26 the purpose";
const DEPTH_0: &str = "HAProxy says so of every fault of the leaf";
const DEPTH_1: &str = "HAProxy says so of every fault above the leaf";
const HAPROXY: &str = "let error-log-format write the number, %[ssl_c_err] of the leaf and %[ssl_c_ca_err] above; \
                       10 is expired, 12 and 3 are revocation lists, 20 and 21 an issuer, 26 the purpose";

pub(super) const TABLE: &[Pattern] = &[
    // --- nginx -------------------------------------------------------------------------------------------
    by(Server, "nginx", &[])
        .any(&[
            "client sent no required ssl certificate",
            "no required ssl certificate was sent",
            "ssl certificate required",
        ])
        .means(&[
            certain(code::NO_CERTIFICATE),
            guess(code::HELD_BACK)
                .why("the client may have one, and none of the CAs that nginx names is above it"),
        ]),
    by(Server, "nginx", &[])
        .any(&["the ssl certificate error", "495 ssl certificate error"])
        .general()
        .test(HIDDEN)
        .means(&[
            likely(code::UNKNOWN_ISSUER),
            likely(code::BAD_CLIENT_CAS).why("the file of client CAs may lack the root"),
            guess(code::MISSING_INTERMEDIATE),
            guess(code::EXPIRED),
            guess(code::WRONG_PURPOSE),
            guess(code::CRL_UNUSABLE)
                .why("nginx refuses every client when ssl_crl is old or lacks one CA of the chain"),
            guess(code::VERIFY_DEPTH).why("ssl_verify_depth is 1 unless it is set"),
        ]),
    own("nginx", &["upstream ssl certificate does not match"]).client(&[certain(code::NAME_MISMATCH)]),
    by(Server, "nginx", &[])
        .any(&[
            "plain http request was sent to https port",
            "plain http request to https port",
        ])
        .means(&[certain(code::NOT_TLS)]),
    by(Server, "a server without TLS", &[])
        .any(&["\\x16\\x03", "\\u0016\\u0003"])
        .means(&[certain(code::NOT_TLS).why("these are the first bytes of a TLS ClientHello")]),
    by(
        Server,
        "nginx",
        &["client attempted to request the server name different from"],
    )
    .means(&[certain(code::MISDIRECTED)]),
    own("nginx", &["directive is duplicate"])
        .any(&["ssl client certificate", "ssl trusted certificate"])
        .otherwise(Server)
        .means(&[certain(code::BAD_CLIENT_CAS).why("several CAs belong into one file")]),
    own("nginx", &["ssl ctx load verify locations"])
        .otherwise(Server)
        .means(&[certain(code::BAD_TRUST_FILE)]),
    own("nginx", &["ssl ctx use privatekey", "failed"])
        .otherwise(Server)
        .means(&[likely(code::KEY_MISMATCH), guess(code::CHAIN_ORDER)]),
    own("nginx", &["pem read bio privatekey() failed"])
        .none(&["ssl: error"])
        .otherwise(Server)
        .means(&[likely(code::KEY_ENCRYPTED), guess(code::WRONG_FORMAT)]),
    // The reason that follows in brackets is OpenSSL's; without one it may be any.
    by(Server, "nginx", &["client ssl certificate verify error"])
        .none(&["verify error: ("])
        .test(HIDDEN)
        .means(&[
            likely(code::REVOKED).why("nginx writes an answer of OCSP here"),
            guess(code::UNKNOWN_ISSUER),
            guess(code::CRL_UNUSABLE),
        ]),
    // --- Apache ------------------------------------------------------------------------------------------
    by(Server, "Apache", &[])
        .any(&["ah02263", "client certificate missing"])
        .means(&[certain(code::NO_CERTIFICATE)]),
    by(Server, "Apache", &[])
        .any(&[
            "ah10158",
            "cannot perform post handshake authentication",
            "verify client post handshake",
        ])
        .means(&[certain(code::ASKED_LATE)]),
    by(Server, "Apache", &[])
        .any(&[
            "ah02261",
            "ah02225",
            "re negotiation handshake failed",
            "re negotiation request failed",
        ])
        .none(&["client verification failed"])
        .means(&[likely(code::ASKED_LATE), guess(code::NO_CERTIFICATE)]),
    by(Server, "Apache", &[])
        .any(&[
            "ah02032",
            "ah02033",
            "no hostname was provided via sni",
            "have no compatible ssl setup",
            "did not provide a hostname using server name indication",
        ])
        .means(&[certain(code::WRONG_SNI)]),
    by(Server, "Apache", &["requested host name does not match"])
        .means(&[likely(code::MISDIRECTED), likely(code::WRONG_SNI)]),
    by(
        Client,
        "Apache",
        &["server certificate does not include an id which matches the server name"],
    )
    .means(&[likely(code::NAME_MISMATCH)]),
    own("Apache", &["certificate and private key", "do not match"])
        .otherwise(Server)
        .means(&[certain(code::KEY_MISMATCH), guess(code::CHAIN_ORDER)]),
    own("Apache", &[])
        .any(&[
            "failed to configure encrypted (?) private key",
            "mod ssl:error: private key not found",
        ])
        .otherwise(Server)
        .means(&[certain(code::KEY_ENCRYPTED)]),
    own("Apache", &["sslca"])
        .any(&["does not exist or is empty"])
        .otherwise(Server)
        .means(&[certain(code::BAD_TRUST_FILE)]),
    own("Apache", &["sslcertificate"])
        .any(&["does not exist or is empty"])
        .otherwise(Server)
        .means(&[certain(code::UNREADABLE)]),
    by(Server, "Apache", &[])
        .any(&[
            "speaking plain http to an ssl enabled server port",
            "http spoken on https port",
        ])
        .means(&[certain(code::NOT_TLS)]),
    // --- HAProxy -----------------------------------------------------------------------------------------
    by(Server, "HAProxy", &["ssl client ca chain cannot be verified"])
        .test(HAPROXY)
        .means(&[
            likely(code::UNKNOWN_ISSUER),
            guess(code::BAD_CLIENT_CAS).why(DEPTH_1),
            guess(code::NOT_A_CA).why(DEPTH_1),
            guess(code::PATH_LENGTH).why(DEPTH_1),
            guess(code::EXPIRED).why("a CA in the chain may be the one that has expired"),
        ]),
    by(Server, "HAProxy", &["ssl client certificate not trusted"])
        .test(HAPROXY)
        .means(&[
            likely(code::UNKNOWN_ISSUER),
            guess(code::EXPIRED).why(DEPTH_0),
            guess(code::WRONG_PURPOSE).why(DEPTH_0),
            guess(code::CRL_UNUSABLE).why(DEPTH_0),
            guess(code::REVOKED).why(DEPTH_0),
            guess(code::NOT_YET_VALID).why(DEPTH_0),
        ]),
    own(
        "HAProxy",
        &["inconsistencies between private key and certificate"],
    )
    .otherwise(Server)
    .means(&[certain(code::KEY_MISMATCH)]),
    own("HAProxy", &["no private key found in"])
        .otherwise(Server)
        .means(&[
            likely(code::P12_WITHOUT_KEY)
                .why("HAProxy wants certificate and key in one file, or the key in FILE.key"),
            guess(code::KEY_ENCRYPTED).why("HAProxy says so of an encrypted key, too"),
        ]),
    own("HAProxy", &["unable to stat ssl certificate"])
        .otherwise(Server)
        .means(&[certain(code::UNREADABLE)]),
    own("HAProxy", &[])
        .any(&["couldn't open the ca file", "'ca file' : unable to load"])
        .otherwise(Server)
        .means(&[certain(code::BAD_TRUST_FILE)]),
    own("HAProxy", &["unable to load ssl certificate into ssl context"])
        .otherwise(Server)
        .means(&[
            likely(code::WEAK_KEY).why("the certificate was read, and OpenSSL does not take it"),
            guess(code::KEY_MISMATCH),
        ]),
    own("HAProxy", &["unable to load certificate from file"])
        .otherwise(Server)
        .means(&[likely(code::WRONG_FORMAT), guess(code::UNREADABLE)]),
    own("HAProxy", &["layer6 invalid response"])
        .general()
        .otherwise(Client)
        .means(&[
            likely(code::SERVER_UNTRUSTED).why("the health check does not trust the backend"),
            guess(code::NO_CERTIFICATE)
                .why("the backend asks for a certificate, and \"server … crt\" is missing"),
            guess(code::NOT_TLS),
        ]),
    // --- Envoy and Istio ---------------------------------------------------------------------------------
    own("Envoy", &[])
        .any(&["san matcher", "verify san list"])
        .means(&[certain(code::IDENTITY_MISMATCH)]),
    own("Envoy", &["failed to load incomplete private key"])
        .otherwise(Server)
        .means(&[likely(code::UNREADABLE), guess(code::WRONG_FORMAT)]),
    own("Envoy", &["failed to load certificate chain from"])
        .none(&["cause:"])
        .otherwise(Server)
        .means(&[certain(code::WRONG_FORMAT)]),
    own("Envoy", &[])
        .any(&[
            "failed to load trusted ca certificates",
            ".pem is empty",
            ".crt is empty",
        ])
        .otherwise(Server)
        .means(&[certain(code::BAD_TRUST_FILE)]),
    received(
        "Envoy",
        &["bad packet length", "decryption failed or bad record mac"],
    )
    .otherwise(Client)
    .general()
    .means(&[
        likely(code::VAGUE_ALERT),
        guess(code::SERVER_UNTRUSTED)
            .why("a client that does not trust Envoy sends its alert before it has keys"),
    ]),
    by(Network, "Envoy", &["secret is not supplied by sds"])
        .means(&[likely(code::UNREADABLE).why("the certificate has not been delivered to the proxy yet")]),
    received(
        "Envoy",
        &["upstream connect error or disconnect/reset before headers"],
    )
    .none(&["tls error:"])
    .general()
    .test("look at %UPSTREAM_TRANSPORT_FAILURE_REASON% in Envoy's access log: it has the reason of TLS")
    .means(&[
        likely(code::VAGUE_ALERT),
        guess(code::NO_CERTIFICATE)
            .why("the backend may ask for a certificate that the cluster does not have"),
        guess(code::SERVER_UNTRUSTED),
        guess(code::NOT_TLS).why("the backend may speak plain text, or TLS where none is expected"),
    ]),
];
