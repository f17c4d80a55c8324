//! Proxies beside nginx: Apache, HAProxy, Envoy, Caddy and stunnel.

use super::{place, revoked_alone, strangers};

#[test]
fn a_virtual_host_of_apache_is_opened_where_another_file_says_listen() {
    let place = place(
        "apache-api.conf",
        "<VirtualHost *:443>\n  SSLEngine on\n  SSLCertificateFile FOLDER/server/tls.crt\n  SSLCertificateKeyFile \
         FOLDER/server/tls.key\n  SSLCACertificateFile FOLDER/server/ca.crt\n  SSLVerifyClient require\n  SSLVerifyDepth 3\n  \
         SSLCARevocationFile FOLDER/list.crl\n  SSLCARevocationCheck chain\n</VirtualHost>\n",
    );
    let ran = place.run("verify-config apache-api.conf --json");
    // Without a site behind it every good client is answered 403, which cannot be told from a refusal.
    assert!(
        ran.exit == 0 || ran.stderr.contains("even the good client"),
        "{ran:#?}"
    );
}

#[test]
fn the_whole_of_a_machine_s_apache_is_met_with_what_it_includes() {
    let whole = "ServerRoot FOLDER
PidFile ${APACHE_PID_FILE}
User nobody
ErrorLog FOLDER/real.log
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
IncludeOptional mods/*.load
Include ports.conf
<Directory />
  Require all granted
</Directory>
IncludeOptional sites/*.conf
IncludeOptional nothing/*.conf
";
    let place = place("apache2.conf", whole);
    for folder in ["mods", "sites", "www"] {
        std::fs::create_dir(place.path(folder)).expect("a folder");
    }
    place.write("www/index.html", "hello\n");
    place.write("ports.conf", "Listen 80\nListen 443\n");
    place.write(
        "mods/some.load",
        "LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so\nLoadModule ssl_module \
         /usr/lib/apache2/modules/mod_ssl.so\n",
    );
    let folder = place.path("").display().to_string();
    let site = "<VirtualHost *:443>\n  DocumentRoot FOLDER/www\n  CustomLog FOLDER/access.log combined\n  SSLEngine on\n  \
                SSLCertificateFile FOLDER/server/tls.crt\n  SSLCertificateKeyFile FOLDER/server/tls.key\n  \
                SSLCACertificateFile FOLDER/server/ca.crt\n  SSLVerifyClient require\n  SSLVerifyDepth 3\n  \
                SSLCARevocationFile FOLDER/list.crl\n  SSLCARevocationCheck chain\n</VirtualHost>\n"
        .replace("FOLDER", folder.trim_end_matches('/'));
    place.write("sites/api.conf", &site);
    place.shell("chmod -R a+rX .").good();
    let before = place.names();
    let report = place.run("verify-config apache2.conf --json").good().json();
    assert_eq!(report["wrongly_rejected"], 0, "{report:#}");
    assert_eq!(place.names(), before, "neither a log nor a process id is written");
    place.write(
        "sites/api.conf",
        site.replace("SSLVerifyClient require", "SSLVerifyClient optional"),
    );
    assert_eq!(strangers(&place, "apache2.conf"), ["none"]);
}

#[test]
fn haproxy_is_met_with_files_and_with_folders_of_certificates() {
    let place = place(
        "haproxy.cfg",
        "defaults\n  mode http\n  retries 0\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\nfrontend api\n  bind 10.0.0.1:8443,10.0.0.2:8443 ssl \
         crt FOLDER/pair.pem ca-file FOLDER/server/ca.crt verify required crl-file FOLDER/list.crl\n  default_backend \
         api\nbackend api\n  server api 127.0.0.1:1\n",
    );
    let pair = place.read("server/tls.crt") + &place.read("server/tls.key");
    place.write("pair.pem", pair);
    let report = place.run("verify-config haproxy.cfg --json").good().json();
    assert_eq!(
        (&report["wrongly_accepted"], &report["wrongly_rejected"]),
        (&0.into(), &0.into()),
        "{report:#}"
    );
    // As HAProxy takes them, too: a folder of certificates, each with its key.
    std::fs::create_dir(place.path("certs")).expect("a folder");
    place.write("certs/site.pem", place.read("pair.pem"));
    let text = place.read("haproxy.cfg").replace("pair.pem", "certs/");
    let text = text.replace(" verify required", " verify optional");
    place.write(
        "haproxy.cfg",
        format!(
            "global\n  stats socket {0}/real.sock\n  pidfile {0}/real.pid\n{text}",
            place.path("").display()
        ),
    );
    assert_eq!(strangers(&place, "haproxy.cfg"), ["none"]);
    assert!(!place.path("real.sock").exists() && !place.path("real.pid").exists());
}

#[test]
fn envoy_is_met_with_the_certificate_in_its_own_file() {
    let place = place("none", "");
    let out = "setup envoy --cert server/tls.crt --key server/tls.key --ca server/ca.crt --listen 0.0.0.0:9443 --out envoy";
    place.run(out).good();
    let text = place.read("envoy/envoy.yaml");
    // The certificate in the file itself, as most write it.
    let sds = text.find("            tls_certificate_sds").expect("a secret");
    let end = text.find("            validation_context").expect("its end");
    let inline = "            tls_certificates:\n            - certificate_chain: { filename: server/tls.crt }\n              \
                  private_key: { filename: server/tls.key }\n";
    place.write("envoy.yaml", format!("{}{inline}{}", &text[..sds], &text[end..]));
    // Nothing says which certificates were revoked, and nobody asks for it.
    let ran = place.run("verify-config envoy.yaml --json").good();
    assert!(ran.stderr.contains("names no revocation list"), "{ran:#?}");
    assert_eq!(ran.json()["wrongly_accepted"], 0, "{ran:#?}");
}

#[test]
fn a_caddyfile_is_met_at_the_sites_that_it_has() {
    let text = "{
    admin localhost:2019
    email a@example.com
}
(secured) {
    tls FOLDER/server/tls.crt FOLDER/server/tls.key {
        client_auth {
            mode require_and_verify
            trust_pool file FOLDER/server/ca.crt
        }
    }
}
http://api.example {
    redir https://api.example{uri}
}
api.example, www.example:8443 {
    import secured
    log {
        output file FOLDER/access.log
    }
    respond hello
}
";
    let place = place("Caddyfile", text);
    let before = place.names();
    revoked_alone(&place, "Caddyfile");
    assert_eq!(place.names(), before, "no log is written");
    let text = place.read("Caddyfile");
    place.write(
        "Caddyfile",
        text.replace("mode require_and_verify", "mode request"),
    );
    assert!(strangers(&place, "Caddyfile").contains(&"none".to_owned()));
    // A single site needs no braces.
    let folder = place.path("").display().to_string();
    let site = "api.example\n\ntls FOLDER/server/tls.crt FOLDER/server/tls.key {\n  client_auth {\n    mode \
                require_and_verify\n    trust_pool file FOLDER/server/ca.crt\n  }\n}\nrespond hello\n";
    place.write(
        "small.caddyfile",
        site.replace("FOLDER", folder.trim_end_matches('/')),
    );
    revoked_alone(&place, "small.caddyfile");
}

#[test]
fn stunnel_is_met_in_the_service_that_speaks_tls() {
    let text = "pid = /run/stunnel-real.pid\nsetuid = nobody\noutput = FOLDER/real.log\n[plain]\nclient = yes\naccept = \
                127.0.0.1:7000\nconnect = 10.0.0.1:7001\n[api]\naccept = 8443\nconnect = 10.0.0.1:80\ncert = \
                FOLDER/server/tls.crt\nkey = FOLDER/server/tls.key\nCAfile = FOLDER/server/ca.crt\nCRLfile = \
                FOLDER/list.crl\nverifyChain = yes\nrequireCert = yes\n";
    let place = place("stunnel.conf", text);
    let before = place.names();
    assert_eq!(strangers(&place, "stunnel.conf"), [""; 0]);
    assert_eq!(place.names(), before, "no log is written");
    let text = place.read("stunnel.conf");
    place.write(
        "stunnel.conf",
        text.replace("requireCert = yes\n", "")
            .replace("verifyChain = yes\n", ""),
    );
    assert!(strangers(&place, "stunnel.conf").contains(&"none".to_owned()));
}
