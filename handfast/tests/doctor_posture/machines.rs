//! SARIF and JUnit.

use serde_json::Value;

use crate::{
    HELLO, MODERN, VERIFY, cast, posture,
    program::{Place, Ran, servers::nginx, service::closed_port},
    serve,
};

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
