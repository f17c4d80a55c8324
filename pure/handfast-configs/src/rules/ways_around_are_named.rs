//! Somebody without a certificate looks for the way around; each has a healthy twin beside it that gives no finding.

use crate::{
    Kind,
    lab::{self, usual},
};

/// What is found of ways around: HF-605, HF-611 and nothing of the rest.
#[track_caller]
fn around(kind: Kind, text: &str) -> Vec<String> {
    let mut found = lab::found(kind, text);
    found.retain(|line| line.starts_with("HF-605") || line.starts_with("HF-611"));
    found
}

const NONE: [&str; 0] = [];

mod nginx {
    use super::*;

    const GUARD: &str = "if ($ssl_client_verify != SUCCESS) { return 403; }";
    const PASS: &str = "proxy_pass http://127.0.0.1:9000;";

    /// A server that asks as `how` says; `inside` begins on line 5, `beside` on the line behind the server.
    fn servers(how: &str, inside: &str, beside: &str) -> String {
        format!(
            "http {{ server {{\nlisten 443 ssl; server_name a;\nssl_certificate tls.crt; ssl_certificate_key tls.key;\n\
             ssl_client_certificate ca.crt; ssl_verify_client {how};\n{inside}\n}}\n{beside}\n}}\n"
        )
    }

    #[track_caller]
    fn found(how: &str, inside: &str) -> Vec<String> {
        around(Kind::Nginx, &servers(how, inside, ""))
    }

    #[test]
    fn a_check_in_one_location_says_nothing_of_another() {
        let open = format!("location /api {{ {GUARD} {PASS} }}\nlocation /admin {{ {PASS} }}");
        assert_eq!(found("optional", &open), ["HF-605 likely 6"]);
        let both = format!("location /api {{ {GUARD} {PASS} }}\nlocation /admin {{ {GUARD} {PASS} }}");
        assert_eq!(found("optional", &both), NONE);
        let before = format!("{GUARD}\nlocation /api {{ {PASS} }} location /admin {{ {PASS} }}");
        assert_eq!(found("optional", &before), NONE);
    }

    #[test]
    fn a_check_around_a_location_does_not_hold_within_it() {
        let nested = format!("location / {{ {GUARD} {PASS}\nlocation /admin {{ {PASS} }} }}");
        assert_eq!(found("optional", &nested), ["HF-605 likely 6"]);
        let pattern = format!("location /admin/ {{ {GUARD} {PASS} }}\nlocation ~ \\.php$ {{ {PASS} }}");
        assert_eq!(found("optional", &pattern), ["HF-605 likely 6"]);
    }

    #[test]
    fn a_part_that_alone_demands_a_certificate_is_a_guess_and_public_places_are_none() {
        let part = format!("location / {{ {PASS} }}\nlocation /admin {{ {GUARD} {PASS} }}");
        assert_eq!(found("optional", &part), ["HF-605 guess 5"]);
        // The rest of the site is another's.
        let rest = part.replacen("9000", "9001", 1);
        assert_eq!(found("optional", &rest), NONE);
        for public in [
            "location = /healthz { proxy_pass http://127.0.0.1:9000; }",
            "location /static/ { root /srv; }",
            "location /login { proxy_pass http://login; }",
            "location / { return 200 hello; }",
            "location /up { return 302 /; }",
        ] {
            let text = format!("location /api {{ {GUARD} {PASS} }}\n{public}");
            assert_eq!(found("optional", &text), NONE, "{public}");
        }
    }

    #[test]
    fn a_named_location_is_open_as_far_as_what_leads_to_it() {
        let named = format!("location @app {{ {PASS} }}");
        let text = format!("location / {{ {GUARD} try_files $uri @app; }}\n{named}");
        assert_eq!(found("optional", &text), NONE);
        let open = format!("{text}\nlocation /files {{ try_files $uri @app; }}");
        assert_eq!(found("optional", &open), ["HF-605 likely 6"]);
    }

