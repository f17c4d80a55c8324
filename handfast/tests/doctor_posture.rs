//! Real servers, each with another hole, and the grade that it costs them. What cannot be found out is never good.

mod program;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use handfast_pki::Profile;
use program::{
    Place, Ran,
    pki::{Ca, DOOR, Wanted},
    servers::{Other, haproxy, nginx},
    service::{Service, closed_port, listen},
};
use serde_json::Value;

/// A server's certificate in `server/`, a client of its CA in `web/`.
fn cast() -> Place {
    let place = Place::new();
    let ca = Ca::new(&place, "acme");
    let (server, client) = (Wanted::now(Profile::Server), Wanted::now(Profile::Client));
    ca.issue(&place, "server", &server, &["dns:localhost", "dns:other.example"]);
    ca.issue(&place, "web", &client, &["uri:spiffe://acme/web"]);
    place.shell("chmod 600 server/tls.key web/tls.key").good();
    place
}

const HELLO: &str = "location / { return 200 \"hello\\n\"; }";
const MODERN: &str = "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;";
const VERIFY: &str = "ssl_client_certificate server/ca.crt; ssl_verify_client on;";

/// nginx with `lines` in its server.
#[track_caller]
fn serve(place: &Place, lines: &str) -> (Other, u16) {
    let port = closed_port();
    let http = format!(
        "server {{ listen 127.0.0.1:{port} ssl; server_name localhost; ssl_certificate server/tls.crt; \
         ssl_certificate_key server/tls.key; {lines} }}"
    );
    (nginx(place, &http, port), port)
}

fn posture(place: &Place, port: u16, more: &str) -> Ran {
    place.run(&format!(
        "doctor posture https://localhost:{port}/ --ca server/ca.crt {more} --json"
    ))
}

/// The check called `name`.
#[track_caller]
fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["check"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

/// The server on `port` has a hole by this name; the rest of the report for more.
#[track_caller]
fn assert_hole(place: &Place, port: u16, name: &str, grade: &str, code: Option<&str>) -> Value {
    let ran = posture(place, port, "");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let report = ran.json();
    let hole = check(&report, name);
    assert_eq!(hole["verdict"], "hole", "{report:#}");
    assert_eq!(hole["grade"], grade, "{report:#}");
    assert_eq!(hole["code"].as_str(), code, "{report:#}");
    assert!(
        hole["help"].as_str().is_some_and(|help| !help.is_empty()),
        "{hole}"
    );
    assert_eq!(report["grade"], grade, "{report:#}");
    let reasons = report["reasons"].as_array().expect("reasons");
    assert!(reasons.contains(&name.into()), "{report:#}");
    if let Some(code) = code {
        let findings = report["findings"].as_array().expect("findings");
        assert!(
            findings.iter().any(|finding| finding["code"] == code),
            "{report:#}"
        );
    }
    report
}

/// Nothing is wrong but what a library of old times cannot do.
#[track_caller]
fn assert_no_hole(place: &Place, port: u16) -> Value {
    let report = posture(place, port, "").good().json();
    for check in report["checks"].as_array().expect("checks") {
        assert_ne!(check["verdict"], "hole", "{report:#}");
    }
    for name in ["client-certificate", "verification"] {
        assert_eq!(check(&report, name)["grade"], "A+", "{report:#}");
    }
    assert_eq!(report["findings"], serde_json::json!([]));
    report
}

#[test]
fn our_own_door_has_the_best_grade_and_no_finding() {
    let place = cast();
    let service = Service::hello();
    let door = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web",
        service.url()
    ));
    let report = assert_no_hole(&place, door.port);
    assert_eq!(report["schema"], "handfast-posture/1");
    assert_eq!(report["grade"], "A+", "{report:#}");
    assert_eq!(report["reasons"], serde_json::json!([]));
    for check in report["checks"].as_array().expect("checks") {
        assert_eq!(check["verdict"], "good", "{report:#}");
        assert!(
            check["says"].as_str().is_some_and(|says| !says.is_empty()),
            "{check}"
        );
    }
    let said = place
        .run(&format!(
            "doctor posture https://localhost:{}/ --ca server/ca.crt",
            door.port
        ))
        .good();
    assert!(said.stdout.contains("\ngrade A+\n"), "{said:#?}");
    assert!(!said.stdout.contains("HF-"), "{said:#?}");
    // Nobody came in while we looked.
    assert!(service.heard().is_empty(), "{:#?}", service.heard());
}

