//! Several hosts on one listener, each with its certificate, its CAs and its routes: none sees what belongs to another.

use std::time::Duration;

use handfast_pki::Profile;

use crate::program::{
    Place,
    caller::{Call, Caller},
    daemon::{Daemon, until},
    pki::{Ca, Wanted, cast},
    service::Service,
};

/// An API provider: alpha and beta with their own CAs, beta for reports alone; and a second host for acme's own.
fn place() -> Place {
    let place = Place::new();
    let (acme, _) = cast(&place);
    let shown = Wanted::now(Profile::Server);
    acme.issue(&place, "api-host", &shown, &["dns:api.example"]);
    acme.issue(&place, "admin-host", &shown, &["dns:admin.example"]);
    let client = Wanted::now(Profile::Client);
    for partner in ["alpha", "beta"] {
        let ca = Ca::new(&place, partner);
        ca.issue(&place, partner, &client, &[&format!("dns:a.{partner}.example")]);
    }
    place
}

fn config(service: &Service, reports: &Service, rules_of_orders: &str, more: &str) -> String {
    format!(
        r#"
[proxy]
workers = 1
log = "requests"

[[clients]]
name = "acme"
ca = "web/ca.crt"
names = ["uri:spiffe://acme/**"]

[[clients]]
name = "alpha"
ca = "alpha/ca.crt"
names = ["dns:*.alpha.example"]

[[clients]]
name = "beta"
ca = "beta/ca.crt"
names = ["dns:*.beta.example"]

[[backend]]
name = "orders"
to = "{}"

[[listener]]
listen = "127.0.0.1:0"

[[listener.host]]
names = ["api.example"]
cert = "api-host/tls.crt"
key = "api-host/tls.key"
clients = ["alpha", "beta"]

[[listener.host.route]]
path = "/"
{rules_of_orders}
to = "orders"

[[listener.host.route]]
path = "/reports/*"
methods = ["GET", "HEAD"]
allow = ["dns:*.alpha.example", "dns:*.beta.example"]
to = "{}"

[[listener.host]]
names = ["admin.example"]
cert = "admin-host/tls.crt"
key = "admin-host/tls.key"
clients = ["acme"]

[[listener.host.route]]
path = "/"
allow = ["uri:spiffe://acme/web"]
to = "orders"

{more}
"#,
        service.url(),
        reports.url()
    )
}

const ALPHA_ALONE: &str = "allow = [\"dns:*.alpha.example\"]";

fn call<'a>(place: &'a Place, pair: &'a str, asked: &'a str) -> Call<'a> {
    Call {
        ca: "web/ca.crt",
        asked,
        ..Call::of(place, pair)
    }
}

fn ask(caller: &mut Caller, host: &str, method: &str, path: &str) -> u16 {
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    caller.ask(&request).expect("an answer").status
}

#[test]
fn each_host_has_its_own_certificate_cas_and_rules() {
    let (orders, reports) = (Service::hello(), Service::hello());
    let place = place();
    place.write("handfast.toml", config(&orders, &reports, ALPHA_ALONE, ""));
    place.run("check handfast.toml").good();
    let proxy = place.open("proxy --config handfast.toml");
    let mut alpha = call(&place, "alpha", "api.example")
        .knock(proxy.port)
        .expect("let in");
    assert_eq!(ask(&mut alpha, "api.example", "GET", "/orders"), 200);
    let mut web = call(&place, "web", "admin.example")
        .knock(proxy.port)
        .expect("let in");
    assert_eq!(ask(&mut web, "admin.example", "GET", "/"), 200);
    assert_ne!(alpha.server, web.server, "each shows its own certificate");
    // Neither is known to the host of the other.
    for (pair, asked) in [("web", "api.example"), ("alpha", "admin.example")] {
        let mut shaken = call(&place, pair, asked).knock(proxy.port);
        let ended = shaken
            .as_mut()
            .map_err(|error| error.clone())
            .and_then(|caller| caller.get().map_err(|error| error.to_string()));
        assert!(ended.is_err(), "{pair} at {asked}");
    }
    let records = proxy.connections(2);
    assert!(
        records.iter().all(|record| record["code"] == "HF-103"),
        "{records:#?}"
    );
    // A name that no host has.
    let refused = call(&place, "web", "c.example")
        .knock(proxy.port)
        .err()
        .expect("nobody has it");
    assert!(refused.to_ascii_lowercase().contains("unrecogni"), "{refused}");
}

#[test]
fn a_request_for_another_host_than_its_connection_is_misdirected() {
    let (orders, reports) = (Service::hello(), Service::hello());
    let place = place();
    place.write("handfast.toml", config(&orders, &reports, ALPHA_ALONE, ""));
    let proxy = place.open("proxy --config handfast.toml");
    let mut alpha = call(&place, "alpha", "api.example")
        .knock(proxy.port)
        .expect("let in");
    for host in [
        "admin.example",
        "ADMIN.example.",
        "other.example",
        "admin.example:443",
    ] {
        assert_eq!(ask(&mut alpha, host, "GET", "/"), 421, "{host}");
    }
    for host in ["api.example", "API.example.", "api.example:8443"] {
        assert_eq!(ask(&mut alpha, host, "GET", "/"), 200, "{host}");
    }
    assert_eq!(orders.heard().len(), 3);
}

