//! Configurations that the user wrote, run on loopback and met by the zoo.

mod program;

use program::Place;

/// A place with a server's files, a revocation list, and the service's configuration `text` in `name`.
fn place(name: &str, text: &str) -> Place {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    // What the list says is of no matter: it is exchanged for one of the zoo.
    let crl = "openssl ecparam -name prime256v1 -genkey -noout -out root.key && openssl req -x509 -new -key root.key -subj \
               /CN=Root -out root.crt && touch index && printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\n' > ca.conf && \
               openssl ca -gencrl -config ca.conf -keyfile root.key -cert root.crt -md sha256 -crldays 9 -out list.crl \
               2>/dev/null";
    place.shell(crl).good();
    let folder = place.path("").display().to_string();
    place.write(name, text.replace("FOLDER", folder.trim_end_matches('/')));
    place
}

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
    let report = ran.json();
    assert_eq!(report["wrongly_in"], 0, "{report:#}");
    assert_eq!(report["wrongly_out"], 0, "{report:#}");
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
    let is_in = |animal: &str| {
        cells
            .iter()
            .any(|cell| cell["animal"] == animal && cell["tls"] == "1.3" && cell["in"] == true)
    };
    assert!(is_in("other-ca") && is_in("none"), "{report:#}");
    assert!(ran.stderr.contains("next: handfast doctor config"), "{ran:#?}");
}

#[test]
fn a_configuration_without_its_revocation_list_is_seen_to_let_the_revoked_in() {
    let place = place("nginx.conf", &NGINX.replace("    ssl_crl list.crl;\n", ""));
    let ran = place.run("verify-config nginx.conf");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(
        ran.stdout
            .lines()
            .any(|line| line.starts_with("revoked") && line.contains("IN!")),
        "{ran:#?}"
    );
}

