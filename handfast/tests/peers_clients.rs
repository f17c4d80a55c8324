//! Real clients at our proxy: who may come in does, who may not is refused, with every kind of key.

mod program;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};

use handfast_pki::{KeyKind, Profile};
use program::{
    Place, Ran,
    daemon::Daemon,
    pki::{DOOR, Wanted, cast},
    service::Service,
};

/// Everybody who must stay outside, by folder, with the code of the log.
const OUTSIDE: [(Option<&str>, &str); 5] = [
    (None, "HF-101"),
    (Some("stranger"), "HF-103"),
    (Some("expired"), "HF-202"),
    (Some("server"), "HF-201"),
    (Some("api"), "HF-609"),
];

struct Stage {
    place: Place,
    service: Service,
    proxy: Daemon,
    records: std::cell::Cell<usize>,
}

fn stage() -> Stage {
    stage_with("")
}

/// The same with a line more in the configuration.
fn stage_with(more: &str) -> Stage {
    let service = Service::hello();
    let place = Place::new();
    let (ours, _) = cast(&place);
    let web = ["uri:spiffe://acme/web"];
    ours.issue(&place, "expired", &Wanted::expired(Profile::Client), &web);
    let proxy = place.open_with(&service.url(), more);
    Stage {
        place,
        service,
        proxy,
        records: 0.into(),
    }
}

impl Stage {
    /// What the proxy wrote down about the latest connection.
    #[track_caller]
    fn record(&self) -> serde_json::Value {
        self.records.set(self.records.get() + 1);
        self.proxy.connection(self.records.get())
    }

    #[track_caller]
    fn assert_let_in(&self, what: &str, ran: &Ran) -> serde_json::Value {
        assert_eq!(ran.exit, 0, "{what}: {ran:#?}");
        assert!(ran.stdout.contains("hello"), "{what}: {ran:#?}");
        let record = self.record();
        assert_eq!(record["verdict"], "allowed", "{what}: {record}");
        record
    }

    #[track_caller]
    fn assert_refused(&self, what: &str, ran: &Ran, code: &str) {
        assert!(!ran.stdout.contains("hello"), "{what}: {ran:#?}");
        let record = self.record();
        assert_eq!(record["code"], code, "{what}: {record} {ran:#?}");
        assert_ne!(record["verdict"], "allowed", "{what}: {record}");
        assert!(
            record["rule"].is_null() && record["requests"] == 0,
            "{what}: {record}"
        );
    }
}

/// A line of the shell without the machine's own ideas of whom to trust, ended when it hangs.
fn line(place: &Place, line: &str) -> Ran {
    place.shell(&format!(
        "unset CURL_CA_BUNDLE REQUESTS_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR http_proxy https_proxy all_proxy \
         HTTP_PROXY HTTPS_PROXY ALL_PROXY CURL_HOME; export HOME=/nonexistent; {line}"
    ))
}

fn curl(pair: Option<&str>, port: u16, more: &str) -> String {
    let pair = pair.map_or(String::new(), |pair| {
        format!("--cert {pair}/tls.crt --key {pair}/tls.key")
    });
    format!("curl -sS --max-time 20 --cacert web/ca.crt {pair} {more} https://localhost:{port}/")
}

#[test]
fn curl_comes_in_with_every_version_and_is_refused_with_the_right_code() {
    let stage = stage();
    let place = &stage.place;
    let versions = [
        ("--http1.1 --tlsv1.2 --tls-max 1.2", "TLSv1.2", "http/1.1"),
        ("--http1.1 --tlsv1.3", "TLSv1.3", "http/1.1"),
        ("--http2 --tlsv1.2 --tls-max 1.2", "TLSv1.2", "h2"),
        ("--http2 --tlsv1.3", "TLSv1.3", "h2"),
    ];
    for (more, tls, alpn) in versions {
        let record = stage.assert_let_in(more, &line(place, &curl(Some("web"), stage.proxy.port, more)));
        let spoken = record["tls"].as_str().unwrap_or_default().replace([' ', 'v'], "");
        assert_eq!(spoken, tls.replace('v', ""), "{record}");
        assert_eq!(record["alpn"], alpn, "{record}");
        for (pair, code) in OUTSIDE {
            let ran = line(place, &curl(pair, stage.proxy.port, more));
            assert_ne!(ran.exit, 0, "{more} {pair:?}: {ran:#?}");
            stage.assert_refused(&format!("{more} {pair:?}"), &ran, code);
        }
    }
    assert_eq!(stage.service.heard().len(), versions.len());
}

