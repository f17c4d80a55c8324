//! What the client names before anything is decided: the host (SNI), and the application protocol (ALPN).

use handfast_pki::code;

use super::{CERTAIN, CLIENT, LIKELY, Must, ROW, Row, SERVER, https, of_rows, special};
use crate::{
    Case, Error, Folder,
    Program::{Apache, Caddy, Envoy, GnutlsServer, Haproxy, Nginx, Openssl, Traefik},
    Running, free_port, programs,
};

const ROWS: &[Row] = &[
    Row {
        program: Caddy,
        variant: "unknown",
        description: "the server has no certificate for the name, and its alert is internal_error",
        more: &["--sni", "unknown.lab.example"],
        must: Must::Say(code::WRONG_SNI, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Traefik,
        variant: "unknown",
        description: "the server is strict about names, and does not know this one",
        setup: |setup, _| setup.more = "sniStrict: true".into(),
        more: &["--sni", "unknown.lab.example"],
        must: Must::Say(code::WRONG_SNI, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Traefik,
        variant: "known",
        description: "the server is strict about names, and knows this one",
        setup: |setup, _| setup.more = "sniStrict: true".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Caddy,
        variant: "h2-wanted",
        description: "the client offers h2 alone, the server speaks HTTP/1.1, and its alert comes after its ServerHello",
        setup: |setup, _| setup.more = "alpn http/1.1\n".into(),
        more: &["--alpn", "h2"],
        must: Must::Say(code::NO_COMMON_ALPN, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Caddy,
        variant: "h2-fallback",
        description: "the client offers HTTP/1.1 alone, the server h2 alone, and Go goes on with HTTP/1.1 all the same",
        setup: |setup, _| setup.more = "alpn h2\n".into(),
        more: &["--alpn", "http/1.1"],
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Caddy,
        variant: "h2-only",
        description: "the server speaks HTTP/2 and nothing else, and so does the client",
        setup: |setup, _| setup.more = "alpn h2\n".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "h2-only",
        description: "the client offers HTTP/1.1 alone, the server knows nothing but h2",
        setup: |setup, _| setup.more = "-alpn h2".into(),
        more: &["--alpn", "http/1.1"],
        must: Must::Say(code::NO_COMMON_ALPN, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: GnutlsServer,
        variant: "fatal",
        description: "the client offers HTTP/1.1 alone, the server insists on h2",
        setup: |setup, _| setup.more = "--alpn h2 --alpn-fatal".into(),
        more: &["--alpn", "http/1.1"],
        must: Must::Say(code::NO_COMMON_ALPN, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Envoy,
        variant: "http11",
        description: "the client offers HTTP/1.1 alone, which the server speaks as well",
        more: &["--alpn", "http/1.1"],
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: GnutlsServer,
        variant: "sni",
        description: "the server shows its one certificate whatever name is asked for, and it is for another name",
        setup: |setup, _| setup.pair = "server-other-name".into(),
        must: Must::Say(code::NAME_MISMATCH, CLIENT, CERTAIN),
        ..ROW
    },
];

/// nginx with a site for `localhost`, and nothing for any other name.
fn rejecting(folder: &Folder) -> Result<Running, Error> {
    let port = free_port()?;
    let servers = format!(
        "    server {{\n        listen 127.0.0.1:{port} ssl default_server;\n        ssl_reject_handshake on;\n    }}\n    \
         server {{\n        listen 127.0.0.1:{port} ssl;\n        server_name localhost;\n        ssl_certificate {};\n        \
         ssl_certificate_key {};\n        ssl_client_certificate {};\n        ssl_verify_client on;\n        return 200 \
         \"hello\\n\";\n    }}\n",
        folder.file("server/tls.crt"),
        folder.file("server/tls.key"),
        folder.file("ca.crt"),
    );
    programs::nginx_with(folder, port, &servers)
}

fn nginx(variant: &str, description: &str, must: Must, host: &'static str) -> Case {
    special((Nginx, variant), description, &[Nginx], must, move |folder| {
        let scene = https(vec![rejecting(folder)?], Some("client"));
        Ok(scene.instead_of("localhost", host))
    })
}

/// HAProxy called by its address, so that no name is sent.
fn without_a_name() -> Case {
    special(
        (Haproxy, "no-sni"),
        "the client calls the server by its address and sends no name, and the server insists on one",
        &[Haproxy],
        Must::Say(code::WRONG_SNI, SERVER, CERTAIN),
        |folder| {
            let setup = crate::Setup {
                more: " strict-sni".into(),
                ..crate::Setup::default()
            };
            let running = crate::serve(Haproxy, folder, &setup)?;
            Ok(https(vec![running], Some("client")).instead_of("localhost", "127.0.0.1"))
        },
    )
}

/// Envoy whose filter chain is for one name; for others there is none, and it closes.
fn chain_for_one_name(variant: &str, description: &str, must: Must, name: &'static str) -> Case {
    special((Envoy, variant), description, &[Envoy], must, move |folder| {
        let new = format!(
            "    listener_filters:\n    - name: tls\n      typed_config: {{ \"@type\": \
             type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector }}\n    filter_chains:\n    \
             - filter_chain_match: {{ server_names: [{name}] }}\n      transport_socket:"
        );
        let old = "    filter_chains:\n    - transport_socket:";
        let running = programs::envoy_with(folder, &crate::Setup::default(), old, &new)?;
        Ok(https(vec![running], Some("client")))
    })
}

/// Two virtual hosts of Apache, and a request without a name.
fn strict_apache() -> Case {
    special(
        (Apache, "no-sni"),
        "the client calls the server by its address and sends no name, and the server is strict about it",
        &[Apache],
        Must::Say(code::WRONG_SNI, SERVER, CERTAIN),
        |folder| {
            let port = free_port()?;
            let host = |name: &str| {
                format!(
                    "<VirtualHost 127.0.0.1:{port}>\nServerName {name}\nSSLStrictSNIVHostCheck on\nSSLEngine \
                     on\nSSLCertificateFile {}\nSSLCertificateKeyFile {}\nSSLCACertificateFile {}\nSSLVerifyClient \
                     require\nSSLVerifyDepth 2\n<Location />\nRequire all granted\n</Location>\n</VirtualHost>\n",
                    folder.file("server/tls.crt"),
                    folder.file("server/tls.key"),
                    folder.file("ca.crt"),
                )
            };
            let hosts = host("localhost") + &host("proxy.lab.example");
            let running = programs::apache_with(folder, port, &hosts)?;
            Ok(https(vec![running], Some("client")).instead_of("localhost", "127.0.0.1"))
        },
    )
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_rows(ROWS);
    cases.extend([
        nginx(
            "reject",
            "the server rejects names that it has no site for; it is called by its address",
            Must::Say(code::WRONG_SNI, SERVER, CERTAIN),
            "127.0.0.1",
        ),
        nginx(
            "reject",
            "the server rejects names that it has no site for, and has one for this",
            Must::Rest,
            "localhost",
        ),
        without_a_name(),
        chain_for_one_name(
            "no-chain",
            "Envoy has a filter chain for another name, and closes without a word on this one",
            Must::Suspect(code::WRONG_SNI),
            "other.lab.example",
        ),
        chain_for_one_name(
            "one-chain",
            "Envoy has a filter chain for this name alone",
            Must::Rest,
            "localhost",
        ),
        strict_apache(),
    ]);
    cases
}
