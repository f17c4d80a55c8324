//! GnuTLS: its errors (lib/errors.c, includes/gnutls/gnutls.h.in) and what it says of a certificate's status
//! (lib/cert-cred.c, gnutls_certificate_verification_status_print). git, apt, wget, rsyslog and OpenLDAP of Debian
//! repeat them.

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, Written, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "GnuTLS",
    otherwise: Client,
    marks: &[
        "gnutls",
        "tls handshake",
        "tls negotiation",
        "ssl error",
        "tls error",
        "handshake failed",
    ],
    numbers: &[Written::Negative],
    prefix: "GNUTLS E ",
    plain: 4,
    rows: rows! {
        -8, "UNSUPPORTED_VERSION_PACKET", "a packet with illegal or unsupported version was received"
            => VERSION;
        -9, "UNEXPECTED_PACKET_LENGTH", "error decoding the received TLS packet|a TLS packet with unexpected length was received"
            => MAYBE_NOT_TLS;
        -10, "INVALID_SESSION", "the specified session has been invalidated for some reason" => CUT;
        -12, "FATAL_ALERT_RECEIVED", "a TLS fatal alert has been received" => HANDSHAKE;
        -15, "UNEXPECTED_PACKET", "an unexpected TLS packet was received" => MAYBE_NOT_TLS;
        -19, "UNEXPECTED_HANDSHAKE_PACKET", "an unexpected TLS handshake packet was received" => VAGUE;
        -24, "DECRYPTION_FAILED", "decryption has failed" => PASSWORD;
        -29, "EXPIRED", "the session or certificate has expired" => EXPIRED;
        -31, "KEYFILE_ERROR", "error in password key file" => FILE;
        -32, "INSUFFICIENT_CREDENTIALS", "insufficient credentials for that request" => NONE_TO_SEND;
        -34, "BASE64_DECODING_ERROR", "base64 decoding error" => FORMAT;
        -43, "CERTIFICATE_ERROR|X509_CERTIFICATE_ERROR", "error in the certificate" => UNVERIFIED_CHAIN;
        -46, "PK_SIGN_FAILED", "public key signing has failed" => SCHEME;
        -47, "X509_UNSUPPORTED_CRITICAL_EXTENSION", "unsupported critical extension in X.509 certificate"
            => CRITICAL;
        -48, "KEY_USAGE_VIOLATION", "key usage violation in certificate has been detected" => PURPOSE;
        -49, "NO_CERTIFICATE_FOUND", "" => NO_CERTIFICATE;
        -53, "PUSH_ERROR", "error in the push function" => CUT;
        -54, "PULL_ERROR", "error in the pull function" => CUT;
        -55, "RECEIVED_ILLEGAL_PARAMETER", "an illegal parameter has been received" => VAGUE;
        -60, "CERTIFICATE_KEY_MISMATCH", "the certificate and the given key do not match" => KEY_MISMATCH;
        -61, "UNSUPPORTED_CERTIFICATE_TYPE", "the certificate type is not supported" => FORMAT;
        -62, "X509_UNKNOWN_SAN", "unknown subject alternative name in X.509 certificate" => MALFORMED;
        -63, "DH_PRIME_UNACCEPTABLE", "the Diffie Hellman prime sent by the server is not acceptable" => WEAK;
        -64, "FILE_ERROR", "error while reading file" => UNREADABLE;
        -67, "ASN1_ELEMENT_NOT_FOUND", "ASN1 parser element was not found" => FORMAT;
        -69, "ASN1_DER_ERROR", "ASN1 parser error in DER parsing" => FORMAT;
        -71, "ASN1_GENERIC_ERROR", "ASN1 parser generic parsing error" => FORMAT;
        -73, "ASN1_TAG_ERROR", "ASN1 parser error in TAG" => FORMAT;
        -82, "RECEIVED_DISALLOWED_NAME", "a disallowed SNI server name has been received"
            => SNI.otherwise(Server);
        -87, "NO_CIPHER_SUITES", "no supported cipher suites have been found" => CIPHER;
        -87, "", "could not negotiate a supported cipher suite" => CIPHER.otherwise(Server);
        -89, "PK_SIG_VERIFY_FAILED", "public key signature verification has failed" => SIGNATURE;
        -100, "MAC_VERIFY_FAILED", "the message authentication code verification failed" => P12_PASSWORD;
        -106, "UNSUPPORTED_SIGNATURE_ALGORITHM", "the signature algorithm is not supported" => SCHEME;
        -107, "SAFE_RENEGOTIATION_FAILED", "safe renegotiation failed" => VERSION;
        -108, "UNSAFE_RENEGOTIATION_DENIED", "unsafe renegotiation denied" => VERSION;
        -110, "PREMATURE_TERMINATION", "the TLS connection was non properly terminated" => CUT;
        -112, "CERTIFICATE_REQUIRED", "certificate is required" => NO_CERTIFICATE;
        -207, "BASE64_UNEXPECTED_HEADER_ERROR", "base64 unexpected header error" => FORMAT;
        -210, "HANDSHAKE_TOO_LARGE", "the handshake data size is too large" => VAGUE;
        -217, "INSUFFICIENT_SECURITY", "one of the involved algorithms has insufficient security level"
            => WEAK;
        -294, "UNRECOGNIZED_NAME", "the SNI host name not recognised" => SNI.otherwise(Server);
        -300, "PKCS11_ERROR", "PKCS 11 error" => TOKEN;
        -301, "PKCS11_LOAD_ERROR", "PKCS 11 initialization error" => TOKEN;
        -302, "PARSING_ERROR", "error in parsing" => FORMAT;
        -303, "PKCS11_PIN_ERROR", "error in provided PIN" => TOKEN;
        -305, "PKCS11_SLOT_ERROR", "PKCS 11 error in slot" => TOKEN;
        -308, "PKCS11_DEVICE_ERROR", "PKCS 11 error in device" => TOKEN;
        -311, "PKCS11_KEY_ERROR", "PKCS 11 error in key" => TOKEN;
        -313, "PKCS11_PIN_LOCKED", "PKCS 11 PIN locked" => TOKEN;
        -315, "PKCS11_SIGNATURE_ERROR", "PKCS 11 error in signature" => TOKEN;
        -316, "PKCS11_TOKEN_ERROR", "PKCS 11 error in token" => TOKEN;
        -319, "TIMEDOUT", "" => CUT;
        -321, "ECC_NO_SUPPORTED_CURVES", "no supported ECC curves were found" => GROUP;
        -322, "ECC_UNSUPPORTED_CURVE", "the curve is unsupported" => SCHEME;
        -323, "PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE", "the requested PKCS 11 object is not available"
            => TOKEN;
        -324, "CERTIFICATE_LIST_UNSORTED", "the provided X.509 certificate list is not sorted" => CHAIN_ORDER;
        -328, "SESSION_EOF", "peer has terminated the connection" => CUT;
        -329, "TPM_ERROR", "" => TOKEN;
        -330, "TPM_KEY_PASSWORD_ERROR", "error in provided password for key to be loaded in TPM" => TOKEN;
        -333, "TPM_KEY_NOT_FOUND", "TPM key was not found in persistent storage" => TOKEN;
        -340, "NO_CERTIFICATE_STATUS", "there is no certificate status" => REVOCATION_UNKNOWN;
        -341, "OCSP_RESPONSE_ERROR", "the OCSP response is invalid" => REVOCATION_UNKNOWN;
        -343, "AUTH_ERROR", "could not authenticate peer" => UNVERIFIED_CHAIN;
        -344, "NO_APPLICATION_PROTOCOL", "no common application protocol could be negotiated" => ALPN;
        -347, "INAPPROPRIATE_FALLBACK", "a connection with inappropriate fallback was attempted" => VERSION;
        -348, "CERTIFICATE_VERIFICATION_ERROR", "error in the certificate verification" => UNVERIFIED_CHAIN;
        -349, "PRIVKEY_VERIFICATION_ERROR", "error in the private key verification" => FORMAT;
        -409, "PK_INVALID_PUBKEY", "the public key is invalid" => MALFORMED;
        -410, "PK_INVALID_PRIVKEY", "the private key is invalid" => FORMAT;
        -411, "NOT_YET_ACTIVATED", "the certificate is not yet activated" => NOT_YET_VALID;
        -416, "CERTIFICATE_TIME_ERROR", "error in the time fields of certificate" => MALFORMED;
        -417, "RECORD_OVERFLOW", "a TLS record packet with invalid length was received" => MAYBE_NOT_TLS;
        -419, "INCOMPATIBLE_SIG_WITH_KEY", "the signature is incompatible with the public key" => SCHEME;
        -422, "OCSP_MISMATCH_WITH_CERTS", "the OCSP response provided doesn't match the available certificates"
            => REVOCATION_UNKNOWN;
        -423, "NO_COMMON_KEY_SHARE", "no common key share with peer" => GROUP;
        -424, "REAUTH_REQUEST", "re authentication was requested by the peer" => ASKED_LATE;
        -426, "CRL_VERIFICATION_ERROR", "error in the CRL verification" => REVOCATION_UNKNOWN;
        0, "", "gnutls handshake failed handshake failed" => HANDSHAKE;
    },
};

