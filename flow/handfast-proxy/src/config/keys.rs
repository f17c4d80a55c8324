//! The keys of `handfast.toml`, each in one entry. What they mean is for [`super::resolve`].

mod tokens;

use std::time::Duration;

use handfast_settings::{Connections, Flag, Lined, OneOrMore, Rate, Text, Within, Without, table};

pub use self::tokens::{RawAssertion, RawBoundTokens};
use super::choices::{ClientCertificate, Mode, OnRefusal, Usage, WhenStale};
use crate::limits::Detail;

table! {
    /// The whole file as it is written.
    pub struct RawFile {
        proxy: RawConfig = "proxy" {
            flag: None,
            reference: "the reverse proxy",
            without: Without::Elsewhere("`[[listener]]`"),
        }
        clients: Vec<Lined<RawClients>> = "clients" {
            flag: None,
            reference: "a CA, and the names that it may vouch for",
            without: Without::Is("only `client-ca`"),
        }
        backend: Vec<Lined<RawBackend>> = "backend" {
            flag: None,
            reference: "a backend (upstream) that routes name",
            without: Without::Is("only URLs in `to`"),
        }
        listener: Vec<Lined<RawListener>> = "listener" {
            flag: None,
            reference: "an address to listen on, with its hosts",
            without: Without::Is("only `listen` of `[proxy]`"),
        }
    }
}

