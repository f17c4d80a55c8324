//! What the commands say of rules is what the proxy does with them; and who it would reject is found in its log.

use std::fs;

use serde_json::Value;

use crate::program::{
    Place,
    caller::Call,
    daemon::{configuration, until},
    pki::{Wanted, cast},
    schema,
    service::Service,
};

const ROUTES: &str = r#"
[[listener.host.route]]
path = "/health"
allow = ["anonymous"]
TO

[[listener.host.route]]
path = "/reports/*"
methods = ["GET"]
allow = ["uri:spiffe://acme/*"]
TO

[[listener.host.route]]
path = "/"
policy = "orders.cedar"
TO
"#;

fn configured(place: &Place, service: &Service, host: &str) {
    let routes = ROUTES.replace("TO", &format!("to = \"{}\"", service.url()));
    place.write(
        "orders.cedar",
        "@id(\"orders\") permit(principal, action, resource) when { context.uris.contains(\"spiffe://acme/web\") };",
    );
    let text = format!(
        "[proxy]\nworkers = 1\nlog = \"requests\"\n[[clients]]\nname = \"acme\"\nca = \"server/ca.crt\"\n\
         [[listener]]\nlisten = \"127.0.0.1:0\"\n[[listener.host]]\nnames = [\"localhost\"]\ncert = \"server/tls.crt\"\n\
         key = \"server/tls.key\"\nclients = [\"acme\"]\nclient-certificate = \"optional\"\n{host}\n{routes}"
    );
    place.write("handfast.toml", text);
}

/// Status and code of what the proxy does; 0 where the handshake ends.
fn done(place: &Place, port: u16, pair: Option<&str>, method: &str, path: &str) -> (u16, Option<String>) {
    let call = Call {
        pair,
        ..Call::of(place, "web")
    };
    let request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n");
    let answer = call
        .knock(port)
        .and_then(|mut caller| caller.ask(&request).map_err(|error| error.to_string()));
    let Ok(answer) = answer else { return (0, None) };
    let problem: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let code = problem.and_then(|problem| Some(problem["code"].as_str()?.to_owned()));
    (answer.status, code)
}

#[test]
fn what_explain_says_is_what_the_proxy_does() {
    let (place, service) = (Place::new(), Service::hello());
    let (acme, _) = cast(&place);
    acme.issue(
        &place,
        "old",
        &Wanted::expired(handfast_pki::Profile::Client),
        &["uri:spiffe://acme/web"],
    );
    configured(&place, &service, "");
    let proxy = place.open("proxy --config handfast.toml");
    let clients = [None, Some("web"), Some("api"), Some("stranger"), Some("old")];
    let requests = [
        ("GET", "/health"),
        ("GET", "/reports/a"),
        ("POST", "/reports/a"),
        ("GET", "/orders"),
        ("GET", "/reports/../orders"),
        ("GET", "/reports%2fa"),
    ];
    for pair in clients {
        let whom = pair.map_or("--anonymous".to_owned(), |pair| format!("--cert {pair}/tls.crt"));
        for (method, path) in requests {
            let line = format!(
                "policy explain --config handfast.toml {whom} --host localhost --method {method} --path {path} --json"
            );
            let said = place.run(&line);
            let answer = said.json();
            let decision = &answer["decision"];
            let (status, code) = done(&place, proxy.port, pair, method, path);
            let what = format!("{whom} {method} {path}: {status} {code:?} {decision:#}");
            assert_eq!(decision["allowed"], status == 200, "{what}");
            assert_eq!(said.exit, i32::from(status != 200), "{what}");
            assert_eq!(decision["in_handshake"], status == 0, "{what}");
            if status > 0 && status != 200 {
                assert_eq!(decision["code"].as_str(), code.as_deref(), "{what}");
            }
        }
    }
}