#[test]
fn curl_sends_a_mebibyte_over_http_2_and_cannot_forge_who_it_is() {
    let stage = stage();
    let place = &stage.place;
    place.write("body", vec![b'x'; 1 << 20]);
    let forge = "-H 'Client-Cert: :forged:' -H 'X-Forwarded-Client-Cert: forged' -H 'x_forwarded_for: forged' \
                 -H 'Connection: client-cert' --data-binary @body";
    for version in ["--http1.1", "--http2"] {
        let more = format!("{version} {forge}");
        stage.assert_let_in(version, &line(place, &curl(Some("web"), stage.proxy.port, &more)));
        let heard = stage.service.last();
        assert_eq!(heard.body.len(), 1 << 20);
        assert!(!heard.head.contains("forged"), "{heard:?}");
        assert_eq!(heard.values("client-cert").len(), 1);
    }
}

fn s_client(pair: Option<&str>, port: u16, more: &str) -> String {
    let pair = pair.map_or(String::new(), |pair| {
        format!("-cert {pair}/tls.crt -cert_chain {pair}/tls.crt -key {pair}/tls.key")
    });
    format!(
        "printf 'GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' | timeout 20 openssl s_client \
         -ign_eof -connect localhost:{port} -servername localhost -CAfile web/ca.crt -verify_return_error {pair} {more}"
    )
}

#[test]
fn openssl_s_client_comes_in_and_is_refused_with_the_right_code() {
    let stage = stage();
    let place = &stage.place;
    for version in ["-tls1_2", "-tls1_3"] {
        let ran = line(place, &s_client(Some("web"), stage.proxy.port, version));
        stage.assert_let_in(version, &ran);
        assert!(ran.stdout.contains("Verify return code: 0 (ok)"), "{ran:#?}");
        for (pair, code) in OUTSIDE {
            let ran = line(place, &s_client(pair, stage.proxy.port, version));
            stage.assert_refused(&format!("{version} {pair:?}"), &ran, code);
        }
    }
    // An application protocol that the proxy does not speak, with control characters in its name.
    let esc = "-alpn \"$(printf 'x\\033[31m')\"";
    let ran = line(place, &s_client(Some("web"), stage.proxy.port, esc));
    stage.assert_refused("ALPN", &ran, "HF-504");
    assert!(!stage.proxy.stdout().contains('\u{1b}'));
}

#[test]
fn a_session_is_resumed_and_no_longer_once_the_ca_of_its_client_is_gone() {
    for version in ["-tls1_3", "-tls1_2"] {
        let stage = stage();
        let place = &stage.place;
        let call = |more: &str| {
            let words = format!("{version} -msg {more}");
            line(place, &s_client(Some("web"), stage.proxy.port, &words))
        };
        let first = call("-sess_out session.pem");
        assert_eq!(
            stage.assert_let_in(version, &first)["resumed"],
            serde_json::Value::Null
        );
        assert!(first.stdout.contains(", CertificateRequest"), "{first:#?}");
        // One ticket, and nothing of TLS 1.3 may come before the end of a handshake.
        assert!(
            first
                .stdout
                .matches("<<< TLS 1.3, Handshake [length 0000], NewSessionTicket")
                .count()
                <= 1
        );
        let again = call("-sess_in session.pem -sess_out session.pem");
        let record = stage.assert_let_in(version, &again);
        assert_eq!(
            (&record["resumed"], &record["identity"]["uris"][0]),
            (&true.into(), &"spiffe://acme/web".into())
        );
        assert!(again.stdout.contains("Reused,"), "{again:#?}");
        for said in [&first, &again] {
            assert!(!said.stdout.contains("Early data was accepted"), "{said:#?}");
            assert!(!said.stdout.contains("Max Early Data: 1"), "{said:#?}");
        }
        std::fs::copy(place.path("stranger/ca.crt"), place.path("staged")).expect("copied");
        std::fs::rename(place.path("staged"), place.path("server/ca.crt")).expect("replaced");
        assert_eq!(stage.proxy.reload_after(0)["taken"], true);
        let refused = call("-sess_in session.pem");
        assert!(!refused.stdout.contains("Reused,"), "{refused:#?}");
        assert!(!refused.stdout.contains("hello"), "{refused:#?}");
        assert_eq!(stage.record()["code"], "HF-103");
    }
}

