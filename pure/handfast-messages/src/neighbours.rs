//! Kinds of mistakes that readers of messages made once, each with the cases beside the one that showed it.

use handfast_finding::{Certainty, Refuser};
use handfast_pki::{Code, code};

use super::{causes, lists::LISTS, meaning::Weight, read, search};

#[track_caller]
fn first(text: &str) -> (Code, Refuser, Certainty) {
    let found = causes(text);
    let first = found.first().unwrap_or_else(|| panic!("nothing in {text}"));
    (first.code, first.side, first.certainty)
}

/// `text` comes to one of `expected` first.
#[track_caller]
fn assert_first(text: &str, expected: &[Code]) {
    let (code, ..) = first(text);
    assert!(expected.contains(&code), "{code} instead of {expected:?}: {text}");
}

fn programs(text: &str) -> Vec<&'static str> {
    read(text).said.iter().map(|said| said.program).collect()
}

#[test]
fn a_program_is_not_taken_for_another_that_shares_a_piece_of_text() {
    for (text, program) in [
        (
            "requests.exceptions.SSLError: HTTPSConnectionPool(host=\"api.example\", port=443): Max retries exceeded \
             (Caused by SSLError(SSLCertVerificationError(1, \"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify \
             failed: certificate has expired (_ssl.c:1000)\")))",
            "Python",
        ),
        (
            "ssl.SSLError: [SSL: KEY_VALUES_MISMATCH] key values mismatch (_ssl.c:4067)",
            "Python",
        ),
        ("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca", "Python"),
        (
            "javax.net.ssl.SSLHandshakeException: error:10000412:SSL routines:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE",
            "Java",
        ),
        (
            "error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED",
            "BoringSSL",
        ),
        (
            "TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end",
            "Envoy",
        ),
        (
            "[ssl:info] [client 10.0.0.1:1] AH02276: Certificate Verification: Error (10): certificate has expired",
            "Apache",
        ),
        (
            "[ssl:emerg] AH02565: Certificate and private key a:443:0 from a and b do not match",
            "Apache",
        ),
    ] {
        assert_eq!(programs(text), [program], "{text}");
    }
}

#[test]
fn every_reason_of_strict_verification_is_told_and_not_called_untrusted() {
    for (reason, code) in [
        ("Missing Authority Key Identifier", code::LINT),
        ("Missing Subject Key Identifier", code::LINT),
        ("Empty Subject Alternative Name extension", code::LINT),
        ("CA cert does not include key usage extension", code::NOT_A_CA),
        ("Basic Constraints of CA cert not marked critical", code::NOT_A_CA),
        ("Path length given without key usage keyCertSign", code::NOT_A_CA),
        ("Using cert extension requires at least X509v3", code::VERSION_1),
        (
            "key usage does not include digital signature",
            code::WRONG_PURPOSE,
        ),
    ] {
        let text = format!(
            "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {reason} (_ssl.c:1032)"
        );
        assert_first(&text, &[code]);
    }
    // A reason that nobody knows claims no more than that verification failed.
    let (_, _, certainty) =
        first("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: odd reason (_ssl.c:1)");
    assert_ne!(certainty, Certainty::Certain);
}

#[test]
fn who_speaks_stands_in_the_line_before_the_reason() {
    for (reason, expected) in [
        ("Issued certificate has expired.", code::EXPIRED),
        (
            "Unable to locally verify the issuer's ...",
            code::SERVER_UNTRUSTED,
        ),
        ("Self-signed certificate encountered.", code::CA_AS_LEAF),
        ("Issued certificate not yet valid.", code::NOT_YET_VALID),
    ] {
        let text = format!(
            "ERROR: cannot verify example.org's certificate, issued by 'CN=R3,O=Acme,C=US':\n  {reason}\n\
             To connect to example.org insecurely, use `--no-check-certificate'."
        );
        let (code, side, _) = first(&text);
        assert_eq!((code, side), (expected, Refuser::Client), "{reason}");
    }
}