    #[test]
    fn an_error_page_that_hands_the_refused_request_on_is_a_way_around() {
        let location = format!("location / {{ {PASS} }}");
        let page = |page: &str, inside: &str| {
            format!("{location}\nerror_page {page};\nlocation @anyway {{ {inside} }}")
        };
        for codes in ["495 496", "495 496 497", "496"] {
            let text = page(&format!("{codes} = @anyway"), PASS);
            assert_eq!(found("on", &text), ["HF-611 certain 6"], "{codes}");
        }
        // One without a certificate is not refused here, one with a bad one is.
        let bad = page("495 = @anyway", &format!("{GUARD} {PASS}"));
        assert_eq!(found("on", &bad), NONE);
        assert_eq!(found("on", &page("495 496 = @anyway", "return 403;")), NONE);
        assert_eq!(
            found("on", &page("495 496 = @anyway", "return 302 /login;")),
            NONE
        );
        assert_eq!(found("on", &page("502 504 = @anyway", PASS)), NONE);
        let other = page("495 496 = @anyway", "proxy_pass http://127.0.0.1:9001;");
        assert_eq!(found("on", &other), ["HF-611 guess 6"]);
        let told =
            "proxy_set_header X-SSL-Client-Verify $ssl_client_verify; proxy_pass http://127.0.0.1:9000;";
        assert_eq!(found("on", &page("495 496 = @anyway", told)), ["HF-611 guess 6"]);
    }

    #[test]
    fn an_error_page_passes_over_the_check_of_the_server() {
        let text = format!(
            "{GUARD}\nlocation / {{ {PASS} }}\nerror_page 403 = @anyway;\nlocation @anyway {{ {PASS} }}"
        );
        assert_eq!(found("optional", &text), ["HF-611 certain 7"]);
        assert_eq!(
            found("optional", &text.replace("error_page 403", "error_page 404")),
            NONE
        );
        let again = format!(
            "location / {{ {PASS} }}\nerror_page 496 /again;\nlocation = /again {{ internal; {} }}",
            "proxy_pass http://127.0.0.1:9000$request_uri;"
        );
        assert_eq!(found("on", &again), ["HF-611 certain 6"]);
        let fixed = again.replace("$request_uri", "/error.html");
        assert_eq!(found("on", &fixed), NONE);
    }

    #[test]
    fn a_server_beside_it_that_leads_to_the_same_backend_is_a_way_around() {
        let strict = format!("location / {{ {PASS} }}");
        let beside = |server: &str| around(Kind::Nginx, &servers("on", &strict, server));
        for open in [
            "server { listen 80; location / { proxy_pass http://localhost:9000/; } }",
            "server { listen 80; location /v1 { } location / { grpc_pass grpc://127.0.0.1:9000; } }",
            "server { listen 80; set $app http://127.0.0.1:9000; location / { proxy_pass $app; } }",
            "upstream app { server 127.0.0.1:9000; } server { listen 80; location / { proxy_pass http://app; } }",
            "server { listen 8443 quic; server_name b; location / { proxy_pass http://127.0.0.1:9000; } }",
            "server { listen 8443 ssl; ssl_verify_client off; location / { proxy_pass http://127.0.0.1:9000; } }",
        ] {
            assert_eq!(beside(open), ["HF-611 likely 7"], "{open}");
        }
        for sound in [
            "server { listen 80; return 301 https://$host$request_uri; }",
            "server { listen 80; location / { return 301 https://$host$request_uri; } }",
            "server { listen 80; if ($scheme = http) { return 301 https://$host; } location / { proxy_pass http://127.0.0.1:9000; } }",
            "server { listen 80; location /.well-known/acme-challenge/ { proxy_pass http://127.0.0.1:9000; } }",
            "server { listen 80; location / { proxy_pass http://127.0.0.1:9001; } }",
            "server { listen 80; allow 10.0.0.0/8; deny all; location / { proxy_pass http://127.0.0.1:9000; } }",
            "server { listen 127.0.0.1:80; location / { proxy_pass http://127.0.0.1:9000; } }",
            "server { listen 443 ssl; server_name b; ssl_reject_handshake on; }",
        ] {
            assert_eq!(beside(sound), NONE, "{sound}");
        }
        let narrow = "server { listen 80; location /hooks { proxy_pass http://127.0.0.1:9000; } }";
        assert_eq!(beside(narrow), ["HF-611 guess 7"]);
        // One of several hosts of an address is judged as such; the first takes every name.
        let named = "server { listen 80 default_server; return 301 https://a; }\nserver { listen 80; server_name b; location / { \
                     proxy_pass http://127.0.0.1:9000; } }";
        assert_eq!(beside(named), ["HF-611 guess 8"]);
    }

