//! rustls and webpki: the variants of `Error`, `CertificateError`, `PeerIncompatible`, `InvalidMessage` (rustls 0.20 to
//! 0.23, rustls/src/error.rs) and of webpki's `Error`, which are printed as they stand by `{:?}`. Alerts are with the alerts.

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "rustls",
    otherwise: Client,
    marks: &[
        "rustls",
        "webpki",
        "invalid peer certificate",
        "invalidcertificate",
        "tls",
    ],
    numbers: &[],
    prefix: "",
    plain: 4,
    rows: rows! {
        // --- CertificateError, webpki::Error ---
        0, "BadEncoding|BadDer|BadDerTime|TrailingData", "" => MALFORMED;
        0, "BadSignature|InvalidSignatureForPublicKey|InvalidCrlSignatureForPublicKey", "" => SIGNATURE;
        0, "CaUsedAsEndEntity", "" => CA_AS_LEAF;
        0, "CertExpired|Expired|ExpiredContext", "" => EXPIRED;
        0, "CertNotValidForName|NotValidForName|NotValidForNameContext", "" => NAME;
        0, "CertNotValidYet|NotValidYet|NotValidYetContext", "" => NOT_YET_VALID;
        0, "CertRevoked", "" => REVOKED;
        0, "CrlExpired|ExpiredRevocationList|ExpiredRevocationListContext", "" => CRL;
        0, "UnknownRevocationStatus", "" => CRL;
        0, "EndEntityUsedAsCa", "" => NOT_A_CA;
        0, "ExtensionValueInvalid|MalformedExtensions|MalformedDnsIdentifier", "" => MALFORMED;
        0, "InvalidPurpose|InvalidPurposeContext|RequiredEkuNotFound|RequiredEkuNotFoundContext", ""
            => PURPOSE;
        0, "IssuerNotCrlSigner|InvalidCrlNumber|UnsupportedCrlVersion", "" => REVOCATION_UNKNOWN;
        0, "InvalidOcspResponse", "" => REVOCATION_UNKNOWN;
        0, "MaximumPathBuildCallsExceeded|MaximumSignatureChecksExceeded|PathLenConstraintViolated", ""
            => PATH_LENGTH;
        0, "NameConstraintViolation|InvalidNetworkMaskConstraint", "" => NAME_CONSTRAINTS;
        0, "UnhandledCriticalExtension|UnsupportedCriticalExtension", "" => CRITICAL;
        0, "UnknownIssuer", "" => UNTRUSTED;
        0, "UnsupportedCertVersion", "" => VERSION_1;
        0, "UnsupportedSignatureAlgorithm|UnsupportedSignatureAlgorithmContext", "" => WEAK;
        0, "UnsupportedSignatureAlgorithmForPublicKey|UnsupportedSignatureAlgorithmForPublicKeyContext", ""
            => SCHEME;
        0, "InvalidCertificate", "" => UNVERIFIED_CHAIN;
        // --- PeerIncompatible, PeerMisbehaved ---
        0, "NoCertificatesPresented", "" => NO_CERTIFICATE;
        0, "NoCertificateRequestSignatureSchemesInCommon|NoSignatureSchemesInCommon", "" => SCHEME;
        0, "NoCipherSuitesInCommon", "" => CIPHER;
        0, "NoKxGroupsInCommon|NamedGroupsExtensionRequired", "" => GROUP;
        // Longer names with digits look like secrets, and are concealed before anybody reads them.
        0, "ServerTlsVersionIsDisabledByOurConfig|Tls12NotOffered", "" => VERSION;
        0, "SupportedVersionsExtensionRequired|SignatureAlgorithmsExtensionRequired", "" => VERSION;
        0, "NoApplicationProtocol", "" => ALPN;
        0, "SelectedUnofferedApplicationProtocol", "" => ALPN;
        // --- InvalidMessage ---
        0, "InvalidContentType|MessageTooLarge|UnknownProtocolVersion", "" => NOT_TLS;
        0, "CertificatePayloadTooLarge|HandshakePayloadTooLarge", "" => VAGUE;
        0, "", "no server certificate chain resolved" => SNI.otherwise(Server);
        0, "", "peer is incompatible" => PARAMETERS;
        0, "", "peer misbehaved|received unexpected message|received unexpected handshake message" => VAGUE;
        // --- InconsistentKeys, files ---
        0, "KeyMismatch|InconsistentKeys", "" => KEY_MISMATCH;
        0, "", "failed to parse private key as RSA ECDSA or EdDSA" => FORMAT;
        0, "NoItemsFound", "no items found in PEM" => FORMAT;
        0, "", "no CA certificates were loaded from the system" => TRUST_FILE;
    },
};