#[test]
fn the_sentence_says_whose_certificate_a_number_is_about() {
    let forbidden = |substatus: &str, words: &str, number: &str| {
        format!("HTTP Error 403.{substatus} - Forbidden. {words} Error Code {number}")
    };
    let untrusted = "Your client certificate is either not trusted or is invalid.";
    for (text, expected) in [
        (forbidden("16", untrusted, "0x800b0109"), code::UNKNOWN_ISSUER),
        (forbidden("16", untrusted, "2148204809"), code::UNKNOWN_ISSUER),
        (
            forbidden("17", "Your client certificate has expired.", "0x800b0101"),
            code::EXPIRED,
        ),
        (
            forbidden("13", "Your client certificate was revoked.", "0x80092013"),
            code::REVOKED,
        ),
        (
            format!("HTTP Error 403.16 - Forbidden\n{untrusted}\nError Code 0x800b0109"),
            code::UNKNOWN_ISSUER,
        ),
        (
            "client certificate validation failed: 0x800b0109".to_owned(),
            code::UNKNOWN_ISSUER,
        ),
    ] {
        let (code, side, _) = first(&text);
        assert_eq!((code, side), (expected, Refuser::Server), "{text}");
    }
    // The number alone is the client's, which judged the server.
    let (code, side, _) = first("schannel: next InitializeSecurityContext failed: (0x800b0109)");
    assert_eq!((code, side), (code::SERVER_UNTRUSTED, Refuser::Client));
}

#[test]
fn a_client_is_known_by_how_it_speaks() {
    for (text, expected) in [
        (
            "HandshakeException: Handshake error in client (OS Error: \n\tCERTIFICATE_VERIFY_FAILED: self signed \
             certificate in certificate chain(handshake.cc:352))",
            code::SERVER_UNTRUSTED,
        ),
        (
            "HandshakeException: Handshake error in client (OS Error: CERTIFICATE_VERIFY_FAILED: application \
             verification failure(handshake.cc:359))",
            code::SERVER_UNTRUSTED,
        ),
        (
            "error self signed certificate in certificate chain\n    at Error (native)\n    at TLSSocket.<anonymous> \
             (_tls_wrap.js:1057:38)",
            code::SERVER_UNTRUSTED,
        ),
        (
            "Faraday::SSLError: SSL_connect returned=1 errno=0 state=SSLv3 read server certificate B: certificate \
             verify failed",
            code::SERVER_UNTRUSTED,
        ),
    ] {
        let (code, side, _) = first(text);
        assert_eq!((code, side), (expected, Refuser::Client), "{text}");
    }
    // In a server's log the alert was the client's.
    for text in [
        "rejected connection from \"192.168.7.175:53382\" (error \"remote error: tls: unknown certificate authority\")",
        "postfix/smtpd[1234]: warning: TLS library problem: error:14094418:SSL routines:ssl3_read_bytes:tlsv1 alert \
         unknown ca:ssl/record/rec_layer_s3.c:1543:SSL alert number 48:",
    ] {
        let (code, side, _) = first(text);
        assert_eq!((code, side), (code::SERVER_UNTRUSTED, Refuser::Client), "{text}");
    }
}

#[test]
fn a_signature_that_does_not_verify_is_no_broken_file() {
    let log = "1795902741: OpenSSL Error[0]: error:06880006:asn1 encoding routines::EVP lib\n\
               1795902741: OpenSSL Error[1]: error:0A000086:SSL routines::certificate verify failed\n\
               1795902741: Client <unknown> disconnected: Protocol error.";
    assert_first(log, &[code::BAD_SIGNATURE, code::UNKNOWN_ISSUER]);
    assert_first(
        "error:0D0C5006:asn1 encoding routines:ASN1_item_verify:EVP lib",
        &[code::BAD_SIGNATURE],
    );
    assert_first(
        "error:0200008A:rsa routines::invalid padding",
        &[code::BAD_SIGNATURE],
    );
    // The same library says so of files as well.
    assert_first(
        "error:0688010A:asn1 encoding routines::nested asn1 error",
        &[code::WRONG_FORMAT],
    );
    assert_first(
        "error:068000A8:asn1 encoding routines::wrong tag",
        &[code::WRONG_FORMAT],
    );
}

