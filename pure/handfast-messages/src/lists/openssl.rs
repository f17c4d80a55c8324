//! The reasons of errors of OpenSSL (crypto/err/openssl.txt, ssl/ssl_err.c), LibreSSL and BoringSSL
//! (crypto/err/ssl.errordata, x509.errordata). They are said as `SSL routines::no shared cipher`, as
//! `ERR_SSL_NO_SHARED_CIPHER`, as `[SSL: NO_SHARED_CIPHER]` and as `OPENSSL_internal:NO_SHARED_CIPHER`.

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, rows},
    meanings::*,
};

/// What stands beside a reason that has few words.
const MARKS: &[&str] = &[
    "routines",
    "[ssl",
    "ssl:",
    "openssl",
    "err ssl",
    "err ossl",
    "ssl error",
    "tls error",
    "library: '",
    "ssl accept",
    "ssl connect",
    "ssl connection",
    "ssl handshake",
    "tls handshake",
    "sslerror",
];

/// The reasons of the SSL library.
pub(crate) static LIST: List = List {
    program: "OpenSSL",
    otherwise: Server,
    marks: MARKS,
    numbers: &[],
    prefix: "",
    plain: 99,
    rows: rows! {
        // --- certificates and keys ---
        0, "", "bad certificate" => VAGUE;
        0, "", "bad ecc cert|ecc cert not for signing" => PURPOSE;
        0, "", "ca dn too long|ca dn length mismatch" => MALFORMED;
        0, "", "ca key too small|ca md too weak|ee key too small" => WEAK;
        0, "", "cert cb error|client cert callback|callback failed" => CREDENTIALS;
        0, "", "cert length mismatch|bad certificate status response" => MALFORMED;
        0, "", "certificate and private key mismatch" => KEY_MISMATCH;
        0, "", "certificate verify failed" => UNVERIFIED_CHAIN;
        0, "", "certificate data decode error|cannot parse leaf cert" => MALFORMED;
        0, "", "dh key too small|dh p too short|bad dh p length" => WEAK;
        0, "", "excessive message size|excessive message length|exceeds max fragment size" => VAGUE;
        0, "", "ee key too small|no required digest" => WEAK;
        0, "", "ip constraint violation|name constraint violation" => NAME_CONSTRAINTS;
        0, "", "key type mismatch|key values mismatch|certificate key mismatch" => KEY_MISMATCH;
        0, "", "key usage bit incorrect" => PURPOSE.otherwise(Client);
        0, "", "leaf cert mismatch|tlsv1 bad certificate hash value" => VAGUE;
        0, "", "length too short" => MAYBE_NOT_TLS;
        0, "", "no certificate assigned|no certificate set|no certificates returned|no certificate returned"
            => NO_CERTIFICATE;
        0, "", "no client cert received|no client cert method|missing certificate" => NO_CERTIFICATE;
        0, "", "no private key assigned|no privatekey|missing rsa certificate" => NO_KEY;
        0, "", "peer did not return a certificate" => NO_CERTIFICATE;
        0, "", "peer does not accept any certificate types" => SCHEME;
        0, "", "required subject alternative name missing" => NAME;
        0, "", "unable to find public key parameters|wrong certificate type" => SCHEME;
        0, "", "unknown certificate type|unsupported certificate" => PURPOSE;
        0, "", "x509 lib|error in received cipher list" => VAGUE;
        0, "", "x509 verification setup problems|tls unacceptable certificate" => VAGUE;
        // --- signatures ---
        0, "", "bad signature|invalid signature|bad rsa signature|bad ecdsa signature" => SIGNATURE;
        0, "", "bad rsa encrypt|signature check failed|digest check failed" => SIGNATURE;
        0, "", "bad digest length|block cipher pad is wrong" => VAGUE;
        0, "", "no common signature algorithms|no suitable signature algorithm|no shared signature algorithms"
            => SCHEME;
        0, "", "no shared sigature algorithms|legacy sigalg disallowed or unsupported|no shared sigalgs"
            => SCHEME;
        0, "", "wrong signature type|wrong signature size|wrong signature length" => SCHEME;
        0, "", "unsupported signature type|signature algorithms error|unknown digest" => SCHEME;
        0, "", "unknown pkey type|unsupported pubkey type|unknown certificate key type" => SCHEME;
        // --- versions ---
        0, "", "unsupported protocol|unsupported protocol version|unsupported ssl version" => VERSION;
        0, "", "no protocols available|version too low|version too high" => VERSION;
        0, "", "wrong ssl version|unknown ssl version|bad protocol version number" => VERSION;
        0, "", "no supported versions enabled|inappropriate fallback|tls13 downgrade" => VERSION;
        0, "", "legacy server connect disallowed|unsafe legacy renegotiation disabled" => VERSION;
        0, "", "renegotiation mismatch|missing extension supported versions" => VERSION;
        // --- suites and groups ---
        0, "", "no shared cipher|no ciphers available|no cipher match|no shared ciphers" => CIPHER;
        0, "", "no ciphers specified|no ciphers passed|unknown cipher returned" => CIPHER;
        0, "", "wrong cipher returned|no suitable cipher|insufficient security" => CIPHER;
        0, "", "no suitable key share|no shared group|no shared groups|no suitable groups" => GROUP;
        0, "", "bad key share|wrong curve|bad ecpoint|unsupported elliptic curve" => GROUP;
        0, "", "no groups specified|missing key share|duplicate key share" => GROUP;
        0, "", "ecdh required for suiteb mode|required cipher missing" => CIPHER;
        // --- protocols within ---
        0, "", "no application protocol|invalid alpn protocol|negotiated alps without alpn" => ALPN;
        0, "", "callback failed no application protocol" => ALPN;
        0, "", "extension not received|post handshake auth encoding err" => ASKED_LATE;
        0, "", "clienthello tlsext|serverhello tlsext|parse tlsext|bad extension" => VAGUE;
        0, "", "ssl3 ext invalid servername|ext invalid servername" => SNI;
        // --- not TLS ---
        0, "", "http request|https proxy request" => NOT_TLS;
        0, "", "wrong version number|unknown protocol" => MAYBE_NOT_TLS;
        0, "", "packet length too long|record length mismatch|bad packet length" => MAYBE_NOT_TLS;
        0, "", "invalid record|unexpected record|record too large|not a tls connection" => MAYBE_NOT_TLS;
        0, "", "encrypted length too long|data length too long|record too small" => MAYBE_NOT_TLS;
        // --- the connection ---
        0, "", "unexpected eof while reading|unexpected eof" => CUT;
        0, "", "connection reset|handshake failure on client hello|read timeout expired" => CUT;
        0, "", "handshake failure|ssl handshake failure|handshake not complete" => HANDSHAKE;
        0, "", "internal error|unexpected message|decode error|length mismatch" => VAGUE;
        0, "", "decryption failed or bad record mac|bad record type|bad decompression" => VAGUE;
        0, "", "decryption failed|data after close notify|application data on shutdown" => VAGUE;
        0, "", "parse error|error parsing extension|unexpected extension" => VAGUE;
        0, "", "uninitialized|shutdown while in init|protocol is shutdown" => HANDSHAKE;
    },
};

