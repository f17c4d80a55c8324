//! Ways around a client certificate, gone by a client without one, and closed with what is said to write.

use crate::{
    Place, all, cast,
    program::{
        servers::{apache, caddy, haproxy, nginx},
        service::{Service, closed_port},
    },
};

/// What `url` answers a client without a certificate that is after "hello".
#[track_caller]
fn is_open(place: &Place, url: &str) -> bool {
    let line = format!("curl -sS --max-time 10 --noproxy '*' --cacert server/ca.crt {url}");
    place.shell(&line).stdout.contains("hello")
}

/// What is found of ways around, as `HF-611 likely 9`.
fn ways(place: &Place, file: &str) -> Vec<String> {
    let mut found = all(place, file);
    found.retain(|line| line.starts_with("HF-605") || line.starts_with("HF-611"));
    found
}

const NONE: [&str; 0] = [];

/// A server of nginx that asks as `how` says; `inside` from line 14.
fn server(port: u16, how: &str, inside: &str) -> String {
    format!(
        "server {{\nlisten 127.0.0.1:{port} ssl;\nssl_certificate server/tls.crt; ssl_certificate_key server/tls.key;\n\
         ssl_client_certificate server/ca.crt;\nssl_verify_client {how};\n{inside}\n}}"
    )
}

#[test]
fn nginx_hands_the_refused_request_on_by_its_error_page() {
    let (place, service, port) = (cast(), Service::hello(), closed_port());
    let pass = format!("proxy_pass {};", service.url());
    let with = |inside: &str| {
        let page = "error_page 495 496 = @anyway;";
        server(
            port,
            "on",
            &format!("{page}\nlocation / {{ {pass} }}\nlocation @anyway {{ {inside} }}"),
        )
    };
    let url = format!("https://localhost:{port}/");
    {
        let _nginx = nginx(&place, &with(&pass), port);
        assert!(is_open(&place, &url));
        assert_eq!(ways(&place, "nginx.conf"), ["HF-611 certain 14"]);
    }
    let _nginx = nginx(&place, &with("return 403;"), port);
    assert!(!is_open(&place, &url));
    assert_eq!(ways(&place, "nginx.conf"), NONE);
}

#[test]
fn nginx_checks_nothing_in_a_location_within_the_one_that_checks() {
    let (place, service, port) = (cast(), Service::hello(), closed_port());
    let pass = format!("proxy_pass {};", service.url());
    let guard = "if ($ssl_client_verify != SUCCESS) { return 403; }";
    let with = |inner: &str| {
        let inside = format!("location / {{ {guard} {pass}\nlocation /admin {{ {inner} {pass} }} }}");
        server(port, "optional", &inside)
    };
    let url = |path: &str| format!("https://localhost:{port}{path}");
    {
        let _nginx = nginx(&place, &with(""), port);
        assert!(!is_open(&place, &url("/")) && is_open(&place, &url("/admin")));
        assert_eq!(ways(&place, "nginx.conf"), ["HF-605 likely 15"]);
    }
    let _nginx = nginx(&place, &with(guard), port);
    assert!(!is_open(&place, &url("/admin")));
    assert_eq!(ways(&place, "nginx.conf"), NONE);
}

#[test]
fn haproxy_gives_the_backend_to_whoever_comes_to_the_other_bind() {
    let (place, service, port, plain) = (cast(), Service::hello(), closed_port(), closed_port());
    let with = |rule: &str| {
        format!(
            "frontend www\nbind 127.0.0.1:{port} ssl crt server/tls.pem ca-file server/ca.crt verify required\n\
             bind 127.0.0.1:{plain}\n{rule}\ndefault_backend app\nbackend app\nserver one 127.0.0.1:{}\n",
            service.port
        )
    };
    let url = format!("http://localhost:{plain}/");
    {
        let _haproxy = haproxy(&place, &with(""), port);
        assert!(is_open(&place, &url));
        assert_eq!(ways(&place, "haproxy.cfg"), ["HF-611 likely 8"]);
    }
    let rule = "http-request redirect scheme https unless { ssl_fc }";
    let _haproxy = haproxy(&place, &with(rule), port);
    assert!(!is_open(&place, &url));
    assert_eq!(ways(&place, "haproxy.cfg"), NONE);
}

#[test]
fn apache_gives_a_part_away_by_a_later_section() {
    let (place, port) = (cast(), closed_port());
    let service = Service::hello();
    let with = |merging: &str| {
        format!(
            "<VirtualHost 127.0.0.1:{port}>\nSSLEngine on\nSSLCertificateFile server/tls.crt\nSSLCertificateKeyFile \
             server/tls.key\nSSLCACertificateFile server/ca.crt\nSSLVerifyDepth 2\nSSLVerifyClient optional\nProxyPass / {}/\n\
             <Location />\nRequire ssl-verify-client\n</Location>\n<Location /admin>\n{merging}\nRequire all \
             granted\n</Location>\n</VirtualHost>\n",
            service.url()
        )
    };
    let url = |path: &str| format!("https://localhost:{port}{path}");
    {
        let _apache = apache(&place, &with(""), port);
        assert!(!is_open(&place, &url("/")) && is_open(&place, &url("/admin")));
        let found = ways(&place, "httpd.conf");
        assert!(
            found.len() == 1 && found[0].starts_with("HF-605 guess"),
            "{found:?}"
        );
    }
    let _apache = apache(&place, &with("AuthMerging And"), port);
    assert!(!is_open(&place, &url("/admin")));
    assert_eq!(ways(&place, "httpd.conf"), NONE);
}

#[test]
fn caddy_comes_to_a_handle_before_the_refusal_beside_it() {
    let (place, service, port) = (cast(), Service::hello(), closed_port());
    let with = |begin: &str, end: &str| {
        format!(
            "{{\nadmin off\nauto_https off\n}}\nhttps://localhost:{port} {{\ntls server/tls.crt server/tls.key {{\nclient_auth \
             {{\nmode verify_if_given\ntrust_pool file server/ca.crt\n}}\n}}\n@stranger expression `{{tls_client_subject}} == \
             \"\"`\n{begin}\nrespond @stranger 403\nhandle /admin* {{\nreverse_proxy {0}\n}}\nreverse_proxy {0}\n{end}\n}}\n",
            service.url()
        )
    };
    let url = |path: &str| format!("https://localhost:{port}{path}");
    {
        let _caddy = caddy(&place, &with("", ""), port);
        assert!(!is_open(&place, &url("/")) && is_open(&place, &url("/admin")));
        let found = ways(&place, "Caddyfile");
        assert!(
            found.len() == 1 && found[0].starts_with("HF-605 likely"),
            "{found:?}"
        );
    }
    // A route keeps its order.
    let _caddy = caddy(&place, &with("route {", "}"), port);
    assert!(!is_open(&place, &url("/admin")));
    assert_eq!(ways(&place, "Caddyfile"), NONE);
}