    #[test]
    fn one_server_with_and_without_tls_is_a_way_around_by_itself() {
        let both = servers("on", &format!("listen 80; location / {{ {PASS} }}"), "");
        assert_eq!(around(Kind::Nginx, &both), ["HF-611 likely 1"]);
        let sent = both.replace(
            "location /",
            "if ($https = \"\") { return 301 https://a; } location /",
        );
        assert_eq!(around(Kind::Nginx, &sent), NONE);
        let by_port = both.replace(
            "location /",
            "if ($server_port = 80) { return 301 https://a; } location /",
        );
        assert_eq!(around(Kind::Nginx, &by_port), NONE);
    }

    #[test]
    fn streams_and_the_backend_itself_are_ways_around() {
        let strict = servers("on", &format!("location / {{ {PASS} }}"), "");
        let stream = |listen: &str, to: &str| {
            let text = format!("{strict}stream {{ server {{ listen {listen}; proxy_pass {to}; }} }}\n");
            around(Kind::Nginx, &text)
        };
        assert_eq!(stream("9443", "127.0.0.1:9000"), ["HF-611 likely 9"]);
        assert_eq!(stream("127.0.0.1:9443", "127.0.0.1:9000"), NONE);
        // What goes on to the one that demands a certificate is sound.
        assert_eq!(stream("9443", "127.0.0.1:443"), NONE);
        let behind = |listen: &str| {
            let app = format!("server {{ listen {listen}; location / {{ root /srv; }} }}");
            around(
                Kind::Nginx,
                &servers("on", &format!("location / {{ {PASS} }}"), &app),
            )
        };
        assert_eq!(behind("9000"), ["HF-611 likely 7"]);
        assert_eq!(behind("127.0.0.1:9000"), NONE);
    }

    #[test]
    fn the_same_files_without_tls_are_a_way_around() {
        let files = |server: &str| around(Kind::Nginx, &servers("on", "root /srv/www;", server));
        assert_eq!(
            files("server { listen 80; root /srv/www/; }"),
            ["HF-611 likely 7"]
        );
        assert_eq!(files("server { listen 80; root /srv/other; }"), NONE);
        assert_eq!(
            files("server { listen 80; root /srv/www; return 301 https://a; }"),
            NONE
        );
        let page = "error_page 496 = @why; location / { root /srv/www; }\nlocation @why { root /srv/errors; try_files /why.html =404; }";
        assert_eq!(found("on", page), NONE);
        let same = "error_page 496 = @why; location / { root /srv/www; }\nlocation @why { root /srv/www; }";
        assert_eq!(found("on", same), ["HF-611 certain 5"]);
    }
}

mod haproxy {
    use super::*;

    fn text(binds: &str, rules: &str) -> String {
        format!(
            "frontend fe\n{binds}\n{rules}\ndefault_backend app\nbackend app\nserver s 127.0.0.1:9000\n\
             backend other\nserver s 127.0.0.1:9001\n"
        )
    }

    #[track_caller]
    fn found(binds: &str, rules: &str) -> Vec<String> {
        around(Kind::HaProxy, &text(binds, rules))
    }

    const REQUIRED: &str = "bind :443 ssl crt tls.pem ca-file ca.crt verify required";
    const OPTIONAL: &str = "bind :443 ssl crt tls.pem ca-file ca.crt verify optional";