#[test]
fn a_version_that_it_does_not_speak_is_said_and_counts_for_nothing() {
    let place = place("nginx.conf", &NGINX.replace("TLSv1.2 TLSv1.3", "TLSv1.2"));
    let ran = place.run("verify-config nginx.conf").good();
    assert!(ran.stderr.contains("note: it speaks no TLS 1.3"), "{ran:#?}");
    assert!(!ran.stdout.contains("OUT!"), "{ran:#?}");
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
            .any(|line| line.starts_with("deep") && line.contains("OUT!")),
        "{ran:#?}"
    );
}

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
    ssl_certificate FOLDER/server/tls.crt;
    ssl_certificate_key FOLDER/server/tls.key;
    ssl_client_certificate FOLDER/server/ca.crt;
    ssl_crl FOLDER/list.crl;
    ssl_verify_client on;
    ssl_verify_depth 3;
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
    let is_open =
        |cell: &&serde_json::Value| cell["animal"] == "none" && cell["tls"] == "1.3" && cell["in"] == true;
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
        "80 speaks no TLS",
        "443 by any other name is not met: even the good client",
        "what stands in mail { } is not met",
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
    ssl_certificate FOLDER/server/tls.crt;
    ssl_certificate_key FOLDER/server/tls.key;
    ssl_client_certificate FOLDER/server/ca.crt;
    ssl_crl FOLDER/list.crl;
    ssl_protocols TLSv1.3;
    ssl_verify_client on;
    ssl_verify_depth 3;
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
        ssl_certificate FOLDER/server/tls.crt;
        ssl_certificate_key FOLDER/server/tls.key;
        ssl_client_certificate FOLDER/server/ca.crt;
        ssl_crl FOLDER/list.crl;
        ssl_verify_client on;
        ssl_verify_depth 3;
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
    assert_eq!(ran.json()["wrongly_out"], 0, "{ran:#?}");
    assert_eq!(place.names(), before, "no log is written");
    for note in ["6000 speaks no TLS", "7000 is not met: it closes whatever comes"] {
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
        (&report["wrongly_in"], &report["wrongly_out"]),
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
    let ran = place.run("verify-config envoy.yaml --json");
    // Nothing says which certificates were revoked.
    let report = ran.json();
    assert_eq!(report["wrongly_in"], 2, "{report:#}");
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
        .filter(|cell| cell["in"] == true && cell["must_stay_out"] == true)
        .filter_map(|cell| cell["animal"].as_str())
        .filter(|animal| !["revoked", "rsa-1024"].contains(animal))
        .collect();
    assert_eq!(strangers, [""; 0], "{report:#}");
    let has = |is_in: bool| cells.iter().any(|cell| cell["in"] == is_in);
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
        .filter(|cell| cell["in"] == true && cell["must_stay_out"] == true)
        .map(|cell| cell["animal"].as_str().expect("a name").to_owned())
        .collect();
    names.dedup();
    assert_eq!(ran.exit, if names.is_empty() { 0 } else { 1 }, "{ran:#?}");
    names
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
    assert_eq!(report["wrongly_out"], 0, "{report:#}");
    assert_eq!(place.names(), before, "neither a log nor a process id is written");
    place.write(
        "sites/api.conf",
        site.replace("ssl_verify_client on", "ssl_verify_client optional"),
    );
    assert_eq!(strangers(&place, "nginx.conf"), ["none"]);
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
    assert_eq!(report["wrongly_out"], 0, "{report:#}");
    assert_eq!(place.names(), before, "neither a log nor a process id is written");
    place.write(
        "sites/api.conf",
        site.replace("SSLVerifyClient require", "SSLVerifyClient optional"),
    );
    assert_eq!(strangers(&place, "apache2.conf"), ["none"]);
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

#[test]
fn redis_is_met_with_its_password_and_its_port_in_the_clear_left_out() {
    let text = "bind 10.0.0.1\nport 6379\ntls-port 6380\ndaemonize yes\nlogfile FOLDER/real.log\nrequirepass secret\n\
                tls-cert-file FOLDER/server/tls.crt\ntls-key-file FOLDER/server/tls.key\ntls-ca-cert-file \
                FOLDER/server/ca.crt\ntls-protocols \"TLSv1.2 TLSv1.3\"\n";
    let place = place("redis.conf", text);
    revoked_alone(&place, "redis.conf");
    let text = place.read("redis.conf");
    place.write("redis.conf", format!("{text}tls-auth-clients optional\n"));
    assert!(strangers(&place, "redis.conf").contains(&"none".to_owned()));
    // A password that is wanted after the handshake does not hide that the handshake lets in a weak key.
    place.write("redis.conf", format!("{text}tls-ciphers DEFAULT@SECLEVEL=0\n"));
    assert_eq!(strangers(&place, "redis.conf"), ["revoked", "rsa-1024"]);
}

#[test]
fn rabbitmq_is_met_without_its_other_listeners() {
    let text = "listeners.tcp.default = 5672\nlisteners.ssl.default = 5671\nmanagement.tcp.port = 15672\n\
                ssl_options.certfile = FOLDER/server/tls.crt\nssl_options.keyfile = FOLDER/server/tls.key\n\
                ssl_options.cacertfile = FOLDER/server/ca.crt\nssl_options.verify = verify_peer\n\
                ssl_options.fail_if_no_peer_cert = true\nssl_options.depth = 3\nssl_options.versions.1 = tlsv1.2\n";
    let place = place("rabbitmq.conf", text);
    revoked_alone(&place, "rabbitmq.conf");
}

#[test]
fn mosquitto_is_met_on_loopback_alone() {
    let place = place(
        "mosquitto.conf",
        "pid_file FOLDER/real.pid\nlog_dest file FOLDER/real.log\nlistener 8883\ncertfile FOLDER/server/tls.crt\nkeyfile \
         FOLDER/server/tls.key\ncafile FOLDER/server/ca.crt\ncrlfile FOLDER/list.crl\nrequire_certificate \
         true\nallow_anonymous true\n",
    );
    let before = place.names();
    assert_eq!(strangers(&place, "mosquitto.conf"), [""; 0]);
    assert_eq!(place.names(), before, "neither a log nor a process id is written");
    let text = place.read("mosquitto.conf");
    place.write(
        "mosquitto.conf",
        text.replace("listener 8883", "listener 8883 10.0.0.1")
            .replace("require_certificate true\n", ""),
    );
    assert!(strangers(&place, "mosquitto.conf").contains(&"none".to_owned()));
}

#[test]
fn databases_are_met_with_the_users_of_the_trial() {
    let text = "data_directory = '/var/lib/nowhere'\nport = 5432\nlisten_addresses = '*'\nssl = on\nssl_cert_file = \
                'FOLDER/server/tls.crt'\nssl_key_file = 'FOLDER/server/tls.key'\nssl_ca_file = \
                'FOLDER/server/ca.crt'\nssl_crl_file = 'FOLDER/list.crl'\n";
    let place = place("postgresql.conf", text);
    let ran = place.run("verify-config postgresql.conf --json").good();
    assert!(
        ran.stderr.contains("note: pg_hba.conf is that of the trial"),
        "{ran:#?}"
    );
    let text = place.read("postgresql.conf");
    std::fs::create_dir(place.path("parts")).expect("a folder");
    let (text, list) = text.split_once("ssl_crl_file").expect("the list");
    place.write("postgresql.conf", format!("{text}include_dir = 'parts'\n"));
    assert_eq!(strangers(&place, "postgresql.conf"), ["revoked"]);
    place.write("parts/lists.conf", format!("ssl_crl_file{list}"));
    assert_eq!(strangers(&place, "postgresql.conf"), [""; 0]);
    let folder = place.path("").display().to_string();
    let text = "[mysqld]\ndatadir = /var/lib/nowhere\npid-file = /run/nowhere.pid\nbind-address = 10.0.0.1\nssl-cert = \
                FOLDER/server/tls.crt\nssl-key = FOLDER/server/tls.key\nssl-ca = FOLDER/server/ca.crt\n"
        .replace("FOLDER", folder.trim_end_matches('/'));
    place.write("my.cnf", format!("{text}ssl-crl = {folder}/list.crl\n"));
    assert_eq!(strangers(&place, "my.cnf"), [""; 0]);
    place.write("my.cnf", &text);
    assert_eq!(strangers(&place, "my.cnf"), ["revoked"]);
    let text = "ETCD_DATA_DIR=/var/lib/nowhere\nETCD_LISTEN_CLIENT_URLS=https://0.0.0.0:2379\nETCD_CERT_FILE=FOLDER/server/\
                tls.crt\nETCD_KEY_FILE=FOLDER/server/tls.key\nETCD_TRUSTED_CA_FILE=FOLDER/server/ca.crt\n"
        .replace("FOLDER", folder.trim_end_matches('/'));
    place.write("etcd.env", format!("{text}ETCD_CLIENT_CERT_AUTH=true\n"));
    revoked_alone(&place, "etcd.env");
    // A file of CAs alone has etcd ask; without one it asks nobody.
    place.write(
        "etcd.env",
        text.replace("ETCD_TRUSTED_CA_FILE", "ETCD_NO_CA_FILE"),
    );
    assert!(strangers(&place, "etcd.env").contains(&"none".to_owned()));
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
