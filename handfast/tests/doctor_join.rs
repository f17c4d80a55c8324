//! What the client saw and what the proxy logged, joined: the client knows the alert alone, the proxy the reason.

mod program;

use program::{
    Place, Ran,
    daemon::Daemon,
    pki::{DOOR, cast},
    service::Service,
};
use serde_json::{Value, json};

/// A proxy for `web` alone, which writes requests down, too.
fn proxy(place: &Place) -> Daemon {
    cast(place);
    let service = Service::hello();
    place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web --log requests",
        service.url()
    ))
}

/// Calls with `command`, once, as whoever `pair` is, and leaves `client.json` and `access.log`.
#[track_caller]
fn call(place: &Place, proxy: &Daemon, command: &str, pair: Option<&str>) -> (Value, Value) {
    let seen = proxy.events("connection").len();
    let pair = pair
        .map(|pair| format!("--cert {pair}/tls.crt --key {pair}/tls.key"))
        .unwrap_or_default();
    let ran = place.run(&format!(
        "{command} https://localhost:{}/orders --ca server/ca.crt {pair} --json",
        proxy.port
    ));
    place.write("client.json", &ran.stdout);
    let record = proxy.connection(seen + 1);
    place.write("access.log", proxy.stdout());
    (ran.json(), record)
}

fn join(place: &Place) -> Ran {
    place.run("doctor join client.json access.log")
}

/// The finding is told, and the answer is no.
#[track_caller]
fn found(ran: Ran, code: &str) -> String {
    assert_eq!(ran.exit, 1, "{ran:#?}");
    // In colour, an escape stands before it.
    let is_finding = |line: &str| line.trim_start_matches("\u{1b}[1m\u{1b}[31m").starts_with(code);
    assert!(ran.stdout.lines().any(is_finding), "{code}: {ran:#?}");
    ran.stdout
}

/// A proxy's line and a client's report of the same handshake, where nobody has to call anybody.
fn written(place: &Place, record: &Value) -> Value {
    place.write(
        "client.json",
        json!({ "target": "proxy:443", "handshake": ID, "trace": [], "findings": [] }).to_string(),
    );
    let mut whole = json!({ "event": "connection", "id": 7, "time": "2026-01-01T00:00:00Z", "handshake": ID,
                            "peer": "192.0.2.1:5", "verdict": "allowed", "duration_ms": 5, "identity": [] });
    for (name, value) in record.as_object().expect("an object") {
        whole[name] = value.clone();
    }
    place.write("access.log", format!("{whole}\n"));
    whole
}

const ID: &str = "00112233445566778899aabbccddeeff";

#[test]
fn proxy_and_client_name_a_handshake_alike_and_the_next_one_differently() {
    let place = Place::new();
    let proxy = proxy(&place);
    let mut names = Vec::new();
    for command in ["get", "doctor --no-probe"] {
        for tls in ["1.2", "1.3"] {
            let (report, record) = call(&place, &proxy, &format!("{command} --tls {tls}"), Some("web"));
            let name = report["handshake"].as_str().expect("a name").to_owned();
            assert_eq!(record["handshake"], name.as_str(), "{command} {tls}");
            assert_eq!(name.len(), 32, "{name}");
            let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert!(name.bytes().all(is_hex), "{name}");
            assert!(!names.contains(&name), "{name}: {names:?}");
            names.push(name);
        }
    }
}

#[test]
fn an_allowed_call_joins_without_a_finding_and_shows_what_was_asked() {
    let place = Place::new();
    let proxy = proxy(&place);
    for command in ["get", "doctor --no-probe"] {
        let (_, record) = call(&place, &proxy, command, Some("web"));
        let joined = join(&place).good().stdout;
        for said in [
            "no finding",
            "GET /orders answered 200",
            "proven as uri:spiffe://acme/web",
            "allowed by uri:spiffe://acme/web",
            "nothing went wrong",
            "ClientHello",
            record["peer"].as_str().expect("text"),
        ] {
            assert!(joined.contains(said), "{said}: {joined}");
        }
    }
    let joined = place
        .run("doctor join client.json access.log --json")
        .good()
        .json();
    assert_eq!(joined["schema"], "handfast-join/1");
    assert_eq!(joined["findings"], json!([]));
    assert_eq!(joined["handshake"], joined["proxy"]["connection"]["handshake"]);
    assert_eq!(
        joined["proxy"]["requests"].as_array().map(Vec::len),
        Some(1),
        "{joined}"
    );
    assert_eq!(joined["proxy"]["requests"][0]["path"], "/orders");
    assert!(
        !joined["trace"].as_array().expect("a trace").is_empty(),
        "{joined}"
    );
}

