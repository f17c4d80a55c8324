use super::super::{
    Kind,
    lab::{self, all, found_with, refused, usual},
};

fn found(text: &str) -> Vec<String> {
    lab::found(Kind::Envoy, text)
}

/// A listener whose chain has `tls` from line 9 (indented by 10) and `manager` behind it.
fn listener(tls: &str, manager: &str) -> String {
    let indent = |text: &str, by: usize| {
        text.lines()
            .map(|line| format!("{}{line}\n", " ".repeat(by)))
            .collect::<String>()
    };
    format!(
        "static_resources:\n  listeners:\n  - name: main\n    address: {{ socket_address: {{ address: 0.0.0.0, port_value: 443 }} }}\n\
         \x20   filter_chains:\n    - transport_socket:\n        typed_config:\n\
         \x20         \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext\n{}\
         \x20     filters:\n      - typed_config:\n\
         \x20         \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\n{}",
        indent(tls, 10),
        indent(manager, 10)
    )
}

const TLS: &str = "require_client_certificate: true\ncommon_tls_context:\n  tls_certificates:\n  \
                   - certificate_chain: { filename: tls.crt }\n    private_key: { filename: tls.key }\n  \
                   validation_context:\n    trusted_ca: { filename: ca.crt }\n";
const SAFE: &str = "common_http_protocol_options: { headers_with_underscores_action: REJECT_REQUEST }\n";
const ROUTES: &str = "route_config:\n  virtual_hosts:\n  - domains: [\"*\"]\n    routes:\n    \
                      - match: { prefix: / }\n      route: { cluster: app }\n";
const NONE: [&str; 0] = [];

/// The usual routes, with these lines before them.
fn manager(more: &str) -> String {
    format!("{more}{SAFE}{ROUTES}")
}

fn sanitized() -> String {
    manager("forward_client_cert_details: SANITIZE_SET\n")
}

#[test]
fn a_good_listener_gives_no_finding_at_all() {
    assert_eq!(all(Kind::Envoy, &listener(TLS, &sanitized())), NONE);
}

#[test]
fn certificates_that_are_not_required_or_not_verified_are_named() {
    let optional = TLS.replace(
        "require_client_certificate: true",
        "require_client_certificate: false",
    );
    assert_eq!(found(&listener(&optional, &manager(""))), ["HF-605 certain 9"]);
    let silent = TLS.replace("require_client_certificate: true\n", "");
    assert_eq!(found(&listener(&silent, &manager(""))), ["HF-605 certain 13"]);
    let without = TLS.split("  validation_context").next().expect("a part");
    assert_eq!(found(&listener(without, &manager(""))), ["HF-605 certain 9"]);
    let untrusted = format!("{TLS}    trust_chain_verification: ACCEPT_UNTRUSTED\n");
    assert_eq!(found(&listener(&untrusted, &manager(""))), ["HF-605 certain 16"]);
    let pinned = without.to_owned() + "  validation_context:\n    verify_certificate_hash: [ab]\n";
    assert_eq!(found(&listener(&pinned, &manager(""))), NONE);
}

#[test]
fn camel_case_and_json_are_read_alike() {
    let text = "{\"staticResources\": {\"listeners\": [{\"filterChains\": [{\"transportSocket\": {\"typedConfig\": {\n\
                \"@type\": \"DownstreamTlsContext\",\n\"requireClientCertificate\": true,\n\"commonTlsContext\": {}\n}}}]}]}}";
    assert_eq!(found(text), ["HF-605 certain 3"]);
}

#[test]
fn principals_that_are_demanded_are_a_check() {
    let optional = TLS.replace(
        "require_client_certificate: true",
        "require_client_certificate: false",
    );
    let rbac = "http_filters:\n- typed_config:\n    \"@type\": RBAC\n    rules:\n      policies:\n        web:\n          \
                principals: [{ authenticated: { principal_name: { exact: \"spiffe://acme/web\" } } }]\n";
    assert_eq!(found(&listener(&optional, &manager(rbac))), NONE);
    let script = "http_filters:\n- typed_config: { \"@type\": envoy.Lua }\n";
    assert_eq!(found(&listener(&optional, &manager(script))), ["HF-605 guess 9"]);
    assert_eq!(found(&listener(&optional, &sanitized())), ["HF-605 guess 9"]);
}

#[test]
fn a_useless_file_of_client_cas_is_named() {
    for (file, codes) in [
        ("nowhere.crt", vec!["HF-309 certain 15"]),
        ("many.crt", vec!["HF-606 certain 15"]),
        // Envoy takes an intermediate for an anchor.
        ("issuing.crt", vec![]),
    ] {
        assert_eq!(
            found(&listener(&TLS.replace("ca.crt", file), &sanitized())),
            codes,
            "{file}"
        );
    }
    let shallow = format!("{TLS}    max_verify_depth: 0\n");
    assert_eq!(found(&listener(&shallow, &sanitized())), ["HF-106 certain 16"]);
    let inline = TLS.replace("{ filename: ca.crt }", "{ inline_string: \"none\" }");
    assert_eq!(found(&listener(&inline, &sanitized())), ["HF-309 certain 15"]);
}

