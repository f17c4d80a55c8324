//! What a chain says of itself: usages, lengths, names, order; and files that do not fit together.

use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use handfast_pki::{Certificate, certificate::chain_to_pem, code};
use x509_cert::ext::pkix::KeyUsages;

use super::{CERTAIN, CLIENT, LIKELY, Made, Must, ROW, Row, SERVER, of_rows};
use crate::{
    Case, Error,
    Program::{Apache, Caddy, Envoy, GnutlsServer, Haproxy, Nginx, Node, Openssl, Python},
    Setup,
    cast::Cast,
    forge::{DAY, Holder, Wish},
};

fn shows_pair(setup: &mut Setup, _: &crate::Folder) {
    setup.pair = "pair".into();
}

/// A leaf below a CA that is not the usual one.
fn below(cast: &Cast<'_>, ca: &Wish, leaf: &Wish) -> Made {
    let ca = cast.root.sign(ca)?;
    cast.put("pair", &ca.sign(leaf)?, &[&ca.certificate])
}

fn ca(cast: &Cast<'_>) -> Result<Wish, Error> {
    Wish::ca("Lab Other CA", None, cast.now)
}

fn encipherment_only(wish: Wish) -> Wish {
    Wish {
        usages: Some(KeyUsages::KeyEncipherment.into()),
        ..wish
    }
}

fn client_encipherment(cast: &Cast<'_>) -> Made {
    cast.leaf("pair", &encipherment_only(cast.client()?)).map(drop)
}

fn server_encipherment(cast: &Cast<'_>) -> Made {
    cast.leaf("pair", &encipherment_only(cast.server()?)).map(drop)
}

fn server_for_clients(cast: &Cast<'_>) -> Made {
    let wish = Wish {
        purposes: vec![ID_KP_CLIENT_AUTH],
        ..cast.server()?
    };
    cast.leaf("pair", &wish).map(drop)
}

fn client_of_servers_ca(cast: &Cast<'_>) -> Made {
    let for_servers = Wish {
        purposes: vec![ID_KP_SERVER_AUTH],
        ..ca(cast)?
    };
    below(cast, &for_servers, &cast.client()?)
}

fn server_of_clients_ca(cast: &Cast<'_>) -> Made {
    let for_clients = Wish {
        purposes: vec![ID_KP_CLIENT_AUTH],
        ..ca(cast)?
    };
    below(cast, &for_clients, &cast.server()?)
}

fn client_without_cert_sign(cast: &Cast<'_>) -> Made {
    let cannot = Wish {
        usages: Some(KeyUsages::CRLSign | KeyUsages::DigitalSignature),
        ..ca(cast)?
    };
    below(cast, &cannot, &cast.client()?)
}

fn server_of_no_ca(cast: &Cast<'_>) -> Made {
    let no_ca = Wish {
        ca: None,
        usages: None,
        ..ca(cast)?
    };
    below(cast, &no_ca, &cast.server()?)
}

fn server_too_long(cast: &Cast<'_>) -> Made {
    let last = cast.root.sign(&Wish::ca("Lab Last CA", Some(0), cast.now)?)?;
    let one_more = last.sign(&Wish::ca("Lab CA Too Many", None, cast.now)?)?;
    let server = one_more.sign(&cast.server()?)?;
    cast.put("pair", &server, &[&one_more.certificate, &last.certificate])
}

fn server_outside(cast: &Cast<'_>) -> Made {
    let confined = Wish {
        permitted_dns: Some("corp.example".into()),
        ..ca(cast)?
    };
    below(cast, &confined, &cast.server()?)
}

fn client_excluded(cast: &Cast<'_>) -> Made {
    let but = Wish {
        excluded_dns: Some("lab.example".into()),
        ..ca(cast)?
    };
    below(cast, &but, &cast.client()?)
}

fn client_inside(cast: &Cast<'_>) -> Made {
    let confined = Wish {
        permitted_dns: Some("lab.example".into()),
        ..ca(cast)?
    };
    let client = Wish {
        subject: crate::forge::nameless()?,
        ..cast.client()?
    };
    below(cast, &confined, &client)
}

fn server_of_ended_ca(cast: &Cast<'_>) -> Made {
    let ended = Wish {
        not_before: cast.now - DAY * 90,
        not_after: cast.now - DAY * 5,
        ..ca(cast)?
    };
    below(cast, &ended, &cast.server()?)
}

fn server_critical(cast: &Cast<'_>) -> Made {
    let wish = Wish {
        private_critical: true,
        ..cast.server()?
    };
    cast.leaf("pair", &wish).map(drop)
}