#[test]
fn without_resumption_there_is_no_ticket_and_no_session() {
    let stage = stage_with("resumption = false");
    let place = &stage.place;
    for version in ["-tls1_3", "-tls1_2"] {
        let words = format!("{version} -msg -sess_out session.pem");
        let ran = line(place, &s_client(Some("web"), stage.proxy.port, &words));
        stage.assert_let_in(version, &ran);
        assert!(ran.stdout.contains(", Finished"), "{ran:#?}");
        assert!(!ran.stdout.contains("NewSessionTicket"), "{ran:#?}");
    }
    let reconnect = format!(
        "timeout 20 openssl s_client -reconnect -tls1_2 -connect localhost:{} -CAfile web/ca.crt -cert web/tls.crt \
         -key web/tls.key -cert_chain web/tls.crt </dev/null",
        stage.proxy.port
    );
    let ran = line(place, &reconnect);
    assert!(ran.stdout.matches("New, TLSv1.2").count() >= 6, "{ran:#?}");
    assert!(!ran.stdout.contains("Reused,"), "{ran:#?}");
}

fn gnutls(pair: Option<&str>, port: u16, priority: &str) -> String {
    let pair = pair.map_or(String::new(), |pair| {
        format!("--x509certfile {pair}/tls.crt --x509keyfile {pair}/tls.key")
    });
    format!(
        "(printf 'GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n'; sleep 1) | timeout 20 gnutls-cli \
         --x509cafile web/ca.crt {pair} --priority '{priority}' --port {port} localhost"
    )
}

#[test]
fn gnutls_cli_comes_in_and_is_refused_with_the_right_code() {
    let stage = stage();
    let place = &stage.place;
    for priority in ["NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"] {
        let ran = line(place, &gnutls(Some("web"), stage.proxy.port, priority));
        assert!(ran.stdout.contains("The certificate is trusted"), "{ran:#?}");
        stage.assert_let_in(priority, &ran);
        for (pair, code) in OUTSIDE {
            let ran = line(place, &gnutls(pair, stage.proxy.port, priority));
            stage.assert_refused(&format!("{priority} {pair:?}"), &ran, code);
        }
    }
}

/// Python with `requests`: the one of the tests' own, else the system's.
fn python() -> String {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers/venv/bin/python");
    if std::path::Path::new(own).exists() {
        own.into()
    } else {
        "python3".into()
    }
}

fn requests(pair: Option<&str>, port: u16) -> String {
    let pair = pair.map_or(String::new(), |pair| {
        format!(", cert=('{pair}/tls.crt', '{pair}/tls.key')")
    });
    format!(
        "{} -c \"import requests; print(requests.get('https://localhost:{port}/', verify='web/ca.crt', timeout=20{pair}).text)\"",
        python()
    )
}

#[test]
fn python_requests_comes_in_and_is_refused_with_the_right_code() {
    let stage = stage();
    let place = &stage.place;
    stage.assert_let_in("requests", &line(place, &requests(Some("web"), stage.proxy.port)));
    for (pair, code) in OUTSIDE {
        let ran = line(place, &requests(pair, stage.proxy.port));
        assert_ne!(ran.exit, 0, "{pair:?}: {ran:#?}");
        stage.assert_refused(&format!("{pair:?}"), &ran, code);
    }
    // And the client refuses a proxy that it does not believe.
    let ran = line(
        place,
        &requests(Some("web"), stage.proxy.port).replace("web/ca.crt", "stranger/ca.crt"),
    );
    assert!(ran.stderr.contains("CERTIFICATE_VERIFY_FAILED"), "{ran:#?}");
    stage.assert_refused("stranger/ca.crt", &ran, "HF-301");
}

