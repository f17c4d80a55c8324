//! `handfast get`: a request over mutual TLS, and the reason when it is refused.

use std::{io::Write, path::PathBuf, sync::Arc};

use handfast_credentials::{files, load};
use handfast_doctor::{Ask, Endpoint, Target, judge};
use handfast_finding::{Finding, Refuser};
use handfast_pki::code;
use handfast_proxy::backend;
use handfast_report::{exchange, ladder::ladder, schema::Schema};
use handfast_tls::{Credentials, client::Versions};
use handfast_values::{Form, ValueError};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use jiff::Timestamp;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Send a request over mutual TLS, and say in plain words why it is refused
///
/// The body of the answer goes to stdout. After the handshake the server's verdict on our certificate is
/// awaited, so that a refusal of TLS 1.3 is reported as what it is.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast get https://localhost:8443/ --cert client/tls.crt --key client/tls.key \
--ca client/ca.crt -v"
)]
pub struct Args {
    /// https://HOST[:PORT]/PATH
    url: String,
    /// Our certificate, leaf first
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The key of --cert
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The CA bundle that verifies the server
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// Show the handshake as a ladder, on stderr
    #[arg(short, long)]
    verbose: bool,
    /// The method; GET, or POST when there is a body
    #[arg(short = 'X', long, value_name = "METHOD")]
    method: Option<String>,
    /// The body, or @FILE
    #[arg(short = 'd', long, value_name = "BODY")]
    data: Option<String>,
    /// A header, as "Name: value"; may be repeated
    #[arg(short = 'H', long, value_name = "HEADER")]
    header: Vec<String>,
    /// Offer only this version of TLS: 1.2 or 1.3
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    tls: Option<String>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let (target, ask) = plan(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::bug)?;
    let (trace, answer) = runtime.block_on(handfast_doctor::get(&target, &ask));
    let finding = judge::request(&trace, answer.as_ref(), Timestamp::now())
        .into_iter()
        .next();
    if args.verbose {
        words.talk(ladder(&trace).trim_end());
        if let Some(answer) = &answer {
            words.talk(format_args!("{:>9}  answered: {}", "", answer.status));
        }
    }
    if words.json {
        words.json(
            Schema::Get,
            exchange::json(&trace, answer.as_ref(), finding.as_ref()),
        );
    } else if let Some(answer) = &answer {
        let mut out = std::io::stdout();
        let _ = out.write_all(&answer.body).and_then(|()| out.flush());
    }
    match finding {
        None => Ok(Exit::Yes),
        Some(finding) => {
            let failure = of_finding(&finding);
            if words.json {
                // stdout has its one object already.
                Words::new(false).failure(&failure);
                return Ok(failure.exit);
            }
            Err(failure)
        }
    }
}

/// A finding as a failure with the exit code of the side that refused.
pub fn of_finding(finding: &Finding) -> Failure {
    let exit = match finding.side {
        // Who does not speak TLS has not refused us.
        _ if finding.code == code::NOT_TLS => Exit::Unreachable,
        Refuser::Server => Exit::Refused,
        Refuser::Client => Exit::Untrusted,
        Refuser::Network => Exit::Unreachable,
    };
    let mut failure = Failure::of_finding(exit, finding);
    failure.details = vec![format!("{} ({})", finding.because, finding.certainty.name())];
    failure
}

fn plan(args: &Args) -> Result<(Target, Ask), Failure> {
    let misuse = |what: String| Failure::misuse(what).help("write https://HOST:PORT/PATH");
    if !args.url.starts_with("https://") {
        return Err(misuse(format!("\"{}\" is not an https URL", args.url)));
    }
    let endpoint = endpoint(&args.url)?;
    let uri: Uri = args
        .url
        .parse()
        .map_err(|error| misuse(format!("\"{}\" is not a URL: {error}", args.url)))?;
    let now = Timestamp::now();
    let target = Target {
        name: backend::server_name(&endpoint.host)?,
        trust: Arc::new(load::anchors(&args.ca, now)?.into()),
        credentials: credentials(args)?,
        versions: match args.tls.as_deref() {
            Some("1.2") => Versions::OnlyTls12,
            Some(_) => Versions::OnlyTls13,
            None => Versions::Both,
        },
        alpn: vec!["http/1.1".to_owned()],
        starttls: None,
        probing: Default::default(),
        endpoint,
    };
    let body = match args.data.as_deref() {
        Some(text) => match text.strip_prefix('@') {
            Some(file) => files::read(file.as_ref())?,
            None => text.as_bytes().to_vec(),
        },
        None => Vec::new(),
    };
    let method = args
        .method
        .as_deref()
        .unwrap_or(if args.data.is_some() { "POST" } else { "GET" });
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| Failure::misuse(format!("\"{method}\" is not a method")))?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let ask = Ask {
        method,
        path,
        host: uri
            .authority()
            .map_or("", |authority| authority.as_str())
            .to_owned(),
        headers: headers(&args.header)?,
        body: body.into(),
    };
    Ok((target, ask))
}

/// Host and port of `url`, which begins with `https://`; 443 where there is no port.
pub fn endpoint(url: &str) -> Result<Endpoint, ValueError> {
    const FORM: Form = Form::CONNECT
        .or_port(443)
        .called("address", "write https://HOST:PORT/PATH");
    let rest = url.strip_prefix("https://").unwrap_or(url);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Endpoint::read(&rest[..end], &FORM)
}

/// Our own pair. It must be a pair; whether it is still valid is the server's to say, that is what we are here for.
fn credentials(args: &Args) -> Result<Option<Credentials>, Failure> {
    let (Some(cert), Some(key)) = (&args.cert, &args.key) else {
        return Ok(None);
    };
    let (chain, private) = (load::certificates(cert)?, load::private_key(key)?);
    Ok(Some(load::paired(chain, &private, key)?))
}

fn headers(given: &[String]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(
        http::header::USER_AGENT,
        HeaderValue::from_static(concat!("handfast/", env!("CARGO_PKG_VERSION"))),
    );
    headers.insert(http::header::ACCEPT, HeaderValue::from_static("*/*"));
    for text in given {
        let bad = || {
            Failure::new(
                Exit::Misuse,
                code::BAD_REQUEST,
                format!("\"{text}\" is not \"Name: value\""),
            )
        };
        let (name, value) = text.split_once(':').ok_or_else(bad)?;
        let name: HeaderName = name.trim().parse().map_err(|_| bad())?;
        headers.append(name, HeaderValue::from_str(value.trim()).map_err(|_| bad())?);
    }
    Ok(headers)
}
