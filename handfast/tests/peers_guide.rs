//! The guide, word for word: its clients at our proxy, our client at its servers.

mod program;

use program::{
    Place, Ran,
    guide::{APACHE, CURL, NGINX, REQUESTS, filled_in, mended},
    servers::{Other, start},
    service::{Service, closed_port},
};

/// Without the machine's own ideas of whom to trust.
const CLEAN: &str = "unset CURL_CA_BUNDLE REQUESTS_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR http_proxy https_proxy \
                     all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY";

const DOOR: &str = "proxy --listen 127.0.0.1:0 --workers 1 --cert server.crt --key server.key --client-ca ca.crt --allow dns:client.example";

/// A client of another authority, in `other/`.
fn with_stranger(place: Place) -> Place {
    place.run("init --name Other --dir other-authority").good();
    place
        .run("issue client --dir other-authority --dns client.example --out other")
        .good();
    place
}

#[test]
fn the_guides_curl_line_comes_in_and_without_its_certificate_it_does_not() {
    let service = Service::hello();
    let place = with_stranger(mended());
    let proxy = place.open(&format!("{DOOR} --to {}", service.url()));
    let line = format!(
        "{CLEAN}; {} https://localhost:{}/",
        filled_in(&place, CURL),
        proxy.port
    );
    let good = place.shell(&line).good();
    assert_eq!(good.stdout, "hello\n");
    let client = filled_in(&place, "/path/to/client");
    let other = filled_in(&place, "/path/to/other/tls");
    assert_ne!(place.shell(&line.replace(&client, &other)).exit, 0);
    let pair = format!("--cert {client}.crt --key {client}.key");
    assert!(line.contains(&pair), "{line}");
    assert_ne!(place.shell(&line.replace(&pair, "")).exit, 0);
    let codes: Vec<_> = proxy
        .connections(3)
        .iter()
        .map(|record| record["code"].clone())
        .collect();
    assert_eq!(codes, [serde_json::Value::Null, "HF-103".into(), "HF-101".into()]);
    assert_eq!(service.heard().len(), 1);
}

#[test]
fn the_guides_python_program_comes_in_and_without_its_certificate_it_does_not() {
    let service = Service::hello();
    let place = mended();
    let proxy = place.open(&format!("{DOOR} --to {}", service.url()));
    let program = filled_in(&place, REQUESTS)
        .replace("url = ''", &format!("url = 'https://localhost:{}/'", proxy.port));
    place.write("good.py", format!("{program}print(response.text)\n"));
    place.write("bad.py", program.replace("cert=cert, ", ""));
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers/venv/bin/python");
    let python = if std::path::Path::new(own).exists() {
        own
    } else {
        "python3"
    };
    let good = place.shell(&format!("{CLEAN}; {python} good.py")).good();
    assert_eq!(good.stdout.trim(), "hello");
    assert_ne!(place.shell(&format!("{CLEAN}; {python} bad.py")).exit, 0);
    assert_eq!(proxy.connection(2)["code"], "HF-101");
}

/// The nine steps of the guide in the names of RFC 5246; the seventh has a server's half, and the last is two.
const STEPS: [&str; 11] = [
    "ClientHello",
    "ServerHello",
    "Certificate",
    "ServerKeyExchange",
    "CertificateRequest",
    "ServerHelloDone",
    "Certificate",
    "ClientKeyExchange",
    "CertificateVerify",
    "Finished",
    "Finished",
];

#[track_caller]
fn assert_nine_steps(ran: &Ran) {
    let rungs: Vec<&str> = ran.stderr.lines().filter(|line| line.contains('│')).collect();
    let mut rest = rungs.iter();
    for step in STEPS {
        let found = rest.by_ref().any(|rung| {
            let words = rung.split(|c: char| !c.is_ascii_alphanumeric());
            words.into_iter().any(|word| word == step)
        });
        assert!(found, "{step} is missing or out of order: {ran:#?}");
    }
}

#[test]
fn the_nine_steps_of_the_guide_are_the_ladder_of_tls_1_2() {
    let service = Service::hello();
    let place = mended();
    let proxy = place.open(&format!("{DOOR} --to {}", service.url()));
    let get = format!(
        "get https://localhost:{}/ --cert client.crt --key client.key --ca ca.crt -v --tls",
        proxy.port
    );
    let ran = place.run(&format!("{get} 1.2")).good();
    assert_nine_steps(&ran);
    assert!(
        ran.stderr.contains("TLS 1.2") || ran.stderr.contains("TLSv1.2"),
        "{ran:#?}"
    );
    let newer = place.run(&format!("{get} 1.3")).good();
    assert!(newer.stderr.contains("EncryptedExtensions"), "{newer:#?}");
    assert!(!newer.stderr.contains("ServerHelloDone"), "{newer:#?}");
    // Where it fails, the ladder says at which step.
    let refused = place.run(&format!(
        "get https://localhost:{}/ --ca ca.crt -v --tls 1.3",
        proxy.port
    ));
    assert!(refused.stderr.contains("refused here"), "{refused:#?}");
    refused.refused(4, "HF-101");
}

