//! Servers that a text with holes describes, and a line of `sh` starts: those that have one case or two.

use super::{Asks, Place, Program, Running, Setup};
use crate::Error;

/// A configuration and the line that runs the server with it. The holes are those of [`fill`].
struct Script {
    files: &'static [(&'static str, &'static str)],
    start: &'static str,
    /// What the hole `@INSIDE@` holds where the case says nothing.
    inside: &'static str,
}

fn script(program: Program) -> Option<Script> {
    let (files, start, inside): (&[_], _, _) = match program {
        Program::Lighttpd => (
            &[
                ("lighttpd-@PORT@.conf", include_str!("texts/lighttpd.conf")),
                ("htdocs/index.html", "hello\n"),
            ],
            "exec lighttpd -D -f lighttpd-@PORT@.conf",
            "openssl",
        ),
        Program::Stunnel => (
            &[("stunnel-@PORT@.conf", include_str!("texts/stunnel.conf"))],
            "exec stunnel stunnel-@PORT@.conf",
            "",
        ),
        Program::Traefik => (
            &[
                ("traefik-@PORT@.yaml", include_str!("texts/traefik.yaml")),
                (
                    "traefik-@PORT@-sites.yaml",
                    include_str!("texts/traefik-sites.yaml"),
                ),
            ],
            "exec traefik --configfile=traefik-@PORT@.yaml",
            "",
        ),
        Program::Dovecot => (
            &[("dovecot-@PORT@.conf", include_str!("texts/dovecot.conf"))],
            "exec dovecot -F -c dovecot-@PORT@.conf",
            "0",
        ),
        Program::Rabbitmq => (
            &[
                ("rabbitmq-@PORT@.conf", include_str!("texts/rabbitmq.conf")),
                ("rabbitmq-@PORT@.sh", include_str!("texts/rabbitmq.sh")),
            ],
            "exec sh rabbitmq-@PORT@.sh",
            "",
        ),
        Program::Mariadb => (
            &[("mariadb-@PORT@.sh", include_str!("texts/mariadb.sh"))],
            "exec sh mariadb-@PORT@.sh",
            "",
        ),
        Program::Etcd => (
            &[("etcd-@PORT@.sh", include_str!("texts/etcd.sh"))],
            "exec sh etcd-@PORT@.sh",
            "",
        ),
        _ => return None,
    };
    Some(Script { files, start, inside })
}

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    let Some(script) = script(place.program) else {
        return Err(Error::Missing {
            name: place.program.command(),
            package: "no server",
        });
    };
    let (spare, other) = (crate::free_port()?, crate::free_port()?);
    let fill = |text: &str| fill(text, place, setup, script.inside, [spare, other]);
    for (name, text) in script.files {
        place.folder.write(&fill(name), fill(text))?;
    }
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &fill(script.start)]);
    let running = place.start_as(command)?;
    if place.program == Program::Traefik {
        // It listens before it has read what it serves, and speaks plain HTTP meanwhile.
        place.folder.shell(&fill(
            "timeout 20 sh -c 'until openssl s_client -connect 127.0.0.1:@PORT@ -servername localhost </dev/null 2>&1 | grep -q \
             proxy.lab.example; do sleep 0.1; done'",
        ))?;
    }
    Ok(running)
}

fn fill(text: &str, place: &Place<'_>, setup: &Setup, inside: &str, ports: [u16; 2]) -> String {
    let inside = if setup.inside.is_empty() {
        inside
    } else {
        setup.inside.trim()
    };
    // MariaDB alone can do without.
    let more = match (place.program, setup.asks) {
        (Program::Mariadb, Asks::Never) => setup.more.clone(),
        (Program::Mariadb, _) => format!(
            "--ssl-cert=\"$PWD/{0}/tls.crt\" --ssl-key=\"$PWD/{0}/tls.key\" --ssl-ca=\"$PWD/{1}\" {2}",
            setup.pair, setup.client_ca, setup.more
        ),
        _ => setup.more.clone(),
    };
    [
        ("@INSIDE@", inside),
        ("@MORE@", more.trim_end()),
        ("@PORT@", &place.port.to_string()),
        ("@SPARE@", &ports[0].to_string()),
        ("@OTHER@", &ports[1].to_string()),
        ("@FOLDER@", &place.folder.path().display().to_string()),
        ("@PAIR@", &setup.pair),
        ("@CA@", &setup.client_ca),
    ]
    .iter()
    .fold(text.to_owned(), |text, (hole, value)| text.replace(hole, value))
}
