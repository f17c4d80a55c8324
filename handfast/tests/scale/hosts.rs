// long: a random case is made, sent and compared in one place, beside what each comparison means
//! Which host, which client, which route: random cases against a running proxy, each compared with what the documents say.
//!
//! `HANDFAST_HOSTS_CASES` says how many, `HANDFAST_HOSTS_SEED` which; a case that fails prints the seed of its hosts.

use std::{
    collections::HashMap,
    io::{Read, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use handfast_pki::{Profile, pem};
use handfast_tls::{
    Client,
    client::{Sessions, Versions},
};
use http::{Request, Uri};
use http_body_util::Empty;
use serde_json::Value;

use super::{
    load::{self, Answered, Http1, Http2, Random, number},
    world::{ASKED, CERTS, Cert, Entry, Host, Path, Spelled, World},
};
use crate::program::{
    Place,
    daemon::{Daemon, until},
    pki::{Ca, Wanted},
    service::{Service, listen},
};

/// Cases for one set of hosts.
const AT_ONE_WORLD: u64 = 2_500;
const THREADS: u64 = 4;
const OFFERS: [&[&str]; 7] = [
    &["h2"],
    &["h2"],
    &["http/1.1"],
    &["h2", "http/1.1"],
    &[],
    &["spdy/3", "http/1.1"],
    &["spdy/3"],
];
const VERSIONS: [Versions; 3] = [Versions::Both, Versions::OnlyTls12, Versions::OnlyTls13];

#[test]
fn every_request_gets_what_the_documents_say_of_its_host_client_and_route() {
    let cases = number("HANDFAST_HOSTS_CASES", 10_000);
    let seed = number("HANDFAST_HOSTS_SEED", u64::from(std::process::id()));
    let place = certificates();
    let mut done = Done::default();
    for world in 0..cases.div_ceil(AT_ONE_WORLD) {
        let cases = AT_ONE_WORLD.min(cases - world * AT_ONE_WORLD);
        done.add(&one_world(&place, seed.wrapping_add(world), cases));
        if world % 10 == 9 {
            println!("{done:?}");
        }
    }
    println!("{done:?}");
    // Whatever can happen has happened, or the cases show nothing.
    if cases >= 10_000 {
        let counts = [
            done.alerts,
            done.explained,
            done.bytes,
            done.of(200),
            done.of(400),
            done.of(403),
            done.of(421),
        ];
        assert!(counts.iter().all(|count| *count >= 20), "{done:?}");
        assert!(done.resumed > 20, "{done:?}");
    }
}

/// How many cases ended in which way.
#[derive(Debug, Default)]
struct Done {
    alerts: u64,
    explained: u64,
    bytes: u64,
    resumed: u64,
    statuses: HashMap<u16, u64>,
}

impl Done {
    fn of(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or(0)
    }

    fn add(&mut self, other: &Self) {
        self.alerts += other.alerts;
        self.explained += other.explained;
        self.bytes += other.bytes;
        self.resumed += other.resumed;
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
    }
}

fn certificates() -> Place {
    let place = Place::new();
    let cas: HashMap<_, _> = ["acme", "alpha", "beta", "other"]
        .into_iter()
        .map(|name| (name, Ca::new(&place, name)))
        .collect();
    for cert in CERTS {
        let Some(pair) = cert.pair else { continue };
        let wanted = match cert.flaw {
            Some("HF-202") => Wanted::expired(Profile::Client),
            Some(_) => Wanted::now(Profile::Server),
            None => Wanted::now(Profile::Client),
        };
        cas[cert.ca].issue(&place, pair, &wanted, cert.names);
    }
    let server = Wanted::now(Profile::Server);
    for (listener, hosts) in [4, 2, 2].into_iter().enumerate() {
        for host in 0..hosts {
            cas["acme"].issue(
                &place,
                &format!("host-{listener}-{host}"),
                &server,
                &["dns:localhost"],
            );
        }
    }
    cas["acme"].issue(&place, "server", &server, &["dns:localhost"]);
    place
}

/// The leaf in the folder `pair`.
fn leaf(place: &Place, pair: &str) -> Vec<u8> {
    let chain = pem::certificates(place.read(&format!("{pair}/tls.crt")).as_bytes()).expect("a chain");
    chain[0].der().to_vec()
}

/// What all threads share.
struct Stage<'a> {
    place: &'a Place,
    world: World,
    seed: u64,
    ports: Vec<u16>,
    /// The leaf of every client and host, by its folder.
    leaves: HashMap<String, Vec<u8>>,
}

/// What must become of a connection.
struct Fate {
    host: Option<usize>,
    /// The codes of which its record has one; none where it is accepted.
    codes: Vec<&'static str>,
    /// Whether it is answered with 403 and not with an alert.
    is_explained: bool,
    alpn: Option<&'static str>,
}

/// How a client comes: places in the tables.
#[derive(Debug, Clone, Copy)]
struct Draw {
    listener: usize,
    asked: &'static str,
    cert: usize,
    offer: usize,
    version: usize,
}

impl Stage<'_> {
    fn fate(&self, draw: Draw) -> Fate {
        let refused = |host, codes: &[&'static str], is_explained| Fate {
            host,
            codes: codes.to_vec(),
            is_explained,
            alpn: None,
        };
        let Some(at) = self.world.host(draw.listener, draw.asked) else {
            return refused(None, &["HF-307"], false);
        };
        let host = &self.world.listeners[draw.listener][at];
        let offer = OFFERS[draw.offer];
        let alpn = ["h2", "http/1.1"].into_iter().find(|name| offer.contains(name));
        let alpn = alpn.filter(|_| host.speaks_http);
        if host.speaks_http && !offer.is_empty() && alpn.is_none() {
            return refused(Some(at), &["HF-504"], false);
        }
        match host.entry(&CERTS[draw.cert]) {
            Entry::Accepted => Fate {
                host: Some(at),
                codes: Vec::new(),
                is_explained: false,
                alpn,
            },
            Entry::Refused(codes) => Fate {
                alpn,
                ..refused(Some(at), &codes, host.explains)
            },
        }
    }

    fn fail(&self, what: impl std::fmt::Display) -> ! {
        panic!(
            "HANDFAST_HOSTS_SEED={} HANDFAST_HOSTS_CASES={AT_ONE_WORLD}: {what}\n{}",
            self.seed,
            self.place.read("handfast.toml")
        )
    }
}

