//! The server read the client's certificate and refused it: every fault, at every server that minds it.

use handfast_pki::{Code, code};

use super::{
    healthy::{mosquitto_scene, needs, postgres_scene},
    named_case,
};
use crate::{
    Case, Error, Folder, Look, Program,
    Program::{
        Apache, Caddy, Envoy, GnutlsServer, Haproxy, Java, Mosquitto, Nginx, Node, Openssl, Ourselves,
        Postgres, Python,
    },
    Scene, Setup, serve,
};

/// OpenSSL's verifier with OpenSSL's alerts.
const OPENSSL: &[Program] = &[Apache, Haproxy, Openssl, Python, Postgres, Mosquitto];
/// A page in HTTP and no alert.
const PAGE: &[Program] = &[Nginx];
/// The connection is closed, or `certificate_unknown` is all that is said.
const CURT: &[Program] = &[Node, Java];
/// `access_denied`, whatever the reason.
const GNUTLS: &[Program] = &[GnutlsServer];

/// What is wrong with a client, or with the server's idea of it.
#[derive(Clone, Copy)]
struct Fault {
    code: Code,
    /// For the name of the case, where a code has several.
    variant: &'static str,
    description: &'static str,
    /// The folder of the client's certificate; none is sent without one.
    pair: Option<&'static str>,
    /// What is different about the server.
    setup: fn(&mut Setup),
    /// Further arguments of the look.
    more: &'static [&'static str],
    /// Who minds it, and how sure the finding is there.
    minded_by: &'static [(&'static [Program], &'static str)],
}

/// Nothing is different.
fn usual(_: &mut Setup) {}

