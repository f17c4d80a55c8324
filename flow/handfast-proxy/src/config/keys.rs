//! The keys of `handfast.toml`, each in one entry. What they mean is for [`super::resolve`].

use std::time::Duration;

use handfast_settings::{Choice, Connections, Flag, Rate, Text, Within, Without, table};

use crate::limits::Detail;

impl Choice for Detail {
    const WORDS: &'static [&'static str] = &["off", "connections", "requests"];

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "off" => Self::Off,
            "connections" => Self::Connections,
            "requests" => Self::Requests,
            _ => return None,
        })
    }
}

table! {
    /// The proxy as it is written, by flags or in the table `[proxy]`.
    pub struct RawConfig {
        listen: Option<Text> = "listen" {
            flag: Some(Flag { value: "ADDRESS", help: "Where to listen; port 0 lets the system choose" }),
            reference: "the listener, `ADDRESS:PORT`, such as `127.0.0.1:8443` or `[::1]:8443`; `:8443` for all IPv4 addresses; with port 0 the system chooses",
            without: Without::Refused,
        }
        to: Option<Text> = "to" {
            flag: Some(Flag { value: "URL", help: "The service: http://H:P, https://H:P, tcp://H:P or unix:PATH" }),
            reference: "the backend (upstream): `http://HOST:PORT`, `https://HOST:PORT`, `tcp://HOST:PORT` or `unix:PATH`",
            without: Without::Refused,
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
            without: Without::Refused,
        }
        key: Option<Text> = "key" {
            flag: Some(Flag { value: "FILE", help: "The key of --cert" }),
            reference: "the private key of `cert`, PEM or DER, not encrypted",
            without: Without::Refused,
        }
        client_ca: Option<Text> = "client-ca" {
            flag: Some(Flag { value: "FILE", help: "The CA bundle that verifies client certificates" }),
            reference: "the CA bundle that verifies client certificates; one or more CAs in one file",
            without: Without::Refused,
        }
        allow: Vec<Text> = "allow" {
            flag: Some(Flag {
                value: "RULE",
                help: "The clients that are allowed: any, uri:..., dns:..., email:..., ip:..., cn:... or fingerprint:...; may be repeated",
            }),
            reference: "a list of authorization rules; a client needs to match one",
            without: Without::Refused,
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
        limits: RawLimits = "limits" {
            flag: None,
            reference: "a table, see below",
            without: Without::Is("the defaults below"),
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
