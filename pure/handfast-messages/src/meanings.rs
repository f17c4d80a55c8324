//! What the rows of lists mean, each cause once. A list has its own name for a cause; what the cause is, and what
//! looks the same, is the same everywhere.

use handfast_finding::Refuser::{Client, Server};
use handfast_pki::code;

use super::meaning::{Meaning, certain, guess, likely};

const ALONE: &str = "a leaf that comes without its intermediate looks the same";
const KEY_CHANGED: &str = "a CA that was made again under its old name looks the same";
const FORGOT: &str = "a server that forgot its intermediate looks the same";
const INSPECTS: &str = "an inspecting proxy signs with a CA of its own";
const DEPTH_CUTS: &str = "a chain that is cut off by the verify depth ends in this error";
const LATE: &str = "in TLS 1.3 a refused client may see nothing but the end of the connection";
const SILENT: &str = "the peer closed without a word";
const STABLE: &str = "does it end at the same message every time, and with TLS 1.2 as well? A refusal is stable \
                      and quick; a path that loses packets stalls";

// --- no certificate ----------------------------------------------------------------------------------------

pub(super) const NO_CERTIFICATE: Meaning = Meaning::by(Server).means(&[
    certain(code::NO_CERTIFICATE),
    guess(code::HELD_BACK)
        .why("the client may have one, and none of the CAs that the server names is above it"),
]);
/// The client's library found none to send.
pub(super) const NONE_TO_SEND: Meaning = Meaning::by(Server).means(&[
    likely(code::NO_CERTIFICATE),
    likely(code::HELD_BACK).why("none of the CAs that the server names is above the certificate"),
    guess(code::P12_WITHOUT_KEY),
    guess(code::UNREADABLE),
]);

// --- the path ----------------------------------------------------------------------------------------------

pub(super) const UNTRUSTED: Meaning = Meaning::own()
    .server(&[
        likely(code::UNKNOWN_ISSUER),
        guess(code::MISSING_INTERMEDIATE).why(ALONE),
        guess(code::VERIFY_DEPTH).why(DEPTH_CUTS),
        guess(code::BAD_SIGNATURE).why(KEY_CHANGED),
    ])
    .client(&[
        likely(code::SERVER_UNTRUSTED),
        guess(code::SERVER_INTERMEDIATE).why(FORGOT),
        guess(code::INSPECTED).why(INSPECTS),
        guess(code::BAD_SIGNATURE).why(KEY_CHANGED),
    ]);
/// Verification failed, and the text does not say of what.
pub(super) const UNVERIFIED_CHAIN: Meaning = Meaning::own()
    .general()
    .server(&[
        likely(code::UNKNOWN_ISSUER),
        guess(code::MISSING_INTERMEDIATE).why(ALONE),
        guess(code::EXPIRED),
        guess(code::WRONG_PURPOSE),
        guess(code::CRL_UNUSABLE),
        guess(code::REVOKED),
    ])
    .client(&[
        likely(code::SERVER_UNTRUSTED),
        guess(code::SERVER_INTERMEDIATE).why(FORGOT),
        guess(code::NAME_MISMATCH),
        guess(code::EXPIRED),
        guess(code::INSPECTED).why(INSPECTS),
    ]);
/// The same of a library that embedded clients use, with the server's side among the candidates.
pub(super) const CLIENT_REFUSED: Meaning = Meaning::by(Client).means(&[
    likely(code::SERVER_UNTRUSTED),
    guess(code::SERVER_INTERMEDIATE).why(FORGOT),
    guess(code::NAME_MISMATCH),
    guess(code::EXPIRED),
]);
pub(super) const VERIFY_FLAGS: Meaning = Meaning::own()
    .general()
    .test("mbedtls_ssl_get_verify_result gives the flags, and they say what failed")
    .server(&[
        likely(code::UNKNOWN_ISSUER),
        guess(code::MISSING_INTERMEDIATE).why(ALONE),
        guess(code::EXPIRED),
        guess(code::WRONG_PURPOSE),
    ])
    .client(&[
        likely(code::SERVER_UNTRUSTED),
        guess(code::SERVER_INTERMEDIATE).why(FORGOT),
        guess(code::NAME_MISMATCH),
        guess(code::EXPIRED),
        guess(code::NOT_YET_VALID).why("a device without a clock lives in 1970"),
    ]);
