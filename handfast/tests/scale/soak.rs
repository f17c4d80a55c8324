// long: one run with all that comes and goes in it, and the samples that show that nothing grows
//! Reloads while clients come, ask and go: no good request fails, whoever is revoked is gone, and nothing grows.
//!
//! `HANDFAST_SOAK_SECONDS`, `_RELOADS`, `_REVOCATIONS`, `_CLIENTS` and `_REQUESTS` (on each connection) say how much;
//! with `_RESUMPTION=0` no sessions are kept.

use std::{
    os::unix::fs::symlink,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use bytes::Bytes;
use handfast_pki::Profile;
use handfast_tls::client::Versions;
use http::Request;
use http_body_util::Empty;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::load::{self, Answered, Http1, Http2, Random, number};
use crate::program::{
    Place,
    daemon::{Daemon, until},
    pki::{Ca, Wanted},
};

/// How long the proxy may take to end after SIGTERM.
const DRAIN: Duration = Duration::from_secs(5);
/// From this length on memory has to be flat: before, caches fill.
const LONG: u64 = 60;
/// What memory may grow by in a long run, in KiB, from its second quarter to its last.
const GROWTH: u64 = 4 << 10;
/// A host keeps this many sessions, so that memory grows until there were as many connections; each takes less KiB.
const SESSIONS: u64 = 16_384;
const A_SESSION: u64 = 3;
/// Descriptors that come and go by themselves: waiting connections to the backend, files that are being read.
const LEEWAY: u64 = 16;

#[test]
fn reloads_under_load_fail_no_good_request_and_sigterm_ends_in_time() {
    let seconds = number("HANDFAST_SOAK_SECONDS", 6);
    let (reloads, revocations) = (
        number("HANDFAST_SOAK_RELOADS", 50),
        number("HANDFAST_SOAK_REVOCATIONS", 3),
    );
    assert!(
        reloads >= 8 && revocations <= reloads,
        "at least 8 reloads, and one for each revocation"
    );
    let place = stage(revocations);
    let port = backend();
    place.write("handfast.toml", configuration(port, 0));
    let proxy = place.open("proxy --config handfast.toml");
    let idle = Sample::of(proxy.id(), 0);
    let load = Load::start(&place, proxy.port);
    let begun = Instant::now();
    let mut samples = vec![(Duration::ZERO, idle)];
    let mut victims = Victims::open(&place, proxy.port, revocations);
    let mut slowest = Duration::ZERO;
    for reload in 0..reloads {
        let asked = Instant::now();
        if reload * revocations / reloads < (reload + 1) * revocations / reloads {
            victims.revoke_one(&place, &proxy);
        } else {
            let before = reloads_of(&proxy);
            change(&place, &proxy, port, reload);
            reloaded(&proxy, before);
            slowest = slowest.max(asked.elapsed());
        }
        load.is_good();
        let next = Duration::from_secs(seconds).mul_f64((reload + 1) as f64 / reloads as f64);
        // Reloads are spread over the time that was asked for.
        std::thread::sleep(next.saturating_sub(begun.elapsed()));
        let connections = load.counts().connections;
        samples.push((begun.elapsed(), Sample::of(proxy.id(), connections)));
    }
    let asked = load.counts();
    // Some are in the middle of a request, and others shake hands.
    let began = Instant::now();
    load.ends_soon.store(true, Relaxed);
    proxy.signal("TERM");
    let left = proxy.end();
    let took = began.elapsed();
    load.stop();
    println!("{}", table(&samples, idle, asked, (reloads, slowest), took));
    assert_eq!(left.exit, 0, "{}", left.stderr);
    assert!(took < DRAIN + Duration::from_secs(1), "{took:?}");
    let refused = left.stdout.matches("\"taken\":false").count();
    assert_eq!(refused, 0, "{}", left.stdout);
    assert!(asked.good > reloads && asked.refused > 0, "{asked:?}");
    is_flat(seconds, &samples);
}

// --- what changes ------------------------------------------------------------------------------------------

/// Everything that is reloaded, in turn.
fn change(place: &Place, proxy: &Daemon, port: u16, turn: u64) {
    match turn % 3 {
        0 => {
            place.write("staged", configuration(port, turn + 1));
            std::fs::rename(place.path("staged"), place.path("handfast.toml")).expect("replaced at once");
        }
        1 => {
            let _ = std::fs::remove_file(place.path("next"));
            let to = if (turn / 3).is_multiple_of(2) {
                "renewed"
            } else {
                "server"
            };
            symlink(to, place.path("next")).expect("a link");
            std::fs::rename(place.path("next"), place.path("own")).expect("swapped at once");
            // The link may have led there before.
            proxy.signal("HUP");
        }
        _ => proxy.signal("HUP"),
    }
}

fn reloads_of(proxy: &Daemon) -> usize {
    proxy.stdout().matches("\"event\":\"reload\"").count()
}

/// Waits until there were more reloads than `before`.
fn reloaded(proxy: &Daemon, before: usize) {
    until("a reload", || (reloads_of(proxy) > before).then_some(()));
}

fn stage(revocations: u64) -> Place {
    let place = Place::new();
    let acme = Ca::new(&place, "acme");
    let (server, client) = (Wanted::now(Profile::Server), Wanted::now(Profile::Client));
    for pair in ["server", "renewed"] {
        acme.issue(&place, pair, &server, &["dns:localhost"]);
    }
    acme.issue(&place, "web", &client, &["uri:spiffe://acme/web"]);
    acme.issue(&place, "api", &client, &["uri:spiffe://acme/api"]);
    for number in 0..revocations {
        let name = format!("uri:spiffe://acme/victim/{number}");
        acme.issue(&place, &format!("victim-{number}"), &client, &[&name]);
    }
    symlink("server", place.path("own")).expect("a link");
    publish(&place);
    place
}

fn publish(place: &Place) {
    place.run("ca crl --dir authority-acme --out staged.crl").good();
    std::fs::rename(place.path("staged.crl"), place.path("acme.crl")).expect("replaced at once");
}

fn configuration(port: u16, turn: u64) -> String {
    format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nto = \"http://127.0.0.1:{port}\"\ncert = \"own/tls.crt\"\nkey = \"own/tls.key\"\n\
         client-ca = \"server/ca.crt\"\ncrl = [\"acme.crl\"]\nworkers = 2\nlog = \"off\"\nresumption = {}\n\
         allow = [\"uri:spiffe://acme/web\", \"uri:spiffe://acme/victim/*\"]\ndeny = [\"uri:spiffe://acme/turn/{turn}\"]\n\
         limits = {{ drain = \"{}s\" }}\n",
        number("HANDFAST_SOAK_RESUMPTION", 1) > 0,
        DRAIN.as_secs()
    )
}

