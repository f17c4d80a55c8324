//! Several servers behind one address, of which one is not like the others.

use handfast_pki::code;

use super::{CERTAIN, LIKELY, Must, SERVER, https, special};
use crate::{
    Asks, Case, Error, Folder,
    Program::{Haproxy, Nginx},
    Running, Scene, Setup, Speaks, free_port, programs, serve,
};

struct Odd {
    variant: &'static str,
    description: &'static str,
    /// What is different about the one.
    setup: fn(&mut Setup, &Folder),
    /// How many there are that are as they should be.
    good: usize,
    must: Must,
}

const SAYS: Must = Must::Say(code::INSTANCES, SERVER, CERTAIN);

const ODD: &[Odd] = &[
    Odd {
        variant: "expired",
        description: "two servers share an address, and the certificate of one has expired",
        setup: |setup, _| setup.pair = "server-expired".into(),
        good: 1,
        must: Must::Say(code::OLD_PROCESS, super::CLIENT, CERTAIN),
    },
    Odd {
        variant: "renewed",
        description: "two servers share an address, each with a good certificate of its own",
        setup: |setup, _| setup.pair = "server-renewed".into(),
        good: 1,
        must: Must::Rest,
    },
    Odd {
        variant: "not-asked",
        description: "two servers share an address, and one does not ask for certificates",
        setup: |setup, _| setup.asks = Asks::Never,
        good: 1,
        must: SAYS,
    },
    Odd {
        variant: "takes-anything",
        description: "two servers share an address, and one takes any certificate",
        setup: |setup, _| setup.asks = Asks::AndTakesAnything,
        good: 1,
        must: Must::Suspect(code::UNVERIFIED),
    },
    Odd {
        variant: "stranger",
        description: "two servers share an address, and one has the certificate of another CA",
        setup: |setup, _| setup.pair = "server-stranger".into(),
        good: 1,
        must: SAYS,
    },
    Odd {
        variant: "other-name",
        description: "two servers share an address, and one has the certificate of another site",
        setup: |setup, _| setup.pair = "server-other-name".into(),
        good: 1,
        must: SAYS,
    },
    Odd {
        variant: "stale-list",
        description: "two servers share an address, and the revocation list of one has expired",
        setup: |setup, _| setup.crl = Some("ended.crl".into()),
        good: 1,
        must: SAYS,
    },
    Odd {
        variant: "forbidden",
        description: "two servers share an address, and one has a rule that denies the client",
        setup: |setup, _| setup.inside = "return 403;\n".into(),
        good: 1,
        must: SAYS,
    },
    Odd {
        variant: "old-version",
        description: "two servers share an address, and one of them speaks TLS 1.2 alone, which is good enough",
        setup: |setup, _| setup.speaks = Speaks::Only12,
        good: 1,
        must: Must::Rest,
    },
    Odd {
        variant: "one-of-three",
        description: "three servers share an address, and one trusts another CA for clients",
        setup: |setup, _| setup.client_ca = "stranger.crt".into(),
        good: 2,
        must: SAYS,
    },
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = ODD
        .iter()
        .map(|odd| {
            special(
                (Haproxy, odd.variant),
                odd.description,
                &[Haproxy, Nginx],
                odd.must,
                |folder| scene(folder, odd),
            )
        })
        .collect();
    cases.push(special(
        (Haproxy, "plain"),
        "two servers share an address, and one speaks plain HTTP",
        &[Haproxy, Nginx, crate::Program::Python],
        SAYS,
        |folder| {
            let other = programs::plain_http(folder)?;
            balance(folder, vec![serve(Nginx, folder, &Setup::default())?, other], &[])
        },
    ));
    cases.push(special(
        (Haproxy, "down"),
        "two servers share an address, and nothing listens at one of them",
        &[Haproxy, Nginx],
        Must::Say(code::INSTANCES, SERVER, LIKELY),
        |folder| {
            let good = serve(Nginx, folder, &Setup::default())?;
            balance(folder, vec![good], &[free_port()?])
        },
    ));
    cases
}

fn scene(folder: &Folder, odd: &Odd) -> Result<Scene, Error> {
    let mut servers = Vec::new();
    for _ in 0..odd.good {
        servers.push(serve(Nginx, folder, &Setup::default())?);
    }
    let mut setup = Setup::default();
    (odd.setup)(&mut setup, folder);
    servers.push(serve(Nginx, folder, &setup)?);
    balance(folder, servers, &[])
}

/// HAProxy that hands each connection to the next of `servers`, and to the ports of `absent` ones.
fn balance(folder: &Folder, servers: Vec<Running>, absent: &[u16]) -> Result<Scene, Error> {
    let port = free_port()?;
    let mut configuration = format!(
        "global\n    log stderr local0 info\ndefaults\n    mode tcp\n    timeout client 10s\n    timeout connect 5s\n    \
         timeout server 10s\nfrontend all\n    bind 127.0.0.1:{port}\n    default_backend all\nbackend all\n    balance \
         roundrobin\n    retries 0\n"
    );
    let ports = servers.iter().map(|server| server.port);
    for (number, port) in ports.chain(absent.iter().copied()).enumerate() {
        configuration.push_str(&format!("    server number-{number} 127.0.0.1:{port}\n"));
    }
    let mut running = vec![programs::haproxy_with(folder, port, &configuration)?];
    running.extend(servers);
    Ok(https(running, Some("client")))
}
