//! Node's `https`.

use super::{Asks, Place, Running, Setup};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    place
        .folder
        .write("node-server.js", include_str!("node-server.js"))?;
    let asks = match setup.asks {
        Asks::Never => "never",
        // Node takes whatever is sent unless it is told to reject.
        Asks::Optionally | Asks::AndTakesAnything => "unverified",
        Asks::AndRequires => "required",
    };
    let arguments = [
        "node-server.js",
        &place.port.to_string(),
        &setup.pair,
        &setup.client_ca,
        asks,
        setup.speaks.word(),
        setup.crl.as_deref().unwrap_or(""),
    ];
    place.start(&arguments)
}