/// Clients that hold a connection until they are revoked.
struct Victims {
    runtime: tokio::runtime::Runtime,
    left: Vec<(u64, Http1<load::Tls>)>,
    port: u16,
}

const GET: &[u8] = b"GET /64 HTTP/1.1\r\nhost: localhost\r\n\r\n";

impl Victims {
    fn open(place: &Place, port: u16, count: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let open = |number| {
            let mut stream = runtime
                .block_on(connected(place, number, port))
                .expect("accepted");
            let answer = runtime.block_on(stream.ask(GET)).expect("an answer");
            assert_eq!(answer.status, 200);
            (number, stream)
        };
        let left = (0..count).map(open).collect();
        Self { runtime, left, port }
    }

    /// Revokes one: its connection ends, it is not accepted again, and the next goes on.
    fn revoke_one(&mut self, place: &Place, proxy: &Daemon) {
        let (number, mut stream) = self.left.remove(0);
        let line = format!("ca revoke victim-{number}/tls.crt --dir authority-acme --yes");
        place.run(&line).good();
        let before = reloads_of(proxy);
        publish(place);
        reloaded(proxy, before);
        until("the end of its connection", || {
            self.runtime.block_on(stream.ask(GET)).err()
        });
        let again = self.runtime.block_on(async {
            let mut stream = connected(place, number, self.port).await?;
            stream.ask(GET).await.map_err(|error| error.to_string())
        });
        assert!(again.is_err(), "victim {number}: {again:?}");
        if let Some((number, next)) = self.left.first_mut() {
            let answer = self.runtime.block_on(next.ask(GET));
            assert_eq!(answer.expect("an answer").status, 200, "victim {number} goes on");
        }
    }
}

async fn connected(place: &Place, number: u64, port: u16) -> Result<Http1<load::Tls>, String> {
    let pair = format!("victim-{number}");
    let client = load::client(place, Some(&pair), &["http/1.1"], Versions::Both, None);
    let (_, probed) = load::connect(&client, "localhost", port).await;
    Ok(Http1::over(probed?.stream))
}

// --- the load ----------------------------------------------------------------------------------------------

#[derive(Debug, Clone, Copy)]
struct Counts {
    connections: u64,
    good: u64,
    refused: u64,
}

