//! Apple: Secure Transport and Network.framework (Security/SecureTransport.h, SecProtocolTypes.h), the Security framework
//! (SecBase.h) with the names of CDSA before it (cssmerr.h, cssmapple.h), and CFNetwork (NSURLError.h).

use handfast_finding::Refuser::Client;

use crate::{
    alerts,
    list::{List, Written, rows},
    meanings::*,
};

/// What stands in a text of Apple's libraries.
const MARKS: &[&str] = &[
    "cfnetwork",
    "nsosstatus",
    "osstatus",
    "kcfstream",
    "errssl",
    "nsurl",
    "secure transport",
    "securetransport",
    "sslhandshake",
    "boringssl context",
    "finished with error",
    "tcp conn",
    "nw protocol",
];

pub(crate) static LIST: List = List {
    program: "Apple",
    otherwise: Client,
    marks: MARKS,
    numbers: &[Written::Negative],
    prefix: "errSSL",
    plain: 4,
    rows: rows! {
        -9800, "Protocol", "" => VAGUE;
        -9801, "Negotiation", "" => PARAMETERS;
        -9802, "FatalAlert", "" => VAGUE;
        -9805, "ClosedGraceful", "connection closed gracefully" => CUT;
        -9806, "ClosedAbort", "connection closed via error" => CUT;
        -9807, "XCertChainInvalid", "invalid certificate chain" => UNTRUSTED;
        -9808, "BadCert", "bad certificate format" => UNVERIFIED_CHAIN;
        -9809, "Crypto", "" => SIGNATURE;
        -9810, "Internal", "" => HANDSHAKE;
        -9812, "UnknownRootCert", "cert chain not verified by root" => UNTRUSTED;
        -9813, "NoRootCert", "cert chain not verified by root|no root certificate found" => UNTRUSTED;
        -9814, "CertExpired", "chain had an expired cert" => EXPIRED;
        -9815, "CertNotYetValid", "chain had a cert not yet valid" => NOT_YET_VALID;
        -9816, "ClosedNoNotify", "server closed session with no notification" => CUT;
        -9818, "BadCipherSuite", "" => CIPHER;
        -9819, "PeerUnexpectedMsg", "" => VAGUE;
        -9820, "PeerBadRecordMac", "" => VAGUE;
        -9821, "PeerDecryptionFail", "" => VAGUE;
        -9824, "PeerHandshakeFail", "" => alerts::HANDSHAKE_FAILURE;
        -9825, "PeerBadCert", "" => alerts::BAD_CERTIFICATE;
        -9826, "PeerUnsupportedCert", "" => alerts::UNSUPPORTED_CERTIFICATE;
        -9827, "PeerCertRevoked", "" => alerts::REVOKED;
        -9828, "PeerCertExpired", "" => alerts::EXPIRED;
        -9829, "PeerCertUnknown", "" => alerts::CERTIFICATE_UNKNOWN;
        -9830, "IllegalParam", "" => VAGUE;
        -9831, "PeerUnknownCA", "" => alerts::UNKNOWN_CA;
        -9832, "PeerAccessDenied", "" => alerts::ACCESS_DENIED;
        -9833, "PeerDecodeError", "" => VAGUE;
        -9834, "PeerDecryptError", "" => alerts::DECRYPT_ERROR;
        -9836, "PeerProtocolVersion", "" => alerts::PROTOCOL_VERSION;
        -9837, "PeerInsufficientSecurity", "" => alerts::INSUFFICIENT_SECURITY;
        -9838, "PeerInternalError", "" => alerts::INTERNAL_ERROR;
        -9842, "ClientCertRequested", "" => NONE_TO_SEND;
        -9843, "HostNameMismatch", "" => NAME;
        -9844, "ConnectionRefused", "" => VAGUE;
        -9846, "BadRecordMac", "" => VAGUE;
        -9847, "RecordOverflow", "" => MAYBE_NOT_TLS;
        -9849, "UnexpectedRecord", "" => MAYBE_NOT_TLS;
        -9850, "WeakPeerEphemeralDHKey", "" => WEAK;
        -9852, "TransportReset", "" => CUT;
        -9853, "NetworkTimeout", "" => CUT;
        -9858, "HandshakeFail", "" => HANDSHAKE;
        -9860, "InappropriateFallback", "" => VERSION;
        -9862, "BadCertificateStatusResponse", "" => REVOCATION_UNKNOWN;
        -9863, "CertificateRequired", "" => alerts::CERTIFICATE_REQUIRED;
        -9865, "UnrecognizedName", "" => alerts::UNRECOGNIZED_NAME;
        -9880, "ATSViolation", "" => PARAMETERS;
        -9881, "ATSMinimumVersionViolation", "" => VERSION;
        -9882, "ATSCiphersuiteViolation", "" => CIPHER;
        -9883, "ATSMinimumKeySizeViolation", "" => WEAK;
        -9884, "ATSLeafCertificateHashAlgorithmViolation", "" => WEAK;
        -9885, "ATSCertificateHashAlgorithmViolation", "" => WEAK;
        -9886, "ATSCertificateTrustViolation", "" => UNTRUSTED;
    },
};