fn server_by_itself(cast: &Cast<'_>) -> Made {
    let itself = Holder::itself(&Wish {
        subject: crate::forge::distinguished("self-signed")?,
        ..cast.server()?
    })?;
    cast.put("pair", &itself, &[])
}

fn server_ca(cast: &Cast<'_>) -> Made {
    let wish = Wish {
        ca: Some(None),
        usages: Some(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign),
        ..cast.server()?
    };
    cast.leaf("pair", &wish).map(drop)
}

fn server_v1(cast: &Cast<'_>) -> Made {
    let wish = Wish {
        version: 1,
        ..cast.server()?
    };
    cast.leaf("pair", &wish).map(drop)
}

fn without_purposes(cast: &Cast<'_>) -> Made {
    for (place, wish) in [("pair", cast.server()?), ("client", cast.client()?)] {
        let wish = Wish {
            purposes: Vec::new(),
            usages: None,
            ..wish
        };
        cast.leaf(place, &wish)?;
    }
    Ok(())
}

/// A chain whose certificates stand in another order behind the leaf, the root among them.
fn out_of_order(cast: &Cast<'_>, place: &str, wish: &Wish) -> Made {
    let upper = cast.root.sign(&Wish::ca("Lab Upper CA", None, cast.now)?)?;
    let lower = upper.sign(&Wish::ca("Lab Lower CA", None, cast.now)?)?;
    let above: [&Certificate; 3] = [&cast.root.certificate, &upper.certificate, &lower.certificate];
    cast.put(place, &lower.sign(wish)?, &above)
}

fn client_upside_down(cast: &Cast<'_>) -> Made {
    let client = cast.leaf("pair", &cast.client()?)?;
    let chain = chain_to_pem([&cast.issuing.certificate, &client.certificate]);
    cast.folder.write("pair/tls.crt", chain)
}

/// `count` certificates that have nothing to do with it stand behind the chain.
fn with_ballast(cast: &Cast<'_>, place: &str, wish: &Wish, count: usize) -> Made {
    let ballast = cast.root.sign(&Wish {
        names: (0..60)
            .map(|number| handfast_pki::name::AltName::dns(&format!("ballast-{number}.lab.example")))
            .collect::<Result<_, _>>()?,
        ..Wish::ca("Lab Ballast CA", None, cast.now)?
    })?;
    let leaf = cast.issuing.sign(wish)?;
    let above: Vec<&Certificate> = std::iter::once(&cast.issuing.certificate)
        .chain(std::iter::repeat_n(&ballast.certificate, count))
        .collect();
    cast.put(place, &leaf, &above)
}

