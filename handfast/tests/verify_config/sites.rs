//! Several sites in one configuration: each is tested, or named as not tested.

use super::place;

/// Two sites on one address, a third beside them, and one that nobody is meant to ask for.
const SITES: &str = "http {
ssl_protocols TLSv1.2 TLSv1.3;
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
}
server {
    listen 80;
    return 301 https://$host$request_uri;
}
server {
    listen 443 ssl;
    server_name api.example
        *.api.example;
    MUTUAL
    return 200;
}
server {
    listen 443 ssl;
    server_name open.example;
    ssl_certificate FOLDER/server/tls.crt;
    ssl_certificate_key FOLDER/server/tls.key;
    return 200;
}
server {
    listen 8443 ssl;
    ssl_certificate FOLDER/server/tls.crt;
    ssl_certificate_key FOLDER/server/tls.key;
    ssl_client_certificate FOLDER/server/ca.crt;
    ssl_verify_client optional_no_ca;
    return 200;
}
}
mail {
}
";

/// The sites that let in somebody without a certificate, in TLS 1.3.
fn open_to_anybody(report: &serde_json::Value) -> Vec<(String, Option<String>)> {
    let cells = report["cells"].as_array().expect("cells");
    let is_open = |cell: &&serde_json::Value| {
        cell["certificate"] == "none" && cell["tls"] == "1.3" && cell["accepted"] == true
    };
    let site = |cell: &serde_json::Value| {
        let text = |key: &str| cell[key].as_str().map(str::to_owned);
        (text("at").expect("an address"), text("name"))
    };
    cells.iter().filter(is_open).map(site).collect()
}

#[test]
fn a_hole_is_seen_at_whichever_address_and_name_it_is() {
    let place = place("nginx.conf", SITES);
    let ran = place.run("verify-config nginx.conf --json");
    let report = ran.json();
    let named = |name: &str| Some(name.to_owned());
    let names = [
        None,
        named("api.example"),
        named("*.api.example"),
        named("open.example"),
    ];
    let mut expected = vec![("443".to_owned(), named("open.example"))];
    expected.extend(names.map(|name| ("8443".to_owned(), name)));
    assert_eq!(open_to_anybody(&report), expected, "{report:#}");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    for note in [
        "80 does not speak TLS",
        "443 by any other name is not tested: even the valid client",
        "what stands in mail { } is not tested",
    ] {
        assert!(ran.stderr.contains(note), "{ran:#?}");
        let notes = report["notes"].as_array().expect("notes");
        let has = |found: &serde_json::Value| found.as_str().is_some_and(|found| found.contains(note));
        assert!(notes.iter().any(has), "{report:#}");
    }
    // Sites that do the same are shown once.
    let shown = place.run("verify-config nginx.conf").stdout;
    assert!(
        shown.contains("443 as api.example, 443 as *.api.example\ngood "),
        "{shown}"
    );
    assert_eq!(shown.matches("\nrevoked ").count(), 3, "{shown}");
}

#[test]
fn addresses_of_one_port_are_told_apart() {
    let text = "server {
    listen 10.0.0.1:443 ssl;
    listen [::]:443 ssl ipv6only=on;
    MUTUAL
    ssl_protocols TLSv1.3;
    return 200;
}
server {
    listen 10.0.0.2:443 ssl;
    ssl_certificate FOLDER/server/tls.crt;
    ssl_certificate_key FOLDER/server/tls.key;
    ssl_protocols TLSv1.3;
    return 200;
}
";
    let place = place("nginx.conf", text);
    let ran = place.run("verify-config nginx.conf --json");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert_eq!(open_to_anybody(&ran.json()), [("10.0.0.2:443".to_owned(), None)]);
    let shown = place.run("verify-config nginx.conf --at 443").stdout;
    assert!(shown.contains("10.0.0.1:443, [::]:443\n"), "{shown}");
    let ran = place.run("verify-config nginx.conf --at [::]:443 --json").good();
    assert_eq!(ran.json()["cells"][0]["at"], "[::]:443", "{ran:#?}");
}

#[test]
fn the_site_that_is_asked_for_is_met_alone() {
    let place = place("nginx.conf", SITES);
    let ran = place
        .run("verify-config nginx.conf --at 443 --at api.example --at *.api.example --json")
        .good();
    assert_eq!(open_to_anybody(&ran.json()), [], "{ran:#?}");
    let ran = place.run("verify-config nginx.conf --at 8443 --json");
    assert_eq!((ran.exit, open_to_anybody(&ran.json()).len()), (1, 4), "{ran:#?}");
    let ran = place.run("verify-config nginx.conf --at 80");
    assert_eq!(ran.exit, 3, "{ran:#?}");
    assert!(ran.stderr.contains("the one address speaks no TLS"), "{ran:#?}");
    let ran = place.run("verify-config nginx.conf --at 9443");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(
        ran.stderr
            .contains("there are: 443, 80, 8443, api.example, *.api.example, open.example"),
        "{ran:#?}"
    );
}
