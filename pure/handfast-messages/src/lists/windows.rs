//! Windows: the statuses of Schannel, CryptoAPI and the trust providers (winerror.h: SEC_E, SEC_I, CERT_E, TRUST_E,
//! CRYPT_E, NTE) by name, number in hexadecimal, and number below zero; the errors of WinHTTP and WinINet (winhttp.h,
//! wininet.h); and .NET's X509ChainStatusFlags and SslPolicyErrors with the texts of System.Net.Security and
//! System.Security.Cryptography (Strings.resx). What Windows says in other languages still has its number.

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, Written, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "Schannel",
    otherwise: Client,
    marks: &[],
    numbers: &[Written::Windows],
    prefix: "",
    plain: 4,
    rows: rows! {
        // --- Schannel ---
        0x8009_0304, "SEC_E_INTERNAL_ERROR", "the local security authority cannot be contacted" => KEYSET;
        0x8009_0308, "SEC_E_INVALID_TOKEN", "the token supplied to the function is invalid" => MAYBE_NOT_TLS;
        0x8009_030d, "SEC_E_UNKNOWN_CREDENTIALS", "the credentials supplied to the package were not recognized"
            => KEY_IN_MEMORY;
        0x8009_030e, "SEC_E_NO_CREDENTIALS", "no credentials are available in the security package"
            => KEY_IN_MEMORY;
        0x8009_030f, "SEC_E_MESSAGE_ALTERED", "the message or signature supplied for verification has been altered"
            => SIGNATURE;
        0x8009_0317, "SEC_E_CONTEXT_EXPIRED", "the context has expired and can no longer be used" => CUT;
        0x8009_0318, "SEC_E_INCOMPLETE_MESSAGE", "the supplied message is incomplete" => MAYBE_NOT_TLS;
        0x8009_0320, "SEC_E_INCOMPLETE_CREDENTIALS|SEC_I_INCOMPLETE_CREDENTIALS", "" => NO_CERTIFICATE;
        0x8009_0322, "SEC_E_WRONG_PRINCIPAL", "the target principal name is incorrect" => NAME;
        0x8009_0324, "SEC_E_TIME_SKEW", "the clocks on the client and server machines are skewed"
            => NOT_YET_VALID;
        0x8009_0325, "SEC_E_UNTRUSTED_ROOT", "the certificate chain was issued by an authority that is not trusted"
            => UNTRUSTED;
        0x8009_0326, "SEC_E_ILLEGAL_MESSAGE", "the message received was unexpected or badly formatted"
            => VAGUE;
        0x8009_0327, "SEC_E_CERT_UNKNOWN", "an unknown error occurred while processing the certificate"
            => VAGUE;
        0x8009_0328, "SEC_E_CERT_EXPIRED", "the received certificate has expired" => EXPIRED;
        0x8009_0330, "SEC_E_DECRYPT_FAILURE", "the specified data could not be decrypted" => VAGUE;
        0x8009_0331, "SEC_E_ALGORITHM_MISMATCH", "the client and server cannot communicate because they do not possess a common algorithm"
            => PARAMETERS;
        0x8009_0349, "SEC_E_CERT_WRONG_USAGE", "the certificate is not valid for the requested usage"
            => PURPOSE;
        0x8009_0351, "SEC_E_SMARTCARD_CERT_REVOKED", "" => REVOKED;
        0x8009_0352, "SEC_E_ISSUING_CA_UNTRUSTED", "an untrusted certificate authority was detected"
            => UNTRUSTED;
        0x8009_0353, "SEC_E_REVOCATION_OFFLINE_C", "" => REVOCATION_UNKNOWN;
        0x8009_0355, "SEC_E_SMARTCARD_CERT_EXPIRED", "" => EXPIRED;
        0x8009_0365, "SEC_E_ONLY_HTTPS_ALLOWED", "" => NOT_TLS;
        0x8009_0367, "SEC_E_APPLICATION_PROTOCOL_MISMATCH", "no common application protocol exists between the client and the server"
            => ALPN;
        // --- the chain ---
        0x800b_0101, "CERT_E_EXPIRED", "not within its validity period when verifying against" => DATES;
        0x800b_0102, "CERT_E_VALIDITYPERIODNESTING", "" => DATES;
        0x800b_0103, "CERT_E_ROLE", "" => NOT_A_CA;
        0x800b_0104, "CERT_E_PATHLENCONST", "a path length constraint in the certification chain has been violated"
            => PATH_LENGTH;
        0x800b_0105, "CERT_E_CRITICAL", "unknown extension that is marked critical" => CRITICAL;
        0x800b_0106, "CERT_E_PURPOSE", "used for a purpose other than the ones specified by its CA"
            => PURPOSE;
        0x800b_0107, "CERT_E_ISSUERCHAINING", "did not issue that certificate" => SIGNATURE;
        0x800b_0108, "CERT_E_MALFORMED", "" => MALFORMED;
        0x800b_0109, "CERT_E_UNTRUSTEDROOT", "terminated in a root certificate which is not trusted by the trust provider"
            => UNTRUSTED;
        0x800b_010a, "CERT_E_CHAINING", "a certificate chain could not be built to a trusted root authority"
            => UNTRUSTED;
        0x800b_010c, "CERT_E_REVOKED", "a certificate was explicitly revoked by its issuer" => REVOKED;
        0x800b_010d, "CERT_E_UNTRUSTEDTESTROOT", "" => UNTRUSTED;
        0x800b_010e, "CERT_E_REVOCATION_FAILURE", "the revocation process could not continue"
            => REVOCATION_UNKNOWN;
        0x800b_010f, "CERT_E_CN_NO_MATCH", "the certificate's CN name does not match the passed value"
            => NAME;
        0x800b_0110, "CERT_E_WRONG_USAGE", "the certificate is not valid for the requested usage" => PURPOSE;
        0x800b_0111, "TRUST_E_EXPLICIT_DISTRUST", "the certificate was explicitly marked as untrusted"
            => UNTRUSTED;
        0x800b_0112, "CERT_E_UNTRUSTEDCA", "one of the CA certificates is not trusted by the policy provider"
            => UNTRUSTED;
        0x800b_0113, "CERT_E_INVALID_POLICY", "" => PURPOSE;
        0x800b_0114, "CERT_E_INVALID_NAME", "" => NAME_CONSTRAINTS;
        0x800b_0004, "TRUST_E_SUBJECT_NOT_TRUSTED", "" => UNTRUSTED;
        0x8009_6004, "TRUST_E_CERT_SIGNATURE", "the signature of the certificate cannot be verified"
            => SIGNATURE;
        0x8009_6019, "TRUST_E_BASIC_CONSTRAINTS", "a certificate's basic constraint extension has not been observed"
            => NOT_A_CA;
        // --- revocation ---
        0x8009_2010, "CRYPT_E_REVOKED", "the certificate is revoked" => REVOKED;
        0x8009_2011, "CRYPT_E_NO_REVOCATION_DLL", "" => REVOCATION_UNKNOWN;
        0x8009_2012, "CRYPT_E_NO_REVOCATION_CHECK", "the revocation function was unable to check revocation for the certificate"
            => REVOCATION_UNKNOWN;
        0x8009_2013, "CRYPT_E_REVOCATION_OFFLINE", "because the revocation server was offline"
            => REVOCATION_UNKNOWN;
        0x8009_2014, "CRYPT_E_NOT_IN_REVOCATION_DATABASE", "" => REVOCATION_UNKNOWN;
        // --- keys and files ---
        0x8009_0003, "NTE_BAD_KEY", "" => KEYSET;
        0x8009_0005, "NTE_BAD_DATA", "" => FILE;
        0x8009_0008, "NTE_BAD_ALGID", "" => SCHEME;
        0x8009_000b, "NTE_BAD_KEY_STATE", "key not valid for use in specified state" => KEYSET;
        0x8009_000d, "NTE_NO_KEY", "" => KEYSET;
        0x8009_0010, "NTE_PERM", "" => KEYSET;
        0x8009_0016, "NTE_BAD_KEYSET", "" => KEYSET;
        0x8009_0019, "NTE_KEYSET_NOT_DEF", "" => KEYSET;
        0x8009_001a, "NTE_KEYSET_ENTRY_BAD", "" => KEYSET;
        0x8009_0029, "NTE_NOT_SUPPORTED", "" => SCHEME;
        0x8009_2002, "CRYPT_E_BAD_ENCODE", "an error occurred during encode or decode operation" => FORMAT;
        0x8009_2003, "CRYPT_E_FILE_ERROR", "an error occurred while reading or writing to a file"
            => UNREADABLE;
        0x8009_2004, "CRYPT_E_NOT_FOUND", "" => FILE;
        0x8009_2007, "CRYPT_E_SELF_SIGNED", "" => SELF_SIGNED;
        0x8009_2009, "CRYPT_E_NO_MATCH", "cannot find the requested object" => FORMAT;
        0x8009_200b, "CRYPT_E_NO_KEY_PROPERTY", "cannot find the certificate and private key for decryption"
            => NO_KEY;
        0x8009_3102, "CRYPT_E_ASN1_EOD", "ASN1 unexpected end of data" => FORMAT;
        0x8009_310b, "CRYPT_E_ASN1_BADTAG", "ASN1 bad tag value met" => FORMAT;
        0x8007_0056, "", "" => P12_PASSWORD;
        0x8007_0520, "", "a specified logon session does not exist" => KEYSET;
    },
};

