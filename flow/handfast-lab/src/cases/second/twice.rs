//! Two things are wrong at once: mending one of them is not enough, so both are said.

use const_oid::db::rfc5280::ID_KP_SERVER_AUTH;
use handfast_pki::{code, name::distinguished};

use super::{Made, Must, ROW, Row, of_rows};
use crate::{
    Case,
    Program::{Apache, Envoy, Haproxy, Nginx, Openssl},
    cast::Cast,
    forge::{DAY, Holder, Wish},
};

/// `wish`, valid until ten days ago.
fn expired(cast: &Cast<'_>, wish: Wish) -> Wish {
    Wish {
        not_before: cast.now - DAY * 40,
        not_after: cast.now - DAY * 10,
        ..wish
    }
}

fn stranger(cast: &Cast<'_>) -> Result<Holder, crate::Error> {
    Holder::itself(&Wish {
        subject: distinguished("Stranger Root", Some("Stranger Inc"))?,
        ..Wish::ca("Stranger Root", None, cast.now)?
    })
}

fn expired_of_stranger(cast: &Cast<'_>) -> Made {
    let client = stranger(cast)?.sign(&expired(cast, cast.client()?))?;
    cast.put("pair", &client, &[])
}

fn expired_of_other_name(cast: &Cast<'_>) -> Made {
    let other = Wish::server("other.lab.example", cast.now)?.named(&["other.lab.example"])?;
    cast.leaf("pair", &expired(cast, other)).map(drop)
}

fn expired_and_alone(cast: &Cast<'_>) -> Made {
    let server = cast.issuing.sign(&expired(cast, cast.server()?))?;
    cast.put("pair", &server, &[])
}

fn for_servers(cast: &Cast<'_>) -> Result<Wish, crate::Error> {
    Ok(Wish {
        purposes: vec![ID_KP_SERVER_AUTH],
        ..cast.client()?
    })
}

fn expired_for_servers(cast: &Cast<'_>) -> Made {
    cast.leaf("pair", &expired(cast, for_servers(cast)?)).map(drop)
}

fn for_servers_and_alone(cast: &Cast<'_>) -> Made {
    let client = cast.issuing.sign(&for_servers(cast)?)?;
    cast.put("pair", &client, &[])?;
    cast.folder.copy("issuing.crt", "pair/issuing.crt")
}

fn stranger_of_other_name(cast: &Cast<'_>) -> Made {
    let other = Wish::server("other.lab.example", cast.now)?.named(&["other.lab.example"])?;
    cast.put("pair", &stranger(cast)?.sign(&other)?, &[])
}

fn expired_by_itself(cast: &Cast<'_>) -> Made {
    let itself = Holder::itself(&Wish {
        subject: crate::forge::distinguished("self-signed")?,
        ..expired(cast, cast.client()?)
    })?;
    cast.put("pair", &itself, &[])
}

fn expired_outside(cast: &Cast<'_>) -> Made {
    let confined = cast.root.sign(&Wish {
        permitted_dns: Some("corp.example".into()),
        ..Wish::ca("Lab Confined CA", None, cast.now)?
    })?;
    let client = confined.sign(&expired(cast, cast.client()?))?;
    cast.put("pair", &client, &[&confined.certificate])
}

