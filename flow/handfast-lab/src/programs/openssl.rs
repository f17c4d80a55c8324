//! `openssl s_server`.

use super::{Asks, Place, Running, Setup, Speaks};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    let mut arguments = vec![
        "s_server".to_owned(),
        "-accept".into(),
        format!("127.0.0.1:{}", place.port),
        "-cert".into(),
        format!("{}/tls.crt", setup.pair),
        "-cert_chain".into(),
        format!("{}/tls.crt", setup.pair),
        "-key".into(),
        format!("{}/tls.key", setup.pair),
        "-www".into(),
    ];
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
    match setup.speaks {
        Speaks::Both => {}
        Speaks::Only12 => add(&["-tls1_2"]),
        Speaks::Only13 => add(&["-tls1_3"]),
    }
    // It has to be told that a certificate that does not verify ends the connection.
    match setup.asks {
        Asks::Never => {}
        Asks::Optionally => add(&["-verify", "10", "-verify_return_error"]),
        Asks::AndTakesAnything => add(&["-Verify", "10"]),
        Asks::AndRequires => add(&["-Verify", "10", "-verify_return_error"]),
    }
    if setup.asks != Asks::Never {
        add(&["-CAfile", &setup.client_ca]);
    }
    if let Some(depth) = setup.depth {
        add(&["-verify_depth", &depth.to_string()]);
    }
    if let Some(crl) = &setup.crl {
        add(&["-CRL", crl, "-crl_check_all"]);
    }
    add(&setup.more.split_whitespace().collect::<Vec<_>>());
    place.start(&arguments)
}