table! {
    /// The proxy as it is written, by flags or in the table `[proxy]`.
    pub struct RawConfig {
        listen: Option<Text> = "listen" {
            flag: Some(Flag { value: "ADDRESS", help: "Where to listen; port 0 lets the system choose" }),
            reference: "the listener, `ADDRESS:PORT`, such as `127.0.0.1:8443` or `[::1]:8443`; `:8443` for all IPv4 addresses; with port 0 the system chooses",
            without: Without::Elsewhere("`[[listener]]`"),
        }
        to: OneOrMore = "to" {
            flag: Some(Flag {
                value: "URL",
                help: "The service: http://H:P, https://H:P, h2c://H:P, tcp://H:P or unix:PATH; may be repeated, for several that stand in for each other",
            }),
            reference: "the backend (upstream): `http://HOST:PORT`, `https://HOST:PORT`, `h2c://HOST:PORT`, `tcp://HOST:PORT` or `unix:PATH`; several in a list, see [below](#backend)",
            without: Without::Elsewhere("`[[listener]]`"),
        }
        to_ca: Option<Text> = "to-ca" {
            flag: Some(Flag { value: "FILE", help: "The CA of an https service" }),
            reference: "the CA bundle that verifies an `https` backend",
            without: Without::Is("error, for `https`"),
        }
        to_cert: Option<Text> = "to-cert" {
            flag: Some(Flag { value: "FILE", help: "The certificate to show to an https service that asks for one" }),
            reference: "the client certificate for an `https` backend that requests one; with `to-key`",
            without: Without::Is("no certificate"),
        }
        to_key: Option<Text> = "to-key" {
            flag: Some(Flag { value: "FILE", help: "The key of --to-cert" }),
            reference: "the private key of `to-cert`; both or neither",
            without: Without::Is("no certificate"),
        }
        cert: Option<Text> = "cert" {
            flag: Some(Flag { value: "FILE", help: "The proxy's certificate, leaf first" }),
            reference: "the certificate of the proxy, leaf first, then its intermediates",
            without: Without::Elsewhere("`[[listener]]`"),
        }
        key: Option<Text> = "key" {
            flag: Some(Flag { value: "FILE", help: "The key of --cert" }),
            reference: "the private key of `cert`, PEM or DER, not encrypted",
            without: Without::Elsewhere("`[[listener]]`"),
        }
        client_ca: Option<Text> = "client-ca" {
            flag: Some(Flag { value: "FILE", help: "The CA bundle that verifies client certificates" }),
            reference: "the CA bundle that verifies client certificates; one or more CAs in one file, each of which may vouch for every name",
            without: Without::Elsewhere("`clients` or `[[listener]]`"),
        }
        clients: Vec<Text> = "clients" {
            flag: None,
            reference: "the [`[[clients]]`](#clients) that may vouch for clients, by name, in the place of `client-ca`",
            without: Without::Is("`client-ca`"),
        }
        crl: Vec<Text> = "crl" {
            flag: Some(Flag {
                value: "FILE|URL",
                help: "The revocation lists of the client CAs; a client of a CA without a current list is rejected; may be repeated",
            }),
            reference: "the [revocation lists](#revocation) of the CAs in `client-ca`: files, and `http://` or `https://` URLs",
            without: Without::Is("revocation is not looked at"),
        }
        allow: Vec<Text> = "allow" {
            flag: Some(Flag {
                value: "RULE",
                help: "The clients that are allowed: any, uri:..., dns:..., email:..., ip:..., cn:... or fingerprint:...; may be repeated",
            }),
            reference: "a list of authorization rules; a client needs to match one",
            without: Without::Elsewhere("`[[listener]]`"),
        }
        deny: Vec<Text> = "deny" {
            flag: Some(Flag {
                value: "RULE",
                help: "The clients that are denied although a rule allows them, written as for --allow; may be repeated",
            }),
            reference: "a list of rules; a client that matches one is denied, whatever `allow` says",
            without: Without::Is("none"),
        }
        resumption: Option<bool> = "resumption" {
            flag: None,
            reference: "`false`: every connection makes a full handshake. Else a client may [resume](#resumption) its session, after it was judged again",
            without: Without::Is("`true`"),
        }
        on_refusal: Option<OnRefusal> = "on-refusal" {
            flag: Some(Flag { value: "HOW", help: "What a refused client hears: an alert of TLS, or explain, an answer of HTTP with the code" }),
            reference: "`\"alert\"`: a refused client gets the alert of TLS alone. `\"explain\"`: the handshake goes on, and the first request is answered with 403, the code and the number of the connection, as problem+json (RFC 9457) or, for browsers, HTML; nothing reaches the backend",
            without: Without::Is("`\"alert\"`"),
        }
        mode: Option<Mode> = "mode" {
            flag: Some(Flag { value: "MODE", help: "enforce, or observe: serve everybody, and write down who would be rejected and why" }),
            reference: "`\"enforce\"`, or `\"observe\"`: clients and requests that should be rejected are served, and the access log says why they would be, see [below](#observe)",
            without: Without::Is("`\"enforce\"`"),
        }
        proxy_protocol: Vec<Text> = "proxy-protocol" {
            flag: Some(Flag { value: "ADDRESS", help: "Load balancers that send a PROXY v2 header: an address or a network; may be repeated" }),
            reference: "addresses and networks of load balancers, `[\"10.0.0.0/8\"]`: they must begin each connection with a PROXY v2 header, [HF-724](../findings/HF-724.md), whose address then is the client's; from others a header is no TLS",
            without: Without::Is("none"),
        }
        to_proxy_protocol: bool = "to-proxy-protocol" {
            flag: Some(Flag { value: "", help: "Begin connections to a tcp service with a PROXY v2 header, with what TLS proved of the client" }),
            reference: "`true` begins each connection to a `tcp` backend with a PROXY v2 header: address of the client, ALPN, TLS version, cipher suite, common name, key",
            without: Without::Is("`false`"),
        }
        chain: bool = "client-cert-chain" {
            flag: Some(Flag { value: "", help: "Send the CAs of the client's verified path as Client-Cert-Chain, too (RFC 9440)" }),
            reference: "`true` also sends the CAs of the client's verified path as `Client-Cert-Chain` (RFC 9440)",
            without: Without::Is("`false`"),
        }
        xfcc: bool = "xfcc" {
            flag: Some(Flag { value: "", help: "Send the identity as X-Forwarded-Client-Cert, too" }),
            reference: "`true` also sends the identity as `X-Forwarded-Client-Cert`",
            without: Without::Is("`false`"),
        }
        strip_headers: Vec<Text> = "strip-headers" {
            flag: Some(Flag {
                value: "NAME",
                help: "Take these headers out of requests as well; NAME*, for all that begin so; may be repeated",
            }),
            reference: "further headers that clients must not set; `*` at the end of a name matches anything, `-` matches any character that is not a letter or digit",
            without: Without::Is("the known ones, see below"),
        }
        pass_headers: Vec<Text> = "dangerously-pass-headers" {
            flag: Some(Flag {
                value: "NAME",
                help: "Let clients set these headers, although applications read an identity or address from them; may be repeated",
            }),
            reference: "headers that clients may set, although applications read an identity or address from them",
            without: Without::Is("none"),
        }
        log: Option<Detail> = "log" {
            flag: Some(Flag { value: "WHAT", help: "What to write down: off, connections or requests" }),
            reference: "`\"off\"`, `\"connections\"` or `\"requests\"`, see [access-log.md](access-log.md)",
            without: Without::Is("`\"connections\"`"),
        }
        workers: Option<Within<1, 1024>> = "workers" {
            flag: Some(Flag { value: "N", help: "Threads; as many as processors when not given" }),
            reference: "the number of threads, at most 1024; each has its own listener",
            without: Without::Is("the number of processors"),
        }
        assertion_key: Option<Text> = "assertion-key" {
            flag: None,
            reference: "the private key (P-256) that signs [assertions](#signed-assertion) for backends",
            without: Without::Is("one that is made at the start, and is never written"),
        }
        admin: Option<Text> = "admin" {
            flag: Some(Flag { value: "ADDRESS", help: "Where to answer /metrics, /healthz, /readyz, /v1/connections and /v1/clients: a loopback address, or unix:PATH" }),
            reference: "the admin port, see [admin.md](admin.md): a loopback address such as `127.0.0.1:9443`, or `unix:PATH` for the owner of the file",
            without: Without::Is("none"),
        }
        unconfined: bool = "dangerously-unconfined" {
            flag: Some(Flag { value: "", help: "Do not confine the process by Landlock to the files that it needs" }),
            reference: "`true` leaves out the confinement by Landlock, see [systemd.md](../systemd.md#confinement)",
            without: Without::Is("`false`"),
        }
        limits: RawLimits = "limits" {
            flag: None,
            reference: "a table, see below",
            without: Without::Is("the defaults below"),
        }
    }
}