fn one_world(place: &Place, seed: u64, cases: u64) -> Done {
    let mut random = Random::new(seed);
    let world = World::new(&mut random);
    let forwarded = Arc::new(AtomicU64::new(0));
    let services = ["b0", "b1"].map(|name| repeating(name, &forwarded));
    let relayed = Arc::new(AtomicU64::new(0));
    let bytes = format!("tcp://127.0.0.1:{}", repeating_bytes(&relayed));
    let urls = services.each_ref().map(Service::url);
    place.write("handfast.toml", world.to_toml([&urls[0], &urls[1], &bytes]));
    let proxy = place.open("proxy --config handfast.toml");
    let folders = CERTS.iter().filter_map(|cert| cert.pair).map(str::to_owned);
    let hosts = world.listeners.iter().flatten().map(|host| host.pair.clone());
    let leaves = folders
        .chain(hosts)
        .map(|pair| (pair.clone(), leaf(place, &pair)));
    let stage = Stage {
        place,
        seed,
        ports: ports(&proxy, world.listeners.len()),
        leaves: leaves.collect(),
        world,
    };
    let mut done = Done::default();
    let mut came = Vec::new();
    std::thread::scope(|scope| {
        let visitors: Vec<_> = (0..THREADS)
            .map(|thread| {
                let visitor = Visitor::new(&stage, seed.wrapping_mul(THREADS).wrapping_add(thread));
                let cases = cases / THREADS + u64::from(thread < cases % THREADS);
                scope.spawn(move || visitor.run(cases))
            })
            .collect();
        for visitor in visitors {
            let (its, of) = visitor
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            done.add(&its);
            came.extend(of);
        }
    });
    if forwarded.load(Relaxed) != done.of(200) || relayed.load(Relaxed) != done.bytes {
        stage.fail("a backend has heard of a request that was not answered with 200");
    }
    compare_records(&stage, &proxy.stop().stdout, &came);
    done
}

