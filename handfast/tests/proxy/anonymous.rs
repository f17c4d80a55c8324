//! A host that asks for a certificate and does not demand it: who shows none reaches what is for everybody, and no more.

use handfast_pki::Profile;
use http::Request;

use crate::program::{
    Place,
    caller::{Call, Caller},
    daemon::until,
    pki::{Wanted, cast},
    schema,
    service::Service,
};

fn config(service: &Service, host: &str, routes: &str) -> String {
    let routes = routes.replace("TO", &format!("to = \"{}\"", service.url()));
    format!(
        r#"
[proxy]
workers = 1
log = "requests"
xfcc = true
client-cert-chain = true
admin = "unix:admin.sock"

[[clients]]
name = "acme"
ca = "server/ca.crt"

[[listener]]
listen = "127.0.0.1:0"

[[listener.host]]
names = ["localhost"]
cert = "server/tls.crt"
key = "server/tls.key"
clients = ["acme"]
{host}

{routes}
"#
    )
}

const OPTIONAL: &str = "client-certificate = \"optional\"";

const ROUTES: &str = r#"
[[listener.host.route]]
path = "/health"
allow = ["anonymous"]
TO

[[listener.host.route]]
path = "/"
allow = ["uri:spiffe://acme/web"]
TO
"#;

fn ask(caller: &mut Caller, path: &str) -> (u16, String) {
    let forged = "client-cert: :AAAA:\r\nx-forwarded-client-cert: Hash=00\r\nclient-cert-chain: :AAAA:";
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{forged}\r\n\r\n");
    let answer = caller.ask(&request).expect("an answer");
    (answer.status, answer.text())
}

#[test]
fn who_shows_no_certificate_reaches_what_is_for_everybody_and_no_more() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    place.write("handfast.toml", config(&service, OPTIONAL, ROUTES));
    place.run("check handfast.toml").good();
    let proxy = place.open("proxy --config handfast.toml");
    let mut caller = Call::anonymous(&place).knock(proxy.port).expect("it may come in");
    assert_eq!(ask(&mut caller, "/health").0, 200);
    let heard = service.last();
    for name in ["client-cert", "client-cert-chain", "x-forwarded-client-cert"] {
        assert!(heard.values(name).is_empty(), "{name}: {heard:?}");
    }
    for path in [
        "/",
        "/orders",
        "/health/../orders",
        "/healthy",
        "/health/%2e%2e/orders",
    ] {
        let (status, body) = ask(&mut caller, path);
        assert_eq!(status, 403, "{path}");
        let problem: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(problem["code"], "HF-725", "{path}");
    }
    assert_eq!(service.heard().len(), 1, "not a byte of the others has come");
    let list = place
        .shell("curl -s --unix-socket admin.sock http://localhost/v1/connections")
        .good();
    let list: serde_json::Value = serde_json::from_str(&list.stdout).expect("JSON");
    assert_eq!(list["connections"][0]["anonymous"], true, "{list}");
    assert_eq!(list["connections"][0]["identity"], serde_json::Value::Null);
    let metrics = place
        .shell("curl -s --unix-socket admin.sock http://localhost/metrics")
        .good();
    assert!(
        metrics
            .stdout
            .contains("handfast_anonymous_connections_total 1\n"),
        "{}",
        metrics.stdout
    );
    drop(caller);
    let record = proxy.connection(1);
    assert_eq!(
        (&record["anonymous"], &record["rule"], &record["verdict"]),
        (&true.into(), &"anonymous".into(), &"allowed".into()),
        "{record}"
    );
    assert!(record.get("identity").is_none(), "{record}");
    let codes: Vec<_> = proxy
        .log()
        .into_iter()
        .filter(|line| line["code"] == "HF-725")
        .collect();
    assert_eq!(codes.len(), 5, "each rejected request says why");
    // Who shows a certificate is judged by that.
    let mut web = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    assert_eq!(ask(&mut web, "/orders").0, 200);
    assert_eq!(service.last().values("client-cert").len(), 1);
    let (status, body) = ask(&mut web, "/health");
    assert!(status == 403 && body.contains("HF-609"), "{status} {body}");
    drop(web);
    let record = proxy.connection(2);
    assert!(record.get("anonymous").is_none(), "{record}");
    schema::assert_fits("access-log", &record);
}

#[test]
fn nothing_is_said_to_be_proven_of_a_client_without_a_certificate_where_there_is_no_route() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let routes = ROUTES.replace("path = \"/\"", "path = \"/orders\"");
    place.write("handfast.toml", config(&service, OPTIONAL, &routes));
    let proxy = place.open("proxy --config handfast.toml");
    let mut caller = Call::anonymous(&place).knock(proxy.port).expect("it may come in");
    let (status, body) = ask(&mut caller, "/elsewhere");
    assert!(status == 403 && body.contains("HF-609"), "{status} {body}");
    assert!(!body.contains("proven"), "{body}");
    let decision =
        "policy explain --config handfast.toml --anonymous --host localhost --path /elsewhere --json";
    let decision = place.run(decision).json()["decision"].clone();
    assert_eq!(decision["code"], "HF-609", "{decision}");
    assert_eq!(ask(&mut caller, "/health").0, 200, "the twin");
}

