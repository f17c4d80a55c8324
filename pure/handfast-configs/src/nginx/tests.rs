use super::super::{
    Kind,
    lab::{self, all, found_with, refused, usual},
};

fn found(text: &str) -> Vec<String> {
    lab::found(Kind::Nginx, text)
}

/// A server with mutual TLS; `more` begins on line 7.
fn server(more: &str) -> String {
    format!(
        "http {{ server {{\nlisten 443 ssl;\nssl_certificate tls.crt; ssl_certificate_key tls.key;\n\
         ssl_client_certificate ca.crt;\nssl_verify_client on;\n\n{more}\n}} }}\n"
    )
}

/// The same, where `ssl_verify_client` on line 5 says `how`.
fn asking(how: &str, more: &str) -> String {
    server(more).replace("ssl_verify_client on", &format!("ssl_verify_client {how}"))
}

const NONE: [&str; 0] = [];

#[test]
fn a_good_server_gives_no_finding_at_all() {
    let good =
        server("location / { proxy_pass http://app; proxy_set_header X-SSL-Client-S-DN $ssl_client_s_dn; }");
    assert_eq!(all(Kind::Nginx, &good), NONE);
}

#[test]
fn optional_without_a_check_is_named_and_with_one_it_is_not() {
    for how in ["optional", "optional_no_ca"] {
        assert_eq!(found(&asking(how, "location / { }")), ["HF-605 certain 5"]);
        for check in [
            "if ($ssl_client_verify != SUCCESS) { return 403; }",
            "if ($ssl_client_verify != \"SUCCESS\") { return 301 https://login/; }",
            "location / { if ($ssl_client_verify !~ ^SUCCESS$) { return 403; } }",
            "set $ok 0; if ($ssl_client_verify = SUCCESS) { set $ok 1; } if ($ok = 0) { return 403; }",
        ] {
            assert_eq!(found(&asking(how, check)), NONE, "{how}: {check}");
        }
    }
}

#[test]
fn a_check_through_a_map_is_followed() {
    let map = |row: &str| {
        let server = asking("optional", "if ($stranger) { return 403; }");
        server.replace(
            "http {",
            &format!("http {{ map $ssl_client_verify $stranger {{ {row} }}"),
        )
    };
    assert_eq!(found(&map("default 1; SUCCESS 0;")), NONE);
    assert_eq!(found(&map("SUCCESS 0; ~NONE 1;")), NONE);
    assert_eq!(found(&map("default 0; BROKEN 1;")), ["HF-605 certain 5"]);
}

#[test]
fn a_check_that_does_not_hold_for_this_mode_is_no_check() {
    // An unverified certificate is FAILED:reason, never FAILED, and never NONE.
    for check in [
        "if ($ssl_client_verify = FAILED) { return 403; }",
        "if ($ssl_client_verify = NONE) { return 403; }",
        "if ($ssl_client_verify ~ ^FAILED) { return 403; }",
        // Its maker writes the name into it.
        "if ($ssl_client_s_dn != \"CN=web\") { return 403; }",
    ] {
        assert_eq!(
            found(&asking("optional_no_ca", check)),
            ["HF-605 certain 5"],
            "{check}"
        );
    }
    assert_eq!(
        found(&asking(
            "optional",
            "if ($ssl_client_verify = NONE) { return 403; }"
        )),
        NONE
    );
    let pinned = "if ($ssl_client_fingerprint != aa11) { return 403; }";
    assert_eq!(found(&asking("optional_no_ca", pinned)), NONE);
}

#[test]
fn a_location_that_refuses_everybody_is_no_check() {
    let text = asking("optional", "location /private { return 403; } location / { }");
    assert_eq!(found(&text), ["HF-605 certain 5"]);
}

#[test]
fn an_outcome_that_only_the_backend_learns_is_a_guess() {
    let told =
        "location / { proxy_set_header X-SSL-Client-Verify $ssl_client_verify; proxy_pass http://app; }";
    assert_eq!(found(&asking("optional", told)), ["HF-605 guess 5"]);
    let script = "access_by_lua_block { if ngx.var.ssl_client_verify ~= '}' then ngx.exit(403) end }";
    assert_eq!(found(&asking("optional", script)), ["HF-605 guess 5"]);
}

