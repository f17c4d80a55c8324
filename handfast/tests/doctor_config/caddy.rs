//! Holes of Caddy, in its Caddyfile and in JSON.

use crate::{
    all, assert_only_web_gets_in, assert_silent, cast, found, get, gets_in, over,
    program::{
        servers::caddy,
        service::{Service, closed_port},
    },
};

const CADDY_OPTIONS: &str = "{\nadmin off\nauto_https off\n}\n";

/// A Caddyfile; `auth` from line 8, `more` behind it.
fn caddyfile(port: u16, auth: &str, more: &str) -> String {
    format!(
        "{CADDY_OPTIONS}https://localhost:{port} {{\ntls server/tls.crt server/tls.key {{\nclient_auth {{\n{auth}\n}}\n}}\n{more}\n}}\n"
    )
}

const ONLY_WEB_CADDY: &str =
    "@other not expression `{tls_client_subject} == \"CN=web\"`\nrespond @other 403\nrespond hello";

#[test]
fn caddy_lets_a_certificate_of_nobody_in_until_it_verifies() {
    let place = cast();
    let port = closed_port();
    {
        let _caddy = caddy(
            &place,
            &caddyfile(
                port,
                "mode require\ntrust_pool file server/ca.crt",
                "respond hello",
            ),
            port,
        );
        assert!(gets_in(&place, port, Some("nobody")) && !gets_in(&place, port, None));
        assert_eq!(found(&place, "Caddyfile"), ["HF-605 certain 8"]);
    }
    {
        // Caddy gives a fingerprint also where there is no certificate.
        let check = "@none expression `{tls_client_fingerprint} == \"\"`\nrespond @none 403\nrespond hello";
        let text = caddyfile(port, "mode verify_if_given\ntrust_pool file server/ca.crt", check);
        let _caddy = caddy(&place, &text, port);
        assert!(gets_in(&place, port, None));
        assert_eq!(found(&place, "Caddyfile"), ["HF-605 certain 8"]);
    }
    let good = "mode require_and_verify\ntrust_pool file server/ca.crt";
    for mode in [good, "mode verify_if_given\ntrust_pool file server/ca.crt"] {
        let _caddy = caddy(&place, &caddyfile(port, mode, ONLY_WEB_CADDY), port);
        assert_only_web_gets_in(&place, port);
        assert_silent(&place, "Caddyfile");
    }
}

#[test]
fn caddy_hands_a_forged_header_on_where_it_only_adds_its_own() {
    let service = Service::hello();
    let place = cast();
    let port = closed_port();
    let with = |sign: &str| {
        let proxy = format!(
            "reverse_proxy 127.0.0.1:{} {{\nheader_up {sign}X-Client-Subject {{tls_client_subject}}\n}}",
            service.port
        );
        caddyfile(
            port,
            "mode require_and_verify\ntrust_pool file server/ca.crt",
            &proxy,
        )
    };
    let forged = "-H 'X-Client-Subject: CN=admin'";
    {
        let _caddy = caddy(&place, &with("+"), port);
        get(&place, port, Some("web"), forged);
        assert_eq!(service.last().values("x-client-subject"), ["CN=admin", "CN=web"]);
        assert_eq!(found(&place, "Caddyfile"), ["HF-602 certain 13"]);
    }
    let _caddy = caddy(&place, &with(""), port);
    get(&place, port, Some("web"), forged);
    assert_eq!(service.last().values("x-client-subject"), ["CN=web"]);
    assert_silent(&place, "Caddyfile");
}

#[test]
fn caddy_lets_a_request_cross_to_another_site_where_its_options_say_so() {
    let place = cast();
    let port = closed_port();
    let with = |options: &str| {
        let b = caddyfile(
            port,
            "mode require_and_verify\ntrust_pool file server/ca.crt",
            ONLY_WEB_CADDY,
        );
        let b = b
            .trim_start_matches(CADDY_OPTIONS)
            .replace("localhost", "b.example");
        format!(
            "{{\nadmin off\nauto_https off\n{options}\n}}\nhttps://a.example:{port} {{\ntls server/tls.crt server/tls.key\nrespond open\n}}\n{b}"
        )
    };
    let host = format!("b.example:{port}");
    let ask = || over(&place, port, &host, "-servername a.example");
    {
        let text = with("servers {\nstrict_sni_host insecure_off\n}").replace("respond @other 403\n", "");
        let _caddy = caddy(&place, &text, port);
        assert!(ask().contains("hello"));
        assert_eq!(found(&place, "Caddyfile"), ["HF-507 certain 5"]);
    }
    let _caddy = caddy(&place, &with(""), port);
    assert!(!ask().contains("hello"));
    assert_eq!(found(&place, "Caddyfile"), Vec::<String>::new());
}

#[test]
fn caddys_json_is_judged_like_its_caddyfile() {
    let place = cast();
    let port = closed_port();
    let with = |auth: &str| {
        format!(
            "{{\"admin\": {{\"disabled\": true}}, \"apps\": {{\n\"tls\": {{\"certificates\": {{\"load_files\": [{{\"certificate\": \"server/tls.crt\", \"key\": \"server/tls.key\"}}]}}}},\n\
             \"http\": {{\"servers\": {{\"main\": {{\"listen\": [\"127.0.0.1:{port}\"], \"automatic_https\": {{\"disable\": true}},\n\
             \"tls_connection_policies\": [{{\"client_authentication\": {{\n{auth}}}}}],\n\
             \"routes\": [{{\"handle\": [{{\"handler\": \"static_response\", \"body\": \"hello\"}}]}}]}}}}}}}}}}"
        )
    };
    let pool = "\"ca\": {\"provider\": \"file\", \"pem_files\": [\"server/ca.crt\"]}";
    {
        let _caddy = caddy(&place, &with(&format!("\"mode\": \"require\",\n{pool}")), port);
        assert!(gets_in(&place, port, Some("nobody")));
        assert_eq!(found(&place, "caddy.json"), ["HF-605 certain 5"]);
    }
    let _caddy = caddy(
        &place,
        &with(&format!("\"mode\": \"require_and_verify\",\n{pool}")),
        port,
    );
    assert!(gets_in(&place, port, Some("web")) && !gets_in(&place, port, Some("nobody")));
    assert_eq!(all(&place, "caddy.json"), ["HF-607 guess 5"]);
}
