//! `handfast quickstart`: from nothing to a working mutual handshake, and to three that must fail.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_ca::{Applicant, Authority, CertRequest, NewAuthority};
use handfast_credentials::{
    files::{Claim, Piece, Readers},
    load,
};
use handfast_doctor::{Answer, Ask, Endpoint, Target, Trace, judge};
use handfast_finding::{Finding, shell::shell};
use handfast_interop::demo;
use handfast_lab::held;
use handfast_pki::{
    Code, KeyKind, PrivateKey, Profile, Purpose, certificate::chain_to_pem, code, name::AltName,
};
use handfast_proxy::{
    AccessLog, Detail, Limits, Proxy, Sources, backend,
    config::{BackendTls, Config},
};
use handfast_report::{
    json::findings,
    ladder::ladder,
    schema::Schema,
    style::{BAD, GOOD, STRONG},
};
use handfast_tls::client::Versions;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::tell::text;
use crate::{
    failure::{Exit, Failure},
    signals::{self, BrokenOff},
    words::Words,
};

/// See mutual TLS work: a CA, a reverse proxy, one call that is accepted and three that are rejected
///
/// Creates everything in ./handfast-quickstart, starts a small service with the reverse proxy in front of it on
/// free ports of this machine, shows the handshake as a ladder and the reason of every rejection, prints curl,
/// Python and openssl commands that work, and runs until Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast quickstart\n  handfast quickstart --once\n  handfast quickstart --to http://127.0.0.1:9000"
)]
pub struct Args {
    /// Make the calls, verify the results, and stop: exit code 0 when all are as expected, 1 when not
    #[arg(long)]
    once: bool,
    /// Put the proxy in front of this service instead: http://H:P, https://H:P (with its CA given), tcp:// or unix:
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// The CA of an https service
    #[arg(long, value_name = "FILE", requires = "to")]
    to_ca: Option<PathBuf>,
    /// The folder to work in
    #[arg(long, value_name = "DIR", default_value = "./handfast-quickstart")]
    dir: PathBuf,
}

const SERVER: &str = "spiffe://quickstart/proxy";
const CLIENT: &str = "spiffe://quickstart/client";
const GUEST: &str = "spiffe://quickstart/guest";

/// One of the calls, and how it must end.
struct Call {
    title: &'static str,
    /// The folder of the client's pair; none is shown without one.
    pair: Option<&'static str>,
    expected: Option<Code>,
}

const CALLS: [Call; 4] = [
    Call {
        title: "with the right certificate",
        pair: Some("client"),
        expected: None,
    },
    Call {
        title: "without a certificate",
        pair: None,
        expected: Some(code::NO_CERTIFICATE),
    },
    Call {
        title: "with a certificate of another CA",
        pair: Some("stranger"),
        expected: Some(code::UNKNOWN_ISSUER),
    },
    Call {
        title: "with an identity that no rule allows",
        pair: Some("guest"),
        expected: Some(code::NOT_ALLOWED),
    },
];

/// What became of a call.
struct Outcome {
    trace: Trace,
    answer: Option<Answer>,
    finding: Option<Finding>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let broken_off = BrokenOff::by_signals(words)?;
    held::talk();
    prepare(&args.dir)?;
    let demo = match &args.to {
        Some(_) => None,
        None => {
            Some(demo::start().map_err(|error| Failure::new(Exit::Unreachable, code::CANNOT_LISTEN, error))?)
        }
    };
    let to = args
        .to
        .clone()
        .unwrap_or_else(|| format!("http://{}", demo.map_or(String::new(), |at| at.to_string())));
    let log_file = args.dir.join("access.log");
    let log = AccessLog::new(Detail::Connections, create_log(&log_file)?);
    let proxy = open(args, &to, log.clone())?;
    let outcomes = calls(args, proxy.address(), words)?;
    let good = outcomes.iter().all(|outcome| outcome["as_expected"] == true);
    words.json(
        Schema::Quickstart,
        json!({
            "good": good,
            "address": proxy.address().to_string(),
            "dir": text(&args.dir),
            "log": text(&log_file),
            "calls": outcomes,
        }),
    );
    if args.once {
        words.data(format_args!(
            "\nevery connection is logged in {}; without --once the proxy keeps running, and you can call it with curl, Python and openssl",
            shell(log_file.display())
        ));
        words.next("handfast init --name NAME, for a CA of your own");
        proxy.close();
        log.finish();
        return Ok(if good { Exit::Yes } else { Exit::No });
    }
    summary(args, proxy.address(), &log_file, words);
    words.talk("the proxy runs until Ctrl-C");
    // Now Ctrl-C is the usual end.
    broken_off.pause();
    let force_close = proxy.force_close();
    signals::serve_until_told(proxy, |_, _| {}, Proxy::close, move || force_close.now());
    log.finish();
    Ok(if good { Exit::Yes } else { Exit::No })
}