#[test]
fn a_refused_call_joins_with_the_code_and_the_reason_of_the_proxy() {
    let place = Place::new();
    let proxy = proxy(&place);
    for (pair, code, verdict) in [
        (None, "HF-101", "refused"),
        (Some("api"), "HF-609", "denied"),
        (Some("stranger"), "HF-103", "refused"),
    ] {
        let (report, record) = call(&place, &proxy, "get", pair);
        assert_eq!(record["verdict"], verdict, "{record}");
        let reason = record["reason"].as_str().expect("a reason");
        // What the client was told does not hold it, so that it can come from the proxy alone.
        assert!(!report.to_string().contains(reason), "{report}");
        let joined = found(join(&place), code);
        assert!(
            joined.contains(reason) && joined.contains(verdict),
            "{reason}: {joined}"
        );
        let joined = place.run("doctor join client.json access.log --json").json();
        assert_eq!(joined["findings"][0]["code"], code);
        assert_eq!(joined["findings"][0]["certainty"], "certain");
        assert_eq!(joined["findings"][0]["side"], "server");
    }
}

#[test]
fn a_proxy_that_the_client_does_not_believe_is_no_fault_of_the_proxy() {
    let place = Place::new();
    let proxy = proxy(&place);
    let ran = place.run(&format!(
        "get https://localhost:{}/ --ca stranger/ca.crt --cert web/tls.crt --key web/tls.key --json",
        proxy.port
    ));
    place.write("client.json", &ran.stdout);
    assert_eq!(proxy.connection(1)["handshake"], ran.json()["handshake"]);
    place.write("access.log", proxy.stdout());
    let joined = place.run("doctor join client.json access.log --json");
    assert_eq!(joined.exit, 1, "{joined:#?}");
    assert_eq!(joined.json()["findings"][0]["code"], "HF-301", "{joined:#?}");
}