const ROWS: &[Row] = &[
    Row {
        variant: "key-usage",
        description: "the key usage of the client's certificate is keyEncipherment, without digitalSignature",
        make: client_encipherment,
        pair: Some("pair"),
        must: Must::Say(code::WRONG_PURPOSE, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "key-usage",
        description: "the key usage of the client's certificate is keyEncipherment, without digitalSignature",
        make: client_encipherment,
        pair: Some("pair"),
        must: Must::Say(code::WRONG_PURPOSE, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "server-key-usage",
        description: "the key usage of the server's certificate is keyEncipherment, without digitalSignature",
        make: server_encipherment,
        setup: shows_pair,
        must: Must::Say(code::WRONG_PURPOSE, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        program: Envoy,
        variant: "server",
        description: "the server's certificate is for clients only",
        make: server_for_clients,
        setup: |setup, _| setup.pair = "pair".into(),
        must: Must::Say(code::WRONG_PURPOSE, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        program: Apache,
        variant: "server",
        description: "the server's certificate is for clients only",
        make: server_for_clients,
        setup: shows_pair,
        must: Must::Say(code::WRONG_PURPOSE, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        variant: "issuer",
        description: "the CA above the client's certificate is for servers only",
        make: client_of_servers_ca,
        pair: Some("pair"),
        must: Must::Say(code::WRONG_PURPOSE, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "issuer",
        description: "the CA above the client's certificate is for servers only",
        make: client_of_servers_ca,
        pair: Some("pair"),
        must: Must::Say(code::WRONG_PURPOSE, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Node,
        variant: "server-issuer",
        description: "the CA above the server's certificate is for clients only",
        make: server_of_clients_ca,
        setup: shows_pair,
        must: Must::Say(code::WRONG_PURPOSE, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        variant: "cert-sign",
        description: "the CA above the client's certificate lacks keyCertSign",
        make: client_without_cert_sign,
        pair: Some("pair"),
        must: Must::Say(code::NOT_A_CA, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: GnutlsServer,
        variant: "cert-sign",
        description: "the CA above the client's certificate lacks keyCertSign",
        make: client_without_cert_sign,
        pair: Some("pair"),
        must: Must::Say(code::NOT_A_CA, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "server",
        description: "the CA above the server's certificate was made without the flags of a CA",
        make: server_of_no_ca,
        setup: shows_pair,
        must: Must::Say(code::NOT_A_CA, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        variant: "server",
        description: "a CA with path length 0 has a CA below it, above the server's certificate",
        make: server_too_long,
        setup: shows_pair,
        must: Must::Say(code::PATH_LENGTH, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        program: Caddy,
        variant: "server",
        description: "the server's names lie outside what its CA may sign",
        make: server_outside,
        setup: shows_pair,
        must: Must::Say(code::NAME_CONSTRAINTS, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        variant: "excluded",
        description: "the client's name is one that its CA may not sign",
        make: client_excluded,
        pair: Some("pair"),
        must: Must::Say(code::NAME_CONSTRAINTS, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        variant: "inside",
        description: "the client's name is one of those that its CA may sign",
        make: client_inside,
        pair: Some("pair"),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "server-issuer",
        description: "the CA above the server's certificate has expired",
        make: server_of_ended_ca,
        setup: shows_pair,
        must: Must::Say(code::EXPIRED, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        variant: "server",
        description: "the server's certificate has a private critical extension",
        make: server_critical,
        setup: shows_pair,
        must: Must::Say(code::CRITICAL_EXTENSION, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        program: Python,
        variant: "server",
        description: "the server's certificate is signed by itself",
        make: server_by_itself,
        setup: shows_pair,
        must: Must::SayBoth(code::SERVER_UNTRUSTED, code::CA_AS_LEAF),
        ..ROW
    },
    Row {
        program: Nginx,
        variant: "server-ca",
        description: "the server's certificate is that of a CA",
        make: server_ca,
        setup: shows_pair,
        must: Must::Say(code::CA_AS_LEAF, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "server",
        description: "the server's certificate is X.509 version 1",
        make: server_v1,
        setup: shows_pair,
        must: Must::Say(code::VERSION_1, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        variant: "any-purpose",
        description: "neither certificate is limited to a purpose",
        make: without_purposes,
        setup: shows_pair,
        must: Must::Rest,
        ..ROW
    },
    Row {
        variant: "client-order",
        description: "the CAs in the client's file stand in another order, and the leaf is first",
        make: |cast| out_of_order(cast, "pair", &cast.client()?),
        setup: |setup, _| setup.depth = Some(5),
        pair: Some("pair"),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "server-order",
        description: "the CAs in the server's file stand in another order, and the leaf is first",
        make: |cast| out_of_order(cast, "pair", &cast.server()?),
        setup: shows_pair,
        must: Must::Rest,
        ..ROW
    },
    Row {
        variant: "live",
        description: "the client's file begins with its CA",
        make: client_upside_down,
        pair: Some("pair"),
        must: Must::Say(code::CHAIN_ORDER, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        variant: "live",
        description: "the client's key is that of another certificate",
        make: |cast| {
            cast.folder.copy("client/tls.crt", "pair/tls.crt")?;
            cast.folder.copy("client-renewed/tls.key", "pair/tls.key")?;
            cast.folder.mode("pair/tls.key", 0o600)
        },
        pair: Some("pair"),
        must: Must::Say(code::KEY_MISMATCH, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        variant: "live",
        description: "the client's key is encrypted",
        make: |cast| {
            cast.folder.copy("client/tls.crt", "pair/tls.crt")?;
            cast.folder
                .shell("openssl pkey -in client/tls.key -aes256 -passout pass:secret -out pair/tls.key")?;
            cast.folder.mode("pair/tls.key", 0o600)
        },
        pair: Some("pair"),
        must: Must::Say(code::KEY_ENCRYPTED, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        variant: "long-server-chain",
        description: "ten certificates that have nothing to do with it stand behind the server's chain",
        make: |cast| with_ballast(cast, "pair", &cast.server()?, 10),
        setup: shows_pair,
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "oversized",
        description: "the client sends more certificates than the server reads",
        make: |cast| with_ballast(cast, "pair", &cast.client()?, 70),
        pair: Some("pair"),
        must: Must::Suspect(code::VAGUE_ALERT),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "no-names",
        description: "the server names no CAs, and trusts the client's",
        setup: |setup, _| setup.more = " no-ca-names".into(),
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "no-names",
        description: "the client's certificate comes from another CA, and the server names none",
        setup: |setup, _| setup.more = " no-ca-names".into(),
        pair: Some("client-stranger"),
        must: Must::Say(code::UNKNOWN_ISSUER, SERVER, LIKELY),
        ..ROW
    },
];

pub(super) fn cases() -> Vec<Case> {
    of_rows(ROWS)
}
