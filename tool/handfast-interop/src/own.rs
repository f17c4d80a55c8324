//! The user's own files, judged as the doctor judges them, before anything is written.

use std::path::Path;

use handfast_credentials::load;
use handfast_doctor::files::{File, Holdings, Look, judge, read};
use handfast_finding::{Certainty, Finding, Problem, Refuser, shell::shell};
use handfast_pki::{Certificate, Code, Identity, Purpose, code};
use handfast_setup::Role;
use jiff::Timestamp;

/// Findings that keep nothing from working.
const HARMLESS: [Code; 1] = [code::LONG_LIVED];

/// Our own chain; refused with the doctor's finding where it cannot work.
pub(crate) fn pair(
    cert: &Path,
    key: &Path,
    role: Role,
    now: Timestamp,
) -> Result<(Vec<Certificate>, Vec<Finding>), Problem> {
    // The doctor would say so as well, and not how such a file is made.
    if !cert.exists() {
        load::certificates(cert)?;
    }
    if !key.exists() {
        load::private_key(key)?;
    }
    let look = Look {
        purpose: match role {
            Role::Server => Purpose::Server,
            Role::Client => Purpose::Client,
        },
        now,
        passwords: Vec::new(),
        reader: None,
    };
    let holdings = read(&[File::at(cert), File::at(key)], &look);
    let (harmless, wrong): (Vec<_>, Vec<_>) = judge(&holdings, &look)
        .into_iter()
        .partition(|finding| HARMLESS.contains(&finding.code) || finding.certainty == Certainty::Guess);
    if let Some(first) = wrong.first() {
        return Err(refused(first, &wrong));
    }
    let chain = own_chain(&holdings, cert)?;
    let leaf = chain.first();
    if leaf.is_some_and(|leaf| leaf.version() < 3) {
        let finding = Finding::new(
            code::VERSION_1,
            Refuser::Client,
            Certainty::Certain,
            format!("{} is of version 1 and has no extensions", cert.display()),
        )
        .help("have it issued again with extensions: handfast issue");
        return Err(refused(&finding, &[]));
    }
    if role == Role::Server && leaf.is_some_and(|leaf| !names_a_host(&leaf.identity())) {
        let finding = Finding::new(
            code::NO_NAMES,
            Refuser::Client,
            Certainty::Certain,
            format!("{} names no host, and clients look there alone", cert.display()),
        )
        .help("have it issued again with the names of the server: handfast issue server --dns NAME");
        return Err(refused(&finding, &[]));
    }
    Ok((chain, harmless))
}

fn names_a_host(identity: &Identity) -> bool {
    !identity.dns.is_empty() || !identity.ips.is_empty()
}

fn own_chain(holdings: &Holdings, cert: &Path) -> Result<Vec<Certificate>, Problem> {
    holdings.own().map(|own| own.chain).ok_or_else(|| {
        Problem::new(
            code::WRONG_FORMAT,
            format!("\"{}\" holds no certificate", cert.display()),
        )
        .help("see what is in it")
        .command(format!("handfast inspect {}", shell(cert.display())))
    })
}

/// Nothing is written, for this.
pub(crate) fn refused(first: &Finding, all: &[Finding]) -> Problem {
    let mut problem = Problem::from(first);
    for more in all.iter().skip(1) {
        problem = problem.detail(format!("{}: {}", more.code, more.because));
    }
    problem.detail("nothing was written")
}

/// A revocation list that has ended would keep everybody out.
pub(crate) fn list(path: &Path, now: Timestamp) -> Result<(), Problem> {
    let lists = load::revocation_lists(path)?;
    match lists
        .iter()
        .find(|list| list.next_update.is_some_and(|next| next < now))
    {
        Some(list) => Err(Problem::new(
            code::CRL_UNUSABLE,
            format!(
                "\"{}\": the CRL of \"{}\" has expired, and would reject every client",
                path.display(),
                list.issuer_shown()
            ),
        )
        .detail("nothing was written")
        .help("fetch the present list of the CA")),
        None => Ok(()),
    }
}
