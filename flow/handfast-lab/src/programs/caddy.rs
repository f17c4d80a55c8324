//! Caddy, which is Go's crypto/tls.

use super::{Asks, Place, Running, Setup, Speaks};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    let port = place.port;
    let asks = match setup.asks {
        Asks::Never => String::new(),
        Asks::Optionally => client_auth(place, setup, "verify_if_given"),
        // Caddy's word for a certificate that must be there and may be anything.
        Asks::AndTakesAnything => "client_auth {\n            mode require\n        }\n".into(),
        Asks::AndRequires => client_auth(place, setup, "require_and_verify"),
    };
    let protocols = match setup.speaks {
        Speaks::Both => "protocols tls1.2 tls1.3",
        Speaks::Only12 => "protocols tls1.2 tls1.2",
        Speaks::Only13 => "protocols tls1.3 tls1.3",
    };
    let configuration = format!(
        "{{\n    admin off\n    auto_https disable_redirects\n    default_sni localhost\n    log {{\n        level debug\n    }}\n    \
         servers {{\n        protocols h1 h2\n    }}\n}}\nhttps://localhost:{port}, https://127.0.0.1:{port} {{\n    bind 127.0.0.1\n    tls {cert} {key} {{\n        \
         {protocols}\n        {asks}{more}    }}\n{inside}    respond \"hello\n\"\n}}\n",
        cert = place.file(&format!("{}/tls.crt", setup.pair)),
        key = place.file(&format!("{}/tls.key", setup.pair)),
        more = setup.more,
        inside = setup.inside,
    );
    let name = format!("Caddyfile-{port}");
    place.folder.write(&name, configuration)?;
    place.start(&["run", "--config", &name, "--adapter", "caddyfile"])
}

fn client_auth(place: &Place<'_>, setup: &Setup, mode: &str) -> String {
    format!(
        "client_auth {{\n            mode {mode}\n            trust_pool file {}\n        }}\n",
        place.file(&setup.client_ca)
    )
}
