//! Web servers and proxies in their own words: the numbers of Apache (APLOGNO in modules/ssl and modules/proxy), and texts
//! of nginx (src/event/ngx_event_openssl.c, src/http/modules/ngx_http_ssl_module.c), HAProxy (src/ssl_sock.c, src/ssl_ckch.c,
//! src/check.c) and Envoy (source/common/tls, source/common/http, RBAC). What they repeat of OpenSSL stands there.

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, rows},
    meanings::*,
};

pub(crate) static APACHE: List = List {
    program: "Apache",
    otherwise: Server,
    marks: &["ah0", "ah1", "[ssl:", "[proxy"],
    numbers: &[],
    prefix: "AH",
    plain: 4,
    rows: rows! {
        0, "00134", "possible attempt to establish SSL connection on non SSL port" => NOT_TLS;
        0, "00957|00958|01114", "failed to make connection to backend" => CONNECT;
        0, "00961", "failed to enable ssl support for" => VAGUE;
        0, "01630", "client denied by server configuration" => NOT_ALLOWED;
        0, "01895", "unable to configure verify locations for client authentication" => TRUST_FILE;
        0, "01896", "unable to determine list of acceptable CA certificates for client authentication"
            => TRUST_FILE;
        0, "01897", "no CAs are known for verification" => TRUST_FILE;
        0, "01898|10127", "unable to configure permitted SSL ciphers|unable to configure permitted TLSv1.3 ciphers"
            => CONFIG;
        0, "01899", "CRL checking has been enabled but neither" => CRL;
        0, "01901", "unable to configure X.509 CRL storage for certificate revocation" => CRL;
        0, "01902", "CRL storage locations configured but CRL checking" => CONFIG;
        0, "01903", "failed to configure CA certificate chain" => FILE;
        0, "01906|01907", "server certificate is a CA certificate" => CA_AS_LEAF;
        0, "01909", "server certificate does NOT include an ID which matches the server name"
            => NAME.otherwise(Client);
        0, "01915|01916", "you configured HTTPS on the standard HTTP port" => CONFIG;
        0, "02003", "SSL proxy connect failed" => VAGUE;
        0, "02004", "peer certificate is expired" => EXPIRED.otherwise(Client);
        0, "02005|02411", "peer certificate CN mismatch|peer certificate does not match for hostname"
            => NAME.otherwise(Client);
        0, "02006|02007", "SSL handshake stopped connection was closed" => CUT;
        0, "02008", "" => HANDSHAKE;
        0, "02010", "SSL client authentication failed" => UNVERIFIED_CHAIN;
        0, "02011", "no acceptable peer certificate available" => NO_CERTIFICATE;
        0, "02206|02208", "no client certs found for SSL proxy" => FILE;
        0, "02210", "failed to load SSLCACertificateFile" => TRUST_FILE;
        0, "02211", "failed to open certificate path" => TRUST_FILE;
        0, "02219", "failed reason SSL connection required" => NOT_TLS;
        0, "02224", "re negotiation verification step failed" => UNVERIFIED_CHAIN;
        0, "02229|02266", "SSL requirement expression not fulfilled|requirement expression not fulfilled"
            => NOT_ALLOWED;
        0, "02231|03378", "no SSL protocols available" => VERSION;
        0, "02252", "incomplete client cert configured for SSL proxy" => NO_KEY;
        0, "02262", "re negotiation handshake failed client verification failed" => UNVERIFIED_CHAIN;
        0, "02268", "downstream server wanted client certificate but none are configured" => NO_CERTIFICATE;
        0, "02269|02278", "no client certificate found|no acceptable CA list" => NONE_TO_SEND;
        0, "02270", "SSL proxy client cert chain verification failed" => UNVERIFIED_CHAIN;
        0, "02326", "proxy client certificate and private key do not match" => KEY_MISMATCH;
        0, "02561|02562|10137", "failed to configure certificate" => FILE;
        0, "02564", "failed to configure encrypted private key" => PASSWORD;
        0, "02565", "" => KEY_MISMATCH;
        0, "02572", "failed to configure at least one certificate and key" => FILE;
        0, "02577", "SSLPassPhraseDialog builtin is not supported" => PASSWORD;
        0, "02579|02580|02581", "unable to read server certificate|init can't open server private key file"
            => FILE;
        0, "10130", "failed to configure private key" => FILE;
        0, "10273|10274", "peer did not select any of our ALPN protocols" => ALPN.otherwise(Client);
    },
};