    #[test]
    fn a_bind_without_tls_in_the_same_frontend_is_a_way_around() {
        let both = format!("{REQUIRED}\nbind :80");
        assert_eq!(found(&both, ""), ["HF-611 likely 3"]);
        for sound in [
            "http-request redirect scheme https unless { ssl_fc }",
            "redirect scheme https if !{ ssl_fc }",
            "http-request redirect scheme https if { dst_port 80 }",
            "http-request deny unless { ssl_c_used }",
        ] {
            assert_eq!(found(&both, sound), NONE, "{sound}");
        }
        assert_eq!(found(&format!("{REQUIRED}\nbind 127.0.0.1:80"), ""), NONE);
        assert_eq!(found(REQUIRED, ""), NONE);
    }

    #[test]
    fn another_frontend_to_the_same_server_is_a_way_around_in_every_mode() {
        let beside = |more: &str| around(Kind::HaProxy, &format!("{}{more}", text(REQUIRED, "")));
        for open in [
            "frontend x\nbind :81\ndefault_backend app\n",
            "frontend x\nmode tcp\nbind :81\ndefault_backend app\n",
            "listen x\nbind :81\nserver s localhost:9000\n",
            "frontend x\nbind :444 ssl crt tls.pem\ndefault_backend app\n",
        ] {
            let found = beside(open);
            assert!(
                found.len() == 1 && found[0].starts_with("HF-611 likely 1"),
                "{open}: {found:?}"
            );
        }
        assert_eq!(beside("frontend x\nbind :81\ndefault_backend other\n"), NONE);
        assert_eq!(
            beside("frontend x\nbind :81\nhttp-request deny\ndefault_backend app\n"),
            NONE
        );
    }

    #[test]
    fn a_check_on_the_way_to_one_backend_says_nothing_of_another() {
        let same = "use_backend api if { path_beg /api } { ssl_c_used }";
        let text = format!("{}backend api\nserver s 127.0.0.1:9000\n", text(OPTIONAL, same));
        assert_eq!(around(Kind::HaProxy, &text), ["HF-605 likely 4"]);
        // What others come to instead is another server.
        let apart = "use_backend other if { path_beg /api } { ssl_c_used }";
        assert_eq!(found(OPTIONAL, apart), NONE);
        let checked = "http-request deny unless { ssl_c_used }\nuse_backend other if { path_beg /x }";
        assert_eq!(found(OPTIONAL, checked), NONE);
        let conditional = "http-request deny if { path_beg /admin } !{ ssl_c_used }";
        assert_eq!(found(OPTIONAL, conditional), ["HF-605 guess 2"]);
    }

    #[test]
    fn an_exception_before_the_check_is_a_guess_unless_it_is_public() {
        let deny = "http-request deny unless { ssl_c_used }";
        let with = |exception: &str| found(OPTIONAL, &format!("{exception}\n{deny}"));
        assert_eq!(
            with("http-request allow if { path_beg /admin }"),
            ["HF-605 guess 3"]
        );
        assert_eq!(with("http-request allow if { path /healthz }"), NONE);
        assert_eq!(with("http-request allow if { ssl_c_used }"), NONE);
        let after = format!("{deny}\nhttp-request allow if {{ path_beg /admin }}");
        assert_eq!(found(OPTIONAL, &after), NONE);
    }

    #[test]
    fn a_socket_for_administration_on_the_network_is_named() {
        let socket = |socket: &str| {
            around(
                Kind::HaProxy,
                &format!("global\nstats socket {socket}\n{}", text(REQUIRED, "")),
            )
        };
        assert_eq!(socket("ipv4@0.0.0.0:9999 level admin"), ["HF-611 likely 2"]);
        assert_eq!(socket("/run/haproxy/admin.sock mode 660 level admin"), NONE);
        assert_eq!(socket("ipv4@127.0.0.1:9999 level admin"), NONE);
    }
}

mod apache {
    use super::*;

    /// A host that asks as `how` says on line 4; `inside` begins on line 5.
    fn hosts(how: &str, inside: &str, beside: &str) -> String {
        format!(
            "<VirtualHost *:443>\nSSLEngine on\nSSLCACertificateFile root.crt\nSSLVerifyClient {how}\n{inside}\n</VirtualHost>\n{beside}\n"
        )
    }