pub(crate) static WINHTTP: List = List {
    program: "WinHTTP",
    otherwise: Client,
    marks: &[
        "winhttp",
        "wininet",
        "error internet",
        "xmlhttp",
        "httpsendrequest",
    ],
    numbers: &[Written::After(&[
        "error ",
        "error: ",
        "error=",
        "code ",
        "code: ",
        "failed: ",
        "failed with ",
        "(",
    ])],
    prefix: "",
    plain: 4,
    rows: rows! {
        12002, "ERROR_WINHTTP_TIMEOUT|ERROR_INTERNET_TIMEOUT", "" => CUT;
        12007, "ERROR_WINHTTP_NAME_NOT_RESOLVED|ERROR_INTERNET_NAME_NOT_RESOLVED", "" => CONNECT;
        12029, "ERROR_WINHTTP_CANNOT_CONNECT|ERROR_INTERNET_CANNOT_CONNECT", "" => CONNECT;
        12030, "ERROR_WINHTTP_CONNECTION_ERROR|ERROR_INTERNET_CONNECTION_ABORTED", "" => CUT;
        12037, "ERROR_WINHTTP_SECURE_CERT_DATE_INVALID|ERROR_INTERNET_SEC_CERT_DATE_INVALID", "" => DATES;
        12038, "ERROR_WINHTTP_SECURE_CERT_CN_INVALID|ERROR_INTERNET_SEC_CERT_CN_INVALID", "" => NAME;
        12044, "ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED|ERROR_INTERNET_CLIENT_AUTH_CERT_NEEDED", ""
            => NO_CERTIFICATE;
        12045, "ERROR_WINHTTP_SECURE_INVALID_CA|ERROR_INTERNET_INVALID_CA", "" => UNTRUSTED;
        12057, "ERROR_WINHTTP_SECURE_CERT_REV_FAILED|ERROR_INTERNET_SEC_CERT_REV_FAILED", ""
            => REVOCATION_UNKNOWN;
        12157, "ERROR_WINHTTP_SECURE_CHANNEL_ERROR|ERROR_INTERNET_SECURITY_CHANNEL_ERROR", "" => HANDSHAKE;
        12169, "ERROR_WINHTTP_SECURE_INVALID_CERT|ERROR_INTERNET_SEC_INVALID_CERT", "" => UNVERIFIED_CHAIN;
        12170, "ERROR_WINHTTP_SECURE_CERT_REVOKED|ERROR_INTERNET_SEC_CERT_REVOKED", "" => REVOKED;
        12175, "ERROR_WINHTTP_SECURE_FAILURE", "" => UNVERIFIED_CHAIN;
        12179, "ERROR_WINHTTP_SECURE_CERT_WRONG_USAGE", "" => PURPOSE;
        12185, "ERROR_WINHTTP_CLIENT_CERT_NO_PRIVATE_KEY", "" => NO_KEY;
        12186, "ERROR_WINHTTP_CLIENT_CERT_NO_ACCESS_PRIVATE_KEY", "" => KEYSET;
    },
};

