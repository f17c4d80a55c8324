//! Java: the texts of JSSE (sun.security.ssl), of the validators (sun.security.validator, sun.security.provider.certpath)
//! and of the key stores (sun.security.pkcs12, sun.security.provider), with those of Netty, Apache HttpClient, OkHttp and
//! Bouncy Castle.

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "Java",
    otherwise: Client,
    marks: &[
        "java",
        "javax.net.ssl",
        "sun.security",
        "sslhandshakeexception",
        "certpath",
        "keystore",
        "netty",
    ],
    numbers: &[],
    prefix: "",
    plain: 4,
    rows: rows! {
        // --- the path ---
        0, "", "unable to find valid certification path to requested target" => UNTRUSTED;
        0, "", "path does not chain with any of the trust anchors" => UNTRUSTED;
        0, "", "no trusted certificate found|trust anchor for certification path not found" => UNTRUSTED;
        0, "", "TrustAnchor with subject|subject issuer name chaining check failed" => CHAIN_ORDER;
        0, "", "issuer certificate not trusted|peer certificate not trusted|untrusted certificate"
            => UNTRUSTED;
        0, "CertificateExpiredException", "certificate expired on|NotAfter" => EXPIRED;
        0, "CertificateNotYetValidException", "certificate not valid until|NotBefore" => NOT_YET_VALID;
        0, "CertificateRevokedException", "certificate has been revoked|certificate was revoked" => REVOKED;
        0, "", "unable to determine revocation status due to network error|undetermined revocation status"
            => REVOCATION_UNKNOWN;
        0, "", "no CRLs found for issuer|no valid CRL found|OCSP response error|unable to verify OCSP response"
            => REVOCATION_UNKNOWN;
        0, "", "basic constraints check failed|CA key usage check failed|not a CA certificate" => NOT_A_CA;
        0, "", "end user tried to act as a CA|violated path length constraints" => NOT_A_CA;
        0, "", "pathLenConstraint violated|path length constraint violated" => PATH_LENGTH;
        0, "", "name constraints check failed|nameConstraints violation" => NAME_CONSTRAINTS;
        0, "", "unrecognized critical extension|unsupported critical extension" => CRITICAL;
        0, "", "KeyUsage does not allow digital signatures|KeyUsage does not allow key encipherment"
            => PURPOSE;
        0, "", "KeyUsage does not allow key agreement|wrong key usage" => PURPOSE;
        0, "", "extended key usage does not permit use for TLS|netscape cert type does not permit use for SSL"
            => PURPOSE;
        0, "", "usage constraint TLSServer check failed|usage constraint TLSClient check failed" => WEAK;
        0, "", "algorithm constraints check failed|certificates do not conform to algorithm constraints"
            => WEAK;
        0, "", "RSA key is too small|DH ServerKeyExchange does not comply to algorithm constraints" => WEAK;
        0, "", "signature does not match|invalid signature on|signature check failed" => SIGNATURE;
        0, "", "certificate signature validation failed|invalid CertificateVerify message|invalid certificate verify message"
            => SIGNATURE;
        // --- names ---
        0, "", "hostname in certificate didn't match|host name does not match the certificate subject"
            => NAME;
        0, "", "doesn't match any of the subject alternative names|doesn't match common name of the certificate subject"
            => NAME;
        0, "", "no subject alternative DNS name matching" => NAME;
        0, "", "hostname verification failed|host name mismatch|hostname not verified" => NAME;
        0, "", "no subject alternative names matching IP address" => IP_NAME;
        // --- who sends what ---
        0, "", "empty client certificate chain|empty certificate chain|null cert chain|bad certificate chain"
            => NO_CERTIFICATE;
        0, "", "peer not verified|peer not authenticated" => NO_CERTIFICATE;
        0, "", "empty server certificate chain|server certificate chain is empty" => NO_KEY;
        0, "", "no X.509 certificate for client authentication use empty certificate message instead"
            => NONE_TO_SEND;
        0, "", "no available certificate or key corresponds to the SSL cipher suites which are enabled"
            => NO_KEY;
        // --- versions, suites, schemes ---
        0, "", "no appropriate protocol protocol is disabled or cipher suites are inappropriate" => VERSION;
        0, "", "client requested protocol|the server selected protocol version" => VERSION;
        0, "", "no cipher suites in common|no negotiable cipher suite" => CIPHER.otherwise(Server);
        0, "", "no available authentication scheme|no supported signature algorithm|no preferred signature algorithm"
            => SCHEME;
        0, "", "unsupported certificate signature" => SCHEME;
        0, "", "no common application protocol|no matching application layer protocol values" => ALPN;
        0, "", "unrecognized server name indication|unrecognized_name" => SNI.otherwise(Server);
        // --- not TLS, the connection ---
        0, "NotSslRecordException", "not an SSL TLS record|unrecognized SSL message plaintext connection"
            => NOT_TLS;
        0, "", "unsupported or unrecognized SSL message|unsupported record version|unknown record type"
            => NOT_TLS;
        0, "", "remote host terminated the handshake|remote host closed connection during handshake" => CUT;
        0, "", "SSL peer shut down incorrectly|broken pipe write failed|SSLEngine closed already" => CUT;
        0, "", "connection closed while SSL TLS handshake was in progress|handshake timed out" => CUT;
        0, "", "general SSLEngine problem|general OpenSslEngine problem" => HANDSHAKE;
        // --- key stores and files ---
        0, "", "toDerInputStream rejects tag type|DerInputStream getLength|lengthTag" => FORMAT;
        0, "", "invalid keystore format|unrecognized keystore format|DER input integer tag error" => FORMAT;
        0, "", "signed overrun bytes|extra data given to DerValue constructor|short read of DER length"
            => FORMAT;
        0, "", "could not parse certificate|unable to initialize java.io.IOException|algid parse error"
            => FORMAT;
        0, "", "invalid key format|unable to decode key|IOException parsing|not a PKCS 8|input stream does not contain valid certificates"
            => FORMAT;
        0, "", "file does not contain valid private key|illegal base64 character|found no PEM" => FORMAT;
        0, "", "keystore password was incorrect|keystore was tampered with or password was incorrect"
            => PASSWORD;
        0, "UnrecoverableKeyException", "password must not be null|cannot recover key|get key failed"
            => PASSWORD;
        0, "", "password verification failed|failed to decrypt safe contents entry|PKCS12 MAC verification"
            => P12_PASSWORD;
        0, "", "algorithm HmacPBESHA256 not available|HmacPBESHA256 not available" => P12_UNSUPPORTED;
        0, "", "the trustAnchors parameter must be non empty|problem accessing trust store" => TRUST_FILE;
        0, "", "alias name does not identify a key entry|does not identify a key entry" => NO_KEY;
        0, "", "private key must be accompanied by certificate chain|no private key found for alias"
            => NO_KEY;
        0, "", "private key does not match|public key in certificate does not match private key"
            => KEY_MISMATCH;
    },
};
