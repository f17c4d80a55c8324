//! Python's own `http.server` behind its `ssl`.

use super::{Asks, Place, Running, Setup};
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
    let arguments = [
        "python-server.py",
        &place.port.to_string(),
        &setup.pair,
        &setup.client_ca,
        asks,
        setup.speaks.word(),
        setup.crl.as_deref().unwrap_or(""),
    ];
    place.start(&arguments)
}
