//! The client refuses the server.

use handfast_pki::{Code, code};

use super::{healthy::needs, named_case};
use crate::{
    Asks, Case, Error, Folder, Program,
    Program::{Apache, Caddy, Curl, Envoy, Haproxy, Nginx, Node, Openssl, Postgres, Python},
    Scene, Setup, serve,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for program in [Nginx, Apache, Haproxy, Envoy, Caddy, Openssl, Python, Node] {
        cases.push(shown(
            code::SERVER_UNTRUSTED,
            "",
            "the server's certificate comes from a CA that the client does not know",
            program,
            "server-stranger",
            "certain",
        ));
    }
    for program in [Nginx, Openssl] {
        cases.push(shown(
            code::NAME_MISMATCH,
            "",
            "the server's certificate is for another name",
            program,
            "server-other-name",
            "certain",
        ));
        cases.push(shown(
            code::NO_NAMES,
            "",
            "the server's certificate has a common name and no subject alternative name",
            program,
            "server-nameless",
            "certain",
        ));
        cases.push(shown(
            code::EXPIRED,
            "server",
            "the server's certificate has expired",
            program,
            "server-expired",
            "certain",
        ));
    }
    cases.push(shown(
        code::BAD_SIGNATURE,
        "server",
        "the server's CA was made anew with the same name, and the client has the old one",
        Nginx,
        "server-rekeyed",
        "certain",
    ));
    cases.extend([
        forgotten_intermediate(),
        unseen_intermediate(),
        no_ip_name(),
        other_workload(),
        other_site(),
        unknown_name(Haproxy),
        unknown_name(Openssl),
        pinned(),
    ]);
    cases.extend(trust_files());
    cases
}

/// A server that shows what stands in the folder `pair`.
fn shown(
    code: Code,
    variant: &'static str,
    description: &'static str,
    program: Program,
    pair: &'static str,
    certainty: &'static str,
) -> Case {
    let name = named_case(code, program, variant);
    let case = Case::new(name, description, &needs(program), move |folder| {
        showing(folder, program, pair, &[])
    });
    case.expect(code, "client", certainty)
}

fn showing(folder: &Folder, program: Program, pair: &str, more: &[&str]) -> Result<Scene, Error> {
    let setup = Setup {
        pair: pair.into(),
        ..Setup::default()
    };
    let running = serve(program, folder, &setup)?;
    let port = running.port;
    Ok(Scene::https(vec![running], port, Some("client"), more))
}

fn forgotten_intermediate() -> Case {
    let case = Case::new(
        named_case(code::SERVER_INTERMEDIATE, Nginx, ""),
        "the server sends its leaf alone, and the intermediate lies beside the client's certificate",
        &[Nginx],
        |folder| {
            folder.copy("issuing.crt", "client/issuing.crt")?;
            showing(folder, Nginx, "server-leaf-only", &[])
        },
    );
    case.expect(code::SERVER_INTERMEDIATE, "client", "certain")
}

fn unseen_intermediate() -> Case {
    let case = Case::new(
        named_case(code::SERVER_INTERMEDIATE, Postgres, ""),
        "the server sends its leaf alone, and the intermediate is not available",
        &[Postgres],
        |folder| {
            let setup = Setup {
                pair: "server-leaf-only".into(),
                ..Setup::default()
            };
            let running = serve(Postgres, folder, &setup)?;
            Ok(super::healthy::postgres_scene(running, "client", None))
        },
    );
    case.expect(code::SERVER_INTERMEDIATE, "client", "likely")
}

fn no_ip_name() -> Case {
    let case = Case::new(
        named_case(code::NO_IP_NAME, Nginx, ""),
        "the server is called by its address, and its certificate has names alone",
        &[Nginx],
        |folder| {
            let scene = showing(folder, Nginx, "server-without-ip", &[])?;
            Ok(scene.instead_of("localhost", "127.0.0.1"))
        },
    );
    case.expect(code::NO_IP_NAME, "client", "certain")
}

