//! Who gets in, who does not, and what each is told.

use handfast_pki::Profile;
use serde_json::Value;

use crate::program::{
    Place,
    caller::Call,
    daemon::Daemon,
    pki::{Ca, DOOR, Wanted, ago, cast},
    service::{Service, closed_port},
};

fn get(port: u16, pair: Option<&str>, more: &str) -> String {
    let pair = pair.map_or(String::new(), |pair| {
        format!("--cert {pair}/tls.crt --key {pair}/tls.key")
    });
    format!("get https://localhost:{port}/ {pair} {more}")
}

/// The names of the one who is asked for, by folder.
fn people(place: &Place, ours: &Ca) -> Vec<(&'static str, &'static [&'static str])> {
    let people: Vec<(&str, &[&str])> = vec![
        ("uri", &["uri:spiffe://acme/jobs/nightly"]),
        ("dns", &["dns:a.acme.example"]),
        ("email", &["email:ann@acme.example"]),
        ("cn", &["cn:ann", "dns:other.example"]),
        // The right text under the wrong type, and names that only begin or end like the right one.
        ("cn-as-dns", &["dns:ann"]),
        ("dns-as-cn", &["cn:a.acme.example", "dns:other.example"]),
        ("deeper", &["dns:b.a.acme.example"]),
        ("longer", &["dns:a.acme.example.evil.example"]),
        ("uri-deeper", &["uri:spiffe://acme/jobs/nightly/x"]),
        ("uri-longer", &["uri:spiffe://acme.evil/jobs/nightly"]),
        ("email-other", &["email:ann@sub.acme.example"]),
    ];
    for (out, names) in &people {
        ours.issue(place, out, &Wanted::now(Profile::Client), names);
    }
    people
}

#[test]
fn each_kind_of_rule_lets_in_whom_it_names_and_nobody_else() {
    let service = Service::hello();
    let place = Place::new();
    let (ours, _) = cast(&place);
    let people = people(&place, &ours);
    let fingerprint = place.run("inspect dns/tls.crt --json").good().stdout;
    let fingerprint = fingerprint
        .split('"')
        .find(|word| word.len() >= 64 && word.chars().all(|c| c.is_ascii_hexdigit() || c == ':'))
        .expect("a fingerprint")
        .to_owned();
    let table: Vec<(String, &[&str])> = vec![
        ("uri:spiffe://acme/jobs/nightly".into(), &["uri"]),
        ("uri:spiffe://acme/jobs/*".into(), &["uri"]),
        ("dns:a.acme.example".into(), &["dns"]),
        ("dns:A.Acme.Example".into(), &["dns"]),
        ("dns:*.acme.example".into(), &["dns"]),
        ("email:ann@acme.example".into(), &["email"]),
        ("email:*@acme.example".into(), &["email"]),
        ("cn:ann".into(), &["cn"]),
        (format!("fingerprint:{fingerprint}"), &["dns"]),
    ];
    for (rule, let_in) in table {
        let proxy = place.open(&format!("{DOOR} --to {} --allow {rule}", service.url()));
        for (who, _) in &people {
            let answer = Call::of(&place, who).get(proxy.port);
            assert_eq!(answer.is_ok(), let_in.contains(who), "{rule} {who}: {answer:?}");
        }
        let records = proxy.connections(people.len());
        let allowed: Vec<&Value> = records
            .iter()
            .filter(|record| record["verdict"] == "allowed")
            .collect();
        assert_eq!(allowed.len(), let_in.len(), "{rule}: {records:#?}");
        let lower = |text: &Value| text.as_str().unwrap_or_default().to_lowercase();
        assert!(
            allowed
                .iter()
                .all(|record| lower(&record["rule"]) == rule.to_lowercase()),
            "{allowed:#?}"
        );
        for record in records.iter().filter(|record| record["verdict"] != "allowed") {
            assert_eq!(
                (&record["verdict"], &record["code"]),
                (&"denied".into(), &"HF-609".into())
            );
            let reason = record["reason"].as_str().expect("a reason");
            assert!(reason.contains("is not allowed by any rule"), "{rule}: {reason}");
        }
    }
}

#[test]
fn any_lets_in_everybody_with_a_certificate_of_ours_and_nobody_without() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to {} --allow any", service.url()));
    for who in ["web", "api"] {
        assert_eq!(Call::of(&place, who).get(proxy.port), Ok(200));
    }
    for pair in [None, Some("stranger"), Some("server")] {
        let call = Call {
            pair,
            ..Call::of(&place, "web")
        };
        assert!(call.get(proxy.port).is_err(), "{pair:?}");
    }
    assert_eq!(service.heard().len(), 2);
}

/// Everybody who must stay outside: the folder, how `get` ends, and the code.
const OUTSIDE: [(Option<&str>, i32, &str); 6] = [
    (None, 4, "HF-101"),
    (Some("stranger"), 4, "HF-103"),
    (Some("expired"), 4, "HF-202"),
    (Some("early"), 4, "HF-203"),
    (Some("server"), 4, "HF-201"),
    (Some("api"), 4, "HF-609"),
];

