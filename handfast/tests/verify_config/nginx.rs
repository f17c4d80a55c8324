//! nginx: its web part, its streams, and what a whole machine has around them.

use super::{place, strangers};

const NGINX: &str = "# listen 1;
server {
    listen 80;
    return 301 https://$host$request_uri;
}
server {
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name api.example;
    ssl_certificate FOLDER/server/tls.crt;
    ssl_certificate_key \"FOLDER/server/tls.key\";
    ssl_client_certificate server/ca.crt;
    ssl_crl list.crl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_verify_client on;
    ssl_verify_depth 3;
    location / { proxy_pass http://127.0.0.1:1; }
}
";

#[test]
fn a_good_configuration_of_nginx_lets_in_whom_it_should_and_is_not_touched() {
    let place = place("api.conf", NGINX);
    let before = (place.read("api.conf"), place.names());
    let ran = place.run("verify-config api.conf --target nginx --json").good();
    assert!(!ran.stderr.contains("HF-610"), "{ran:#?}");
    let report = ran.json();
    assert_eq!(report["wrongly_accepted"], 0, "{report:#}");
    assert_eq!(report["wrongly_rejected"], 0, "{report:#}");
    assert_eq!((place.read("api.conf"), place.names()), before);
}

#[test]
fn a_certificate_of_anybody_is_seen_to_come_in() {
    let text = NGINX.replace("ssl_verify_client on", "ssl_verify_client optional_no_ca");
    let place = place("nginx-api.conf", &text);
    let ran = place.run("verify-config nginx-api.conf --json");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let report = ran.json();
    let cells = report["cells"].as_array().expect("cells");
    let is_in = |fixture: &str| {
        cells
            .iter()
            .any(|cell| cell["certificate"] == fixture && cell["tls"] == "1.3" && cell["accepted"] == true)
    };
    assert!(is_in("other-ca") && is_in("none"), "{report:#}");
    assert!(ran.stderr.contains("next: handfast doctor config"), "{ran:#?}");
}

#[test]
fn a_configuration_without_a_revocation_list_is_good_with_a_note_unless_revocation_is_demanded() {
    let place = place("nginx.conf", &NGINX.replace("    ssl_crl list.crl;\n", ""));
    let ran = place.run("verify-config nginx.conf").good();
    assert!(
        ran.stdout
            .lines()
            .any(|line| line.starts_with("revoked") && line.contains("accepted")),
        "{ran:#?}"
    );
    assert!(
        ran.stderr.contains("names no revocation list") && ran.stderr.contains("handfast explain HF-610"),
        "{ran:#?}"
    );
    let ran = place.run("verify-config nginx.conf --require revocation --json");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let report = ran.json();
    assert_eq!(report["good"], false, "{report:#}");
    let wrong = report["wrongly_accepted"].as_u64();
    assert!(wrong.is_some_and(|wrong| wrong > 0), "{report:#}");
    // The doctor says the same of it.
    let ran = place.run("doctor config nginx.conf --json");
    let report = ran.json();
    let says = |word: &str| report.to_string().contains(word);
    assert!(
        says("names no revocation list (CRL)") && !says("\"code\":\"HF-610\""),
        "{report:#}"
    );
    let ran = place.run("doctor config nginx.conf --require revocation --json");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let findings = ran.json()["findings"].clone();
    assert_eq!(
        (&findings[0]["code"], &findings[0]["certainty"]),
        (&"HF-610".into(), &"certain".into())
    );
}

#[test]
fn a_revocation_list_that_is_named_and_not_checked_is_a_fault() {
    let text = "Listen 443\n<VirtualHost *:443>\n  SSLEngine on\n  SSLCertificateFile FOLDER/server/tls.crt\n  \
                SSLCertificateKeyFile FOLDER/server/tls.key\n  SSLCACertificateFile FOLDER/server/ca.crt\n  SSLVerifyClient require\n  \
                SSLVerifyDepth 3\n  SSLCARevocationFile FOLDER/list.crl\n</VirtualHost>\n";
    let place = place("httpd.conf", text);
    let ran = place.run("verify-config httpd.conf");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(
        ran.stderr.contains("although the configuration names"),
        "{ran:#?}"
    );
    assert!(ran.stdout.contains("ACCEPTED!"), "{ran:#?}");
    place.write(
        "checked.conf",
        place
            .read("httpd.conf")
            .replace("list.crl\n", "list.crl\n  SSLCARevocationCheck chain\n"),
    );
    place.run("verify-config checked.conf --target apache").good();
}

#[test]
fn a_version_that_it_does_not_speak_is_said_and_counts_for_nothing() {
    let place = place("nginx.conf", &NGINX.replace("TLSv1.2 TLSv1.3", "TLSv1.2"));
    let ran = place.run("verify-config nginx.conf").good();
    assert!(ran.stderr.contains("note: it speaks no TLS 1.3"), "{ran:#?}");
    assert!(!ran.stdout.contains("REJECTED!"), "{ran:#?}");
}

#[test]
fn a_depth_that_is_too_small_is_seen_to_keep_good_clients_out() {
    let place = place(
        "nginx.conf",
        &NGINX.replace("ssl_verify_depth 3", "ssl_verify_depth 1"),
    );
    let ran = place.run("verify-config nginx.conf").good();
    assert!(
        ran.stdout
            .lines()
            .any(|line| line.starts_with("deep") && line.contains("REJECTED!")),
        "{ran:#?}"
    );
}

#[test]
fn the_whole_of_a_machine_s_nginx_is_met_with_what_it_includes() {
    let whole = "user nobody;
worker_processes auto;
pid FOLDER/real.pid;
error_log FOLDER/real.log;
events { worker_connections 64; }
http {
    include mime.types;
    access_log FOLDER/access.log
        combined;
    client_body_temp_path FOLDER/body;
    proxy_cache_path FOLDER/cache keys_zone=some:1m;
    server {
        listen unix:FOLDER/real.sock;
    }
    include sites/*.conf;
}
";
    let place = place("nginx.conf", whole);
    place.write("mime.types", "types {\n    text/html html;\n}\n");
    std::fs::create_dir(place.path("sites")).expect("a folder");
    let folder = place.path("").display().to_string();
    let site = NGINX.replace("FOLDER", folder.trim_end_matches('/'));
    place.write("sites/api.conf", &site);
    let before = place.names();
    let report = place.run("verify-config nginx.conf --json").good().json();
    assert_eq!(report["wrongly_rejected"], 0, "{report:#}");
    assert_eq!(place.names(), before, "neither a log nor a process id is written");
    place.write(
        "sites/api.conf",
        site.replace("ssl_verify_client on", "ssl_verify_client optional"),
    );
    assert_eq!(strangers(&place, "nginx.conf"), ["none"]);
}

#[test]
fn a_stream_of_nginx_is_met_with_the_modules_that_it_needs() {
    let text = "load_module modules/ngx_stream_module.so;
events {
}
stream {
    upstream databases {
        server 10.0.0.1:5432 max_fails=0;
    }
    error_log FOLDER/real.log;
    map $remote_addr $backend {
        default 10.0.0.1:6000;
    }
    server {
        listen 5432 ssl;
        ssl_protocols TLSv1.2 TLSv1.3;
        MUTUAL
        proxy_pass databases;
    }
    server {
        listen 6000;
        return hello;
    }
    server {
        listen 7000;
        proxy_pass $backend;
    }
}
";
    let place = place("nginx.conf", text);
    let before = place.names();
    let ran = place.run("verify-config nginx.conf --json").good();
    assert_eq!(ran.json()["wrongly_rejected"], 0, "{ran:#?}");
    assert_eq!(place.names(), before, "no log is written");
    for note in [
        "6000 does not speak TLS",
        "7000 is not tested: it closes whatever comes",
    ] {
        assert!(ran.stderr.contains(note), "{ran:#?}");
    }
    let text = place.read("nginx.conf");
    place.write(
        "nginx.conf",
        text.replace("ssl_verify_client on", "ssl_verify_client optional"),
    );
    assert_eq!(strangers(&place, "nginx.conf"), ["none"]);
    // In the web part and beside it at once.
    let web = NGINX.replace(
        "FOLDER",
        place.path("").display().to_string().trim_end_matches('/'),
    );
    place.write("nginx.conf", format!("{text}http {{\n{web}}}\n"));
    let ran = place.run("verify-config nginx.conf --json").good();
    let report = ran.json();
    let cells = report["cells"].as_array().expect("cells");
    for at in ["443", "5432"] {
        assert!(cells.iter().any(|cell| cell["at"] == at), "{at}: {ran:#?}");
    }
}