#[test]
fn client_cas_without_a_demand_are_named() {
    let silent = server("").replace("ssl_verify_client on;", "");
    assert_eq!(found(&silent), ["HF-107 certain 4"]);
    assert_eq!(found(&asking("off", "")), ["HF-107 certain 5"]);
}

#[test]
fn a_server_that_asks_nobody_beside_one_that_asks_is_a_guess() {
    let open =
        "server { listen 443 ssl; server_name open; ssl_certificate tls.crt; ssl_certificate_key tls.key; }";
    let text = server("").replace("} }\n", &format!("}}\n{open} }}\n"));
    assert!(
        found(&text).contains(&"HF-107 guess 9".to_owned()),
        "{:?}",
        found(&text)
    );
    let stub = text.replace("server_name open;", "ssl_reject_handshake on;");
    assert_eq!(found(&stub), NONE);
}

#[test]
fn no_mutual_tls_anywhere_is_a_guess() {
    assert_eq!(found("server { listen 443 ssl; }"), ["HF-107 guess 1"]);
    assert_eq!(found("server { listen 80; }"), ["HF-107 guess 1"]);
}

#[test]
fn client_cas_of_the_whole_server_are_inherited() {
    let text =
        "http {\nssl_client_certificate ca.crt;\nserver { listen 443 ssl; ssl_verify_client on; }\n}\n";
    assert_eq!(found(text), NONE);
    let missing = text.replace("ssl_client_certificate ca.crt;", "");
    assert_eq!(found(&missing), ["HF-309 certain 3"]);
}

#[test]
fn a_useless_file_of_client_cas_is_named() {
    for (file, codes) in [
        ("nowhere.crt", vec!["HF-309 certain 4"]),
        ("empty.crt", vec!["HF-309 certain 4"]),
        ("tls.key", vec!["HF-309 certain 4"]),
        ("issuing.crt", vec!["HF-105 certain 4"]),
        ("many.crt", vec!["HF-606 certain 4"]),
        ("root.crt", vec![]),
    ] {
        let text = server("").replace(
            "ssl_client_certificate ca.crt",
            &format!("ssl_client_certificate {file}"),
        );
        assert_eq!(found(&text), codes, "{file}");
    }
    for file in ["tls.crt", "client.crt"] {
        let text = server("").replace(
            "ssl_client_certificate ca.crt",
            &format!("ssl_client_certificate {file}"),
        );
        assert!(
            found(&text).contains(&"HF-103 certain 4".to_owned()),
            "{file}: {:?}",
            found(&text)
        );
    }
    let twice = server("").replace(
        "ssl_verify_client",
        "ssl_client_certificate root.crt; ssl_verify_client",
    );
    assert_eq!(found(&twice), ["HF-105 certain 5"]);
}

#[test]
fn a_depth_below_the_chain_in_the_file_is_named() {
    let deep = |depth: &str| {
        let below = lab::CAST.issuing.below("Acme Third");
        let pem = |ca: &handfast_testkit::Ca| ca.certificate.to_pem();
        let shelf = usual().with(
            "deep.crt",
            pem(&lab::CAST.root) + &pem(&lab::CAST.issuing) + &pem(&below),
        );
        let text = server(depth).replace("ca.crt", "deep.crt");
        found_with(Kind::Nginx, &text, shelf)
    };
    assert_eq!(deep(""), ["HF-106 certain 4"]);
    assert_eq!(deep("ssl_verify_depth 1;"), ["HF-106 certain 7"]);
    assert_eq!(deep("ssl_verify_depth 2;"), NONE);
    // The usual depth is enough for one intermediate.
    assert_eq!(found(&server("")), NONE);
}

#[test]
fn certificates_and_keys_of_the_server_are_looked_at() {
    for (pair, codes) in [
        (
            "tls.crt; ssl_certificate_key expired.key",
            vec!["HF-401 certain 3"],
        ),
        (
            "backwards.crt; ssl_certificate_key tls.key",
            vec!["HF-402 certain 3"],
        ),
        (
            "expired.crt; ssl_certificate_key expired.key",
            vec!["HF-202 certain 3"],
        ),
        ("tls.crt; ssl_certificate_key open.key", vec!["HF-408 certain 3"]),
        ("tls.crt; ssl_certificate_key nowhere.key", vec![]),
        (
            "$ssl_server_name.crt; ssl_certificate_key $ssl_server_name.key",
            vec![],
        ),
    ] {
        let text = server("").replace("tls.crt; ssl_certificate_key tls.key", pair);
        assert_eq!(found(&text), codes, "{pair}");
    }
}

