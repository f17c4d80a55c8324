//! `handfast doctor HOST:PORT`: one connection of our own, and those that separate the causes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use handfast_doctor::{
    Ask, Certainty, Context, Ending, Endpoint, Finding, Refuser, Report, StartTls, Subject, Talk, Target,
    When, examine, files::Reader,
};
use handfast_pki::{Anchors, Certificate, Purpose, code, crl::RevocationList, pem};
use handfast_proxy::backend;
use handfast_tls::{
    Credentials,
    client::{Probing, Versions},
};
use http::{HeaderMap, HeaderValue, Method, Uri};
use jiff::Timestamp;

use crate::{
    commands::{
        doctor::{
            client_files::{self, Wanted},
            show::{Show, show},
        },
        get,
        proxy::of_problem,
    },
    failure::{Exit, Failure},
    files,
    words::{Words, shell},
};

/// Whom to look at, as whom, and how the report is shown.
#[derive(Debug, clap::Args)]
pub struct Flags {
    /// HOST:PORT or an https URL
    #[arg(required_unless_present_any = ["client_files", "server_files"], value_name = "TARGET")]
    target: Option<String>,
    /// Look at the files in this folder, as a client's, and at nobody else
    #[arg(long, value_name = "DIR", conflicts_with_all = ["target", "server_files"])]
    client_files: Option<PathBuf>,
    /// The same, as a server's
    #[arg(long, value_name = "DIR", conflicts_with = "target")]
    server_files: Option<PathBuf>,
    /// The password of containers in the folder, the first line of FILE
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Who has to read containers in the folder
    #[arg(long = "for", value_name = "READER", value_parser = Reader::ALL.map(|(name, _)| name))]
    reader: Option<String>,
    /// Our certificate, leaf first
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The key of --cert
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The CAs whose servers are believed; without it, those of the system
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The name to send as SNI and to expect in the certificate
    #[arg(long, value_name = "NAME")]
    sni: Option<String>,
    /// The application protocol to offer; may be repeated
    #[arg(long, value_name = "PROTOCOL")]
    alpn: Vec<String>,
    /// The protocol that is spoken before TLS
    #[arg(long, value_name = "PROTOCOL", value_parser = StartTls::ALL.map(|(name, _)| name))]
    starttls: Option<String>,
    /// Offer only this version of TLS: 1.2 or 1.3
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    tls: Option<String>,
    /// Leave out post-quantum key exchange, so that the ClientHello fits into one packet
    #[arg(long)]
    no_pq: bool,
    /// The user to ask for behind --starttls postgres
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The value of Host, where it is not the host of the target
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The identity that the server must have, such as spiffe://acme/api
    #[arg(long, value_name = "IDENTITY")]
    expect_id: Option<String>,
    /// The pin of the server's key, as curl's --pinnedpubkey writes it: sha256//BASE64
    #[arg(long, value_name = "PIN")]
    pin: Option<String>,
    /// Another name of the same server: are its sessions good here, too? May be repeated
    #[arg(long, value_name = "NAME")]
    other_name: Vec<String>,
    /// The certificate file that the server should be using
    #[arg(long, value_name = "FILE")]
    served: Option<PathBuf>,
    /// The subject that a rule on the server names, as it is written there
    #[arg(long, value_name = "SUBJECT")]
    expect_dn: Option<String>,
    /// The answer repeats the headers that the application saw: is the certificate among them?
    #[arg(long)]
    echo: bool,
    /// Send identity headers of our own making, too: are they believed?
    #[arg(long)]
    active: bool,
    /// A certificate of the same CA that the server must refuse
    #[arg(long, value_name = "FILE", requires = "must_refuse_key")]
    must_refuse: Option<PathBuf>,
    /// The key of --must-refuse
    #[arg(long, value_name = "FILE", requires = "must_refuse")]
    must_refuse_key: Option<PathBuf>,
    /// A revocation list that the server may be using; may be repeated
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// Try a browser's CORS preflight from this origin
    #[arg(long, value_name = "URL")]
    origin: Option<String>,
    /// Whether to make further connections: where one look is not enough, always, or never
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "always", "never"])]
    probe: String,
    /// The same as --probe never
    #[arg(long)]
    no_probe: bool,
    #[command(flatten)]
    show: Show,
}

