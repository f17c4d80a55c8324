//! A change that takes away what clients were allowed cuts their open connections, whatever they speak, and no other.
//!
//! `HANDFAST_CUT_CONNECTIONS` says how many are cut and how many stay; with `HANDFAST_CUT_BARS=1` the times have bars, too.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use handfast_pki::Profile;
use handfast_tls::{Client, client::Versions};
use http::Request;
use http_body_util::{BodyExt, Empty};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::load::{self, Http1, Http2, Tls, number};
use crate::program::{
    Place,
    daemon::{Daemon, until},
    pki::{Ca, Wanted},
};

/// How often a backend says something on each connection.
const BETWEEN: Duration = Duration::from_millis(500);
/// Certificates on each side.
const MOST_CLIENTS: usize = 50;
const HALF: Duration = Duration::from_millis(150);
const NEARLY_ALL: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Http1,
    Http2,
    WebSocket,
    Tcp,
}

const SPOKEN: [(Spoken, &str); 4] = [
    (Spoken::Http1, "HTTP/1.1"),
    (Spoken::Http2, "HTTP/2"),
    (Spoken::WebSocket, "WebSocket"),
    (Spoken::Tcp, "TCP"),
];

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Rule,
    List,
    Set,
    Ca,
}

impl Change {
    fn shown(self) -> &'static str {
        match self {
            Self::Rule => "a deny rule",
            Self::List => "a revocation list",
            Self::Set => "a revocation set",
            Self::Ca => "a CA is removed",
        }
    }

    /// What the record of a connection has that it cuts.
    fn code(self) -> &'static str {
        match self {
            Self::Rule => "HF-609",
            Self::List | Self::Set => "HF-205",
            Self::Ca => "HF-103",
        }
    }

    /// The CA of those who stay: the same as that of the others, where one certificate is told from another.
    fn stays(self) -> &'static str {
        match self {
            Self::Ca => "acme",
            _ => "partner",
        }
    }
}

#[test]
fn a_deny_rule_cuts_whom_it_denies_and_no_other() {
    cut_by(Change::Rule);
}

#[test]
fn a_revocation_list_cuts_whom_it_revokes_and_no_other() {
    cut_by(Change::List);
}

#[test]
fn a_revocation_set_cuts_whom_it_revokes_and_no_other() {
    cut_by(Change::Set);
}

#[test]
fn a_ca_that_is_removed_takes_its_clients_along_and_no_other() {
    cut_by(Change::Ca);
}

/// What a client has seen on a connection.
struct Seen {
    spoken: Spoken,
    is_cut: bool,
    begun: Instant,
    /// How many lines came, each in its turn.
    lines: AtomicU64,
    /// When it ended, in microseconds since it began; 0 before.
    ended: AtomicU64,
    is_broken: AtomicBool,
}

impl Seen {
    /// Takes in what came; what is not a whole line yet stays in `text`.
    fn take(&self, text: &mut Vec<u8>) {
        while let Some(end) = text.iter().position(|byte| *byte == b'>') {
            let line: Vec<u8> = text.drain(..=end).collect();
            let begin = line.iter().position(|byte| *byte == b'<').map_or(0, |at| at + 1);
            let said = String::from_utf8_lossy(&line[begin..end]).into_owned();
            let expected = self.lines.fetch_add(1, Relaxed);
            if said != expected.to_string() {
                self.is_broken.store(true, Relaxed);
            }
        }
    }

    fn end(&self) {
        let now = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.ended.store(now.max(1), Relaxed);
    }

    fn ended(&self) -> Option<Instant> {
        let after = self.ended.load(Relaxed);
        (after > 0).then(|| self.begun + Duration::from_micros(after))
    }
}

