//! `handfast doctor HOST:PORT`: one connection of our own, and those that separate the causes.

use std::time::Duration;

use handfast_credentials::load;
use handfast_doctor::{
    Ending, Report, Subject, Talk, Unready, When, examine,
    files::{self, Look, Reader},
    taken_for_a_server,
};
use handfast_pki::Purpose;
use handfast_tls::client::Versions;
use jiff::Timestamp;

use super::{conclude, flags::Flags, known, show::show};
use crate::{
    failure::{Exit, Failure},
    time,
    words::Words,
};

/// The longest time of a whole look, unless every further connection is wanted.
const LIMIT: Duration = Duration::from_secs(5);

pub fn run(flags: &Flags, words: &Words) -> Result<Exit, Failure> {
    let folders = [
        (&flags.client_files, Purpose::Client),
        (&flags.server_files, Purpose::Server),
    ];
    if let Some((paths, purpose)) = folders.into_iter().find(|(paths, _)| !paths.is_empty()) {
        let password = flags.password_file.as_deref().map(load::password).transpose()?;
        let wanted = flags.reader.as_deref();
        let reader = wanted.and_then(|wanted| Reader::ALL.into_iter().find(|(name, _)| *name == wanted));
        let look = Look {
            purpose,
            now: time::now(),
            passwords: password.iter().map(|password| password.to_string()).collect(),
            reader: reader.map(|(_, reader)| reader),
        };
        return Ok(conclude(&files::report(paths, &look)?, words));
    }
    let now = time::now();
    let named = flags.target.clone().unwrap_or_default();
    if let Some(problem) = taken_for_a_server(&named) {
        return Err(problem.into());
    }
    let made = match subject(flags, &named, now) {
        Err(Unready::Misused(problem)) => return Err(problem.into()),
        // A file is the reason, so that no connection has to be made.
        Err(Unready::Unusable(finding)) => Report {
            findings: vec![*finding],
            ..Report::new(named)
        },
        Ok(subject) => time::wait_for(examine(named, &subject, now))?,
    };
    let exit = show(&made, &flags.show, words)?;
    let unreachable = made
        .trace
        .as_ref()
        .is_some_and(|trace| matches!(trace.ending, Ending::Unreachable(_)));
    Ok(if unreachable { Exit::Unreachable } else { exit })
}

/// What is looked at, with all that the flags say beside whom.
fn subject(flags: &Flags, named: &str, now: Timestamp) -> Result<Subject, Unready> {
    let mut subject = flags.whom.given().subject(named, now)?;
    let target = &mut subject.target;
    target.versions = Versions::only(flags.tls.as_deref());
    target.probing.small_hello = flags.no_pq;
    if !flags.alpn.is_empty() {
        target.alpn.clone_from(&flags.alpn);
        // Another protocol was offered, so HTTP/1.1 is not what the server expects.
        if target.starttls.is_none() && !flags.alpn.iter().any(|name| name == "http/1.1") {
            subject.talk = Talk::Listen;
        }
    }
    subject.when = match flags.probe.as_str() {
        _ if flags.no_probe => When::Never,
        "always" => When::Always,
        "never" => When::Never,
        _ => When::Auto,
    };
    if subject.when != When::Always {
        subject.limit = Some(LIMIT);
    }
    subject.context = known::context(flags, subject.context)?;
    Ok(subject)
}
