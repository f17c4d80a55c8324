//! What `tunnel.toml` and the flags of `handfast tunnel` come to: every problem with its line, and tunnels that need no
//! further check.

use std::path::{Path, PathBuf};

use handfast_credentials::files::read_regular;
use handfast_finding::{Place, Problem};
use handfast_pki::{code, text::printable};
use handfast_policy::Rule;
use handfast_settings::{DeTable, Lined, Reader, Table, Text, keys_of};
use handfast_values::{Endpoint, Form};

use super::{
    callers::{Accounts, Callers},
    keys::{RawFile, RawLimits, RawRoute, RawTunnel},
    sources::{Destination, Destinations, Plain, Socket, TunnelRoute, TunnelSource},
};
use crate::{
    config::{address, invalid, rules},
    limits::{Detail, Limits},
};

/// Tunnels as the operator means them.
#[derive(Debug, Clone)]
pub struct TunnelConfig {
    /// At least one.
    pub tunnels: Vec<TunnelSource>,
    pub detail: Detail,
    pub limits: Limits,
    /// Whether the process keeps the right to read and write what it does not need.
    pub dangerously_unconfined: bool,
}

/// Whether the file `path` is one of tunnels, by the names of its tables. What cannot be read is none.
pub fn is_of_tunnels(path: &Path) -> bool {
    let text = read_regular(path)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    text.is_some_and(|text| {
        let (document, _) = DeTable::parse_recoverable(&text);
        document.get_ref().keys().any(|key| key.get_ref() == "tunnel")
    })
}

/// Reads the file `path`; relative paths in it start from its folder.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn read(path: &Path) -> Result<TunnelConfig, Vec<Problem>> {
    let bytes = read_regular(path).map_err(|problem| vec![problem])?;
    let shown = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|_| {
        let message = format!("\"{shown}\": expected text in UTF-8, found other bytes");
        vec![Problem::new(code::WRONG_FORMAT, message)]
    })?;
    let mut errors = Vec::new();
    let mut reader = Reader {
        file: &shown,
        text: &text,
        errors: &mut errors,
    };
    let Some(document) = reader.document() else {
        return Err(errors);
    };
    let raw: RawFile = keys_of(&mut reader, &document);
    if raw.tunnel.is_empty() && reader.errors.is_empty() {
        reader.error(0, "the table [[tunnel]] is missing".into());
    }
    let config = resolve(&raw, path.parent().unwrap_or(Path::new("")), &mut errors);
    if errors.is_empty() {
        return Ok(config);
    }
    errors.sort_by_key(|problem| problem.place.as_ref().map_or(usize::MAX, |place| place.line));
    Err(errors)
}

/// Turns what is written into what is meant, and adds everything that keeps it from meaning anything to `errors`.
fn resolve(raw: &RawFile, folder: &Path, errors: &mut Vec<Problem>) -> TunnelConfig {
    let mut tunnels: Vec<TunnelSource> = Vec::new();
    for Lined { table, place, .. } in &raw.tunnel {
        let Some(tunnel) = tunnel(table, folder, Some(place), errors) else {
            continue;
        };
        if tunnels.iter().any(|other| other.listen.collides(&tunnel.listen)) {
            let problem = invalid(format_args!("two tunnels listen on \"{}\"", tunnel.listen));
            errors.push(problem.place(Some(place.clone())));
        }
        tunnels.push(tunnel);
    }
    TunnelConfig {
        tunnels,
        detail: raw.log.map_or(Detail::Connections, |log| log.0),
        limits: limits(&raw.limits),
        dangerously_unconfined: raw.unconfined,
    }
}

/// One tunnel, of the file or of flags. What is missing is missing at `head`.
pub fn tunnel(
    raw: &RawTunnel,
    folder: &Path,
    head: Option<&Place>,
    errors: &mut Vec<Problem>,
) -> Option<TunnelSource> {
    let mut reading = Reading {
        raw,
        folder,
        head: head.cloned(),
        accounts: Accounts::read(),
        errors,
    };
    let listen = reading.listen();
    let none = Lined {
        table: RawRoute::default(),
        line: 0,
        place: head.cloned().unwrap_or_else(|| Place::new("", 0)),
    };
    let routes: Vec<_> = match raw.route.as_slice() {
        [] => vec![reading.route(&none.table, head)],
        routes => routes
            .iter()
            .map(|route| reading.route(&route.table, Some(&route.place)))
            .collect(),
    };
    Some(TunnelSource {
        listen: listen?,
        connects: raw.forward_proxy,
        routes: routes.into_iter().collect::<Option<_>>()?,
    })
}

