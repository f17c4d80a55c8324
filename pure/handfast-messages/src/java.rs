//! Java's JSSE and what is built on it: Tomcat, Netty, Kafka, Spring, Android.

use handfast_finding::Refuser::Server;
use handfast_pki::code;

use super::pattern::{Pattern, by, certain, guess, likely, own, received};

const NO_STORE: &str = "Java says so as well where the path of its trust store is wrong";

pub(super) const TABLE: &[Pattern] = &[
    by(Server, "Java", &["empty client certificate chain"]).means(&[
        certain(code::NO_CERTIFICATE),
        guess(code::HELD_BACK).why("Java sends none below CAs that the server does not name"),
        guess(code::P12_WITHOUT_KEY).why("Java sends none when its key store holds no private key"),
    ]),
    by(Server, "Java", &[])
        .any(&[
            "no x.509 certificate for client authentication",
            "no x.509 cert selected for",
            "no x.509 credentials negotiated for certificateverify",
        ])
        .test(
            "javax.net.debug=ssl:handshake shows the CAs that the server names; keytool -list -v shows the key \
             store's PrivateKeyEntry and its chain",
        )
        .means(&[
            likely(code::HELD_BACK).why("no CA that the server names is above the certificate"),
            likely(code::P12_WITHOUT_KEY),
            guess(code::NO_COMMON_SCHEME).why("the server takes no signature of this key"),
        ]),
    // --- the path ----------------------------------------------------------------------------------------
    own("Java", &["path does not chain with any of the trust anchors"])
        .server(&[
            likely(code::UNKNOWN_ISSUER),
            likely(code::BAD_SIGNATURE).why("Java says so of a CA of the right name with another key"),
        ])
        .client(&[
            likely(code::SERVER_UNTRUSTED),
            likely(code::BAD_SIGNATURE).why("Java says so of a CA of the right name with another key"),
        ]),
    own("Java", &[])
        .any(&["pkix path building failed", "unable to find valid certification path"])
        .server(&[
            likely(code::UNKNOWN_ISSUER),
            guess(code::MISSING_INTERMEDIATE),
            guess(code::BAD_TRUST_FILE).why(NO_STORE),
        ])
        .client(&[
            likely(code::SERVER_UNTRUSTED),
            guess(code::SERVER_INTERMEDIATE),
            guess(code::BAD_TRUST_FILE).why(NO_STORE),
            guess(code::INSPECTED),
        ]),
    own("Android", &["trust anchor for certification path not found"])
        .client(&[likely(code::SERVER_UNTRUSTED), guess(code::SERVER_INTERMEDIATE)]),
    own("Java", &["certificateexpiredexception"]).otherwise(Server).means(&[certain(code::EXPIRED)]),
    own("Java", &["certificatenotyetvalidexception"])
        .otherwise(Server)
        .means(&[certain(code::NOT_YET_VALID)]),
    own("Java", &["validity check failed"])
        .general()
        .otherwise(Server)
        .means(&[likely(code::EXPIRED), guess(code::NOT_YET_VALID)]),
    own("Java", &["extended key usage does not permit use for"])
        .otherwise(Server)
        .means(&[certain(code::WRONG_PURPOSE)]),
    own("Java", &["pathlenconstraint violated"]).otherwise(Server).means(&[certain(code::PATH_LENGTH)]),
    own("Java", &[])
        .any(&["this is not a ca certificate", "keycertsign bit is not set"])
        .otherwise(Server)
        .means(&[certain(code::NOT_A_CA)]),
    own("Java", &["name constraints check failed"])
        .otherwise(Server)
        .means(&[certain(code::NAME_CONSTRAINTS)]),
    own("Java", &["unrecognized critical extension"])
        .otherwise(Server)
        .means(&[certain(code::CRITICAL_EXTENSION)]),
    own("Java", &[])
        .any(&["certificate has been revoked", "certificaterevokedexception"])
        .otherwise(Server)
        .means(&[certain(code::REVOKED)]),
    own("Java", &[])
        .any(&["could not determine revocation status", "undetermined revocation status"])
        .otherwise(Server)
        .means(&[likely(code::CRL_UNUSABLE)]),
    own("Java", &[])
        .any(&["algorithm constraints check failed", "do not conform to algorithm constraints"])
        .otherwise(Server)
        .means(&[certain(code::WEAK_KEY)]),
    own("Java", &["java.security.signatureexception: signature does not match"])
        .otherwise(Server)
        .means(&[likely(code::BAD_SIGNATURE)]),
    own("Java", &["subject/issuer name chaining check failed"])
        .otherwise(Server)
        .means(&[likely(code::CHAIN_ORDER), guess(code::MISSING_INTERMEDIATE)]),
    // --- names -------------------------------------------------------------------------------------------
    own("Java", &["no subject alternative names matching ip address"]).client(&[
        likely(code::NAME_MISMATCH),
        likely(code::NO_IP_NAME).why("the client connects by address"),
    ]),
    own("Java", &["no subject alternative names present"]).client(&[
        likely(code::NO_NAMES),
        guess(code::NO_IP_NAME),
    ]),
    own("Java", &[])
        .any(&["no subject alternative dns name matching", "match any of the subject alternative names"])
        .client(&[certain(code::NAME_MISMATCH)]),
    own("Java", &["no name matching", "found"]).client(&[
        certain(code::NAME_MISMATCH),
        guess(code::NO_NAMES).why("Java looked at the common name, so there may be no names beside it"),
    ]),
    own("OkHttp", &["hostname", "not verified"]).client(&[certain(code::NAME_MISMATCH)]),
    // --- versions, suites, schemes -----------------------------------------------------------------------
    own("Java", &["no available authentication scheme"]).otherwise(Server).means(&[
        likely(code::NO_COMMON_SCHEME),
        guess(code::P12_WITHOUT_KEY).why("a server whose key store holds no usable private key says so, too"),
    ]),
    own("Java", &["no cipher suites in common"]).otherwise(Server).means(&[
        certain(code::NO_COMMON_CIPHER),
        guess(code::P12_WITHOUT_KEY).why("a server whose key store holds no usable private key says so, too"),
    ]),
    own("Java", &[])
        .any(&[
            "no appropriate protocol",
            "is not enabled or supported in server context",
            "is not accepted by client preferences",
        ])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_VERSION)]),
    own("Java", &[])
        .any(&["unsupported or unrecognized ssl message", "not an ssl/tls record", "notsslrecordexception"])
        .means(&[certain(code::NOT_TLS)]),
    received("Java", &[])
        .any(&["remote host terminated the handshake", "remote host closed connection during handshake"])
        .general()
        .means(&[
            likely(code::VAGUE_ALERT),
            guess(code::CUT_SHORT),
            guess(code::NO_CERTIFICATE),
            guess(code::UNKNOWN_ISSUER),
        ]),
    by(Server, "Java", &["peer not authenticated"]).means(&[
        likely(code::NO_CERTIFICATE).why("the application looked for a certificate in vain"),
        likely(code::NOT_ASKED).why("the connector may not ask for one: clientAuth, server.ssl.client-auth"),
    ]),
    // --- key stores --------------------------------------------------------------------------------------
    own("Java", &["the trustanchors parameter must be non empty"]).means(&[certain(code::BAD_TRUST_FILE)]),
    own("Java", &["problem accessing trust store"]).means(&[
        certain(code::BAD_TRUST_FILE),
        guess(code::KEY_ENCRYPTED).why("its password may be wrong"),
    ]),
    own("Java", &[])
        .any(&["hmacpbesha256 not available", "pbewithhmacsha256andaes"])
        .means(&[certain(code::P12_TOO_NEW)]),
    own("Java", &[])
        .any(&[
            "keystore password was incorrect",
            "keystore was tampered with, or password was incorrect",
            "given final block not properly padded",
            "cannot recover key",
            "get key failed",
        ])
        .means(&[
            certain(code::KEY_ENCRYPTED).why("the password of the key store is wrong"),
            guess(code::P12_TOO_NEW).why("old Java 8 says so of a container with AES and SHA-256"),
        ]),
    own("Java", &[])
        .any(&["unrecognized keystore format", "invalid keystore format", "derinputstream.getlength"])
        .means(&[certain(code::WRONG_FORMAT)]),
    own("Java", &["does not identify a key entry"]).means(&[certain(code::P12_WITHOUT_KEY)]),
    own("Java", &["trustedcertentry"]).nowhere(&["privatekeyentry"]).means(&[
        likely(code::P12_WITHOUT_KEY).why("no PrivateKeyEntry is listed; a trust store needs none"),
    ]),
];
