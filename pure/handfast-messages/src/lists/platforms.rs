//! Runtimes and platforms between an application and its TLS library: Node (lib/_tls_wrap.js, lib/internal/errors.js), PHP
//! (main/streams, ext/openssl/xp_ssl.c), Ruby, Perl, Python's clients, Chromium (net/base/net_error_list.h,
//! net/cert) and gRPC (src/core/tsi, credentials/tls, grpc-go, grpc-java).

use handfast_finding::Refuser::{Client, Server};

use crate::{
    alerts,
    list::{List, Written, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "a client",
    otherwise: Client,
    marks: &[
        "net error",
        "err cert",
        "err ssl",
        "ssl client socket",
        "cert verify",
        "net::",
        "node",
        "php",
        "ruby",
    ],
    numbers: &[Written::After(&["net_error ", "net error "])],
    prefix: "",
    plain: 4,
    rows: rows! {
        // --- Chromium, Electron, Android's WebView ---
        -100, "ERR_CONNECTION_CLOSED", "" => CUT;
        -101, "ERR_CONNECTION_RESET", "" => CUT;
        -102, "ERR_CONNECTION_REFUSED", "" => CONNECT;
        -105, "ERR_NAME_NOT_RESOLVED", "" => CONNECT;
        -107, "ERR_SSL_PROTOCOL_ERROR", "" => MAYBE_NOT_TLS.vague();
        -110, "ERR_SSL_CLIENT_AUTH_CERT_NEEDED", "" => NO_CERTIFICATE;
        -113, "ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "" => PARAMETERS;
        -117, "ERR_BAD_SSL_CLIENT_AUTH_CERT", "" => alerts::BAD_CERTIFICATE;
        -118, "ERR_CONNECTION_TIMED_OUT", "" => CONNECT;
        -134, "ERR_SSL_CLIENT_AUTH_PRIVATE_KEY_ACCESS_DENIED", "" => KEYSET;
        -135, "ERR_SSL_CLIENT_AUTH_CERT_NO_PRIVATE_KEY", "" => NO_KEY;
        -141, "ERR_SSL_CLIENT_AUTH_SIGNATURE_FAILED", "" => SCHEME;
        -150, "ERR_SSL_PINNED_KEY_NOT_IN_CERT_CHAIN", "" => PIN;
        -153, "ERR_SSL_DECRYPT_ERROR_ALERT", "" => alerts::DECRYPT_ERROR;
        -159, "ERR_SSL_UNRECOGNIZED_NAME_ALERT", "" => alerts::UNRECOGNIZED_NAME;
        -164, "ERR_SSL_SERVER_CERT_BAD_FORMAT", "" => MALFORMED;
        -177, "ERR_SSL_CLIENT_AUTH_NO_COMMON_ALGORITHMS", "" => SCHEME;
        -181, "ERR_SSL_KEY_USAGE_INCOMPATIBLE", "" => PURPOSE;
        -200, "ERR_CERT_COMMON_NAME_INVALID", "" => NAME;
        -201, "ERR_CERT_DATE_INVALID", "" => DATES;
        -202, "ERR_CERT_AUTHORITY_INVALID", "no matching issuer found" => UNTRUSTED;
        -203, "ERR_CERT_CONTAINS_ERRORS", "" => MALFORMED;
        -204, "ERR_CERT_NO_REVOCATION_MECHANISM", "" => REVOCATION_UNKNOWN;
        -205, "ERR_CERT_UNABLE_TO_CHECK_REVOCATION", "unable to check revocation" => REVOCATION_UNKNOWN;
        -206, "ERR_CERT_REVOKED", "certificate is revoked by" => REVOKED;
        -207, "ERR_CERT_INVALID", "" => MALFORMED;
        -208, "ERR_CERT_WEAK_SIGNATURE_ALGORITHM", "" => WEAK;
        -211, "ERR_CERT_WEAK_KEY", "" => WEAK;
        -212, "ERR_CERT_NAME_CONSTRAINT_VIOLATION", "" => NAME_CONSTRAINTS;
        -213, "ERR_CERT_VALIDITY_TOO_LONG", "" => PURPOSE;
        -214, "ERR_CERTIFICATE_TRANSPARENCY_REQUIRED", "" => PURPOSE;
        -217, "ERR_CERT_KNOWN_INTERCEPTION_BLOCKED", "" => UNTRUSTED;
        // --- Node ---
        0, "ERR_TLS_CERT_ALTNAME_INVALID", "" => NAME;
        0, "ERR_TLS_CERT_ALTNAME_FORMAT", "" => MALFORMED;
        0, "ERR_TLS_DH_PARAM_SIZE", "" => WEAK;
        0, "ERR_TLS_HANDSHAKE_TIMEOUT", "" => CUT;
        0, "ERR_TLS_PROTOCOL_VERSION_CONFLICT|ERR_TLS_INVALID_PROTOCOL_VERSION", "" => CONFIG;
        0, "ERR_TLS_REQUIRED_SERVER_NAME", "" => CONFIG;
        0, "ERR_TLS_SNI_FROM_SERVER", "" => CONFIG;
        0, "ERR_OSSL_PEM_NO_START_LINE|ERR_OSSL_PEM_BAD_END_LINE|ERR_OSSL_PEM_BAD_BASE64_DECODE", ""
            => FORMAT;
        0, "ERR_OSSL_UNSUPPORTED|ERR_OSSL_DECODER_UNSUPPORTED", "" => FILE;
        0, "ERR_OSSL_EVP_UNSUPPORTED", "" => FILE;
        0, "ERR_OSSL_BAD_DECRYPT|ERR_OSSL_EVP_BAD_DECRYPT|ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED", ""
            => PASSWORD;
        0, "ERR_OSSL_PEM_BAD_PASSWORD_READ|ERR_MISSING_PASSPHRASE", "" => PASSWORD;
        0, "ERR_OSSL_PKCS12_MAC_VERIFY_FAILURE", "" => P12_PASSWORD;
        0, "", "client network socket disconnected before secure TLS connection was established" => CUT;
        0, "", "secure TLS connection was established" => CUT;
        0, "", "not enough data header too long PFX" => FORMAT;
        // --- PHP ---
        0, "", "did not match expected CN|peer certificate CN did not match" => NAME;
        0, "", "unable to locate peer certificate CN|no subjectAltName matched" => NAME;
        0, "", "peer fingerprint doesn't match|peer_fingerprint match failure" => PIN;
        0, "", "unable to set local cert chain file|check that your cafile capath settings include details of your certificate and its issuer"
            => LOCAL_CERT;
        0, "", "unable to set private key file" => FILE;
        0, "", "private key does not match certificate" => KEY_MISMATCH;
        0, "", "failed loading cafile stream|unable to set verify locations|no valid certs found cafile stream"
            => TRUST_FILE;
        0, "", "could not get peer certificate" => NO_CERTIFICATE;
        0, "", "SSL operation failed with code|failed to enable crypto" => HANDSHAKE;
        0, "", "SSL handshake timed out" => CUT;
        // --- Ruby, Perl, Python ---
        0, "", "SSL connect returned 1 errno 0|SSL connect attempt failed" => HANDSHAKE;
        0, "", "hostname does not match the server certificate|does not match the server certificate" => NAME;
        0, "", "certificate verify failed for host|can't verify SSL peers without knowing which certificate authorities to trust"
            => TRUST_FILE;
        0, "", "hostname verification failed" => NAME;
        0, "", "could not find a suitable TLS CA certificate bundle invalid path" => TRUST_FILE;
        0, "", "could not find the TLS certificate file invalid path|could not find the TLS key file invalid path"
            => UNREADABLE;
        // --- wget, git, svn ---
        0, "", "unable to locally verify the issuer's" => UNTRUSTED;
        0, "", "issued certificate has expired" => EXPIRED;
        0, "", "issued certificate not yet valid" => NOT_YET_VALID;
        0, "", "self signed certificate encountered" => SELF_SIGNED;
        0, "", "certificate common name doesn't match requested host name" => NAME;
        0, "", "no certificate subject alternative name matches" => NAME;
        0, "", "the certificate has not yet been activated" => NOT_YET_VALID;
        0, "", "the certificate has been revoked" => REVOKED;
        0, "", "the certificate's owner does not match hostname" => NAME;
        0, "", "the certificate is not issued by a trusted authority" => UNTRUSTED;
    },
};

pub(crate) static GRPC: List = List {
    program: "gRPC",
    otherwise: Client,
    marks: &[
        "grpc",
        "rpc error",
        "ssl transport security",
        "subconn",
        "transport:",
        "unavailable",
        "tsi",
    ],
    numbers: &[],
    prefix: "",
    plain: 4,
    rows: rows! {
        0, "", "peer name is not in peer certificate|is not in peer certificate" => NAME;
        0, "", "hostname verification check failed" => NAME;
        0, "", "custom verification check failed" => IDENTITY;
        0, "", "invalid private key|invalid cert chain file|cannot load server root certificates" => FILE;
        0, "", "could not load any root certificate|could not create ssl credentials pem root certs"
            => TRUST_FILE;
        0, "", "cannot check peer missing selected ALPN property" => ALPN;
        0, "", "cannot check peer invalid ALPN value" => ALPN;
        0, "TSI_PROTOCOL_FAILURE", "handshake failed with fatal error|handshake failed TSI" => HANDSHAKE;
        0, "", "authentication handshake failed|SSL handshake failed" => HANDSHAKE;
        0, "", "connection closed before server preface received" => HANDSHAKE;
        0, "", "all SubConns are in TransientFailure" => TRANSIENT;
        0, "", "error while dialing|failed to connect to remote host" => CONNECT;
        0, "", "failed to connect to all addresses" => TRANSIENT;
        0, "", "HTTP proxy returned response code" => CONNECT;
        0, "", "unexpected HTTP status code received from server 400|received unexpected content type text"
            => NOT_TLS;
        0, "", "UNAVAILABLE ssl exception|UNAVAILABLE io exception" => HANDSHAKE.otherwise(Server);
    },
};