#[test]
fn who_is_refused_hears_why_and_the_log_says_the_same() {
    let service = Service::hello();
    let place = Place::new();
    let (ours, _) = cast(&place);
    let web = ["uri:spiffe://acme/web"];
    ours.issue(&place, "expired", &Wanted::expired(Profile::Client), &web);
    let early = Wanted {
        issued: ago(-2),
        ..Wanted::now(Profile::Client)
    };
    ours.issue(&place, "early", &early, &web);
    let proxy = place.open_with(&service.url(), "");
    let mut count = 0;
    for tls in ["1.2", "1.3"] {
        let more = format!("--ca web/ca.crt --tls {tls}");
        let answer = place.run(&get(proxy.port, Some("web"), &more)).good();
        assert_eq!(answer.stdout, "hello\n");
        count += 1;
        assert_eq!(proxy.connection(count)["verdict"], "allowed");
        for (pair, exit, code) in OUTSIDE {
            let ran = place.run(&get(proxy.port, pair, &more));
            count += 1;
            let record = proxy.connection(count);
            assert_eq!(record["code"], code, "TLS {tls} {pair:?}: {record} {ran:#?}");
            let verdict = if code == "HF-609" { "denied" } else { "refused" };
            assert_eq!(record["verdict"], verdict, "TLS {tls} {pair:?}");
            assert!(record["rule"].is_null(), "{record}");
            ran.refused(exit, code);
        }
        let denied = proxy.connection(count);
        let reason = denied["reason"].as_str().expect("a reason");
        assert!(
            reason.contains("nearest rule: \"uri:spiffe://acme/web\""),
            "{reason}"
        );
        assert!(reason.contains("spiffe://acme/api"), "{reason}");
    }
    assert_eq!(
        service.heard().len(),
        2,
        "nothing of the others reached the service"
    );
}

/// In TLS 1.2 the alert comes while the client still writes: whoever closes too early destroys it.
#[test]
fn the_reason_is_heard_every_time_and_not_only_when_the_client_is_quick() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let mut endings = std::collections::BTreeMap::new();
    for pair in [None, Some("stranger"), Some("api")] {
        for tls in ["1.2", "1.3"] {
            for _ in 0..10 {
                let ran = place.run(&get(proxy.port, pair, &format!("--ca web/ca.crt --tls {tls}")));
                let code = ran.stderr.split(['[', ']']).nth(1).unwrap_or_default().to_owned();
                *endings.entry((pair, tls, ran.exit, code)).or_insert(0) += 1;
            }
        }
    }
    let expected = |pair, tls, code: &str| ((pair, tls, 4, code.to_owned()), 10);
    let all = [
        expected(None, "1.2", "HF-101"),
        expected(None, "1.3", "HF-101"),
        expected(Some("stranger"), "1.2", "HF-103"),
        expected(Some("stranger"), "1.3", "HF-103"),
        expected(Some("api"), "1.2", "HF-609"),
        expected(Some("api"), "1.3", "HF-609"),
    ];
    assert_eq!(endings, all.into_iter().collect());
}

#[test]
fn a_client_refuses_a_server_that_it_does_not_believe() {
    let service = Service::hello();
    let place = Place::new();
    let (ours, _) = cast(&place);
    ours.issue(
        &place,
        "elsewhere",
        &Wanted::now(Profile::Server),
        &["dns:elsewhere.example"],
    );
    let proxy = place.open_with(&service.url(), "");
    for tls in ["1.2", "1.3"] {
        let untrusted = format!("--ca stranger/ca.crt --tls {tls}");
        place
            .run(&get(proxy.port, Some("web"), &untrusted))
            .refused(5, "HF-301");
    }
    let elsewhere = place.open(&format!(
        "proxy --listen 127.0.0.1:0 --cert elsewhere/tls.crt --key elsewhere/tls.key --client-ca web/ca.crt \
         --workers 1 --to {} --allow any",
        service.url()
    ));
    for tls in ["1.2", "1.3"] {
        let named = format!("--ca web/ca.crt --tls {tls}");
        place
            .run(&get(elsewhere.port, Some("web"), &named))
            .refused(5, "HF-303");
        place.run(&get(proxy.port, Some("web"), &named)).good();
    }
    // The proxy has no address among its names but 127.0.0.1, the other one has none at all.
    let by_address =
        |port| format!("get https://127.0.0.1:{port}/ --cert web/tls.crt --key web/tls.key --ca web/ca.crt");
    place.run(&by_address(proxy.port)).good();
    place.run(&by_address(elsewhere.port)).refused(5, "HF-305");
    assert_refused_by_client(&elsewhere);
}

/// The proxy writes down that its client went away.
#[track_caller]
fn assert_refused_by_client(proxy: &Daemon) {
    for record in proxy.connections(3) {
        assert_ne!(record["verdict"], "allowed", "{record}");
        assert_eq!(record["bytes_in"], 0, "{record}");
    }
}

#[test]
fn where_nobody_listens_or_nobody_speaks_tls_that_is_said() {
    let place = Place::new();
    cast(&place);
    let more = "--ca web/ca.crt";
    place
        .run(&get(closed_port(), Some("web"), more))
        .refused(3, "HF-713");
    let plain = Service::start(|_, _| {});
    let ran = place.run(&get(plain.port, Some("web"), more));
    assert_ne!(ran.exit, 0, "{ran:#?}");
    let speaks_first = crate::program::service::listen(|_, mut stream| {
        let _ = std::io::Write::write_all(&mut stream, b"220 mail.example ESMTP\r\n");
        std::thread::sleep(std::time::Duration::from_secs(2));
    });
    place
        .run(&get(speaks_first, Some("web"), more))
        .refused(3, "HF-501");
}
