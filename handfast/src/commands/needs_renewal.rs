//! `handfast needs-renewal`: whether it is time, for scripts and timers.

use std::{path::PathBuf, str::FromStr};

use handfast_finding::{shell::shell, when::when};
use handfast_pki::Certificate;
use handfast_report::{json, schema::Schema};
use handfast_values::duration;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    commands::ca::show::from_file,
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

/// How long before its expiry a certificate is renewed.
#[derive(Debug, Clone, Copy)]
enum Before {
    /// Hundredths of its whole lifetime.
    Percent(u8),
    Time(SignedDuration),
}

impl FromStr for Before {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_suffix('%') {
            None => duration(text)
                .map(Self::Time)
                .map_err(|error| format!("{error}; {}", error.hint)),
            Some(number) => match number.parse() {
                Ok(percent @ 1..=99) => Ok(Self::Percent(percent)),
                _ => Err("write a part of the lifetime from 1% to 99%".into()),
            },
        }
    }
}

impl Before {
    /// From when on `certificate` is to be renewed.
    fn due(self, certificate: &Certificate) -> Timestamp {
        let (begin, end) = (certificate.not_before(), certificate.not_after());
        let before = match self {
            Self::Percent(percent) => end.duration_since(begin) / 100 * i32::from(percent),
            Self::Time(time) => time,
        };
        end.checked_sub(before).unwrap_or(Timestamp::MIN)
    }
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let is_there = args.certificate.exists();
    let certificate = from_file(&args.certificate).map_err(|failure| Failure {
        exit: if is_there { Exit::CannotTell } else { Exit::Misuse },
        ..failure
    })?;
    let due = args.before.due(&certificate);
    let is_due = now >= due;
    let file = shell(args.certificate.display());
    let next = if is_due {
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
    words.next(next);
    Ok(if is_due { Exit::Yes } else { Exit::No })
}