struct Reading<'a> {
    raw: &'a RawTunnel,
    folder: &'a Path,
    head: Option<Place>,
    accounts: Accounts,
    errors: &'a mut Vec<Problem>,
}

impl Reading<'_> {
    fn wrong(&mut self, text: &Text, problem: Problem) {
        self.errors.push(text.wrong(problem));
    }

    fn listen(&mut self) -> Option<Plain> {
        let Some(text) = &self.raw.listen else {
            let missing = self.raw.missing();
            for key in missing {
                let problem = invalid(format_args!("\"{key}\" is missing"));
                self.errors.push(problem.place(self.head.clone()));
            }
            return None;
        };
        if let Some(path) = text.text.strip_prefix("unix:") {
            return self.socket(text, path);
        }
        let of_sockets = [&self.raw.mode, &self.raw.owner, &self.raw.group];
        let of_callers = [self.raw.users.first(), self.raw.groups.first()];
        let of_routes = self.raw.route.iter();
        let of_routes = of_routes.flat_map(|route| [route.table.users.first(), route.table.groups.first()]);
        let all = of_sockets
            .into_iter()
            .map(Option::as_ref)
            .chain(of_callers)
            .chain(of_routes);
        for needless in all.flatten() {
            let message = "mode, owner, group, users and groups are for a socket in the file system";
            self.wrong(needless, invalid(message).help("listen = \"unix:PATH\""));
        }
        let address = address(&text.text)
            .map_err(|problem| self.wrong(text, problem))
            .ok()?;
        if address.ip().is_loopback() || self.raw.unsafe_listen {
            return Some(Plain::Tcp(address));
        }
        // Who reaches the listener is the client, as far as the server knows.
        let message = format!("--listen {address}: others could use this certificate in plain text");
        let problem = Problem::new(code::OPEN_PLAINTEXT, message).help(format!(
            "listen on this machine alone: --listen 127.0.0.1:{}; or say --unsafe-listen where the network is trusted",
            address.port()
        ));
        self.wrong(text, problem);
        None
    }

    fn socket(&mut self, text: &Text, path: &str) -> Option<Plain> {
        if path.is_empty() {
            self.wrong(text, invalid("\"unix:\": the path is missing"));
            return None;
        }
        let mode = match &self.raw.mode {
            None => Some(0o600),
            Some(mode) => {
                let digits = mode.text.as_str();
                let bits = u32::from_str_radix(digits, 8).ok();
                let bits = bits.filter(|bits| *bits <= 0o777 && !digits.starts_with('+'));
                if bits.is_none() {
                    let problem = invalid(format_args!(
                        "mode \"{}\" is no permissions of a file",
                        printable(digits)
                    ));
                    self.wrong(
                        mode,
                        problem.help("write octal digits in quotes: mode = \"0660\""),
                    );
                }
                bits
            }
        };
        let owner = self.account(self.raw.owner.as_ref(), "user", Accounts::user);
        let group = self.account(self.raw.group.as_ref(), "group", Accounts::group);
        Some(Plain::Unix(Socket {
            path: self.folder.join(path),
            mode: mode?,
            owner,
            group,
        }))
    }

    fn account(
        &mut self,
        text: Option<&Text>,
        what: &str,
        find: impl Fn(&Accounts, &str) -> Option<u32>,
    ) -> Option<u32> {
        let text = text?;
        let found = find(&self.accounts, &text.text);
        if found.is_none() {
            self.unknown(text, what);
        }
        found
    }

    fn unknown(&mut self, text: &Text, what: &str) {
        let problem = invalid(format_args!(
            "this machine has no {what} \"{}\"",
            printable(&text.text)
        ));
        self.wrong(
            text,
            problem.help("write the number of one that a directory service knows"),
        );
    }

    /// What `route` says, and its tunnel in the place of what it does not say.
    fn route(&mut self, route: &RawRoute, head: Option<&Place>) -> Option<TunnelRoute> {
        let raw = self.raw;
        let to = if route.to.0.is_empty() {
            &raw.to.0
        } else {
            &route.to.0
        };
        let own_pair = route.cert.is_some() || route.key.is_some();
        let (cert, key) = if own_pair {
            (&route.cert, &route.key)
        } else {
            (&raw.cert, &raw.key)
        };
        let ca = route.ca.as_ref().or(raw.ca.as_ref());
        let given = [
            ("to", to.first()),
            ("cert", cert.as_ref()),
            ("key", key.as_ref()),
            ("ca", ca),
        ];
        let is_wrong = |name: &str| route.is_unreadable(name) || raw.is_unreadable(name);
        for (name, _) in given
            .iter()
            .filter(|(name, text)| text.is_none() && !is_wrong(name))
        {
            let problem = invalid(format_args!("\"{name}\" is missing"));
            self.errors.push(problem.place(head.cloned()));
        }
        let expect = if route.expect.is_empty() {
            &raw.expect
        } else {
            &route.expect
        };
        let expect: Vec<Rule> = rules(expect, &mut |text, problem| self.errors.push(text.wrong(problem)));
        let (users, groups) = match (&*route.users, &*route.groups) {
            ([], []) => (&raw.users, &raw.groups),
            _ => (&route.users, &route.groups),
        };
        let callers = self.callers(users, groups);
        let to = self.destinations(to);
        let path = |text: &Text| -> PathBuf { self.folder.join(&text.text) };
        Some(TunnelRoute {
            to: to?,
            cert: path(cert.as_ref()?),
            key: path(key.as_ref()?),
            ca: path(ca?),
            expect,
            callers,
        })
    }

    fn callers(&mut self, users: &[Text], groups: &[Text]) -> Option<Callers> {
        let mut callers = Callers::default();
        for text in users {
            if !self.accounts.add_user(&text.text, &mut callers) {
                self.unknown(text, "user");
            }
        }
        for text in groups {
            if !self.accounts.add_group(&text.text, &mut callers) {
                self.unknown(text, "group");
            }
        }
        (!users.is_empty() || !groups.is_empty()).then_some(callers)
    }

    fn destinations(&mut self, to: &[Text]) -> Option<Destinations> {
        if self.raw.forward_proxy {
            let mut all = Vec::new();
            for text in to {
                match Destination::read(&text.text) {
                    Ok(destination) => all.push(destination),
                    Err(why) => {
                        let problem =
                            invalid(format_args!("destination \"{}\": {why}", printable(&text.text)));
                        self.wrong(
                            text,
                            problem.help("write api.acme.example:443, *.acme.example:443 or 10.0.0.7:8443"),
                        );
                    }
                }
            }
            return (all.len() == to.len() && !all.is_empty()).then_some(Destinations::Listed(all));
        }
        let [first, more @ ..] = to else { return None };
        if let Some(second) = more.first() {
            let problem = invalid("a tunnel leads to one server, found several in `to`");
            self.wrong(
                second,
                problem.help("forward-proxy = true lets programs choose among them"),
            );
        }
        let read = Endpoint::read(&first.text, &Form::CONNECT);
        let read = read.map_err(|problem| self.wrong(first, problem.into())).ok()?;
        crate::backend::server_name(&read.host)
            .map_err(|problem| self.wrong(first, problem))
            .ok()?;
        Some(Destinations::One(read))
    }
}

fn limits(raw: &RawLimits) -> Limits {
    let usual = Limits::default();
    Limits {
        connections: raw.connections.map_or(usual.connections, |number| number.0),
        header_bytes: raw.header_bytes.map_or(usual.header_bytes, |number| number.0),
        handshake: raw.handshake.unwrap_or(usual.handshake),
        idle: raw.idle.unwrap_or(usual.idle),
        drain: raw.drain.unwrap_or(usual.drain),
        ..usual
    }
}
