//! The keys of `tunnel.toml`, each in one entry. What they mean is for [`super::config`].

use std::time::Duration;

use handfast_settings::{
    Choice, Connections, Flag, Key, Lined, OneOrMore, Table, Text, Within, Without, page, table,
};
use serde_json::Value;

use crate::limits::Detail;

/// What the key `log` means.
#[derive(Debug, Clone, Copy)]
pub struct TunnelLog(pub Detail);

impl Choice for TunnelLog {
    const WORDS: &'static [&'static str] = &["off", "connections"];

    fn of(word: &str) -> Option<Self> {
        Some(Self(match word {
            "off" => Detail::Off,
            "connections" => Detail::Connections,
            _ => return None,
        }))
    }
}

/// What is known of the keys of `[[tunnel]]`: the flags of `handfast tunnel` are made from it.
pub const KEYS: &[Key] = RawTunnel::KEYS;

/// The tables of the reference page, each as Markdown with its heading row.
pub fn pages() -> [String; 4] {
    [
        page(["key of `tunnel.toml`", "value", "without it"], RawFile::KEYS),
        page(["key of `[[tunnel]]`", "value", "without it"], RawTunnel::KEYS),
        page(
            ["key of `[[tunnel.route]]`", "value", "without it"],
            RawRoute::KEYS,
        ),
        page(
            ["key of `[limits]`", "what is limited", "default"],
            RawLimits::KEYS,
        ),
    ]
}

/// The JSON Schema (2020-12) of `tunnel.toml`.
pub fn schema() -> Value {
    handfast_settings::schema("tunnel.toml", RawFile::KEYS)
}

table! {
    /// The whole file as it is written.
    pub struct RawFile {
        log: Option<TunnelLog> = "log" {
            flag: None,
            reference: "what is logged: `\"off\"` or `\"connections\"`, see [access-log.md](access-log.md)",
            without: Without::Is("`\"connections\"`"),
        }
        unconfined: bool = "dangerously-unconfined" {
            flag: None,
            reference: "`true` leaves out the confinement by Landlock, see [systemd.md](../systemd.md#confinement)",
            without: Without::Is("`false`"),
        }
        limits: RawLimits = "limits" {
            flag: None,
            reference: "what the tunnels may cost, all of them together",
            without: Without::Is("the defaults"),
        }
        tunnel: Vec<Lined<RawTunnel>> = "tunnel" {
            flag: None,
            reference: "a tunnel: an address to listen on in plain text, and where it leads",
            without: Without::Refused,
        }
    }
}

