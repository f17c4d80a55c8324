//! Nothing is wrong, and nothing must be found.

use super::short;
use crate::{Case, Program, Scene, Setup, Speaks, serve};

/// The servers that speak HTTP.
pub(super) const WEB: [Program; 10] = [
    Program::Nginx,
    Program::Apache,
    Program::Haproxy,
    Program::Envoy,
    Program::Caddy,
    Program::Openssl,
    Program::GnutlsServer,
    Program::Python,
    Program::Node,
    Program::Java,
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (speaks, version) in [(Speaks::Only12, "tls12"), (Speaks::Only13, "tls13")] {
        for program in WEB {
            let name = format!("healthy/{}-{version}", short(program));
            let make = move |folder: &crate::Folder| {
                let setup = Setup {
                    speaks,
                    ..Setup::default()
                };
                let running = serve(program, folder, &setup)?;
                let port = running.port;
                Ok(Scene::https(vec![running], port, Some("client"), &[]))
            };
            cases.push(Case::new(
                name,
                "both sides are set up as they should be",
                &needs(program),
                make,
            ));
        }
        cases.push(Case::new(
            format!("healthy/postgres-{version}"),
            "the certificate's common name is the database user",
            &[Program::Postgres],
            move |folder| postgres(folder, speaks, "client", Some("client")),
        ));
        cases.push(Case::new(
            format!("healthy/mosquitto-{version}"),
            "an MQTT broker lets its client in",
            &[Program::Mosquitto],
            move |folder| mosquitto(folder, speaks, Some("client")),
        ));
    }
    cases.push(Case::new(
        "healthy/handfast",
        "a proxy accepts the client that its rule names",
        &[Program::Ourselves, Program::Python],
        |folder| {
            let behind = crate::programs::plain_http(folder)?;
            let more = format!("--to http://127.0.0.1:{}", behind.port);
            let proxy = serve(
                Program::Ourselves,
                folder,
                &Setup {
                    more,
                    ..Setup::default()
                },
            )?;
            let port = proxy.port;
            Ok(Scene::https(vec![proxy, behind], port, Some("client"), &[]))
        },
    ));
    cases
}

/// What a server needs beside itself.
pub(super) fn needs(program: Program) -> Vec<Program> {
    match program {
        Program::Java => vec![Program::Java, Program::Keytool, Program::Openssl],
        other => vec![other],
    }
}

pub(super) fn postgres(
    folder: &crate::Folder,
    speaks: Speaks,
    user: &str,
    pair: Option<&str>,
) -> Result<Scene, crate::Error> {
    let setup = Setup {
        speaks,
        ..Setup::default()
    };
    let running = serve(Program::Postgres, folder, &setup)?;
    Ok(postgres_scene(running, user, pair))
}

pub(super) fn postgres_scene(running: crate::Running, user: &str, pair: Option<&str>) -> Scene {
    let target = format!("localhost:{}", running.port);
    let mut words = vec![
        "doctor",
        &target,
        "--starttls",
        "postgres",
        "--user",
        user,
        "--ca",
        "ca.crt",
    ];
    let (cert, key) = (
        format!("{}/tls.crt", pair.unwrap_or_default()),
        format!("{}/tls.key", pair.unwrap_or_default()),
    );
    if pair.is_some() {
        words.extend(["--cert", &cert, "--key", &key]);
    }
    let openssl_pair = pair.map_or(String::new(), |_| {
        format!(" -cert {cert} -key {key} -cert_chain {cert}")
    });
    let openssl =
        format!("openssl s_client -starttls postgres -connect {target} -CAfile ca.crt{openssl_pair}");
    let scene = Scene {
        openssl: Some(openssl),
        running: vec![running],
        ..Scene::only(crate::Look::Command(Vec::new()))
    };
    scene.look(&words)
}

pub(super) fn mosquitto(
    folder: &crate::Folder,
    speaks: Speaks,
    pair: Option<&str>,
) -> Result<Scene, crate::Error> {
    let setup = Setup {
        speaks,
        ..Setup::default()
    };
    let running = serve(Program::Mosquitto, folder, &setup)?;
    Ok(mosquitto_scene(running, pair))
}

pub(super) fn mosquitto_scene(running: crate::Running, pair: Option<&str>) -> Scene {
    let port = running.port;
    let scene = Scene::https(vec![running], port, pair, &[]);
    let crate::Look::Command(mut words) = scene.look.clone() else {
        return scene;
    };
    words[1] = format!("localhost:{port}");
    Scene {
        look: crate::Look::Command(words),
        curl: None,
        ..scene
    }
}