pub(super) const LEAF_ALONE: Meaning = Meaning::own()
    .server(&[
        likely(code::UNKNOWN_ISSUER),
        likely(code::MISSING_INTERMEDIATE)
            .why("the client sent one certificate, and its issuer is not known"),
        guess(code::BAD_SIGNATURE).why(KEY_CHANGED),
    ])
    .client(&[
        likely(code::SERVER_INTERMEDIATE).why("the server sent one certificate, and its issuer is not known"),
        likely(code::SERVER_UNTRUSTED),
        guess(code::BAD_SIGNATURE).why(KEY_CHANGED),
    ]);
pub(super) const ROOT_UNKNOWN: Meaning = Meaning::own()
    .server(&[
        likely(code::BAD_CLIENT_CAS).why("the issuing CA is known, the root above it is not"),
        guess(code::VERIFY_DEPTH).why(DEPTH_CUTS),
    ])
    .client(&[
        likely(code::SERVER_UNTRUSTED).why("the intermediate is known, the root above it is not"),
        guess(code::INSPECTED).why(INSPECTS),
    ]);
pub(super) const SELF_SIGNED: Meaning = Meaning::own()
    .server(&[certain(code::CA_AS_LEAF)])
    .client(&[likely(code::CA_AS_LEAF), likely(code::SERVER_UNTRUSTED)]);
pub(super) const ROOT_SENT: Meaning = Meaning::own()
    .server(&[
        likely(code::CA_AS_LEAF),
        likely(code::UNKNOWN_ISSUER).why("the client sent its root along, and the server does not trust it"),
    ])
    .client(&[
        likely(code::SERVER_UNTRUSTED)
            .why("the server sent its root along, and this client does not trust it"),
        guess(code::INSPECTED).why("an inspecting proxy sends its root along"),
        guess(code::CA_AS_LEAF),
    ]);
pub(super) const CA_AS_LEAF: Meaning = Meaning::own().means(&[certain(code::CA_AS_LEAF)]);
pub(super) const DEPTH: Meaning = Meaning::own().means(&[certain(code::VERIFY_DEPTH)]);
pub(super) const NOT_A_CA: Meaning = Meaning::own().means(&[certain(code::NOT_A_CA)]);
pub(super) const PATH_LENGTH: Meaning = Meaning::own().means(&[certain(code::PATH_LENGTH)]);
pub(super) const NAME_CONSTRAINTS: Meaning = Meaning::own().means(&[certain(code::NAME_CONSTRAINTS)]);
pub(super) const SIGNATURE: Meaning = Meaning::own().means(&[likely(code::BAD_SIGNATURE)]);
/// A rule of RFC 5280 that strict verification holds certificates to.
pub(super) const STRICT: Meaning = Meaning::own()
    .means(&[certain(code::LINT)
        .why("strict verification (Python since 3.13, X509_V_FLAG_X509_STRICT) demands it")]);
/// The same of a certificate that signs.
pub(super) const STRICT_CA: Meaning = Meaning::own().means(&[certain(code::NOT_A_CA)
    .why("strict verification (Python since 3.13, X509_V_FLAG_X509_STRICT) demands it")]);

// --- the certificate itself --------------------------------------------------------------------------------

pub(super) const EXPIRED: Meaning = Meaning::own().means(&[certain(code::EXPIRED)]);
pub(super) const NOT_YET_VALID: Meaning = Meaning::own().means(&[certain(code::NOT_YET_VALID)]);
pub(super) const DATES: Meaning = Meaning::own().means(&[likely(code::EXPIRED), likely(code::NOT_YET_VALID)]);
pub(super) const REVOKED: Meaning = Meaning::own().means(&[certain(code::REVOKED)]);
pub(super) const CRL: Meaning = Meaning::own().means(&[certain(code::CRL_UNUSABLE)]);
pub(super) const REVOCATION_UNKNOWN: Meaning = Meaning::own().means(&[likely(code::CRL_UNUSABLE)]);
pub(super) const PURPOSE: Meaning = Meaning::own().means(&[certain(code::WRONG_PURPOSE)]);
pub(super) const WEAK: Meaning = Meaning::own().means(&[certain(code::WEAK_KEY)]);
pub(super) const CRITICAL: Meaning = Meaning::own().means(&[certain(code::CRITICAL_EXTENSION)]);
pub(super) const VERSION_1: Meaning = Meaning::own().means(&[certain(code::VERSION_1)]);
pub(super) const MALFORMED: Meaning = Meaning::own().means(&[
    likely(code::WRONG_FORMAT).why("the certificate cannot be decoded"),
    guess(code::LINT),
]);