/// The reasons of the libraries that read files: PEM, ASN.1, PKCS#12, X.509, EVP, OSSL_DECODER, OSSL_STORE, BIO.
pub(crate) static FILES: List = List {
    program: "OpenSSL",
    otherwise: Client,
    marks: MARKS,
    numbers: &[],
    prefix: "",
    plain: 99,
    rows: rows! {
        0, "", "asn1 encoding routines evp lib" => SIGNATURE.otherwise(Server);
        0, "", "rsa routines bad signature|rsa routines invalid padding" => SIGNATURE.otherwise(Server);
        0, "", "rsa routines padding check failed|rsa routines data too large for modulus" => SIGNATURE;
        0, "", "asn1 error in header|header too long|too long|wrong tag|not enough data" => FORMAT;
        0, "", "bad object header|bad get asn1 object call|illegal characters" => FORMAT;
        0, "", "bad base64 decode|bad end line|bad iv chars|bad magic number" => FORMAT;
        0, "", "bad decrypt|bad password read|problems getting password|empty password" => PASSWORD;
        0, "", "error converting private key|expecting private key blob|short header" => FORMAT;
        0, "", "wrong final block length|final block not padded|maybe wrong password" => PASSWORD;
        0, "", "mac verify failure|mac verify error|mac absent" => P12_PASSWORD;
        0, "", "pkcs12 cipherfinal error|pkcs12 pbe crypt error|pkcs12 key gen error" => P12_PASSWORD;
        0, "", "no start line|not proc type|not encrypted" => FORMAT;
        0, "", "not dek info|unsupported encryption|unsupported key components" => FORMAT;
        0, "", "decoder routines unsupported|store routines unsupported|unsupported pkcs12 mode" => FILE;
        0, "", "unsupported private key algorithm|unsupported public key type|unknown key type" => FORMAT;
        0, "", "unknown pbe algorithm|unsupported prf|unsupported cipher|unsupported keylength"
            => P12_UNSUPPORTED;
        0, "", "no certificate or crl found|bad x509 filetype|loading cert dir" => TRUST_FILE;
        0, "", "cert already in hash table|err asn1 lib|loading defaults" => TRUST_FILE;
        0, "", "no matching choice type|type not primitive|nested asn1 error|sequence length mismatch"
            => FORMAT;
        0, "", "private key decode error|public key decode error|bad pkcs7 type" => FORMAT;
        0, "", "key size too small|unsupported algorithm|invalid key length" => WEAK;
        0, "", "fopen no such file|system library no such file or directory" => UNREADABLE;
        0, "", "fopen permission denied|system library permission denied" => UNREADABLE;
        0, "", "private key data mismatch|different key types|mismatching key" => KEY_MISMATCH;
        0, "", "processing error|result too small while reading strings" => PASSWORD;
        0, "", "could not parse pkey|could not load private key|could not find private key" => FILE;
    },
};