    #[track_caller]
    fn found(how: &str, inside: &str) -> Vec<String> {
        around(Kind::Apache, &hosts(how, inside, ""))
    }

    const CHECK: &str = "Require ssl-verify-client";

    #[test]
    fn a_check_in_one_location_says_nothing_of_another() {
        let location = |path: &str, inside: &str| {
            format!("<Location {path}>\n{inside}\nProxyPass http://127.0.0.1:9000/\n</Location>")
        };
        let open = format!("{}\n{}", location("/api", CHECK), location("/admin", ""));
        assert_eq!(found("optional", &open), ["HF-605 likely 11"]);
        let both = format!("{}\n{}", location("/api", CHECK), location("/admin", CHECK));
        assert_eq!(found("optional", &both), NONE);
        let all = format!("<Location />\n{CHECK}\n</Location>\n{}", location("/admin", ""));
        assert_eq!(found("optional", &all), NONE);
    }

    #[test]
    fn a_later_section_takes_the_place_of_the_check() {
        let text = |merging: &str, path: &str| {
            format!(
                "ProxyPass / http://127.0.0.1:9000/\n<Location />\n{CHECK}\n</Location>\n<Location {path}>\n{merging}\n\
                 Require all granted\n</Location>"
            )
        };
        assert_eq!(found("optional", &text("", "/admin")), ["HF-605 guess 9"]);
        assert_eq!(found("optional", &text("AuthMerging And", "/admin")), NONE);
        assert_eq!(found("optional", &text("", "/healthz")), NONE);
    }

    #[test]
    fn a_part_alone_that_demands_a_certificate_is_a_guess() {
        let part = format!("ProxyPass / http://127.0.0.1:9000/\n<Location /admin>\n{CHECK}\n</Location>");
        assert_eq!(found("optional", &part), ["HF-605 guess 5"]);
        let methods = format!(
            "ProxyPass / http://127.0.0.1:9000/\n<Location />\n<Limit POST>\n{CHECK}\n</Limit>\n</Location>"
        );
        assert_eq!(found("optional", &methods), ["HF-605 guess 5"]);
        // A name as the beginning of another is none of its parts.
        let named = format!(
            "ProxyPass /a http://127.0.0.1:9000/\nProxyPass /admin http://127.0.0.1:9000/\n<Location /a>\n{CHECK}\n</Location>"
        );
        assert_eq!(found("optional", &named), ["HF-605 likely 6"]);
    }

    #[test]
    fn what_answers_for_every_path_answers_by_its_own() {
        let text = |path: &str| {
            format!("DocumentRoot /srv\nFallbackResource /index.php\n<Location {path}>\n{CHECK}\n</Location>")
        };
        assert_eq!(found("optional", &text("/admin")), ["HF-605 guess 6"]);
        assert_eq!(found("optional", &text("/")), NONE);
    }

    #[test]
    fn satisfy_any_undoes_what_is_not_strict() {
        let text = |options: &str| {
            format!(
                "ProxyPass / http://127.0.0.1:9000/\nProxyPass /b http://127.0.0.1:9000/b\n<Location /b>\n{CHECK}\n</Location>\n\
                 <Location />\n{options}\nSatisfy any\nSSLRequire %{{SSL_CLIENT_VERIFY}} eq \"SUCCESS\"\n</Location>"
            )
        };
        assert_eq!(
            found("optional", &text("SSLOptions +StrictRequire\nRequire valid-user")),
            NONE
        );
        assert_eq!(found("optional", &text("")), ["HF-605 guess 5"]);
    }

