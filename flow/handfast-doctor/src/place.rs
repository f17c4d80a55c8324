//! Where the doctor looks: `HOST:PORT`, `HOST` or a URL.

use handfast_finding::Problem;
use handfast_pki::code;
use handfast_values::{Endpoint, Form, ValueError, idn};
use http::Uri;

/// Where to connect to, out of `HOST:PORT`, `HOST` or a URL.
pub(crate) struct Place {
    pub(crate) endpoint: Endpoint,
    pub(crate) path: String,
    pub(crate) is_http: bool,
    /// The host as it was written, where it was written in other letters than ASCII.
    pub(crate) written: Option<String>,
}

impl Place {
    pub(crate) fn of(text: &str) -> Result<Self, Problem> {
        let is_http = text.starts_with("https://");
        let bad =
            |why: String| Problem::new(code::USAGE, why).help("write HOST:PORT or https://HOST:PORT/PATH");
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
        let (url, written) = in_ascii(&url)?;
        let endpoint = endpoint(&url).map_err(|error| bad(error.to_string()))?;
        let uri: Uri = url
            .parse()
            .map_err(|error| bad(format!("\"{text}\" is not HOST:PORT: {error}")))?;
        Ok(Self {
            endpoint,
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            is_http,
            written,
        })
    }

    /// The value of Host for `name` on this port.
    pub(crate) fn authority(&self, name: &str) -> String {
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

/// `url` with its host in the form of DNS, and the host as it was written where that is another one.
fn in_ascii(url: &str) -> Result<(String, Option<String>), Problem> {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    let end = rest.find([':', '/', '?', '#', '@', '[']).unwrap_or(rest.len());
    let (host, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    if host.is_ascii() {
        return Ok((url.to_owned(), None));
    }
    let form = ascii(host)?;
    Ok((format!("https://{form}{after}"), Some(host.to_owned())))
}

/// A name of a host in the form of DNS.
pub(crate) fn ascii(host: &str) -> Result<String, Problem> {
    idn::to_ascii(host).map_err(|error| Problem::new(code::BAD_NAME, &error).help(error.hint))
}

/// Host and port of `url`, which begins with `https://`; 443 where there is no port.
pub(crate) fn endpoint(url: &str) -> Result<Endpoint, ValueError> {
    const FORM: Form = Form::CONNECT
        .or_port(443)
        .called("address", "write https://HOST:PORT/PATH");
    let rest = url.strip_prefix("https://").unwrap_or(url);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Endpoint::read(&rest[..end], &FORM)
}
