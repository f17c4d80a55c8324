//! `gnutls-serv`.

use super::{Asks, Place, Running, Setup, Speaks};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    let mut arguments = vec![
        "--port".to_owned(),
        place.port.to_string(),
        "--http".into(),
        "--x509certfile".into(),
        format!("{}/tls.crt", setup.pair),
        "--x509keyfile".into(),
        format!("{}/tls.key", setup.pair),
    ];
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
    match setup.speaks {
        Speaks::Both => {}
        Speaks::Only12 => add(&["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2"]),
        Speaks::Only13 => add(&["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3"]),
    }
    match setup.asks {
        Asks::Never => add(&["--disable-client-cert"]),
        Asks::Optionally => add(&["--verify-client-cert"]),
        Asks::AndTakesAnything => add(&["--require-client-cert"]),
        Asks::AndRequires => add(&["--require-client-cert", "--verify-client-cert"]),
    }
    if setup.asks != Asks::Never {
        add(&["--x509cafile", &setup.client_ca]);
    }
    if let Some(crl) = &setup.crl {
        add(&["--x509crlfile", crl]);
    }
    add(&setup.more.split_whitespace().collect::<Vec<_>>());
    place.start(&arguments)
}
