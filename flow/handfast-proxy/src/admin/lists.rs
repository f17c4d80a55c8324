//! Who is connected, and who has been: as JSON.

use std::{collections::BTreeMap, sync::Arc};

use handfast_pki::Code;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Watched;
use crate::{pulse::TICK, seen::Client};

impl Watched {
    /// The certificates that any worker has seen.
    pub(super) fn clients(&self) -> Vec<Arc<Client>> {
        let workers = self.shared.counters.iter();
        workers.flat_map(|counters| counters.seen.all()).collect()
    }
}

/// Every open connection.
pub(super) fn connections(watched: &Watched) -> String {
    let registries = watched.shared.registries.iter();
    let mut open: Vec<_> = registries.flat_map(|registry| registry.open()).collect();
    open.sort_by_key(|open| open.id);
    let shown = open.iter().map(|open| {
        let (state, quiet) = open.pulse.shown();
        let (bytes_in, bytes_out, requests) = open.pulse.counted();
        let standing = open.standing.as_ref();
        json!({
            "id": open.id,
            "peer": open.address.to_string(),
            "state": state,
            "quiet_ms": u64::from(quiet) * TICK.as_millis() as u64,
            "identity": standing.and_then(|standing| standing.peer.as_ref()).map(|peer| peer.identity()),
            "anonymous": standing.is_some_and(|standing| standing.admission.is_anonymous()),
            "would_reject": standing
                .and_then(|standing| standing.admission.would_reject.as_ref())
                .map(|(code, _)| code.to_string()),
            "host": standing.map(|standing| standing.host.name.label()),
            "bytes_in": bytes_in,
            "bytes_out": bytes_out,
            "requests": requests,
        })
    });
    let shown: Vec<Value> = shown.collect();
    let answer = json!({ "schema": "handfast-connections/1", "connections": shown });
    format!("{answer}\n")
}

/// What all workers know of one certificate at one host.
struct Known {
    client: Arc<Client>,
    first: i64,
    last: i64,
    connections: u64,
    routes: Vec<String>,
    denied: Option<Code>,
}

/// Every client certificate that was seen, those that expire first at the top.
pub(super) fn clients(watched: &Watched) -> String {
    let now = Timestamp::now();
    let mut all: BTreeMap<_, Known> = BTreeMap::new();
    for client in watched.clients() {
        let key = (client.not_after, client.identity.fingerprint, client.host.clone());
        let known = all.entry(key).or_insert_with(|| Known {
            first: client.first,
            last: client.last(),
            connections: 0,
            routes: Vec::new(),
            denied: client.denied(),
            client: client.clone(),
        });
        if client.last() > known.last {
            (known.last, known.denied) = (client.last(), client.denied());
        }
        known.first = known.first.min(client.first);
        known.connections += client.connections();
        known.routes.extend(client.routes());
        known.routes.sort();
        known.routes.dedup();
    }
    let shown: Vec<Value> = all.values().map(|known| shown(known, now)).collect();
    let answer = json!({ "schema": "handfast-clients/1", "clients": shown });
    format!("{answer}\n")
}

fn shown(known: &Known, now: Timestamp) -> Value {
    let client = &known.client;
    let time = |second: i64| Timestamp::from_second(second).unwrap_or(now);
    json!({
        "identity": client.identity,
        "issuer": client.issuer,
        "serial": client.serial,
        "key": client.key,
        "not_after": client.not_after,
        "days_left": days_left(client.not_after, now),
        "host": client.host,
        "routes": known.routes,
        "first": time(known.first),
        "last": time(known.last),
        "connections": known.connections,
        "denied": known.denied.map(|code| code.to_string()),
    })
}

/// Whole days; negative once it has expired.
pub(super) fn days_left(not_after: Timestamp, now: Timestamp) -> i64 {
    (not_after.as_second() - now.as_second()).div_euclid(24 * 60 * 60)
}
