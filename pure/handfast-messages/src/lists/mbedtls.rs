//! Mbed TLS, in ESP-IDF, Arduino, AWS's embedded SDK, OpenWrt and dovecot's tests: the errors of ssl.h, x509.h, pk.h,
//! pem.h, net_sockets.h (2 and 3 in one list: where they gave one number to two things, both are candidates), and the
//! flags of verification with their texts (library/x509_crt.c). Programs print the errors as `-0x2700` and `-9984`.

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, Written, rows},
    meanings::*,
};

/// What stands in a text of a program with Mbed TLS.
const MARKS: &[&str] = &[
    "mbedtls",
    "mbed",
    "esp tls",
    "polarssl",
    "ssl tls.c",
    "ssl cli.c",
    "ssl srv.c",
    "x509 verify cert",
];

pub(crate) static LIST: List = List {
    program: "Mbed TLS",
    otherwise: Client,
    marks: MARKS,
    numbers: &[Written::NegativeHex, Written::Negative],
    prefix: "MBEDTLS ERR ",
    plain: 4,
    rows: rows! {
        // --- NET ---
        -0x42, "NET_SOCKET_FAILED", "failed to open a socket" => CONNECT;
        -0x44, "NET_CONNECT_FAILED", "the connection to the given server port failed" => CONNECT;
        -0x4c, "NET_RECV_FAILED", "reading information from the socket failed" => CUT;
        -0x4e, "NET_SEND_FAILED", "sending information through the socket failed" => CUT;
        -0x50, "NET_CONN_RESET", "connection was reset by peer" => CUT;
        -0x52, "NET_UNKNOWN_HOST", "failed to get an IP address for the given hostname" => CONNECT;
        // --- PEM, PK ---
        -0x1080, "PEM_NO_HEADER_FOOTER_PRESENT", "no PEM header or footer found" => FORMAT;
        -0x1100, "PEM_INVALID_DATA", "PEM string is not as expected" => FORMAT;
        -0x1300, "PEM_PASSWORD_REQUIRED", "private key password can't be empty" => PASSWORD;
        -0x1380, "PEM_PASSWORD_MISMATCH", "given private key password does not allow for correct decryption"
            => PASSWORD;
        -0x1e00, "PKCS12_PASSWORD_MISMATCH", "" => PASSWORD;
        -0x3b80, "PK_INVALID_PUBKEY", "" => FORMAT;
        -0x3b00, "PK_INVALID_PUBKEY", "the pubkey tag or value is invalid" => FORMAT;
        -0x3c00, "PK_PASSWORD_REQUIRED", "" => PASSWORD;
        -0x3c80, "PK_UNKNOWN_PK_ALG", "key algorithm is unsupported" => FORMAT;
        -0x3d00, "PK_KEY_INVALID_FORMAT", "invalid key tag or value" => FORMAT;
        -0x3d80, "PK_KEY_INVALID_VERSION", "unsupported key version" => FORMAT;
        -0x3e00, "PK_FILE_IO_ERROR", "read write of file failed" => UNREADABLE;
        -0x3f00, "PK_TYPE_MISMATCH", "type mismatch eg attempt to encrypt with an ECDSA key" => KEY_MISMATCH;
        -0x4080, "RSA_BAD_INPUT_DATA", "" => SIGNATURE;
        -0x4380, "RSA_VERIFY_FAILED", "the PKCS 1 verification failed" => SIGNATURE;
        -0x4e00, "ECP_VERIFY_FAILED", "the signature is not valid" => SIGNATURE;
        // --- X509 ---
        -0x2080, "X509_FEATURE_UNAVAILABLE", "" => FORMAT;
        -0x2100, "X509_UNKNOWN_OID", "requested OID is unknown" => MALFORMED;
        -0x2180, "X509_INVALID_FORMAT", "the CRT CRL CSR format is invalid" => FORMAT;
        -0x2200, "X509_INVALID_VERSION", "the CRT CRL CSR version element is invalid" => FORMAT;
        -0x2280, "X509_INVALID_SERIAL", "" => MALFORMED;
        -0x2300, "X509_INVALID_ALG", "" => MALFORMED;
        -0x2380, "X509_INVALID_NAME", "" => MALFORMED;
        -0x2400, "X509_INVALID_DATE", "" => MALFORMED;
        -0x2480, "X509_INVALID_SIGNATURE", "" => MALFORMED;
        -0x2500, "X509_INVALID_EXTENSIONS", "the extension tag or value is invalid" => CRITICAL;
        -0x2580, "X509_UNKNOWN_VERSION", "CRT CRL CSR has an unsupported version number" => FORMAT;
        -0x2600, "X509_UNKNOWN_SIG_ALG", "" => SCHEME;
        -0x2680, "X509_SIG_MISMATCH", "" => MALFORMED;
        -0x2700, "X509_CERT_VERIFY_FAILED", "certificate verification failed eg CRL" => VERIFY_FLAGS;
        -0x2780, "X509_CERT_UNKNOWN_FORMAT", "format not recognized as DER or PEM" => FORMAT;
        -0x2800, "X509_BAD_INPUT_DATA", "" => FORMAT;
        -0x2900, "X509_FILE_IO_ERROR", "" => UNREADABLE;
        -0x3000, "X509_FATAL_ERROR", "" => UNVERIFIED_CHAIN;
        // --- SSL ---
        -0x6600, "SSL_ILLEGAL_PARAMETER", "" => VAGUE;
        -0x6800, "SSL_TIMEOUT", "" => CUT;
        -0x6980, "SSL_NO_USABLE_CIPHERSUITE", "none of the common ciphersuites is usable"
            => CIPHER.otherwise(Server);
        -0x6c00, "SSL_INTERNAL_ERROR", "" => HANDSHAKE;
        -0x6d00, "SSL_PK_TYPE_MISMATCH", "public key type mismatch" => SCHEME;
        -0x6e00, "SSL_HANDSHAKE_FAILURE", "the handshake negotiation failed" => VAGUE;
        -0x6e80, "SSL_BAD_PROTOCOL_VERSION|SSL_BAD_HS_PROTOCOL_VERSION", "handshake protocol not within min max boundaries"
            => VERSION;
        -0x7100, "SSL_BAD_INPUT_DATA", "" => CREDENTIALS;
        -0x7180, "SSL_INVALID_MAC", "verification of the message MAC failed" => VAGUE;
        -0x7200, "SSL_INVALID_RECORD", "an invalid SSL record was received" => MAYBE_NOT_TLS;
        -0x7280, "SSL_CONN_EOF", "the connection indicated an EOF" => CUT;
        -0x7300, "SSL_UNKNOWN_CIPHER|SSL_DECODE_ERROR", "an unknown cipher was received" => VAGUE;
        -0x7380, "SSL_NO_CIPHER_CHOSEN", "the server has no ciphersuites in common with the client"
            => CIPHER.otherwise(Server);
        -0x7480, "SSL_NO_CLIENT_CERTIFICATE", "no client certification received from the client but required by the authentication mode"
            => NO_CERTIFICATE;
        -0x7500, "SSL_CERTIFICATE_TOO_LARGE|SSL_UNSUPPORTED_EXTENSION", "" => VAGUE;
        // Mbed TLS 3 says SSL_NO_APPLICATION_PROTOCOL by this number.
        -0x7580, "SSL_CERTIFICATE_REQUIRED", "the own certificate is not set but needed by the server"
            => NONE_TO_SEND;
        0, "SSL_NO_APPLICATION_PROTOCOL", "no matching ALPN protocol" => ALPN;
        -0x7600, "SSL_PRIVATE_KEY_REQUIRED", "the own private key or pre shared key is not set" => NO_KEY;
        -0x7680, "SSL_CA_CHAIN_REQUIRED", "no CA chain is set but required to operate" => TRUST_FILE;
        -0x7700, "SSL_UNEXPECTED_MESSAGE", "an unexpected message was received from our peer" => VAGUE;
        -0x7780, "SSL_FATAL_ALERT_MESSAGE", "a fatal alert message was received from our peer" => VAGUE;
        -0x7800, "SSL_PEER_VERIFY_FAILED", "verification of our peer failed" => UNVERIFIED_CHAIN;
        0, "SSL_UNRECOGNIZED_NAME", "" => SNI;
        -0x7880, "SSL_PEER_CLOSE_NOTIFY", "the peer notified us that the connection is going to be closed"
            => CUT;
        -0x7900, "SSL_BAD_HS_CLIENT_HELLO", "processing of the ClientHello handshake message failed"
            => PARAMETERS.otherwise(Server);
        -0x7980, "SSL_BAD_HS_SERVER_HELLO", "processing of the ServerHello handshake message failed"
            => PARAMETERS;
        -0x7a00, "SSL_BAD_HS_CERTIFICATE|SSL_BAD_CERTIFICATE", "processing of the Certificate handshake message failed"
            => UNVERIFIED_CHAIN;
        -0x7a80, "SSL_BAD_HS_CERTIFICATE_REQUEST", "" => SCHEME;
        -0x7d80, "SSL_BAD_HS_CERTIFICATE_VERIFY", "processing of the CertificateVerify handshake message failed"
            => SIGNATURE;
        -0x7e80, "SSL_BAD_HS_FINISHED", "" => VAGUE;
    },
};