table! {
    /// A table `[[clients]]`.
    pub struct RawClients {
        name: Option<Text> = "name" {
            flag: None,
            reference: "what `clients` calls it; it stands in refusals",
            without: Without::Refused,
        }
        ca: Option<Text> = "ca" {
            flag: None,
            reference: "the CA bundle that verifies client certificates; its CAs are one: a rotation needs both roots",
            without: Without::Refused,
        }
        names: Option<Vec<Text>> = "names" {
            flag: None,
            reference: "the names that it may vouch for, written as [rules](#rules) are; a certificate with another name is rejected, [HF-217](../findings/HF-217.md)",
            without: Without::Is("every name; allowed only for the one that is used alone"),
        }
        crl: Vec<Text> = "crl" {
            flag: None,
            reference: "its [revocation lists](#revocation): files, and `http://` or `https://` URLs that are fetched in the background",
            without: Without::Is("revocation is not looked at"),
        }
        revocations: Vec<Text> = "revocations" {
            flag: None,
            reference: "files of revocation sets of a Handfast CA; asked before the lists",
            without: Without::Is("none"),
        }
        stale: Option<WhenStale> = "stale" {
            flag: None,
            reference: "when no list is current: `\"reject\"` its clients, or `\"keep\"` to the last list",
            without: Without::Is("`\"reject\"`"),
        }
        extended_key_usage: Option<Usage> = "extended-key-usage" {
            flag: None,
            reference: "`\"if-present\"`: a certificate without extended key usage may be a client's (RFC 5280); `\"required\"`: it has to name `clientAuth`, for CAs that always do",
            without: Without::Is("`\"if-present\"`"),
        }
    }
}