/// Two hosts on one address that believe different CAs.
fn two(default: &str, second: &str) -> String {
    format!(
        "http {{ ssl_certificate tls.crt; ssl_certificate_key tls.key;\n\
         server {{ listen 443 ssl; server_name a; ssl_client_certificate root.crt; ssl_verify_client on; {default} }}\n\
         server {{ listen 443 ssl; server_name b; ssl_client_certificate other.crt; ssl_verify_client on; {second} }}\n}}"
    )
}

#[test]
fn hosts_with_different_cas_share_sessions_and_verdicts_unless_a_stub_stands_before_them() {
    let found = |text: &str| {
        let mut found = found(text);
        found.retain(|line| !line.contains("guess"));
        found
    };
    assert_eq!(found(&two("", "")), ["HF-507 certain 3", "HF-506 likely 2"]);
    assert_eq!(
        found(&two("ssl_session_tickets off; ssl_session_cache off;", "")),
        ["HF-507 certain 3"]
    );
    let stub = "server { listen 443 ssl default_server; ssl_reject_handshake on; }\n}";
    let text = two("", "");
    let text = format!("{}{stub}", text.trim_end_matches('}'));
    assert_eq!(found(&text), NONE);
    assert_eq!(found(&two("", "").replace("other.crt", "root.crt")), NONE);
}

#[test]
fn a_location_that_sets_a_header_of_its_own_loses_those_of_its_server() {
    let text = |location: &str| {
        server(&format!(
            "proxy_set_header X-SSL-Client-S-DN $ssl_client_s_dn;\nlocation / {{ proxy_pass http://app; }}\n\
             location /api {{\nproxy_set_header Host $host;\n{location}\nproxy_pass http://app; }}"
        ))
    };
    assert_eq!(found(&text("")), ["HF-602 certain 12"]);
    assert_eq!(
        found(&text("proxy_set_header X-SSL-Client-S-DN $ssl_client_s_dn;")),
        NONE
    );
    assert_eq!(found(&text("proxy_set_header x-ssl-client-s-dn \"\";")), NONE);
    assert_eq!(found(&text("proxy_pass_request_headers off;")), NONE);
}

#[test]
fn a_plain_server_before_the_same_backend_forges_the_header() {
    let with = |plain: &str| {
        let tls = server(
            "location / { proxy_set_header X-Client-Cert $ssl_client_escaped_cert; proxy_pass http://app; }",
        );
        format!(
            "{}server {{ listen 80;\n{plain} }}\n}}",
            tls.trim_end_matches("}\n")
        )
    };
    assert_eq!(
        found(&with("location / { proxy_pass http://app/; }")),
        ["HF-602 certain 9", "HF-611 likely 9"]
    );
    assert_eq!(found(&with("return 301 https://$host$request_uri;")), NONE);
    assert_eq!(found(&with("location / { proxy_pass http://another; }")), NONE);
}

#[test]
fn a_header_handed_through_and_a_second_spelling_are_forgeable() {
    let copied = "location / { proxy_set_header X-Client-Cert $http_x_client_cert; proxy_pass http://app; }";
    assert_eq!(found(&server(copied)), ["HF-602 certain 7"]);
    let told = "location / { proxy_set_header X-Client-Cert $ssl_client_cert; proxy_pass http://app; }";
    assert_eq!(found(&server(told)), NONE);
    assert_eq!(
        found(&server(&format!("underscores_in_headers on; {told}"))),
        ["HF-602 likely 7"]
    );
}

#[test]
fn parameters_of_fastcgi_are_no_headers() {
    let text =
        "location / { fastcgi_param SSL_CLIENT_S_DN $ssl_client_s_dn; fastcgi_pass unix:/run/app.sock; }";
    assert_eq!(all(Kind::Nginx, &server(text)), NONE);
}

#[test]
fn an_application_that_learns_nothing_and_a_ca_whose_every_certificate_enters_are_guesses() {
    let text = server("location / { proxy_pass http://app; }");
    assert_eq!(all(Kind::Nginx, &text), ["HF-601 guess 7", "HF-607 guess 5"]);
    let named = server("if ($ssl_client_s_dn != \"CN=web,O=Acme\") { return 403; }");
    assert_eq!(all(Kind::Nginx, &named), NONE);
}

