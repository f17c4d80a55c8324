//! wolfSSL, in cameras, curl of OpenWrt and Arduino: the errors of wolfssl/error-ssl.h and wolfcrypt/error-crypt.h with
//! the texts of src/internal.c and wolfcrypt/src/error.c.

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, Written, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "wolfSSL",
    otherwise: Client,
    marks: &[
        "wolfssl",
        "cyassl",
        "ssl connect failed with error",
        "ssl accept failed with error",
        "asn ",
    ],
    numbers: &[Written::Negative],
    prefix: "",
    plain: 4,
    rows: rows! {
        // --- wolfCrypt ---
        -140, "ASN_PARSE_E", "ASN parsing error invalid input" => FORMAT;
        -141, "ASN_VERSION_E", "ASN version error invalid number" => FORMAT;
        -143, "ASN_RSA_KEY_E", "ASN key init error invalid input" => FORMAT;
        -145, "ASN_TAG_NULL_E", "" => FORMAT;
        -150, "ASN_BEFORE_DATE_E", "ASN date error current date is before start of validity|ASN date error current date before"
            => NOT_YET_VALID;
        -151, "ASN_AFTER_DATE_E", "ASN date error current date is after expiration|ASN date error current date after"
            => EXPIRED;
        -152, "ASN_SIG_OID_E", "ASN signature error mismatched oid" => MALFORMED;
        -153, "ASN_TIME_E", "ASN time error unknown time type" => MALFORMED;
        -154, "ASN_INPUT_E", "ASN input error not enough data" => FORMAT;
        -155, "ASN_SIG_CONFIRM_E", "ASN sig error confirm failure" => SIGNATURE;
        -156, "ASN_SIG_HASH_E", "ASN sig error unsupported hash type" => WEAK;
        -157, "ASN_SIG_KEY_E", "ASN sig error unsupported key type" => SCHEME;
        -159, "ASN_CRIT_EXT_E", "X.509 critical extension ignored or invalid|X.509 critical extension ignored"
            => CRITICAL;
        -177, "NO_PASSWORD", "no password provided by user" => PASSWORD;
        -188, "ASN_NO_SIGNER_E", "ASN no signer error to confirm failure" => UNTRUSTED;
        -189, "ASN_CRL_CONFIRM_E", "ASN CRL sig error confirm failure" => REVOCATION_UNKNOWN;
        -190, "ASN_CRL_NO_SIGNER_E", "ASN CRL no signer error to confirm failure" => REVOCATION_UNKNOWN;
        -162, "ASN_NO_PEM_HEADER", "ASN no PEM header error" => FORMAT;
        -201, "ASN_NAME_INVALID_E", "name constraint error" => NAME_CONSTRAINTS;
        -234, "WC_KEY_SIZE_E", "key size error either too small or large" => WEAK;
        -237, "ASN_PATHLEN_SIZE_E", "ASN CA path length value too large error" => PATH_LENGTH;
        -238, "ASN_PATHLEN_INV_E", "ASN CA path length larger than signer error" => PATH_LENGTH;
        -275, "ASN_SELF_SIGNED_E", "ASN self signed certificate error" => SELF_SIGNED;
        // --- wolfSSL ---
        -305, "VERIFY_MAC_ERROR", "verify mac problem" => VAGUE;
        -308, "SOCKET_ERROR_E", "error state on socket" => CUT;
        -312, "DECRYPT_ERROR", "error during decryption" => VAGUE;
        -313, "FATAL_ERROR", "revcd alert fatal error|recvd alert fatal error|received alert fatal error"
            => VAGUE;
        -316, "NO_PEER_KEY", "need peer's key" => NONE_TO_SEND;
        -317, "NO_PRIVATE_KEY", "need the private key" => NO_KEY;
        -322, "DOMAIN_NAME_MISMATCH", "peer subject name mismatch" => NAME;
        -325, "IPADDR_MISMATCH", "peer ip address mismatch" => IP_NAME;
        -326, "VERSION_ERROR", "record layer version error" => VERSION;
        -328, "BUFFER_ERROR", "malformed buffer input error" => MAYBE_NOT_TLS;
        -329, "VERIFY_CERT_ERROR", "verify problem on certificate" => UNVERIFIED_CHAIN;
        -330, "VERIFY_SIGN_ERROR", "verify problem based on signature" => SIGNATURE;
        -341, "LENGTH_ERROR", "record layer length error" => MAYBE_NOT_TLS;
        -342, "PEER_KEY_ERROR", "can't decode peer key|cant decode peer key" => MALFORMED;
        -343, "ZERO_RETURN", "peer sent close notify alert" => CUT;
        -345, "NO_PEER_CERT", "peer didn't send cert|peer didn't send key" => NO_CERTIFICATE;
        -357, "NOT_CA_ERROR", "not a CA by basic constraint error|not CA by basic constraint error"
            => NOT_A_CA;
        -358, "BAD_PATH_ERROR", "bad path for opendir error" => TRUST_PATH;
        -360, "OCSP_CERT_REVOKED", "OCSP cert revoked" => REVOKED;
        -361, "CRL_CERT_REVOKED", "CRL cert revoked" => REVOKED;
        -362, "CRL_MISSING", "CRL missing not loaded" => CRL;
        -367, "OCSP_LOOKUP_FAIL", "OCSP responder lookup fail|OCSP lookup fail" => REVOCATION_UNKNOWN;
        -368, "MAX_CHAIN_ERROR", "maximum chain depth exceeded" => DEPTH;
        -372, "SSL_NO_PEM_HEADER", "no PEM header found" => FORMAT;
        -378, "NO_PEER_VERIFY", "need peer certificate verify error" => NO_CERTIFICATE;
        -381, "UNKNOWN_SNI_HOST_NAME_E", "unrecognized host name error" => SNI.otherwise(Server);
        -383, "KEYUSE_SIGNATURE_E", "key use digitalSignature not set error" => PURPOSE;
        -385, "KEYUSE_ENCIPHER_E", "key use keyEncipherment not set error" => PURPOSE;
        -386, "EXTKEYUSE_AUTH_E", "ext key use server client auth not set error" => PURPOSE;
        -397, "SOCKET_PEER_CLOSED_E", "peer closed underlying transport error" => CUT;
        -406, "UNKNOWN_ALPN_PROTOCOL_NAME_E", "unrecognized protocol name error" => ALPN;
        -409, "DH_KEY_SIZE_E", "DH key too small error" => WEAK;
        -425, "NO_CERT_ERROR", "no certificate provided by peer|TLS1.3 no certificate set error"
            => NO_CERTIFICATE;
        -500, "UNSUPPORTED_SUITE", "unsupported cipher suite" => CIPHER;
        -501, "MATCH_SUITE_ERROR", "can't match cipher suite" => CIPHER.otherwise(Server);
    },
};