table! {
    /// A table `[[backend]]`.
    pub struct RawBackend {
        name: Option<Text> = "name" {
            flag: None,
            reference: "what `to` of a route calls it",
            without: Without::Refused,
        }
        to: OneOrMore = "to" {
            flag: None,
            reference: "one URL or a list of them, as `to` of `[proxy]`",
            without: Without::Refused,
        }
        ca: Option<Text> = "ca" {
            flag: None,
            reference: "the CA bundle that verifies `https` targets",
            without: Without::Is("error, for `https`"),
        }
        cert: Option<Text> = "cert" {
            flag: None,
            reference: "the client certificate for `https` targets that request one; with `key`",
            without: Without::Is("no certificate"),
        }
        key: Option<Text> = "key" {
            flag: None,
            reference: "the private key of `cert`",
            without: Without::Is("no certificate"),
        }
        proxy_protocol: bool = "proxy-protocol" {
            flag: None,
            reference: "as `to-proxy-protocol` of `[proxy]`",
            without: Without::Is("`false`"),
        }
        assertion: Option<Lined<RawAssertion>> = "assertion" {
            flag: None,
            reference: "what the proxy has verified of the client as a signed JSON Web Token with each request, see [below](#signed-assertion)",
            without: Without::Is("none"),
        }
    }
}

table! {
    /// A table `[[listener]]`.
    pub struct RawListener {
        listen: Option<Text> = "listen" {
            flag: None,
            reference: "the address, as `listen` of `[proxy]`",
            without: Without::Refused,
        }
        host: Vec<Lined<RawHost>> = "host" {
            flag: None,
            reference: "the hosts that are served there, each in a `[[listener.host]]`",
            without: Without::Refused,
        }
    }
}

table! {
    /// A table `[[listener.host]]`.
    pub struct RawHost {
        names: Vec<Text> = "names" {
            flag: None,
            reference: "the DNS names by which clients ask for the host (SNI); `*.` stands for one label, a name in full wins",
            without: Without::Is("none, for the default host"),
        }
        default: bool = "default" {
            flag: None,
            reference: "`true`: the host that is meant if the client asks for no name, or for an unknown one. At most one of a listener; without one, such clients are rejected with the alert `unrecognized_name`, [HF-307](../findings/HF-307.md)",
            without: Without::Is("`false`"),
        }
        cert: Option<Text> = "cert" {
            flag: None,
            reference: "the certificate of the host, leaf first",
            without: Without::Refused,
        }
        key: Option<Text> = "key" {
            flag: None,
            reference: "the private key of `cert`",
            without: Without::Refused,
        }
        clients: Vec<Text> = "clients" {
            flag: None,
            reference: "the `[[clients]]` that may vouch for clients of this host, by name",
            without: Without::Refused,
        }
        resumption: Option<bool> = "resumption" {
            flag: None,
            reference: "as `resumption` of `[proxy]`; hosts share no session",
            without: Without::Is("`true`"),
        }
        on_refusal: Option<OnRefusal> = "on-refusal" {
            flag: None,
            reference: "as `on-refusal` of `[proxy]`",
            without: Without::Is("`\"alert\"`"),
        }
        client_certificate: Option<ClientCertificate> = "client-certificate" {
            flag: None,
            reference: "`\"required\"`, or `\"optional\"`: a client without a certificate is accepted, for routes that allow `anonymous`, see [below](#without-a-certificate)",
            without: Without::Is("`\"required\"`"),
        }
        mode: Option<Mode> = "mode" {
            flag: None,
            reference: "as `mode` of `[proxy]`",
            without: Without::Is("`\"enforce\"`"),
        }
        route: Vec<Lined<RawRoute>> = "route" {
            flag: None,
            reference: "the parts of the host, each in a `[[listener.host.route]]`",
            without: Without::Refused,
        }
    }
}