// --- names -------------------------------------------------------------------------------------------------

pub(super) const NAME: Meaning = Meaning::own()
    .client(&[certain(code::NAME_MISMATCH)])
    .server(&[certain(code::IDENTITY_MISMATCH)]);
pub(super) const IP_NAME: Meaning = Meaning::own()
    .client(&[likely(code::NO_IP_NAME), likely(code::NAME_MISMATCH)])
    .server(&[likely(code::IDENTITY_MISMATCH)]);
pub(super) const IDENTITY: Meaning = Meaning::own().means(&[likely(code::IDENTITY_MISMATCH)]);
pub(super) const PIN: Meaning = Meaning::own().client(&[certain(code::PIN_CHANGED)]);
pub(super) const NOT_ALLOWED: Meaning = Meaning::by(Server).means(&[
    likely(code::NOT_ALLOWED),
    guess(code::UNMAPPED).why("the rule may know the client by another name"),
    guess(code::NOT_ASKED).why("without mutual TLS on this port there is no identity to allow"),
]);

// --- files -------------------------------------------------------------------------------------------------

pub(super) const KEY_MISMATCH: Meaning = Meaning::own().means(&[
    certain(code::KEY_MISMATCH),
    guess(code::CHAIN_ORDER).why("the first certificate of the file may not be the leaf"),
]);
pub(super) const CHAIN_ORDER: Meaning = Meaning::own().means(&[certain(code::CHAIN_ORDER)]);
pub(super) const PASSWORD: Meaning = Meaning::own().means(&[certain(code::KEY_ENCRYPTED)]);
pub(super) const P12_PASSWORD: Meaning = Meaning::own().means(&[
    likely(code::KEY_ENCRYPTED).why("the password of the container is wrong"),
    guess(code::P12_TOO_NEW).why("an old reader says so of a container with a new kind of MAC"),
]);
pub(super) const P12_UNSUPPORTED: Meaning = Meaning::own().means(&[
    likely(code::P12_TOO_NEW).why("the reader does not know an algorithm of the container"),
    guess(code::P12_TOO_OLD),
]);
pub(super) const NO_KEY: Meaning = Meaning::own().means(&[certain(code::P12_WITHOUT_KEY)]);
pub(super) const KEY_IN_MEMORY: Meaning = Meaning::own().means(&[certain(code::KEY_IN_MEMORY)]);
pub(super) const KEYSET: Meaning = Meaning::own().means(&[
    likely(code::UNREADABLE).why("the account may not read the private key of the certificate"),
    guess(code::P12_WITHOUT_KEY),
    guess(code::KEY_IN_MEMORY),
]);
pub(super) const UNREADABLE: Meaning = Meaning::own().means(&[certain(code::UNREADABLE)]);
pub(super) const FORMAT: Meaning = Meaning::own().means(&[certain(code::WRONG_FORMAT)]);
/// A file that does not become what was expected, by a text that also wrong passwords and missing files have.
pub(super) const FILE: Meaning = Meaning::own().means(&[
    likely(code::WRONG_FORMAT),
    guess(code::KEY_ENCRYPTED),
    guess(code::UNREADABLE),
    guess(code::KEY_MISMATCH),
]);
pub(super) const CREDENTIALS: Meaning = Meaning::own().general().means(&[
    likely(code::WRONG_FORMAT),
    likely(code::KEY_MISMATCH),
    guess(code::KEY_ENCRYPTED),
    guess(code::UNREADABLE),
    guess(code::BAD_TRUST_FILE),
]);
pub(super) const TRUST_FILE: Meaning = Meaning::own().means(&[certain(code::BAD_TRUST_FILE)]);
pub(super) const TRUST_PATH: Meaning = Meaning::own().means(&[
    likely(code::BAD_TRUST_FILE),
    guess(code::UNREADABLE).why("the directory or file of CAs may not be there, or not be readable"),
]);
pub(super) const TOKEN: Meaning = Meaning::own().means(&[certain(code::TOKEN)]);
pub(super) const CONFIG: Meaning = Meaning::own().means(&[certain(code::CONFIG_INVALID)]);