#[test]
fn explain_decides_about_a_list_that_has_ended_as_a_running_proxy_does() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    place
        .run("ca crl --dir authority-acme --out acme.crl --lifetime 8s")
        .good();
    configured(&place, &service, "");
    let text = place.read("handfast.toml");
    place.write(
        "handfast.toml",
        text.replace(
            "ca = \"server/ca.crt\"",
            "ca = \"server/ca.crt\"\ncrl = [\"acme.crl\"]",
        ),
    );
    let explain = || {
        let line =
            "policy explain --config handfast.toml --cert web/tls.crt --host localhost --path /orders --json";
        let said = place.run(line);
        (said.exit, said.json()["decision"].clone())
    };
    let proxy = place.open("proxy --config handfast.toml");
    let (exit, decision) = explain();
    assert_eq!((exit, &decision["allowed"]), (0, &true.into()), "{decision}");
    let refused = until("the end of the list", || {
        let _ = Call::of(&place, "web").get(proxy.port);
        let mut all = proxy.log().into_iter();
        all.find(|line| line["event"] == "connection" && line["verdict"] != "allowed")
    });
    let (exit, decision) = explain();
    assert_eq!((exit, &decision["in_handshake"]), (1, &true.into()), "{decision}");
    assert_eq!(decision["code"], refused["code"], "{decision} {refused}");
    place
        .run("policy explain --config handfast.toml --anonymous --host localhost --path /health")
        .good();
    // What cannot be read denies each certificate here, and is no answer about rules.
    let cases = "[[case]]\ncert = \"web/tls.crt\"\nhost = \"localhost\"\nexpected = \"deny\"\n";
    place.write("cases.toml", cases);
    place.run("policy test cases.toml --config handfast.toml").good();
    for (file, bytes) in [("acme.crl", "nothing"), ("server/ca.crt", "")] {
        place.write(file, bytes);
        let (exit, decision) = explain();
        assert_eq!((exit, &decision["allowed"]), (1, &false.into()), "{decision}");
        assert!(decision["code"].is_string(), "{decision}");
        assert!(
            decision["reason"]
                .as_str()
                .is_some_and(|reason| reason.contains("no proxy starts")),
            "{decision}"
        );
        assert_eq!(place.run("policy test cases.toml --config handfast.toml").exit, 2);
        let diff = "policy diff handfast.toml handfast.toml --cert web/tls.crt";
        assert_eq!(place.run(diff).exit, 2);
    }
}

#[test]
fn a_token_that_a_route_demands_is_told_tested_and_compared() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    configured(&place, &service, "");
    let before = place.read("handfast.toml");
    let token =
        "policy = \"orders.cedar\"\nbound-tokens = { jwks = \"jwks.json\", issuer = \"https://id.example\" }";
    place.write("new.toml", before.replace("policy = \"orders.cedar\"", token));
    let ask = "--identity uri:spiffe://acme/web --host localhost:8443 --path /orders";
    let said = place
        .run(&format!("policy explain --config new.toml {ask}"))
        .good();
    for part in [
        "allowed by \"orders\", with an access token of \"https://id.example\" that is bound to the certificate",
        "without the token, 401: ",
        "[HF-735]",
    ] {
        assert!(said.stdout.contains(part), "{part}: {said:#?}");
    }
    let answer = place
        .run(&format!("policy explain --config new.toml {ask} --json"))
        .json();
    assert_eq!(answer["decision"]["token"]["issuer"], "https://id.example");
    assert_eq!(answer["decision"]["token"]["without"]["code"], "HF-735");
    schema::assert_documented(&answer);
    let said = place
        .run(&format!("policy explain --config handfast.toml {ask}"))
        .good();
    assert!(!said.stdout.contains("token"), "{said:#?}");
    let diff = place.run("policy diff handfast.toml new.toml --identity uri:spiffe://acme/web");
    assert_eq!(diff.exit, 1, "{diff:#?}");
    assert!(
        diff.stdout.contains(
            "  before: allowed by \"orders\"\n  after:  allowed by \"orders\", with an access token"
        ),
        "{diff:#?}"
    );
    let case = "[[case]]\nidentity = \"uri:spiffe://acme/web\"\nhost = \"localhost\"\npath = \"/orders\"\n";
    let cases =
        format!("{case}expected = \"allow\"\n{case}token = false\nexpected = \"deny\"\ncode = \"HF-735\"\n");
    place.write("cases.toml", cases);
    place.run("policy test cases.toml --config new.toml").good();
    let said = place.run("policy test cases.toml --config handfast.toml");
    assert!(said.stdout.contains("1 of 2 cases fail"), "{said:#?}");
}