#[test]
fn what_servers_and_runtimes_say_at_their_start_is_known() {
    for (text, expected) in [
        (
            "Error: error:1E08010C:DECODER routines::unsupported at setKey (node:internal/tls/secure-context:93:11)",
            code::WRONG_FORMAT,
        ),
        (
            "java.io.IOException: toDerInputStream rejects tag type 45 at sun.security.pkcs12.PKCS12KeyStore.engineLoad",
            code::WRONG_FORMAT,
        ),
        (
            "nginx: [emerg] no ssl_client_certificate for ssl_verify_client",
            code::BAD_TRUST_FILE,
        ),
        (
            "nginx: [emerg] no proxy_ssl_trusted_certificate for proxy_ssl_verify",
            code::BAD_TRUST_FILE,
        ),
        (
            "Internal.Cryptography.CryptoThrowHelper+WindowsCryptographicException: Keyset does not exist",
            code::UNREADABLE,
        ),
        ("RBAC: access denied", code::NOT_ALLOWED),
        (
            "javax.net.ssl.SSLHandshakeException: error:1000012e:SSL routines:OPENSSL_internal:KEY_USAGE_BIT_INCORRECT",
            code::WRONG_PURPOSE,
        ),
        (
            "AH01897: Init: Oops, you want to request client authentication, but no CAs are known for verification!?",
            code::BAD_TRUST_FILE,
        ),
    ] {
        assert_first(text, &[expected]);
    }
}

#[test]
fn messages_once_not_recognised_come_to_their_candidates() {
    for (text, expected) in [
        (
            "SSL peer certificate validation failed: Certificate trust failure: CSSMERR_TP_NOT_TRUSTED",
            &[code::SERVER_UNTRUSTED][..],
        ),
        (
            "uncaught exception 17189 The server is configured to only allow SSL connections",
            &[code::NOT_TLS],
        ),
        (
            "Error in the handshake: Certificate is required. (GNUTLS_E_CERTIFICATE_REQUIRED)",
            &[code::NO_CERTIFICATE],
        ),
        (
            "InitializeSecurityContext failed: SEC_I_INCOMPLETE_CREDENTIALS (0x00090320)",
            &[code::NO_CERTIFICATE],
        ),
        (
            "mbedtls_ssl_handshake returned -0x2700 (X509 - Certificate verification failed, X509_CERT_VERIFY_FAILED)",
            &[
                code::SERVER_UNTRUSTED,
                code::UNKNOWN_ISSUER,
                code::SERVER_INTERMEDIATE,
            ],
        ),
        ("mbedtls_net_connect returned -0x52", &[code::CANNOT_CONNECT]),
        (
            "client did not trust this server's certificate, closing connection",
            &[code::SERVER_UNTRUSTED],
        ),
        (
            "all SubConns are in TransientFailure, latest connection error: connection error: desc = \"transport: x\"",
            &[
                code::CUT_SHORT,
                code::VAGUE_ALERT,
                code::NOT_TLS,
                code::NO_CERTIFICATE,
            ],
        ),
        (
            "AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE",
            &[code::VAGUE_ALERT, code::NO_CERTIFICATE, code::UNKNOWN_ISSUER],
        ),
        (
            "Unable to set local cert chain file `client.pem'; Check that your cafile/capath settings include details of \
             your certificate and its issuer",
            &[code::UNREADABLE, code::WRONG_FORMAT, code::KEY_ENCRYPTED],
        ),
        (
            "ERROR 2026 (HY000): SSL connection error: SSL_CTX_set_default_verify_paths failed",
            &[code::BAD_TRUST_FILE, code::UNREADABLE],
        ),
        (
            "gnutls_handshake() failed: Handshake failed",
            &[code::VAGUE_ALERT, code::NO_CERTIFICATE, code::NO_COMMON_CIPHER],
        ),
    ] {
        let found: Vec<Code> = causes(text).iter().map(|finding| finding.code).collect();
        assert_eq!(found.first(), expected.first(), "{text}: {found:?}");
        for code in expected {
            assert!(found.contains(code), "{code} is missing in {found:?} of {text}");
        }
    }
}

