//! A request as the user wrote it, and whom it is for.

use std::{path::Path, sync::Arc};

use handfast_credentials::{files, load};
use handfast_finding::Problem;
use handfast_pki::code;
use handfast_tls::client::Versions;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use jiff::Timestamp;

use crate::{Ask, Target, place::endpoint};

/// What is asked for, of whom, as whom.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// https://HOST[:PORT]/PATH
    pub url: &'a str,
    /// Our certificate and its key. They must be a pair; whether it is still valid is the server's to say.
    pub pair: Option<(&'a Path, &'a Path)>,
    /// The CAs that verify the server.
    pub ca: &'a Path,
    /// Without one: GET, or POST where there is a body.
    pub method: Option<&'a str>,
    /// The body, or @FILE.
    pub body: Option<&'a str>,
    /// Each as `Name: value`.
    pub headers: &'a [String],
    pub versions: Versions,
}

impl Wish<'_> {
    /// The request, and the server that it is for.
    pub fn plan(&self, now: Timestamp) -> Result<(Target, Ask), Problem> {
        let misuse = |what: String| Problem::new(code::USAGE, what).help("write https://HOST:PORT/PATH");
        if !self.url.starts_with("https://") {
            return Err(misuse(format!("\"{}\" is not an https URL", self.url)));
        }
        let endpoint =
            endpoint(self.url).map_err(|error| Problem::new(code::USAGE, &error).help(error.hint))?;
        let uri: Uri = self
            .url
            .parse()
            .map_err(|error| misuse(format!("\"{}\" is not a URL: {error}", self.url)))?;
        let mut target = Target::new(endpoint)?;
        target.trust = Arc::new(load::anchors(self.ca, now)?.into());
        let credentials = |(cert, key)| load::pair(cert, key);
        target.credentials = self.pair.map(credentials).transpose()?;
        target.versions = self.versions;
        target.alpn = vec!["http/1.1".to_owned()];
        Ok((target, self.ask(&uri)?))
    }

    fn ask(&self, uri: &Uri) -> Result<Ask, Problem> {
        let body = match self.body.map(|text| (text, text.strip_prefix('@'))) {
            Some((_, Some(file))) => files::read(file.as_ref())?,
            Some((text, None)) => text.as_bytes().to_vec(),
            None => Vec::new(),
        };
        let usual = if self.body.is_some() { "POST" } else { "GET" };
        let method = self.method.unwrap_or(usual);
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Problem::new(code::USAGE, format!("\"{method}\" is not a method")))?;
        let mut headers = headers();
        for text in self.headers {
            let (name, value) = header(text).ok_or_else(|| {
                Problem::new(code::BAD_REQUEST, format!("\"{text}\" is not \"Name: value\""))
            })?;
            headers.append(name, value);
        }
        Ok(Ask {
            method,
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            host: uri.authority().map_or("", |host| host.as_str()).to_owned(),
            headers,
            body: body.into(),
        })
    }
}

fn header(text: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':')?;
    Some((
        name.trim().parse().ok()?,
        HeaderValue::from_str(value.trim()).ok()?,
    ))
}

/// Those that every request has.
pub(crate) fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        http::header::USER_AGENT,
        HeaderValue::from_static(concat!("handfast/", env!("CARGO_PKG_VERSION"))),
    );
    headers.insert(http::header::ACCEPT, HeaderValue::from_static("*/*"));
    headers
}
