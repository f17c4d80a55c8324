//! Versions, suites, groups and signature schemes that one side has and the other has not.

use handfast_pki::{KeyKind, code};

use super::{CERTAIN, CLIENT, LIKELY, Made, Must, ROW, Row, SERVER, of_rows, special};
use crate::{
    Case, Look,
    Program::{self, Caddy, Envoy, GnutlsServer, Haproxy, Openssl, Python},
    Scene, Speaks,
    cast::Cast,
    forge::Wish,
};

fn server_of(cast: &Cast<'_>, key: KeyKind) -> Made {
    let wish = Wish {
        key,
        ..cast.server()?
    };
    cast.leaf("pair", &wish).map(drop)
}

const ROWS: &[Row] = &[
    Row {
        variant: "tls13",
        description: "the server speaks TLS 1.3 alone, the client asks for TLS 1.2",
        setup: |setup, _| setup.speaks = Speaks::Only13,
        more: &["--tls", "1.2"],
        must: Must::Say(code::NO_COMMON_VERSION, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Envoy,
        variant: "tls13",
        description: "the server speaks TLS 1.3 alone, the client asks for TLS 1.2",
        setup: |setup, _| setup.speaks = Speaks::Only13,
        more: &["--tls", "1.2"],
        must: Must::Say(code::NO_COMMON_VERSION, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Caddy,
        variant: "tls12",
        description: "the server speaks TLS 1.2 alone, the client asks for TLS 1.3",
        setup: |setup, _| setup.speaks = Speaks::Only12,
        more: &["--tls", "1.3"],
        must: Must::Say(code::NO_COMMON_VERSION, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: GnutlsServer,
        variant: "tls12",
        description: "the server speaks TLS 1.2 alone, the client asks for TLS 1.3",
        setup: |setup, _| setup.speaks = Speaks::Only12,
        more: &["--tls", "1.3"],
        must: Must::Say(code::NO_COMMON_VERSION, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        program: Python,
        variant: "tls13",
        description: "the server speaks TLS 1.3 alone, the client asks for TLS 1.2",
        setup: |setup, _| setup.speaks = Speaks::Only13,
        more: &["--tls", "1.2"],
        must: Must::Say(code::NO_COMMON_VERSION, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        variant: "cbc",
        description: "the server takes suites with CBC alone",
        setup: |setup, _| {
            setup.speaks = Speaks::Only12;
            setup.more = "ssl_ciphers ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA;\n".into();
        },
        must: Must::Say(code::NO_COMMON_CIPHER, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "cbc",
        description: "the server takes suites with CBC alone",
        setup: |setup, _| {
            setup.speaks = Speaks::Only12;
            setup.more = " ciphers ECDHE-ECDSA-AES128-SHA".into();
        },
        must: Must::Say(code::NO_COMMON_CIPHER, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        variant: "curve",
        description: "the server takes the group secp521r1 alone, which we do not offer",
        setup: |setup, _| setup.more = "ssl_ecdh_curve secp521r1;\n".into(),
        must: Must::Say(code::NO_COMMON_CIPHER, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "finite-field",
        description: "the server takes groups of finite fields alone",
        setup: |setup, _| setup.more = "-groups ffdhe2048".into(),
        must: Must::Say(code::NO_COMMON_CIPHER, SERVER, LIKELY),
        ..ROW
    },
    Row {
        variant: "curve",
        description: "the server takes the group secp384r1 alone, which costs one more round",
        setup: |setup, _| setup.more = "ssl_ecdh_curve secp384r1;\n".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "one-suite",
        description: "the server takes one suite of TLS 1.3 and no other",
        setup: |setup, _| {
            setup.speaks = Speaks::Only13;
            setup.more = " ciphersuites TLS_CHACHA20_POLY1305_SHA256".into();
        },
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "rsa-clients",
        description: "the client's key is P-256, the server takes RSA alone of its clients",
        setup: |setup, _| setup.more = "-client_sigalgs RSA-PSS+SHA256:RSA+SHA256".into(),
        must: Must::Say(code::NO_COMMON_SCHEME, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "rsa-clients",
        description: "the server takes RSA alone of its clients, and the client has such a key",
        setup: |setup, _| setup.more = "-client_sigalgs RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA256".into(),
        pair: Some("client-rsa"),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "sigalgs",
        description: "the server has an ECDSA key and is told to sign with Ed448 alone",
        setup: |setup, _| setup.more = "-sigalgs ed448".into(),
        must: Must::Suspect(code::NO_COMMON_SCHEME),
        ..ROW
    },
    Row {
        variant: "ed25519",
        description: "the server's key is Ed25519",
        make: |cast| server_of(cast, KeyKind::Ed25519),
        setup: |setup, _| setup.pair = "pair".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Caddy,
        variant: "p384",
        description: "the server's key is P-384",
        make: |cast| server_of(cast, KeyKind::P384),
        setup: |setup, _| setup.pair = "pair".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "rsa4096",
        description: "the server's key is RSA of 4096 bits",
        make: |cast| server_of(cast, KeyKind::Rsa4096),
        setup: |setup, _| setup.pair = "pair".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Program::Java,
        variant: "ed25519-client",
        description: "the client's key is Ed25519, which the server knows",
        pair: Some("client-ed25519"),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: GnutlsServer,
        variant: "small-priority",
        description: "the server is told to take ChaCha20-Poly1305 and X25519 alone",
        setup: |setup, _| {
            setup.more = "--priority NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305:-GROUP-ALL:+GROUP-X25519".into();
        },
        must: Must::Rest,
        ..ROW
    },
];

/// A client that is not ours, at our own `doctor listen`.
fn client(
    variant: &str,
    description: &str,
    must: Must,
    more: &'static [&'static str],
    line: &'static str,
) -> Case {
    special(
        (Openssl, variant),
        description,
        &[Openssl, Program::Curl, Python],
        must,
        move |_| {
            Ok(Scene::only(Look::Listen {
                arguments: crate::case::listen(more),
                client: line.into(),
            }))
        },
    )
}

// long: one call per case
fn clients() -> Vec<Case> {
    let asks: &[&str] = &["--client-ca", "ca.crt", "--once"];
    vec![
        client(
            "client-group",
            "the client offers the group secp521r1 alone",
            Must::Say(code::NO_COMMON_CIPHER, SERVER, CERTAIN),
            &["--once"],
            "openssl s_client -connect localhost:$PORT -groups secp521r1",
        ),
        client(
            "client-cbc",
            "the client offers suites with CBC alone",
            Must::Say(code::NO_COMMON_CIPHER, SERVER, CERTAIN),
            &["--once"],
            "openssl s_client -connect localhost:$PORT -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA",
        ),
        client(
            "client-sigalgs",
            "the client takes RSA signatures alone, the server's key is P-256",
            Must::Say(code::NO_COMMON_SCHEME, SERVER, CERTAIN),
            &["--once"],
            "openssl s_client -connect localhost:$PORT -tls1_3 -sigalgs RSA-PSS+SHA256",
        ),
        client(
            "client-distrusts",
            "the client does not trust the server's CA, and its alert is unknown_ca",
            Must::Say(code::SERVER_UNTRUSTED, CLIENT, LIKELY),
            &["--once"],
            "curl -sS --cacert stranger.crt https://localhost:$PORT/",
        ),
        client(
            "client-other-name",
            "the client finds another name in the server's certificate",
            Must::Suspect(code::NAME_MISMATCH),
            &["--once"],
            "python3 -c \"import socket,ssl;ssl.create_default_context(cafile='ca.crt').wrap_socket(socket.\
             create_connection(('127.0.0.1',$PORT)),server_hostname='other.lab.example')\"",
        ),
        client(
            "client-expired",
            "the client's certificate has expired",
            Must::Say(code::EXPIRED, SERVER, CERTAIN),
            asks,
            "curl -sS --cacert ca.crt --cert client-expired/tls.crt --key client-expired/tls.key https://localhost:$PORT/",
        ),
        client(
            "client-stranger",
            "the client's certificate comes from another CA",
            Must::Say(code::UNKNOWN_ISSUER, SERVER, CERTAIN),
            asks,
            "curl -sS --cacert ca.crt --cert client-stranger/tls.crt --key client-stranger/tls.key \
             https://localhost:$PORT/",
        ),
        client(
            "client-listened",
            "a good client connects",
            Must::Rest,
            asks,
            "curl -sS --cacert ca.crt --cert client/tls.crt --key client/tls.key https://localhost:$PORT/",
        ),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_rows(ROWS);
    cases.extend(clients());
    cases
}