pub fn run(flags: &Flags, words: &Words) -> Result<Exit, Failure> {
    let folders = [
        (&flags.client_files, Purpose::Client),
        (&flags.server_files, Purpose::Server),
    ];
    if let Some((Some(folder), purpose)) = folders.into_iter().find(|(folder, _)| folder.is_some()) {
        let reader = flags
            .reader
            .as_deref()
            .and_then(|wanted| Reader::ALL.into_iter().find(|(name, _)| *name == wanted));
        let wanted = Wanted {
            folder,
            purpose,
            password_file: flags.password_file.as_ref(),
            reader: reader.map(|(_, reader)| reader),
        };
        return client_files::run(&wanted, words);
    }
    // Whole seconds, as certificates have them.
    let now = Timestamp::from_second(Timestamp::now().as_second()).map_err(Failure::bug)?;
    let named = flags.target.clone().unwrap_or_default();
    let made = match subject(flags, now)? {
        Prepared::Unusable(finding) => Report {
            findings: vec![*finding],
            ..Report::new(named)
        },
        Prepared::Ready(subject) => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(Failure::bug)?;
            runtime.block_on(examine(named, &subject, now))
        }
    };
    let exit = show(&made, &flags.show, words)?;
    let unreachable = made
        .trace
        .as_ref()
        .is_some_and(|trace| matches!(trace.ending, Ending::Unreachable(_)));
    Ok(if unreachable { Exit::Unreachable } else { exit })
}

/// What the flags come to.
enum Prepared {
    Ready(Box<Subject>),
    /// A file is the reason, so that no connection has to be made.
    Unusable(Box<Finding>),
}

fn subject(flags: &Flags, now: Timestamp) -> Result<Prepared, Failure> {
    let place = Place::of(flags.target.as_deref().unwrap_or_default())?;
    let own = match (&flags.cert, &flags.key) {
        (Some(cert), Some(key)) => match pair(cert, key) {
            Ok(pair) => Some(pair),
            Err(finding) => return Ok(Prepared::Unusable(finding)),
        },
        _ => None,
    };
    let (anchors, trusted) = match &flags.ca {
        Some(path) => match anchors(path, now) {
            Ok(anchors) => anchors,
            Err(finding) => return Ok(Prepared::Unusable(finding)),
        },
        None => system_anchors(now),
    };
    let name = flags.sni.as_deref().unwrap_or(&place.endpoint.host);
    let starttls = flags
        .starttls
        .as_deref()
        .and_then(|wanted| StartTls::ALL.into_iter().find(|(name, _)| *name == wanted));
    let target = Target {
        name: backend::server_name(name).map_err(of_problem)?,
        anchors: Arc::new(anchors),
        credentials: own,
        versions: match flags.tls.as_deref() {
            Some("1.2") => Versions::OnlyTls12,
            Some(_) => Versions::OnlyTls13,
            None => Versions::Both,
        },
        alpn: alpn(flags, place.is_http),
        starttls: starttls.map(|(_, protocol)| protocol),
        probing: Probing {
            small_hello: flags.no_pq,
            ..Probing::default()
        },
        endpoint: place.endpoint.clone(),
    };
    let talk = match target.starttls {
        Some(StartTls::Postgres) => Talk::Postgres {
            user: flags.user.clone().unwrap_or_else(|| "postgres".to_owned()),
        },
        Some(_) => Talk::Listen,
        // Another protocol was offered, so HTTP/1.1 is not what the server expects.
        None if !flags.alpn.is_empty() && !flags.alpn.iter().any(|name| name == "http/1.1") => Talk::Listen,
        None => Talk::Http(Ask {
            method: Method::GET,
            path: place.path.clone(),
            host: flags.host.clone().unwrap_or_else(|| place.authority(name)),
            headers: headers(),
            body: Bytes::new(),
        }),
    };
    Ok(Prepared::Ready(Box::new(Subject {
        target,
        talk,
        context: context(flags, &place, trusted)?,
        when: match flags.probe.as_str() {
            _ if flags.no_probe => When::Never,
            "always" => When::Always,
            "never" => When::Never,
            _ => When::Auto,
        },
    })))
}