    #[test]
    fn a_host_without_tls_that_leads_to_the_same_is_a_way_around() {
        let proxied = "ProxyPass / http://127.0.0.1:9000/";
        let beside = |inside: &str| {
            let plain = format!("<VirtualHost *:80>\n{inside}\n</VirtualHost>");
            around(Kind::Apache, &hosts("require", proxied, &plain))
        };
        assert_eq!(beside("ProxyPass / http://localhost:9000/"), ["HF-611 likely 8"]);
        // What is handed on is so before a redirection is looked for.
        assert_eq!(
            beside("Redirect permanent / https://a/\nProxyPass / http://localhost:9000/"),
            ["HF-611 likely 9"]
        );
        for sound in [
            "Redirect permanent / https://a/\nProxyPass /x http://127.0.0.1:9001/",
            "ProxyPass / http://localhost:9000/\nRewriteEngine on\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R]",
            "ProxyPass / http://localhost:9000/\n<Location />\nRequire ssl\n</Location>",
            "ProxyPass / http://localhost:9000/\n<Location />\nRequire ip 10.0.0.0/8\n</Location>",
            "ProxyPass / http://localhost:9000/\n<Location />\nRequire all denied\n</Location>",
            "ProxyPass / http://localhost:9001/",
        ] {
            assert_eq!(beside(sound), NONE, "{sound}");
        }
        let files = |inside: &str| {
            let plain = format!("<VirtualHost *:80>\n{inside}\n</VirtualHost>");
            around(
                Kind::Apache,
                &hosts("require", "DocumentRoot /var/www/html", &plain),
            )
        };
        assert_eq!(files("DocumentRoot /var/www/html"), ["HF-611 likely 8"]);
        assert_eq!(files("DocumentRoot /var/www/other"), NONE);
        assert_eq!(files("DocumentRoot /var/www/html\nRedirect / https://a/"), NONE);
    }

    #[test]
    fn members_of_a_balancer_are_backends() {
        let balanced = "<Proxy balancer://app>\nBalancerMember http://127.0.0.1:9000\n</Proxy>\nProxyPass / balancer://app/";
        let plain = "<VirtualHost *:80>\nProxyPass / http://127.0.0.1:9000/\n</VirtualHost>";
        assert_eq!(
            around(Kind::Apache, &hosts("require", balanced, plain)),
            ["HF-611 likely 11"]
        );
    }
}

mod envoy {
    use super::*;

    const STRICT: &str = "    - filter_chain_match: { server_names: [a] }
      transport_socket:
        typed_config:
          \"@type\": DownstreamTlsContext
          require_client_certificate: true
          common_tls_context: { validation_context: { trusted_ca: { filename: ca.crt } } }
      filters: [{ typed_config: { \"@type\": HttpConnectionManager, route_config: { virtual_hosts: [
        { domains: [a], routes: [{ match: { prefix: / }, route: { cluster: app } }] }] } } }]
