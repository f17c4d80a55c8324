//! Databases, brokers, mail and web servers with the TLS libraries that the first half has not.

use handfast_pki::{code, name::distinguished};

use super::{CERTAIN, CLIENT, GUESS, LIKELY, Made, Must, ROW, Row, SERVER, of_rows};
use crate::{
    Asks, Case,
    Program::{
        Dovecot, Etcd, Haproxy, Lighttpd, Mariadb, Mosquitto, Nginx, Postgres, Rabbitmq, Redis, Stunnel,
        Traefik,
    },
    Speaks,
    cast::Cast,
    forge::{DAY, Holder, Wish},
};

/// The client's CA is one that has expired, and the server has it.
fn of_ended_root(cast: &Cast<'_>) -> Made {
    let ended = Holder::itself(&Wish {
        subject: distinguished("Lab Old Root", Some("Handfast Lab"))?,
        not_before: cast.now - DAY * 400,
        not_after: cast.now - DAY * 5,
        ..Wish::ca("Lab Old Root", None, cast.now)?
    })?;
    cast.folder.write("old-root.crt", ended.certificate.to_pem())?;
    cast.put("pair", &ended.sign(&cast.client()?)?, &[])
}

const REFUSED: Must = Must::Say(code::UNKNOWN_ISSUER, SERVER, LIKELY);

