//! The same configuration, asked without a proxy.

use std::{fs, path::PathBuf};

use super::{
    cases,
    compare::{Seen, changes, seen},
    *,
};
use crate::config;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = format!("handfast-rehearsal-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.join(name);
        fs::write(&file, text).expect("written");
        file
    }

    fn rules(&self, text: &str) -> Rehearsal {
        let config = config::read(&self.write("handfast.toml", text)).expect("a good configuration");
        Rehearsal::of(&config.sources, false).expect("good rules")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const CONFIG: &str = r#"
[[clients]]
name = "acme"
ca = "acme-ca.pem"

[[listener]]
listen = "127.0.0.1:0"

[[listener.host]]
names = ["api.example", "*.api.example"]
cert = "tls.crt"
key = "tls.key"
clients = ["acme"]
client-certificate = "optional"

[[listener.host.route]]
path = "/health"
allow = ["anonymous"]
to = "http://127.0.0.1:9"

[[listener.host.route]]
path = "/reports/*"
methods = ["GET", "HEAD"]
allow = ["uri:spiffe://acme/*"]
deny = ["uri:spiffe://acme/old"]
to = "http://127.0.0.1:9"

[[listener.host.route]]
path = "/"
policy = "orders.cedar"
to = "http://127.0.0.1:9"

[[listener.host]]
names = ["admin.example"]
cert = "tls.crt"
key = "tls.key"
clients = ["acme"]
mode = "observe"

[[listener.host.route]]
path = "/"
allow = ["uri:spiffe://acme/admin"]
to = "http://127.0.0.1:9"
"#;

const CEDAR: &str = "@id(\"orders\") permit(principal, action, resource) when { context.uris.contains(\"spiffe://acme/web\") };";

fn ask(rules: &Rehearsal, who: &str, host: &str, request: &str) -> Decision {
    let (method, path) = request.split_once(' ').expect("METHOD PATH");
    let asked = Asked {
        host: Some(host.to_owned()),
        method: method.to_owned(),
        path: path.to_owned(),
    };
    let client = Client::named(&[who]).expect("a client");
    rules.decide(&client, &asked, Timestamp::now())
}

fn rules(folder: &Folder) -> Rehearsal {
    folder.write("orders.cedar", CEDAR);
    folder.rules(CONFIG)
}

#[test]
fn what_is_allowed_names_its_rule_or_its_policy() {
    let folder = Folder::new("allowed");
    let rules = rules(&folder);
    for (who, host, request, rule, route) in [
        (
            "uri:spiffe://acme/web",
            "api.example",
            "POST /orders",
            "orders",
            "/",
        ),
        (
            "uri:spiffe://acme/web",
            "API.example.",
            "GET /reports/a?b=c",
            "uri:spiffe://acme/*",
            "/reports",
        ),
        (
            "anonymous",
            "x.api.example",
            "GET /health",
            "anonymous",
            "/health",
        ),
        (
            "uri:spiffe://acme/admin",
            "admin.example",
            "GET /",
            "uri:spiffe://acme/admin",
            "/",
        ),
    ] {
        let decision = ask(&rules, who, host, request);
        assert!(decision.is_allowed, "{who} {request}: {decision:?}");
        assert_eq!(decision.rule.as_deref(), Some(rule));
        assert_eq!(decision.route.as_deref(), Some(route));
        assert_eq!((decision.code, decision.hint), (None, None));
    }
}

#[test]
fn what_is_denied_says_where_why_and_what_would_help() {
    let folder = Folder::new("denied");
    let rules = rules(&folder);
    let cases = [
        // Who, host, request; whether in the handshake, code, a part of the hint.
        (
            "uri:spiffe://acme/api",
            "api.example",
            "POST /reports",
            false,
            code::NOT_ALLOWED,
            "context.uris.contains",
        ),
        (
            "uri:spiffe://acme/old",
            "api.example",
            "GET /reports",
            true,
            code::NOT_ALLOWED,
            "out of deny",
        ),
        (
            "uri:spiffe://beta/web",
            "api.example",
            "GET /reports",
            true,
            code::NOT_ALLOWED,
            "add \"uri:spiffe://beta/web\" to allow",
        ),
        (
            "anonymous",
            "api.example",
            "GET /reports",
            false,
            code::NEEDS_CERTIFICATE,
            "anonymous",
        ),
        (
            "anonymous",
            "api.example",
            "GET /orders",
            false,
            code::NEEDS_CERTIFICATE,
            "principal is Anonymous",
        ),
        (
            "anonymous",
            "admin.example",
            "GET /",
            true,
            code::NO_CERTIFICATE,
            "",
        ),
        (
            "uri:spiffe://acme/web",
            "api.example",
            "GET /a%2fb",
            false,
            code::BAD_REQUEST,
            "",
        ),
        (
            "uri:spiffe://acme/web",
            "other.example",
            "GET /",
            true,
            code::WRONG_SNI,
            "",
        ),
    ];
    for (who, host, request, in_handshake, code, hint) in cases {
        let decision = ask(&rules, who, host, request);
        assert!(!decision.is_allowed, "{who} {request}: {decision:?}");
        assert_eq!(
            (decision.in_handshake, decision.code),
            (in_handshake, Some(code)),
            "{who} {request}: {decision:?}"
        );
        assert!(
            decision.hint.clone().unwrap_or_default().contains(hint),
            "{who} {request}: {decision:?}"
        );
    }
    assert!(ask(&rules, "anonymous", "admin.example", "GET /").observes);
}

#[test]
fn a_policy_alone_is_asked_like_a_host_with_one_route() {
    let folder = Folder::new("policy");
    let rules = Rehearsal::of_policy(&folder.write("orders.cedar", CEDAR)).expect("a policy");
    let asked = Asked {
        host: None,
        method: "GET".to_owned(),
        path: "/anything".to_owned(),
    };
    let decide = |who: &str| {
        let client = Client::named(&[who]).expect("a client");
        rules.decide(&client, &asked, Timestamp::now())
    };
    assert_eq!(decide("uri:spiffe://acme/web").rule.as_deref(), Some("orders"));
    assert_eq!(decide("uri:spiffe://acme/api").code, Some(code::NOT_ALLOWED));
    assert_eq!(decide("anonymous").code, Some(code::NO_CERTIFICATE));
}

#[test]
fn a_case_passes_only_with_what_it_expects_and_a_bad_file_says_every_line() {
    let folder = Folder::new("cases");
    let rules = rules(&folder);
    let file = folder.write(
        "cases.toml",
        "[[case]]\nidentity = \"uri:spiffe://acme/web\"\nhost = \"api.example\"\nmethod = \"POST\"\npath = \"/orders\"\nexpected = \"allow\"\n\
         [[case]]\nidentity = \"anonymous\"\nhost = \"api.example\"\nexpected = \"deny\"\ncode = \"HF-725\"\n\
         [[case]]\nidentity = \"anonymous\"\nhost = \"api.example\"\nexpected = \"deny\"\ncode = \"HF-101\"\n\
         [[case]]\nidentity = \"anonymous\"\nhost = \"api.example\"\nexpected = \"allow\"\n",
    );
    let cases = cases::read(&file).expect("cases");
    let passes = cases.iter().map(|case| case.passes(&rules, Timestamp::now()).1);
    assert_eq!(passes.collect::<Vec<_>>(), [true, true, false, false]);
    let bad = folder.write(
        "bad.toml",
        "[[case]]\nidentity = \"any\"\nexpected = \"deny\"\n[[case]]\nexpected = \"perhaps\"\nwho = \"x\"\n\
         [[case]]\nidentity = \"anonymous\"\nexpected = \"allow\"\ncode = \"HF-609\"\n",
    );
    let problems = cases::read(&bad).err().expect("it is bad");
    let lines: Vec<_> = problems
        .iter()
        .filter_map(|problem| problem.place.as_ref().map(|place| place.line))
        .collect();
    // `expected` is there and wrong, and the identity is missing.
    let missing = problems
        .iter()
        .filter(|problem| problem.message.contains("is missing"));
    let missing: Vec<_> = missing.map(|problem| problem.message.as_str()).collect();
    assert_eq!(missing, ["\"identity\" is missing"]);
    for line in [1, 4, 5, 6, 10] {
        assert!(lines.contains(&line), "{line}: {problems:#?}");
    }
    for empty in ["", "\n# nothing\n"] {
        let file = folder.write("empty.toml", empty);
        assert!(cases::read(&file).is_err(), "what tests nothing does not pass");
    }
}

#[test]
fn what_changes_is_found_for_whom_a_log_has_seen_and_for_what_it_asked() {
    let folder = Folder::new("changes");
    let before = rules(&folder);
    let after = CONFIG.replace("path = \"/reports/*\"", "path = \"/reports/own/*\"");
    let after = folder.rules(&after);
    let fingerprint = "07".repeat(32);
    let web = format!(
        r#"{{"called":"uri:spiffe://acme/api","uris":["spiffe://acme/api"],"dns":[],"emails":[],"ips":[],"others":[],"common_name":null,"fingerprint":"{fingerprint}"}}"#
    );
    let log = [
        r#"{"event":"open","address":"127.0.0.1:1","schema":"handfast-access-log/1"}"#.to_owned(),
        r#"{"event":"request","time":"2026-11-20T12:00:00Z","connection":1,"method":"GET","path":"/reports/2026/a","host":"api.example:8443","status":200,"duration_us":1}"#.to_owned(),
        format!(
            r#"{{"event":"connection","time":"2026-11-20T12:00:00Z","id":1,"peer":"127.0.0.1:1","identity":{web},"verdict":"allowed","bytes_in":0,"bytes_out":0,"requests":1,"duration_ms":1}}"#
        ),
        r#"{"event":"connection","time":"2026-11-20T12:00:00Z","id":2,"peer":"127.0.0.1:1","verdict":"broken","bytes_in":0,"bytes_out":0,"requests":0,"duration_ms":1}"#.to_owned(),
    ];
    let clients = seen(&mut log.join("\n").as_bytes()).expect("read");
    assert_eq!(clients.len(), 1);
    let (found, compared) = changes(&before, &after, &clients, Timestamp::now());
    let found: Vec<_> = found
        .iter()
        .map(|change| {
            (
                change.asked.to_string(),
                change.before.is_allowed,
                change.after.is_allowed,
            )
        })
        .collect();
    assert!(compared >= 6, "{compared}");
    assert_eq!(
        found,
        [
            ("GET /reports of api.example".to_owned(), true, false),
            ("GET /reports/2026/a of api.example".to_owned(), true, false),
            ("HEAD /reports of api.example".to_owned(), true, false),
        ]
    );
    let (none, _) = changes(&before, &before, &clients, Timestamp::now());
    assert!(none.is_empty());
}

/// Tokens for `/orders`, at a host that takes anonymous clients; the keys are in no file.
fn with_tokens(folder: &Folder, mode: &str, issuer: &str) -> Rehearsal {
    let tokens =
        format!("bound-tokens = {{ jwks = \"issuer.json\", issuer = \"{issuer}\", audience = \"orders\" }}");
    folder.rules(&format!(
        "[[clients]]\nname = \"acme\"\nca = \"acme-ca.pem\"\n[[listener]]\nlisten = \"127.0.0.1:0\"\n[[listener.host]]\n\
         default = true\nmode = \"{mode}\"\ncert = \"tls.crt\"\nkey = \"tls.key\"\nclients = [\"acme\"]\n\
         client-certificate = \"optional\"\n[[listener.host.route]]\npath = \"/orders\"\n\
         allow = [\"anonymous\", \"uri:spiffe://acme/web\"]\nto = \"http://127.0.0.1:9\"\n{tokens}\n\
         [[listener.host.route]]\npath = \"/\"\nallow = [\"any\"]\nto = \"http://127.0.0.1:9\"\n",
        tokens = if issuer.is_empty() { "" } else { &tokens }
    ))
}

#[test]
fn a_route_that_demands_tokens_says_so_and_needs_a_certificate() {
    let folder = Folder::new("tokens");
    let rules = with_tokens(&folder, "enforce", "https://id.example");
    let web = ask(&rules, "uri:spiffe://acme/web", "a", "GET /orders");
    assert!(web.is_allowed, "{web:?}");
    let token = web.token.clone().expect("a demand");
    assert_eq!(
        (token.issuer.as_str(), token.audience.as_deref()),
        ("https://id.example", Some("orders"))
    );
    let without = web.without_token();
    assert_eq!(
        (without.is_allowed, without.code),
        (false, Some(code::TOKEN_MISSING))
    );
    assert!(without.reason.is_some_and(|reason| reason.contains("found none")));
    // The policy allows it, and a token could be bound to nothing.
    let anonymous = ask(&rules, "anonymous", "a", "GET /orders");
    assert_eq!(
        (anonymous.is_allowed, anonymous.in_handshake, anonymous.code),
        (false, false, Some(code::NEEDS_CERTIFICATE))
    );
    let other = ask(&rules, "uri:spiffe://acme/web", "a", "GET /");
    assert!(other.is_allowed && other.token.is_none());
    assert!(other.clone().without_token().is_allowed, "nothing is demanded");
    let old = ask(
        &with_tokens(&folder, "enforce", ""),
        "anonymous",
        "a",
        "GET /orders",
    );
    assert!(old.is_allowed, "the twin: {old:?}");
}

#[test]
fn a_host_that_observes_serves_no_request_without_a_token_or_without_a_route() {
    let folder = Folder::new("observing");
    let rules = with_tokens(&folder, "observe", "https://id.example");
    for (who, request, serves) in [
        ("anonymous", "GET /", true),
        ("anonymous", "GET /orders", false),
        ("uri:spiffe://acme/api", "GET /orders", true),
        ("anonymous", "GET /a%2fb", false),
    ] {
        let decision = ask(&rules, who, "a", request);
        assert!(!decision.is_allowed, "{who} {request}: {decision:?}");
        assert_eq!(decision.observes, serves, "{who} {request}: {decision:?}");
    }
}

#[test]
fn a_change_of_what_is_demanded_of_tokens_is_a_change() {
    let folder = Folder::new("token-changes");
    let rules = |issuer: &str| with_tokens(&folder, "enforce", issuer);
    let web = || Seen {
        client: Client::named(&["uri:spiffe://acme/web"]).expect("a client"),
        asked: Default::default(),
    };
    let changed = |before: &str, after: &str| {
        let (changes, _) = changes(&rules(before), &rules(after), &[web()], Timestamp::now());
        let changes = changes.into_iter().map(|change| change.asked.path);
        changes.collect::<Vec<_>>()
    };
    assert_eq!(changed("https://id.example", "https://id.example"), [""; 0]);
    for (before, after) in [
        ("", "https://id.example"),
        ("https://id.example", ""),
        ("https://id.example", "https://other.example"),
    ] {
        assert_eq!(changed(before, after), ["/orders"], "{before} {after}");
    }
    folder.write("issuer.json", "{}");
    let before = rules("https://id.example");
    folder.write("issuer.json", "{\"keys\":[]}");
    let (found, _) = changes(&before, &rules("https://id.example"), &[web()], Timestamp::now());
    assert_eq!(found.len(), 1, "other keys");
}

#[test]
fn a_host_is_read_as_the_request_path_reads_it_or_denied() {
    let folder = Folder::new("hosts");
    let rules = rules(&folder);
    for host in [
        "api.example",
        "API.Example",
        "api.example.",
        "api.example:8443",
        "API.example.:1",
    ] {
        let decision = ask(&rules, "uri:spiffe://acme/web", host, "POST /orders");
        assert!(decision.is_allowed, "{host}: {decision:?}");
        assert_eq!(decision.host.as_deref(), Some("api.example"), "{host}");
    }
    for host in [
        "api.example:",
        "api.example:0443",
        "me@api.example",
        "api.example/",
        "127.1",
        "",
    ] {
        let decision = ask(&rules, "uri:spiffe://acme/web", host, "POST /orders");
        assert_eq!(decision.code, Some(code::BAD_REQUEST), "{host}: {decision:?}");
        assert!(
            !decision.in_handshake && decision.host.is_none(),
            "{host}: {decision:?}"
        );
    }
}