fn cut_by(change: Change) {
    let count = usize::try_from(number("HANDFAST_CUT_CONNECTIONS", 48)).expect("a count");
    let _ = handfast_proxy::descriptors::raise();
    let place = stage(change, count);
    let ports = backends();
    place.write("handfast.toml", configuration(change, ports, false));
    let proxy = place.open("proxy --config handfast.toml");
    let listeners = until("both addresses", || {
        let said = proxy.stderr();
        let found = said.split("listening on ").skip(1);
        let found: Vec<u16> = found
            .filter_map(|rest| rest.split_once(',')?.0.rsplit_once(':')?.1.parse().ok())
            .collect();
        <[u16; 2]>::try_from(found).ok()
    });
    let all = visitors(&place, count, listeners);
    // Thousands of handshakes take a while.
    for most in (0..=count).step_by(200) {
        until(format!("lines on {most} connections and more"), || {
            let speak = all.iter().filter(|seen| seen.lines.load(Relaxed) > 1);
            (speak.count() >= most).then_some(())
        });
    }
    until("a line on every connection", || {
        all.iter().all(|seen| seen.lines.load(Relaxed) > 1).then_some(())
    });
    let staged = prepare(&place, change, ports);
    let changed = Instant::now();
    std::fs::rename(place.path("staged"), place.path(staged)).expect("replaced at once");
    let leaving = || all.iter().filter(|seen| seen.is_cut);
    until("the end of each that is cut", || {
        leaving().all(|seen| seen.ended().is_some()).then_some(())
    });
    let before: Vec<_> = all.iter().map(|seen| seen.lines.load(Relaxed)).collect();
    let stays = || all.iter().zip(&before).filter(|(seen, _)| !seen.is_cut);
    until("two more lines on every other", || {
        stays()
            .all(|(seen, before)| seen.lines.load(Relaxed) > before + 1 || seen.ended().is_some())
            .then_some(())
    });
    assert!(
        all.iter().all(|seen| !seen.is_broken.load(Relaxed)),
        "a line is missing"
    );
    let lost = stays().filter(|(seen, _)| seen.ended().is_some()).count();
    assert_eq!(lost, 0, "of those that are allowed");
    let early = leaving().filter(|seen| seen.ended().is_some_and(|ended| ended < changed));
    assert_eq!(early.count(), 0, "before the change");
    recorded(&proxy, change, count);
    let table = report(change, changed, &all);
    println!("{table}");
}

/// Every connection that was cut has a record with the code, and no other has ended.
fn recorded(proxy: &Daemon, change: Change, count: usize) {
    until("a record of each", || {
        let said = proxy.stdout();
        (said.matches("\"event\":\"connection\"").count() >= count).then_some(())
    });
    let records = proxy.events("connection");
    assert_eq!(records.len(), count, "{:#?}", records.last());
    for record in records {
        assert_eq!(
            (&record["code"], &record["verdict"]),
            (&change.code().into(), &"allowed".into()),
            "{record}"
        );
    }
}

/// A row for each protocol; with bars, a time above them fails.
fn report(change: Change, changed: Instant, all: &[Arc<Seen>]) -> String {
    let mut table = String::new();
    let mut late = Vec::new();
    for (spoken, name) in SPOKEN {
        let cut = all.iter().filter(|seen| seen.is_cut && seen.spoken == spoken);
        let mut took: Vec<_> = cut
            .filter_map(|seen| seen.ended())
            .map(|ended| ended.saturating_duration_since(changed))
            .collect();
        took.sort();
        let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
        let _ = writeln!(
            table,
            "| {} | {name} | {} | {} ms | {} ms | {} ms |",
            change.shown(),
            took.len(),
            at(50).as_millis(),
            at(99).as_millis(),
            at(100).as_millis()
        );
        if at(50) > HALF || at(99) > NEARLY_ALL {
            late.push(name);
        }
    }
    if number("HANDFAST_CUT_BARS", 0) > 0 {
        assert!(late.is_empty(), "above the bar: {late:?}\n{table}");
    }
    table.trim_end().to_owned()
}

