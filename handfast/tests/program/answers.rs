//! An answer in JSON of every command: good ones, refusals, and what a wrong command line gives.

use std::{fs, os::unix::fs::PermissionsExt};

use handfast_pki::{KeyKind, PrivateKey};
use handfast_testkit::factorable;

use super::{
    Place, Ran,
    caller::Call,
    daemon::{Daemon, configuration},
    pki::{DOOR, cast},
    service::{Service, closed_port},
};

const CLIENT: &str = "--ca web/ca.crt --cert web/tls.crt --key web/tls.key";
const NGINX: &str = "events {}\nhttp {\n  server {\n    listen 443 ssl;\n    ssl_certificate server/tls.crt;\n    \
                     ssl_certificate_key server/tls.key;\n    ssl_client_certificate server/ca.crt;\n    \
                     ssl_verify_client optional;\n  }\n}\n";

/// With the exit code that each must have. They run in this order, in a place that [`set`] has made.
const LINES: &[(i32, &str)] = &[
    (0, "--version"),
    (0, "init --name Acme"),
    (2, "init --name Acme"),
    (2, "init --dir nowhere"),
    (0, "issue server --dns localhost --out own"),
    (
        0,
        "issue client --uri spiffe://acme/own --out own-client --p12 own.p12",
    ),
    (2, "issue server --dns localhost --out own"),
    (0, "csr --dns web.example --organization Acme --out wished"),
    (2, "csr --out other"),
    (0, "sign wish.csr server --dns localhost --out wish.crt"),
    (2, "sign missing.csr server --dns localhost --out other.crt"),
    (0, "ca list"),
    (0, "ca list --identity uri:spiffe://acme/none"),
    (2, "ca list --dir nowhere"),
    (0, "ca show own/tls.crt"),
    (1, "ca show 4711"),
    (0, "ca journal --since 1h"),
    (0, "ca profiles"),
    (0, "ca requests"),
    (0, "ca clock"),
    (2, "ca approve 4711 --out other.crt"),
    (1, "needs-renewal own/tls.crt"),
    (0, "needs-renewal own/tls.crt --before 400d"),
    (2, "needs-renewal missing"),
    (0, "renew --cert own/tls.crt --new-key --exec true"),
    (0, "ca revoke own/tls.crt --dry-run"),
    (2, "ca revoke own/tls.crt"),
    (0, "ca revoke own/tls.crt --yes"),
    (1, "ca revoke --identity uri:spiffe://acme/none --yes"),
    (2, "renew --cert own/tls.crt"),
    (0, "ca crl --out ca.crl"),
    (0, "bench ca --callers 2 --seconds 1 --sync-delay 1ms --fill 300"),
    (2, "bench ca --dir handfast"),
    (0, "ca set --out ca.set"),
    (0, "ca issuer ocsp-signer"),
    (0, "ca ocsp --out answers"),
    (1, "ca ocsp --respond ca.set --out refused.der"),
    (0, "ca audit verify"),
    (0, "ca audit checkpoint --out kept.txt"),
    (0, "ca audit verify --since kept.txt"),
    (0, "ca audit prove own/tls.crt --out own.tlog-proof"),
    (1, "ca audit prove 4711"),
    (0, "ca audit check own.tlog-proof --log-key handfast/audit.pub"),
    (0, "ca audit check kept.txt"),
    (1, "ca audit check kept.txt --log-key nothing"),
    (0, "ca export --since 1d --out export.json"),
    (0, "ca audit check export.json"),
    (0, "ca issuer list"),
    (0, "ca check"),
    (1, "ca check --dir nowhere"),
    (0, "ca backup --out own.backup --passphrase-file phrase"),
    (2, "ca backup --out own.backup"),
    (0, "ca restore own.backup --passphrase-file phrase --dir restored"),
    (2, "ca restore said.log --dir other"),
    (0, "ca reconcile own/tls.crt ca.crl --dir restored"),
    (2, "ca reconcile"),
    (0, "ca key encrypt --passphrase-file phrase --dir restored"),
    (2, "ca key decrypt --dir restored"),
    (0, "ca key decrypt"),
    (0, "ca issuer add --name other --csr other.csr"),
    (0, "ca root sign other.csr --root handfast --out other.crt"),
    (0, "ca issuer add --cert other.crt"),
    (0, "ca issuer retire other"),
    (2, "ca issuer retire unknown"),
    (0, "ca rotate"),
    (0, "ca rotate --status"),
    (2, "ca rotate --finish"),
    (0, "ca root export --to exported"),
    (2, "ca rotate --root"),
    (0, "ca rotate --root --root-at exported"),
    (0, "init --name Beta --dir beta"),
    (0, "ca cross-sign beta/root.crt --out crossed.crt"),
    (0, "inspect server/tls.crt"),
    (0, "inspect server/tls.key"),
    (0, "inspect wish.csr"),
    (0, "inspect own.p12"),
    (2, "inspect missing"),
    (3, "inspect https://localhost:{closed}"),
    (0, "inspect https://localhost:{proxy}"),
    (0, "verify server/tls.crt --ca server/ca.crt --host localhost"),
    (5, "verify server/tls.crt --ca server/ca.crt --host other.example"),
    (5, "verify stranger/tls.crt --ca server/ca.crt"),
    (2, "verify missing --ca server/ca.crt"),
    (0, "convert web/tls.crt --key web/tls.key --to p12 --out web.p12"),
    (2, "convert missing --to pem --out other.pem"),
    (
        0,
        "trust install --ca server/ca.crt --for curl --curlrc curlrc --dir trusted",
    ),
    (
        0,
        "trust remove --ca server/ca.crt --for curl --curlrc curlrc --dir trusted --dry-run",
    ),
    (
        2,
        "trust install --ca missing --for curl --curlrc curlrc --dir trusted",
    ),
    (0, "env"),
    (
        0,
        "env --for psql --cert web/tls.crt --key web/tls.key --ca web/ca.crt",
    ),
    (2, "env --for java --cert web/tls.crt --key web/tls.key"),
    (0, "get https://localhost:{proxy}/ {client}"),
    (
        0,
        "policy explain --config rules.toml --identity uri:spiffe://acme/web",
    ),
    (1, "policy explain --config rules.toml --anonymous"),
    (0, "policy test cases.toml --config rules.toml"),
    (2, "policy test missing.toml --config rules.toml"),
    (
        1,
        "policy diff rules.toml other-rules.toml --identity uri:spiffe://acme/web",
    ),
    (2, "policy diff rules.toml"),
    (1, "readiness observed.log"),
    (3, "readiness cases.toml"),
    (0, "clients --admin {admin}"),
    (1, "clients --admin {admin} --expiring 4000d"),
    (3, "clients --admin 127.0.0.1:{closed}"),
    (2, "clients --admin 192.0.2.1:9443"),
    (0, "health --admin {admin}"),
    (0, "health --live --admin {admin}"),
    (3, "health --admin 127.0.0.1:{closed}"),
    (4, "get https://localhost:{proxy}/ --ca web/ca.crt"),
    (5, "get https://localhost:{proxy}/ --ca stranger/ca.crt"),
    (3, "get https://localhost:{closed}/ --ca web/ca.crt"),
    (2, "get http://localhost:{closed}/ --ca web/ca.crt"),
    (0, "setup list"),
    (0, "setup show nginx"),
    (2, "setup show nowhere"),
    (0, "setup certificates"),
    (
        0,
        "setup nginx --cert own/tls.crt --key own/tls.key --ca own/ca.crt",
    ),
    (
        0,
        "setup nginx --cert own/tls.crt --key own/tls.key --ca own/ca.crt --out nginx",
    ),
    (
        2,
        "setup nginx --cert stranger/tls.crt --key own/tls.key --ca own/ca.crt",
    ),
    (2, "setup verify nowhere"),
    (2, "verify-config missing.conf"),
    (0, "doctor localhost:{proxy} {client}"),
    (1, "doctor localhost:{proxy} --ca web/ca.crt"),
    (3, "doctor localhost:{closed} --ca web/ca.crt"),
    (0, "doctor --client-files web"),
    (0, "doctor what-if --client web --server server"),
    (1, "doctor what-if --client stranger --server server"),
    (1, "doctor text said.log"),
    (3, "doctor text server/tls.crt"),
    (1, "doctor config nginx.conf"),
    (2, "doctor config bad.conf"),
    (2, "doctor pcap said.log"),
    (0, "doctor posture localhost:{proxy} {client}"),
    (3, "doctor posture localhost:{closed} {client}"),
    (1, "doctor join client.json access.log"),
    (2, "doctor join missing access.log"),
    (0, "lab list"),
    (2, "lab list HF-000"),
    (0, "explain"),
    (0, "explain HF-103"),
    (2, "explain HF-998"),
    (0, "check --config handfast.toml"),
    (1, "check --config bad.toml"),
    (2, "proxy --config bad.toml"),
    (2, "proxy --listen nowhere"),
    (2, "tunnel --listen nowhere --to localhost:1 {client}"),
    (0, "completions bash"),
    (0, "man --out man"),
    (0, "schema"),
    (0, "schema doctor"),
    (2, "schema nowhere"),
    (0, "quickstart --once --dir quick"),
];

