//! Where the doctor looks: `HOST:PORT`, `HOST` or a URL.

use handfast_values::Endpoint;
use http::Uri;

use crate::{commands::get, failure::Failure};

/// Where to connect to, out of `HOST:PORT`, `HOST` or a URL.
pub struct Place {
    pub endpoint: Endpoint,
    pub path: String,
    pub is_http: bool,
}

impl Place {
    pub fn of(text: &str) -> Result<Self, Failure> {
        let is_http = text.starts_with("https://");
        let bad = |why: String| Failure::misuse(why).help("write HOST:PORT or https://HOST:PORT/PATH");
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
        let endpoint = get::endpoint(&url).map_err(|error| bad(error.to_string()))?;
        let uri: Uri = url
            .parse()
            .map_err(|error| bad(format!("\"{text}\" is not HOST:PORT: {error}")))?;
        Ok(Self {
            endpoint,
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            is_http,
        })
    }

    /// The value of Host for `name` on this port.
    pub fn authority(&self, name: &str) -> String {
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
