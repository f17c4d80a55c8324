//! A host that explains tells refused clients why, and not a byte of theirs reaches the service.

use http::Request;

use crate::program::{
    Place,
    caller::Call,
    pki::{DOOR, cast},
    service::Service,
};

#[test]
fn who_is_refused_reads_why_and_nothing_reaches_the_service() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web --on-refusal explain",
        service.url()
    ));
    let refused = [
        (None, "HF-101"),
        (Some("stranger"), "HF-103"),
        (Some("api"), "HF-609"),
        (Some("server"), "HF-201"),
    ];
    for (place_of_record, (pair, code)) in refused.into_iter().enumerate() {
        let call = Call {
            pair,
            ..Call::of(&place, "web")
        };
        let mut caller = call.knock(proxy.port).expect("the handshake goes on");
        let answer = caller.get().expect("an answer");
        assert_eq!(answer.status, 403, "{code}");
        assert!(
            answer.head.contains("application/problem+json"),
            "{}",
            answer.head
        );
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(problem["code"], code, "{problem}");
        let says_none = problem["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("has none"));
        assert_eq!(says_none, pair.is_none(), "{problem}");
        assert!(caller.get().is_err(), "there is no second answer");
        let record = proxy.connection(place_of_record + 1);
        assert_eq!(record["code"], code, "{record}");
        assert_eq!(record["id"], problem["connection"]);
        assert_ne!(record["verdict"], "allowed");
        assert_eq!(record["requests"], 0);
    }
    assert!(service.heard().is_empty(), "{:#?}", service.heard());
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
    assert_eq!(service.heard().len(), 1);
}

/// Which CA is believed about which names is the operator's to tell.
#[test]
fn who_has_a_name_that_its_ca_may_not_vouch_for_reads_only_that_it_is_not_allowed() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    place.write(
        "handfast.toml",
        format!(
            "[proxy]\nlisten = \"127.0.0.1:0\"\nto = \"{}\"\ncert = \"server/tls.crt\"\nkey = \"server/tls.key\"\n\
             workers = 1\nclients = [\"acme\"]\nallow = [\"any\"]\non-refusal = \"explain\"\n\
             [[clients]]\nname = \"acme\"\nca = \"server/ca.crt\"\nnames = [\"uri:spiffe://acme/web\"]\n",
            service.url()
        ),
    );
    let proxy = place.open("proxy --config handfast.toml");
    let mut caller = Call::of(&place, "api").knock(proxy.port).expect("shaken");
    let problem = caller.get().expect("an answer").text();
    assert!(
        problem.contains("HF-609") && !problem.contains("HF-217"),
        "{problem}"
    );
    drop(caller);
    assert_eq!(proxy.connection(1)["code"], "HF-217", "the operator reads why");
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
    assert_eq!(service.heard().len(), 1);
}

#[test]
fn a_browser_reads_a_page_and_http2_gets_an_answer_too() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web --on-refusal explain",
        service.url()
    ));
    let mut caller = Call::of(&place, "api").knock(proxy.port).expect("shaken");
    let page = caller
        .ask("GET / HTTP/1.1\r\nhost: localhost\r\naccept: text/html,*/*;q=0.8\r\n\r\n")
        .expect("an answer");
    assert_eq!(page.status, 403);
    assert!(page.head.contains("text/html"), "{}", page.head);
    assert!(page.text().contains("HF-609"), "{}", page.text());
    let request = Request::get("https://localhost/")
        .body(String::new())
        .expect("a request");
    let caller = Call::over_http2(&place, "api").knock(proxy.port).expect("shaken");
    let answers = caller.ask_over_http2(vec![request]);
    assert_eq!(answers[0].0, 403);
    assert!(String::from_utf8_lossy(&answers[0].1).contains("HF-609"));
    assert!(service.heard().is_empty());
}

/// What is not asked for is not there: without the setting the alert is all.
#[test]
fn without_the_setting_a_refused_client_gets_the_alert() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    let proxy = place.open_with(&service.url(), "on-refusal = \"alert\"");
    let error = Call::of(&place, "api").get(proxy.port).expect_err("refused");
    assert!(
        error.contains("access_denied") || error.contains("AccessDenied"),
        "{error}"
    );
    let wrong = place.run(&format!("{DOOR} --to http://a:1 --allow any --on-refusal maybe"));
    assert_eq!(wrong.exit, 2, "{wrong:#?}");
}