/// The commands that `help` lists, those below others included.
pub(crate) fn commands(place: &Place, above: &str) -> Vec<String> {
    let help = place.run(&format!("{above} --help")).good().stdout;
    let listed = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // A name is indented by two; what goes on with a description by more.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    let names: Vec<String> = listed
        .map(|name| format!("{above} {name}").trim().to_owned())
        .collect();
    let below: Vec<String> = names.iter().flat_map(|name| commands(place, name)).collect();
    names.into_iter().chain(below).collect()
}

/// What stands behind the lines: files of every kind, and a running proxy with its log.
struct Scene {
    proxy: Daemon,
    _service: Service,
}

fn set(place: &Place) -> Scene {
    cast(place);
    // As a command would have written them.
    for folder in ["server", "web", "api", "stranger"] {
        let owner = fs::Permissions::from_mode(0o600);
        fs::set_permissions(place.path(&format!("{folder}/tls.key")), owner).expect("it is ours");
    }
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    place.write("wish.csr", factorable::request(&key));
    place.write("phrase", "open sesame\n");
    place.write("said.log", "curl: (56) tlsv1 alert unknown ca\n");
    place.write("nginx.conf", NGINX);
    place.write("bad.conf", "events {}\nhttp {\n  server { listen 443 ssl;\n");
    let service = Service::hello();
    place.write("handfast.toml", configuration(&service.url(), ""));
    let bad = "[proxy]\nlisten = \"nowhere\"\nto = \"ftp://x\"\nkey = 5\nallow = [\"everybody\"]\n";
    place.write("bad.toml", bad);
    place.write("rules.toml", configuration("http://127.0.0.1:9", ""));
    let others = configuration("http://127.0.0.1:9", "allow = [\"uri:spiffe://acme/api\"]");
    place.write("other-rules.toml", others);
    let cases = "[[case]]\nidentity = \"uri:spiffe://acme/web\"\nexpected = \"allow\"\n";
    place.write("cases.toml", cases);
    place.write(
        "observed.log",
        "{\"event\":\"connection\",\"time\":\"2026-11-20T12:00:00Z\",\"id\":1,\"peer\":\"192.0.2.7:1\",\"verdict\":\"refused\",\
         \"code\":\"HF-101\",\"reason\":\"no certificate was sent\",\"duration_ms\":1}\n",
    );
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web --log requests --admin 127.0.0.1:0 --json",
        service.url()
    ));
    let denied = format!(
        "get https://localhost:{}/ --ca api/ca.crt --cert api/tls.crt --key api/tls.key --json",
        proxy.port
    );
    let client = place.run(&denied);
    assert_eq!(client.exit, 4, "{client:#?}");
    place.write("client.json", &client.stdout);
    proxy.connection(1);
    place.write("access.log", proxy.stdout());
    Scene {
        proxy,
        _service: service,
    }
}