const FAULTS: &[Fault] = &[
    Fault {
        code: code::NO_CERTIFICATE,
        variant: "",
        description: "the client has no certificate",
        pair: None,
        setup: usual,
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "certain"),
            (&[Envoy, Caddy, Ourselves, Node], "certain"),
            (GNUTLS, "certain"),
            (&[Java], "likely"),
        ],
    },
    Fault {
        code: code::UNKNOWN_ISSUER,
        variant: "",
        description: "the client's certificate comes from another CA",
        pair: Some("client-stranger"),
        setup: usual,
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (
                &[Apache, Haproxy, Openssl, Postgres, Envoy, Caddy, Ourselves],
                "certain",
            ),
            (CURT, "likely"),
            (GNUTLS, "likely"), // These do not say whom they accept.
            (&[Python, Mosquitto], "likely"),
        ],
    },
    Fault {
        code: code::UNKNOWN_ISSUER,
        variant: "with-lists",
        description: "the same, and no revocation list is of that CA, which is not the reason",
        pair: Some("client-stranger"),
        setup: |setup| setup.crl = Some("good.crl".into()),
        more: &["--crl", "good.crl"],
        minded_by: &[
            (&[Nginx, Apache, Haproxy, Envoy], "certain"),
            // They name no CAs, so that nothing but the lists tells whom they know.
            (&[Python, Mosquitto], "likely"),
        ],
    },
    Fault {
        code: code::MISSING_INTERMEDIATE,
        variant: "",
        description: "the client sends its leaf alone, and the intermediate lies beside it",
        pair: Some("client-forgotten"),
        setup: usual,
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "certain"),
            (&[Envoy, Caddy, Ourselves], "certain"),
            (CURT, "likely"),
            (GNUTLS, "likely"),
        ],
    },
    Fault {
        code: code::MISSING_INTERMEDIATE,
        variant: "unseen",
        description: "the client sends its leaf alone, and the intermediate is not available",
        pair: Some("client-leaf-only"),
        setup: usual,
        more: &[],
        minded_by: &[(&[Nginx, Apache, Haproxy, Openssl, Envoy, Caddy], "likely")],
    },
    Fault {
        code: code::BAD_CLIENT_CAS,
        variant: "",
        description: "the server's file of client CAs holds the intermediate and not the root above it",
        pair: Some("client"),
        setup: |setup| setup.client_ca = "issuing.crt".into(),
        more: &[],
        minded_by: &[
            (&[Nginx, Apache, Haproxy, Openssl, Postgres], "likely"),
            (&[Node], "guess"),
        ],
    },
    Fault {
        code: code::VERIFY_DEPTH,
        variant: "",
        description: "the chain has two intermediates, the server follows one",
        pair: Some("client-deep"),
        setup: |setup| setup.depth = Some(1),
        more: &[],
        minded_by: &[(&[Nginx, Openssl, Envoy, Apache], "likely")],
    },
    Fault {
        code: code::WRONG_PURPOSE,
        variant: "",
        description: "the client's certificate is for servers only",
        pair: Some("client-for-servers"),
        setup: usual,
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "certain"),
            (&[Envoy, Ourselves], "certain"),
            (&[Caddy], "likely"),
            (CURT, "likely"),
        ],
    },
    Fault {
        code: code::EXPIRED,
        variant: "",
        description: "the client's certificate has expired",
        pair: Some("client-expired"),
        setup: usual,
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "certain"),
            (&[Envoy, Caddy, Ourselves], "certain"),
            (CURT, "likely"),
            (GNUTLS, "likely"),
        ],
    },
    Fault {
        code: code::EXPIRED,
        variant: "intermediate",
        description: "the CA between the client and the root has expired",
        pair: Some("client-of-ended-ca"),
        setup: usual,
        more: &[],
        minded_by: &[(&[Nginx, Apache, Openssl], "certain"), (&[Java], "likely")],
    },
    Fault {
        code: code::NOT_YET_VALID,
        variant: "",
        description: "the client's certificate begins in two hours",
        pair: Some("client-early"),
        setup: usual,
        more: &[],
        minded_by: &[
            (&[Nginx, Envoy, Caddy, Ourselves], "certain"),
            (OPENSSL, "likely"),
            (CURT, "likely"),
            (GNUTLS, "likely"),
        ],
    },
    Fault {
        code: code::REVOKED,
        variant: "",
        description: "the client's certificate is on the server's revocation list",
        pair: Some("client-revoked"),
        setup: |setup| setup.crl = Some("good.crl".into()),
        more: &["--crl", "good.crl"],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "certain"),
            (&[Envoy], "certain"),
            (CURT, "likely"),
            (GNUTLS, "likely"),
        ],
    },
    Fault {
        code: code::REVOKED,
        variant: "unseen",
        description: "the same, and the list is not available",
        pair: Some("client-revoked"),
        setup: |setup| setup.crl = Some("good.crl".into()),
        more: &[],
        minded_by: &[(&[Apache, Haproxy, Openssl, Python, Envoy], "likely")],
    },
    Fault {
        code: code::CRL_UNUSABLE,
        variant: "",
        description: "the server's revocation list has expired, and everyone is refused",
        pair: Some("client"),
        setup: |setup| setup.crl = Some("ended.crl".into()),
        more: &["--crl", "ended.crl"],
        minded_by: &[
            (
                &[Nginx, Haproxy, Openssl, Python, Postgres, Mosquitto, Envoy],
                "certain",
            ),
            (&[Apache], "likely"),
            (CURT, "likely"),
        ],
    },
    Fault {
        code: code::CRL_UNUSABLE,
        variant: "unseen",
        description: "the same, and the list is not available",
        pair: Some("client"),
        setup: |setup| setup.crl = Some("ended.crl".into()),
        more: &[],
        minded_by: &[(&[Apache, Haproxy, Openssl, Python, Envoy], "likely")],
    },
    Fault {
        code: code::CRL_UNUSABLE,
        variant: "missing",
        description: "the server has no revocation list of the CA that issued the client's certificate",
        pair: Some("client"),
        setup: |setup| setup.crl = Some("incomplete.crl".into()),
        more: &["--crl", "incomplete.crl"],
        minded_by: &[
            (&[Nginx, Apache, Haproxy, Openssl, Python, Mosquitto], "certain"),
            (&[Node], "likely"),
        ],
    },
    Fault {
        code: code::VERSION_1,
        variant: "",
        description: "the client's certificate is X.509 version 1, which rustls refuses",
        pair: Some("client-v1"),
        setup: usual,
        more: &[],
        minded_by: &[(&[Ourselves], "likely")],
    },
    Fault {
        code: code::CA_AS_LEAF,
        variant: "",
        description: "the client's certificate is signed by itself",
        pair: Some("client-self-signed"),
        setup: usual,
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "certain"),
            (&[Envoy, Caddy, Ourselves], "certain"),
            (CURT, "likely"),
            (GNUTLS, "likely"),
        ],
    },
    Fault {
        code: code::CA_AS_LEAF,
        variant: "ca",
        description: "the client's certificate is that of a CA, which rustls refuses",
        pair: Some("client-ca"),
        setup: usual,
        more: &[],
        minded_by: &[(&[Ourselves], "likely")],
    },
    Fault {
        code: code::NOT_A_CA,
        variant: "",
        description: "the CA between the client and the root was made without the flags of a CA",
        pair: Some("client-of-no-ca"),
        setup: usual,
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "certain"),
            (&[Envoy, Caddy, Ourselves], "certain"),
            (CURT, "likely"),
            (GNUTLS, "likely"),
        ],
    },
    Fault {
        code: code::PATH_LENGTH,
        variant: "",
        description: "a CA with path length 0 has a CA below it",
        pair: Some("client-path-length"),
        setup: |setup| setup.depth = Some(5),
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "certain"),
            (&[Envoy, Ourselves], "certain"),
            (&[Caddy], "likely"),
            (CURT, "likely"),
            (GNUTLS, "likely"),
        ],
    },
    Fault {
        code: code::NAME_CONSTRAINTS,
        variant: "",
        description: "the client's name lies outside what its CA may sign",
        pair: Some("client-outside"),
        setup: usual,
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "likely"),
            (&[Envoy, Caddy, Ourselves], "likely"),
            (CURT, "likely"),
            (GNUTLS, "likely"),
        ],
    },
    Fault {
        code: code::WEAK_KEY,
        variant: "digest",
        description: "the client's certificate is signed with SHA-1",
        pair: Some("client-sha1"),
        setup: usual,
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "likely"),
            (&[Node, Ourselves], "likely"),
            (&[Caddy], "certain"),
        ],
    },
    Fault {
        code: code::CRITICAL_EXTENSION,
        variant: "",
        description: "the client's certificate has a private critical extension",
        pair: Some("client-critical"),
        setup: usual,
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "likely"),
            (&[Envoy, Caddy, Ourselves], "likely"),
            (CURT, "likely"),
            (GNUTLS, "likely"),
        ],
    },
    Fault {
        code: code::BAD_SIGNATURE,
        variant: "",
        description: "the CA was made anew with the same name, and the server has the old one",
        pair: Some("client-rekeyed"),
        setup: usual,
        more: &[],
        minded_by: &[
            (PAGE, "certain"),
            (OPENSSL, "certain"),
            (&[Envoy, Caddy, Ourselves], "certain"),
            (CURT, "likely"),
            (GNUTLS, "likely"),
        ],
    },
    Fault {
        code: code::BAD_SIGNATURE,
        variant: "without-id",
        description: "the same, and the certificate does not name the key of its issuer",
        pair: Some("client-rekeyed-without-id"),
        setup: usual,
        more: &[],
        minded_by: &[(&[Nginx, Apache, Openssl, Envoy, Caddy], "certain")],
    },
    Fault {
        code: code::BAD_SIGNATURE,
        variant: "key-id",
        description: "the certificate names another key of its issuer than the issuer has",
        pair: Some("client-other-key-id"),
        setup: usual,
        more: &[],
        minded_by: &[(&[Nginx, Openssl], "likely")],
    },
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for fault in FAULTS {
        for (programs, certainty) in fault.minded_by {
            for program in *programs {
                let (fault, program) = (*fault, *program);
                let name = named_case(fault.code, program, fault.variant);
                let case = Case::new(
                    name,
                    fault.description,
                    &needs_of(fault, program),
                    move |folder| scene(folder, fault, program),
                );
                cases.push(case.expect(fault.code, "server", certainty));
            }
        }
    }
    cases.extend(refused_by_our_own());
    cases
}

