//! `handfast needs-renewal`: whether it is time, for scripts and timers.

use std::path::{Path, PathBuf};

use handfast_finding::{shell::shell, when::when};
use handfast_pki::{Certificate, Purpose};
use handfast_report::{json, schema::Schema};
use handfast_values::Before;
use jiff::Timestamp;
use serde_json::json;

use crate::{
    commands::{again::free, ca::show::from_file},
    failure::{Exit, Failure},
    words::Words,
};

/// Say whether a certificate is to be renewed: exit code 0 yes, 1 not yet, 2 there is no such file, 255 cannot tell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example, for a timer:\n  handfast needs-renewal server/tls.crt && handfast renew --cert server/tls.crt"
)]
pub struct Args {
    /// The certificate, or the chain that begins with it
    #[arg(value_name = "CERT")]
    certificate: PathBuf,
    /// How long before its expiry it is time: a part of its lifetime, such as 33%, or a time, such as 14d
    #[arg(long, value_name = "PART|TIME", default_value = "33%")]
    before: Before,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let is_there = args.certificate.exists();
    let certificate = from_file(&args.certificate).map_err(|failure| Failure {
        exit: if is_there { Exit::CannotTell } else { Exit::Misuse },
        ..failure
    })?;
    let due = args.before.due(certificate.not_before(), certificate.not_after());
    let is_due = now >= due;
    let file = shell(args.certificate.display());
    let has_expired = now > certificate.not_after();
    let next = if has_expired {
        anew(&certificate, &args.certificate)
    } else if is_due {
        format!("handfast renew --cert {file}")
    } else {
        format!("handfast inspect {file}")
    };
    words.json(
        Schema::NeedsRenewal,
        json!({
            "certificate": json::certificate(&certificate),
            "due_at": due,
            "due": is_due,
            "next": next,
        }),
    );
    let word = if is_due { "due" } else { "not due" };
    words.data(format_args!(
        "{word}: to be renewed from {}, expires {}",
        when(due, now),
        when(certificate.not_after(), now)
    ));
    if has_expired {
        words.talk("it has expired: handfast renew takes it only where its profile has renew-after-expiry in ca.toml");
    }
    words.next(next);
    Ok(if is_due { Exit::Yes } else { Exit::No })
}

/// A command that asks for a new certificate with the names of `old`, in its place where that is what `issue` writes.
fn anew(old: &Certificate, file: &Path) -> String {
    let profile = match (old.is_for(Purpose::Server), old.is_for(Purpose::Client)) {
        (true, true) => "peer",
        (true, false) => "server",
        (false, _) => "client",
    };
    let identity = old.identity();
    let ips = identity.ips.iter().map(|ip| ("ip", ip.to_string()));
    let texts = |flag, texts: &[String]| -> Vec<(&str, String)> {
        texts.iter().map(|text| (flag, text.clone())).collect()
    };
    let names: String = [
        texts("dns", &identity.dns),
        ips.collect(),
        texts("uri", &identity.uris),
        texts("email", &identity.emails),
    ]
    .concat()
    .iter()
    .map(|(flag, name)| format!(" --{flag} {}", shell(name)))
    .collect();
    let folder = file.parent().filter(|_| file.ends_with("tls.crt"));
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        _ if names.is_empty() => format!("handfast inspect {}", shell(file.display())),
        Some(folder) => format!(
            "handfast issue {profile}{names} --out {} --force",
            shell(folder.display())
        ),
        None => format!("handfast issue {profile}{names} --out {}", free("renewed", "")),
    }
}
