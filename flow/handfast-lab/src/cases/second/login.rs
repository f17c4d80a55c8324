//! The server sends whom it does not know to a login, or answers in HTTP for reasons of its own.

use handfast_pki::code;

use super::{CERTAIN, GUESS, LIKELY, Must, ROW, Row, SERVER, of_rows};
use crate::{
    Asks, Case,
    Program::{Apache, Haproxy, Nginx, Ourselves},
};

const ROWS: &[Row] = &[
    Row {
        variant: "login",
        description: "the client has no certificate, and the server answers with a redirect to its login",
        setup: |setup, _| {
            setup.asks = Asks::Optionally;
            setup.inside =
                "if ($ssl_client_verify != SUCCESS) { return 302 https://id.lab.example/login; }\n".into();
        },
        pair: None,
        must: Must::Say(code::NO_CERTIFICATE, SERVER, LIKELY),
        ..ROW
    },
    Row {
        variant: "login",
        description: "the client's certificate has expired, and the server answers with a redirect to its login",
        setup: |setup, _| setup.more = "error_page 495 496 =302 https://id.lab.example/login;\n".into(),
        pair: Some("client-expired"),
        must: Must::Say(code::EXPIRED, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Apache,
        variant: "login",
        description: "the client has no certificate, and a rewrite rule sends it to a login",
        setup: |setup, _| {
            setup.asks = Asks::Optionally;
            setup.inside = "RewriteEngine on\nRewriteCond %{SSL:SSL_CLIENT_VERIFY} !=SUCCESS\nRewriteRule ^ \
                            https://id.lab.example/sso/login [R=302,L]\n"
                .into();
        },
        pair: None,
        must: Must::Say(code::NO_CERTIFICATE, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "login",
        description: "the client has no certificate, and is sent to a login",
        setup: |setup, _| {
            setup.asks = Asks::Optionally;
            setup.inside =
                "    http-request redirect location https://id.lab.example/oauth2/authorize unless { ssl_c_used }\n"
                    .into();
        },
        pair: None,
        must: Must::Say(code::NO_CERTIFICATE, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "redirect",
        description: "a good client is served, and what it asks for is at another path",
        setup: |setup, _| {
            setup.inside = "    http-request redirect location /app/ if { path / }\n".into();
        },
        must: Must::Rest,
        ..ROW
    },
    Row {
        variant: "redirect",
        description: "a good client is sent to the canonical name of the site",
        setup: |setup, _| setup.inside = "return 301 https://proxy.lab.example/;\n".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        variant: "rule",
        description: "the certificate is trusted, and a rule on its name answers 403",
        setup: |setup, _| {
            setup.inside = "if ($ssl_client_s_dn !~ \"CN=admin\") { return 403; }\n".into();
        },
        must: Must::Say(code::NOT_ALLOWED, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "rule",
        description: "the certificate is trusted, and a rule on its name answers 403",
        setup: |setup, _| {
            setup.inside = "    http-request deny unless { ssl_c_s_dn(cn) -m str admin }\n".into();
        },
        must: Must::Say(code::NOT_ALLOWED, SERVER, LIKELY),
        ..ROW
    },
    Row {
        variant: "closed",
        description: "the certificate is trusted, and a rule on its name closes the connection without an answer",
        setup: |setup, _| {
            setup.inside = "if ($ssl_client_s_dn !~ \"CN=admin\") { return 444; }\n".into();
        },
        must: Must::Suspect(code::NOT_ALLOWED),
        ..ROW
    },
    Row {
        variant: "not-found",
        description: "a good client is accepted, and asks for a page that there is not",
        setup: |setup, _| setup.inside = "return 404;\n".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Nginx,
        variant: "broken",
        description: "a good client is accepted, and the application behind the server is down",
        setup: |setup, _| setup.inside = "return 502;\n".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Ourselves,
        variant: "no-backend",
        description: "the proxy accepts the client, and nothing listens behind it",
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Apache,
        variant: "late-12",
        description: "SSLVerifyClient stands inside of <Location>, so that TLS 1.2 is negotiated anew after the request",
        setup: |setup, folder| {
            setup.asks = Asks::Never;
            setup.speaks = crate::Speaks::Only12;
            setup.more = format!("SSLCACertificateFile {}\n", folder.file("ca.crt"));
            setup.inside = "SSLVerifyClient require\nSSLVerifyDepth 2\n".into();
        },
        must: Must::Say(code::ASKED_LATE, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Apache,
        variant: "late-13",
        description: "SSLVerifyClient stands inside of <Location>, so that TLS 1.3 asks after the handshake",
        setup: |setup, folder| {
            setup.asks = Asks::Never;
            setup.speaks = crate::Speaks::Only13;
            setup.more = format!("SSLCACertificateFile {}\n", folder.file("ca.crt"));
            setup.inside = "SSLVerifyClient require\nSSLVerifyDepth 2\n".into();
        },
        must: Must::Say(code::ASKED_LATE, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Apache,
        variant: "location",
        description: "the virtual host asks in the handshake, and <Location> demands the same once more",
        setup: |setup, _| setup.inside = "SSLVerifyClient require\nSSLVerifyDepth 2\n".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        variant: "401",
        description: "the server asks for a certificate and trusts it, and the application wants a password as well",
        setup: |setup, _| {
            setup.inside = "add_header WWW-Authenticate 'Basic realm=\"lab\"' always;\nreturn 401;\n".into();
        },
        must: Must::Say(code::NOT_FORWARDED, SERVER, GUESS),
        ..ROW
    },
];

pub(super) fn cases() -> Vec<Case> {
    of_rows(ROWS)
}
