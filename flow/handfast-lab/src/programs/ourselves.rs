//! Handfast's own proxy, in front of Python's HTTP server or of nobody.

use super::{Place, Program, Running, Setup};
use crate::{Error, Folder};

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    let allow = if setup.inside.is_empty() {
        "dns:*.lab.example"
    } else {
        setup.inside.trim()
    };
    let mut arguments = vec![
        "proxy".to_owned(),
        "--listen".into(),
        format!("127.0.0.1:{}", place.port),
        "--workers".into(),
        "1".into(),
        "--cert".into(),
        format!("{}/tls.crt", setup.pair),
        "--key".into(),
        format!("{}/tls.key", setup.pair),
        "--client-ca".into(),
        setup.client_ca.clone(),
        "--allow".into(),
        allow.into(),
    ];
    if !setup.more.contains("--to ") {
        // Nobody listens behind it: who comes in is answered 502.
        arguments.extend(["--to".into(), format!("http://127.0.0.1:{}", crate::free_port()?)]);
    }
    arguments.extend(setup.more.split_whitespace().map(str::to_owned));
    place.start(&arguments)
}

/// The proxy with a configuration for its port.
pub(crate) fn with(folder: &Folder, configuration: impl Fn(u16) -> String) -> Result<Running, Error> {
    let place = Place {
        program: Program::Ourselves,
        path: Program::Ourselves.find()?,
        folder,
        port: crate::free_port()?,
        clock: None,
    };
    folder.write("handfast.toml", configuration(place.port))?;
    place.start(&["proxy", "--config", "handfast.toml"])
}
