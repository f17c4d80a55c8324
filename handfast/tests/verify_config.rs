//! Configurations that the user wrote, run on loopback and met by the fixtures.

mod program;

#[path = "verify_config/nginx.rs"]
mod nginx;
#[path = "verify_config/proxies.rs"]
mod proxies;
#[path = "verify_config/services.rs"]
mod services;
#[path = "verify_config/sites.rs"]
mod sites;
#[path = "verify_config/whole.rs"]
mod whole;

use program::Place;

/// What makes a server of nginx ask for certificates and look up the revoked; `MUTUAL` in a text.
const MUTUAL: &str = "ssl_certificate FOLDER/server/tls.crt;
    ssl_certificate_key FOLDER/server/tls.key;
    ssl_client_certificate FOLDER/server/ca.crt;
    ssl_crl FOLDER/list.crl;
    ssl_verify_client on;
    ssl_verify_depth 3;";

/// A place with a server's files, a revocation list, and the service's configuration `text` in `name`.
fn place(name: &str, text: &str) -> Place {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    // What the list says is of no matter: it is exchanged for one of the fixtures.
    let crl = "openssl ecparam -name prime256v1 -genkey -noout -out root.key && openssl req -x509 -new -key root.key -subj \
               /CN=Root -out root.crt && touch index && printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\n' > ca.conf && \
               openssl ca -gencrl -config ca.conf -keyfile root.key -cert root.crt -md sha256 -crldays 9 -out list.crl \
               2>/dev/null";
    place.shell(crl).good();
    let folder = place.path("").display().to_string();
    place.write(
        name,
        text.replace("MUTUAL", MUTUAL)
            .replace("FOLDER", folder.trim_end_matches('/')),
    );
    place
}

/// What `verify-config` says of `file`, where the revoked alone may come in, or nobody.
fn revoked_alone(place: &Place, file: &str) {
    let ran = place.run(&format!("verify-config {file} --json"));
    let report = ran.json();
    let Some(cells) = report["cells"].as_array() else {
        panic!("{ran:#?}");
    };
    let strangers: Vec<&str> = cells
        .iter()
        .filter(|cell| cell["accepted"] == true && cell["must_reject"] == true)
        .filter_map(|cell| cell["certificate"].as_str())
        .filter(|fixture| !["revoked", "rsa-1024"].contains(fixture))
        .collect();
    assert_eq!(strangers, [""; 0], "{report:#}");
    let has = |is_in: bool| cells.iter().any(|cell| cell["accepted"] == is_in);
    assert!(has(true) && has(false), "{report:#}");
}

/// Whom `verify-config` sees come in that should not.
fn strangers(place: &Place, file: &str) -> Vec<String> {
    let ran = place.run(&format!("verify-config {file} --json"));
    let report = ran.json();
    let Some(cells) = report["cells"].as_array() else {
        panic!("{ran:#?}");
    };
    let mut names: Vec<String> = cells
        .iter()
        .filter(|cell| cell["accepted"] == true && cell["must_reject"] == true)
        .map(|cell| cell["certificate"].as_str().expect("a name").to_owned())
        .collect();
    names.dedup();
    let has_other = names.iter().any(|name| name != "revoked");
    let wrong = report["wrongly_accepted"].as_u64().expect("a number");
    assert!(wrong > 0 || !has_other, "{report:#}");
    assert_eq!(ran.exit, i32::from(wrong > 0), "{ran:#?}");
    names
}

#[test]
fn what_cannot_be_tried_is_refused_with_the_reason() {
    let place = place("some.conf", "hello\n");
    let ran = place.run("verify-config some.conf");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("it cannot be told whose"), "{ran:#?}");
    place.write(
        "site.conf",
        "server {\n  listen 443 ssl;\n  ssl_certificate /nowhere/tls.crt;\n}\n",
    );
    let ran = place.run("verify-config site.conf --target nginx");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(
        ran.stderr.contains("names no certificate that can be read"),
        "{ran:#?}"
    );
    place.write("site.conf", "server {\n  server_name a;\n}\n");
    let ran = place.run("verify-config site.conf --target nginx");
    assert!(ran.stderr.contains("says nowhere where to listen"), "{ran:#?}");
    let ran = place.run("verify-config site.conf --target curl");
    assert_eq!(ran.exit, 2, "{ran:#?}");
}
