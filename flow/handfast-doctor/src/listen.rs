//! We are the server: what a client really sends, and why it would be refused.
//!
//! Every client is answered, whatever it shows, with nothing but what was seen of it. A client that sent no
//! certificate where issuers were named is asked again without names, when it comes again: so it is seen whether
//! it has one and held it back.

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use handfast_credentials::load;
use handfast_finding::{Certainty, Finding, Problem, Refuser};
use handfast_pki::{Certificate, code, text::printable};
use handfast_tls::{Credentials, HandshakeError, Listener, ServerStream, listening::Settings};
use handfast_trace::{Recording, Secrets, Side, Tap, decode};
use http::{Request, Response, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
    time::timeout,
};

use crate::{
    Context, Ending, Report, Trace, connect,
    judge::{Evidence, heard},
    throwaway,
};

/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a first request is waited for before the connection is told of.
const MOMENT: Duration = Duration::from_millis(700);
/// How long an idle connection is kept, so that a pool can be watched.
const IDLE: Duration = Duration::from_secs(60);

/// More certificates of one client than these are not told apart.
const MOST_SHOWN: usize = 64;

/// What to be.
#[derive(Clone)]
pub struct Listen {
    pub credentials: Credentials,
    /// DER names of the issuers to name to clients.
    pub issuers: Vec<Vec<u8>>,
    /// The CAs to judge by, the certificate that the client should be using, and what else is known.
    pub context: Context,
}

impl Listen {
    /// The server with these files: its certificate and key, or a pair that is made; the CAs to name and to judge by; the
    /// certificate that the client should be using.
    pub fn of_files(
        pair: Option<(&Path, &Path)>,
        client_ca: Option<&Path>,
        expected: Option<&Path>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let credentials = match pair {
            Some((cert, key)) => load::pair(cert, key)?,
            None => throwaway::of_this_machine(now).map_err(Problem::bug)?,
        };
        let mut context = Context {
            is_spoken: true,
            ..Context::of_server(client_ca, now)?
        };
        let issuers = context
            .known
            .iter()
            .map(|anchor| anchor.subject().der())
            .collect();
        if let Some(path) = expected {
            context.served = load::certificates(path)?.into_iter().next();
            context.neighbours = load::neighbours(path);
        }
        Ok(Self {
            credentials,
            issuers,
            context,
        })
    }
}

/// The findings of all connections. That a certificate is held back explains that none was sent.
pub fn together(reports: &[Report]) -> Vec<Finding> {
    let mut findings = Report::together(reports);
    if findings
        .iter()
        .any(|finding| finding.code == code::HELD_BACK && finding.certainty == Certainty::Certain)
    {
        findings.retain(|finding| finding.code != code::NO_CERTIFICATE);
    }
    findings
}

/// A listening server; its reports come as they are made.
pub struct Listening {
    address: SocketAddr,
    reports: mpsc::Receiver<Report>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Listening {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next report; there is always another one.
    pub async fn next(&mut self) -> Option<Report> {
        self.reports.recv().await
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Listens on `address` as `listen` says.
pub async fn listen(address: SocketAddr, listen: Listen) -> io::Result<Listening> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let (told, reports) = mpsc::channel(64);
    let desk = Arc::new(Desk {
        listen,
        address,
        told,
        guests: Mutex::default(),
    });
    let accepting = tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((tcp, from)) => drop(tokio::spawn(attend(desk.clone(), tcp, from))),
                // No descriptors left: some come free when guests go.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    Ok(Listening {
        address,
        reports,
        accepting,
    })
}

/// What all connections share.
struct Desk {
    listen: Listen,
    address: SocketAddr,
    told: mpsc::Sender<Report>,
    guests: Mutex<HashMap<IpAddr, Guest>>,
}

/// What is remembered of the clients at one address.
#[derive(Default)]
struct Guest {
    /// It was asked with names and sent nothing.
    sent_nothing: bool,
    /// Every certificate that it showed, in the order in which it was first seen.
    shown: Vec<Certificate>,
}

