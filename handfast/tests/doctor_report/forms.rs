//! JSON, page, diagram and bundle of connections that go well and that do not.

use std::fs;

use serde_json::{Value, json};

use crate::{
    cast, doctor,
    program::{
        Place,
        service::{closed_port, listen},
    },
    serve,
};

#[test]
fn a_healthy_connection_has_no_finding_and_names_no_code() {
    let place = cast();
    let (_nginx, port) = serve(&place);
    for more in ["", "--tls 1.2", "--tls 1.3", "--probe always"] {
        let ran = doctor(&place, port, Some("web"), &format!("{more} --json")).good();
        let report = ran.json();
        assert_eq!(report["schema"], "handfast-doctor/1");
        assert_eq!(report["target"], format!("https://localhost:{port}/"));
        assert_eq!(report["status"], 200);
        assert_eq!(report["findings"], json!([]));
        assert!(!ran.stdout.contains("HF-"), "{more}: {}", ran.stdout);
        let said = doctor(&place, port, Some("web"), more).good().stdout;
        assert!(
            said.contains("no finding") && !said.contains("HF-"),
            "{more}: {said}"
        );
    }
}

#[test]
fn the_trace_holds_the_messages_in_their_order() {
    let place = cast();
    let (_nginx, port) = serve(&place);
    let names = |tls: &str| -> Vec<String> {
        let report = doctor(&place, port, Some("web"), &format!("--tls {tls} --json"))
            .good()
            .json();
        let trace = report["trace"].as_array().expect("a trace").clone();
        let times: Vec<f64> = trace
            .iter()
            .filter_map(|message| message["ms"].as_f64())
            .collect();
        assert_eq!(times.len(), trace.len());
        assert!(times.is_sorted(), "{times:?}");
        let name = |message: &Value| {
            format!(
                "{} {}",
                message["from"].as_str().expect("a side"),
                message["message"].as_str().expect("a name")
            )
        };
        trace.iter().map(name).collect()
    };
    let in_order = |all: &[String], wanted: &[&str]| {
        let mut left = all.iter();
        for want in wanted {
            assert!(left.any(|name| name == want), "{want}: {all:?}");
        }
    };
    in_order(
        &names("1.3"),
        &[
            "client ClientHello",
            "server ServerHello",
            "server EncryptedExtensions",
            "server CertificateRequest",
            "server Certificate",
            "server CertificateVerify",
            "server Finished",
            "client Certificate",
            "client CertificateVerify",
            "client Finished",
        ],
    );
    in_order(
        &names("1.2"),
        &[
            "client ClientHello",
            "server ServerHello",
            "server Certificate",
            "server ServerKeyExchange",
            "server CertificateRequest",
            "server ServerHelloDone",
            "client Certificate",
            "client ClientKeyExchange",
            "client CertificateVerify",
            "client ChangeCipherSpec",
            "server ChangeCipherSpec",
        ],
    );
}

#[test]
fn a_refusal_is_a_finding_with_everything_in_it() {
    let place = cast();
    let (_nginx, port) = serve(&place);
    for (pair, code) in [(None, "HF-101"), (Some("stranger"), "HF-103")] {
        let ran = doctor(&place, port, pair, "--json");
        assert_eq!(ran.exit, 1, "{ran:#?}");
        let first = &ran.json()["findings"][0];
        assert_eq!(first["code"], code, "{first:#}");
        assert_eq!(first["side"], "server", "{first:#}");
        assert!(
            ["certain", "likely", "guess"]
                .map(Value::from)
                .contains(&first["certainty"]),
            "{first:#}"
        );
        for field in ["title", "because", "help"] {
            assert!(
                first[field].as_str().is_some_and(|text| text.len() > 10),
                "{field}: {first:#}"
            );
        }
        let said = doctor(&place, port, pair, "");
        assert_eq!(said.exit, 1, "{said:#?}");
        assert!(said.stdout.contains(code), "{said:#?}");
    }
}