/// Where to connect to, out of `HOST:PORT`, `HOST` or a URL.
pub(super) struct Place {
    pub(super) endpoint: Endpoint,
    pub(super) path: String,
    pub(super) is_http: bool,
}

impl Place {
    pub(super) fn of(text: &str) -> Result<Self, Failure> {
        let is_http = text.starts_with("https://");
        let bad = |why: String| Failure::misuse(why).hint("write HOST:PORT or https://HOST:PORT/PATH");
        if let Some((scheme, _)) = text.split_once("://")
            && !is_http
        {
            return Err(bad(format!(
                "\"{scheme}\" is not a scheme that speaks TLS at once"
            )));
        }
        let url = if is_http {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let uri: Uri = url
            .parse()
            .map_err(|error| bad(format!("\"{text}\" is not HOST:PORT: {error}")))?;
        let authority = uri
            .authority()
            .ok_or_else(|| bad(format!("\"{text}\" names no host")))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        Ok(Self {
            endpoint: Endpoint {
                host: host.to_owned(),
                port: get::port(authority)?,
            },
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            is_http,
        })
    }

    /// The value of Host for `name` on this port.
    pub(super) fn authority(&self, name: &str) -> String {
        let name = if name.contains(':') {
            format!("[{name}]")
        } else {
            name.to_owned()
        };
        match self.endpoint.port {
            443 => name,
            port => format!("{name}:{port}"),
        }
    }
}

/// Our certificate and key; what is wrong with the pair is a finding and not a misuse.
pub(super) fn pair(cert: &Path, key: &Path) -> Result<Credentials, Box<Finding>> {
    let of = |path: &Path, failure: &Failure| {
        let code = failure.code.unwrap_or(code::UNREADABLE);
        let because = format!("{}: {}", path.display(), failure.message);
        Box::new(
            Finding::new(code, Refuser::Client, Certainty::Certain, because)
                .help(
                    failure
                        .hint
                        .clone()
                        .unwrap_or_else(|| "see what is in the file".to_owned()),
                )
                .command(format!("handfast inspect {}", shell(path.display()))),
        )
    };
    let chain = files::certificates(cert).map_err(|failure| of(cert, &failure))?;
    let private = files::private_key(key).map_err(|failure| of(key, &failure))?;
    get::paired(chain, &private, key).map_err(|failure| {
        let wrong = if failure.code == Some(code::CHAIN_ORDER) {
            cert
        } else {
            key
        };
        of(wrong, &failure)
    })
}

/// The CAs in `path`; a file that holds none is a finding of its own.
pub(super) fn anchors(path: &Path, now: Timestamp) -> Result<(Anchors, Vec<Certificate>), Box<Finding>> {
    let unusable = |why: String| {
        Box::new(
            Finding::new(
                code::BAD_TRUST_FILE,
                Refuser::Client,
                Certainty::Certain,
                format!(
                    "\"{}\" cannot be used as the file of trusted CAs: {why}",
                    path.display()
                ),
            )
            .help("name a PEM file with the root of the server's CA")
            .command(format!("handfast inspect {}", shell(path.display()))),
        )
    };
    let certificates = files::certificates(path).map_err(|failure| unusable(failure.message))?;
    let anchors = Anchors::new(certificates.clone(), now).map_err(|error| unusable(error.to_string()))?;
    Ok((anchors, certificates))
}

/// The file in which the system keeps its CAs; nobody where there is none, so that every server is a finding.
pub(super) fn system_anchors(now: Timestamp) -> (Anchors, Vec<Certificate>) {
    const PLACES: [&str; 4] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/cert.pem",
        "/etc/ssl/ca-bundle.pem",
    ];
    let given = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let read = |path: &Path| {
        let certificates = files::certificates(path).ok()?;
        Anchors::new(certificates, now).ok()
    };
    let found = given
        .as_deref()
        .into_iter()
        .chain(PLACES.iter().map(Path::new))
        .find_map(read);
    (found.unwrap_or_else(Anchors::nobody), Vec::new())
}