pub(crate) static FLAGS: List = List {
    program: "Mbed TLS",
    otherwise: Client,
    marks: MARKS,
    numbers: &[],
    prefix: "MBEDTLS X509 ",
    plain: 4,
    rows: rows! {
        0x01, "BADCERT_EXPIRED", "the certificate validity has expired" => EXPIRED;
        0x02, "BADCERT_REVOKED", "the certificate has been revoked" => REVOKED;
        0x04, "BADCERT_CN_MISMATCH", "the certificate common name CN does not match with the expected CN"
            => NAME;
        0x08, "BADCERT_NOT_TRUSTED", "the certificate is not correctly signed by the trusted CA" => UNTRUSTED;
        0x10, "BADCRL_NOT_TRUSTED", "the CRL is not correctly signed by the trusted CA" => REVOCATION_UNKNOWN;
        0x20, "BADCRL_EXPIRED", "the CRL is expired" => CRL;
        0x40, "BADCERT_MISSING", "certificate was missing" => NO_CERTIFICATE;
        0x0100, "BADCERT_OTHER", "other reason can be used by verify callback" => UNVERIFIED_CHAIN;
        0x0200, "BADCERT_FUTURE", "the certificate validity starts in the future" => NOT_YET_VALID;
        0x0400, "BADCRL_FUTURE", "the CRL is from the future" => CRL;
        0x0800, "BADCERT_KEY_USAGE", "usage does not match the keyUsage extension" => PURPOSE;
        0x1000, "BADCERT_EXT_KEY_USAGE", "usage does not match the extendedKeyUsage extension" => PURPOSE;
        0x2000, "BADCERT_NS_CERT_TYPE", "usage does not match the nsCertType extension" => PURPOSE;
        0x4000, "BADCERT_BAD_MD", "the certificate is signed with an unacceptable hash" => WEAK;
        0x8000, "BADCERT_BAD_PK", "the certificate is signed with an unacceptable PK alg" => SCHEME;
        0x01_0000, "BADCERT_BAD_KEY", "the certificate is signed with an unacceptable key" => WEAK;
        0x02_0000, "BADCRL_BAD_MD", "the CRL is signed with an unacceptable hash" => REVOCATION_UNKNOWN;
    },
};
