//! NSS, in Firefox, curl and OpenLDAP of Red Hat, and libreoffice: SSL_ERROR (lib/ssl/sslerr.h, SSLerrs.h), SEC_ERROR
//! (lib/util/secerr.h, SECerrs.h) and MOZILLA_PKIX_ERROR (security/nss/lib/mozpkix/include/pkix/pkixnss.h). Numbers
//! begin at -12288, -8192 and -16384.

use handfast_finding::Refuser::Client;

use crate::{
    alerts,
    list::{List, Written, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "NSS",
    otherwise: Client,
    marks: &["nss", "ssl", "tls", "sec error", "peer", "certificate", "pr "],
    numbers: &[Written::Negative],
    prefix: "",
    plain: 4,
    rows: rows! {
        // --- SSL_ERROR ---
        -12286, "SSL_ERROR_NO_CYPHER_OVERLAP", "cannot communicate securely with peer no common encryption algorithm"
            => CIPHER;
        -12285, "SSL_ERROR_NO_CERTIFICATE", "unable to find the certificate or key necessary for authentication"
            => NONE_TO_SEND;
        -12284, "SSL_ERROR_BAD_CERTIFICATE", "peers's certificate was rejected" => UNVERIFIED_CHAIN;
        -12280, "SSL_ERROR_UNSUPPORTED_CERTIFICATE_TYPE", "unsupported certificate type" => SCHEME;
        -12279, "SSL_ERROR_UNSUPPORTED_VERSION", "peer using unsupported version of security protocol"
            => VERSION;
        -12277, "SSL_ERROR_WRONG_CERTIFICATE", "private key in key database does not match public key in certificate database"
            => KEY_MISMATCH;
        -12276, "SSL_ERROR_BAD_CERT_DOMAIN", "requested domain name does not match the server's certificate"
            => NAME;
        -12274, "SSL_ERROR_SSL2_DISABLED", "peer only supports SSL version 2" => VERSION;
        -12273, "SSL_ERROR_BAD_MAC_READ", "" => VAGUE;
        -12272, "SSL_ERROR_BAD_MAC_ALERT", "SSL peer reports incorrect message authentication code" => VAGUE;
        -12271, "SSL_ERROR_BAD_CERT_ALERT", "SSL peer cannot verify your certificate"
            => alerts::BAD_CERTIFICATE;
        -12270, "SSL_ERROR_REVOKED_CERT_ALERT", "SSL peer rejected your certificate as revoked"
            => alerts::REVOKED;
        -12269, "SSL_ERROR_EXPIRED_CERT_ALERT", "SSL peer rejected your certificate as expired"
            => alerts::EXPIRED;
        -12268, "SSL_ERROR_SSL_DISABLED", "cannot connect SSL is disabled" => VERSION;
        -12266, "SSL_ERROR_UNKNOWN_CIPHER_SUITE", "an unknown SSL cipher suite has been requested" => CIPHER;
        -12265, "SSL_ERROR_NO_CIPHERS_SUPPORTED", "no cipher suites are present and enabled in this program"
            => CIPHER;
        -12263, "SSL_ERROR_RX_RECORD_TOO_LONG", "SSL received a record that exceeded the maximum permissible length"
            => NOT_TLS;
        -12260, "SSL_ERROR_RX_MALFORMED_CLIENT_HELLO", "" => VAGUE;
        -12259, "SSL_ERROR_RX_MALFORMED_SERVER_HELLO", "" => VAGUE;
        -12258, "SSL_ERROR_RX_MALFORMED_CERTIFICATE", "" => MALFORMED;
        -12254, "SSL_ERROR_RX_MALFORMED_CERT_VERIFY", "" => SIGNATURE;
        -12233, "SSL_ERROR_RX_UNKNOWN_RECORD_TYPE", "SSL received a record with an unknown content type"
            => NOT_TLS;
        -12230, "SSL_ERROR_CLOSE_NOTIFY_ALERT", "SSL peer has closed this connection" => CUT;
        -12227, "SSL_ERROR_HANDSHAKE_FAILURE_ALERT", "SSL peer was unable to negotiate an acceptable set of security parameters"
            => alerts::HANDSHAKE_FAILURE;
        -12226, "SSL_ERROR_ILLEGAL_PARAMETER_ALERT", "SSL peer rejected a handshake message for unacceptable content"
            => VAGUE;
        -12225, "SSL_ERROR_UNSUPPORTED_CERT_ALERT", "SSL peer does not support certificates of the type it received"
            => alerts::UNSUPPORTED_CERTIFICATE;
        -12224, "SSL_ERROR_CERTIFICATE_UNKNOWN_ALERT", "SSL peer had some unspecified issue with the certificate it received"
            => alerts::CERTIFICATE_UNKNOWN;
        -12222, "SSL_ERROR_SIGN_HASHES_FAILURE", "unable to digitally sign data required to verify your certificate"
            => SCHEME;
        -12205, "SSL_ERROR_TOKEN_INSERTION_REMOVAL", "" => TOKEN;
        -12204, "SSL_ERROR_TOKEN_SLOT_NOT_FOUND", "no PKCS 11 token could be found" => TOKEN;
        -12200, "SSL_ERROR_CERT_KEA_MISMATCH", "the certificate provided cannot be used with the selected authentication type"
            => PURPOSE;
        -12199, "SSL_ERROR_NO_TRUSTED_SSL_CLIENT_CA", "no certificate authority is trusted for SSL client authentication"
            => TRUST_FILE;
        -12195, "SSL_ERROR_UNKNOWN_CA_ALERT", "peer does not recognize and trust the CA that issued your certificate"
            => alerts::UNKNOWN_CA;
        -12194, "SSL_ERROR_ACCESS_DENIED_ALERT", "peer received a valid certificate but access was denied"
            => alerts::ACCESS_DENIED;
        -12193, "SSL_ERROR_DECODE_ERROR_ALERT", "peer could not decode an SSL handshake message" => VAGUE;
        -12192, "SSL_ERROR_DECRYPT_ERROR_ALERT", "peer reports failure of signature verification or key exchange"
            => alerts::DECRYPT_ERROR;
        -12190, "SSL_ERROR_PROTOCOL_VERSION_ALERT", "peer reports incompatible or unsupported protocol version"
            => alerts::PROTOCOL_VERSION;
        -12189, "SSL_ERROR_INSUFFICIENT_SECURITY_ALERT", "server requires ciphers more secure than those supported by client"
            => alerts::INSUFFICIENT_SECURITY;
        -12188, "SSL_ERROR_INTERNAL_ERROR_ALERT", "peer reports it experienced an internal error"
            => alerts::INTERNAL_ERROR;
        -12182, "SSL_ERROR_UNRECOGNIZED_NAME_ALERT", "SSL peer has no certificate for the requested DNS name"
            => alerts::UNRECOGNIZED_NAME;
        -12173, "SSL_ERROR_WEAK_SERVER_EPHEMERAL_DH_KEY", "SSL received a weak ephemeral Diffie Hellman key"
            => WEAK;
        -12157, "SSL_ERROR_INAPPROPRIATE_FALLBACK_ALERT", "" => VERSION;
        -12156, "SSL_ERROR_WEAK_SERVER_CERT_KEY", "" => WEAK;
        -12154, "SSL_ERROR_NO_SUPPORTED_SIGNATURE_ALGORITHM", "" => SCHEME;
        -12153, "SSL_ERROR_UNSUPPORTED_SIGNATURE_ALGORITHM", "" => SCHEME;
        -12130, "SSL_ERROR_NEXT_PROTOCOL_NO_PROTOCOL", "" => alerts::NO_APPLICATION_PROTOCOL;
        -12145, "SSL_ERROR_MISSING_EXTENSION_ALERT", "" => VAGUE;
        -12107, "SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT", "" => alerts::CERTIFICATE_REQUIRED;
        // --- SEC_ERROR ---
        -8183, "SEC_ERROR_BAD_DER", "improperly formatted DER encoded message" => FORMAT;
        -8182, "SEC_ERROR_BAD_SIGNATURE", "peer's certificate has an invalid signature" => SIGNATURE;
        -8181, "SEC_ERROR_EXPIRED_CERTIFICATE", "peer's certificate has expired" => EXPIRED;
        -8180, "SEC_ERROR_REVOKED_CERTIFICATE", "peer's certificate has been revoked" => REVOKED;
        -8179, "SEC_ERROR_UNKNOWN_ISSUER", "peer's certificate issuer is not recognized|certificate issuer is not recognized"
            => UNTRUSTED;
        -8178, "SEC_ERROR_BAD_KEY", "peer's public key is invalid" => MALFORMED;
        -8177, "SEC_ERROR_BAD_PASSWORD", "the security password entered is incorrect" => PASSWORD;
        -8174, "SEC_ERROR_BAD_DATABASE", "security library bad database" => UNREADABLE;
        -8172, "SEC_ERROR_UNTRUSTED_ISSUER", "peer's certificate issuer has been marked as not trusted by the user"
            => UNTRUSTED;
        -8171, "SEC_ERROR_UNTRUSTED_CERT", "peer's certificate has been marked as not trusted by the user"
            => UNTRUSTED;
        -8166, "SEC_ERROR_NO_KEY", "the private key for this certificate cannot be found in key database"
            => NO_KEY;
        -8164, "SEC_ERROR_CERT_NOT_VALID", "this certificate is not valid" => UNVERIFIED_CHAIN;
        -8162, "SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE", "the certificate issuer's certificate has expired"
            => EXPIRED;
        -8161, "SEC_ERROR_CRL_EXPIRED", "the CRL for the certificate's issuer has expired" => CRL;
        -8160, "SEC_ERROR_CRL_BAD_SIGNATURE", "the CRL for the certificate's issuer has an invalid signature"
            => CRL;
        -8159, "SEC_ERROR_CRL_INVALID", "new CRL has an invalid format" => CRL;
        -8158, "SEC_ERROR_EXTENSION_VALUE_INVALID", "certificate extension value is invalid" => STRICT;
        -8157, "SEC_ERROR_EXTENSION_NOT_FOUND", "certificate extension not found" => STRICT;
        -8156, "SEC_ERROR_CA_CERT_INVALID", "issuer certificate is invalid" => NOT_A_CA;
        -8155, "SEC_ERROR_PATH_LEN_CONSTRAINT_INVALID", "certificate path length constraint is invalid"
            => PATH_LENGTH;
        -8154, "SEC_ERROR_CERT_USAGES_INVALID", "certificate usages field is invalid" => PURPOSE;
        -8152, "SEC_ERROR_INVALID_KEY", "the key does not support the requested operation" => SCHEME;
        -8151, "SEC_ERROR_UNKNOWN_CRITICAL_EXTENSION", "certificate contains unknown critical extension"
            => CRITICAL;
        -8144, "SEC_ERROR_UNSUPPORTED_KEYALG", "unsupported or unknown key algorithm" => SCHEME;
        -8128, "SEC_ERROR_NO_MODULE", "no security module can perform the requested operation" => TOKEN;
        -8127, "SEC_ERROR_NO_TOKEN", "the security card or token does not exist" => TOKEN;
        -8113, "SEC_ERROR_PKCS12_INVALID_MAC", "unable to import invalid MAC" => P12_PASSWORD;
        -8112, "SEC_ERROR_PKCS12_UNSUPPORTED_MAC_ALGORITHM", "MAC algorithm not supported" => P12_UNSUPPORTED;
        -8109, "SEC_ERROR_PKCS12_UNSUPPORTED_PBE_ALGORITHM", "" => P12_UNSUPPORTED;
        -8102, "SEC_ERROR_INADEQUATE_KEY_USAGE", "certificate key usage inadequate for attempted operation"
            => PURPOSE;
        -8101, "SEC_ERROR_INADEQUATE_CERT_TYPE", "certificate type not approved for application" => PURPOSE;
        -8080, "SEC_ERROR_CERT_NOT_IN_NAME_SPACE", "not permitted to issue a certificate with this name"
            => NAME_CONSTRAINTS;
        -8078, "SEC_ERROR_CRL_NOT_YET_VALID", "" => CRL;
        -8076, "SEC_ERROR_UNKNOWN_SIGNER", "the signer's certificate could not be found" => UNTRUSTED;
        -8060, "SEC_ERROR_OCSP_OLD_RESPONSE", "the OCSP response contains out of date information"
            => REVOCATION_UNKNOWN;
        -8055, "SEC_ERROR_CRL_NOT_FOUND", "no matching CRL was found" => CRL;
        -8054, "SEC_ERROR_REUSED_ISSUER_AND_SERIAL", "" => MALFORMED;
        -8051, "SEC_ERROR_UNSUPPORTED_ELLIPTIC_CURVE", "unsupported elliptic curve" => SCHEME;
        -8047, "SEC_ERROR_REVOKED_CERTIFICATE_CRL", "certificate is revoked in issuer's certificate revocation list"
            => REVOKED;
        -8046, "SEC_ERROR_REVOKED_CERTIFICATE_OCSP", "issuer's OCSP responder reports certificate is revoked"
            => REVOKED;
        -8037, "SEC_ERROR_TOKEN_NOT_LOGGED_IN", "" => TOKEN;
        -8032, "SEC_ERROR_POLICY_VALIDATION_FAILED", "cert chain fails policy validation" => PURPOSE;
        -8016, "SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED", "signed using a signature algorithm that is disabled because it is not secure"
            => WEAK;
        -8015, "SEC_ERROR_LEGACY_DATABASE", "" => UNREADABLE;
        -8014, "SEC_ERROR_APPLICATION_CALLBACK_ERROR", "rejected by extra checks in the application"
            => IDENTITY;
        // --- MOZILLA_PKIX_ERROR ---
        -16384, "MOZILLA_PKIX_ERROR_KEY_PINNING_FAILURE", "" => PIN;
        -16383, "MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY", "" => CA_AS_LEAF;
        -16382, "MOZILLA_PKIX_ERROR_INADEQUATE_KEY_SIZE", "" => WEAK;
        -16381, "MOZILLA_PKIX_ERROR_V1_CERT_USED_AS_CA", "" => VERSION_1;
        -16380, "MOZILLA_PKIX_ERROR_NO_RFC822NAME_MATCH", "" => NAME;
        -16379, "MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE", "" => NOT_YET_VALID;
        -16378, "MOZILLA_PKIX_ERROR_NOT_YET_VALID_ISSUER_CERTIFICATE", "" => NOT_YET_VALID;
        -16377, "MOZILLA_PKIX_ERROR_SIGNATURE_ALGORITHM_MISMATCH", "" => MALFORMED;
        -16376, "MOZILLA_PKIX_ERROR_OCSP_RESPONSE_FOR_CERT_MISSING", "" => REVOCATION_UNKNOWN;
        -16375, "MOZILLA_PKIX_ERROR_VALIDITY_TOO_LONG", "" => PURPOSE;
        -16374, "MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING", "" => REVOCATION_UNKNOWN;
        -16373, "MOZILLA_PKIX_ERROR_INVALID_INTEGER_ENCODING", "" => MALFORMED;
        -16372, "MOZILLA_PKIX_ERROR_EMPTY_ISSUER_NAME", "" => STRICT;
        -16371, "MOZILLA_PKIX_ERROR_ADDITIONAL_POLICY_CONSTRAINT_FAILED", "" => UNTRUSTED;
        -16370, "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT", "" => SELF_SIGNED;
        -16369, "MOZILLA_PKIX_ERROR_MITM_DETECTED", "" => UNTRUSTED;
        // --- curl and OpenLDAP with NSS ---
        0, "", "NSS client certificate not found" => NONE_TO_SEND;
    },
};