/// The ports of the listeners, as the proxy says them.
fn ports(proxy: &Daemon, count: usize) -> Vec<u16> {
    until("every address", || {
        let said = proxy.stderr();
        let ports: Vec<u16> = said
            .split("listening on ")
            .skip(1)
            .filter_map(|rest| rest.split_once(',')?.0.rsplit_once(':')?.1.parse().ok())
            .collect();
        (ports.len() == count).then_some(ports)
    })
}

/// A backend that says its name and repeats what it was asked.
fn repeating(name: &'static str, count: &Arc<AtomicU64>) -> Service {
    let count = count.clone();
    Service::start(move |heard, stream| {
        count.fetch_add(1, Relaxed);
        let body = format!("{name}\n{}", heard.head);
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
    })
}

/// The same for bytes; its port.
fn repeating_bytes(count: &Arc<AtomicU64>) -> u16 {
    let count = count.clone();
    listen(move |_, mut stream| {
        count.fetch_add(1, Relaxed);
        let mut buffer = [0; 64];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            let _ = stream.write_all(&buffer[..read]);
        }
    })
}

/// The port that a client came from, who it was, and the codes that its record may have; none where it was accepted.
type Came = (u16, usize, Vec<&'static str>);

struct Visitor<'a> {
    stage: &'a Stage<'a>,
    random: Random,
    clients: HashMap<(usize, usize, usize), Client>,
    /// What hosts gave each client to resume; it is offered to all of them.
    sessions: HashMap<usize, Arc<Sessions>>,
    /// How the client before came.
    before: Option<Draw>,
    done: Done,
    came: Vec<Came>,
}

enum Spoken {
    Http1(Box<Http1<load::Tls>>),
    Http2(Http2),
}

impl<'a> Visitor<'a> {
    fn new(stage: &'a Stage<'a>, seed: u64) -> Self {
        Self {
            stage,
            random: Random::new(seed),
            clients: HashMap::new(),
            sessions: HashMap::new(),
            before: None,
            done: Done::default(),
            came: Vec::new(),
        }
    }