/// `more` goes beside what the guide says.
fn nginx(place: &Place, more: &str) -> (Other, u16) {
    let port = closed_port();
    let server = filled_in(place, NGINX).replace("listen 443", &format!("listen 127.0.0.1:{port}"));
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {};\n", filled_in(place, "/path/to/tmp")))
        .collect();
    place.write(
        "nginx.conf",
        format!(
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{more}\n{folders}{server}\
             return 200 \"hello\\n\";\n}}\n}}\n}}\n"
        ),
    );
    let prefix = filled_in(place, "/path/to");
    let other = start(
        place,
        "nginx",
        &format!("-p {prefix} -e stderr -c nginx.conf"),
        port,
    );
    (other, port)
}

fn apache(place: &Place) -> (Other, u16) {
    let port = closed_port();
    let host = filled_in(place, APACHE).replace("*:443", &format!("127.0.0.1:{port}"));
    std::fs::create_dir(place.path("htdocs")).expect("a folder");
    place.write("htdocs/index.html", "hello\n");
    let modules: String = ["mpm_event", "authz_core", "dir", "ssl"]
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let folder = filled_in(place, "/path/to");
    place.write(
        "httpd.conf",
        format!(
            "{modules}ServerRoot {folder}\nServerName localhost\nPidFile {folder}/httpd.pid\nErrorLog {folder}/error.log\n\
             DefaultRuntimeDir {folder}\nMutex file:{folder}\nUser www-data\nGroup www-data\nStartServers 1\n\
             DocumentRoot {folder}/htdocs\nDirectoryIndex index.html\nListen 127.0.0.1:{port}\n{host}\
             Require all granted\n</Location>\n</VirtualHost>\n"
        ),
    );
    let config = filled_in(place, "/path/to/httpd.conf");
    let other = start(place, "apache2", &format!("-f {config} -DFOREGROUND"), port);
    (other, port)
}

/// Our client at a server set up as the guide shows.
fn assert_good_and_bad(place: &Place, port: u16, refused_in_http: bool, versions: &[&str]) {
    for tls in versions {
        let get = |pair: &str| {
            place.run(&format!(
                "get https://localhost:{port}/ {pair} --ca ca.crt -v {tls}"
            ))
        };
        let good = get("--cert client.crt --key client.key").good();
        assert_eq!(good.stdout, "hello\n");
        assert!(good.stderr.contains("answered: 200"), "{good:#?}");
        if *tls == "--tls 1.2" {
            assert_nine_steps(&good);
        }
        for (pair, code) in [
            ("", "HF-101"),
            ("--cert other/tls.crt --key other/tls.key", "HF-103"),
        ] {
            let ran = get(pair);
            assert_eq!(
                ran.stderr.contains("answered: 400"),
                refused_in_http,
                "{tls} \"{pair}\": {ran:#?}"
            );
            ran.refused(4, code);
        }
        let untrusted = format!(
            "get https://localhost:{port}/ --cert client.crt --key client.key --ca other/ca.crt {tls}"
        );
        place.run(&untrusted).refused(5, "HF-301");
    }
}

#[test]
fn our_client_talks_to_the_guides_nginx_and_names_its_refusals() {
    let place = with_stranger(mended());
    let (_nginx, port) = nginx(&place, "");
    // Before 1.23.4 nginx speaks no TLS 1.3 unless it is told to, which the guide does not.
    assert_good_and_bad(&place, port, true, &["", "--tls 1.2"]);
    let (_newer, port) = nginx(&place, "ssl_protocols TLSv1.2 TLSv1.3;");
    assert_good_and_bad(&place, port, true, &["", "--tls 1.2", "--tls 1.3"]);
}

#[test]
fn our_client_talks_to_the_guides_apache_and_names_its_refusals() {
    let place = with_stranger(mended());
    let (_apache, port) = apache(&place);
    assert_good_and_bad(&place, port, false, &["", "--tls 1.2", "--tls 1.3"]);
}

/// The proxy as a client of the guide's server: what stands behind it may itself ask who we are.
#[test]
fn our_proxy_stands_in_front_of_the_guides_nginx() {
    let place = mended();
    let (_nginx, port) = nginx(&place, "");
    let to = |more: &str| {
        place.open(&format!(
            "{DOOR} --to https://localhost:{port} --to-ca ca.crt {more}"
        ))
    };
    let get = |port: u16| {
        place.run(&format!(
            "get https://localhost:{port}/ --cert client.crt --key client.key --ca ca.crt"
        ))
    };
    let proxy = to("--to-cert client.crt --to-key client.key");
    assert_eq!(get(proxy.port).good().stdout, "hello\n");
    let nameless = to("");
    assert!(!get(nameless.port).stdout.contains("hello"));
}