impl Desk {
    fn guests(&self) -> MutexGuard<'_, HashMap<IpAddr, Guest>> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn attend(desk: Arc<Desk>, tcp: TcpStream, from: SocketAddr) {
    let _ = tcp.set_nodelay(true);
    let secrets = Arc::new(Secrets::default());
    let names_nobody = desk.guests().entry(from.ip()).or_default().sent_nothing;
    let issuers = if names_nobody {
        Vec::new()
    } else {
        desk.listen.issuers.clone()
    };
    let (tap, recording) = Tap::new(tcp, Side::Server);
    let listener = Listener::new(Settings {
        credentials: desk.listen.credentials.clone(),
        issuers,
        alpn: vec!["h2", "http/1.1"],
        secrets: connect::log_into(&secrets),
    });
    let seen = Seen {
        desk: desk.clone(),
        from,
        recording,
        secrets,
    };
    let listener = match listener {
        Ok(listener) => listener,
        Err(error) => return seen.tell(Ending::Handshake(error)).await,
    };
    match timeout(PATIENCE, listener.accept(tap)).await {
        Ok(Ok((stream, established))) => seen.serve(stream, established.alpn == Some("h2")).await,
        Ok(Err(error)) => seen.tell(Ending::Handshake(error)).await,
        Err(_) => {
            let detail = format!("nothing more came within {PATIENCE:?}");
            seen.tell(Ending::Handshake(HandshakeError::CutShort { detail }))
                .await;
        }
    }
}

/// One connection as it was seen.
struct Seen {
    desk: Arc<Desk>,
    from: SocketAddr,
    recording: Recording,
    secrets: Arc<Secrets>,
}

impl Seen {
    /// Answers requests, and tells of the connection after the first one, or when none comes.
    async fn serve(self, stream: ServerStream<Tap<TcpStream>>, is_h2: bool) {
        let (asked, requests) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
        let shown = self.trace(Ending::Open).own_chain.into_iter().next();
        let service = {
            let (desk, from, asked, requests) =
                (self.desk.clone(), self.from, asked.clone(), requests.clone());
            let summary = summary(shown.as_ref());
            service_fn(move |_: Request<Incoming>| {
                requests.fetch_add(1, Relaxed);
                asked.notify_one();
                watch_pool(&desk, from, shown.as_ref());
                let answer = answer(&summary);
                async move { Ok::<_, Infallible>(answer) }
            })
        };
        let io = TokioIo::new(stream);
        let mut serving = tokio::spawn(timeout(IDLE, async move {
            if is_h2 {
                let _ = conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(io, service)
                    .await;
            } else {
                let _ = conn::http1::Builder::new().serve_connection(io, service).await;
            }
        }));
        let ended = tokio::select! {
            () = asked.notified() => false,
            () = tokio::time::sleep(MOMENT) => false,
            _ = &mut serving => true,
        };
        let is_idle = requests.load(Relaxed) == 0;
        let ending = if ended && is_idle {
            Ending::Closed
        } else {
            Ending::Open
        };
        self.tell(ending).await;
    }

    fn trace(&self, ending: Ending) -> Trace {
        let messages = decode(&self.recording.chunks(), &self.secrets);
        Trace::heard(self.desk.address.into(), messages, ending)
    }