fn needs_of(fault: Fault, program: Program) -> Vec<Program> {
    let mut needs = needs(program);
    if fault.code == code::WEAK_KEY && !needs.contains(&Openssl) {
        needs.push(Openssl);
    }
    needs
}

fn scene(folder: &Folder, fault: Fault, program: Program) -> Result<Scene, Error> {
    if fault.code == code::WEAK_KEY {
        weak(folder)?;
    }
    let mut setup = Setup::default();
    (fault.setup)(&mut setup);
    let running = serve(program, folder, &setup)?;
    let mut scene = match program {
        Postgres => postgres_scene(running, "client", fault.pair),
        Mosquitto => mosquitto_scene(running, fault.pair),
        _ => {
            let port = running.port;
            Scene::https(vec![running], port, fault.pair, &[])
        }
    };
    if let Look::Command(words) = &mut scene.look {
        words.extend(fault.more.iter().map(|word| (*word).to_owned()));
    }
    Ok(scene)
}

/// Keys that our own side does not use, so that the server is not even asked.
fn refused_by_our_own() -> Vec<Case> {
    let weak_key = Case::new(
        named_case(code::WEAK_KEY, Nginx, ""),
        "the client's key is RSA of 1024 bits",
        &[Nginx, Openssl],
        |folder| {
            weak(folder)?;
            let running = serve(Nginx, folder, &Setup::default())?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client-weak"), &[]))
        },
    );
    let mut cases = vec![weak_key.expect(code::WEAK_KEY, "client", "certain")];
    for program in [Openssl, Envoy] {
        let case = Case::new(
            named_case(code::NO_COMMON_SCHEME, program, ""),
            "the client's key is Ed25519, the server takes ECDSA and RSA alone",
            &[program],
            move |folder| {
                let mut setup = Setup::default();
                if program == Openssl {
                    setup.more = "-client_sigalgs ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256".into();
                }
                let running = serve(program, folder, &setup)?;
                let port = running.port;
                Ok(Scene::https(vec![running], port, Some("client-ed25519"), &[]))
            },
        );
        cases.push(case.expect(code::NO_COMMON_SCHEME, "client", "certain"));
    }
    cases
}

/// Clients with a key or a digest that nobody may make any more, so that OpenSSL has to be asked for them. Their CA
/// joins those that the server trusts.
fn weak(folder: &Folder) -> Result<(), Error> {
    folder.write("weak.sh", include_str!("weak.sh"))?;
    folder.shell("sh weak.sh 2>&1").map(drop)
}
