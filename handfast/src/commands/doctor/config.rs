//! `handfast doctor config`: the holes in the configuration of another server.

use std::{
    fs, io,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use handfast_doctor::config::{Files, Kind, Trouble, Wanted, look};
use handfast_pki::pem;
use handfast_report::{findings, json};
use jiff::Timestamp;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Find the holes in a configuration of nginx, Apache, HAProxy, Envoy or Caddy
///
/// Reads the file, what it includes, and the certificates and lists that it names, and names every place where a
/// client gets in, or is kept out, against what was meant. Nothing is started or changed.
#[derive(Debug, clap::Args)]
pub struct Config {
    /// nginx.conf, httpd.conf, haproxy.cfg, envoy.yaml or Caddyfile, or a part of one
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Whose configuration it is, where that cannot be told from it
    #[arg(long, value_name = "KIND", value_parser = Kind::ALL.map(|(name, _)| name))]
    pub kind: Option<String>,
    /// The folder that relative paths start from; without it, that of FILE
    #[arg(long, value_name = "DIR")]
    pub prefix: Option<PathBuf>,
}

pub fn run(args: &Config, words: &Words) -> Result<Exit, Failure> {
    let wanted = Wanted {
        kind: args
            .kind
            .as_deref()
            .and_then(|wanted| Kind::ALL.into_iter().find(|(name, _)| *name == wanted))
            .map(|(_, kind)| kind),
        folder: args.prefix.clone(),
    };
    let disk = Disk {
        asked_for: args.file.clone(),
    };
    let made = look(&args.file, &wanted, &disk, Timestamp::now()).map_err(|trouble| refused(&trouble))?;
    words.json(&json::report(&made));
    for (name, value) in &made.notes {
        words.data(format_args!("{name}: {value}"));
    }
    words.data(findings::list(&made.findings).trim_end());
    Ok(if made.findings.is_empty() {
        Exit::Yes
    } else {
        Exit::No
    })
}

fn refused(trouble: &Trouble) -> Failure {
    let failure = Failure::new(Exit::Misuse, trouble.code(), trouble);
    match trouble.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The files of this machine.
pub struct Disk {
    /// May be a pipe, as the user named it himself.
    pub asked_for: PathBuf,
}

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = fs::File::open(path)?;
        let kind = file.metadata()?;
        if kind.is_dir() || !kind.is_file() && path != self.asked_for {
            return Err(io::Error::other("it is no plain file"));
        }
        let mut bytes = Vec::new();
        // One byte more than the largest input, so that a larger one is refused and not cut.
        file.take(pem::LARGEST as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        })?;
        entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        fs::metadata(path)
            .ok()
            .map(|data| data.permissions().mode() & 0o7777)
    }
}