fn create_log(path: &Path) -> Result<std::fs::File, Failure> {
    std::fs::File::create(path).map_err(|error| {
        Failure::new(
            Exit::Misuse,
            code::UNREADABLE,
            format!("\"{}\" cannot be written: {error}", path.display()),
        )
    })
}

/// Creates the two CAs, where they are not there yet, and fresh certificates.
fn prepare(dir: &Path) -> Result<(), Failure> {
    let ours = authority(&dir.join("ca"), "Quickstart")?;
    let others = authority(&dir.join("stranger-ca"), "Stranger")?;
    let uri = |text| AltName::uri(text).map_err(|error| Failure::about("quickstart", &error));
    let local = [
        AltName::Dns("localhost".into()),
        AltName::Ip(std::net::Ipv4Addr::LOCALHOST.into()),
    ];
    let proxy: Vec<AltName> = std::iter::once(uri(SERVER)?).chain(local).collect();
    pair(&ours, Profile::Server, proxy, &dir.join("server"))?;
    pair(&ours, Profile::Client, vec![uri(CLIENT)?], &dir.join("client"))?;
    pair(&ours, Profile::Client, vec![uri(GUEST)?], &dir.join("guest"))?;
    pair(
        &others,
        Profile::Client,
        vec![uri(CLIENT)?],
        &dir.join("stranger"),
    )
}

fn authority(place: &Path, name: &str) -> Result<Authority, Failure> {
    if place.exists() {
        return Ok(Authority::open(place)?);
    }
    let new = NewAuthority {
        name: name.to_owned(),
        key: KeyKind::P256,
    };
    Ok(Authority::create(place, &new, Timestamp::now())?)
}

/// A key and its certificate in `out`, over what an earlier run left there.
fn pair(authority: &Authority, profile: Profile, names: Vec<AltName>, out: &Path) -> Result<(), Failure> {
    let key = PrivateKey::generate(KeyKind::P256).map_err(|error| Failure::about("quickstart", &error))?;
    let applicant = Applicant::holding(&key);
    let request = CertRequest {
        profile: profile.into(),
        applicant,
        names,
        common_name: None,
        lifetime: None,
    };
    let [key_file, certificate, ca] = ["tls.key", "tls.crt", "ca.crt"].map(|name| out.join(name));
    let claim = Claim::take(&[&key_file, &certificate, &ca], true)?;
    let issued = authority.issue(request, Timestamp::now())?;
    let root = super::tell::root_of(authority)?;
    let piece = |path, bytes, readers| Piece { path, bytes, readers };
    // What an earlier run left here is ours, and goes without a word.
    claim.write(&[
        piece(&key_file, key.to_pem().as_bytes(), Readers::Owner),
        piece(
            &certificate,
            chain_to_pem(&issued.chain()).as_bytes(),
            Readers::Everybody,
        ),
        piece(&ca, root.to_pem().as_bytes(), Readers::Everybody),
    ])?;
    Ok(())
}

fn open(args: &Args, to: &str, log: Arc<AccessLog>) -> Result<Proxy, Failure> {
    let server = args.dir.join("server");
    let rule = format!("uri:{CLIENT}").parse().map_err(Failure::bug)?;
    let config = Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        target: backend::BackendUrl::parse(to)?,
        backend_tls: BackendTls {
            ca: args.to_ca.clone(),
            cert: None,
            key: None,
        },
        sources: Sources {
            cert: server.join("tls.crt"),
            key: server.join("tls.key"),
            client_ca: server.join("ca.crt"),
            rules: vec![rule],
            waiting: Vec::new(),
        },
        xfcc: true,
        reserved: Default::default(),
        detail: Detail::Connections,
        workers: 1,
        limits: Limits::default(),
    };
    Ok(config.open(None, log)?)
}