    async fn tell(self, ending: Ending) {
        let trace = self.trace(ending);
        let mut context = self.desk.listen.context.clone();
        let now = Timestamp::now();
        let sent = trace.asked.as_ref().is_some_and(|asked| asked.sent);
        let named = trace
            .asked
            .as_ref()
            .is_some_and(|asked| !asked.issuers.is_empty());
        {
            let mut guests = self.desk.guests();
            let guest = guests.entry(self.from.ip()).or_default();
            if guest.sent_nothing && sent && !named {
                context.named_before = self.desk.listen.issuers.clone();
            }
            if trace.asked.is_some() {
                guest.sent_nothing = !sent && named;
            }
            if let Some(leaf) = trace.own_chain.first()
                && guest.shown.len() < MOST_SHOWN
                && !guest.shown.contains(leaf)
            {
                guest.shown.push(leaf.clone());
            }
        }
        let findings = heard(&Evidence::alone(&trace, &context), now);
        let report = Report {
            notes: notes(&trace, &context, now),
            findings,
            trace: Some(trace),
            ..Report::new(format!("client {}", self.from))
        };
        // Whoever listened has gone; then nobody misses it.
        let _ = self.desk.told.send(report).await;
    }
}

/// A request on a connection that was proven with an older certificate than the client shows elsewhere.
fn watch_pool(desk: &Arc<Desk>, from: SocketAddr, shown: Option<&Certificate>) {
    let Some(old) = shown else { return };
    let newer = {
        let guests = desk.guests();
        let Some(guest) = guests.get(&from.ip()) else {
            return;
        };
        let place = guest.shown.iter().position(|known| known == old);
        let after = place
            .and_then(|place| guest.shown.get(place + 1..))
            .unwrap_or_default();
        after
            .iter()
            .rfind(|other| other.subject() == old.subject() && other.fingerprint() != old.fingerprint())
            .cloned()
    };
    let Some(newer) = newer else { return };
    let finding = Finding::new(
        code::OLD_POOL,
        Refuser::Client,
        Certainty::Certain,
        format!(
            "a request came on a connection that was proven with serial {} (until {}), while newer connections of \
             this client show serial {} (until {})",
            old.serial(),
            old.not_after(),
            newer.serial(),
            newer.not_after()
        ),
    )
    .help("close the client's pool of connections when its certificate is renewed");
    let report = Report {
        findings: vec![finding],
        ..Report::new(format!("client {from}"))
    };
    // A full queue has told of it already.
    let _ = desk.told.try_send(report);
}

fn notes(trace: &Trace, context: &Context, now: Timestamp) -> Vec<(String, String)> {
    let mut notes = Vec::new();
    let mut note = |name: &str, value: String| notes.push((name.to_owned(), value));
    if let Some(hello) = trace.client_hello() {
        let name = hello.server_name().unwrap_or_else(|| "none".to_owned());
        note("sni", name);
        note(
            "post-handshake authentication",
            if hello.offers_post_handshake_auth() {
                "offered"
            } else {
                "not offered"
            }
            .to_owned(),
        );
    }
    let Some(asked) = &trace.asked else { return notes };
    let chain: Vec<String> = trace.own_chain.iter().map(Certificate::called).collect();
    note(
        "client certificate",
        if asked.sent {
            handfast_pki::text::listed(&chain)
        } else {
            "none".to_owned()
        },
    );
    if let (Some(leaf), Some(trust)) = (trace.own_chain.first(), &context.client_trust) {
        let ders: Vec<_> = trace
            .own_chain
            .iter()
            .map(|certificate| certificate.der().clone())
            .collect();
        let judged = handfast_pki::verify::verify(&ders, trust, handfast_pki::Purpose::Client, now);
        note(
            "verdict",
            match judged {
                Ok(_) => format!(
                    "a server with these CAs would trust it: {}",
                    leaf.identity().called()
                ),
                Err(refusal) => format!("a server with these CAs would refuse it: {refusal}"),
            },
        );
    }
    notes
}

fn summary(shown: Option<&Certificate>) -> String {
    match shown {
        Some(leaf) => format!(
            "handfast doctor saw the certificate \"{}\", serial {}\n",
            printable(&leaf.called()),
            leaf.serial()
        ),
        None => "handfast doctor saw no client certificate\n".to_owned(),
    }
}

fn answer(summary: &str) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(summary.to_owned())));
    answer.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    answer
}
