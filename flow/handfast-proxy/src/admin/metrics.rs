//! The counters in the text format of Prometheus.
//!
//! Written by hand: the counters are those of workers, read when they are asked for, and there is nothing that a registry of
//! a library could hold.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::UNIX_EPOCH,
};

use jiff::Timestamp;

use super::{Watched, lists::days_left, page::Page};

/// Version 0.0.4 of the text format.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics.
pub(super) fn text(watched: &Watched) -> String {
    let mut page = Page::default();
    handshakes(&mut page, watched);
    requests(&mut page, watched);
    connections(&mut page, watched);
    trust(&mut page, watched);
    certificates(&mut page, watched);
    backends(&mut page, watched);
    page.into_text()
}

fn handshakes(page: &mut Page, watched: &Watched) {
    let mut all: BTreeMap<_, u64> = BTreeMap::new();
    for counters in &watched.shared.counters {
        for (verdict, code, count) in counters.handshakes() {
            let code = code.map(|code| code.to_string()).unwrap_or_default();
            *all.entry((verdict, code)).or_default() += count;
        }
    }
    let name = "handfast_handshakes_total";
    page.head(
        name,
        "counter",
        "Handshakes by result, and by the code of a refusal.",
    );
    for ((verdict, code), count) in all {
        page.line(name, &[("result", verdict), ("code", &code)], count);
    }
    let workers = watched.shared.counters.iter();
    let anonymous: u64 = workers.map(|counters| counters.anonymous_connections()).sum();
    let name = "handfast_anonymous_connections_total";
    page.head(
        name,
        "counter",
        "Connections without a client certificate that a rule allowed.",
    );
    page.line(name, &[], anonymous);
    let mut all: BTreeMap<_, u64> = BTreeMap::new();
    for counters in &watched.shared.counters {
        for (at, code, count) in counters.would_have_rejected() {
            *all.entry((at, code.to_string())).or_default() += count;
        }
    }
    let name = "handfast_would_reject_total";
    page.head(
        name,
        "counter",
        "What hosts that observe would have rejected, in handshakes and of requests, by code.",
    );
    for ((at, code), count) in all {
        page.line(name, &[("at", at), ("code", &code)], count);
    }
    let name = "handfast_handshake_duration_seconds";
    page.head(
        name,
        "histogram",
        "From accept to the end of a handshake that was allowed.",
    );
    let workers = watched.shared.counters.iter();
    page.histogram(name, &[], workers.map(|counters| &counters.handshake_time));
}

fn requests(page: &mut Page, watched: &Watched) {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for counters in &watched.shared.counters {
        for (name, route) in counters.all_routes() {
            all.entry(name).or_default().push(route);
        }
    }
    let name = "handfast_requests_total";
    page.head(
        name,
        "counter",
        "Requests that were answered, by host, route and class of the status.",
    );
    for (of, routes) in &all {
        for (place, class) in ["1xx", "2xx", "3xx", "4xx", "5xx"].into_iter().enumerate() {
            let count: u64 = routes.iter().map(|route| load(&route.classes[place])).sum();
            if count > 0 {
                let labels = [("host", &*of.host), ("route", &*of.path), ("status", class)];
                page.line(name, &labels, count);
            }
        }
    }
    let name = "handfast_request_duration_seconds";
    page.head(
        name,
        "histogram",
        "From the head of a request to that of its answer.",
    );
    for (of, routes) in &all {
        let labels = [("host", &*of.host), ("route", &*of.path)];
        page.histogram(name, &labels, routes.iter().map(|route| &route.time));
    }
}

fn connections(page: &mut Page, watched: &Watched) {
    let shared = &watched.shared;
    page.gauge(
        "handfast_connections",
        "Open connections.",
        shared.open.load(Relaxed),
    );
    page.gauge(
        "handfast_connections_limit",
        "The most connections at a time.",
        shared.limits.connections,
    );
    let name = "handfast_connections_total";
    page.head(name, "counter", "Connections that were accepted.");
    page.line(name, &[], load(&shared.next_id).saturating_sub(1));
    page.gauge(
        "handfast_workers_alive",
        "Whether the clock of every worker moves.",
        u8::from(shared.heartbeat.is_alive()),
    );
}

fn trust(page: &mut Page, watched: &Watched) {
    page.gauge(
        "handfast_trust_generation",
        "The generation of certificates, CAs, rules and backends that serves.",
        watched.live.state().generation(),
    );
    let name = "handfast_trust_input_age_seconds";
    page.head(
        name,
        "gauge",
        "For how long each file that the trust depends on has been as it is.",
    );
    let now = Timestamp::now().as_second();
    for file in watched.live.files() {
        let changed = std::fs::metadata(&file).and_then(|file| file.modified());
        let changed = changed.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let Some(changed) = changed else { continue };
        let age = now.saturating_sub(i64::try_from(changed.as_secs()).unwrap_or(now));
        page.line(name, &[("file", &file.display().to_string())], age);
    }
}

/// The days within which certificates of clients expire.
const SOON: [i64; 6] = [0, 1, 7, 14, 30, 90];

fn certificates(page: &mut Page, watched: &Watched) {
    let (now, state) = (Timestamp::now(), watched.live.state());
    let name = "handfast_certificate_days_left";
    page.head(
        name,
        "gauge",
        "Whole days that a certificate of our own is valid.",
    );
    for host in state.hosts() {
        let left = days_left(host.own.not_after(), now);
        page.line(name, &[("host", host.name.label())], left);
    }
    let clients = watched.clients();
    let days: Vec<i64> = clients
        .iter()
        .map(|client| days_left(client.not_after, now))
        .collect();
    page.gauge(
        "handfast_client_certificates",
        "Client certificates that were seen, by each worker; /v1/clients names them.",
        days.len(),
    );
    let name = "handfast_client_certificates_expiring";
    page.head(name, "gauge", "Of these, those with fewer whole days left.");
    for within in SOON {
        let count = days.iter().filter(|days| **days < within).count();
        page.line(name, &[("days", &within.to_string())], count);
    }
}

fn backends(page: &mut Page, watched: &Watched) {
    let mut all: BTreeMap<_, bool> = BTreeMap::new();
    for upstreams in &watched.upstreams {
        for (backend, target, is_used) in upstreams.targets() {
            *all.entry((backend, target)).or_insert(true) &= is_used;
        }
    }
    let name = "handfast_backend_target_in_use";
    page.head(
        name,
        "gauge",
        "Whether requests go to a target of a backend: 0 where a worker has left it out.",
    );
    for ((backend, target), is_used) in all {
        page.line(
            name,
            &[("backend", &backend), ("target", &target)],
            u8::from(is_used),
        );
    }
}

fn load(counter: &AtomicU64) -> u64 {
    counter.load(Relaxed)
}