table! {
    /// A table `[[listener.host.route]]`.
    pub struct RawRoute {
        path: Option<Text> = "path" {
            flag: None,
            reference: "the path and everything below it: `/reports` is `/reports` and `/reports/a`, not `/reports2`; `/reports/*` is the same. The longest path wins",
            without: Without::Refused,
        }
        methods: Vec<Text> = "methods" {
            flag: None,
            reference: "the methods that the route is for; for others the next longest path decides",
            without: Without::Is("all"),
        }
        allow: Vec<Text> = "allow" {
            flag: None,
            reference: "a list of [rules](#rules); a client needs to match one. `anonymous`: clients without a certificate",
            without: Without::Unless("policy"),
        }
        deny: Vec<Text> = "deny" {
            flag: None,
            reference: "a list of rules; a client that matches one is denied, whatever `allow` says",
            without: Without::Is("none"),
        }
        policy: Option<Text> = "policy" {
            flag: None,
            reference: "in the place of `allow` and `deny`: a file of policies in Cedar, checked against [the schema](policy.cedarschema)",
            without: Without::Is("`allow` and `deny`"),
        }
        to: Option<Text> = "to" {
            flag: None,
            reference: "the name of a `[[backend]]`, or a URL",
            without: Without::Refused,
        }
        bound_tokens: Option<Lined<RawBoundTokens>> = "bound-tokens" {
            flag: None,
            reference: "each request must carry an access token that is bound to the client's certificate (RFC 8705), see [below](#bound-access-tokens)",
            without: Without::Is("no token is looked at"),
        }
    }
}

table! {
    /// The table `[proxy.limits]`. What is not given is that of [`crate::Limits::default`].
    pub struct RawLimits {
        connections: Option<Connections> = "connections" {
            flag: None,
            reference: "concurrent connections of all workers. At the limit, a new connection replaces the oldest one whose handshake is incomplete, [HF-722](../findings/HF-722.md); if there is none, the proxy closes the new one, [HF-707](../findings/HF-707.md)",
            without: Without::Is("20000"),
        }
        unproven_per_address: Option<Connections> = "unproven-per-address" {
            flag: None,
            reference: "connections with an incomplete handshake from one IPv4 address or IPv6 /64, for each worker; above it, the proxy closes the oldest of them",
            without: Without::Is("half of `connections`"),
        }
        backend_connections: Option<Connections> = "backend-connections" {
            flag: None,
            reference: "concurrent connections to the backend, of all workers; one client uses at most half of them. Further requests queue for five seconds, [HF-720](../findings/HF-720.md)",
            without: Without::Is("4096"),
        }
        header_bytes: Option<Within<1024, 1_048_576>> = "header-bytes" {
            flag: None,
            reference: "bytes of the headers of one request, from 1024 to 1048576; above it, 431. Requests over HTTP/1.1 and HTTP/2, and responses of the backend, have at most 100 header fields",
            without: Without::Is("32768"),
        }
        handshake: Option<Duration> = "handshake" {
            flag: None,
            reference: "time from accept to the end of the handshake, [HF-708](../findings/HF-708.md)",
            without: Without::Is("`\"10s\"`"),
        }
        headers: Option<Duration> = "headers" {
            flag: None,
            reference: "time from the first byte of a request to the end of its headers, [HF-709](../findings/HF-709.md)",
            without: Without::Is("`\"10s\"`"),
        }
        response: Option<Duration> = "response" {
            flag: None,
            reference: "time from the end of a request to the headers of the backend's response; then 504 with [HF-719](../findings/HF-719.md)",
            without: Without::Is("`\"60s\"`"),
        }
        min_rate: Option<Rate> = "min-rate" {
            flag: None,
            reference: "minimum bytes per second that a client sends of a body (over 20 seconds, then 408) and reads of a response (over 60 seconds), [HF-718](../findings/HF-718.md); 0 for no minimum",
            without: Without::Is("500"),
        }
        idle: Option<Duration> = "idle" {
            flag: None,
            reference: "time without a byte in either direction, [HF-710](../findings/HF-710.md)",
            without: Without::Is("`\"5m\"`"),
        }
        drain: Option<Duration> = "drain" {
            flag: None,
            reference: "time for open connections to finish after SIGTERM, [HF-712](../findings/HF-712.md)",
            without: Without::Is("`\"30s\"`"),
        }
    }
}