/// Clients that come and go.
struct Load {
    connections: Arc<AtomicU64>,
    good: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
    failed: Arc<Mutex<Vec<String>>>,
    /// From here on a connection may end whenever it likes.
    ends_soon: Arc<AtomicBool>,
    ends: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(place: &Place, port: u16) -> Self {
        let mut load = Self {
            connections: Arc::default(),
            good: Arc::default(),
            refused: Arc::default(),
            failed: Arc::default(),
            ends_soon: Arc::default(),
            ends: Arc::default(),
            threads: Vec::new(),
        };
        let requests = number("HANDFAST_SOAK_REQUESTS", 10);
        for seed in 0..number("HANDFAST_SOAK_CLIENTS", 4) {
            let client = |pair, alpn| load::client(place, Some(pair), &[alpn], Versions::Both, None);
            let visitor = Visitor {
                web: [client("web", "http/1.1"), client("web", "h2")],
                api: client("api", "http/1.1"),
                random: Random::new(seed),
                port,
                requests,
                connections: load.connections.clone(),
                good: load.good.clone(),
                refused: load.refused.clone(),
            };
            let (failed, ends_soon, ends) = (load.failed.clone(), load.ends_soon.clone(), load.ends.clone());
            load.threads.push(std::thread::spawn(move || {
                visitor.run(&failed, &ends_soon, &ends)
            }));
        }
        load
    }

    fn is_good(&self) {
        let failed = self.failed.lock().expect("no panic");
        assert!(failed.is_empty(), "{failed:#?}");
    }

    fn counts(&self) -> Counts {
        self.is_good();
        Counts {
            connections: self.connections.load(Relaxed),
            good: self.good.load(Relaxed),
            refused: self.refused.load(Relaxed),
        }
    }

    fn stop(mut self) {
        self.ends.store(true, Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("no panic");
        }
    }
}

struct Visitor {
    /// Over HTTP/1.1 and HTTP/2.
    web: [handfast_tls::Client; 2],
    /// Whom no rule allows.
    api: handfast_tls::Client,
    random: Random,
    port: u16,
    requests: u64,
    connections: Arc<AtomicU64>,
    good: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
}

impl Visitor {
    fn run(mut self, failed: &Mutex<Vec<String>>, ends_soon: &AtomicBool, ends: &AtomicBool) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        while !ends.load(Relaxed) {
            let visited = runtime.block_on(self.visit());
            match visited {
                Ok(()) => {}
                Err(_) if ends_soon.load(Relaxed) => return,
                Err(why) => failed.lock().expect("no panic").push(why),
            }
        }
    }

    async fn visit(&mut self) -> Result<(), String> {
        self.connections.fetch_add(1, Relaxed);
        if self.random.one_in(8) {
            let (_, probed) = load::connect(&self.api, "localhost", self.port).await;
            let answer = match probed {
                Ok(probed) => Http1::over(probed.stream)
                    .ask(GET)
                    .await
                    .map_err(|e| e.to_string()),
                Err(error) => Err(error),
            };
            self.refused.fetch_add(1, Relaxed);
            return match answer {
                Ok(answer) => Err(format!("accepted whom no rule allows: {}", answer.status)),
                Err(_) => Ok(()),
            };
        }
        let over_http2 = self.random.one_in(2);
        let client = &self.web[usize::from(over_http2)];
        let (_, probed) = load::connect(client, "localhost", self.port).await;
        let stream = probed?.stream;
        let mut http1 = None;
        let mut http2 = None;
        if over_http2 {
            http2 = Some(Http2::over(stream).await.map_err(|error| error.to_string())?);
        } else {
            http1 = Some(Http1::over(stream));
        }
        for _ in 0..self.requests {
            let length = [0, 64, 1000, 70_000][self.random.below(4)];
            let answer = match (&mut http1, &mut http2) {
                (Some(stream), _) => {
                    let request = format!("GET /{length} HTTP/1.1\r\nhost: localhost\r\n\r\n");
                    stream
                        .ask(request.as_bytes())
                        .await
                        .map_err(|error| error.to_string())
                }
                (None, Some(sender)) => {
                    let request = Request::get(format!("https://localhost/{length}"));
                    let request = request.body(Empty::<Bytes>::new()).expect("a request");
                    sender.ask(request).await.map_err(|error| format!("{error:?}"))
                }
                (None, None) => return Ok(()),
            };
            is_right(&answer?, length)?;
            self.good.fetch_add(1, Relaxed);
        }
        Ok(())
    }
}