#[test]
fn a_server_that_requires_and_verifies_has_no_hole() {
    let place = cast();
    let (_nginx, port) = serve(&place, &format!("{VERIFY} {MODERN} {HELLO}"));
    let report = assert_no_hole(&place, port);
    assert!(
        ["A", "A+"].map(Value::from).contains(&report["grade"]),
        "{report:#}"
    );
}

#[test]
fn a_certificate_that_is_asked_for_and_not_required_costs_the_grade() {
    let place = cast();
    let lines = format!("{VERIFY} {MODERN} {HELLO}").replace("client on", "client optional");
    let (_nginx, port) = serve(&place, &lines);
    let report = assert_hole(&place, port, "client-certificate", "D", None);
    assert_eq!(check(&report, "verification")["verdict"], "good");
    // Refused by the application instead of the server: no hole.
    let refusing = format!("if ($ssl_client_verify != SUCCESS) {{ return 403; }} {lines}");
    let (_nginx, port) = serve(&place, &refusing);
    let report = posture(&place, port, "").json();
    assert_eq!(
        check(&report, "client-certificate")["verdict"],
        "good",
        "{report:#}"
    );
}

#[test]
fn a_certificate_that_nobody_signed_and_is_taken_is_the_worst() {
    let place = cast();
    let lines = format!("{VERIFY} {MODERN} {HELLO}").replace("client on", "client optional_no_ca");
    let (_nginx, port) = serve(&place, &lines);
    let report = assert_hole(&place, port, "verification", "F", Some("HF-605"));
    assert_eq!(
        report["reasons"],
        serde_json::json!(["verification"]),
        "{report:#}"
    );
}

#[test]
fn a_server_that_asks_for_no_certificate_is_the_worst() {
    let place = cast();
    let (_nginx, port) = serve(&place, &format!("{MODERN} {HELLO}"));
    let report = assert_hole(&place, port, "client-certificate", "F", Some("HF-107"));
    assert_eq!(check(&report, "verification")["verdict"], "unknown");
}

#[test]
fn versions_of_old_times_are_a_hole() {
    let place = cast();
    let lines =
        format!("{VERIFY} ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0; {HELLO}");
    let (_nginx, port) = serve(&place, &lines);
    let report = assert_hole(&place, port, "versions", "C", None);
    let says = check(&report, "versions")["says"].as_str().expect("text");
    assert!(says.starts_with("TLS 1.3, TLS 1.2, TLS 1.1, TLS 1.0"), "{says}");
    assert_eq!(check(&report, "client-certificate")["verdict"], "good");
}

#[test]
fn clients_of_public_cas_are_a_hole() {
    let place = cast();
    let lines =
        format!("{VERIFY} {MODERN} {HELLO}").replace("server/ca.crt", "/etc/ssl/certs/ca-certificates.crt");
    let (_nginx, port) = serve(&place, &lines);
    let report = assert_hole(&place, port, "issuers", "C", Some("HF-606"));
    assert_eq!(check(&report, "client-certificate")["verdict"], "good");
    let says = check(&report, "issuers")["says"].as_str().expect("text");
    assert!(says.contains("of them public"), "{says}");
}

/// Two hosts on one port, of which one asks for no certificate.
const HOSTS: [&str; 2] = ["other.example", "localhost"];

#[test]
fn a_host_without_a_lock_beside_the_locked_one_is_a_hole_where_it_opens_both() {
    let place = cast();
    let pem = place.read("server/tls.crt") + &place.read("server/tls.key");
    place.write("server.pem", pem);
    let [open, locked] = HOSTS;
    place.write(
        "hosts",
        format!(
            "server.pem [verify none] {open}\nserver.pem [ca-file server/ca.crt verify required] {locked}\n"
        ),
    );
    let port = closed_port();
    // HAProxy compares neither the host of the request nor that of a session with the one that was asked for.
    let rest = format!(
        "frontend door\nbind 127.0.0.1:{port} ssl crt-list hosts\n\
         http-request return status 200 content-type text/plain string hello\n"
    );
    let _haproxy = haproxy(&place, &rest, port);
    let report = assert_hole(&place, port, "host", "F", Some("HF-507"));
    assert_hole(&place, port, "resumption-across-names", "F", Some("HF-506"));
    assert_eq!(check(&report, "client-certificate")["verdict"], "good");
}