#[test]
fn a_partner_may_read_reports_and_nothing_else() {
    let (orders, reports) = (Service::hello(), Service::hello());
    let place = place();
    place.write("handfast.toml", config(&orders, &reports, ALPHA_ALONE, ""));
    let proxy = place.open("proxy --config handfast.toml");
    let mut beta = call(&place, "beta", "api.example")
        .knock(proxy.port)
        .expect("let in");
    for (method, path, status) in [
        ("GET", "/reports", 200),
        ("GET", "/reports/a?b=c", 200),
        ("POST", "/reports/a", 403),
        ("GET", "/", 403),
        ("GET", "/reports2", 403),
        ("GET", "/Reports", 403),
        ("GET", "/reports/../orders", 403),
        ("GET", "/reports/%2e%2e/orders", 403),
        ("GET", "//reports//a", 200),
        ("GET", "/reports%2fa", 400),
        ("GET", "/reports;x/a", 400),
    ] {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: api.example\r\ncontent-length: 0\r\n\r\n");
        let answer = beta.ask(&request).expect("an answer");
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
    }
    assert_eq!(orders.heard().len(), 0, "nothing of it reached the orders");
    let asked: Vec<_> = reports
        .heard()
        .iter()
        .map(|heard| heard.head.lines().next().unwrap_or("").to_owned())
        .collect();
    assert_eq!(
        asked,
        [
            "GET /reports HTTP/1.1",
            "GET /reports/a?b=c HTTP/1.1",
            "GET /reports/a HTTP/1.1"
        ]
    );
}

fn blocked(proxy: &Daemon, cut: &mut Caller) {
    until("the end of the open connection", || cut.get().err());
    until("its record", || {
        let mut records = proxy.events("connection").into_iter();
        records.find(|record| record["code"] == "HF-609")
    });
}

#[test]
fn a_partner_that_is_blocked_today_is_cut_at_one_host_and_all_others_go_on() {
    let (orders, reports) = (Service::hello(), Service::hello());
    let place = place();
    place.write("handfast.toml", config(&orders, &reports, ALPHA_ALONE, ""));
    let proxy = place.open("proxy --config handfast.toml");
    let open = |pair, asked| call(&place, pair, asked).knock(proxy.port).expect("let in");
    let (mut alpha, mut beta) = (open("alpha", "api.example"), open("beta", "api.example"));
    let mut web = open("web", "admin.example");
    let blocking = config(&orders, &reports, ALPHA_ALONE, "")
        .replace("methods =", "deny = [\"dns:*.beta.example\"]\nmethods =");
    place.write("handfast.toml", blocking);
    assert_eq!(proxy.reload_after(0)["taken"], true);
    blocked(&proxy, &mut beta);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(ask(&mut alpha, "api.example", "GET", "/orders"), 200);
    assert_eq!(ask(&mut web, "admin.example", "GET", "/"), 200);
    assert!(call(&place, "beta", "api.example").get(proxy.port).is_err());
}

#[test]
fn a_policy_in_cedar_decides_about_a_route_and_is_reloaded() {
    let (orders, reports) = (Service::hello(), Service::hello());
    let place = place();
    let permit = |name: &str| {
        format!(
            "@id(\"orders\") permit(principal, action, resource) when {{ context.dns.contains(\"{name}\") }};"
        )
    };
    place.write("orders.cedar", permit("a.alpha.example"));
    let rules = "policy = \"orders.cedar\"";
    place.write("handfast.toml", config(&orders, &reports, rules, ""));
    let proxy = place.open("proxy --config handfast.toml");
    let status = |pair: &str| {
        let mut caller = call(&place, pair, "api.example")
            .knock(proxy.port)
            .expect("let in");
        ask(&mut caller, "api.example", "GET", "/orders")
    };
    assert_eq!((status("alpha"), status("beta")), (200, 403));
    place.write("orders.cedar", permit("a.beta.example"));
    assert_eq!(proxy.reload_after(0)["taken"], true);
    assert_eq!((status("alpha"), status("beta")), (403, 200));
    place.write(
        "orders.cedar",
        "permit(principal, action, resource) when { context.urls };",
    );
    let refused = proxy.reload_after(1);
    assert_eq!(
        (&refused["taken"], &refused["code"]),
        (&false.into(), &"HF-703".into()),
        "{refused}"
    );
    assert_eq!(
        (status("alpha"), status("beta")),
        (403, 200),
        "the last good state"
    );
    let checked = place.run("check handfast.toml --json");
    assert_eq!(checked.json()["problems"][0]["code"], "HF-703", "{checked:#?}");
}