pub(crate) static SECURITY: List = List {
    program: "Apple",
    otherwise: Client,
    marks: MARKS,
    numbers: &[Written::Negative],
    prefix: "",
    plain: 4,
    rows: rows! {
        // --- NSURLError, kCFURLError ---
        -1001, "NSURLErrorTimedOut", "" => CUT;
        -1003, "NSURLErrorCannotFindHost", "a server with the specified hostname could not be found"
            => CONNECT;
        -1004, "NSURLErrorCannotConnectToHost", "could not connect to the server" => CONNECT;
        -1005, "NSURLErrorNetworkConnectionLost", "the network connection was lost" => CUT;
        -1200, "NSURLErrorSecureConnectionFailed", "" => VAGUE;
        -1201, "NSURLErrorServerCertificateHasBadDate", "" => DATES;
        -1202, "NSURLErrorServerCertificateUntrusted", "the certificate for this server is invalid"
            => UNVERIFIED_CHAIN;
        -1203, "NSURLErrorServerCertificateHasUnknownRoot", "" => UNTRUSTED;
        -1204, "NSURLErrorServerCertificateNotYetValid", "" => NOT_YET_VALID;
        -1205, "NSURLErrorClientCertificateRejected", "the server did not accept the certificate"
            => alerts::BAD_CERTIFICATE;
        -1206, "NSURLErrorClientCertificateRequired", "the server requires a client certificate"
            => NO_CERTIFICATE;
        // --- SecBase.h ---
        -25293, "errSecAuthFailed", "the user name or passphrase you entered is not correct" => PASSWORD;
        -25300, "errSecItemNotFound", "the specified item could not be found in the keychain" => NONE_TO_SEND;
        -25308, "errSecInteractionNotAllowed", "user interaction is not allowed" => KEYSET;
        -25318, "errSecCreateChainFailed", "" => UNTRUSTED;
        -26275, "errSecDecode", "unable to decode the provided data" => FORMAT;
        -67602, "errSecHostNameMismatch", "" => NAME;
        -67609, "errSecInvalidExtendedKeyUsage", "" => PURPOSE;
        -67818, "errSecCertificateExpired", "" => EXPIRED;
        -67819, "errSecCertificateNotValidYet", "" => NOT_YET_VALID;
        -67820, "errSecCertificateRevoked", "" => REVOKED;
        -67843, "errSecNotTrusted", "" => UNTRUSTED;
        -25264, "errSecPkcs12VerifyFailure", "" => P12_PASSWORD;
        // --- CDSA ---
        0, "CSSMERR_TP_NOT_TRUSTED|CSSMERR_TP_INVALID_ANCHOR_CERT", "" => UNTRUSTED;
        0, "CSSMERR_TP_INVALID_CERT_AUTHORITY|CSSMERR_TP_VERIFICATION_FAILURE", "" => UNTRUSTED;
        0, "CSSMERR_TP_VERIFY_ACTION_FAILED|CSSMERR_TP_INVALID_CERTIFICATE", "" => UNVERIFIED_CHAIN;
        0, "CSSMERR_TP_CERT_EXPIRED", "" => EXPIRED;
        0, "CSSMERR_TP_CERT_NOT_VALID_YET", "" => NOT_YET_VALID;
        0, "CSSMERR_TP_CERT_REVOKED|CSSMERR_TP_CERT_SUSPENDED", "" => REVOKED;
        0, "CSSMERR_APPLETP_HOSTNAME_MISMATCH", "" => NAME;
        0, "CSSMERR_APPLETP_CRL_EXPIRED|CSSMERR_APPLETP_CRL_NOT_VALID_YET", "" => CRL;
        0, "CSSMERR_APPLETP_CRL_NOT_FOUND|CSSMERR_APPLETP_CRL_SERVER_DOWN", "" => REVOCATION_UNKNOWN;
        0, "CSSMERR_APPLETP_CRL_NOT_TRUSTED|CSSMERR_APPLETP_OCSP_UNAVAILABLE", "" => REVOCATION_UNKNOWN;
        0, "CSSMERR_APPLETP_INCOMPLETE_REVOCATION_CHECK", "" => REVOCATION_UNKNOWN;
        0, "CSSMERR_APPLETP_INVALID_EXTENDED_KEY_USAGE|CSSMERR_APPLETP_INVALID_KEY_USAGE", "" => PURPOSE;
        0, "CSSMERR_APPLETP_INVALID_CA|CSSMERR_APPLETP_NO_BASIC_CONSTRAINTS", "" => NOT_A_CA;
        0, "CSSMERR_APPLETP_PATH_LEN_CONSTRAINT", "" => PATH_LENGTH;
        0, "CSSMERR_APPLETP_UNKNOWN_CRITICAL_EXTEN", "" => CRITICAL;
    },
};