const ROWS: &[Row] = &[
    Row {
        program: Haproxy,
        variant: "ended-ca",
        description: "the CA in the server's file of client CAs has expired, and its alert is certificate_expired",
        make: of_ended_root,
        setup: |setup, _| setup.client_ca = "old-root.crt".into(),
        pair: Some("pair"),
        must: Must::Suspect(code::EXPIRED),
        ..ROW
    },
    Row {
        variant: "ended-ca",
        description: "the CA in the server's file of client CAs has expired",
        make: of_ended_root,
        setup: |setup, _| setup.client_ca = "old-root.crt".into(),
        pair: Some("pair"),
        must: Must::Suspect(code::EXPIRED),
        ..ROW
    },
    Row {
        program: Lighttpd,
        variant: "openssl",
        description: "both sides are set up as they should be",
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Lighttpd,
        variant: "gnutls",
        description: "both sides are set up as they should be",
        setup: |setup, _| setup.inside = "gnutls".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Lighttpd,
        variant: "mbedtls",
        description: "both sides are set up as they should be",
        setup: |setup, _| setup.inside = "mbedtls".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Lighttpd,
        variant: "gnutls",
        description: "the client's certificate comes from another CA, and GnuTLS answers access_denied",
        setup: |setup, _| setup.inside = "gnutls".into(),
        pair: Some("client-stranger"),
        must: Must::Say(code::UNKNOWN_ISSUER, SERVER, GUESS),
        ..ROW
    },
    Row {
        program: Lighttpd,
        variant: "gnutls",
        description: "the client's certificate has expired, and GnuTLS answers access_denied",
        setup: |setup, _| setup.inside = "gnutls".into(),
        pair: Some("client-expired"),
        must: Must::Say(code::EXPIRED, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Lighttpd,
        variant: "gnutls",
        description: "the client has no certificate, and the server is GnuTLS",
        setup: |setup, _| setup.inside = "gnutls".into(),
        pair: None,
        must: Must::Say(code::NO_CERTIFICATE, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Lighttpd,
        variant: "mbedtls",
        description: "the client's certificate comes from another CA, and the server is Mbed TLS",
        setup: |setup, _| setup.inside = "mbedtls".into(),
        pair: Some("client-stranger"),
        must: Must::Say(code::UNKNOWN_ISSUER, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Lighttpd,
        variant: "mbedtls",
        description: "the client's certificate has expired, and the server is Mbed TLS",
        setup: |setup, _| setup.inside = "mbedtls".into(),
        pair: Some("client-expired"),
        must: Must::Say(code::EXPIRED, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Stunnel,
        variant: "stranger",
        description: "the client's certificate comes from another CA, and the server is a tunnel",
        setup: |setup, _| setup.more = "connect = 127.0.0.1:9\n".into(),
        pair: Some("client-stranger"),
        must: Must::Say(code::UNKNOWN_ISSUER, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Traefik,
        variant: "mutual",
        description: "both sides are set up as they should be",
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Traefik,
        variant: "stranger",
        description: "the client's certificate comes from another CA",
        pair: Some("client-stranger"),
        must: Must::Say(code::UNKNOWN_ISSUER, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Etcd,
        variant: "mutual",
        description: "both sides are set up as they should be",
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Etcd,
        variant: "stranger",
        description: "the client's certificate comes from another CA",
        pair: Some("client-stranger"),
        must: REFUSED,
        ..ROW
    },
    Row {
        program: Etcd,
        variant: "hostname",
        description: "the certificate is trusted, and its name is not the one that the server allows",
        setup: |setup, _| setup.more = "--client-cert-allowed-hostname other.lab.example".into(),
        must: Must::Suspect(code::NOT_ALLOWED),
        ..ROW
    },
    Row {
        program: Etcd,
        variant: "server",
        description: "the client's certificate is that of a server, as when etcd's own is used",
        pair: Some("client-for-servers"),
        must: Must::Say(code::WRONG_PURPOSE, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Dovecot,
        variant: "imap",
        description: "both sides are set up as they should be, and the mail server waits for a login",
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Dovecot,
        variant: "imap",
        description: "the client has no certificate, and the mail server will refuse at the login",
        pair: None,
        must: Must::Suspect(code::NO_CERTIFICATE),
        ..ROW
    },
    Row {
        program: Dovecot,
        variant: "imap",
        description: "the client's certificate comes from another CA, and the mail server will refuse at the login",
        pair: Some("client-stranger"),
        must: Must::Suspect(code::UNKNOWN_ISSUER),
        ..ROW
    },
    Row {
        program: Dovecot,
        variant: "imap",
        description: "the mail server's certificate has expired",
        setup: |setup, _| setup.pair = "server-expired".into(),
        must: Must::Say(code::EXPIRED, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        program: Rabbitmq,
        variant: "external",
        description: "the certificate's common name is no user of the broker",
        must: Must::Say(code::UNMAPPED, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Rabbitmq,
        variant: "stranger",
        description: "the client's certificate comes from another CA, and the broker is Erlang",
        pair: Some("client-stranger"),
        must: Must::Say(code::UNKNOWN_ISSUER, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Rabbitmq,
        variant: "none",
        description: "the client has no certificate, and the broker is Erlang",
        pair: None,
        must: Must::Say(code::NO_CERTIFICATE, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Mosquitto,
        variant: "no-anonymous",
        description: "the broker trusts the certificate, takes no name from it, and wants a user with a password",
        setup: |setup, _| setup.more = "allow_anonymous false\n".into(),
        // "not authorized" is said of an unknown user and of one without rights.
        must: Must::Suspect(code::UNMAPPED),
        ..ROW
    },
    Row {
        program: Redis,
        variant: "stranger",
        description: "the client's certificate comes from another CA",
        pair: Some("client-stranger"),
        must: REFUSED,
        ..ROW
    },
    Row {
        program: Redis,
        variant: "none",
        description: "the client has no certificate",
        pair: None,
        must: Must::Say(code::NO_CERTIFICATE, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Redis,
        variant: "no-server-purpose",
        description: "the client's certificate is for servers only",
        pair: Some("client-for-servers"),
        must: Must::Say(code::WRONG_PURPOSE, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Postgres,
        variant: "no-entry",
        description: "no line of pg_hba.conf is for this client",
        setup: |setup, _| setup.inside = "reject".into(),
        must: Must::Say(code::NOT_ALLOWED, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Postgres,
        variant: "password",
        description: "the database trusts the certificate, and waits for a password",
        setup: |setup, _| setup.inside = "scram-sha-256 clientcert=verify-ca".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Postgres,
        variant: "server",
        description: "the database's certificate has expired",
        setup: |setup, _| setup.pair = "server-expired".into(),
        must: Must::Say(code::EXPIRED, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        program: Postgres,
        variant: "tls12",
        description: "the database speaks TLS 1.2 alone, the client asks for TLS 1.3",
        setup: |setup, _| setup.speaks = Speaks::Only12,
        more: &["--tls", "1.3"],
        must: Must::Say(code::NO_COMMON_VERSION, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Mariadb,
        variant: "x509",
        description: "the database user needs a certificate, and the client has one",
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Mariadb,
        variant: "x509",
        description: "the database user needs a certificate, and the client has none",
        pair: None,
        must: Must::Say(code::NO_CERTIFICATE, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Mariadb,
        variant: "stranger",
        description: "the client's certificate comes from another CA",
        pair: Some("client-stranger"),
        must: REFUSED,
        ..ROW
    },
    Row {
        program: Mariadb,
        variant: "no-tls",
        description: "the database was started without TLS",
        setup: |setup, _| setup.asks = Asks::Never,
        must: Must::Say(code::NOT_TLS, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Nginx,
        variant: "fallback",
        description: "the server asks for a certificate and would go on without one, and the client has one",
        setup: |setup, _| setup.asks = Asks::Optionally,
        must: Must::Rest,
        ..ROW
    },
];

pub(super) fn cases() -> Vec<Case> {
    of_rows(ROWS)
}