pub(crate) static STATUS: List = List {
    program: "GnuTLS",
    otherwise: Client,
    marks: &["gnutls", "the certificate is not trusted", "handshake"],
    numbers: &[],
    prefix: "GNUTLS CERT ",
    plain: 4,
    rows: rows! {
        0, "INVALID", "the certificate is not trusted" => UNVERIFIED_CHAIN;
        0, "REVOKED", "the certificate chain is revoked|chain uses revoked certificate" => REVOKED;
        0, "SIGNER_NOT_FOUND", "the certificate issuer is unknown|certificate issuer is unknown" => UNTRUSTED;
        0, "SIGNER_NOT_CA", "the certificate issuer is not a CA|certificate issuer is not a CA" => NOT_A_CA;
        0, "INSECURE_ALGORITHM", "the certificate chain uses insecure algorithm" => WEAK;
        0, "NOT_ACTIVATED", "the certificate chain uses not yet valid certificate" => NOT_YET_VALID;
        0, "EXPIRED", "the certificate chain uses expired certificate" => EXPIRED;
        0, "SIGNATURE_FAILURE", "the signature in the certificate is invalid" => SIGNATURE;
        0, "REVOCATION_DATA_SUPERSEDED", "revocation or OCSP data are old and have been superseded|revocation data are old"
            => CRL;
        0, "REVOCATION_DATA_ISSUED_IN_FUTURE", "revocation or OCSP data are issued with a future date|revocation data are issued with a future date"
            => CRL;
        0, "UNEXPECTED_OWNER", "the name in the certificate does not match the expected|certificate's owner does not match hostname"
            => NAME;
        0, "SIGNER_CONSTRAINTS_FAILURE", "the certificate chain violates the signer's constraints"
            => NAME_CONSTRAINTS;
        0, "MISMATCH", "the certificate doesn't match the local copy" => PIN;
        0, "PURPOSE_MISMATCH", "the certificate chain does not match the intended purpose" => PURPOSE;
        0, "MISSING_OCSP_STATUS", "the certificate requires the server to include an OCSP status"
            => REVOCATION_UNKNOWN;
        0, "INVALID_OCSP_STATUS", "the received OCSP status response is invalid" => REVOCATION_UNKNOWN;
        0, "UNKNOWN_CRIT_EXTENSIONS", "the certificate contains an unknown critical extension" => CRITICAL;
    },
};