#[test]
fn explain_names_the_policy_that_decides_and_what_would_have_to_change() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    configured(&place, &service, "");
    let ask = |who: &str, request: &str| {
        place.run(&format!(
            "policy explain --config handfast.toml --identity {who} --host localhost {request}"
        ))
    };
    let said = ask("uri:spiffe://acme/web", "--path /orders").good();
    assert!(said.stdout.contains("allowed by \"orders\""), "{said:#?}");
    let said = ask("uri:spiffe://acme/api", "--path /orders").refused(1, "HF-609");
    assert!(
        said.stdout.contains("orders.cedar")
            && said
                .stdout
                .contains("context.uris.contains(\"spiffe://acme/api\")"),
        "{said:#?}"
    );
    // What the hint says works.
    let hint = said.stdout.split_once("\": permit(").expect("a hint").1;
    let policy = format!("{}\npermit({hint}", place.read("orders.cedar"));
    place.write("orders.cedar", policy);
    ask("uri:spiffe://acme/api", "--path /orders").good();
    ask("any", "--path /orders").refused(2, "HF-703");
}

#[test]
fn a_file_of_cases_says_which_fail_and_where() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    configured(&place, &service, "");
    let good = "[[case]]\nidentity = \"uri:spiffe://acme/web\"\nhost = \"localhost\"\npath = \"/orders\"\nexpected = \"allow\"\n\
                [[case]]\ncert = \"stranger/tls.crt\"\nhost = \"localhost\"\nexpected = \"deny\"\ncode = \"HF-103\"\n";
    place.write("cases.toml", good);
    let said = place.run("policy test cases.toml --config handfast.toml").good();
    assert!(said.stdout.contains("2 cases pass"), "{said:#?}");
    let bad = "[[case]]\nname = \"nobody orders\"\nidentity = \"uri:spiffe://acme/web\"\nhost = \"localhost\"\nexpected = \"deny\"\n";
    place.write("cases.toml", format!("{good}{bad}"));
    let said = place.run("policy test cases.toml --config handfast.toml");
    assert_eq!(said.exit, 1, "{said:#?}");
    assert!(
        said.stdout.contains("cases.toml:11: fails: nobody orders")
            && said.stdout.contains("1 of 3 cases fail"),
        "{said:#?}"
    );
    let answer = place
        .run("policy test cases.toml --config handfast.toml --json")
        .json();
    assert_eq!((&answer["cases"], &answer["failed"]), (&3.into(), &1.into()));
    place.write(
        "one.toml",
        "[[case]]\nidentity = \"uri:spiffe://acme/web\"\nexpected = \"allow\"\n",
    );
    place.run("policy test one.toml --policy orders.cedar").good();
    place.write("none.toml", "");
    place
        .run("policy test none.toml --config handfast.toml")
        .refused(2, "HF-701");
}

