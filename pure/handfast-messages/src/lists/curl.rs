//! curl and libcurl: the exit codes with their names and texts (include/curl/curl.h, lib/strerror.c), which PHP, git and
//! many bindings repeat. A code says little; what a line says beside it is better.

use handfast_finding::Refuser::Client;

use crate::{
    alerts,
    list::{List, Written, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "curl",
    otherwise: Client,
    marks: &[],
    numbers: &[Written::After(&[
        "curl: (",
        "curl error ",
        "curl error: ",
        "curl error (",
        "curl exit code ",
        "curlcode: ",
    ])],
    prefix: "CURLE ",
    plain: 4,
    rows: rows! {
        6, "COULDNT_RESOLVE_HOST", "couldn't resolve host name|could not resolve hostname" => CONNECT;
        7, "COULDNT_CONNECT", "couldn't connect to server|could not connect to server" => CONNECT;
        28, "OPERATION_TIMEDOUT", "" => CUT;
        35, "SSL_CONNECT_ERROR", "" => HANDSHAKE;
        52, "GOT_NOTHING", "" => HANDSHAKE;
        53, "SSL_ENGINE_NOTFOUND", "SSL crypto engine not found" => TOKEN;
        54, "SSL_ENGINE_SETFAILED", "can not set SSL crypto engine as default|failed to initialise SSL crypto engine"
            => TOKEN;
        55, "SEND_ERROR", "failed sending data to the peer" => CUT;
        56, "RECV_ERROR", "failure when receiving data from the peer" => CUT;
        58, "SSL_CERTPROBLEM", "problem with the local SSL certificate" => CREDENTIALS;
        59, "SSL_CIPHER", "couldn't use specified SSL cipher|failed setting cipher list" => CIPHER;
        60, "PEER_FAILED_VERIFICATION|SSL_CACERT", "SSL peer certificate or SSH remote key was not OK"
            => UNVERIFIED_CHAIN;
        0, "", "peer certificate cannot be authenticated with given CA certificates" => UNVERIFIED_CHAIN;
        51, "", "the peer's SSL certificate or SSH MD5 fingerprint was not OK" => UNVERIFIED_CHAIN;
        64, "USE_SSL_FAILED", "requested SSL level failed" => NOT_TLS;
        66, "SSL_ENGINE_INITFAILED", "" => TOKEN;
        77, "SSL_CACERT_BADFILE", "problem with the SSL CA cert" => TRUST_FILE;
        80, "SSL_SHUTDOWN_FAILED", "failed to shut down the SSL connection" => CUT;
        82, "SSL_CRL_BADFILE", "failed to load CRL file|error loading CRL file" => CRL;
        83, "SSL_ISSUER_ERROR", "issuer check against peer certificate failed" => UNTRUSTED;
        90, "SSL_PINNEDPUBKEYNOTMATCH", "SSL public key does not match pinned public key" => PIN;
        91, "SSL_INVALIDCERTSTATUS", "SSL server certificate status verification failed"
            => REVOCATION_UNKNOWN;
        98, "SSL_CLIENTCERT", "SSL client certificate required" => alerts::CERTIFICATE_REQUIRED;
        // --- its backends ---
        0, "", "unable to use client certificate no key found or wrong pass phrase" => PASSWORD;
        0, "", "could not load client certificate|unable to load client cert|unable to set private key"
            => FILE;
        0, "", "SSL server certificate verification failed|server certificate verification failed"
            => UNVERIFIED_CHAIN;
    },
};
