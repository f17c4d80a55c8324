//! AWS's common runtime, under its SDKs and IoT clients: the errors of aws-c-io (include/aws/io/io.h, source/io.c; they
//! begin at 1024), and the reasons of s2n-tls (error/s2n_errno.c) in its log.

use handfast_finding::Refuser::Client;

use crate::{
    list::{List, Written, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "AWS CRT",
    otherwise: Client,
    marks: &["aws", "mqtt", "channel bootstrap", "tls handler"],
    numbers: &[Written::After(&[
        "error ",
        "error code ",
        "error: ",
        "error code: ",
        "runtimeerror: ",
    ])],
    prefix: "AWS IO ",
    plain: 4,
    rows: rows! {
        1029, "TLS_ERROR_NEGOTIATION_FAILURE", "TLS SSL negotiation failed" => VAGUE;
        1030, "TLS_ERROR_NOT_NEGOTIATED", "" => HANDSHAKE;
        1031, "TLS_ERROR_WRITE_FAILURE", "failed to write to TLS handler" => CUT;
        1032, "TLS_ERROR_ALERT_RECEIVED|TLS_ALERT_NOT_GRACEFUL", "fatal TLS alert received" => VAGUE;
        1033, "TLS_CTX_ERROR", "failed to create tls context" => CREDENTIALS;
        1037, "FILE_VALIDATION_FAILURE", "a file was read and the input did not match the expected value"
            => FORMAT;
        0, "FILE_NOT_FOUND", "" => UNREADABLE;
        0, "MISSING_ALPN_MESSAGE|UNHANDLED_ALPN_PROTOCOL_MESSAGE", "" => ALPN;
        0, "TLS_NEGOTIATION_TIMEOUT", "channel shutdown due to tls negotiation timeout" => CUT;
        0, "TLS_ERROR_DEFAULT_TRUST_STORE_NOT_FOUND", "default TLS trust store not found on this system"
            => TRUST_FILE;
        0, "TLS_UNKNOWN_ROOT_CERTIFICATE", "channel shutdown due to tls unknown root certificate"
            => UNTRUSTED;
        0, "TLS_NO_ROOT_CERTIFICATE_FOUND", "" => UNTRUSTED;
        0, "TLS_CERTIFICATE_EXPIRED", "" => EXPIRED;
        0, "TLS_CERTIFICATE_NOT_YET_VALID", "" => NOT_YET_VALID;
        0, "TLS_HOST_NAME_MISMATCH", "" => NAME;
        0, "TLS_BAD_CERTIFICATE|TLS_BAD_PEER_CERTIFICATE|TLS_PEER_CERTIFICATE_UNKNOWN", ""
            => UNVERIFIED_CHAIN;
        0, "TLS_PEER_CERTIFICATE_EXPIRED", "" => EXPIRED;
        0, "TLS_UNRECOGNIZED_PEER_CERTIFICATE", "" => UNTRUSTED;
        0, "TLS_CIPHERTEXT_ERROR|TLS_ERROR_DECODE|TLS_INVALID_RECORD", "" => VAGUE;
        0, "PKCS8_PARSE_ERROR|PEM_MALFORMED|TLS_INVALID_CERTIFICATE_STATE", "malformed PEM" => FORMAT;
        0, "PKCS11_TOKEN_NOT_FOUND|PKCS11_KEY_NOT_FOUND|PKCS11_KEY_TYPE_UNSUPPORTED", "" => TOKEN;
        1047, "SOCKET_CONNECTION_REFUSED", "" => CONNECT;
        1048, "SOCKET_TIMEOUT", "" => CONNECT;
        1049, "SOCKET_NO_ROUTE_TO_HOST", "" => CONNECT;
        1050, "SOCKET_NETWORK_DOWN", "" => CONNECT;
        1051, "SOCKET_CLOSED", "" => CUT;
        0, "DNS_QUERY_FAILED|DNS_INVALID_NAME|DNS_NO_ADDRESS_FOR_HOST", "" => CONNECT;
    },
};

pub(crate) static S2N: List = List {
    program: "s2n-tls",
    otherwise: Client,
    marks: &["s2n", "tls handler", "negotiation failed"],
    numbers: &[],
    prefix: "S2N ERR ",
    plain: 4,
    rows: rows! {
        0, "CERT_UNTRUSTED", "certificate is untrusted" => UNTRUSTED;
        0, "CERT_EXPIRED", "certificate has expired or is not yet valid" => DATES;
        0, "CERT_NOT_YET_VALID", "certificate is not yet valid" => NOT_YET_VALID;
        0, "CERT_REVOKED", "certificate has been revoked by the CA" => REVOKED;
        0, "CERT_TYPE_UNSUPPORTED", "certificate type is unsupported" => SCHEME;
        0, "CERT_INVALID", "certificate is invalid" => MALFORMED;
        0, "CERT_UNHANDLED_CRITICAL_EXTENSION", "" => CRITICAL;
        0, "CERT_INVALID_HOSTNAME|CERT_OWNER_MISMATCH", "hostname verification failed" => NAME;
        0, "CERT_MAX_CHAIN_DEPTH_EXCEEDED", "the maximum certificate chain depth has been exceeded" => DEPTH;
        0, "CERT_REJECTED", "certificate failed custom application validation" => IDENTITY;
        0, "CRL_LOOKUP_FAILED|CRL_EXPIRED|CRL_NOT_YET_VALID|CRL_ISSUER", "" => CRL;
        0, "MISSING_CLIENT_CERT", "message not sent client certificate required" => NO_CERTIFICATE;
        0, "NO_CERT_FOUND|CLIENT_AUTH_NOT_SUPPORTED_IN_SESSION_RESUMPTION_MODE", "" => NONE_TO_SEND;
        0, "KEY_MISMATCH", "public and private key do not match" => KEY_MISMATCH;
        0, "CIPHER_NOT_SUPPORTED|INVALID_CIPHER_PREFERENCES", "cipher is not supported" => CIPHER;
        0, "PROTOCOL_VERSION_UNSUPPORTED", "TLS protocol version is not supported" => VERSION;
        0, "NO_APPLICATION_PROTOCOL", "no supported application protocol to negotiate" => ALPN;
        0, "INVALID_SIGNATURE_ALGORITHM|NO_VALID_SIGNATURE_SCHEME", "invalid signature algorithm" => SCHEME;
        0, "INVALID_PEM|DECODE_CERTIFICATE|DECODE_PRIVATE_KEY", "invalid PEM encountered" => FORMAT;
        0, "VERIFY_SIGNATURE", "signature verification failed" => SIGNATURE;
        0, "ALERT", "TLS alert received" => VAGUE;
        0, "CLOSED", "connection is closed" => CUT;
    },
};