#[test]
fn diff_says_what_changes_for_the_clients_of_a_log() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    configured(&place, &service, "");
    let proxy = place.open("proxy --config handfast.toml --json");
    assert_eq!(
        done(&place, proxy.port, Some("api"), "GET", "/reports/2026/a").0,
        200
    );
    assert_eq!(done(&place, proxy.port, None, "GET", "/health").0, 200);
    proxy.connections(2);
    place.write("access.log", proxy.stdout());
    let narrower = place
        .read("handfast.toml")
        .replace("\"/reports/*\"", "\"/reports/own\"");
    place.write("new.toml", narrower);
    let said = place.run("policy diff handfast.toml new.toml --log access.log");
    assert_eq!(said.exit, 1, "{said:#?}");
    assert!(
        said.stdout
            .contains("uri:spiffe://acme/api: GET /reports/2026/a of localhost"),
        "{said:#?}"
    );
    assert!(!said.stdout.contains("anonymous: "), "{said:#?}");
    let said = place
        .run("policy diff handfast.toml handfast.toml --log access.log")
        .good();
    assert!(said.stdout.contains("for 2 clients"), "{said:#?}");
    let said = place
        .run("policy diff handfast.toml new.toml --cert stranger/tls.crt")
        .good();
    assert!(said.stdout.starts_with("0 of "), "{said:#?}");
}

#[test]
fn readiness_names_who_a_route_in_earnest_has_rejected() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    configured(&place, &service, "");
    let proxy = place.open("proxy --config handfast.toml");
    for (pair, path, status) in [
        ("web", "/orders", 200),
        ("api", "/orders", 403),
        ("api", "/reports/a", 200),
    ] {
        assert_eq!(
            done(&place, proxy.port, Some(pair), "GET", path).0,
            status,
            "{pair} {path}"
        );
    }
    proxy.connections(3);
    place.write("access.log", proxy.stdout());
    let said = place.run("readiness access.log");
    assert_eq!(said.exit, 1, "{said:#?}");
    for part in [
        "uri:spiffe://acme/api\n  GET /orders: \"uri:spiffe://acme/api\" is not allowed by any rule",
        "  rejected already, once, ",
        "1 of 2 clients would be rejected since ",
        "; rejected already: 1",
    ] {
        assert!(said.stdout.contains(part), "{part}: {said:#?}");
    }
    assert_eq!(
        place.run("readiness access.log --json").json()["rejected_already"],
        1
    );
}

#[test]
fn readiness_names_who_would_be_rejected_until_nobody_is() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let proxy = place.open_with(&service.url(), "mode = \"observe\"");
    for pair in ["web", "stranger", "api"] {
        assert_eq!(Call::of(&place, pair).get(proxy.port), Ok(200));
    }
    assert_eq!(Call::anonymous(&place).get(proxy.port), Ok(200));
    proxy.connections(4);
    place.write("access.log", proxy.stdout());
    let said = place.run("readiness access.log");
    assert_eq!(said.exit, 1, "{said:#?}");
    for part in [
        "[HF-101]",
        "[HF-103]",
        "[HF-609]",
        "no certificate from 127.0.0.1",
        // The stranger calls itself as web does, so that there are three.
        "3 of 3 clients would be rejected since",
    ] {
        assert!(said.stdout.contains(part), "{part}: {said:#?}");
    }
    let answer = place.run("readiness access.log --json").json();
    assert_eq!(answer["would_be_rejected"], 3);
    // Everybody has a certificate now, and a rule.
    fs::remove_file(place.path("access.log")).expect("removed");
    let all = configuration(
        &service.url(),
        "mode = \"observe\"\nallow = [\"uri:spiffe://acme/*\"]",
    );
    place.write("handfast.toml", all);
    let ready = place.open("proxy --config handfast.toml");
    for pair in ["web", "api"] {
        assert_eq!(Call::of(&place, pair).get(ready.port), Ok(200));
    }
    ready.connections(2);
    place.write("access.log", ready.stdout());
    let said = place.run("readiness access.log --since 1h").good();
    assert!(
        said.stdout.contains("0 of 2 clients would be rejected since 1h"),
        "{said:#?}"
    );
    place.write("empty.log", "");
    assert_eq!(place.run("readiness empty.log").exit, 3);
    assert_eq!(place.run("readiness missing.log").exit, 2);
    let piped = place.shell("cat access.log | handfast readiness -").good();
    assert!(piped.stdout.contains("0 of 2"), "{piped:#?}");
}
