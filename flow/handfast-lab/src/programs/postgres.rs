//! PostgreSQL, whose TLS begins after a request in the clear and whose verdict on a certificate comes after a
//! startup message.

use std::{fs, os::unix::fs::chown, process::Command};

use super::{Asks, Place, Running, Setup, Speaks};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    let data = format!("postgres-{}", place.port);
    let owner = owner(place)?;
    make_database(place, &data, owner)?;
    let pair = |name: &str| format!("{}/{name}", setup.pair);
    place
        .folder
        .copy(&pair("tls.crt"), &format!("{data}/server.crt"))?;
    place
        .folder
        .copy(&pair("tls.key"), &format!("{data}/server.key"))?;
    place
        .folder
        .copy(&setup.client_ca, &format!("{data}/client-ca.crt"))?;
    place.folder.mode(&format!("{data}/server.key"), 0o600)?;
    let mut lines = vec![
        "listen_addresses = '127.0.0.1'".to_owned(),
        format!("port = {}", place.port),
        "unix_socket_directories = ''".into(),
        "fsync = off".into(),
        "ssl = on".into(),
        "ssl_cert_file = 'server.crt'".into(),
        "ssl_key_file = 'server.key'".into(),
        "ssl_ca_file = 'client-ca.crt'".into(),
    ];
    match setup.speaks {
        Speaks::Both => {}
        Speaks::Only12 => lines.push("ssl_max_protocol_version = 'TLSv1.2'".into()),
        Speaks::Only13 => lines.push("ssl_min_protocol_version = 'TLSv1.3'".into()),
    }
    if let Some(crl) = &setup.crl {
        place.folder.copy(crl, &format!("{data}/client.crl"))?;
        lines.push("ssl_crl_file = 'client.crl'".into());
    }
    place
        .folder
        .write(&format!("{data}/postgresql.conf"), lines.join("\n") + "\n")?;
    let method = match setup.asks {
        Asks::Never => "trust",
        Asks::Optionally | Asks::AndTakesAnything => "trust clientcert=verify-ca",
        // The common name has to be the user's.
        Asks::AndRequires => "cert",
    };
    let method = if setup.inside.is_empty() {
        method
    } else {
        setup.inside.trim()
    };
    place.folder.write(
        &format!("{data}/pg_hba.conf"),
        format!("hostssl all all 127.0.0.1/32 {method}\n"),
    )?;
    give(place, &data, owner)?;
    let mut command = as_owner(&place.path, owner);
    command.args(["-D", &place.file(&data)]);
    place.start_as(command)
}

/// PostgreSQL refuses to run as root; then it runs as the user that its package made.
fn owner(place: &Place<'_>) -> Result<Option<(u32, u32)>, Error> {
    if super::user_id() != Some(0) {
        return Ok(None);
    }
    let ids = place.folder.shell("id -u postgres && id -g postgres")?;
    let mut ids = ids.lines().filter_map(|line| line.trim().parse().ok());
    Ok(ids.next().zip(ids.next()))
}

fn make_database(place: &Place<'_>, data: &str, owner: Option<(u32, u32)>) -> Result<(), Error> {
    place.folder.write(&format!("{data}/.keep"), "")?;
    fs::remove_file(place.file(&format!("{data}/.keep"))).map_err(|source| Error::File {
        what: data.into(),
        source,
    })?;
    place.folder.mode(data, 0o700)?;
    give(place, data, owner)?;
    let mut command = as_owner(&place.path.with_file_name("initdb"), owner);
    command.current_dir(place.folder.path()).args([
        "-D",
        &place.file(data),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-N",
        "--no-instructions",
    ]);
    let line = "initdb".to_owned();
    let ran = crate::held::output(&mut command).map_err(|error| Error::Command {
        line: line.clone(),
        said: error.to_string(),
    })?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        return Err(Error::Command { line, said });
    }
    Ok(())
}

fn as_owner(program: &std::path::Path, owner: Option<(u32, u32)>) -> Command {
    let Some((user, group)) = owner else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command.args([
        format!("--reuid={user}"),
        format!("--regid={group}"),
        "--clear-groups".into(),
        "--".into(),
    ]);
    command.arg(program);
    command
}

fn give(place: &Place<'_>, data: &str, owner: Option<(u32, u32)>) -> Result<(), Error> {
    let Some((user, group)) = owner else {
        return Ok(());
    };
    let folder = place.folder.path().join(data);
    let failed = |source| Error::File {
        what: data.into(),
        source,
    };
    chown(&folder, Some(user), Some(group)).map_err(failed)?;
    for entry in fs::read_dir(&folder).map_err(failed)?.flatten() {
        if entry.path().is_file() {
            chown(entry.path(), Some(user), Some(group)).map_err(failed)?;
        }
    }
    Ok(())
}
