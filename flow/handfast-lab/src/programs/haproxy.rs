//! HAProxy.

use super::{Asks, Place, Running, Setup, Speaks};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    let port = place.port;
    // It wants certificate and key in one file.
    let pair = format!("haproxy-{port}.pem");
    place.folder.join(
        &pair,
        &[
            &format!("{}/tls.crt", setup.pair),
            &format!("{}/tls.key", setup.pair),
        ],
    )?;
    let mut bind = format!("bind 127.0.0.1:{port} ssl crt {}", place.file(&pair));
    match setup.speaks {
        Speaks::Both => {}
        Speaks::Only12 => bind.push_str(" ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2"),
        Speaks::Only13 => bind.push_str(" ssl-min-ver TLSv1.3"),
    }
    if setup.asks != Asks::Never {
        bind.push_str(&format!(" ca-file {}", place.file(&setup.client_ca)));
        bind.push_str(match setup.asks {
            Asks::Optionally => " verify optional",
            Asks::AndTakesAnything => " verify optional crt-ignore-err all ca-ignore-err all",
            _ => " verify required",
        });
    }
    if let Some(crl) = &setup.crl {
        bind.push_str(&format!(" crl-file {}", place.file(crl)));
    }
    bind.push_str(&setup.more);
    let configuration = format!(
        "global\n    log stderr local0 info\ndefaults\n    mode http\n    log global\n    timeout client 10s\n    \
         timeout connect 5s\n    timeout server 10s\nfrontend lab\n    {bind}\n{inside}    http-request return status 200 \
         content-type text/plain string \"hello\\n\"\n",
        inside = setup.inside,
    );
    start(place, &configuration)
}

/// With this configuration.
pub(super) fn start(place: &Place<'_>, configuration: &str) -> Result<Running, Error> {
    let name = format!("haproxy-{}.cfg", place.port);
    place.folder.write(&name, configuration)?;
    place.start(&["-db", "-f", &name])
}
