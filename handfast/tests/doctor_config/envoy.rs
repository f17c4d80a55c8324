//! Holes of Envoy.

use crate::{
    all, assert_only_web_gets_in, assert_silent, cast, found, get, gets_in,
    program::{
        servers::envoy,
        service::{Service, closed_port},
    },
};

/// A bootstrap; `tls` from line 11, `manager` from line 14 of one-line entries.
fn envoy_bootstrap(port: u16, service: &Service, tls: [&str; 2], manager: [&str; 2]) -> String {
    format!(
        "static_resources:
  listeners:
  - name: main
    address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          {}
          common_tls_context:
            tls_certificates: [{{ certificate_chain: {{ filename: server/tls.crt }}, private_key: {{ filename: server/tls.key }} }}]
            {}
      filters:
      - name: http
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: main
          {}
          {}
          route_config:
            virtual_hosts:
            - name: all
              domains: [\"*\"]
              routes:
              - match: {{ prefix: / }}
                route: {{ cluster: app }}
          http_filters:
          - name: router
            typed_config: {{ \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
  clusters:
  - name: app
    load_assignment:
      cluster_name: app
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {} }} }} }}
",
        tls[0], tls[1], manager[0], manager[1], service.port
    )
}

const ENVOY_CA: &str = "validation_context: { trusted_ca: { filename: server/ca.crt } }";
const REQUIRED: &str = "require_client_certificate: true";
const SANITIZED: [&str; 2] = [
    "forward_client_cert_details: SANITIZE_SET",
    "common_http_protocol_options: { headers_with_underscores_action: REJECT_REQUEST }",
];

#[test]
fn envoy_lets_a_certificate_of_nobody_in_until_it_verifies() {
    let service = Service::hello();
    let place = cast();
    let port = closed_port();
    let with = |tls: [&str; 2]| envoy_bootstrap(port, &service, tls, SANITIZED);
    {
        let _envoy = envoy(&place, &with([REQUIRED, ""]), port);
        assert!(gets_in(&place, port, Some("nobody")) && gets_in(&place, port, None));
        assert_eq!(
            all(&place, "envoy.yaml"),
            ["HF-605 guess 10"],
            "the backend is told"
        );
    }
    {
        let tls = [
            REQUIRED,
            "validation_context: { trusted_ca: { filename: server/ca.crt }, trust_chain_verification: ACCEPT_UNTRUSTED }",
        ];
        let silent = ["forward_client_cert_details: SANITIZE", SANITIZED[1]];
        let _envoy = envoy(&place, &envoy_bootstrap(port, &service, tls, silent), port);
        assert!(gets_in(&place, port, Some("nobody")));
        assert_eq!(found(&place, "envoy.yaml"), ["HF-605 certain 13"]);
    }
    {
        let silent = ["forward_client_cert_details: SANITIZE", SANITIZED[1]];
        let tls = ["require_client_certificate: false", ENVOY_CA];
        let _envoy = envoy(&place, &envoy_bootstrap(port, &service, tls, silent), port);
        assert!(gets_in(&place, port, None) && !gets_in(&place, port, Some("nobody")));
        assert_eq!(found(&place, "envoy.yaml"), ["HF-605 certain 10"]);
    }
    let _envoy = envoy(&place, &with([REQUIRED, ENVOY_CA]), port);
    assert_only_web_gets_in(&place, port);
    assert_silent(&place, "envoy.yaml");
}

#[test]
fn envoy_hands_a_forged_header_on_until_it_is_sanitized() {
    let service = Service::hello();
    let place = cast();
    let port = closed_port();
    let with = |manager: [&str; 2]| envoy_bootstrap(port, &service, [REQUIRED, ENVOY_CA], manager);
    let forged = "-H 'X-Forwarded-Client-Cert: URI=spiffe://acme/admin'";
    {
        let _envoy = envoy(
            &place,
            &with(["forward_client_cert_details: FORWARD_ONLY", ""]),
            port,
        );
        get(&place, port, Some("web"), forged);
        assert_eq!(
            service.last().value("x-forwarded-client-cert"),
            "URI=spiffe://acme/admin"
        );
        assert_eq!(found(&place, "envoy.yaml"), ["HF-602 likely 19"]);
    }
    {
        let _envoy = envoy(
            &place,
            &with(["forward_client_cert_details: SANITIZE_SET", ""]),
            port,
        );
        get(
            &place,
            port,
            Some("web"),
            "-H 'X_Forwarded_Client_Cert: URI=spiffe://acme/admin'",
        );
        assert_eq!(
            service.last().value("x_forwarded_client_cert"),
            "URI=spiffe://acme/admin"
        );
        assert_eq!(found(&place, "envoy.yaml"), ["HF-602 likely 19"]);
    }
    let _envoy = envoy(&place, &with(SANITIZED), port);
    get(&place, port, Some("web"), forged);
    assert!(
        service
            .last()
            .value("x-forwarded-client-cert")
            .starts_with("Hash=")
    );
    assert_silent(&place, "envoy.yaml");
}
