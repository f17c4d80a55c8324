//! The lines that mend a configuration, in the language of each program.

use super::Kind;

impl Kind {
    /// Asks every client for a certificate and verifies it.
    pub(super) fn demand(self) -> &'static str {
        match self {
            Self::Nginx => "ssl_verify_client on;",
            Self::Apache => "SSLVerifyClient require",
            Self::HaProxy => "verify required",
            Self::Envoy => "require_client_certificate: true",
            Self::Caddy => "mode require_and_verify",
        }
    }

    /// Refuses a request whose client has no verified certificate.
    pub(super) fn refuse(self) -> &'static str {
        match self {
            Self::Nginx => "if ($ssl_client_verify != SUCCESS) { return 403; }",
            Self::Apache => "Require ssl-verify-client",
            Self::HaProxy => "http-request deny unless { ssl_c_used 1 } { ssl_c_verify 0 }",
            Self::Envoy => "an RBAC filter with \"authenticated\" principals",
            Self::Caddy => self.name_one(),
        }
    }

    /// Ends a request that was refused.
    pub(super) fn end(self) -> &'static str {
        match self {
            Self::Nginx => "return 403;",
            Self::Apache => "Require all denied",
            Self::HaProxy => "http-request deny",
            Self::Envoy => "direct_response: { status: 403 }",
            Self::Caddy => "respond 403",
        }
    }

    /// Sends who comes without TLS to where TLS is.
    pub(super) fn send_to_tls(self) -> &'static str {
        match self {
            Self::Nginx => "return 301 https://$host$request_uri; in the place of what is handed on",
            Self::Apache => "RewriteEngine on and RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]",
            Self::HaProxy => "http-request redirect scheme https unless { ssl_fc }",
            Self::Envoy => "redirect: { https_redirect: true } in the place of the route",
            Self::Caddy => "redir https://{host}{uri}",
        }
    }

    /// Names the CAs of the clients.
    pub(super) fn name_cas(self) -> &'static str {
        match self {
            Self::Nginx => "ssl_client_certificate client-ca.crt;",
            Self::Apache => "SSLCACertificateFile client-ca.crt",
            Self::HaProxy => "ca-file client-ca.crt",
            Self::Envoy => "validation_context: { trusted_ca: { filename: client-ca.crt } }",
            Self::Caddy => "trust_pool file client-ca.crt",
        }
    }

    /// Has revoked certificates looked up.
    pub(super) fn name_lists(self) -> &'static str {
        match self {
            Self::Nginx => "write ssl_crl client-ca.crl;",
            Self::Apache => "write SSLCARevocationFile client-ca.crl and SSLCARevocationCheck chain",
            Self::HaProxy => "write crl-file client-ca.crl",
            Self::Envoy => "write validation_context: { crl: { filename: client-ca.crl } }",
            Self::Caddy => {
                "Caddy reads no lists: keep certificates short-lived, or put handfast proxy in front"
            }
        }
    }

    /// Lets chains of `depth` be verified.
    pub(super) fn depth(self, depth: usize) -> String {
        match self {
            Self::Nginx => format!("ssl_verify_depth {depth};"),
            Self::Apache => format!("SSLVerifyDepth {depth}"),
            Self::HaProxy | Self::Caddy => format!("a depth of {depth}"),
            Self::Envoy => format!("max_verify_depth: {depth}"),
        }
    }

    /// How many CAs above the leaf are let through where nothing is said.
    pub(super) fn usual_depth(self) -> usize {
        match self {
            Self::Nginx | Self::Apache => 1,
            Self::HaProxy | Self::Envoy | Self::Caddy => 100,
        }
    }

    /// Whether the root is counted by the depth. OpenSSL counts intermediates alone; mod_ssl counts by itself.
    pub(super) fn counts_root(self) -> bool {
        self == Self::Apache
    }

    /// Whether a chain has to lead to a certificate that signed itself.
    pub(super) fn needs_root(self) -> bool {
        matches!(self, Self::Nginx | Self::Apache | Self::HaProxy)
    }

    /// Shuts out everything older than TLS 1.2.
    pub(super) fn newer_versions(self) -> &'static str {
        match self {
            Self::Nginx => "ssl_protocols TLSv1.2 TLSv1.3;",
            Self::Apache => "SSLProtocol -all +TLSv1.2 +TLSv1.3",
            Self::HaProxy => "ssl-min-ver TLSv1.2",
            Self::Envoy => "tls_minimum_protocol_version: TLSv1_2",
            Self::Caddy => "protocols tls1.2 tls1.3",
        }
    }

    /// Offers strong suites alone.
    pub(super) fn strong_ciphers(self) -> &'static str {
        match self {
            Self::Nginx => "ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;",
            Self::Apache => "SSLCipherSuite ECDHE+AESGCM:ECDHE+CHACHA20",
            Self::HaProxy => "ciphers ECDHE+AESGCM:ECDHE+CHACHA20",
            Self::Envoy => "leave cipher_suites out",
            Self::Caddy => "leave ciphers out",
        }
    }

    /// Tells the backend who the client is.
    pub(super) fn hand_on(self) -> &'static str {
        match self {
            Self::Nginx => "proxy_set_header X-SSL-Client-S-DN $ssl_client_s_dn;",
            Self::Apache => "RequestHeader set X-SSL-Client-S-DN \"%{SSL_CLIENT_S_DN}s\"",
            Self::HaProxy => "http-request set-header X-SSL-Client-S-DN %[ssl_c_s_dn]",
            Self::Envoy => "forward_client_cert_details: SANITIZE_SET",
            Self::Caddy => "header_up X-SSL-Client-S-DN {tls_client_subject}",
        }
    }

    /// Lets one identity in and no other of the same CA.
    pub(super) fn name_one(self) -> &'static str {
        match self {
            Self::Nginx => "if ($ssl_client_s_dn != \"CN=web,O=Acme\") { return 403; }",
            Self::Apache => "Require expr %{SSL_CLIENT_S_DN_CN} == \"web\"",
            Self::HaProxy => "http-request deny unless { ssl_c_s_dn(cn) -m str web }",
            Self::Envoy => {
                "match_typed_subject_alt_names: [{ san_type: URI, matcher: { exact: \"spiffe://acme/web\" } }]"
            }
            Self::Caddy => {
                "@other not expression `{tls_client_subject} == \"CN=web,O=Acme\"` and respond @other 403"
            }
        }
    }

    /// Takes the header `name` away from what a client sends.
    pub(super) fn remove(self, name: &str) -> String {
        match self {
            Self::Nginx => format!("proxy_set_header {name} \"\";"),
            Self::Apache => format!("RequestHeader unset {name}"),
            Self::HaProxy => format!("http-request del-header {name}"),
            Self::Envoy => format!("request_headers_to_remove: [\"{name}\"]"),
            Self::Caddy => format!("request_header -{name}"),
        }
    }

    /// Keeps a header that is set from being what the client sent.
    pub(super) fn strengthen(self, name: &str) -> String {
        match self {
            Self::Envoy if name == "x-forwarded-client-cert" => self.hand_on().to_owned(),
            Self::Envoy => "append_action: OVERWRITE_IF_EXISTS_OR_ADD".to_owned(),
            _ => format!("{} before it", self.remove(name)),
        }
    }

    /// Keeps headers with an underscore in their name from the backend.
    pub(super) fn drop_underscores(self, name: &str) -> String {
        match self {
            Self::Nginx => "underscores_in_headers off;".to_owned(),
            Self::Envoy => {
                "common_http_protocol_options: { headers_with_underscores_action: REJECT_REQUEST }".to_owned()
            }
            _ => self.remove(&name.replace('-', "_")),
        }
    }

    /// Refuses requests for another host than the handshake was for.
    pub(super) fn bind_host(self, address: &str) -> String {
        match self {
            Self::Nginx => {
                format!("server {{ listen {address} ssl default_server; ssl_reject_handshake on; }}")
            }
            Self::Apache => "SSLVHostSNIPolicy secure".to_owned(),
            Self::HaProxy => {
                "http-request deny unless { ssl_fc_sni,strcmp(txn.host) eq 0 } after http-request set-var(txn.host) \
                 req.hdr(host),field(1,:),lower"
                    .to_owned()
            }
            Self::Envoy => "list the names of this filter chain as its domains, and no others".to_owned(),
            Self::Caddy => "strict_sni_host on".to_owned(),
        }
    }
}