#[test]
fn misuse_and_a_closed_port_are_told_apart() {
    let place = cast();
    for words in [
        "doctor",
        "doctor ftp://localhost:1/",
        "doctor localhost:1 --cert web/tls.crt",
        "doctor localhost:1 --starttls gopher",
        "doctor localhost:1 --mask",
        "doctor localhost:99999",
        "doctor localhost:0",
        "doctor [::1]:99999",
        "get https://localhost:99999/ --ca server/ca.crt",
    ] {
        let ran = place.run(words);
        assert_eq!(ran.exit, 2, "{ran:#?}");
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{ran:#?}");
    }
    let ran = doctor(&place, closed_port(), Some("web"), "--json");
    assert_eq!(ran.exit, 3, "{ran:#?}");
    let report = ran.json();
    assert_eq!(report["findings"][0]["side"], "network", "{report:#}");
    assert_eq!(report["status"], Value::Null);
}

#[test]
fn a_server_that_says_nothing_is_no_success() {
    let place = cast();
    let silent = listen(|_, stream| {
        let mut stream = stream;
        while let Ok(1..) = std::io::Read::read(&mut stream, &mut [0; 4096]) {}
    });
    let hangs_up = listen(|_, stream| drop(stream));
    for port in [silent, hangs_up] {
        let ran = doctor(&place, port, Some("web"), "--no-probe --json");
        assert!([1, 3].contains(&ran.exit), "{ran:#?}");
        let report = ran.json();
        assert!(
            report["findings"].as_array().is_some_and(|all| !all.is_empty()),
            "{report:#}"
        );
        assert_eq!((&report["tls"], &report["status"]), (&Value::Null, &Value::Null));
    }
}

/// The page as a browser has it after loading.
#[track_caller]
pub(crate) fn browse(place: &Place, more: &str) -> String {
    let folder = place.path("");
    let folder = folder.display();
    place
        .shell(&format!(
            "HOME={folder} timeout 60 chromium --headless --no-sandbox --disable-gpu --no-first-run \
             --user-data-dir={folder}/browser {more} file://{folder}/page.html 2>/dev/null"
        ))
        .good()
        .stdout
}

#[test]
fn a_browser_shows_every_step_and_loads_nothing_else() {
    let place = cast();
    let (_nginx, port) = serve(&place);
    doctor(&place, port, Some("stranger"), "--html page.html");
    let report = doctor(&place, port, Some("stranger"), "--json").json();
    let shown = browse(&place, "--dump-dom");
    for step in [
        "ClientHello",
        "ServerHello",
        "CertificateRequest",
        "CertificateVerify",
        "Finished",
    ] {
        let is_there = report["trace"]
            .as_array()
            .is_some_and(|trace| trace.iter().any(|message| message["message"] == step));
        assert!(is_there, "{step}: {report:#}");
        assert!(shown.contains(step), "{step}: {shown}");
    }
    assert!(shown.contains("HF-103"), "{shown}");
    let page = place.read("page.html");
    for bad in ["<script", "javascript:", "<link", "<img", "<iframe", "@import"] {
        assert!(!page.contains(bad), "{bad}: {page}");
    }
    for attribute in ["src=\"", "href=\"", "url("] {
        for (at, _) in page.match_indices(attribute) {
            let value = &page[at + attribute.len()..];
            assert!(value.starts_with('#'), "{}", &value[..40]);
        }
    }
}

#[test]
fn a_page_says_who_was_authenticated_as_whom_and_until_when() {
    let place = cast();
    let (_nginx, port) = serve(&place);
    doctor(&place, port, Some("web"), "--html page.html").good();
    let page = place.read("page.html");
    for words in [
        "accepted as uri:spiffe://acme/web",
        "by the CA",
        "in 90 days",
        "dns:localhost",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Each certificate to copy, and none of its key.
    assert_eq!(
        page.matches("BEGIN CERTIFICATE").count(),
        page.matches("article class=\"card certificate\"").count()
    );
    assert!(!page.contains("PRIVATE KEY"));
    // The page of a finding is in the report, and its code leads there.
    doctor(&place, port, Some("stranger"), "--html page.html");
    let page = place.read("page.html");
    for words in [
        "href=\"#HF-103\"",
        "id=\"HF-103\"",
        "Who refused:",
        "uri:spiffe://acme/",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn of_many_trusted_cas_a_page_shows_five() {
    let place = cast();
    let (_nginx, port) = serve(&place);
    place.run(&format!("doctor https://localhost:{port}/ --html page.html"));
    let page = place.read("page.html");
    let (_, trusts) = page.split_once("what the client trusts").expect("both chains");
    let (trusts, _) = trusts.split_once("</ul>").expect("a list");
    assert_eq!(trusts.matches("<li").count(), 6, "{trusts}");
    assert!(trusts.contains(" more</li>"), "{trusts}");
}

#[test]
fn a_page_is_light_or_dark_as_the_reader_wishes() {
    let place = cast();
    let (_nginx, port) = serve(&place);
    doctor(&place, port, Some("web"), "--html page.html").good();
    for (file, scheme) in [("dark.png", 0), ("light.png", 1)] {
        browse(
            &place,
            &format!(
                "--window-size=800,600 --blink-settings=preferredColorScheme={scheme} --screenshot={}",
                place.path(file).display()
            ),
        );
        let picture = fs::read(place.path(file)).expect("a picture");
        assert_eq!(picture.get(..4), Some(&b"\x89PNG"[..]), "{file}");
    }
    assert_ne!(
        fs::read(place.path("dark.png")).ok(),
        fs::read(place.path("light.png")).ok()
    );
}

#[test]
fn a_diagram_shows_the_messages_and_the_finding() {
    let place = cast();
    let (_nginx, port) = serve(&place);
    let good = doctor(&place, port, Some("web"), "--mermaid").good().stdout;
    assert!(good.starts_with("sequenceDiagram\n"), "{good}");
    assert!(
        good.contains("C->>S: ClientHello") && good.contains("S->>C: ServerHello"),
        "{good}"
    );
    assert!(!good.contains("Note") && !good.contains("HF-"), "{good}");
    let bad = doctor(&place, port, Some("stranger"), "--mermaid").stdout;
    assert!(bad.contains("Note over") && bad.contains("HF-103"), "{bad}");
}

/// Everything in `report.zip`, names first, as Python reads it.
#[track_caller]
pub(crate) fn unzipped(place: &Place) -> String {
    place.write(
        "unzip.py",
        "import sys, zipfile\nz = zipfile.ZipFile('report.zip')\nassert z.testzip() is None\n\
         print(z.namelist())\nfor n in z.namelist(): sys.stdout.write(z.read(n).decode())\n",
    );
    place.shell("python3 unzip.py").good().stdout
}

#[test]
fn a_bundle_holds_no_key_and_no_secret() {
    let place = cast();
    let port = closed_port();
    let _server = crate::program::servers::start(
        &place,
        "openssl",
        &format!(
            "s_server -accept 127.0.0.1:{port} -cert server/tls.crt -key server/tls.key -cert_chain server/tls.crt -CAfile server/ca.crt \
             -Verify 2 -verify_return_error -www -quiet -keylogfile secrets.txt"
        ),
        port,
    );
    doctor(
        &place,
        port,
        Some("web"),
        "--no-probe --explain -vv --bundle report.zip",
    )
    .good();
    let all = unzipped(&place);
    for file in ["README.txt", "report.json", "report.html", "ladder.txt"] {
        assert!(all.contains(file), "{file}: {all}");
    }
    assert!(
        all.contains("ClientHello") && all.contains("spiffe://acme/web"),
        "{all}"
    );
    assert!(!all.contains("PRIVATE KEY"), "{all}");
    let pem = place.read("web/tls.key");
    for line in pem.lines().filter(|line| !line.starts_with('-')) {
        assert!(!all.contains(line), "{line}");
    }
    let secrets = place.read("secrets.txt");
    let secrets: Vec<&str> = secrets
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(' ').nth(2))
        .collect();
    assert!(secrets.len() >= 4, "{secrets:?}");
    for secret in secrets {
        assert!(!all.to_lowercase().contains(&secret.to_lowercase()), "{secret}");
    }
    // The archive itself, in case that something hides between its files.
    let raw = fs::read(place.path("report.zip")).expect("a bundle");
    let der = place
        .shell("openssl pkey -in web/tls.key -outform DER | od -An -v -tx1 | tr -d ' \\n'")
        .good()
        .stdout;
    let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    // The first 36 bytes of a PKCS#8 of P-256 are the same for everybody; what follows is the secret.
    let secret = der.get(72..136).expect("a key");
    assert!(!hex.contains(secret), "{secret}");
    assert!(!all.to_lowercase().contains(secret), "{secret}");
}

#[test]
fn a_masked_bundle_holds_no_name() {
    let place = cast();
    let (_nginx, port) = serve(&place);
    for pair in ["web", "stranger"] {
        let names = [
            "localhost",
            "secret.acme.example",
            "spiffe://acme/web",
            "acme Root CA",
            "acme Issuing",
        ];
        doctor(&place, port, Some(pair), "--bundle report.zip");
        let bare = unzipped(&place);
        for name in ["localhost", "spiffe://acme/web", "acme Issuing"] {
            assert!(bare.contains(name), "{name}: {bare}");
        }
        doctor(&place, port, Some(pair), "--bundle report.zip --mask");
        let masked = unzipped(&place);
        assert!(
            masked.contains("SNI: name-") && masked.contains("ClientHello"),
            "{masked}"
        );
        for name in names {
            assert!(!masked.contains(name), "{pair}: {name}: {masked}");
        }
    }
}