#[test]
fn a_host_without_a_lock_beside_the_locked_one_is_none_where_the_server_keeps_them_apart() {
    let place = cast();
    let port = closed_port();
    let server = |name: &str, verify: &str| {
        format!(
            "server {{ listen 127.0.0.1:{port} ssl; server_name {name}; ssl_certificate server/tls.crt; \
             ssl_certificate_key server/tls.key; {MODERN} {verify} {HELLO} }}\n"
        )
    };
    let [open, locked] = HOSTS;
    let _nginx = nginx(&place, &(server(locked, VERIFY) + &server(open, "")), port);
    let report = assert_no_hole(&place, port);
    for name in ["host", "resumption-across-names"] {
        assert_eq!(check(&report, name)["verdict"], "good", "{report:#}");
    }
}

// --- forged headers --------------------------------------------------------------------------------------

/// A service that repeats what it was sent, behind nginx with `more` in its location.
fn echo(place: &Place, more: &str) -> (Other, u16, Service) {
    let service = Service::start(|heard, stream| {
        let head = &heard.head;
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{head}",
            head.len()
        );
    });
    let lines = format!(
        "{VERIFY} {MODERN} location / {{ proxy_pass {}; {more} }}",
        service.url()
    );
    let (nginx, port) = serve(place, &lines);
    (nginx, port, service)
}

const OWN: &str = "--cert web/tls.crt --key web/tls.key";
const FORGED: &str = "handfast-forged-identity";

#[test]
fn a_forged_header_that_is_passed_on_is_a_hole() {
    let place = cast();
    let (_nginx, port, service) = echo(&place, "");
    let ran = posture(&place, port, &format!("{OWN} --active --yes"));
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let report = ran.json();
    let hole = check(&report, "identity-headers");
    assert_eq!(
        (&hole["grade"], &hole["code"]),
        (&"F".into(), &"HF-602".into()),
        "{report:#}"
    );
    assert!(service.heard().iter().any(|heard| heard.head.contains(FORGED)));
}

#[test]
fn without_active_no_forged_header_is_sent_and_no_certificate_shown() {
    let place = cast();
    let (_nginx, port, service) = echo(&place, "");
    let report = posture(&place, port, OWN).good().json();
    assert!(!report.to_string().contains("identity-headers"), "{report:#}");
    assert!(service.heard().is_empty(), "{:#?}", service.heard());
}

#[test]
fn active_asks_first_and_without_somebody_to_ask_it_is_misuse() {
    let place = cast();
    let (_nginx, port, service) = echo(&place, "");
    let ran = posture(&place, port, &format!("{OWN} --active"));
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("hint: add --yes"), "{ran:#?}");
    assert!(service.heard().is_empty(), "{:#?}", service.heard());
    let ran = posture(&place, port, "--yes");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    posture(&place, port, "").good();
}

#[test]
fn a_server_that_is_not_believed_sees_no_certificate_and_no_forged_header() {
    let place = cast();
    let others = Ca::new(&place, "other");
    others.issue(
        &place,
        "stranger",
        &Wanted::now(Profile::Client),
        &["uri:spiffe://acme/web"],
    );
    let (_nginx, port, service) = echo(&place, "");
    let ran = place.run(&format!(
        "doctor posture https://localhost:{port}/ --ca stranger/ca.crt {OWN} --active --yes --json"
    ));
    let report = ran.json();
    assert_eq!(
        check(&report, "identity-headers")["verdict"],
        "unknown",
        "{report:#}"
    );
    let says = check(&report, "server-certificate")["says"].to_string();
    assert!(says.contains("not signed by a CA that is trusted here"), "{says}");
    assert!(service.heard().is_empty(), "{:#?}", service.heard());
}

#[test]
fn a_missing_page_says_nothing_of_forged_headers() {
    let place = cast();
    for (answer, verdict) in [("404", "unknown"), ("503", "unknown"), ("403", "good")] {
        let (_nginx, port) = serve(
            &place,
            &format!("{VERIFY} {MODERN} location / {{ return {answer}; }}"),
        );
        let report = posture(&place, port, &format!("{OWN} --active --yes")).json();
        assert_eq!(
            check(&report, "identity-headers")["verdict"],
            verdict,
            "{answer}: {report:#}"
        );
    }
}

