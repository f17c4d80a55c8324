//! `handfast doctor HOST:PORT`: one connection of our own, and those that separate the causes.

use std::time::Duration;

use handfast_doctor::{Ending, Report, Subject, Talk, When, examine, files::Reader};
use handfast_pki::Purpose;
use handfast_tls::client::Versions;
use jiff::Timestamp;

use super::{
    client_files::{self, Wanted},
    file,
    flags::Flags,
    known,
    show::show,
    whom::Unready,
};
use crate::{
    failure::{Exit, Failure},
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
        let reader = flags
            .reader
            .as_deref()
            .and_then(|wanted| Reader::ALL.into_iter().find(|(name, _)| *name == wanted));
        let wanted = Wanted {
            paths,
            purpose,
            password_file: flags.password_file.as_ref(),
            reader: reader.map(|(_, reader)| reader),
        };
        return client_files::run(&wanted, words);
    }
    // Whole seconds, as certificates have them.
    let now = Timestamp::from_second(Timestamp::now().as_second()).map_err(Failure::bug)?;
    let named = flags.target.clone().unwrap_or_default();
    if let Some(failure) = file::taken_for_a_server(&named) {
        return Err(failure);
    }
    let made = match subject(flags, &named, now) {
        Err(Unready::Misused(failure)) => return Err(failure),
        // A file is the reason, so that no connection has to be made.
        Err(Unready::Unusable(finding)) => Report {
            findings: vec![*finding],
            ..Report::new(named)
        },
        Ok(subject) => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(Failure::bug)?;
            let made = runtime.block_on(examine(named, &subject, now));
            // A look-up of a name may still be waiting, and nobody waits for it.
            runtime.shutdown_background();
            made
        }
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
    let mut subject = flags.whom.subject(named, now)?;
    let target = &mut subject.target;
    target.versions = match flags.tls.as_deref() {
        Some("1.2") => Versions::OnlyTls12,
        Some(_) => Versions::OnlyTls13,
        None => Versions::Both,
    };
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