const ROWS: &[Row] = &[
    Row {
        variant: "of-stranger",
        description: "the client's certificate has expired, and comes from another CA",
        make: expired_of_stranger,
        pair: Some("pair"),
        must: Must::SayBoth(code::UNKNOWN_ISSUER, code::EXPIRED),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "of-stranger",
        description: "the client's certificate has expired, and comes from another CA",
        make: expired_of_stranger,
        pair: Some("pair"),
        must: Must::SayBoth(code::UNKNOWN_ISSUER, code::EXPIRED),
        ..ROW
    },
    Row {
        program: Envoy,
        variant: "of-stranger",
        description: "the client's certificate has expired, and comes from another CA",
        make: expired_of_stranger,
        pair: Some("pair"),
        must: Must::SayBoth(code::UNKNOWN_ISSUER, code::EXPIRED),
        ..ROW
    },
    Row {
        variant: "server-other-name",
        description: "the server's certificate has expired, and is for another name",
        make: expired_of_other_name,
        setup: |setup, _| setup.pair = "pair".into(),
        must: Must::SayBoth(code::EXPIRED, code::NAME_MISMATCH),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "server-alone",
        description: "the server's certificate has expired, and its intermediate is not sent",
        make: expired_and_alone,
        setup: |setup, _| setup.pair = "pair".into(),
        must: Must::SayBoth(code::EXPIRED, code::SERVER_INTERMEDIATE),
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "for-servers",
        description: "the client's certificate has expired, and is for servers only",
        make: expired_for_servers,
        pair: Some("pair"),
        must: Must::SayBoth(code::WRONG_PURPOSE, code::EXPIRED),
        ..ROW
    },
    Row {
        program: Apache,
        variant: "for-servers",
        description: "the client sends its leaf alone, and it is for servers only",
        make: for_servers_and_alone,
        pair: Some("pair"),
        must: Must::SayBoth(code::MISSING_INTERMEDIATE, code::WRONG_PURPOSE),
        ..ROW
    },
    Row {
        variant: "for-servers",
        description: "the client sends its leaf alone, and it is for servers only",
        make: for_servers_and_alone,
        pair: Some("pair"),
        must: Must::SayBoth(code::MISSING_INTERMEDIATE, code::WRONG_PURPOSE),
        ..ROW
    },
    Row {
        variant: "other-name",
        description: "the server's certificate comes from another CA, and is for another name",
        make: stranger_of_other_name,
        setup: |setup, _| setup.pair = "pair".into(),
        must: Must::SayBoth(code::SERVER_UNTRUSTED, code::NAME_MISMATCH),
        ..ROW
    },
    Row {
        variant: "expired",
        description: "the client's certificate is signed by itself, and has expired",
        make: expired_by_itself,
        pair: Some("pair"),
        must: Must::SayBoth(code::CA_AS_LEAF, code::EXPIRED),
        ..ROW
    },
    Row {
        program: Apache,
        variant: "expired",
        description: "the client's certificate has expired, and its name lies outside what its CA may sign",
        make: expired_outside,
        pair: Some("pair"),
        must: Must::SayBoth(code::NAME_CONSTRAINTS, code::EXPIRED),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "expired",
        description: "the server's file of client CAs lacks the root, and the client's certificate has expired",
        setup: |setup, _| setup.client_ca = "issuing.crt".into(),
        pair: Some("client-expired"),
        must: Must::SayBoth(code::BAD_CLIENT_CAS, code::EXPIRED),
        ..ROW
    },
    Row {
        variant: "and-revoked",
        description: "the server's revocation list has expired, and the client's certificate is on it",
        setup: |setup, _| setup.crl = Some("ended.crl".into()),
        pair: Some("client-revoked"),
        more: &["--crl", "ended.crl"],
        must: Must::SayBoth(code::CRL_UNUSABLE, code::REVOKED),
        ..ROW
    },
    Row {
        program: Nginx,
        variant: "server-first",
        description: "the client has no certificate, and the server's has expired, which comes first",
        setup: |setup, _| setup.pair = "server-expired".into(),
        pair: None,
        must: Must::Say(code::EXPIRED, super::CLIENT, super::CERTAIN),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "no-certificate",
        description: "the server speaks TLS 1.2 alone, the client asks for TLS 1.3 and has no certificate",
        setup: |setup, _| setup.speaks = crate::Speaks::Only12,
        pair: None,
        more: &["--tls", "1.3"],
        must: Must::Say(code::NO_COMMON_VERSION, super::SERVER, super::CERTAIN),
        ..ROW
    },
];

pub(super) fn cases() -> Vec<Case> {
    of_rows(ROWS)
}
