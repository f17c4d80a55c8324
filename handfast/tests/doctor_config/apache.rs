//! Holes of Apache.

use crate::{
    assert_only_web_gets_in, assert_silent, cast, found, get, gets_in, over,
    program::{
        servers::apache,
        service::{Service, closed_port},
    },
};

/// The usual virtual host; `verify` on line 26, `more` from line 27.
fn apache_host(port: u16, verify: &str, more: &str) -> String {
    format!(
        "<VirtualHost 127.0.0.1:{port}>\nSSLEngine on\nSSLCertificateFile server/tls.crt\nSSLCertificateKeyFile server/tls.key\n\
         SSLCACertificateFile server/ca.crt\nSSLVerifyDepth 2\n{verify}\n{more}\n</VirtualHost>\n"
    )
}

const NAMED: &str = "<Location />\n<RequireAll>\nRequire ssl-verify-client\nRequire expr %{SSL_CLIENT_S_DN_CN} == \"web\"\n</RequireAll>\n</Location>";

#[test]
fn apache_lets_a_certificate_of_nobody_in_until_it_verifies() {
    let place = cast();
    let port = closed_port();
    {
        let text = apache_host(port, "SSLVerifyClient optional_no_ca", "");
        let _apache = apache(&place, &text, port);
        assert!(gets_in(&place, port, Some("nobody")) && gets_in(&place, port, None));
        assert_eq!(found(&place, "httpd.conf"), ["HF-605 certain 26"]);
    }
    {
        // Of two beside each other any one is enough.
        let either = "<Location />\nRequire all granted\nRequire ssl-verify-client\n</Location>";
        let _apache = apache(
            &place,
            &apache_host(port, "SSLVerifyClient optional", either),
            port,
        );
        assert!(gets_in(&place, port, None));
        assert_eq!(found(&place, "httpd.conf"), ["HF-605 certain 26"]);
    }
    {
        let _apache = apache(
            &place,
            &apache_host(port, "SSLVerifyClient optional_no_ca", NAMED),
            port,
        );
        assert_only_web_gets_in(&place, port);
        assert_silent(&place, "httpd.conf");
    }
    let _apache = apache(&place, &apache_host(port, "SSLVerifyClient require", NAMED), port);
    assert_only_web_gets_in(&place, port);
    assert_silent(&place, "httpd.conf");
}

#[test]
fn apache_asks_too_late_for_a_part_of_a_host() {
    let place = cast();
    let port = closed_port();
    let late = format!(
        "<Location />\nSSLVerifyClient require\n{}",
        NAMED.trim_start_matches("<Location />\n")
    );
    {
        let _apache = apache(&place, &apache_host(port, "", &late), port);
        // curl offers to be asked later. Browsers do not, and rustls neither.
        assert!(gets_in(&place, port, Some("web")));
        let files = "--ca server/ca.crt --cert web/tls.crt --key web/tls.key";
        let ran = place.run(&format!("get https://localhost:{port}/ {files}"));
        assert!(ran.exit == 4 && ran.stderr.contains("403"), "{ran:#?}");
        assert_eq!(found(&place, "httpd.conf"), ["HF-108 certain 28"]);
    }
    let _apache = apache(&place, &apache_host(port, "SSLVerifyClient require", NAMED), port);
    assert!(gets_in(&place, port, Some("web")));
    assert_silent(&place, "httpd.conf");
}

#[test]
fn apache_keeps_everybody_out_when_the_depth_counts_the_root() {
    let place = cast();
    let port = closed_port();
    let chain = place.read("web/tls.crt");
    let issuing = chain
        .split_inclusive("-----END CERTIFICATE-----\n")
        .nth(1)
        .expect("two certificates");
    place.write("bundle.crt", format!("{issuing}{}", place.read("server/ca.crt")));
    let text = apache_host(port, "SSLVerifyClient require", NAMED).replace("server/ca.crt", "bundle.crt");
    {
        let _apache = apache(
            &place,
            &text.replace("SSLVerifyDepth 2", "SSLVerifyDepth 1"),
            port,
        );
        assert!(!gets_in(&place, port, Some("web")));
        assert_eq!(found(&place, "httpd.conf"), ["HF-106 certain 25"]);
    }
    let _apache = apache(&place, &text, port);
    assert!(gets_in(&place, port, Some("web")));
    assert_silent(&place, "httpd.conf");
}

#[test]
fn apache_lets_a_request_cross_to_another_host_where_its_policy_says_so() {
    let place = cast();
    let port = closed_port();
    let with = |policy: &str| {
        let host = |name: &str, ca: &str| {
            apache_host(
                port,
                "SSLVerifyClient require",
                &format!("ServerName {name}\n{NAMED}"),
            )
            .replace("server/ca.crt", ca)
        };
        format!(
            "{policy}\n{}{}",
            host("a.example", "stranger/ca.crt"),
            host("b.example", "server/ca.crt")
        )
    };
    let stranger =
        "-servername a.example -cert stranger/tls.crt -key stranger/tls.key -cert_chain stranger/tls.crt";
    {
        let _apache = apache(&place, &with("SSLVHostSNIPolicy insecure"), port);
        assert!(over(&place, port, "b.example", stranger).contains("hello"));
        assert_eq!(found(&place, "httpd.conf"), ["HF-507 certain 20"]);
    }
    let _apache = apache(&place, &with("SSLVHostSNIPolicy secure"), port);
    assert!(!over(&place, port, "b.example", stranger).contains("hello"));
    assert_eq!(found(&place, "httpd.conf"), Vec::<String>::new());
}

#[test]
fn apache_hands_a_forged_header_on_where_it_only_adds_its_own() {
    let service = Service::hello();
    let place = cast();
    let port = closed_port();
    let with = |lines: &str| {
        apache_host(
            port,
            "SSLVerifyClient require",
            &format!("{lines}\nProxyPass / {}/", service.url()),
        )
    };
    let value = "X-SSL-Client-S-DN \"%{SSL_CLIENT_S_DN}s\"";
    let forged = "-H 'X-SSL-Client-S-DN: CN=admin' -H 'X_SSL_Client_S_DN: CN=admin'";
    {
        let _apache = apache(&place, &with(&format!("RequestHeader append {value}")), port);
        get(&place, port, Some("web"), forged);
        assert_eq!(service.last().value("x-ssl-client-s-dn"), "CN=admin, CN=web");
        assert_eq!(found(&place, "httpd.conf"), ["HF-602 certain 27"]);
    }
    {
        let _apache = apache(&place, &with(&format!("RequestHeader set {value}")), port);
        get(&place, port, Some("web"), forged);
        assert_eq!(service.last().value("x-ssl-client-s-dn"), "CN=web");
        assert_eq!(service.last().value("x_ssl_client_s_dn"), "CN=admin");
        assert_eq!(found(&place, "httpd.conf"), ["HF-602 likely 27"]);
    }
    let mended = format!("RequestHeader unset x_ssl_client_s_dn\nRequestHeader set {value}");
    let _apache = apache(&place, &with(&mended), port);
    get(&place, port, Some("web"), forged);
    assert_eq!(service.last().value("x-ssl-client-s-dn"), "CN=web");
    assert!(!service.last().head.contains("admin"));
    assert_silent(&place, "httpd.conf");
}