#[test]
fn every_kind_of_key_works_on_either_side() {
    let service = Service::hello();
    let place = Place::new();
    let (ours, _) = cast(&place);
    let kinds = [KeyKind::Rsa2048, KeyKind::P256, KeyKind::P384, KeyKind::Ed25519];
    for kind in kinds {
        let of = |profile| Wanted {
            key: kind,
            ..Wanted::now(profile)
        };
        let local = ["dns:localhost"];
        ours.issue(
            &place,
            &format!("server-{}", kind.name()),
            &of(Profile::Server),
            &local,
        );
        let web = ["uri:spiffe://acme/web"];
        ours.issue(
            &place,
            &format!("client-{}", kind.name()),
            &of(Profile::Client),
            &web,
        );
    }
    for server in kinds {
        let pair = format!("server-{}/tls", server.name());
        let proxy = place.open(
            &format!("{DOOR} --to {} --allow uri:spiffe://acme/web", service.url())
                .replace("server/tls", &pair),
        );
        for client in kinds {
            let client = format!("client-{}", client.name());
            for tls in ["1.2", "1.3"] {
                let what = format!("{pair} {client} {tls}");
                let more = format!("--tlsv{tls} --tls-max {tls}");
                let ran = line(&place, &curl(Some(&client), proxy.port, &more));
                assert_eq!(
                    (ran.exit, ran.stdout.as_str()),
                    (0, "hello\n"),
                    "{what}: {ran:#?}"
                );
                let got = place.run(&format!(
                    "get https://localhost:{}/ --cert {client}/tls.crt --key {client}/tls.key --ca web/ca.crt --tls {tls}",
                    proxy.port
                ));
                assert_eq!(
                    (got.exit, got.stdout.as_str()),
                    (0, "hello\n"),
                    "{what}: {got:#?}"
                );
            }
        }
        let ran = line(&place, &gnutls(Some("client-p384"), proxy.port, "NORMAL"));
        assert!(ran.stdout.contains("hello"), "{pair}: {ran:#?}");
        let nobody = line(&place, &curl(None, proxy.port, ""));
        assert_ne!(nobody.exit, 0, "{pair}: {nobody:#?}");
    }
}

/// A port whose connections reach `to` in pieces of `size` bytes.
fn in_pieces(to: u16, size: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for mut near in listener.incoming().flatten() {
            let mut far = TcpStream::connect(("127.0.0.1", to)).expect("the proxy is open");
            far.set_nodelay(true).expect("set");
            let (mut back, mut back_to) = (
                far.try_clone().expect("a handle"),
                near.try_clone().expect("a handle"),
            );
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut back, &mut back_to);
                let _ = back_to.shutdown(std::net::Shutdown::Write);
            });
            let mut buffer = [0; 16 << 10];
            while let Ok(read @ 1..) = near.read(&mut buffer) {
                for piece in buffer[..read].chunks(size) {
                    if far.write_all(piece).is_err() {
                        break;
                    }
                }
            }
            let _ = far.shutdown(std::net::Shutdown::Write);
        }
    });
    port
}

#[test]
fn a_client_hello_in_pieces_is_treated_as_a_whole_one() {
    let stage = stage();
    let place = &stage.place;
    let pieces = in_pieces(stage.proxy.port, 1);
    for tls in ["--tlsv1.2 --tls-max 1.2", "--tlsv1.3"] {
        stage.assert_let_in(tls, &line(place, &curl(Some("web"), pieces, tls)));
        for (pair, code) in [
            (None, "HF-101"),
            (Some("stranger"), "HF-103"),
            (Some("api"), "HF-609"),
        ] {
            let ran = line(place, &curl(pair, pieces, tls));
            stage.assert_refused(&format!("{tls} {pair:?}"), &ran, code);
        }
    }
    // And records that are smaller than the messages in them.
    let records = "-max_send_frag 512 -split_send_frag 512";
    stage.assert_let_in(records, &line(place, &s_client(Some("web"), pieces, records)));
}