#[test]
fn over_http2_it_is_the_same() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    place.write("handfast.toml", config(&service, OPTIONAL, ROUTES));
    let proxy = place.open("proxy --config handfast.toml");
    let call = Call {
        pair: None,
        ..Call::over_http2(&place, "web")
    };
    let get = |path: &str| {
        let request = Request::get(format!("https://localhost{path}")).body(String::new());
        request.expect("a request")
    };
    let caller = call.knock(proxy.port).expect("it may come in");
    let answers = caller.ask_over_http2(vec![get("/health"), get("/orders")]);
    assert_eq!((answers[0].0, answers[1].0), (200, 403));
    assert!(String::from_utf8_lossy(&answers[1].1).contains("HF-725"));
    assert_eq!(service.heard().len(), 1);
}

#[test]
fn a_bad_certificate_is_rejected_and_never_taken_for_none() {
    let (place, service) = (Place::new(), Service::hello());
    let (acme, _) = cast(&place);
    acme.issue(
        &place,
        "old",
        &Wanted::expired(Profile::Client),
        &["uri:spiffe://acme/web"],
    );
    place.write("handfast.toml", config(&service, OPTIONAL, ROUTES));
    let proxy = place.open("proxy --config handfast.toml");
    let cases = [
        ("stranger", "HF-103"),
        ("old", "HF-202"),
        ("server", "HF-201"),
        ("api", "HF-609"),
    ];
    for (number, (pair, code)) in cases.into_iter().enumerate() {
        let mut shaken = Call::of(&place, pair).knock(proxy.port);
        let answered = shaken.as_mut().map_err(|error| error.clone()).and_then(|caller| {
            caller
                .ask("GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
                .map_err(|error| error.to_string())
        });
        assert!(answered.is_err(), "{pair}: {answered:?}");
        assert_eq!(proxy.connection(number + 1)["code"], code, "{pair}");
    }
    assert!(service.heard().is_empty());
    let mut caller = Call::anonymous(&place).knock(proxy.port).expect("it may come in");
    assert_eq!(ask(&mut caller, "/health").0, 200, "the twin");
}

#[test]
fn a_rule_for_nobody_where_everybody_shows_a_certificate_is_an_error_of_check() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    for host in ["", "client-certificate = \"required\""] {
        place.write("handfast.toml", config(&service, host, ROUTES));
        let said = place.run("check handfast.toml").refused(1, "HF-701");
        assert!(
            said.stdout.contains("client-certificate = \"optional\""),
            "{said:#?}"
        );
    }
    let cedar = "[[listener.host.route]]\npath = \"/\"\npolicy = \"orders.cedar\"\nTO\n";
    place.write(
        "orders.cedar",
        "permit(principal, action, resource);\npermit(principal is Anonymous, action, resource);",
    );
    place.write("handfast.toml", config(&service, "", cedar));
    place.run("check handfast.toml").refused(1, "HF-701");
    place.write("handfast.toml", config(&service, OPTIONAL, cedar));
    let said = place.run("check handfast.toml").good();
    assert!(!said.stdout.contains("warning"), "{said:#?}");
    place.write("orders.cedar", "permit(principal, action, resource);");
    let said = place.run("check handfast.toml").good();
    assert!(
        said.stdout.contains("no route of it allows \"anonymous\""),
        "{said:#?}"
    );
}

#[test]
fn a_policy_lets_nobody_in_unless_it_names_anonymous() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let cedar = "[[listener.host.route]]\npath = \"/health\"\npolicy = \"alive.cedar\"\nTO\n\
                 [[listener.host.route]]\npath = \"/\"\npolicy = \"orders.cedar\"\nTO\n";
    place.write("orders.cedar", "permit(principal, action, resource);");
    place.write(
        "alive.cedar",
        "@id(\"alive\") permit(principal is Anonymous, action, resource);",
    );
    place.write("handfast.toml", config(&service, OPTIONAL, cedar));
    let proxy = place.open("proxy --config handfast.toml");
    let mut caller = Call::anonymous(&place).knock(proxy.port).expect("it may come in");
    assert_eq!(ask(&mut caller, "/health").0, 200);
    let (status, body) = ask(&mut caller, "/");
    assert!(status == 403 && body.contains("HF-725"), "{status} {body}");
    drop(caller);
    assert_eq!(proxy.connection(1)["rule"], "alive");
}

#[test]
fn a_host_that_demands_certificates_again_cuts_who_has_none_and_nobody_else() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    place.write("handfast.toml", config(&service, OPTIONAL, ROUTES));
    let proxy = place.open("proxy --config handfast.toml");
    let mut anonymous = Call::anonymous(&place).knock(proxy.port).expect("it may come in");
    let mut web = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    assert_eq!(
        (ask(&mut anonymous, "/health").0, ask(&mut web, "/").0),
        (200, 200)
    );
    let demands = ROUTES.replace("anonymous", "uri:spiffe://acme/web");
    place.write("handfast.toml", config(&service, "", &demands));
    until("the end of the one without a certificate", || {
        let cut = proxy.log().into_iter().find(|line| line["code"] == "HF-101")?;
        assert_eq!(cut["anonymous"], true, "{cut}");
        Some(())
    });
    assert!(anonymous.get().is_err());
    assert_eq!(ask(&mut web, "/").0, 200, "the others go on");
    let late = Call::anonymous(&place).get(proxy.port);
    assert!(late.is_err(), "{late:?}");
}
