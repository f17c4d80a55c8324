//! The fixtures at the proxy of a server: who is let in, and what the doctor says of who is not.

use std::{
    io::{Read, Write},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use handfast_credentials::load;
use handfast_doctor::{
    Answer, Ask, Context, Ending, Endpoint, Report, Service, StartTls, Subject, Talk, Target as Peer,
    Verdict, When, examine,
};
use handfast_finding::Problem;
use handfast_lab::{
    fixtures::{self, Fixture},
    held,
};
use handfast_pki::{Trust, code, crl::RevocationList};
use handfast_proxy::backend;
use handfast_tls::{
    Credentials, HandshakeError,
    client::{Probing, Versions},
};
use handfast_trace::Side;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::{
    carried::{alert_of, reason},
    error::{Error, Result},
    stage::{Stage, word},
    table::Cell,
    upstream::GREETING,
};

/// How long a server that listens may take until it serves what it was told to.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long it is left alone in between.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);
/// How often somebody comes who is sent away without a reason.
const TRIES: usize = 3;

/// Headers in which a client could pretend to be somebody, as a backend may read them.
const FORGED: [&str; 8] = [
    "Client-Cert",
    "Client-Cert-Chain",
    "X-Client-Cert",
    "X-Forwarded-Client-Cert",
    "X-SSL-Client-Verify",
    "X-SSL-Client-S-DN",
    "X-SSL-Client-Serial",
    "X-SSL-Client-Cert",
];
/// What a forged header says.
const LIE: &str = "forged-by-the-client";

/// Waits until the server of `stage` lets the good client in: some listen before they have read what to serve, and close
/// whatever comes. Whoever never lets it in is waited for no longer than `PATIENCE`; the table shows it.
pub(crate) fn wait_until_open(stage: &Stage<'_>) -> Result<(), Problem> {
    let visitor = Visitor::new(stage)?;
    let runtime = runtime()?;
    let last = Instant::now() + PATIENCE;
    loop {
        let subject = visitor.subject(fixtures::CLIENTS.first(), "both", HeaderMap::new())?;
        let report = runtime.block_on(examine(String::new(), &subject, Timestamp::now()));
        if is_in(&report, stage.welcome) || Instant::now() > last {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
}

/// Every fixture at the server of `stage`, in the versions that it speaks.
pub(crate) fn play(stage: &Stage<'_>, versions: &[&'static str]) -> Result<Vec<Cell>, Problem> {
    let runtime = runtime()?;
    let visitor = Visitor::new(stage)?;
    let mut cells = Vec::new();
    for version in versions {
        let mut visits = JoinSet::new();
        for (place, fixture) in fixtures::CLIENTS.iter().enumerate() {
            // Our library takes no such key, so OpenSSL carries it.
            if fixture.name == "rsa-1024" {
                cells.push((place, visitor.carried(fixture, version)?));
                continue;
            }
            let subject = visitor.subject(Some(fixture), version, HeaderMap::new())?;
            let (fixture, version, welcome) = (*fixture, *version, stage.welcome);
            visits.spawn_on(
                async move {
                    let mut report = examine(String::new(), &subject, Timestamp::now()).await;
                    for _ in 1..TRIES {
                        if is_told(&report) {
                            break;
                        }
                        report = examine(String::new(), &subject, Timestamp::now()).await;
                    }
                    (place, cell(&fixture, version, &report, welcome))
                },
                runtime.handle(),
            );
        }
        cells.extend(runtime.block_on(visits.join_all()));
    }
    cells.sort_by_key(|(place, cell)| (*place, cell.tls));
    Ok(cells.into_iter().map(|(_, cell)| cell).collect())
}

/// What a backend is told of a good client that pretends to be somebody else.
pub struct Told {
    /// The forged headers that reach it.
    pub forged: Vec<String>,
    /// Whether it is told who the client is.
    pub who: bool,
}

/// Sends forged headers as a good client, which has to reach the backend all the same.
pub(crate) fn forge(stage: &Stage<'_>) -> Result<Told> {
    let visitor = Visitor::new(stage)?;
    let mut headers = HeaderMap::new();
    for name in FORGED {
        let value = HeaderValue::from_static(LIE);
        let spellings = [
            name.to_ascii_lowercase(),
            name.to_ascii_lowercase().replace('-', "_"),
        ];
        for spelling in spellings {
            headers.append(
                HeaderName::from_bytes(spelling.as_bytes()).map_err(Problem::bug)?,
                value.clone(),
            );
        }
    }
    let subject = visitor.subject(fixtures::CLIENTS.first(), "1.3", headers)?;
    let report = runtime()?.block_on(examine(String::new(), &subject, Timestamp::now()));
    let body = report
        .answer
        .as_ref()
        .map(|answer| String::from_utf8_lossy(&answer.body).into_owned())
        .unwrap_or_default();
    if !body.contains(GREETING) {
        let status = report.answer.as_ref().map(|answer| answer.status.to_string());
        return Err(Error::GoodClientRefused(Problem::new(
            code::BACKEND_UNREACHABLE,
            format!(
                "a good client's request with forged headers did not reach the backend: {}",
                status.unwrap_or_else(|| "no answer".into())
            ),
        )));
    }
    let reached = body.lines().filter(|line| line.contains(LIE));
    Ok(Told {
        forged: reached
            .map(|line| line.split(':').next().unwrap_or(line).to_owned())
            .collect(),
        who: body.lines().any(tells_who),
    })
}

/// Whether a header that the backend was sent names the good client, or holds a certificate.
fn tells_who(line: &str) -> bool {
    const SHORTEST_CERTIFICATE: usize = 300;
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    value.contains("CN=handfast") || name.contains("client-cert") && value.len() > SHORTEST_CERTIFICATE
}

/// Whether the server goes on with a client that speaks `version` alone.
pub(crate) fn says_hello(stage: &Stage<'_>, version: &str) -> Result<bool, Problem> {
    let subject = Visitor::new(stage)?.subject(fixtures::CLIENTS.first(), version, HeaderMap::new())?;
    let report = runtime()?.block_on(examine(String::new(), &subject, Timestamp::now()));
    Ok(report.trace.is_some_and(|trace| trace.server_hello().is_some()))
}

/// The versions of TLS that the server speaks at all.
pub(crate) fn spoken(stage: &Stage<'_>) -> Result<Vec<&'static str>, Problem> {
    let visitor = Visitor::new(stage)?;
    let runtime = runtime()?;
    let mut spoken = Vec::new();
    for version in stage.versions() {
        let subject = visitor.subject(fixtures::CLIENTS.first(), version, HeaderMap::new())?;
        let report = runtime.block_on(examine(String::new(), &subject, Timestamp::now()));
        let first = report.findings.first();
        if first.is_none_or(|finding| finding.code != code::NO_COMMON_VERSION) {
            spoken.push(version);
        }
    }
    Ok(spoken)
}

/// One good visit, for the serial number of the server's certificate; nothing when it failed.
pub(crate) struct Visitor<'a> {
    stage: &'a Stage<'a>,
    trust: Arc<Trust>,
    /// What the server looks up, too.
    revocation: Vec<RevocationList>,
}

impl<'a> Visitor<'a> {
    pub(crate) fn new(stage: &'a Stage<'a>) -> Result<Self, Problem> {
        let ca = stage.ground.folder.path().join("ca.crt");
        let anchors = load::anchors(&ca, Timestamp::now())?;
        Ok(Self {
            stage,
            trust: Arc::new(anchors.into()),
            revocation: load::revocation_lists(&stage.ground.folder.path().join("all.crl"))?,
        })
    }

    /// A look at the server as `fixture`.
    pub(crate) fn subject(
        &self,
        fixture: Option<&Fixture>,
        version: &str,
        headers: HeaderMap,
    ) -> Result<Subject, Problem> {
        let folder = &self.stage.ground.folder;
        let pair = fixture.and_then(|fixture| fixtures::pair(folder, &format!("clients/{}", fixture.name)));
        let credentials = match pair {
            Some((certificate, key)) => {
                let chain = load::certificates(&certificate)?;
                Some(Credentials::new(chain, &load::private_key(&key)?).map_err(Problem::bug)?)
            }
            None => None,
        };
        let talk = self.talk(headers);
        let alpn = match &talk {
            Talk::Http(_) => vec!["http/1.1".to_owned()],
            Talk::Service(service) => service.alpn().map(str::to_owned).into_iter().collect(),
            _ => Vec::new(),
        };
        let target = Peer {
            name: backend::server_name(&self.stage.host)?,
            trust: self.trust.clone(),
            credentials,
            versions: match version {
                "1.2" => Versions::OnlyTls12,
                "1.3" => Versions::OnlyTls13,
                _ => Versions::Both,
            },
            alpn,
            starttls: self.starttls(),
            probing: Probing::default(),
            endpoint: Endpoint {
                host: "127.0.0.1".into(),
                port: self.stage.port,
            },
        };
        let context = Context {
            is_spoken: matches!(talk, Talk::Http(_)),
            revocation: self.revocation.clone(),
            ..Context::default()
        };
        Ok(Subject {
            talk,
            target,
            context,
            when: When::Never,
            limit: None,
        })
    }

    fn starttls(&self) -> Option<StartTls> {
        let wanted = self.stage.part.starttls.as_deref()?;
        let found = StartTls::ALL.into_iter().find(|(name, _)| *name == wanted);
        found.map(|(_, protocol)| protocol)
    }

    fn path(&self) -> &str {
        self.stage.part.path.as_deref().unwrap_or("/")
    }

    fn service(&self) -> Option<Service> {
        let wanted = self.stage.part.speaks.as_deref()?;
        let found = Service::ALL.into_iter().find(|(name, _)| *name == wanted);
        found.map(|(_, service)| service)
    }

    fn talk(&self, headers: HeaderMap) -> Talk {
        match (self.service(), self.stage.part.speaks.as_deref()) {
            // As a user that the trial has made, so that a refusal is about its certificate.
            (Some(Service::Mysql), _) => Talk::Mysql {
                user: "handfast".into(),
            },
            (Some(service), _) => Talk::Service(service),
            (None, Some("postgres")) => Talk::Postgres {
                user: "handfast".into(),
            },
            (None, Some("http")) => Talk::Http(Ask {
                method: Method::GET,
                path: self.path().to_owned(),
                host: format!("{}:{}", self.stage.host, self.stage.port),
                headers,
                body: Bytes::new(),
            }),
            _ => Talk::Listen,
        }
    }

    /// A visit with `openssl s_client`, for keys that our own library refuses to hold. An end without a reason is no
    /// verdict, so that it is made again: the reset of a connection may overtake the alert.
    fn carried(&self, fixture: &Fixture, version: &'static str) -> Result<Cell, Problem> {
        let mut cell = self.carried_once(fixture, version)?;
        for _ in 1..TRIES {
            if cell.is_in || cell.code.is_some() {
                break;
            }
            cell = self.carried_once(fixture, version)?;
        }
        Ok(cell)
    }

    fn carried_once(&self, fixture: &Fixture, version: &'static str) -> Result<Cell, Problem> {
        let folder = &self.stage.ground.folder;
        let Some((certificate, key)) = fixtures::pair(folder, &format!("clients/{}", fixture.name)) else {
            return Err(Problem::bug(format!(
                "\"{}\" is not a test certificate",
                fixture.name
            )));
        };
        let upgrade = match (self.starttls(), self.service().and_then(Service::alpn)) {
            (Some(protocol), _) => format!("-starttls {}", protocol.name()),
            (None, Some(alpn)) => format!("-alpn {alpn}"),
            (None, None) => String::new(),
        };
        let line = format!(
            "exec timeout 20 openssl s_client -connect 127.0.0.1:{port} -servername {host} -CAfile {ca} -cert {cert} \
             -key {key} -cert_chain {cert} -cipher DEFAULT@SECLEVEL=0 -tls{tls} -nocommands {upgrade} 2>&1",
            port = self.stage.port,
            host = self.stage.host,
            ca = word(&folder.path().join("ca.crt")),
            cert = word(&certificate),
            key = word(&key),
            tls = version.replace('.', "_"),
        );
        let printed = self.printed_by(&line)?;
        let is_in = self.is_welcome(&printed);
        let said = String::from_utf8_lossy(&printed).into_owned();
        Ok(Cell {
            fixture: *fixture,
            tls: version,
            is_in,
            is_shown: true,
            code: if is_in { None } else { reason(&said, &certificate)? },
            words: if is_in { String::new() } else { alert_of(&said) },
            settled: None,
        })
    }

    /// Runs `line`, a client of openssl, and says to the server what it wants to hear; what comes back.
    fn printed_by(&self, line: &str) -> Result<Vec<u8>, Problem> {
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", line])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let (mut child, _held) = held::spawn(&mut command).map_err(Problem::bug)?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (Some(mut stdin), Some(mut stdout)) = (stdin, stdout) else {
            return Err(Problem::bug("openssl has no pipes"));
        };
        // Who was refused reads nothing any more.
        let _ = stdin.write_all(&self.first_words());
        // Of a server that is not spoken to, it is the end that shows whether an alert came.
        let is_spoken_to = !matches!(self.talk(HeaderMap::new()), Talk::Listen);
        let mut printed = Vec::new();
        let mut part = [0; 4096];
        while !(is_spoken_to && self.is_welcome(&printed)) {
            let count = stdout.read(&mut part).map_err(Problem::bug)?;
            if count == 0 {
                break;
            }
            printed.extend_from_slice(part.get(..count).unwrap_or_default());
        }
        // It ends with its input.
        drop((stdin, stdout));
        child.wait().map_err(Problem::bug)?;
        Ok(printed)
    }

    fn first_words(&self) -> Vec<u8> {
        match self.talk(HeaderMap::new()) {
            Talk::Service(service) | Talk::Login(service) => service.words(),
            Talk::Mysql { .. } => Service::Mysql.words(),
            Talk::Http(_) => format!(
                "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                self.path(),
                self.stage.host
            )
            .into_bytes(),
            Talk::Postgres { .. } => b"\0\0\0\x2c\0\x03\0\0user\0handfast\0database\0postgres\0\0".to_vec(),
            Talk::Listen => Vec::new(),
        }
    }

    /// Whether the server's first words are among what `s_client` printed.
    fn is_welcome(&self, printed: &[u8]) -> bool {
        let has = |words: &[u8]| printed.windows(words.len()).any(|window| window == words);
        match self.talk(HeaderMap::new()) {
            Talk::Http(_) => {
                let status = self.stage.welcome.unwrap_or(StatusCode::OK);
                has(format!("HTTP/1.1 {}", status.as_u16()).as_bytes())
                    || has(format!("HTTP/1.0 {}", status.as_u16()).as_bytes())
            }
            // Who is not logged in has been let in by TLS.
            Talk::Service(Service::Redis) => has(b"+PONG") || has(b"-NOAUTH"),
            Talk::Service(Service::Mqtt | Service::Mqtt5) => has(b"\x20\x02\x00\x00"),
            Talk::Service(Service::Amqp) => has(b"cluster_name"),
            Talk::Service(Service::Http2) => has(b"\x04\x00\x00\x00\x00\x00"),
            Talk::Service(Service::Mysql) | Talk::Mysql { .. } => has(b"\x00\x00\x03\x00\x00\x00\x02"),
            Talk::Service(Service::Imap | Service::Pop3 | Service::Smtp) | Talk::Login(_) => !has(b"alert"),
            // AuthenticationOk.
            Talk::Postgres { .. } => has(b"R\0\0\0\x08\0\0\0\0"),
            Talk::Listen => !has(b"alert"),
        }
    }
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Problem> {
    held::talk();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Problem::bug)
}

fn cell(fixture: &Fixture, version: &'static str, report: &Report, welcome: Option<StatusCode>) -> Cell {
    let is_in = is_in(report, welcome);
    let first = report.findings.first();
    Cell {
        fixture: *fixture,
        tls: version,
        is_in,
        is_shown: true,
        code: first.filter(|_| !is_in).map(|finding| finding.code),
        words: match first {
            Some(finding) if !is_in => finding.because.clone(),
            _ => String::new(),
        },
        settled: None,
    }
}

/// Whether all went well, or a reason was given. A connection that merely ends is no verdict: a busy server closes some,
/// and a reset may overtake the alert.
pub(crate) fn is_told(report: &Report) -> bool {
    let Some(trace) = &report.trace else { return false };
    let has_ended = matches!(
        trace.ending,
        Ending::Unreachable(_)
            | Ending::Closed
            | Ending::Broken(_)
            | Ending::Handshake(HandshakeError::CutShort { .. })
    );
    !has_ended || report.answer.is_some() || trace.alert_from(Side::Server).is_some()
}

/// Whether the service behind TLS answered as it does to friends.
pub(crate) fn is_in(report: &Report, welcome: Option<StatusCode>) -> bool {
    let trace = report.trace.as_ref();
    // A broker without a user of the certificate's name has accepted the certificate: users are no part of its
    // configuration.
    let has_no_user = |verdict: &Verdict| matches!(verdict, Verdict::Refused(reply) if reply.protocol == "AMQP" && reply.code == "403");
    let ended_well = trace.is_some_and(|trace| trace.ending.is_good() || has_no_user(&trace.verdict));
    let is_welcome = |answer: &Answer| match welcome {
        Some(status) => answer.status == status,
        None => answer.status.is_success(),
    };
    ended_well && report.answer.as_ref().is_none_or(is_welcome)
}
