//! The files of the user for a connection; one that cannot be used is a finding, and no connection is made.

use std::path::Path;

use handfast_credentials::load;
use handfast_finding::{Certainty, Finding, Problem, Refuser, shell::shell};
use handfast_pki::{AnchorError, Anchors, Certificate, code};
use handfast_tls::Credentials;
use jiff::Timestamp;

/// Our certificate and key; what is wrong with the pair is a finding and not a misuse.
pub(crate) fn pair(cert: &Path, key: &Path) -> Result<Credentials, Box<Finding>> {
    let of = |path: &Path, problem: &Problem| {
        let because = format!("{}: {}", path.display(), problem.message);
        Box::new(
            Finding::new(problem.code, Refuser::Client, Certainty::Certain, because)
                .help(
                    problem
                        .help
                        .clone()
                        .unwrap_or_else(|| "see what is in the file".to_owned()),
                )
                .command(format!("handfast inspect {}", shell(path.display()))),
        )
    };
    let chain = load::certificates(cert).map_err(|problem| of(cert, &problem))?;
    let private = load::private_key(key).map_err(|problem| of(key, &problem))?;
    load::paired(chain, &private, key).map_err(|problem| {
        let wrong = if problem.code == code::CHAIN_ORDER {
            cert
        } else {
            key
        };
        of(wrong, &problem)
    })
}

/// The CAs of a file.
pub(crate) struct Trusted {
    pub(crate) anchors: Anchors,
    /// All that stand in the file.
    pub(crate) certificates: Vec<Certificate>,
    /// Why none of them is among the anchors, where all have expired by our clock: a finding, and the clock may be wrong.
    pub(crate) outdated: Option<Box<Finding>>,
}

/// The CAs in `path`; a file that holds none is a finding of its own.
pub(crate) fn anchors(path: &Path, now: Timestamp) -> Result<Trusted, Box<Finding>> {
    let unusable = |code, why: String| {
        Box::new(
            Finding::new(
                code,
                Refuser::Client,
                Certainty::Certain,
                format!(
                    "\"{}\" cannot be used as the file of trusted CAs: {why}",
                    path.display()
                ),
            )
            .help("name a PEM file with the root of the server's CA")
            .command(format!("handfast inspect {}", shell(path.display()))),
        )
    };
    let certificates =
        load::certificates(path).map_err(|problem| unusable(code::BAD_TRUST_FILE, problem.message))?;
    let (anchors, outdated) = match Anchors::new(certificates.clone(), now) {
        Ok(anchors) => (anchors, None),
        // The server may tell another time, so it is looked at; it is trusted by nothing, and gets no certificate.
        Err(error @ AnchorError::Expired { .. }) => {
            let mut finding = unusable(code::EXPIRED, error.to_string());
            finding.fault = Some(Refuser::Client);
            finding.help = "get the CA's renewed certificate, and put it into this file".into();
            (Anchors::nobody(), Some(finding))
        }
        Err(error) => return Err(unusable(code::BAD_TRUST_FILE, error.to_string())),
    };
    Ok(Trusted {
        anchors,
        certificates,
        outdated,
    })
}