    fn run(mut self, cases: u64) -> (Done, Vec<Came>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut left = cases;
            while left > 0 {
                left -= self.visit(left).await;
            }
        });
        (self.done, self.came)
    }

    /// A way to come; those that are accepted more often, since there are fewer of them.
    fn draw(&mut self) -> Draw {
        if let Some(again) = self.before.take().filter(|_| self.random.one_in(3)) {
            return again;
        }
        let wants_in = !self.random.one_in(4);
        let mut draw = self.any();
        for _ in 0..12 {
            if !wants_in || self.stage.fate(draw).codes.is_empty() {
                break;
            }
            draw = self.any();
        }
        self.before = Some(draw);
        draw
    }

    fn any(&mut self) -> Draw {
        let random = &mut self.random;
        Draw {
            listener: [0, 0, 0, 1, 2][random.below(5)],
            asked: random.pick::<&str>(&ASKED),
            cert: random.below(CERTS.len()),
            offer: random.below(OFFERS.len()),
            version: random.below(VERSIONS.len()),
        }
    }

    fn client(&mut self, draw: Draw) -> Client {
        let key = (draw.cert, draw.offer, draw.version);
        let sessions = self.sessions.entry(draw.cert).or_default().clone();
        let make = || {
            let (pair, versions) = (CERTS[draw.cert].pair, VERSIONS[draw.version]);
            load::client(
                self.stage.place,
                pair,
                OFFERS[draw.offer],
                versions,
                Some(sessions),
            )
        };
        self.clients.entry(key).or_insert_with(make).clone()
    }

    /// One connection; says how many cases that were.
    async fn visit(&mut self, most: u64) -> u64 {
        let draw = self.draw();
        let fate = self.stage.fate(draw);
        let fail = |what: String| -> ! {
            let who = CERTS[draw.cert].pair;
            self.stage.fail(format_args!(
                "{who:?} {draw:?}, expected {:?}: {what}",
                fate.codes
            ))
        };
        let port = self.stage.ports[draw.listener];
        let client = self.client(draw);
        let (own, shaken) = load::connect(&client, draw.asked, port).await;
        self.came.push((own.port(), draw.cert, fate.codes.clone()));
        let probed = match shaken {
            Ok(probed) => probed,
            Err(_) if !fate.codes.is_empty() && !fate.is_explained => {
                self.done.alerts += 1;
                return 1;
            }
            Err(error) => fail(format!("no handshake: {error}")),
        };
        let Some(at) = fate.host else {
            fail("a handshake without a host".into());
        };
        let host = &self.stage.world.listeners[draw.listener][at];
        let shown = probed.stream.get_ref().1.peer_certificates();
        let shown = shown.and_then(|chain| chain.first()).map(|leaf| leaf.to_vec());
        if shown.as_ref() != self.stage.leaves.get(&host.pair) {
            fail("the certificate of another host".into());
        }
        if probed.established.alpn != fate.alpn {
            fail(format!("ALPN {:?}", probed.established.alpn));
        }
        if probed.resumed {
            self.done.resumed += 1;
            if !fate.codes.is_empty() {
                fail("resumed".into());
            }
        }
        if !host.speaks_http {
            let mut bytes = Http1::over(probed.stream);
            bytes.send(b"hello").await;
            let heard = tokio::time::timeout(crate::program::daemon::PATIENCE, bytes.some()).await;
            match heard.expect("in time") {
                Ok(heard) if fate.codes.is_empty() && heard == b"hello" => self.done.bytes += 1,
                Err(_) if !fate.codes.is_empty() => self.done.alerts += 1,
                other => fail(format!("{other:?}")),
            }
            return 1;
        }
        let mut spoken = match fate.alpn {
            Some("h2") => match Http2::over(probed.stream).await {
                Ok(spoken) => Spoken::Http2(spoken),
                Err(_) if !fate.codes.is_empty() && !fate.is_explained => {
                    self.done.alerts += 1;
                    return 1;
                }
                Err(error) => fail(format!("no HTTP/2: {error}")),
            },
            _ => Spoken::Http1(Box::new(Http1::over(probed.stream))),
        };
        let requests = most.min(1 + self.random.next() % 8);
        for request in 0..requests {
            let asked = Asked::new(&mut self.random, draw.asked, matches!(spoken, Spoken::Http1(_)));
            let answer = asked.ask(&mut spoken).await;
            let answer = match answer {
                Ok(answer) if fate.codes.is_empty() => answer,
                Ok(answer) if fate.is_explained && answer.status == 403 => {
                    self.done.explained += 1;
                    return 1;
                }
                Err(_) if !fate.codes.is_empty() && !fate.is_explained => {
                    self.done.alerts += 1;
                    return 1;
                }
                other => fail(format!("{asked:?}: {other:?}")),
            };
            if let Some(wrong) = self.stage.wrong(draw, (at, host), &asked, &answer) {
                fail(format!(
                    "{asked:?}: {wrong}, {}",
                    String::from_utf8_lossy(&answer.body)
                ));
            }
            *self.done.statuses.entry(answer.status).or_default() += 1;
            if answer.ends {
                return request + 1;
            }
        }
        requests
    }
}

/// A request as it is sent.
#[derive(Debug)]
struct Asked {
    method: &'static str,
    host: Spelled,
    path: Path,
    query: &'static str,
    form: Form,
    spoofs: bool,
}

