//! Envoy, which is BoringSSL.

use super::{Asks, Place, Running, Setup, Speaks};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    start(place, &configuration(place, setup))
}

/// With this configuration.
pub(super) fn start(place: &Place<'_>, configuration: &str) -> Result<Running, Error> {
    let name = format!("envoy-{}.yaml", place.port);
    place.folder.write(&name, configuration)?;
    // Several on one machine must not share the memory of a hot restart.
    place.start(&[
        "-c",
        &name,
        "--disable-hot-restart",
        "--concurrency",
        "1",
        "-l",
        "info",
        "--component-log-level",
        "connection:debug",
    ])
}

// long: one text with its holes
pub(super) fn configuration(place: &Place<'_>, setup: &Setup) -> String {
    let require = matches!(setup.asks, Asks::AndRequires | Asks::AndTakesAnything);
    let validation = match setup.asks {
        Asks::Never => String::new(),
        Asks::AndTakesAnything => {
            "            validation_context: { trust_chain_verification: ACCEPT_UNTRUSTED }\n".into()
        }
        _ => {
            let crl = setup.crl.as_ref().map_or(String::new(), |crl| {
                format!("              crl: {{ filename: {} }}\n", place.file(crl))
            });
            let depth = setup.depth.map_or(String::new(), |depth| {
                format!("              max_verify_depth: {depth}\n")
            });
            let allowed = setup.allowed.as_ref().map_or(String::new(), |name| {
                format!(
                    "              match_typed_subject_alt_names: [{{ san_type: DNS, matcher: {{ exact: {name} }} }}]\n"
                )
            });
            format!(
                "            validation_context:\n              trusted_ca: {{ filename: {} }}\n{crl}{depth}{allowed}",
                place.file(&setup.client_ca)
            )
        }
    };
    let versions = match setup.speaks {
        Speaks::Both => "tls_minimum_protocol_version: TLSv1_2, tls_maximum_protocol_version: TLSv1_3",
        Speaks::Only12 => "tls_minimum_protocol_version: TLSv1_2, tls_maximum_protocol_version: TLSv1_2",
        Speaks::Only13 => "tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3",
    };
    format!(
        "static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          require_client_certificate: {require}
          common_tls_context:
            alpn_protocols: [h2, http/1.1]
            tls_params: {{ {versions} }}
            tls_certificates:
            - certificate_chain: {{ filename: {cert} }}
              private_key: {{ filename: {key} }}
{validation}      filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: lab
          codec_type: AUTO
{more}          http_filters:
{inside}          - name: envoy.filters.http.router
            typed_config: {{ \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
          route_config:
            virtual_hosts:
            - name: lab
              domains: [\"*\"]
              routes:
              - match: {{ prefix: / }}
                direct_response: {{ status: 200, body: {{ inline_string: \"hello\\n\" }} }}
",
        port = place.port,
        cert = place.file(&format!("{}/tls.crt", setup.pair)),
        key = place.file(&format!("{}/tls.key", setup.pair)),
        more = setup.more,
        inside = setup.inside,
    )
}