";

    fn listeners(more: &str) -> String {
        format!(
            "static_resources:\n  listeners:\n  - address: {{ socket_address: {{ address: 0.0.0.0, port_value: 443 }} }}\n    \
             filter_chains:\n{STRICT}{more}\n  clusters:\n  - name: app\n    load_assignment: {{ endpoints: [{{ lb_endpoints: [{{ \
             endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: 9000 }} }} }} }}] }}] }}\n  - name: again\n    \
             load_assignment: {{ endpoints: [{{ lb_endpoints: [{{ endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, \
             port_value: 9000 }} }} }} }}] }}] }}\n"
        )
    }

    /// A listener of its own, without TLS.
    fn plain(address: &str, filter: &str) -> String {
        listeners(&format!(
            "  - address: {{ socket_address: {{ address: {address}, port_value: 80 }} }}\n    filter_chains:\n    - filters: [{{ \
             typed_config: {filter} }}]"
        ))
    }

    fn http(route: &str) -> String {
        format!(
            "{{ \"@type\": HttpConnectionManager, route_config: {{ virtual_hosts: [{{ domains: [\"*\"], routes: [{{ match: {{ prefix: \
             / }}, {route} }}] }}] }} }}"
        )
    }

    #[test]
    fn a_listener_without_tls_to_the_same_cluster_or_endpoint_is_a_way_around() {
        assert_eq!(around(Kind::Envoy, &listeners("")), NONE);
        for cluster in ["app", "again"] {
            let text = plain("0.0.0.0", &http(&format!("route: {{ cluster: {cluster} }}")));
            assert_eq!(around(Kind::Envoy, &text).len(), 1, "{cluster}");
            let tcp = plain(
                "0.0.0.0",
                &format!("{{ \"@type\": TcpProxy, cluster: {cluster} }}"),
            );
            assert_eq!(around(Kind::Envoy, &tcp).len(), 1, "{cluster}");
        }
        for sound in [
            plain("0.0.0.0", &http("redirect: { https_redirect: true }")),
            plain("0.0.0.0", &http("route: { cluster: another }")),
            plain("127.0.0.1", &http("route: { cluster: app }")),
        ] {
            assert_eq!(around(Kind::Envoy, &sound), NONE, "{sound}");
        }
    }

    #[test]
    fn an_open_interface_for_administration_is_named() {
        let with = |address: &str| {
            let text = format!(
                "admin: {{ address: {{ socket_address: {{ address: {address}, port_value: 9901 }} }} }}\n{}",
                listeners("")
            );
            around(Kind::Envoy, &text)
        };
        assert_eq!(with("0.0.0.0"), ["HF-611 likely 1"]);
        assert_eq!(with("127.0.0.1"), NONE);
    }

    /// The chain asks and does not require; `manager` are lines of the connection manager.
    fn optional(rules: &str, routes: &str) -> Vec<String> {
        let text = listeners("")
            .replace(
                "require_client_certificate: true",
                "require_client_certificate: false",
            )
            .replace(
                "\"@type\": HttpConnectionManager,",
                &format!("\"@type\": HttpConnectionManager, http_filters: [{rules}],"),
            )
            .replace(
                "routes: [{ match: { prefix: / }, route: { cluster: app } }]",
                routes,
            );
        around(Kind::Envoy, &text)
    }

    const ROUTE: &str = "routes: [{ match: { prefix: / }, route: { cluster: app } }]";

    #[test]
    fn rules_in_the_shadow_or_for_anybody_are_no_check() {
        let filter = |rules: &str| format!("{{ typed_config: {{ \"@type\": RBAC, {rules} }} }}");
        let policies =
            "policies: { web: { permissions: [{ any: true }], principals: [{ authenticated: {} }] } }";
        assert_eq!(
            optional(&filter(&format!("rules: {{ {policies} }}")), ROUTE),
            NONE
        );
        let open = policies.replace(
            "} }",
            "}, all: { permissions: [{ any: true }], principals: [{ any: true }] } }",
        );
        for none in [
            format!("shadow_rules: {{ {policies} }}"),
            format!("rules: {{ action: LOG, {policies} }}"),
            format!("rules: {{ {open} }}"),
        ] {
            let found = optional(&filter(&none), ROUTE);
            assert!(
                found.len() == 1 && found[0].starts_with("HF-605 certain"),
                "{none}: {found:?}"
            );
        }
    }

    #[test]
    fn a_route_for_those_with_a_certificate_says_nothing_of_the_next() {
        let first = "{ match: { prefix: /api, tls_context: { presented: true, validated: true } }, route: { cluster: app } }";
        let open = format!("routes: [{first}, {{ match: {{ prefix: /api }}, route: {{ cluster: again }} }}]");
        let found = optional("", &open);
        assert!(found.len() == 1 && found[0].starts_with("HF-605"), "{found:?}");
        assert_eq!(optional("", &format!("routes: [{first}]")), NONE);
    }
}

mod caddy {
    use super::*;

    /// A site that asks as `mode` says on line 4; `inside` begins on line 8.
    fn sites(mode: &str, inside: &str, beside: &str) -> String {
        format!(
            "a.example {{\ntls tls.crt tls.key {{\nclient_auth {{\nmode {mode}\ntrust_pool file ca.crt\n}}\n}}\n{inside}\n}}\n{beside}\n"
        )
    }

    #[track_caller]
    fn found(inside: &str) -> Vec<String> {
        around(Kind::Caddy, &sites("verify_if_given", inside, ""))
    }

    const STRANGER: &str = "@stranger expression `{tls_client_subject} == \"\"`";

