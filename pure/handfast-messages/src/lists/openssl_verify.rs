//! The results of OpenSSL's verification (X509_V_ERR of include/openssl/x509_vfy.h.in, the texts of
//! crypto/x509/x509_txt.c), which nginx, Apache, Node, Python, curl, Envoy and many more repeat. Texts that changed
//! stand beside each other: 1.0.2 and 1.1 (also LibreSSL, BoringSSL) first, then 3.

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, Written, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "OpenSSL",
    otherwise: Server,
    marks: &["verif", "x509", "ssl", "tls", "certificate", "ah02039", "ah02276"],
    numbers: &[Written::After(&[
        "verify error:num=",
        "verify error: (",
        "verify error:(",
        "verify error ",
        "verify result: ",
        "verify_result=",
        "verify return code: ",
        "verification: error (",
        "verification error: ",
        "… error (",
        "... error (",
        "c_err=",
        "ca_err=",
    ])],
    prefix: "",
    plain: 3,
    rows: rows! {
        2, "UNABLE_TO_GET_ISSUER_CERT", "unable to get issuer certificate" => ROOT_UNKNOWN;
        3, "UNABLE_TO_GET_CRL", "unable to get certificate CRL" => CRL;
        4, "UNABLE_TO_DECRYPT_CERT_SIGNATURE", "unable to decrypt certificate's signature" => SIGNATURE;
        5, "UNABLE_TO_DECRYPT_CRL_SIGNATURE", "unable to decrypt CRL's signature" => CRL;
        6, "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY", "unable to decode issuer public key" => MALFORMED;
        7, "CERT_SIGNATURE_FAILURE", "certificate signature failure" => SIGNATURE;
        8, "CRL_SIGNATURE_FAILURE", "CRL signature failure" => REVOCATION_UNKNOWN;
        9, "CERT_NOT_YET_VALID", "certificate is not yet valid" => NOT_YET_VALID;
        10, "CERT_HAS_EXPIRED", "certificate has expired" => EXPIRED;
        11, "CRL_NOT_YET_VALID", "CRL is not yet valid" => CRL;
        12, "CRL_HAS_EXPIRED", "CRL has expired" => CRL;
        13, "ERROR_IN_CERT_NOT_BEFORE_FIELD", "format error in certificate's notBefore field" => MALFORMED;
        14, "ERROR_IN_CERT_NOT_AFTER_FIELD", "format error in certificate's notAfter field" => MALFORMED;
        15, "ERROR_IN_CRL_LAST_UPDATE_FIELD", "format error in CRL's lastUpdate field" => CRL;
        16, "ERROR_IN_CRL_NEXT_UPDATE_FIELD", "format error in CRL's nextUpdate field" => CRL;
        18, "DEPTH_ZERO_SELF_SIGNED_CERT", "" => SELF_SIGNED;
        19, "SELF_SIGNED_CERT_IN_CHAIN", "self signed certificate in certificate chain" => ROOT_SENT;
        20, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "unable to get local issuer certificate"
            => UNTRUSTED.otherwise(Client);
        21, "", "unable to verify the first certificate" => LEAF_ALONE.otherwise(Client);
        22, "CERT_CHAIN_TOO_LONG", "certificate chain too long" => DEPTH;
        23, "CERT_REVOKED", "certificate revoked|certificate is revoked" => REVOKED;
        // 24 was X509_V_ERR_INVALID_CA until OpenSSL 3 gave that 79; servers of both are about.
        24, "NO_ISSUER_PUBLIC_KEY", "issuer certificate doesn't have a public key" => NOT_A_CA;
        25, "PATH_LENGTH_EXCEEDED", "path length constraint exceeded" => PATH_LENGTH;
        26, "", "unsupported certificate purpose|unsuitable certificate purpose" => PURPOSE;
        27, "CERT_UNTRUSTED", "certificate not trusted" => UNTRUSTED;
        28, "CERT_REJECTED", "certificate rejected" => UNVERIFIED_CHAIN;
        29, "SUBJECT_ISSUER_MISMATCH", "subject issuer mismatch" => SIGNATURE;
        30, "AKID_SKID_MISMATCH", "authority and subject key identifier mismatch" => SIGNATURE;
        31, "AKID_ISSUER_SERIAL_MISMATCH", "authority and issuer serial number mismatch" => SIGNATURE;
        32, "KEYUSAGE_NO_CERTSIGN", "key usage does not include certificate signing" => NOT_A_CA;
        33, "UNABLE_TO_GET_CRL_ISSUER", "unable to get CRL issuer certificate" => REVOCATION_UNKNOWN;
        34, "UNHANDLED_CRITICAL_EXTENSION", "unhandled critical extension" => CRITICAL;
        35, "KEYUSAGE_NO_CRL_SIGN", "key usage does not include CRL signing" => REVOCATION_UNKNOWN;
        36, "UNHANDLED_CRITICAL_CRL_EXTENSION", "unhandled critical CRL extension" => REVOCATION_UNKNOWN;
        37, "", "invalid non CA certificate" => CA_AS_LEAF;
        38, "PROXY_PATH_LENGTH_EXCEEDED", "proxy path length constraint exceeded" => PATH_LENGTH;
        39, "KEYUSAGE_NO_DIGITAL_SIGNATURE", "key usage does not include digital signature" => PURPOSE;
        40, "PROXY_CERTIFICATES_NOT_ALLOWED", "proxy certificates not allowed" => PURPOSE;
        41, "", "invalid or inconsistent certificate extension" => STRICT;
        42, "INVALID_POLICY_EXTENSION", "invalid or inconsistent certificate policy extension" => STRICT;
        43, "", "no explicit policy" => PURPOSE;
        44, "DIFFERENT_CRL_SCOPE", "different CRL scope" => REVOCATION_UNKNOWN;
        45, "", "unsupported extension feature" => STRICT;
        46, "", "RFC 3779 resource not subset of parent's resources" => NAME_CONSTRAINTS;
        47, "PERMITTED_VIOLATION", "permitted subtree violation" => NAME_CONSTRAINTS;
        48, "EXCLUDED_VIOLATION", "excluded subtree violation" => NAME_CONSTRAINTS;
        49, "", "name constraints minimum and maximum not supported" => NAME_CONSTRAINTS;
        50, "APPLICATION_VERIFICATION", "application verification failure" => APPLICATION;
        51, "UNSUPPORTED_CONSTRAINT_TYPE", "unsupported name constraint type" => NAME_CONSTRAINTS;
        52, "UNSUPPORTED_CONSTRAINT_SYNTAX", "unsupported or invalid name constraint syntax|unsupported name constraint syntax"
            => NAME_CONSTRAINTS;
        53, "", "unsupported or invalid name syntax" => NAME_CONSTRAINTS;
        54, "CRL_PATH_VALIDATION_ERROR", "CRL path validation error" => REVOCATION_UNKNOWN;
        55, "", "path loop" => MALFORMED;
        56, "", "Suite B certificate version invalid" => WEAK;
        57, "", "Suite B invalid public key algorithm" => WEAK;
        58, "", "Suite B invalid ECC curve" => WEAK;
        59, "", "Suite B invalid signature algorithm" => WEAK;
        60, "", "Suite B curve not allowed for this LOS" => WEAK;
        61, "", "Suite B cannot sign P-384 with P-256" => WEAK;
        62, "", "hostname mismatch" => NAME.otherwise(Client);
        63, "", "email address mismatch" => NAME.otherwise(Client);
        64, "", "IP address mismatch" => IP_NAME.otherwise(Client);
        65, "DANE_NO_MATCH", "no matching DANE TLSA records" => PIN.otherwise(Client);
        66, "EE_KEY_TOO_SMALL", "EE certificate key too weak" => WEAK;
        67, "CA_KEY_TOO_SMALL", "CA certificate key too weak" => WEAK;
        68, "CA_MD_TOO_WEAK", "CA signature digest algorithm too weak" => WEAK;
        70, "", "issuer certificate lookup error" => UNTRUSTED;
        71, "NO_VALID_SCTS", "Certificate Transparency required but no valid SCTs found" => PURPOSE;
        72, "", "proxy subject name violation" => NAME_CONSTRAINTS;
        73, "", "OCSP verification needed" => REVOCATION_UNKNOWN;
        74, "", "OCSP verification failed" => REVOCATION_UNKNOWN;
        75, "", "OCSP unknown cert" => REVOCATION_UNKNOWN;
        76, "", "Cannot find certificate signature algorithm" => SCHEME;
        77, "SIGNATURE_ALGORITHM_MISMATCH", "subject signature algorithm and issuer public key algorithm mismatch"
            => SIGNATURE;
        78, "SIGNATURE_ALGORITHM_INCONSISTENCY", "cert info signature and signature algorithm mismatch"
            => MALFORMED;
        79, "", "invalid CA certificate|invalid CA cert" => NOT_A_CA;
        80, "PATHLEN_INVALID_FOR_NON_CA", "path length invalid for non CA cert" => STRICT;
        81, "PATHLEN_WITHOUT_KU_KEY_CERT_SIGN", "path length given without key usage keyCertSign"
            => STRICT_CA;
        82, "KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA", "key usage keyCertSign invalid for non CA cert" => STRICT;
        83, "ISSUER_NAME_EMPTY", "issuer name empty" => STRICT;
        84, "SUBJECT_NAME_EMPTY", "subject name empty" => STRICT;
        85, "MISSING_AUTHORITY_KEY_IDENTIFIER", "missing authority key identifier" => STRICT;
        86, "MISSING_SUBJECT_KEY_IDENTIFIER", "missing subject key identifier" => STRICT;
        87, "EMPTY_SUBJECT_ALT_NAME", "empty subject alternative name extension" => STRICT;
        88, "EMPTY_SUBJECT_SAN_NOT_CRITICAL", "subject empty and subject alt name extension not critical"
            => STRICT;
        89, "CA_BCONS_NOT_CRITICAL", "basic constraints of CA cert not marked critical" => STRICT_CA;
        90, "AUTHORITY_KEY_IDENTIFIER_CRITICAL", "authority key identifier marked critical" => STRICT;
        91, "SUBJECT_KEY_IDENTIFIER_CRITICAL", "subject key identifier marked critical" => STRICT;
        92, "CA_CERT_MISSING_KEY_USAGE", "CA cert does not include key usage extension" => STRICT_CA;
        93, "EXTENSIONS_REQUIRE_VERSION_3", "using cert extension requires at least X509v3" => VERSION_1;
        94, "EC_KEY_EXPLICIT_PARAMS", "certificate public key has explicit ECC parameters" => WEAK;
        95, "", "raw public key untrusted no trusted keys configured" => UNTRUSTED;
        0, "", "OCSP response s invalid" => REVOCATION_UNKNOWN;
        0, "", "OCSP response signature verification failure" => REVOCATION_UNKNOWN;
        0, "", "OCSP response not yet valid" => REVOCATION_UNKNOWN;
        0, "", "OCSP response has expired" => REVOCATION_UNKNOWN;
        0, "", "no OCSP response available for certificate" => REVOCATION_UNKNOWN;
        0, "", "unspecified certificate verification error" => UNVERIFIED_CHAIN;
    },
};