fn is_right(answer: &Answered, length: usize) -> Result<(), String> {
    if answer.status == 200 && answer.body == body(length) {
        return Ok(());
    }
    let got = (answer.status, answer.body.len());
    Err(format!(
        "status and length {got:?} for {length} bytes, or wrong bytes"
    ))
}

/// Bytes of which none can be missing or doubled unseen.
fn body(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

/// Answers with as many bytes as the path says; its port.
fn backend() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("an option");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream));
            }
        });
    });
    port
}

async fn answer(mut stream: TcpStream) {
    let mut waiting = Vec::new();
    loop {
        let Some(end) = waiting.windows(4).position(|four: &[u8]| four == b"\r\n\r\n") else {
            match stream.read_buf(&mut waiting).await {
                Ok(1..) => continue,
                _ => return,
            }
        };
        let head = String::from_utf8_lossy(&waiting[..end]).into_owned();
        waiting.drain(..end + 4);
        let path = head.split(' ').nth(1).unwrap_or_default();
        let length = path.trim_start_matches('/').parse().unwrap_or(0);
        let mut said = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes();
        said.extend(body(length));
        if stream.write_all(&said).await.is_err() {
            return;
        }
    }
}

// --- what it costs -----------------------------------------------------------------------------------------

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// Resident memory in KiB.
    memory: u64,
    descriptors: u64,
    threads: u64,
    /// How many connections there were so far.
    connections: u64,
}

impl Sample {
    fn of(process: u32, connections: u64) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let word = line.and_then(|line| line.split_whitespace().next());
            word.and_then(|word| word.parse().ok()).expect("a number")
        };
        let descriptors = std::fs::read_dir(format!("/proc/{process}/fd")).expect("it runs");
        Self {
            memory: value("VmRSS:"),
            descriptors: descriptors.count() as u64,
            threads: value("Threads:"),
            connections,
        }
    }
}

/// The middle of each of four quarters of the samples, of which there are more than four.
fn quarters(samples: &[(Duration, Sample)], of: impl Fn(&Sample) -> u64) -> [u64; 4] {
    let mut quarters = [0; 4];
    for (at, quarter) in quarters.iter_mut().enumerate() {
        let part = &samples[samples.len() * at / 4..samples.len() * (at + 1) / 4];
        let mut values: Vec<_> = part.iter().map(|(_, sample)| of(sample)).collect();
        values.sort_unstable();
        *quarter = values[values.len() / 2];
    }
    quarters
}

fn is_flat(seconds: u64, samples: &[(Duration, Sample)]) {
    let descriptors = quarters(samples, |sample| sample.descriptors);
    assert!(
        descriptors[3] <= descriptors[1] + LEEWAY,
        "descriptors: {descriptors:?}"
    );
    let threads = quarters(samples, |sample| sample.threads);
    assert!(threads[3] <= threads[1], "threads: {threads:?}");
    let memory = quarters(samples, |sample| sample.memory);
    let growth = if seconds < LONG { 4 * GROWTH } else { GROWTH };
    let sessions = quarters(samples, |sample| sample.connections.min(SESSIONS));
    let kept = (sessions[3] - sessions[1]) * A_SESSION;
    assert!(
        memory[3] <= memory[1] + growth + kept,
        "memory in KiB: {memory:?}, of sessions {kept}"
    );
}

fn table(
    samples: &[(Duration, Sample)],
    idle: Sample,
    asked: Counts,
    (reloads, slowest): (u64, Duration),
    ended: Duration,
) -> String {
    let lasted = samples.last().map_or(0, |(at, _)| at.as_secs());
    let row = |name: &str, before: u64, values: [u64; 4]| {
        let [a, b, c, d] = values;
        format!("| {name} | {before} | {a} | {b} | {c} | {d} |\n")
    };
    let rows = [
        row(
            "resident memory, KiB",
            idle.memory,
            quarters(samples, |sample| sample.memory),
        ),
        row(
            "descriptors",
            idle.descriptors,
            quarters(samples, |sample| sample.descriptors),
        ),
        row(
            "connections so far",
            0,
            quarters(samples, |sample| sample.connections),
        ),
        row(
            "threads",
            idle.threads,
            quarters(samples, |sample| sample.threads),
        ),
    ];
    format!(
        "{lasted} s: {reloads} reloads, the slowest active after {} ms; {} connections, {} good requests, 0 of them failed, \
         {} clients refused; ended {} ms after SIGTERM\n\n\
         | | before the load | first quarter | second | third | last |\n| --- | --- | --- | --- | --- | --- |\n{}",
        slowest.as_millis(),
        asked.connections,
        asked.good,
        asked.refused,
        ended.as_millis(),
        rows.concat()
    )
}
