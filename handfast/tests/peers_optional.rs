//! Real clients without a certificate, or with one that is no good: at a host that asks for one, and at one that observes.

mod program;

use program::{
    Place, Ran,
    daemon::{Daemon, configuration},
    pki::cast,
    service::Service,
};

/// A line of the shell without the machine's own ideas of whom to trust.
fn line(place: &Place, line: &str) -> Ran {
    place.shell(&format!(
        "unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR http_proxy https_proxy all_proxy; export HOME=/nonexistent; {line}"
    ))
}

fn optional(place: &Place, service: &Service) -> Daemon {
    let text = format!(
        r#"
[proxy]
workers = 1

[[clients]]
name = "acme"
ca = "server/ca.crt"

[[listener]]
listen = "127.0.0.1:0"

[[listener.host]]
names = ["localhost"]
cert = "server/tls.crt"
key = "server/tls.key"
clients = ["acme"]
client-certificate = "optional"

[[listener.host.route]]
path = "/health"
allow = ["anonymous", "any"]
to = "{0}"

[[listener.host.route]]
path = "/"
allow = ["uri:spiffe://acme/web"]
to = "{0}"
"#,
        service.url()
    );
    place.write("handfast.toml", text);
    place.open("proxy --config handfast.toml")
}

#[test]
fn curl_without_a_certificate_reads_why_it_reaches_only_what_is_for_everybody() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let proxy = optional(&place, &service);
    for version in ["--tls-max 1.2", "--tlsv1.3", "--http1.1", "--http2"] {
        let ask = |pair: &str, path: &str| {
            let curl = "curl -sS --max-time 20 --cacert web/ca.crt -w ' %{http_code}'";
            let words = format!("{curl} {version} {pair} https://localhost:{}{path}", proxy.port);
            line(&place, &words).good().stdout
        };
        let web = "--cert web/tls.crt --key web/tls.key";
        assert_eq!(ask("", "/health"), "hello\n 200", "{version}");
        let denied = ask("", "/orders");
        assert!(
            denied.contains("HF-725") && denied.ends_with(" 403"),
            "{version}: {denied}"
        );
        assert_eq!(ask(web, "/orders"), "hello\n 200", "{version}");
        let stranger = "--cert stranger/tls.crt --key stranger/tls.key";
        let words = format!(
            "curl -sS --max-time 20 --cacert web/ca.crt {version} {stranger} https://localhost:{}/health",
            proxy.port
        );
        let refused = line(&place, &words);
        assert_ne!(refused.exit, 0, "{version}: {refused:#?}");
    }
}

#[test]
fn openssl_resumes_a_session_without_a_certificate_as_that() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let proxy = optional(&place, &service);
    let call = |version: &str, more: &str| {
        line(
            &place,
            &format!(
                "printf 'GET /health HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' | timeout 20 openssl s_client \
                 -ign_eof -connect localhost:{} -servername localhost -CAfile web/ca.crt {version} {more}",
                proxy.port
            ),
        )
    };
    for (number, version) in ["-tls1_3", "-tls1_2"].into_iter().enumerate() {
        let first = call(version, "-sess_out session.pem");
        assert!(first.stdout.contains("hello"), "{first:#?}");
        let again = call(version, "-sess_in session.pem");
        assert!(
            again.stdout.contains("Reused,") && again.stdout.contains("hello"),
            "{again:#?}"
        );
        let record = proxy.connection(2 * number + 2);
        assert_eq!(
            (&record["resumed"], &record["anonymous"]),
            (&true.into(), &true.into()),
            "{record}"
        );
        assert!(record.get("identity").is_none(), "{record}");
    }
}

/// `openssl x509 -req` makes certificates of version 1 where nobody says otherwise.
#[test]
fn what_openssl_and_curl_show_to_a_host_that_observes_is_served_and_written_down() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    place
        .shell(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Own -keyout own.key -out own.crt && \
             openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=old -keyout old.key -out old.csr && \
             openssl x509 -req -in old.csr -CA own.crt -CAkey own.key -CAcreateserial -out old.crt",
        )
        .good();
    place.write(
        "handfast.toml",
        configuration(&service.url(), "mode = \"observe\""),
    );
    let proxy = place.open("proxy --config handfast.toml");
    let shown = [
        "--cert old.crt --key old.key",
        "",
        "--cert web/tls.crt --key web/tls.key",
    ];
    for (number, pair) in shown.into_iter().enumerate() {
        let words = format!(
            "curl -sS --max-time 20 --cacert web/ca.crt --tlsv1.3 {pair} https://localhost:{}/",
            proxy.port
        );
        let said = line(&place, &words).good();
        assert!(said.stdout.contains("hello"), "{said:#?}");
        let heard = service.last();
        assert_eq!(heard.values("client-cert").is_empty(), number < 2, "{pair}");
        let record = proxy.connection(number + 1);
        assert_eq!(record.get("would_reject").is_some(), number < 2, "{record}");
    }
    assert_eq!(
        proxy.connections(3)[0]["would_reject"]["presented"]["common_name"],
        "old"
    );
    place.write("access.log", proxy.stdout());
    let said = place.run("readiness access.log");
    assert_eq!(said.exit, 1, "{said:#?}");
    assert!(
        said.stdout.contains("2 of 3 clients would be rejected"),
        "{said:#?}"
    );
}