/// Where a request says its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Once: in Host, or in `:authority`.
    Once,
    /// In the target and in Host alike, or in `:authority` and in Host.
    Twice,
    /// The same, and Host says another.
    Differing,
    /// In two fields, of HTTP/1.1.
    TwoHosts,
    None,
}

const METHODS: [&str; 5] = ["GET", "GET", "POST", "PUT", "DELETE"];

impl Asked {
    fn new(random: &mut Random, connection: &'static str, raw: bool) -> Self {
        let name = if random.one_in(4) {
            *random.pick(&ASKED)
        } else {
            connection
        };
        let host = Spelled::new(random, name, raw);
        let form = match random.below(24) {
            _ if !host.is_host => Form::Once,
            0 | 1 => Form::Twice,
            2 => Form::Differing,
            3 if raw => Form::TwoHosts,
            4 if raw => Form::None,
            _ => Form::Once,
        };
        Self {
            method: *random.pick(&METHODS),
            host,
            path: Path::new(random, raw),
            query: *random.pick(&["", "", "?a=b", "?x=../%2f;"]),
            form,
            spoofs: random.one_in(2),
        }
    }

    async fn ask(&self, spoken: &mut Spoken) -> Result<Answered, String> {
        let error = |error: &dyn std::fmt::Display| error.to_string();
        match spoken {
            Spoken::Http1(stream) => stream.ask(self.bytes().as_bytes()).await.map_err(|e| error(&e)),
            Spoken::Http2(sender) => sender.ask(self.request()).await.map_err(|e| error(&e)),
        }
    }

    fn spoofed(&self) -> &'static [(&'static str, &'static str)] {
        match self.spoofs {
            true => &[
                ("client-cert", ":Zm9yZ2Vk:"),
                ("client_cert", ":Zm9yZ2Vk:"),
                ("x-forwarded-client-cert", "URI=spiffe://acme/web"),
            ],
            false => &[],
        }
    }

    fn bytes(&self) -> String {
        let (host, target) = (&self.host.text, format!("{}{}", self.path.text, self.query));
        let target = match self.form {
            Form::Twice | Form::Differing => format!("http://{host}{target}"),
            _ => target,
        };
        let hosts = match self.form {
            Form::Once | Form::Twice => format!("host: {host}\r\n"),
            Form::Differing => "host: other.example\r\n".to_owned(),
            Form::TwoHosts => format!("host: {host}\r\nhost: {host}\r\n"),
            Form::None => String::new(),
        };
        let spoofed: String = self
            .spoofed()
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        format!(
            "{} {target} HTTP/1.1\r\n{hosts}{spoofed}content-length: 0\r\n\r\n",
            self.method
        )
    }

    fn request(&self) -> Request<Empty<Bytes>> {
        let uri = Uri::builder()
            .scheme("https")
            .authority(&*self.host.text)
            .path_and_query(format!("{}{}", self.path.text, self.query))
            .build();
        let mut request = Request::builder().method(self.method).uri(uri.expect("a URI"));
        request = match self.form {
            Form::Twice => request.header("host", &self.host.text),
            Form::Differing => request.header("host", "other.example"),
            _ => request,
        };
        for (name, value) in self.spoofed() {
            request = request.header(*name, *value);
        }
        request.body(Empty::new()).expect("a request")
    }
}