// --- protocol and path -------------------------------------------------------------------------------------

pub(super) const NOT_TLS: Meaning = Meaning::own().means(&[certain(code::NOT_TLS)]);
pub(super) const MAYBE_NOT_TLS: Meaning = Meaning::own().means(&[
    likely(code::NOT_TLS).why("what came back is not TLS: an answer in plain text, or a protocol before TLS"),
    guess(code::VAGUE_ALERT),
]);
pub(super) const VERSION: Meaning = Meaning::own().means(&[certain(code::NO_COMMON_VERSION)]);
pub(super) const CIPHER: Meaning = Meaning::own().means(&[
    certain(code::NO_COMMON_CIPHER),
    guess(code::NO_COMMON_SCHEME).why("the server's key may be of a kind that the client does not take"),
]);
pub(super) const GROUP: Meaning = Meaning::own().means(&[certain(code::NO_COMMON_CIPHER)]);
pub(super) const PARAMETERS: Meaning = Meaning::own().means(&[
    likely(code::NO_COMMON_CIPHER),
    likely(code::NO_COMMON_VERSION),
    guess(code::NO_COMMON_SCHEME),
]);
pub(super) const SCHEME: Meaning = Meaning::own().means(&[certain(code::NO_COMMON_SCHEME)]);
pub(super) const ALPN: Meaning = Meaning::own().means(&[certain(code::NO_COMMON_ALPN)]);
pub(super) const SNI: Meaning = Meaning::own().means(&[likely(code::WRONG_SNI)]);
pub(super) const ASKED_LATE: Meaning = Meaning::by(Server).means(&[likely(code::ASKED_LATE)]);
pub(super) const CUT: Meaning = Meaning::received().vague().test(STABLE).means(&[
    likely(code::CUT_SHORT),
    likely(code::VAGUE_ALERT).why(SILENT),
    guess(code::NO_CERTIFICATE).why(LATE),
    guess(code::NOT_TLS),
]);
pub(super) const CONNECT: Meaning = Meaning::received()
    .vague()
    .means(&[certain(code::CANNOT_CONNECT)]);
/// A fault of the other side's messages, or an alert that hides its cause.
pub(super) const VAGUE: Meaning = Meaning::received().general().means(&[
    likely(code::VAGUE_ALERT),
    guess(code::NO_CERTIFICATE).why(LATE),
    guess(code::UNKNOWN_ISSUER),
    guess(code::NO_COMMON_CIPHER),
    guess(code::NOT_TLS),
]);
pub(super) const HANDSHAKE: Meaning = Meaning::received().vague().means(&[
    likely(code::VAGUE_ALERT),
    guess(code::NO_CERTIFICATE),
    guess(code::UNKNOWN_ISSUER),
    guess(code::NO_COMMON_CIPHER),
    guess(code::NOT_TLS),
]);
/// gRPC gave up; the cause is in the words behind, where there are any.
pub(super) const TRANSIENT: Meaning = Meaning::received().vague().test(STABLE).means(&[
    likely(code::CUT_SHORT),
    likely(code::VAGUE_ALERT).why(SILENT),
    guess(code::NOT_TLS).why("the server may speak plain text"),
    guess(code::NO_CERTIFICATE).why(LATE),
]);
/// PHP says the same of a file that is missing, is none, or is locked.
pub(super) const LOCAL_CERT: Meaning = Meaning::own().means(&[
    likely(code::UNREADABLE),
    likely(code::WRONG_FORMAT).why("the file holds no PEM, or no chain"),
    guess(code::KEY_ENCRYPTED),
    guess(code::BAD_TRUST_FILE),
]);
/// A check of the application's own; Dart says so where iOS does not trust the server.
pub(super) const APPLICATION: Meaning = Meaning::own()
    .server(&[
        likely(code::IDENTITY_MISMATCH),
        likely(code::NOT_ALLOWED),
        guess(code::UNKNOWN_ISSUER),
    ])
    .client(&[
        likely(code::SERVER_UNTRUSTED).why("Dart says so where the system does not trust the server"),
        likely(code::IDENTITY_MISMATCH),
        guess(code::PIN_CHANGED),
    ]);
