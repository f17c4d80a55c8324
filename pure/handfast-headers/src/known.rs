//! The list: every header that the field uses to tell an application who a client is, or where it comes from.
//!
//! A pattern is written folded (see [`crate::fold`]); `*` at its end stands for anything. The list favours
//! patterns, because products invent new names with old beginnings.

/// What an application reads from a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// Who the client is: its certificate, its names, that it was verified.
    Identity,
    /// Where it comes from, by which scheme, for which host or path.
    Origin,
}

/// A pattern, and headers of the field that it covers.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// A name in lower case with `-` for every character that is no letter or digit; `*` at its end covers all that begin so.
    pub pattern: &'static str,
    /// What an application would read from it.
    pub tells: Tells,
    /// Whether the doctor tries it; a request has room for about a hundred fields.
    pub is_tried: bool,
    /// Real names, as products write them in lower case.
    pub examples: &'static [&'static str],
}

const fn identity(pattern: &'static str, examples: &'static [&'static str]) -> Known {
    Known {
        pattern,
        tells: Tells::Identity,
        is_tried: true,
        examples,
    }
}

const fn rare(pattern: &'static str, examples: &'static [&'static str]) -> Known {
    Known {
        is_tried: false,
        ..identity(pattern, examples)
    }
}

const fn origin(pattern: &'static str, examples: &'static [&'static str]) -> Known {
    Known {
        pattern,
        tells: Tells::Origin,
        is_tried: false,
        examples,
    }
}

/// Every header that the proxy takes out of a request. Sorted, and no pattern covers another.
pub const KNOWN: &[Known] = &[
    // IBM WebSphere's plug-in: $WSCC is the certificate, $WSRU the user.
    identity("-ws*", &["$wscc", "$wsru", "$wsra"]),
    rare("auth-user", &["auth-user"]),
    origin("cf-connecting-*", &["cf-connecting-ip"]),
    rare("cf-access-*", &["cf-access-authenticated-user-email"]),
    rare("cf-cert-*", &["cf-cert-verified", "cf-cert-subject-dn"]),
    rare("cf-client-cert*", &["cf-client-cert-sha256"]),
    // RFC 9440, and everything that begins alike.
    identity(
        "client-cert*",
        &["client-cert", "client-cert-chain", "client-certificate"],
    ),
    rare("client-cn*", &["client-cn"]),
    identity("client-dn*", &["client-dn"]),
    rare("client-fingerprint*", &["client-fingerprint"]),
    rare("client-i-dn*", &["client-i-dn"]),
    rare("client-identity*", &["client-identity"]),
    origin("client-ip*", &["client-ip"]),
    rare("client-issuer*", &["client-issuer"]),
    rare("client-s-dn*", &["client-s-dn"]),
    rare("client-san*", &["client-san"]),
    rare("client-serial*", &["client-serial"]),
    rare("client-ssl*", &["client-ssl-cert"]),
    identity("client-subject*", &["client-subject"]),
    rare("client-tls*", &["client-tls-cert"]),
    identity("client-verif*", &["client-verify", "client-verified"]),
    identity("clientcert*", &["clientcert"]),
    identity("dn", &["dn"]),
    origin("fastly-client-ip", &["fastly-client-ip"]),
    origin("fly-client-ip", &["fly-client-ip"]),
    // RFC 7239.
    origin("forwarded", &["forwarded"]),
    origin("front-end-https", &["front-end-https"]),
    origin("https", &["https"]),
    identity("l5d-*", &["l5d-client-id"]),
    identity("mtls-*", &["mtls-client-cert"]),
    // A CGI script reads this one as the variable HTTP_PROXY.
    origin("proxy", &["proxy"]),
    rare("proxy-client-*", &["proxy-client-cert"]),
    rare("proxy-user", &["proxy-user"]),
    identity(
        "remote-*",
        &["remote-user", "remote-groups", "remote-email", "remote-name"],
    ),
    identity("spiffe-*", &["spiffe-id"]),
    identity(
        "ssl-*",
        &[
            "ssl-client-cert",
            "ssl-client-verify",
            "ssl-client-subject-dn",
            "ssl-client-s-dn",
        ],
    ),
    rare("sslclient*", &["sslclientcertsubject"]),
    rare("tailscale-*", &["tailscale-user-login"]),
    rare("tls-client-*", &["tls-client-cert"]),
    origin("true-client-ip", &["true-client-ip"]),
    identity("verified", &["verified"]),
    identity("wl-proxy-*", &["wl-proxy-client-cert"]),
    identity(
        "x-amzn-mtls-*",
        &["x-amzn-mtls-clientcert-subject", "x-amzn-mtls-clientcert"],
    ),
    rare("x-amzn-oidc-*", &["x-amzn-oidc-identity"]),
    rare(
        "x-apigee-*",
        &["x-apigee-tls-client-cert", "x-apigee-tls-client-cert-chain"],
    ),
    origin("x-appengine-*", &["x-appengine-user-ip"]),
    identity("x-arr-*", &["x-arr-clientcert", "x-arr-ssl"]),
    rare("x-auth-cert*", &["x-auth-cert"]),
    rare("x-auth-email", &["x-auth-email"]),
    rare("x-auth-groups", &["x-auth-groups"]),
    identity("x-auth-request-*", &["x-auth-request-user"]),
    rare("x-auth-subject*", &["x-auth-subject"]),
    identity("x-auth-user*", &["x-auth-user", "x-auth-username"]),
    identity(
        "x-authenticated-*",
        &["x-authenticated-user", "x-authenticated-userid"],
    ),
    rare("x-authentik-*", &["x-authentik-username"]),
    origin("x-azure-*", &["x-azure-clientip", "x-azure-socketip"]),
    identity("x-cert*", &["x-cert-subject", "x-certificate-dn"]),
    rare("x-client-auth*", &["x-client-authenticated"]),
    identity("x-client-cert*", &["x-client-cert", "x-client-certificate"]),
    identity("x-client-cn*", &["x-client-cn"]),
    rare("x-client-common-name*", &["x-client-common-name"]),
    identity("x-client-dn*", &["x-client-dn"]),
    identity("x-client-fingerprint*", &["x-client-fingerprint"]),
    origin("x-client-host*", &["x-client-host"]),
    rare("x-client-i-dn*", &["x-client-i-dn"]),
    identity("x-client-identity*", &["x-client-identity"]),
    origin("x-client-ip*", &["x-client-ip"]),
    rare("x-client-issuer*", &["x-client-issuer"]),
    rare("x-client-name*", &["x-client-name"]),
    identity("x-client-s-dn*", &["x-client-s-dn"]),
    identity("x-client-san*", &["x-client-san"]),
    identity("x-client-serial*", &["x-client-serial"]),
    rare("x-client-sha*", &["x-client-sha1"]),
    rare("x-client-spiffe*", &["x-client-spiffe-id"]),
    rare("x-client-spki*", &["x-client-spki"]),
    rare("x-client-ssl*", &["x-client-ssl-dn"]),
    identity("x-client-subject*", &["x-client-subject", "x-client-subject-dn"]),
    rare("x-client-tls*", &["x-client-tls-cert"]),
    rare("x-client-uri*", &["x-client-uri"]),
    rare("x-client-user*", &["x-client-user"]),
    identity("x-client-verif*", &["x-client-verify", "x-client-verified"]),
    rare("x-client-x509*", &["x-client-x509"]),
    rare("x-clientcert*", &["x-clientcert-subject"]),
    origin("x-clientip", &["x-clientip"]),
    origin("x-cluster-client-*", &["x-cluster-client-ip"]),
    // Kong.
    identity("x-consumer-*", &["x-consumer-username", "x-consumer-custom-id"]),
    rare("x-credential-*", &["x-credential-identifier"]),
    rare("x-dn", &["x-dn"]),
    rare(
        "x-envoy-*",
        &["x-envoy-peer-metadata-id", "x-envoy-external-address"],
    ),
    // The proxy adds two of these itself.
    identity(
        "x-forwarded-*",
        &[
            "x-forwarded-client-cert",
            "x-forwarded-tls-client-cert",
            "x-forwarded-user",
        ],
    ),
    rare(
        "x-goog-authenticated-user-*",
        &["x-goog-authenticated-user-email"],
    ),
    rare("x-goog-iap-*", &["x-goog-iap-jwt-assertion"]),
    origin("x-host", &["x-host"]),
    origin("x-http-host-override", &["x-http-host-override"]),
    // Frameworks take the method from these, and routes decide by it.
    origin("x-http-method*", &["x-http-method-override", "x-http-method"]),
    rare("x-identity*", &["x-identity"]),
    rare("x-issuer*", &["x-issuer-dn"]),
    rare("x-logged-in-*", &["x-logged-in-user"]),
    rare("x-logon-user", &["x-logon-user"]),
    origin("x-method-override", &["x-method-override"]),
    // Azure.
    identity(
        "x-ms-client-*",
        &["x-ms-client-principal", "x-ms-client-principal-name"],
    ),
    rare("x-ms-token-*", &["x-ms-token-aad-id-token"]),
    identity("x-mtls-*", &["x-mtls-client-cert"]),
    origin("x-original-*", &["x-original-url", "x-original-forwarded-for"]),
    origin("x-originating-ip", &["x-originating-ip"]),
    identity("x-peer-*", &["x-peer-cert"]),
    rare("x-pomerium-*", &["x-pomerium-claim-email"]),
    rare("x-principal*", &["x-principal"]),
    origin("x-proxyuser-ip", &["x-proxyuser-ip"]),
    origin("x-real-*", &["x-real-ip"]),
    // Kubernetes takes X-Remote-User and X-Remote-Group from a front proxy.
    identity("x-remote-*", &["x-remote-user", "x-remote-group"]),
    origin("x-rewrite-url", &["x-rewrite-url"]),
    origin("x-scheme", &["x-scheme"]),
    identity("x-spiffe*", &["x-spiffe-id"]),
    identity(
        "x-ssl*",
        &[
            "x-ssl-client-cert",
            "x-ssl-client-verify",
            "x-ssl-client-s-dn",
            "x-ssl-client-dn",
            "x-ssl-client-cn",
            "x-ssl-cert",
        ],
    ),
    rare("x-subject*", &["x-subject-dn"]),
    identity("x-tls-*", &["x-tls-client-cert"]),
    origin("x-true-client-ip", &["x-true-client-ip"]),
    origin("x-url-scheme", &["x-url-scheme"]),
    identity("x-user", &["x-user"]),
    rare("x-user-dn*", &["x-user-dn"]),
    rare("x-userid", &["x-userid"]),
    rare("x-username", &["x-username"]),
    rare("x-verified*", &["x-verified"]),
    rare("x-vouch-*", &["x-vouch-user"]),
    identity("x-webauth-*", &["x-webauth-user"]),
    rare("x-x509-*", &["x-x509-subject"]),
];

/// Names that carry a message itself. Spelled with any other character than `-` they are dropped, because a backend
/// that folds names would read a second length, host or coding.
pub(crate) const FRAMING: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "authorization",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];