impl Stage<'_> {
    /// What is wrong with an answer that came over a connection of the host at this place.
    fn wrong(
        &self,
        draw: Draw,
        (at, host): (usize, &Host),
        asked: &Asked,
        answer: &Answered,
    ) -> Option<String> {
        let unless = |statuses: &[u16]| {
            let is_right = statuses.contains(&answer.status);
            (!is_right).then(|| format!("{} and not {statuses:?}", answer.status))
        };
        if !asked.host.is_host || !matches!(asked.form, Form::Once | Form::Twice) {
            return unless(&[400]);
        }
        let is_misdirected = self.world.host(draw.listener, asked.host.name) != Some(at);
        let path = match host.passes_paths_on() {
            true => Some(&asked.path.text),
            false => asked.path.normal.as_ref(),
        };
        let path = match (is_misdirected, path) {
            (true, None) => return unless(&[421, 400]),
            (true, Some(_)) => return unless(&[421]),
            (false, None) => return unless(&[400]),
            (false, Some(path)) => path,
        };
        let cert = &CERTS[draw.cert];
        let route = host
            .route(asked.method, path)
            .filter(|route| Host::allows(route, cert));
        let Some(route) = route else {
            return unless(&[403]);
        };
        unless(&[200]).or_else(|| {
            let heard = String::from_utf8_lossy(&answer.body);
            let expected = self.heard(
                cert,
                route.to,
                &format!("{} {path}{} HTTP/1.1", asked.method, asked.query),
                asked,
            );
            (Self::said(&heard) != expected).then(|| format!("forwarded as {expected:?}"))
        })
    }

    /// The backend, the request line, the hosts and the identities that a backend must hear of.
    fn heard(&self, cert: &Cert, to: usize, line: &str, asked: &Asked) -> [String; 4] {
        let identity = cert.pair.and_then(|pair| self.leaves.get(pair));
        let identity = identity.map_or(String::new(), |leaf| {
            format!(":{}:", BASE64_STANDARD.encode(leaf))
        });
        [
            format!("b{to}"),
            line.to_owned(),
            asked.host.text.clone(),
            identity,
        ]
    }

    fn said(heard: &str) -> [String; 4] {
        let mut lines = heard.lines();
        let mut next = || lines.next().unwrap_or_default().to_owned();
        let (backend, line) = (next(), next());
        let fields: Vec<_> = lines.filter_map(|line| line.split_once(": ")).collect();
        let all = |wanted: &[&str]| {
            let values = fields
                .iter()
                .filter(|(name, _)| wanted.contains(&&*name.to_ascii_lowercase()));
            values.map(|(_, value)| *value).collect::<Vec<_>>().join(", ")
        };
        [
            backend,
            line,
            all(&["host"]),
            all(&["client-cert", "client_cert", "x-forwarded-client-cert"]),
        ]
    }
}

/// Every connection has one record, with the code that it must have and the identity of its client alone.
fn compare_records(stage: &Stage<'_>, log: &str, came: &[Came]) {
    // A port can have served twice.
    let mut records: HashMap<u16, Vec<Value>> = HashMap::new();
    for line in log.lines() {
        let record: Value = serde_json::from_str(line).expect("JSON");
        if record["event"] != "connection" {
            continue;
        }
        let peer = record["peer"].as_str().and_then(|peer| peer.rsplit_once(':'));
        let port = peer.and_then(|(_, port)| port.parse().ok()).expect("a port");
        records.entry(port).or_default().push(record);
    }
    for (port, cert, codes) in came {
        let cert = &CERTS[*cert];
        let of_port = records.entry(*port).or_default();
        let fits = |record: &Value| {
            let is_accepted = record["verdict"] == "allowed";
            let code = record["code"].as_str().unwrap_or("");
            let has_code = if codes.is_empty() {
                is_accepted
            } else {
                !is_accepted && codes.contains(&code)
            };
            has_code && (!is_accepted || names(record) == cert.names)
        };
        match of_port.iter().position(fits) {
            Some(at) => drop(of_port.remove(at)),
            None => stage.fail(format_args!(
                "{:?}: expected {codes:?}, found {of_port:#?}",
                cert.pair
            )),
        }
    }
    let left: Vec<_> = records.values().flatten().collect();
    if !left.is_empty() {
        stage.fail(format_args!("records of nobody: {left:#?}"));
    }
}

/// The names of a record's identity, as rules are written.
fn names(record: &Value) -> Vec<String> {
    let of = |kind: &str, key: &str| -> Vec<String> {
        let names = record["identity"][key].as_array().cloned().unwrap_or_default();
        names
            .iter()
            .filter_map(Value::as_str)
            .map(|name| format!("{kind}:{name}"))
            .collect()
    };
    [of("uri", "uris"), of("dns", "dns")].concat()
}