// --- the stage ---------------------------------------------------------------------------------------------

fn stage(change: Change, count: usize) -> Place {
    let place = Place::new();
    let (acme, partner) = (Ca::new(&place, "acme"), Ca::new(&place, "partner"));
    let client = Wanted::now(Profile::Client);
    acme.issue(
        &place,
        "server",
        &Wanted::now(Profile::Server),
        &["dns:localhost"],
    );
    partner.issue(&place, "partner", &client, &["uri:spiffe://partner/gone"]);
    for number in 0..count.min(MOST_CLIENTS) {
        partner.issue(
            &place,
            &format!("gone-{number}"),
            &client,
            &["uri:spiffe://partner/gone"],
        );
        let stays = change.stays();
        let ca = if stays == "acme" { &acme } else { &partner };
        ca.issue(
            &place,
            &format!("stays-{number}"),
            &client,
            &[&format!("uri:spiffe://{stays}/stays")],
        );
    }
    if matches!(change, Change::List | Change::Set) {
        published(&place, change);
        let (from, to) = (place.path("staged"), place.path(revocations(change)));
        std::fs::rename(from, to).expect("replaced");
    }
    place
}

/// The file that says what is revoked.
fn revocations(change: Change) -> &'static str {
    match change {
        Change::Set => "partner.set",
        _ => "partner.crl",
    }
}

fn published(place: &Place, change: Change) {
    let what = if change == Change::Set { "set" } else { "crl" };
    let line = format!("ca {what} --dir authority-partner --out staged");
    place.run(&line).good();
}

/// Writes the change into the file `staged`; says which file it takes the place of.
fn prepare(place: &Place, change: Change, ports: [u16; 2]) -> &'static str {
    match change {
        Change::Rule | Change::Ca => {
            place.write("staged", configuration(change, ports, true));
            "handfast.toml"
        }
        Change::List | Change::Set => {
            let revoke = "ca revoke --identity uri:spiffe://partner/gone --dir authority-partner --yes";
            place.run(revoke).good();
            published(place, change);
            revocations(change)
        }
    }
}

fn configuration(change: Change, [http, bytes]: [u16; 2], is_changed: bool) -> String {
    let more = match change {
        Change::List => "crl = [\"partner.crl\"]\n",
        Change::Set => "revocations = [\"partner.set\"]\n",
        _ => "",
    };
    let clients = match (change, is_changed) {
        (Change::Ca, true) => "[\"acme\"]",
        _ => "[\"acme\", \"partner\"]",
    };
    let deny = match (change, is_changed) {
        (Change::Rule, true) => "deny = [\"uri:spiffe://partner/gone\"]\n",
        _ => "",
    };
    let listener = |to: &str| {
        format!(
            "[[listener]]\nlisten = \"127.0.0.1:0\"\n[[listener.host]]\ndefault = true\ncert = \"server/tls.crt\"\n\
             key = \"server/tls.key\"\nclients = {clients}\n[[listener.host.route]]\npath = \"/\"\n\
             allow = [\"uri:spiffe://acme/*\", \"uri:spiffe://partner/*\"]\n{deny}to = \"{to}\"\n"
        )
    };
    format!(
        "[proxy]\nworkers = 2\n\
         [[clients]]\nname = \"acme\"\nca = \"server/ca.crt\"\nnames = [\"uri:spiffe://acme/**\"]\n\
         [[clients]]\nname = \"partner\"\nca = \"partner/ca.crt\"\nnames = [\"uri:spiffe://partner/**\"]\n{more}{}{}",
        listener(&format!("http://127.0.0.1:{http}")),
        listener(&format!("tcp://127.0.0.1:{bytes}")),
    )
}

/// Runs `work` on a thread of its own, for ever.
fn on_thread<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send + 'static) {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(work());
    });
}

