//! Holes of nginx.

use crate::{
    assert_only_web_gets_in, assert_silent, cast, found, get, gets_in, over,
    program::{
        servers::nginx,
        service::{Service, closed_port},
    },
};

/// The usual server; `verify` on line 14, `more` from line 15.
fn nginx_server(port: u16, verify: &str, more: &str) -> String {
    format!(
        "server {{\nlisten 127.0.0.1:{port} ssl;\nssl_certificate server/tls.crt;\nssl_certificate_key server/tls.key;\n\
         ssl_client_certificate server/ca.crt;\n{verify}\n{more}\n}}"
    )
}

#[test]
fn nginx_lets_a_certificate_of_nobody_in_until_it_verifies() {
    let place = cast();
    let port = closed_port();
    let hello = "return 200 \"hello\\n\";";
    let named = "if ($ssl_client_s_dn != \"CN=web\") { return 403; }";
    {
        let _nginx = nginx(
            &place,
            &nginx_server(port, "ssl_verify_client optional_no_ca;", hello),
            port,
        );
        assert!(gets_in(&place, port, Some("nobody")) && gets_in(&place, port, None));
        assert_eq!(found(&place, "nginx.conf"), ["HF-605 certain 14"]);
    }
    {
        // The name alone is no proof, for anybody can write it.
        let text = nginx_server(
            port,
            "ssl_verify_client optional_no_ca;",
            &format!("{named} {hello}"),
        );
        let _nginx = nginx(&place, &text, port);
        assert!(gets_in(&place, port, Some("nobody")) && !gets_in(&place, port, None));
        assert_eq!(found(&place, "nginx.conf"), ["HF-605 certain 14"]);
    }
    {
        let check = format!("if ($ssl_client_verify != SUCCESS) {{ return 403; }} {named}");
        let text = nginx_server(
            port,
            "ssl_verify_client optional_no_ca;",
            &format!("{check} {hello}"),
        );
        let _nginx = nginx(&place, &text, port);
        assert!(gets_in(&place, port, Some("web")) && !gets_in(&place, port, Some("nobody")));
        assert_silent(&place, "nginx.conf");
    }
    let text = nginx_server(port, "ssl_verify_client on;", &format!("{named} {hello}"));
    let _nginx = nginx(&place, &text, port);
    assert_only_web_gets_in(&place, port);
    assert_silent(&place, "nginx.conf");
}

#[test]
fn nginx_forgets_the_headers_of_the_server_in_a_location_with_its_own() {
    let service = Service::hello();
    let place = cast();
    let port = closed_port();
    let header = "proxy_set_header X-SSL-Client-S-DN $ssl_client_s_dn;";
    let with = |own: &str| {
        let location = format!(
            "location / {{\nproxy_set_header X-Other 1;\n{own}\nproxy_pass {};\n}}",
            service.url()
        );
        nginx_server(port, "ssl_verify_client on;", &format!("{header}\n{location}"))
    };
    {
        let _nginx = nginx(&place, &with(""), port);
        get(&place, port, Some("web"), "-H 'X-SSL-Client-S-DN: CN=admin'");
        assert_eq!(service.last().values("x-ssl-client-s-dn"), ["CN=admin"]);
        assert_eq!(found(&place, "nginx.conf"), ["HF-602 certain 19"]);
    }
    let _nginx = nginx(&place, &with(header), port);
    get(
        &place,
        port,
        Some("web"),
        "-H 'X-SSL-Client-S-DN: CN=admin' -H 'X_SSL_Client_S_DN: CN=admin'",
    );
    assert_eq!(service.last().values("x-ssl-client-s-dn"), ["CN=web"]);
    assert!(!service.last().head.contains("admin"));
    assert_silent(&place, "nginx.conf");
}

#[test]
fn nginx_believes_the_verdict_of_another_host_when_no_name_is_sent() {
    let place = cast();
    let port = closed_port();
    let host = |name: &str, ca: &str| {
        format!(
            "server {{ listen 127.0.0.1:{port} ssl; server_name {name}; ssl_client_certificate {ca}/ca.crt; ssl_verify_client on; \
             if ($ssl_client_s_dn != CN=web) {{ return 403; }} return 200 \"hello {name}\\n\"; }}\n"
        )
    };
    let own =
        "ssl_certificate server/tls.crt;\nssl_certificate_key server/tls.key;\nssl_session_tickets off;\n";
    let hosts = host("a.example", "stranger") + &host("b.example", "server");
    let stranger = "-noservername -cert stranger/tls.crt -key stranger/tls.key -cert_chain stranger/tls.crt";
    {
        let _nginx = nginx(&place, &format!("{own}{hosts}"), port);
        assert!(over(&place, port, "b.example", stranger).contains("hello b.example"));
        assert_eq!(found(&place, "nginx.conf"), ["HF-507 certain 13"]);
    }
    let stub = format!("server {{ listen 127.0.0.1:{port} ssl default_server; ssl_reject_handshake on; }}\n");
    let _nginx = nginx(&place, &format!("{own}{hosts}{stub}"), port);
    assert!(!over(&place, port, "b.example", stranger).contains("hello"));
    let named = stranger.replace("-noservername", "-servername b.example");
    assert!(!over(&place, port, "b.example", &named).contains("hello"));
    assert_eq!(found(&place, "nginx.conf"), Vec::<String>::new());
}

#[test]
fn nginx_keeps_everybody_out_without_the_root_or_the_depth() {
    let place = cast();
    let port = closed_port();
    let chain = place.read("web/tls.crt");
    let issuing = chain
        .split_inclusive("-----END CERTIFICATE-----\n")
        .nth(1)
        .expect("two certificates");
    place.write("issuing.crt", issuing);
    let text = nginx_server(
        port,
        "ssl_verify_client on;",
        "if ($ssl_client_s_dn != CN=web) { return 403; } return 200 \"hello\\n\";",
    );
    {
        let _nginx = nginx(&place, &text.replace("server/ca.crt", "issuing.crt"), port);
        assert!(!gets_in(&place, port, Some("web")));
        assert_eq!(found(&place, "nginx.conf"), ["HF-105 certain 13"]);
    }
    place.write("bundle.crt", format!("{issuing}{}", place.read("server/ca.crt")));
    {
        let deep = text.replace("server/ca.crt;", "bundle.crt; ssl_verify_depth 0;");
        let _nginx = nginx(&place, &deep, port);
        assert!(!gets_in(&place, port, Some("web")));
        assert_eq!(found(&place, "nginx.conf"), ["HF-106 certain 13"]);
    }
    let _nginx = nginx(
        &place,
        &text.replace("server/ca.crt;", "bundle.crt; ssl_verify_depth 1;"),
        port,
    );
    assert!(gets_in(&place, port, Some("web")));
    assert_silent(&place, "nginx.conf");
}