#[test]
fn peers_that_are_too_old_or_too_strange_are_refused_by_name() {
    let stage = stage();
    let place = &stage.place;
    let old = "-tls1_1 -cipher ALL:@SECLEVEL=0";
    stage.assert_refused(
        "TLS 1.1",
        &line(place, &s_client(Some("web"), stage.proxy.port, old)),
        "HF-502",
    );
    let rsa = "-tls1_2 -cipher AES128-SHA";
    stage.assert_refused(
        "RSA key exchange",
        &line(place, &s_client(Some("web"), stage.proxy.port, rsa)),
        "HF-503",
    );
    stage.assert_let_in(
        "TLS 1.3",
        &line(place, &s_client(Some("web"), stage.proxy.port, "-tls1_3")),
    );
}

/// OpenSSL puts anything into a name.
#[test]
fn a_name_with_control_characters_cannot_add_a_line_to_the_log() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout evil.key -out evil-ca.crt -days 2 \
                -subj \"/CN=$(printf 'x\\033[31m\\n{\"event\":\"connection\"}')\" -addext basicConstraints=critical,CA:TRUE && \
                openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr \
                -subj \"/CN=$(printf 'y\\033[31m\\n{\"event\":\"connection\"}')\" && \
                printf 'extendedKeyUsage=clientAuth\\nkeyUsage=digitalSignature\\nsubjectAltName=URI:spiffe://acme/web\\n' > ext && \
                openssl x509 -req -in leaf.csr -CA evil-ca.crt -CAkey evil.key -CAcreateserial -days 1 -extfile ext -out leaf.crt";
    line(&place, make).good();
    let proxy = place.open(&format!(
        "proxy --listen 127.0.0.1:0 --workers 1 --cert server/tls.crt --key server/tls.key --client-ca evil-ca.crt \
         --to {} --allow uri:spiffe://acme/web --log requests --xfcc",
        service.url()
    ));
    std::fs::create_dir(place.path("leaf")).expect("a folder");
    place.write("leaf/tls.crt", place.read("leaf.crt"));
    place.write("leaf/tls.key", place.read("leaf.key"));
    let ran = line(&place, &curl(Some("leaf"), proxy.port, ""));
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "hello\n"), "{ran:#?}");
    line(&place, &curl(Some("web"), proxy.port, ""));
    let records = proxy.connections(2);
    assert_eq!(records.len(), 2);
    assert_eq!(records[1]["code"], "HF-103");
    let log = proxy.stdout();
    assert_eq!(log.matches("{\"event\":\"connection\"").count(), 2, "{log}");
    assert!(
        log.lines().all(|line| !line.chars().any(char::is_control)),
        "{log:?}"
    );
    let heard = service.last();
    assert_eq!(heard.values("x-forwarded-client-cert").len(), 1, "{heard:#?}");
    assert!(!proxy.stderr().contains('\u{1b}'), "{:?}", proxy.stderr());
}

/// Does not outlive a test that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_lines_that_quickstart_prints_work() {
    let place = Place::new();
    let child = place
        .handfast("quickstart")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut running = Running(child);
    let mut out = running.0.stdout.take().expect("piped");
    let mut said = String::new();
    let mut buffer = [0; 4096];
    while !said.contains("every connection is logged in") {
        let read = out.read(&mut buffer).expect("readable");
        assert!(read > 0, "{said}");
        said.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let lines: Vec<&str> = said.lines().map(str::trim).collect();
    let of = |begin: &str| {
        let found = lines.iter().find(|line| line.starts_with(begin));
        found.unwrap_or_else(|| panic!("{begin}: {said}")).to_string()
    };
    let python_line = of("python3 -c").replacen("python3", &python(), 1);
    for command in [of("curl"), python_line, of("printf"), of("handfast get")] {
        let ran = line(&place, &command);
        assert!(
            ran.exit == 0 && ran.stdout.contains("hello, "),
            "{command}: {ran:#?}"
        );
    }
    let id = running.0.id().to_string();
    assert!(
        Command::new("kill")
            .arg(&id)
            .status()
            .expect("kill runs")
            .success()
    );
    assert!(running.0.wait().expect("it ends").success());
}