/// What answers requests, in chunks or as a WebSocket, and what says bytes; both for ever. Their ports.
fn backends() -> [u16; 2] {
    [true, false].map(|speaks_http| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("an option");
        let port = listener.local_addr().expect("an address").port();
        on_thread(move || async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(speak(stream, speaks_http));
            }
        });
        port
    })
}

/// Says a number every [`BETWEEN`], in the form that was asked for.
async fn speak(mut stream: TcpStream, speaks_http: bool) {
    let mut is_chunked = false;
    if speaks_http {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if !matches!(stream.read_buf(&mut head).await, Ok(1..)) {
                return;
            }
        }
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        is_chunked = !head.contains("upgrade: websocket");
        let answer: &[u8] = match is_chunked {
            true => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            false => b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        };
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
    for line in 0_u64.. {
        let said = format!("<{line}>");
        let said = match is_chunked {
            true => format!("{:x}\r\n{said}\r\n", said.len()),
            false => said,
        };
        if stream.write_all(said.as_bytes()).await.is_err() {
            return;
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

/// `count` connections of each side, in turn over each protocol.
fn visitors(place: &Place, count: usize, [http, bytes]: [u16; 2]) -> Vec<Arc<Seen>> {
    let mut all = Vec::new();
    let mut of_threads: [Vec<_>; 2] = Default::default();
    for number in 0..count {
        for is_cut in [true, false] {
            let (spoken, _) = SPOKEN[number % SPOKEN.len()];
            let side = if is_cut { "gone" } else { "stays" };
            let pair = format!("{side}-{}", number % count.min(MOST_CLIENTS));
            let alpn: &[&str] = match spoken {
                Spoken::Http2 => &["h2"],
                Spoken::Tcp => &[],
                Spoken::Http1 | Spoken::WebSocket => &["http/1.1"],
            };
            let client = load::client(place, Some(&pair), alpn, Versions::Both, None);
            let seen = Arc::new(Seen {
                spoken,
                is_cut,
                begun: Instant::now(),
                lines: AtomicU64::new(0),
                ended: AtomicU64::new(0),
                is_broken: AtomicBool::new(false),
            });
            all.push(seen.clone());
            let port = if spoken == Spoken::Tcp { bytes } else { http };
            of_threads[number / SPOKEN.len() % 2].push((client, seen, port));
        }
    }
    for visits in of_threads {
        on_thread(move || async move {
            for (client, seen, port) in visits {
                let stream = connected(&client, port).await;
                tokio::spawn(async move {
                    listen(&seen, stream).await;
                    seen.end();
                });
            }
            std::future::pending().await
        });
    }
    all
}

async fn connected(client: &Client, port: u16) -> Tls {
    let (_, probed) = load::connect(client, "localhost", port).await;
    probed.expect("a handshake").stream
}

/// Asks, and takes in what comes until the end.
async fn listen(seen: &Seen, stream: Tls) {
    let mut text = Vec::new();
    if seen.spoken == Spoken::Http2 {
        let Ok(mut sender) = Http2::over(stream).await else {
            return;
        };
        let request = Request::get("https://localhost/").body(Empty::<Bytes>::new());
        let Ok(answer) = sender.0.send_request(request.expect("a request")).await else {
            return;
        };
        let mut body = answer.into_body();
        while let Some(Ok(frame)) = body.frame().await {
            text.extend(frame.into_data().unwrap_or_default());
            seen.take(&mut text);
        }
        return;
    }
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let mut stream = Http1::over(stream);
    if seen.spoken != Spoken::Tcp {
        let more = if seen.spoken == Spoken::WebSocket {
            upgrade
        } else {
            ""
        };
        stream
            .send(format!("GET / HTTP/1.1\r\nhost: localhost\r\n{more}\r\n").as_bytes())
            .await;
        if stream.head().await.is_err() {
            return;
        }
    }
    while let Ok(more) = stream.some().await {
        text.extend(more);
        seen.take(&mut text);
    }
}
