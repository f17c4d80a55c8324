//! Mosquitto, MQTT.

use super::{Asks, Place, Running, Setup, Speaks};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    let port = place.port;
    let mut lines = vec![
        format!("listener {port} 127.0.0.1"),
        "allow_anonymous true".into(),
        "log_dest stderr".into(),
        format!("certfile {}", place.file(&format!("{}/tls.crt", setup.pair))),
        format!("keyfile {}", place.file(&format!("{}/tls.key", setup.pair))),
        format!("cafile {}", place.file(&setup.client_ca)),
        format!(
            "require_certificate {}",
            matches!(setup.asks, Asks::AndRequires | Asks::AndTakesAnything)
        ),
    ];
    match setup.speaks {
        Speaks::Both => {}
        Speaks::Only12 => lines.push("tls_version tlsv1.2".into()),
        Speaks::Only13 => lines.push("tls_version tlsv1.3".into()),
    }
    lines.extend(
        setup
            .crl
            .as_ref()
            .map(|crl| format!("crlfile {}", place.file(crl))),
    );
    // Started by root it becomes another user, who has to read the keys.
    if is_root() {
        lines.push("user root".into());
    }
    lines.extend(setup.more.lines().map(str::to_owned));
    let name = format!("mosquitto-{port}.conf");
    place.folder.write(&name, lines.join("\n") + "\n")?;
    place.start(&["-c", &name])
}

fn is_root() -> bool {
    super::user_id() == Some(0)
}