#[test]
fn secrets_are_looked_up_where_they_are() {
    let by_name = TLS
        .split("  validation_context")
        .next()
        .expect("a part")
        .to_owned()
        + "  validation_context_sds_secret_config: { name: clients, sds_config: { path_config_source: { path: sds.yaml } } }\n";
    let sds =
        "resources:\n- name: clients\n  validation_context:\n    trusted_ca: { filename: nowhere.crt }\n";
    let shelf = usual().with("sds.yaml", sds);
    assert_eq!(
        found_with(Kind::Envoy, &listener(&by_name, &sanitized()), shelf),
        ["HF-309 certain sds.yaml:4"]
    );
    let remote = by_name.replace("path_config_source: { path: sds.yaml }", "ads: {}");
    assert_eq!(found(&listener(&remote, &sanitized())), NONE);
    let inside = listener(&remote, &sanitized())
        + "  secrets:\n  - name: clients\n    validation_context: { trusted_ca: { filename: many.crt } }\n";
    assert_eq!(found(&inside).len(), 1);
}

#[test]
fn a_header_that_the_client_writes_itself_is_named() {
    for (how, codes) in [
        ("ALWAYS_FORWARD_ONLY", vec!["HF-602 certain 19"]),
        ("FORWARD_ONLY", vec!["HF-602 likely 19"]),
        ("APPEND_FORWARD", vec!["HF-602 likely 19"]),
        ("SANITIZE", vec![]),
        ("SANITIZE_SET", vec![]),
    ] {
        let text = listener(TLS, &manager(&format!("forward_client_cert_details: {how}\n")));
        assert_eq!(found(&text), codes, "{how}");
    }
    // Who may connect at all is known, so that it may be a proxy.
    let known =
        format!("{TLS}    match_typed_subject_alt_names: [{{ san_type: URI, matcher: {{ exact: x }} }}]\n");
    let text = listener(&known, &manager("forward_client_cert_details: APPEND_FORWARD\n"));
    assert_eq!(found(&text), ["HF-602 guess 20"]);
}

#[test]
fn a_header_that_is_appended_keeps_what_the_client_sent() {
    let add = |more: &str| {
        let routes = format!(
            "{SAFE}route_config:\n  request_headers_to_add:\n  - header: {{ key: X-Client-Subject, value: \"%DOWNSTREAM_PEER_SUBJECT%\" }}\n{more}{}",
            ROUTES.trim_start_matches("route_config:\n")
        );
        found(&listener(TLS, &routes))
    };
    assert_eq!(add(""), ["HF-602 certain 22"]);
    assert_eq!(add("    append_action: OVERWRITE_IF_EXISTS_OR_ADD\n"), NONE);
    assert_eq!(add("  request_headers_to_remove: [x-client-subject]\n"), NONE);
}

#[test]
fn the_spelling_with_underscores_is_likely() {
    let text = listener(TLS, &sanitized().replace(SAFE, ""));
    assert_eq!(found(&text), ["HF-602 likely 19"]);
}

#[test]
fn a_chain_that_asks_nobody_and_serves_the_same_is_crossed() {
    let chain = |domain: &str| {
        format!(
            "    - filter_chain_match: {{ server_names: [open.example] }}\n      transport_socket: {{ typed_config: {{ common_tls_context: {{}} }} }}\n\
             \x20     filters:\n      - typed_config:\n          \"@type\": HttpConnectionManager\n          route_config:\n            virtual_hosts:\n\
             \x20           - domains: [\"{domain}\"]\n              routes:\n              - route: {{ cluster: app }}\n"
        )
    };
    let strict = listener(TLS, &manager("")).replace(
        "    - transport",
        "    - filter_chain_match: { server_names: [a] }\n      transport",
    );
    let sure = |text: &str| {
        let mut found = found(text);
        found.retain(|line| !line.contains("guess"));
        found
    };
    assert_eq!(sure(&format!("{strict}{}", chain("*"))), ["HF-507 certain 36"]);
    assert_eq!(sure(&format!("{strict}{}", chain("open.example"))), NONE);
}

#[test]
fn guesses_about_the_application_come_last() {
    assert_eq!(
        all(Kind::Envoy, &listener(TLS, &manager(""))),
        ["HF-601 guess 25", "HF-607 guess 9"]
    );
    let named =
        format!("{TLS}    match_typed_subject_alt_names: [{{ san_type: URI, matcher: {{ exact: x }} }}]\n");
    assert_eq!(all(Kind::Envoy, &listener(&named, &sanitized())), NONE);
}

#[test]
fn old_versions_and_weak_ciphers_are_named() {
    let old = format!(
        "{TLS}  tls_params:\n    tls_minimum_protocol_version: TLSv1_0\n    cipher_suites: [AES128-SHA, DES-CBC3-SHA]\n"
    );
    assert_eq!(
        found(&listener(&old, &sanitized())),
        ["HF-502 certain 17", "HF-503 certain 18"]
    );
}

#[test]
fn a_principal_in_another_form_is_named() {
    let rbac = "http_filters:\n- typed_config:\n    \"@type\": RBAC\n    principals: [{ authenticated: { principal_name: { exact: \"/O=Acme/CN=web\" } } }]\n";
    assert_eq!(found(&listener(TLS, &manager(rbac))), ["HF-603 certain 22"]);
}

#[test]
fn a_listener_or_a_context_alone_is_read() {
    let context =
        "\"@type\": DownstreamTlsContext\nrequire_client_certificate: true\ncommon_tls_context: {}\n";
    assert_eq!(found(context), ["HF-605 certain 2"]);
    let upstream = "\"@type\": UpstreamTlsContext\ncommon_tls_context: {}\n";
    assert_eq!(found(upstream), ["HF-107 guess 1"]);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    let said = refused(Kind::Envoy, "static_resources:\n  a: [\n");
    assert!(
        said.starts_with("conf:") && said.contains("expected YAML or JSON, found"),
        "{said}"
    );
}