#[test]
fn two_listeners_serve_each_their_own_hosts() {
    let (orders, reports) = (Service::hello(), Service::hello());
    let place = place();
    let second = format!(
        "[[listener]]\nlisten = \"127.0.0.1:0\"\n[[listener.host]]\ndefault = true\ncert = \"server/tls.crt\"\n\
         key = \"server/tls.key\"\nclients = [\"acme\"]\n[[listener.host.route]]\npath = \"/\"\n\
         allow = [\"uri:spiffe://acme/api\"]\nto = \"tcp://127.0.0.1:{}\"\n",
        reports.port
    );
    place.write("handfast.toml", config(&orders, &reports, ALPHA_ALONE, &second));
    let proxy = place.open("proxy --config handfast.toml");
    let port = until("the second address", || {
        let said = proxy.stderr();
        let rest = said.split("listening on ").nth(2)?.to_owned();
        rest.split_once(',')?.0.rsplit_once(':')?.1.parse::<u16>().ok()
    });
    assert_eq!(call(&place, "api", "localhost").get(port), Ok(200));
    assert!(
        call(&place, "web", "localhost").get(port).is_err(),
        "no rule of this host allows it"
    );
    assert!(
        call(&place, "api", "localhost").get(proxy.port).is_err(),
        "the first has no such host"
    );
    let mut web = call(&place, "web", "admin.example")
        .knock(proxy.port)
        .expect("let in");
    assert_eq!(ask(&mut web, "admin.example", "GET", "/"), 200);
}

#[test]
fn bytes_have_no_header_that_a_token_could_stand_in() {
    let (orders, reports) = (Service::hello(), Service::hello());
    let place = place();
    // RFC 8037, appendix A.2.
    place.write(
        "jwks.json",
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}",
    );
    let listener = |tokens: &str| {
        format!(
            "[[listener]]\nlisten = \"127.0.0.1:0\"\n[[listener.host]]\ndefault = true\ncert = \"server/tls.crt\"\n\
             key = \"server/tls.key\"\nclients = [\"acme\"]\n[[listener.host.route]]\npath = \"/\"\n\
             allow = [\"uri:spiffe://acme/api\"]\nto = \"tcp://127.0.0.1:{}\"\n{tokens}",
            reports.port
        )
    };
    for (tokens, exit) in [
        ("", 0),
        (
            "bound-tokens = { jwks = \"jwks.json\", issuer = \"https://id.example\" }\n",
            1,
        ),
    ] {
        place.write(
            "handfast.toml",
            config(&orders, &reports, ALPHA_ALONE, &listener(tokens)),
        );
        let checked = place.run("check handfast.toml");
        assert_eq!(checked.exit, exit, "{checked:#?}");
        assert_eq!(checked.stdout.contains("bound-tokens"), exit == 1, "{checked:#?}");
    }
}

#[test]
fn what_is_wrong_with_hosts_is_said_with_its_line() {
    let (orders, reports) = (Service::hello(), Service::hello());
    let place = place();
    let good = config(&orders, &reports, ALPHA_ALONE, "");
    for (from, to, part) in [
        (
            "[\"admin.example\"]",
            "[\"api.example\"]",
            "two hosts of the listener have the name",
        ),
        ("names = [\"admin.example\"]\n", "", "no names"),
        (
            "to = \"orders\"",
            "to = \"order\"",
            "no [[backend]] is called \"order\"",
        ),
        ("path = \"/reports/*\"", "path = \"/\"\n#", "two routes"),
        (
            "path = \"/reports/*\"",
            "path = \"/a/../b\"",
            "no path that a request can have",
        ),
        ("\"HEAD\"", "\"head\"", "no method"),
        (
            "clients = [\"acme\"]",
            "clients = [\"gamma\"]",
            "no [[clients]] is called \"gamma\"",
        ),
        ("names = [\"dns:*.beta.example\"]", "", "not bound to names"),
        (
            "workers = 1",
            "workers = 1\nallow = [\"any\"]",
            "is for the form without [[listener]]",
        ),
        (ALPHA_ALONE, "", "no rule says who may ask for the route"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        let bad = if part == "two routes" {
            bad.replace("methods = [\"GET\", \"HEAD\"]", "")
        } else {
            bad
        };
        place.write("handfast.toml", bad);
        let checked = place.run("check handfast.toml --json");
        let problems = checked.json()["problems"].as_array().cloned().unwrap_or_default();
        let found = problems.iter().find(|problem| {
            problem["message"]
                .as_str()
                .is_some_and(|text| text.contains(part))
        });
        let found = found.unwrap_or_else(|| panic!("{to}: {problems:#?}"));
        assert!(
            found["place"]["line"].as_u64().is_some_and(|line| line > 1),
            "{found}"
        );
    }
}