#[test]
fn a_handshake_that_is_not_in_the_log_is_nothing_that_could_be_found_out() {
    let place = Place::new();
    let proxy = proxy(&place);
    call(&place, &proxy, "get", Some("web"));
    join(&place).good();
    let log = place.read("access.log");
    let others: String = log
        .lines()
        .filter(|line| !line.contains("\"connection\","))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_ne!(others, log);
    for log in [others.as_str(), "", "no line of ours\n"] {
        place.write("access.log", log);
        let ran = join(&place);
        assert_eq!(ran.exit, 3, "{ran:#?}");
        assert!(
            ran.stderr.contains("has the connection ID")
                && ran.stderr.contains("help: a line is written when"),
            "{ran:#?}"
        );
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn a_handshake_that_somebody_has_repeated_is_no_proof() {
    let place = Place::new();
    let record = written(&place, &json!({}));
    join(&place).good();
    let mut again = record.clone();
    again["id"] = 8.into();
    again["peer"] = "198.51.100.9:1".into();
    place.write("access.log", format!("{record}\n{again}\n"));
    let ran = join(&place);
    assert_eq!(ran.exit, 3, "{ran:#?}");
    assert!(ran.stderr.contains("2 lines of"), "{ran:#?}");
    assert!(ran.stderr.contains("a client repeated it"), "{ran:#?}");
}

#[test]
fn a_file_that_is_no_report_is_misuse() {
    let place = Place::new();
    written(&place, &json!({}));
    join(&place).good();
    let report = json!({ "trace": [], "findings": [], "handshake": ID });
    for (content, why) in [
        ("no json".to_owned(), "is not a report of a client"),
        ("[]".to_owned(), "it has no trace"),
        (json!({ "handshake": ID }).to_string(), "it has no trace"),
        (json!({ "trace": [] }).to_string(), "it names no handshake"),
        (
            report
                .to_string()
                .replace(ID, "\\\"00112233445566778899aabbccddeeff"),
            "it names no handshake",
        ),
        (
            report.to_string().replace(ID, &ID.replace('0', "x")),
            "it names no handshake",
        ),
    ] {
        place.write("client.json", &content);
        let ran = join(&place).refused(2, "HF-409");
        assert!(
            ran.stderr.contains(why) && ran.stderr.contains("help:"),
            "{content}: {ran:#?}"
        );
    }
    place.write("client.json", report.to_string());
    join(&place).good();
    let ran = place.run("doctor join client.json nowhere.log");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("nowhere.log"), "{ran:#?}");
}

#[test]
fn lines_of_others_in_the_log_are_passed_over() {
    let place = Place::new();
    let record = written(&place, &json!({}));
    let others = [
        "not json at all".to_owned(),
        record.to_string()[5..].to_owned(),
        json!({ "event": "request", "handshake": ID, "status": 500 }).to_string(),
        json!({ "event": "connection", "handshake": ID.replace("00", "99") }).to_string(),
        "\u{fffd}\u{0}".to_owned(),
    ];
    let mut log = others.join("\n").into_bytes();
    log.extend_from_slice(b"\n\xff\xfe\n");
    log.extend_from_slice(format!("{record}\n").as_bytes());
    place.write("access.log", log);
    join(&place).good();
}

#[test]
fn what_is_hostile_in_either_file_is_shown_and_not_obeyed() {
    const HOSTILE: &str = "\u{1b}]0;pwned\u{7}\u{9b}31m\u{202e}\r\nfinding: none";
    let place = Place::new();
    let long = "a".repeat(100_000);
    let record = written(
        &place,
        &json!({ "verdict": HOSTILE, "reason": format!("{HOSTILE}{long}"), "code": "HF-103", "peer": HOSTILE,
                 "identity": [HOSTILE, long], "id": HOSTILE }),
    );
    let request = json!({ "event": "request", "time": "2026-01-01T00:00:00Z", "connection": HOSTILE,
                          "method": HOSTILE, "path": format!("/{HOSTILE}{long}"), "status": HOSTILE });
    place.write("access.log", format!("{record}\n{request}\n"));
    let message = json!({ "ms": 1.0, "from": HOSTILE, "message": HOSTILE });
    let finding = json!({ "code": HOSTILE, "title": HOSTILE, "because": long, "certainty": HOSTILE });
    place.write(
        "client.json",
        json!({ "target": HOSTILE, "handshake": ID, "trace": [message], "findings": [finding] }).to_string(),
    );
    // As in a terminal, or the colours of strangers would be taken out together with ours.
    let mut command = place.handfast("doctor join client.json access.log");
    command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
    let said = found(Ran::new("join", command), "HF-103");
    assert!(said.contains("\u{1b}[1m"), "ours are there: {said}");
    for bad in ["\u{1b}]", "\u{7}", "\u{9b}", "\u{202e}", "\r", "\nfinding: none"] {
        assert!(!said.contains(bad), "{bad:?}: {said:?}");
    }
    assert!(
        said.contains("\\u{1b}]0;pwned\\u{7}\\u{9b}31m\\u{202e}"),
        "{said:?}"
    );
    let longest = said.lines().map(str::len).max();
    assert!(longest < Some(2000), "{longest:?}");
    // Of the client's findings, those that the catalogue does not know are left out.
    place.write("access.log", format!("{}\n", written(&place, &json!({}))));
    place.write(
        "client.json",
        json!({ "target": HOSTILE, "handshake": ID, "trace": [], "findings": [
            { "code": "HF-998" },
            { "code": "HF-301", "side": "client", "because": HOSTILE, "help": HOSTILE },
        ] })
        .to_string(),
    );
    let mut command = place.handfast("doctor join client.json access.log");
    command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
    let said = found(Ran::new("join", command), "HF-301");
    assert!(!said.contains("\u{1b}[31mHF-998"), "{said:?}");
    assert!(!said.contains("\u{1b}]") && !said.contains("\u{9b}"), "{said:?}");
}
