//! Python's own `http.server` behind its `ssl`.

use super::{Asks, Place, Running, Setup, Speaks};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    place
        .folder
        .write("python-server.py", include_str!("python-server.py"))?;
    let asks = match setup.asks {
        Asks::Never => "none",
        Asks::Optionally => "optional",
        // Python cannot: CERT_OPTIONAL verifies what is sent.
        Asks::AndTakesAnything | Asks::AndRequires => "required",
    };
    let versions = match setup.speaks {
        Speaks::Both => "both",
        Speaks::Only12 => "1.2",
        Speaks::Only13 => "1.3",
    };
    let arguments = [
        "python-server.py",
        &place.port.to_string(),
        &setup.pair,
        &setup.client_ca,
        asks,
        versions,
        setup.crl.as_deref().unwrap_or(""),
    ];
    place.start(&arguments)
}
