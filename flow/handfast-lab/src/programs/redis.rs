//! Redis, RESP behind TLS or in the clear.

use super::{Asks, Place, Running, Setup, Speaks};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    let asks = match setup.asks {
        Asks::Never => "no",
        Asks::Optionally => "optional",
        Asks::AndTakesAnything | Asks::AndRequires => "yes",
    };
    let mut words = vec![
        "--port".to_owned(),
        "0".into(),
        "--tls-port".into(),
        place.port.to_string(),
        "--tls-cert-file".into(),
        place.file(&format!("{}/tls.crt", setup.pair)),
        "--tls-key-file".into(),
        place.file(&format!("{}/tls.key", setup.pair)),
        "--tls-ca-cert-file".into(),
        place.file(&setup.client_ca),
        "--tls-auth-clients".into(),
        asks.into(),
    ];
    match setup.speaks {
        Speaks::Both => {}
        Speaks::Only12 => words.extend(["--tls-protocols".into(), "TLSv1.2".into()]),
        Speaks::Only13 => words.extend(["--tls-protocols".into(), "TLSv1.3".into()]),
    }
    words.extend(setup.more.split_whitespace().map(str::to_owned));
    start(place, words)
}

/// Without TLS.
pub(super) fn plain(place: &Place<'_>) -> Result<Running, Error> {
    start(place, vec!["--port".into(), place.port.to_string()])
}

fn start(place: &Place<'_>, mut words: Vec<String>) -> Result<Running, Error> {
    words.extend(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"].map(str::to_owned));
    place.start(&words)
}