fn other_workload() -> Case {
    let case = Case::new(
        named_case(code::IDENTITY_MISMATCH, Envoy, ""),
        "the right CA, and another workload than the one that was expected",
        &[Envoy],
        |folder| {
            let more = ["--expect-id", "spiffe://lab.example/orders"];
            showing(folder, Envoy, "server-workload", &more)
        },
    );
    case.expect(code::IDENTITY_MISMATCH, "client", "certain")
}

/// Two sites behind one address; the one called `localhost` has the other's certificate.
fn other_site() -> Case {
    let case = Case::new(
        named_case(code::WRONG_SNI, Nginx, ""),
        "two sites share an address, and the one that is asked for shows the certificate of another",
        &[Nginx],
        |folder| {
            let port = crate::free_port()?;
            let site = |flags: &str, name: &str, pair: &str| {
                format!(
                    "    server {{\n        listen 127.0.0.1:{port} ssl{flags};\n        server_name {name};\n        \
                     ssl_certificate {};\n        ssl_certificate_key {};\n        return 200 \"hello\\n\";\n    }}\n",
                    folder.file(&format!("{pair}/tls.crt")),
                    folder.file(&format!("{pair}/tls.key")),
                )
            };
            let sites = site(" default_server", "proxy.lab.example", "server")
                + &site("", "localhost", "server-other-name");
            let running = crate::programs::nginx_with(folder, port, &sites)?;
            Ok(Scene::https(vec![running], port, None, &[]))
        },
    );
    case.expect(code::WRONG_SNI, "client", "certain")
}

/// A server that answers nobody who calls it by a name it does not have.
fn unknown_name(program: Program) -> Case {
    let case = Case::new(
        named_case(code::WRONG_SNI, program, "unknown"),
        "the server refuses names that it does not know",
        &[program],
        move |folder| {
            let setup = Setup {
                more: match program {
                    Haproxy => " strict-sni".into(),
                    _ => format!(
                        "-servername proxy.lab.example -servername_fatal -cert2 {0}/tls.crt -key2 {0}/tls.key",
                        "server"
                    ),
                },
                ..Setup::default()
            };
            let running = serve(program, folder, &setup)?;
            let port = running.port;
            let more = ["--sni", "unknown.lab.example"];
            Ok(Scene::https(vec![running], port, Some("client"), &more))
        },
    );
    case.expect(code::WRONG_SNI, "server", "certain")
}

fn pinned() -> Case {
    let case = Case::new(
        named_case(code::PIN_CHANGED, Nginx, ""),
        "the client pins the key of the server's old certificate",
        &[Nginx],
        |folder| {
            let pin = format!("sha256//{}", "A".repeat(43) + "=");
            showing(folder, Nginx, "server", &["--pin", &pin])
        },
    );
    case.expect(code::PIN_CHANGED, "client", "certain")
}

/// The file of trusted CAs is none.
fn trust_files() -> Vec<Case> {
    type Make = fn(&Folder) -> Result<(), Error>;
    let kinds: [(&'static str, &'static str, Make); 4] = [
        ("missing", "the file of trusted CAs is not there", |_| Ok(())),
        ("empty", "the file of trusted CAs is empty", |folder| {
            folder.write("trust.pem", "")
        }),
        ("key", "the file of trusted CAs holds a private key", |folder| {
            folder.copy("client/tls.key", "trust.pem")
        }),
        ("leaf", "the file of trusted CAs holds a leaf", |folder| {
            folder.copy("client-leaf-only/tls.crt", "trust.pem")
        }),
    ];
    kinds
        .into_iter()
        .map(|(variant, description, make)| {
            let name = named_case(code::BAD_TRUST_FILE, Curl, variant);
            let case = Case::new(name, description, &[Curl, Nginx], move |folder| {
                make(folder)?;
                let running = serve(
                    Nginx,
                    folder,
                    &Setup {
                        asks: Asks::Never,
                        ..Setup::default()
                    },
                )?;
                let port = running.port;
                let scene = Scene::https(vec![running], port, None, &[]);
                Ok(scene.instead_of("ca.crt", "trust.pem"))
            });
            case.expect(code::BAD_TRUST_FILE, "client", "certain")
        })
        .collect()
}