table! {
    /// A tunnel as it is written, by flags or in a table `[[tunnel]]`.
    pub struct RawTunnel {
        listen: Option<Text> = "listen" {
            flag: Some(Flag {
                value: "ADDRESS",
                help: "Where to listen, in plain text, on this machine: 127.0.0.1:PORT, [::1]:PORT or unix:PATH",
            }),
            reference: "where local programs connect, in plain text: `127.0.0.1:PORT`, `[::1]:PORT` or `unix:PATH`; with port 0 the system chooses",
            without: Without::Refused,
        }
        unsafe_listen: bool = "unsafe-listen" {
            flag: Some(Flag {
                value: "",
                help: "Listen in plain text on an address that others can reach: they use our certificate, and the network reads along",
            }),
            reference: "whether `listen` may be an address that others can reach: they use our certificate, and the network reads along, [HF-723](../findings/HF-723.md)",
            without: Without::Is("`false`"),
        }
        mode: Option<Text> = "mode" {
            flag: None,
            reference: "of the socket in the file system: its permissions in octal digits, such as `\"0660\"`",
            without: Without::Is("`\"0600\"`: its owner"),
        }
        owner: Option<Text> = "owner" {
            flag: None,
            reference: "of the socket in the file system: the user that it belongs to, by name or number",
            without: Without::Is("who runs the tunnel"),
        }
        group: Option<Text> = "group" {
            flag: None,
            reference: "of the socket in the file system: the group that it belongs to, by name or number",
            without: Without::Is("that of who runs the tunnel"),
        }
        forward_proxy: bool = "forward-proxy" {
            flag: Some(Flag {
                value: "",
                help: "Be a forward proxy: local programs say with HTTP CONNECT which of the destinations in --to they want",
            }),
            reference: "whether local programs say where they want to go, with HTTP `CONNECT` (RFC 9110 section 9.3.6); `to` then lists the destinations that are allowed",
            without: Without::Is("`false`: every connection goes to `to`"),
        }
        to: OneOrMore = "to" {
            flag: Some(Flag {
                value: "HOST:PORT",
                help: "The server: its host is also the name that it must have; with --forward-proxy a pattern such as *.acme.example:443, and may be repeated",
            }),
            reference: "the server, `HOST:PORT`; its host is also the name that it must have. With `forward-proxy` a list of destinations: `api.acme.example:443`, `*.acme.example:443` (one label), `**.acme.example:*` (any number, any port), `10.0.0.7:8443`, `[2001:db8::7]:443`",
            without: Without::Elsewhere("`[[tunnel.route]]`"),
        }
        cert: Option<Text> = "cert" {
            flag: Some(Flag { value: "FILE", help: "Our certificate, leaf first" }),
            reference: "the client certificate with its chain, leaf first",
            without: Without::Elsewhere("`[[tunnel.route]]`"),
        }
        key: Option<Text> = "key" {
            flag: Some(Flag { value: "FILE", help: "The key of --cert" }),
            reference: "the private key of `cert`",
            without: Without::Elsewhere("`[[tunnel.route]]`"),
        }
        ca: Option<Text> = "ca" {
            flag: Some(Flag { value: "FILE", help: "The CA bundle that verifies the server" }),
            reference: "the CA bundle that verifies the server",
            without: Without::Elsewhere("`[[tunnel.route]]`"),
        }
        expect: Vec<Text> = "expect" {
            flag: Some(Flag {
                value: "RULE",
                help: "What the server must be beside its name: uri:..., dns:..., fingerprint:...; one of several is enough",
            }),
            reference: "what the server must be beside its name, as [rules](config.md#rules); one of several is enough",
            without: Without::Is("its name alone"),
        }
        users: Vec<Text> = "users" {
            flag: None,
            reference: "on a unix socket: the local users whose programs may use the tunnel, by name or number",
            without: Without::Is("whom the permissions of the socket allow"),
        }
        groups: Vec<Text> = "groups" {
            flag: None,
            reference: "the same of groups: that of the program, and those that `/etc/group` lists its user in",
            without: Without::Is("whom the permissions of the socket allow"),
        }
        route: Vec<Lined<RawRoute>> = "route" {
            flag: None,
            reference: "another certificate for some destinations or callers. The first route that fits both is taken",
            without: Without::Is("one for all"),
        }
    }
}

table! {
    /// A table `[[tunnel.route]]`. What it does not say is that of its tunnel.
    pub struct RawRoute {
        to: OneOrMore = "to" {
            flag: None,
            reference: "as `to` of the tunnel",
            without: Without::Is("that of the tunnel"),
        }
        cert: Option<Text> = "cert" {
            flag: None,
            reference: "the client certificate; with `key`",
            without: Without::Is("that of the tunnel"),
        }
        key: Option<Text> = "key" {
            flag: None,
            reference: "the private key of `cert`",
            without: Without::Is("that of the tunnel"),
        }
        ca: Option<Text> = "ca" {
            flag: None,
            reference: "the CA bundle that verifies the server",
            without: Without::Is("that of the tunnel"),
        }
        expect: Vec<Text> = "expect" {
            flag: None,
            reference: "what the server must be beside its name",
            without: Without::Is("that of the tunnel"),
        }
        users: Vec<Text> = "users" {
            flag: None,
            reference: "the local users that the route is for",
            without: Without::Is("those of the tunnel"),
        }
        groups: Vec<Text> = "groups" {
            flag: None,
            reference: "the local groups that the route is for",
            without: Without::Is("those of the tunnel"),
        }
    }
}

table! {
    /// The table `[limits]`.
    pub struct RawLimits {
        connections: Option<Connections> = "connections" {
            flag: None,
            reference: "concurrent connections of all tunnels, [HF-707](../findings/HF-707.md)",
            without: Without::Is("20000"),
        }
        header_bytes: Option<Within<8192, 1_048_576>> = "header-bytes" {
            flag: None,
            reference: "bytes of a `CONNECT` request, from 8192 to 1048576; above it, 431",
            without: Without::Is("32768"),
        }
        handshake: Option<Duration> = "handshake" {
            flag: None,
            reference: "time from accept to the end of the handshake with the server, the `CONNECT` request included, [HF-708](../findings/HF-708.md)",
            without: Without::Is("`\"10s\"`"),
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