pub(crate) static NGINX: List = List {
    program: "nginx",
    otherwise: Server,
    marks: &["nginx", "[emerg]", "upstream", "ssl handshaking"],
    numbers: &[],
    prefix: "",
    plain: 4,
    rows: rows! {
        0, "", "no ssl client certificate for ssl verify client|no ssl client certificate for ssl verify"
            => TRUST_FILE;
        0, "", "no ssl trusted certificate for proxy ssl verify|no proxy ssl trusted certificate for proxy ssl verify"
            => TRUST_FILE;
        0, "", "no grpc ssl trusted certificate for grpc ssl verify" => TRUST_FILE;
        0, "", "no ssl certificate is defined for|no ssl certificate is defined in server listening on SSL port"
            => CONFIG;
        0, "", "no ssl certificate key is defined for|no ssl certificate key is defined for certificate"
            => CONFIG;
        0, "", "cannot load certificate|cannot load certificate key" => FILE;
        0, "", "cannot load CRL|SSL CTX load crl|PEM read bio X509 CRL" => CRL;
        0, "", "peer closed connection in SSL handshake" => CUT.otherwise(Server);
        0, "", "upstream timed out while SSL handshaking to upstream|while SSL handshaking to upstream timed out"
            => CUT;
        0, "", "client sent plain HTTP request to HTTPS port while reading" => NOT_TLS;
        0, "", "certificate status not found in the OCSP response|OCSP responder sent invalid"
            => REVOCATION_UNKNOWN;
        0, "", "upstream SSL certificate verify error" => UNVERIFIED_CHAIN.otherwise(Client);
        0, "", "upstream SSL certificate does not match" => NAME.otherwise(Client);
    },
};

pub(crate) static HAPROXY: List = List {
    program: "HAProxy",
    otherwise: Server,
    marks: &[
        "haproxy",
        "[alert]",
        "config :",
        "is down, reason",
        "health check",
        "parsing [",
    ],
    numbers: &[],
    prefix: "",
    plain: 4,
    rows: rows! {
        0, "", "unable to load SSL private key from PEM file|unable to load SSL private key into SSL context"
            => NO_KEY;
        0, "", "unable to load SSL certificate from PEM file|unable to load certificate chain from file"
            => FILE;
        0, "", "unable to load certificate from file|unable to parse PEM certificate" => FILE;
        0, "", "no SSL certificate specified for bind|no certificate found in" => CONFIG;
        0, "", "verify is enabled by default but no CA file specified" => TRUST_FILE;
        0, "", "verify is enabled but no CA file specified|verify is enabled but no CA file" => TRUST_FILE;
        0, "", "unable to set CA file|unable to load CA file|unable to load CA list|unable to open CA file"
            => TRUST_FILE;
        0, "", "unable to configure CRL file|unable to load CRL file|crl file unable to load" => CRL;
        0, "", "layer6 timeout" => CUT;
        0, "", "layer4 connection problem|layer4 timeout" => CONNECT;
        0, "", "layer6 invalid response" => HANDSHAKE;
        0, "", "connection closed during SSL handshake|connection error during SSL handshake" => CUT;
        0, "", "timeout during SSL handshake|SSL handshake timeout" => CUT;
        0, "", "server presented an SSL certificate different from the expected one"
            => IDENTITY.otherwise(Client);
        0, "", "server presented an SSL certificate which could not be verified"
            => UNTRUSTED.otherwise(Client);
    },
};

pub(crate) static ENVOY: List = List {
    program: "Envoy",
    otherwise: Server,
    marks: &[
        "envoy",
        "istio",
        "tls error",
        "upstream",
        "rbac",
        "sds",
        "verify cert failed",
    ],
    numbers: &[],
    prefix: "",
    plain: 4,
    rows: rows! {
        0, "", "RBAC access denied" => NOT_ALLOWED;
        0, "", "rbac access denied matched policy|rbac_access_denied_matched_policy" => NOT_ALLOWED;
        0, "", "verify cert failed cert hash and spki|cert hash and spki" => PIN;
        0, "", "verify cert failed SAN matcher|verify cert failed verify SAN list" => IDENTITY;
        0, "", "verify cert failed no verified chain|absent peer certificate|peer certificate absent"
            => NO_CERTIFICATE;
        0, "", "CERTIFICATE_VERIFY_FAILED empty cert chain|cert chain empty" => NO_CERTIFICATE;
        0, "", "failed to initialize cipher suites|TLS context must have at most" => CONFIG;
        0, "", "failed to load trusted CA certificates from|failed to load trusted client CA certificates"
            => TRUST_FILE;
        0, "", "failed to load private key from|failed to load certificate chain from" => FILE;
        0, "", "private key does not match the certificate|failed to load pkcs12 from" => KEY_MISMATCH;
        0, "", "failed to load CRL from" => CRL;
        0, "", "filter chain not found|no matching filter chain" => SNI;
        0, "", "reset reason connection timeout|reset reason local connection failure" => CONNECT;
        0, "", "delayed connect error|delayed connect error 111|no healthy upstream" => CONNECT;
        0, "", "reset reason connection termination|reset reason remote connection failure" => HANDSHAKE;
        0, "", "failed to validate client certificate|client certificate validation failed"
            => UNVERIFIED_CHAIN;
    },
};
