//! What is asked for, of whom, as whom.

use std::sync::Arc;

use handfast_credentials::{files, load};
use handfast_doctor::{Ask, Endpoint, Target};
use handfast_pki::code;
use handfast_proxy::backend;
use handfast_tls::{Credentials, client::Versions};
use handfast_values::{Form, ValueError};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use jiff::Timestamp;

use super::Args;
use crate::failure::Failure;

pub fn plan(args: &Args) -> Result<(Target, Ask), Failure> {
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
        let bad = || Failure::of(code::BAD_REQUEST, format!("\"{text}\" is not \"Name: value\""));
        let (name, value) = text.split_once(':').ok_or_else(bad)?;
        let name: HeaderName = name.trim().parse().map_err(|_| bad())?;
        headers.append(name, HeaderValue::from_str(value.trim()).map_err(|_| bad())?);
    }
    Ok(headers)
}
