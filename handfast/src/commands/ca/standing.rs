//! How the CAs of an authority stand, as text and as JSON.

use handfast_ca::{Authority, KeptCa, Need, Standing};
use handfast_finding::when::when;
use handfast_pki::{Certificate, text::counted};
use handfast_report::style::GOOD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{failure::Failure, words::Words};

/// One line for each CA.
pub(super) fn tell(standing: &[Standing], now: Timestamp, words: &Words) {
    words.data(format_args!(
        "{GOOD}{:<16} {:<8} {:<8} {:<28} needed by{GOOD:#}",
        "name", "role", "state", "until"
    ));
    for one in standing {
        let until = one.certificate.as_ref().map_or_else(
            || "asked for elsewhere".to_owned(),
            |own| when(own.not_after(), now).to_string(),
        );
        words.data(format_args!(
            "{:<16} {:<8} {:<8} {until:<28} {}",
            one.ca.name,
            one.ca.role.name(),
            one.state(),
            needed(one.needed, now)
        ));
    }
}

/// Who needs it, in words.
pub(super) fn needed(need: Need, now: Timestamp) -> String {
    match need.until {
        None => "no valid certificate".into(),
        Some(until) => format!(
            "{}, the last until {}",
            counted(need.count, "valid certificate"),
            when(until, now)
        ),
    }
}

/// All CAs as JSON.
pub(super) fn described(standing: &[Standing]) -> Value {
    standing.iter().map(one).collect()
}

fn one(standing: &Standing) -> Value {
    let (ca, own) = (&standing.ca, standing.certificate.as_ref());
    json!({
        "name": ca.name,
        "role": ca.role.name(),
        "state": standing.state(),
        "subject": own.map(Certificate::called),
        "not_after": own.map(Certificate::not_after),
        "certificate": ca.certificate,
        "key": ca.key,
        "profiles": ca.profiles,
        "names": ca.bounds.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "needed": standing.needed.count,
        "needed_until": standing.needed.until,
    })
}

/// The same of the CAs as they are now, after a change.
pub(super) fn after(dir: &std::path::Path, now: Timestamp) -> Result<Vec<Standing>, Failure> {
    Ok(Authority::open_to_revoke(dir)?.standing_of_cas(now)?)
}

/// The files of a CA.
pub(super) fn files(ca: &KeptCa) -> String {
    format!("{} and {}", ca.certificate, ca.key)
}