fn alpn(flags: &Flags, is_http: bool) -> Vec<String> {
    // A server that was named by its port alone may speak anything, so nothing is demanded of it.
    if flags.alpn.is_empty() && is_http {
        return vec!["http/1.1".to_owned()];
    }
    flags.alpn.clone()
}

pub(super) fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        http::header::USER_AGENT,
        HeaderValue::from_static(concat!("handfast/", env!("CARGO_PKG_VERSION"))),
    );
    headers.insert(http::header::ACCEPT, HeaderValue::from_static("*/*"));
    headers
}

/// What the flags say beside the connection.
fn context(flags: &Flags, place: &Place, trusted: Vec<Certificate>) -> Result<Context, Failure> {
    let pin = match &flags.pin {
        Some(text) => Some(
            text.strip_prefix("sha256//")
                .and_then(|text| BASE64_STANDARD.decode(text).ok())
                .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
                .ok_or_else(|| {
                    Failure::misuse(format!("\"{text}\" is not a pin"))
                        .hint("write sha256//BASE64, as curl does")
                })?,
        ),
        None => None,
    };
    let served = match &flags.served {
        Some(path) => files::certificates(path)?.into_iter().next(),
        None => None,
    };
    let mut revocation = Vec::new();
    for path in &flags.crl {
        revocation.extend(lists(path)?);
    }
    let must_refuse = match (&flags.must_refuse, &flags.must_refuse_key) {
        (Some(cert), Some(key)) => Some(get::paired(
            files::certificates(cert)?,
            &files::private_key(key)?,
            key,
        )?),
        _ => None,
    };
    let mut known = trusted;
    known.extend(flags.cert.as_deref().map(neighbours).unwrap_or_default());
    let as_whom = [
        ("--cert", &flags.cert),
        ("--key", &flags.key),
        ("--ca", &flags.ca),
    ]
    .into_iter()
    .filter_map(|(flag, path)| Some(format!(" {flag} {}", shell(path.as_ref()?.display()))))
    .collect();
    Ok(Context {
        known,
        is_http: place.is_http,
        expected: flags.expect_id.clone(),
        pin,
        served,
        revocation,
        origin: flags.origin.clone(),
        expected_subject: flags.expect_dn.clone(),
        is_echo: flags.echo,
        may_forge: flags.active,
        must_refuse,
        other_names: flags.other_name.clone(),
        client_anchors: None,
        named_before: Vec::new(),
        as_whom,
    })
}

/// The revocation lists in `path`, PEM or DER.
fn lists(path: &Path) -> Result<Vec<RevocationList>, Failure> {
    let about = |error: &handfast_pki::Error| Failure::about(format_args!("\"{}\"", path.display()), error);
    let items = pem::read(&files::read(path)?).map_err(|error| about(&error))?;
    let lists: Vec<RevocationList> = items
        .into_iter()
        .filter_map(|item| match item {
            pem::Item::Crl(list) => Some(*list),
            _ => None,
        })
        .collect();
    if lists.is_empty() {
        return Err(Failure::new(
            Exit::Misuse,
            code::WRONG_FORMAT,
            format!("\"{}\" holds no revocation list", path.display()),
        ));
    }
    Ok(lists)
}

/// The certificates in the folder of `cert`: the missing intermediate often lies right there. What cannot be
/// read is passed over, for nobody asked for it.
pub(super) fn neighbours(cert: &Path) -> Vec<Certificate> {
    const MOST: usize = 200;
    const LARGEST: u64 = 1 << 20;
    let folder = cert.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(folder.unwrap_or(Path::new("."))) else {
        return Vec::new();
    };
    entries
        .flatten()
        .take(MOST)
        .filter(|entry| {
            entry
                .metadata()
                .is_ok_and(|data| data.is_file() && data.len() <= LARGEST)
        })
        .filter(|entry| entry.path() != cert)
        .filter_map(|entry| pem::certificates(&fs::read(entry.path()).ok()?).ok())
        .flatten()
        .collect()
}