#[test]
fn names_in_another_form_than_the_one_compared_with_are_named() {
    for (condition, codes) in [
        ("$ssl_client_s_dn = \"/O=Acme/CN=web\"", vec!["HF-603 certain 7"]),
        (
            "$ssl_client_s_dn_legacy = \"CN=web,O=Acme\"",
            vec!["HF-603 certain 7"],
        ),
        ("$ssl_client_s_dn ~ \"/CN=web$\"", vec!["HF-603 certain 7"]),
        ("$ssl_client_s_dn = \"CN=web, O=Acme\"", vec!["HF-603 certain 7"]),
        ("$ssl_client_s_dn = \"O=Acme,CN=web\"", vec!["HF-603 likely 7"]),
        ("$ssl_client_s_dn = \"CN=web,O=Acme\"", vec![]),
        ("$ssl_client_s_dn_legacy = \"/O=Acme/CN=web\"", vec![]),
        ("$ssl_client_s_dn ~ \"CN=web\"", vec![]),
    ] {
        assert_eq!(
            found(&server(&format!("if ({condition}) {{ return 403; }}"))),
            codes,
            "{condition}"
        );
    }
    let map = server("").replace(
        "http {",
        "http { map $ssl_client_s_dn $who { default 0;\n\"/O=Acme/CN=web\" 1; }",
    );
    assert_eq!(found(&map), ["HF-603 certain 2"]);
}

#[test]
fn old_versions_and_weak_ciphers_are_named_where_they_are_written() {
    let text = server("ssl_protocols TLSv1.1 TLSv1.2;\nssl_ciphers HIGH:RC4;");
    assert_eq!(found(&text), ["HF-502 certain 7", "HF-503 certain 8"]);
    let good = server("ssl_protocols TLSv1.2 TLSv1.3;\nssl_ciphers HIGH:!aNULL:!MD5;");
    assert_eq!(found(&good), NONE);
}

#[test]
fn findings_are_placed_in_the_file_that_was_included() {
    let shelf = usual()
        .with(
            "sites/one.conf",
            server("").replace("http {", "").replace("} }", "}"),
        )
        .with("snippets/tls.conf", "ssl_verify_client optional;\n");
    let shelf = shelf.with(
        "sites/two.conf",
        "server { listen 8443 ssl; ssl_client_certificate ca.crt;\ninclude snippets/tls.conf; }",
    );
    let text = "http {\ninclude mime.types;\ninclude sites/*.conf;\n}\n";
    assert_eq!(
        found_with(Kind::Nginx, text, shelf),
        ["HF-605 certain snippets/tls.conf:1"]
    );
}

#[test]
fn a_snippet_is_read_as_the_inside_of_a_server() {
    assert_eq!(
        found("ssl_client_certificate ca.crt;\nssl_verify_client optional;\n"),
        ["HF-605 certain 2"]
    );
}

#[test]
fn a_stream_server_has_no_headers_and_may_choose_its_backend() {
    let stream = |more: &str| {
        format!(
            "stream {{ map $ssl_client_verify $backend {{ SUCCESS good; default nobody; }}\nserver {{\n\
             listen 9443 ssl; ssl_client_certificate ca.crt; ssl_verify_client optional;\n{more} }} }}"
        )
    };
    assert_eq!(found(&stream("proxy_pass app:1;")), ["HF-605 certain 3"]);
    assert_eq!(found(&stream("proxy_pass $backend;")), NONE);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    for (text, said) in [
        (
            "http {\nserver {\n}\n",
            "conf:4: expected \"}\", found the end of the file",
        ),
        (
            "http {\n}\n}\n",
            "conf:3: expected a directive, found \"}\" that closes nothing",
        ),
        ("listen 1\n}", "conf:2: expected \";\", found \"}\""),
        (
            "a \"b\n",
            "conf:1: expected \" at the end of the word that begins here, found the end of the file",
        ),
        (
            "a \"b\"c;",
            "conf:1: expected a space after the quotes, found \"c\"",
        ),
        (";", "conf:1: expected a directive, found a line without one"),
        (
            "include nowhere.conf;",
            "\"nowhere.conf\" cannot be read, which conf:1 names: no such file",
        ),
    ] {
        assert_eq!(refused(Kind::Nginx, text), said);
    }
}
