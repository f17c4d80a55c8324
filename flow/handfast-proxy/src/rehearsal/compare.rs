//! What two configurations decide differently, for given clients.
//!
//! What is asked for each client: everything that it has asked for itself, where a log knows that, and of each route of both
//! configurations its path with each of its methods.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{self, BufRead},
};

use handfast_audit::line::{ConnectionLine, Line};
use handfast_pki::text::printable;
use handfast_values::Authority;
use jiff::Timestamp;

use super::{Asked, Client, Decision, Rehearsal};

/// A decision that is another one.
pub struct Change {
    pub client: String,
    pub asked: Asked,
    pub before: Decision,
    pub after: Decision,
}

/// A client, and what it has asked for.
pub struct Seen {
    pub client: Client,
    pub asked: BTreeSet<Asked>,
}

/// `GET /orders of api.acme.example`.
impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", printable(&self.method), printable(&self.path))?;
        match &self.host {
            Some(host) => write!(f, " of {}", printable(host)),
            None => Ok(()),
        }
    }
}

/// Every change of a decision from `before` to `after`, and how many decisions were compared.
pub fn changes(
    before: &Rehearsal,
    after: &Rehearsal,
    clients: &[Seen],
    now: Timestamp,
) -> (Vec<Change>, usize) {
    let usual: BTreeSet<Asked> = before.usual().chain(after.usual()).collect();
    let (mut changes, mut compared) = (Vec::new(), 0);
    for seen in clients {
        for asked in usual.union(&seen.asked) {
            compared += 1;
            let then = before.decide(&seen.client, asked, now);
            let later = after.decide(&seen.client, asked, now);
            // What is allowed with a token is another thing than what is allowed without, or with another.
            let has_other_token = then.is_allowed && then.token != later.token;
            if then.is_allowed != later.is_allowed || has_other_token {
                changes.push(Change {
                    client: seen.client.to_string(),
                    asked: asked.clone(),
                    before: then,
                    after: later,
                });
            }
        }
    }
    (changes, compared)
}

impl Rehearsal {
    /// One request for each route and method of each host.
    fn usual(&self) -> impl Iterator<Item = Asked> {
        let hosts = self.listeners.iter().flat_map(|(_, hosts)| hosts);
        hosts.flat_map(|host| {
            let name = host.name.names.first().map(|name| name.replace("*.", "any."));
            host.routes.iter().flat_map(move |route| {
                let methods = route.methods.as_ref().map_or_else(
                    || vec!["GET".to_owned()],
                    |methods| methods.iter().map(ToString::to_string).collect(),
                );
                let name = name.clone();
                methods.into_iter().map(move |method| Asked {
                    host: name.clone(),
                    method,
                    path: route.label().to_owned(),
                })
            })
        })
    }
}

/// The most requests of one open connection that are kept apart.
const MOST_REQUESTS: usize = 1000;

/// The clients that an access log has seen, each once, with what they asked for where it says so. Those count of whom an
/// identity was proven, and those without a certificate that a rule let in.
///
/// # Errors
///
/// Where it cannot be read.
pub fn seen(log: &mut impl BufRead) -> io::Result<Vec<Seen>> {
    // The line of a connection comes when it ends, behind those of its requests.
    let mut open: BTreeMap<u64, BTreeSet<Asked>> = BTreeMap::new();
    let mut clients: BTreeMap<String, Seen> = BTreeMap::new();
    for line in log.split(b'\n') {
        match Line::read(&line?) {
            Some(Line::Open {}) => open.clear(),
            Some(Line::Request(line)) => {
                let asked = open.entry(line.connection).or_default();
                if asked.len() < MOST_REQUESTS {
                    asked.insert(Asked {
                        host: line.host.map(without_port),
                        method: line.method,
                        path: line.path,
                    });
                }
            }
            Some(Line::Connection(line)) => {
                let asked = open.remove(&line.id).unwrap_or_default();
                if let Some((key, client)) = client(&line) {
                    let known = clients.entry(key).or_insert_with(|| Seen {
                        client,
                        asked: BTreeSet::new(),
                    });
                    known.asked.extend(asked);
                }
            }
            _ => {}
        }
    }
    Ok(clients.into_values().collect())
}

fn client(line: &ConnectionLine) -> Option<(String, Client)> {
    match &line.identity {
        Some(logged) => Some((logged.fingerprint.clone(), Client::Named(logged.identity()?))),
        None => line.anonymous.then(|| (String::new(), Client::Anonymous)),
    }
}

/// What is no host stays as it is, and is denied as that.
fn without_port(host: String) -> String {
    Authority::read(&host).map_or_else(|_| host.clone(), |read| read.host.to_owned())
}
