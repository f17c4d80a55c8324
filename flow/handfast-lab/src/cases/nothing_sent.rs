//! Nothing was asked for, nothing was sent, or somebody stands in between.

use handfast_pki::code;

use super::named_case;
use crate::{
    Asks, Case, Look,
    Program::{Apache, Java, Keytool, Nginx, Openssl, Python},
    Scene, Setup, serve,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        held_back_though_trusted(),
        held_back_by_java(),
        not_asked(),
        not_asked_and_refused(),
        asked_late(),
        preflight(),
        inspected(),
    ]
}

/// nginx trusts more CAs than it names.
fn held_back_though_trusted() -> Case {
    let case = Case::new(
        named_case(code::HELD_BACK, Nginx, ""),
        "the server trusts our issuer and does not name it, so that browsers and Java send nothing",
        &[Nginx],
        |folder| {
            let setup = Setup {
                client_ca: "stranger.crt".into(),
                more: format!("ssl_trusted_certificate {};\n", folder.file("ca.crt")),
                ..Setup::default()
            };
            let running = serve(Nginx, folder, &setup)?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    );
    case.expect(code::HELD_BACK, "client", "likely")
}

/// Java has a certificate, and the list of the server holds another issuer.
fn held_back_by_java() -> Case {
    let case = Case::new(
        named_case(code::HELD_BACK, Java, ""),
        "Java has a certificate of another issuer than those the server names, and sends nothing",
        &[Java, Keytool, Openssl],
        |folder| {
            let client = crate::programs::java_client(folder, "client-stranger", "ca.crt")?;
            Ok(Scene::only(Look::Listen {
                arguments: crate::case::listen(&["--client-ca", "ca.crt", "--connections", "2"]),
                client: format!("{client}; {client}"),
            }))
        },
    );
    case.expect(code::HELD_BACK, "client", "certain")
}

fn not_asked() -> Case {
    let case = Case::new(
        named_case(code::NOT_ASKED, Nginx, ""),
        "the server does not ask for a certificate at all",
        &[Nginx],
        |folder| {
            let setup = Setup {
                asks: Asks::Never,
                ..Setup::default()
            };
            let running = serve(Nginx, folder, &setup)?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    );
    case.expect(code::NOT_ASKED, "server", "certain")
}

fn not_asked_and_refused() -> Case {
    let case = Case::new(
        named_case(code::NOT_ASKED, Nginx, "401"),
        "TLS ends without a question for a certificate, and the application answers 401",
        &[Nginx],
        |folder| {
            let setup = Setup {
                asks: Asks::Never,
                inside: "return 401;\n".into(),
                ..Setup::default()
            };
            let running = serve(Nginx, folder, &setup)?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    );
    case.expect(code::NOT_ASKED, "server", "certain")
}

fn asked_late() -> Case {
    let case = Case::new(
        named_case(code::ASKED_LATE, Apache, ""),
        "SSLVerifyClient stands inside of <Location>, so the server asks after it has read the request",
        &[Apache],
        |folder| {
            let setup = Setup {
                asks: Asks::Never,
                more: format!("SSLCACertificateFile {}\n", folder.file("ca.crt")),
                inside: "SSLVerifyClient require\nSSLVerifyDepth 2\n".into(),
                ..Setup::default()
            };
            let running = serve(Apache, folder, &setup)?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    );
    case.expect(code::ASKED_LATE, "server", "certain")
}

fn preflight() -> Case {
    let case = Case::new(
        named_case(code::PREFLIGHT, Nginx, ""),
        "a browser's preflight carries no certificate, and the server requires one from every client",
        &[Nginx],
        |folder| {
            let running = serve(Nginx, folder, &Setup::default())?;
            let port = running.port;
            let more = ["--origin", "https://app.example"];
            Ok(Scene::https(vec![running], port, Some("client"), &more))
        },
    );
    case.expect(code::PREFLIGHT, "server", "certain")
}

fn inspected() -> Case {
    let case = Case::new(
        named_case(code::INSPECTED, Nginx, ""),
        "a box that inspects TLS answers in the server's place, with a certificate of its own CA",
        &[Nginx, Python],
        |folder| {
            let behind = serve(Python, folder, &Setup::default())?;
            let setup = Setup {
                pair: "server-inspected".into(),
                asks: Asks::Never,
                inside: format!("proxy_pass https://127.0.0.1:{};\n", behind.port),
                ..Setup::default()
            };
            let running = serve(Nginx, folder, &setup)?;
            let port = running.port;
            Ok(Scene::https(vec![running, behind], port, Some("client"), &[]))
        },
    );
    case.expect(code::INSPECTED, "network", "likely")
}
