//! What `openssl s_client` says of a visit that it carried for us, with a key that our own library does not hold.

use std::path::Path;

use handfast_credentials::load;
use handfast_finding::{Certainty, Problem};
use handfast_messages::causes;
use handfast_pki::{Code, code};

use crate::stage::last_words;

/// Why `said` refuses the client of `certificate`: what stands in the certificate explains an alert that says nothing.
/// Without a word there is no reason yet.
pub(crate) fn reason(said: &str, certificate: &Path) -> Result<Option<Code>, Problem> {
    let causes = causes(said);
    let Some(first) = causes.first() else {
        return Ok(None);
    };
    let chain = load::certificates(certificate)?;
    let weak = chain
        .first()
        .and_then(|leaf| leaf.public_key().must_be_strong().err());
    Ok(Some(match weak {
        Some(error) if first.certainty != Certainty::Certain || first.code == code::VAGUE_ALERT => {
            error.code()
        }
        _ => first.code,
    }))
}

/// The line with the alert in what `s_client` printed.
pub(crate) fn alert_of(said: &str) -> String {
    let is_told = |line: &&str| line.contains(":error:") || line.starts_with("HTTP/1");
    match said.lines().find(is_told) {
        Some(line) => last_words(&without_addresses(line)),
        None => last_words(said),
    }
}

/// A line of OpenSSL's error queue without what changes with each run and version: thread, number, file and line.
fn without_addresses(line: &str) -> String {
    let Some((_, error)) = line.split_once(":error:") else {
        return line.to_owned();
    };
    let parts: Vec<&str> = error.split(':').collect();
    match parts.as_slice() {
        [_, library, _, reason, _, _, rest @ ..] => {
            let rest = rest.iter().map(|part| part.trim()).find(|part| !part.is_empty());
            let rest = rest.map(|part| format!(" ({part})")).unwrap_or_default();
            format!("{library}: {reason}{rest}")
        }
        _ => error.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_openssl_is_told_without_what_changes_with_each_run() {
        let line = "80AB6C4A537F0000:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:\
                    ../ssl/record/rec_layer_s3.c:1605:SSL alert number 42";
        assert_eq!(
            alert_of(line),
            "SSL routines: sslv3 alert bad certificate (SSL alert number 42)"
        );
    }
}