pub(crate) static DOTNET: List = List {
    program: ".NET",
    otherwise: Client,
    marks: &[
        "system.security",
        "system.net",
        "x509",
        "chain",
        "remotecertificate",
        "cryptographic",
    ],
    numbers: &[],
    prefix: "",
    plain: 4,
    rows: rows! {
        0, "CtlNotTimeValid|NotTimeNested", "" => DATES;
        0, "ExplicitDistrust", "" => UNTRUSTED;
        0, "HasExcludedNameConstraint|HasNotPermittedNameConstraint|InvalidNameConstraints", ""
            => NAME_CONSTRAINTS;
        0, "HasNotSupportedCriticalExtension", "" => CRITICAL;
        0, "HasWeakSignature", "" => WEAK;
        0, "InvalidBasicConstraints", "" => NOT_A_CA;
        0, "InvalidExtension", "" => MALFORMED;
        0, "NotSignatureValid", "" => SIGNATURE;
        0, "PartialChain|UntrustedRoot", "" => UNTRUSTED;
        0, "RevocationStatusUnknown|OfflineRevocation", "" => REVOCATION_UNKNOWN;
        0, "RemoteCertificateNameMismatch", "" => NAME;
        0, "RemoteCertificateChainErrors", "" => UNTRUSTED;
        0, "", "the certificate data cannot be read with the provided password" => P12_PASSWORD;
        0, "", "the provided key does not match the public key for this certificate|the provided key does not match"
            => KEY_MISMATCH;
        0, "", "no PEM encoded data was found|the certificate contents do not contain a PEM" => FORMAT;
        0, "", "the key contents do not contain a PEM|the EncryptedPrivateKeyInfo structure was decoded"
            => FILE;
        0, "", "cannot determine the frame size or a corrupted frame was received" => NOT_TLS;
        0, "", "the handshake failed due to an unexpected packet format" => NOT_TLS;
        0, "", "could not establish trust relationship for the SSL TLS secure channel" => UNVERIFIED_CHAIN;
        0, "", "could not create SSL TLS secure channel" => VAGUE;
        0, "", "the remote certificate was rejected by the provided" => UNVERIFIED_CHAIN;
        0, "", "a call to SSPI failed see inner exception" => HANDSHAKE;
        0, "", "received an unexpected EOF or 0 bytes from the transport stream" => CUT;
        0, "", "the specified network password is not correct" => P12_PASSWORD;
        0, "", "keyset does not exist" => KEYSET;
        0, "", "the requested client certificate is not available|client certificate required"
            => NO_CERTIFICATE;
        0, "", "the client certificate credentials were not recognized" => KEYSET;
        0, "", "client certificate validation failed|client certificate failed validation"
            => UNVERIFIED_CHAIN.otherwise(Server);
    },
};