#[test]
fn an_alert_is_never_certain_and_has_several_candidates() {
    for number in [40, 42, 43, 44, 45, 46, 47, 48, 49, 51, 70, 80, 112, 116, 120] {
        for text in [
            format!("SSL alert number {number}"),
            format!("*** Received alert [{number}]: x"),
            format!("error:0A000000:lib(20)::reason({})", 1000 + number),
        ] {
            let found = causes(&text);
            assert!(found.len() > 1, "{text}: {found:?}");
            let certain = found
                .iter()
                .filter(|finding| finding.certainty == Certainty::Certain)
                .count();
            assert_eq!(certain, 0, "{text}");
        }
    }
    // What a server says by itself of a certificate that it read may be.
    let (code, _, certainty) = first("verify error:num=23:certificate revoked");
    assert_eq!((code, certainty), (code::REVOKED, Certainty::Certain));
}

#[test]
fn every_name_text_and_number_of_a_list_is_found() {
    let mut lost = Vec::new();
    for told in search::every_spelling() {
        let found = causes(&told.text);
        let expected = told
            .meaning
            .every_cause()
            .map(|cause| cause.code)
            .collect::<Vec<_>>();
        let is_found = found.iter().any(|finding| expected.contains(&finding.code));
        if !is_found {
            let found: Vec<Code> = found.iter().map(|finding| finding.code).collect();
            lost.push(format!(
                "{}: {}: {found:?} instead of {expected:?}",
                told.program, told.text
            ));
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn no_list_has_a_number_twice_or_an_everyday_text_without_a_mark() {
    for list in LISTS {
        assert!(!list.rows.is_empty() && !list.program.is_empty());
        for row in list.rows {
            assert!(row.meaning.every_cause().next().is_some());
            assert!(row.meaning.weight >= Weight::Vague);
        }
    }
    assert_eq!(search::unmarked(), Vec::<String>::new());
}

/// Lines of logs that speak of certificates, keys and numbers, and of no failure of TLS.
const INNOCENT: &[&str] = &[
    "rsync: read error: Connection closed (code -188)",
    "exit status -9807",
    "offset -0x2700 in section .text",
    "HRESULT 0x80070005 (E_ACCESSDENIED)",
    "0x80090000 bytes allocated at 0x80092000",
    "error 1029: duplicate column name",
    "found 12044 rows",
    "user 60 logged in, error 0",
    "The certificate is trusted and expires in 90 days",
    "certificate renewal: next run at 2026-12-01",
    "token has expired",
    "session expired, please log in",
    "password mismatch for user bob",
    "checksum mismatch in block 7",
    "version mismatch: client 3, server 4",
    "permission denied (publickey)",
    "cannot open shared object file: No such file or directory",
    "bash: handfast: No such file or directory",
    "read timeout, retrying",
    "internal error",
    "handshake of the year award",
    "INFO loaded certificate and private key from /etc/tls",
    "DEBUG verifying certificate chain of 2 certificates",
    "ssl_protocols TLSv1.2 TLSv1.3;",
    "proxy_ssl_verify on;",
    "tls.require_client_cert = true",
    "GET /certificates/expired HTTP/1.1 200",
    "test certificate_expired ... ok",
    "unexpected end of file in JSON",
    "no such table: certificates",
    "alert: disk 93% full",
    "alert(2) fired for host web",
    "the key does not exist in the cache",
    "peer reviewed and approved",
    "403.16 ms elapsed",
];

#[test]
fn what_is_no_message_of_tls_stays_unknown() {
    let guilty: Vec<String> = INNOCENT
        .iter()
        .filter(|text| !causes(text).is_empty())
        .map(|text| format!("{text}: {}", first(text).0))
        .collect();
    assert!(guilty.is_empty(), "{}", guilty.join("\n"));
}