// --- what is no grade ------------------------------------------------------------------------------------

#[test]
fn a_port_that_nobody_listens_on_is_unreachable() {
    let place = cast();
    let ran = place
        .run(&format!("doctor posture localhost:{}", closed_port()))
        .refused(3, "HF-713");
    assert!(ran.stderr.contains("hint:") && ran.stdout.is_empty(), "{ran:#?}");
}

/// Whatever `serve` does instead of TLS is no success.
#[track_caller]
fn assert_no_grade(what: &str, serve: impl Fn(TcpStream) + Send + Sync + 'static) {
    let place = cast();
    let port = listen(move |_, stream| {
        stream
            .set_read_timeout(Some(Duration::from_secs(15)))
            .expect("a limit");
        serve(stream);
    });
    let files = "--sarif posture.sarif --junit posture.xml";
    let ran = posture(&place, port, files);
    assert_eq!(ran.exit, 3, "{what}: {ran:#?}");
    let report = ran.json();
    assert_eq!(report["grade"], Value::Null, "{what}: {report:#}");
    for check in report["checks"].as_array().expect("checks") {
        assert_eq!(check["verdict"], "unknown", "{what}: {report:#}");
        let says = check["says"].as_str().expect("text");
        assert!(
            !says.contains("is served") && !says.contains("is asked for"),
            "{what}: {says}"
        );
    }
    assert!(!place.read("posture.sarif").contains("\"pass\""), "{what}");
    let skipped = "import sys, xml.etree.ElementTree as e; s = e.parse('posture.xml').getroot()[0]; \
                   assert len(s.findall('testcase')) == len(s.findall('testcase/skipped')) == int(s.get('skipped'))";
    place.shell(&format!("python3 -c \"{skipped}\"")).good();
}

#[test]
fn a_server_that_repeats_what_it_hears_has_no_grade() {
    assert_no_grade("echo", |mut stream| {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
    });
}

#[test]
fn a_server_of_plain_http_has_no_grade() {
    assert_no_grade("http", |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
}

#[test]
fn a_server_that_hangs_up_has_no_grade() {
    assert_no_grade("closed", drop);
}

#[test]
fn a_server_that_says_nothing_has_no_grade() {
    assert_no_grade(
        "silent",
        |mut stream| while let Ok(1..) = stream.read(&mut [0; 4096]) {},
    );
}

// --- reports for machines --------------------------------------------------------------------------------

/// Counts in `posture.xml`, as CI servers read it: tests, failures, skipped, as told and as found.
fn counted(place: &Place) -> [usize; 6] {
    place.shell("xmllint --noout posture.xml").good();
    let count = "import xml.etree.ElementTree as e\n\
                 s = e.parse('posture.xml').getroot().find('testsuite')\n\
                 f = lambda what: len(s.findall(what))\n\
                 print(s.get('tests'), s.get('failures'), s.get('skipped'), \
                 f('testcase'), f('testcase/failure'), f('testcase/skipped'))\n";
    place.write("count.py", count);
    let counts = place.shell("python3 count.py").good().stdout;
    let mut numbers = counts
        .split_whitespace()
        .map(|word| word.parse().expect("a number"));
    std::array::from_fn(|_| numbers.next().expect("six numbers"))
}

/// The results of `posture.sarif`.
fn sarif(place: &Place) -> Vec<Value> {
    let sarif: Value = serde_json::from_str(&place.read("posture.sarif")).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["name"], "handfast");
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .expect("rules");
    let results = sarif["runs"][0]["results"].as_array().expect("results").clone();
    for (place, result) in results.iter().enumerate() {
        assert_eq!(result["ruleIndex"], place, "{result:#}");
        assert_eq!(result["ruleId"], rules[place]["id"], "{result:#}");
        assert!(result["message"]["text"].is_string(), "{result:#}");
    }
    results
}

const FILES: &str = "--sarif posture.sarif --junit posture.xml";