    #[test]
    fn a_refusal_beside_a_handle_does_not_hold_within_it() {
        let open =
            format!("{STRANGER}\nrespond @stranger 403\nhandle /api/* {{\nreverse_proxy 127.0.0.1:9000\n}}");
        assert_eq!(found(&open), ["HF-605 guess 11"]);
        let both = format!("{open}\nreverse_proxy 127.0.0.1:9000");
        assert_eq!(found(&both), ["HF-605 likely 11"]);
        for sound in [
            format!("{STRANGER}\nrespond @stranger 403\nreverse_proxy 127.0.0.1:9000"),
            format!("{STRANGER}\nredir @stranger /login\nhandle /api/* {{\nreverse_proxy 127.0.0.1:9000\n}}"),
            format!("{STRANGER}\nroute {{\nrespond @stranger 403\nreverse_proxy 127.0.0.1:9000\n}}"),
            format!(
                "{STRANGER}\nhandle @stranger {{\nrespond 403\n}}\nhandle {{\nreverse_proxy 127.0.0.1:9000\n}}"
            ),
            format!("{STRANGER}\nhandle /api/* {{\nrespond @stranger 403\nreverse_proxy 127.0.0.1:9000\n}}"),
        ] {
            assert_eq!(found(&sound), NONE, "{sound}");
        }
        let late = format!("{STRANGER}\nroute {{\nreverse_proxy 127.0.0.1:9000\nrespond @stranger 403\n}}");
        assert_eq!(found(&late), ["HF-605 guess 10"]);
    }

    #[test]
    fn a_refusal_for_one_path_says_nothing_of_the_others() {
        let part = "@stranger {\npath /admin/*\nexpression `{tls_client_subject} == \"\"`\n}\nrespond @stranger 403\n\
                    reverse_proxy 127.0.0.1:9000";
        assert_eq!(found(part), ["HF-605 guess 13"]);
    }

    #[test]
    fn errors_that_are_handed_on_are_a_way_around() {
        let text = |handler: &str| {
            format!(
                "{STRANGER}\nerror @stranger 403\nreverse_proxy 127.0.0.1:9000\nhandle_errors {{\n{handler}\n}}"
            )
        };
        assert_eq!(found(&text("reverse_proxy 127.0.0.1:9000")), ["HF-611 certain 9"]);
        assert_eq!(found(&text("respond \"no\" 403")), NONE);
    }

    #[test]
    fn a_site_without_tls_and_an_open_interface_are_ways_around() {
        let proxied = "reverse_proxy 127.0.0.1:9000";
        let beside = |more: &str| around(Kind::Caddy, &sites("require_and_verify", proxied, more));
        assert_eq!(
            beside("http://a.example {\nreverse_proxy localhost:9000\n}"),
            ["HF-611 likely 11"]
        );
        assert_eq!(
            beside("http://a.example {\nredir https://{host}{uri}\nreverse_proxy localhost:9000\n}"),
            NONE
        );
        assert_eq!(
            beside("http://a.example {\nreverse_proxy localhost:9001\n}"),
            NONE
        );
        let admin = |address: &str| {
            around(
                Kind::Caddy,
                &format!(
                    "{{\nadmin {address}\n}}\n{}",
                    sites("require_and_verify", proxied, "")
                ),
            )
        };
        assert_eq!(admin("0.0.0.0:2019"), ["HF-611 likely 2"]);
        assert_eq!(admin(":2019"), ["HF-611 likely 2"]);
        for sound in ["localhost:2019", "off", "unix//run/caddy.sock"] {
            assert_eq!(admin(sound), NONE, "{sound}");
        }
    }
}

#[test]
fn a_file_that_is_included_is_looked_at_for_ways_around_too() {
    let plain = "server {\nlisten 80;\nlocation / { proxy_pass http://127.0.0.1:9000; }\n}\n";
    let shelf = usual().with("sites/plain.conf", plain);
    let text = "http {\nserver { listen 443 ssl; ssl_client_certificate ca.crt; ssl_verify_client on;\n\
                location / { proxy_pass http://127.0.0.1:9000; } }\ninclude sites/*.conf;\n}\n";
    let found = lab::found_with(Kind::Nginx, text, shelf);
    assert!(
        found.contains(&"HF-611 likely sites/plain.conf:3".to_owned()),
        "{found:?}"
    );
}