/// Makes all calls and tells each, also as objects.
fn calls(args: &Args, proxy: SocketAddr, words: &Words) -> Result<Vec<Value>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::bug)?;
    let mut outcomes = Vec::new();
    for call in &CALLS {
        let outcome = runtime.block_on(make(args, proxy, call))?;
        let as_expected = match (&outcome.finding, call.expected) {
            (Some(finding), Some(expected)) => finding.code == expected,
            (None, None) => outcome.answer.is_some(),
            _ => false,
        };
        tell(args, call, &outcome, as_expected, words);
        outcomes.push(json!({
            "call": call.title,
            "expected": call.expected.map(|code| code.to_string()),
            "status": outcome.answer.as_ref().map(|answer| answer.status.as_u16()),
            "findings": findings(outcome.finding.as_slice()),
            "as_expected": as_expected,
        }));
    }
    Ok(outcomes)
}

async fn make(args: &Args, proxy: SocketAddr, call: &Call) -> Result<Outcome, Failure> {
    let now = Timestamp::now();
    let credentials = match call.pair {
        Some(name) => {
            let folder = args.dir.join(name);
            let (cert, key) = (folder.join("tls.crt"), folder.join("tls.key"));
            Some(load::credentials(&cert, &key, Purpose::Client, now)?)
        }
        None => None,
    };
    let target = Target {
        endpoint: Endpoint {
            host: "localhost".into(),
            port: proxy.port(),
        },
        name: backend::server_name("localhost")?,
        trust: Arc::new(load::anchors(&args.dir.join("client/ca.crt"), now)?.into()),
        credentials,
        versions: Versions::Both,
        alpn: vec!["http/1.1".to_owned()],
        starttls: None,
        probing: Default::default(),
    };
    let ask = Ask {
        method: Method::GET,
        path: "/".into(),
        host: format!("localhost:{}", proxy.port()),
        headers: HeaderMap::new(),
        body: Default::default(),
    };
    let (trace, answer) = handfast_doctor::get(&target, &ask).await;
    let finding = judge::request(&trace, answer.as_ref(), now).into_iter().next();
    Ok(Outcome {
        trace,
        answer,
        finding,
    })
}

fn tell(args: &Args, call: &Call, outcome: &Outcome, as_expected: bool, words: &Words) {
    words.data(format_args!("\n{STRONG}A call {}{STRONG:#}", call.title));
    if call.expected.is_none() {
        words.data(ladder(&outcome.trace).trim_end());
    }
    match (&outcome.finding, &outcome.answer) {
        (Some(finding), _) => {
            words.data(format_args!(
                "  refused  [{}] {}",
                finding.code,
                finding.code.title()
            ));
            words.data(format_args!("    because: {}", finding.because));
            words.data(format_args!("    help:    {}", finding.help));
        }
        (None, Some(answer)) => {
            words.data(format_args!("  answered {}", answer.status));
            if args.to.is_none() {
                words.data(format_args!(
                    "    the service says: {}",
                    String::from_utf8_lossy(&answer.body).trim_end()
                ));
            }
        }
        (None, None) => words.data("  no answer"),
    }
    match (as_expected, call.expected) {
        (true, None) => words.data(format_args!("  {GOOD}as expected{GOOD:#}")),
        (true, Some(_)) => words.data(format_args!(
            "  {GOOD}as expected{GOOD:#}: nothing reached the service"
        )),
        (false, Some(code)) => words.data(format_args!(
            "  {BAD}not as expected{BAD:#}: expected a refusal with {code}"
        )),
        (false, None) => words.data(format_args!("  {BAD}not as expected{BAD:#}: expected an answer")),
    }
}

fn summary(args: &Args, proxy: SocketAddr, log: &Path, words: &Words) {
    let path = |file: &str| shell(args.dir.join(file).display());
    let (cert, key, ca) = (
        path("client/tls.crt"),
        path("client/tls.key"),
        path("client/ca.crt"),
    );
    let url = format!("https://localhost:{}/", proxy.port());
    words.data(format_args!(
        "\n{STRONG}Try it yourself{STRONG:#}, the proxy listens on {proxy}:"
    ));
    words.data(format_args!(
        "  curl --cert {cert} --key {key} --cacert {ca} {url}"
    ));
    words.data(format_args!(
        "  python3 -c \"import requests; print(requests.get('{url}', cert=('{cert}', '{key}'), verify='{ca}').text)\""
    ));
    words.data(format_args!(
        "  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -connect localhost:{} -cert {cert} -cert_chain {cert} -key {key} -CAfile {ca}",
        proxy.port()
    ));
    words.data(format_args!(
        "  handfast get {url} --cert {cert} --key {key} --ca {ca} -v"
    ));
    words.data(format_args!(
        "every connection is logged in {}",
        shell(log.display())
    ));
    words.next("handfast init --name NAME, for a CA of your own");
}