#[test]
fn code_scanners_and_ci_servers_read_each_hole_and_no_other() {
    let place = cast();
    for (verify, holes) in [("optional_no_ca", 2), ("on", 0)] {
        let lines = format!("{VERIFY} {MODERN} {HELLO}").replace("client on", &format!("client {verify}"));
        let (_nginx, port) = serve(&place, &lines);
        let report = posture(&place, port, FILES).json();
        let is = |verdict: &str| {
            let checks = report["checks"].as_array().expect("checks");
            checks.iter().filter(|check| check["verdict"] == verdict).count()
        };
        let all = report["checks"].as_array().map_or(0, Vec::len);
        assert_eq!(is("hole"), holes, "{report:#}");
        let unknown = is("unknown");
        assert_eq!(counted(&place), [all, holes, unknown, all, holes, unknown]);
        let results = sarif(&place);
        let are = |kind: &str, level: &str| {
            results
                .iter()
                .filter(|result| result["kind"] == kind && result["level"] == level)
                .count()
        };
        assert_eq!(are("fail", "error"), holes, "{results:#?}");
        assert_eq!(are("open", "none"), unknown, "{results:#?}");
        assert_eq!(are("pass", "none"), is("good"), "{results:#?}");
        assert_eq!(are("fail", "note"), is("remark"), "{results:#?}");
        let said = results.iter().any(|result| {
            result["ruleId"] == "posture/verification" && result["properties"]["code"] == "HF-605"
        });
        assert_eq!(said, holes > 0);
    }
}

#[test]
fn hostile_names_in_certificates_are_shown_and_not_obeyed() {
    let place = cast();
    // A subject, an issuer and an alternative name that want to be something else.
    let long = "n".repeat(60);
    place.write(
        "hostile.cnf",
        format!(
            "[req]\ndistinguished_name=dn\nprompt=no\nutf8=yes\nstring_mask=utf8only\nx509_extensions=x\n\
             [dn]\n0.OU=]]>{long}\n1.OU={long}\n2.OU={long}\n3.OU={long}\n4.OU={long}\n\
             CN=<script>alert(1)</script>\\\" &  \u{1b}[31mred\u{1b}[0m\u{202e}\n\
             [x]\nbasicConstraints=CA:TRUE\nsubjectAltName=DNS:localhost,DNS:\u{1b}[31m<b>.example\n"
        ),
    );
    place
        .shell(
            "mkdir hostile && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
             -config hostile.cnf -keyout hostile/tls.key -out hostile/tls.crt",
        )
        .good();
    let lines = format!("{VERIFY} {MODERN} {HELLO}").replace("server/ca.crt", "hostile/tls.crt");
    let port = closed_port();
    let http = format!(
        "server {{ listen 127.0.0.1:{port} ssl; server_name localhost; ssl_certificate hostile/tls.crt; \
         ssl_certificate_key hostile/tls.key; {lines} }}"
    );
    let _nginx = nginx(&place, &http, port);
    let line = format!("doctor posture https://localhost:{port}/ {FILES}");
    let mut command = place.handfast(&line);
    // As in a terminal, or the colours of strangers would be taken out together with ours.
    command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
    let ran = Ran::new(&line, command).good();
    assert!(ran.stdout.contains("\u{1b}[1m"), "ours are there: {ran:#?}");
    assert!(
        ran.stdout
            .contains("script\\>\\\" &  \\1b[31mred\\1b[0m\\u{202e}"),
        "{ran:#?}"
    );
    assert!(
        !ran.stdout.contains("\u{1b}[31mred") && !ran.stdout.contains('\u{202e}'),
        "{ran:#?}"
    );
    assert!(!ran.stdout.contains("\u{1b}[31m<b>"), "{ran:#?}");
    assert!(ran.stdout.lines().all(|line| line.len() < 1000), "{ran:#?}");
    counted(&place);
    let results = sarif(&place);
    let of = |name: &str| {
        let found = results.iter().find(|result| result["ruleId"] == name);
        found.expect("it is there")["message"]["text"].to_string()
    };
    for name in ["posture/issuers", "posture/server-certificate"] {
        assert!(of(name).contains("alert(1)"), "{}", of(name));
    }
    for file in ["posture.xml", "posture.sarif"] {
        let text = place.read(file);
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{file}: {text}"
        );
    }
    let xml = place.read("posture.xml");
    assert!(xml.contains("&lt;script") && !xml.contains("<script"), "{xml}");
}