impl Place {
    /// Runs the line with `--json`.
    fn ask(&self, line: &str) -> Ran {
        self.run(&format!("{line} --json"))
    }
}

/// The answers of every command, and the lines of a log. Each has ended with the exit code that it must have.
pub(crate) fn all(place: &Place) -> (Vec<Ran>, Vec<serde_json::Value>) {
    let scene = set(place);
    let closed = closed_port();
    let mut answers = Vec::new();
    for (exit, line) in LINES {
        let line = line
            .replace("{proxy}", &scene.proxy.port.to_string())
            .replace("{admin}", &scene.proxy.admin())
            .replace("{closed}", &closed.to_string())
            .replace("{client}", CLIENT);
        let ran = place.ask(&line);
        assert_eq!(ran.exit, *exit, "{ran:#?}");
        answers.push(ran);
    }
    answers.extend(decided(place));
    answers.push(listened(place));
    answers.push(case(place));
    for command in commands(place, "") {
        let help = place.ask(&format!("{command} --help")).good();
        let misuse = place.ask(&format!("{command} --no-such-flag"));
        assert_eq!(misuse.exit, 2, "{misuse:#?}");
        answers.extend([help, misuse]);
    }
    let log = scene.proxy.log();
    (answers, log)
}

/// A request that waits, is listed, and turned down.
fn decided(place: &Place) -> [Ran; 3] {
    place.write(
        "handfast/ca.toml",
        "[profile.admin]\nlike = \"client\"\napprover = [\"another\"]\n",
    );
    let waits = place.ask("issue admin --email me@acme.example --out waiting");
    assert_eq!(waits.exit, 1, "{waits:#?}");
    let listed = place.ask("ca requests").good();
    let id = listed.json()["requests"][0]["id"]
        .as_str()
        .expect("a number")
        .to_owned();
    [
        waits,
        listed,
        place.ask(&format!("ca approve {id} --deny")).good(),
    ]
}

/// What `doctor listen` says of a client.
fn listened(place: &Place) -> Ran {
    let line = "doctor listen 127.0.0.1:0 --once --client-ca server/ca.crt --cert server/tls.crt --key server/tls.key --json";
    let server = place.open(line);
    let _ = Call::of(place, "web").get(server.port);
    let left = server.end();
    Ran {
        line: line.into(),
        exit: left.exit,
        stdout: left.stdout,
        stderr: left.stderr,
    }
}

/// A case of the lab that needs no program of others.
fn case(place: &Place) -> Ran {
    let listed = place.ask("lab list").json();
    let cases = listed["cases"].as_array().expect("cases");
    let bare = cases.iter().find(|case| case["needs"] == serde_json::json!([]));
    let name = bare.expect("a case of files alone")["case"]
        .as_str()
        .expect("a name");
    place.ask(&format!("lab run {name}")).good()
}
