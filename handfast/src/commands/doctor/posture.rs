//! `handfast doctor posture`: what a server demands of its clients, graded.

use std::{
    io::{BufRead, IsTerminal},
    path::PathBuf,
};

use handfast_credentials::{
    files::{self, Readers},
    load,
};
use handfast_doctor::{Unready, posture};
use handfast_finding::shell::shell;
use handfast_pki::code;
use handfast_report::{junit, posture as graded, sarif, schema::Schema};

use super::whom::Whom;
use crate::{
    failure::{Exit, Failure},
    time,
    words::Words,
};

/// Grade what a server demands of its clients
///
/// Connects without a certificate, with a throw-away one that it must refuse, with sessions of others, and asks for
/// every version, suite and group. The user's own certificate is sent only to a verified server, and only with
/// --active.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast doctor posture https://api.example.com:8443/orders --other-name www.example.com --junit posture.xml"
)]
pub struct Posture {
    /// HOST:PORT or an https URL
    #[arg(value_name = "TARGET")]
    target: String,
    #[command(flatten)]
    whom: Whom,
    /// Also send spoofed identity headers: does the application trust them?
    #[arg(long)]
    active: bool,
    /// Do not ask before --active
    #[arg(long, requires = "active")]
    yes: bool,
    /// Write the checks for code scanners (SARIF 2.1.0)
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Write the checks as a test report (JUnit)
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub fn run(args: &Posture, words: &Words) -> Result<Exit, Failure> {
    let now = time::now();
    let subject = args.whom.given().subject(&args.target, now);
    let mut subject = subject.map_err(|unready| match unready {
        Unready::Misused(problem) => problem.into(),
        Unready::Unusable(finding) => Failure::of_finding(&finding),
    })?;
    if let Some(finding) = &subject.context.outdated {
        return Err(Failure::of_finding(finding));
    }
    subject.context.may_forge = args.active;
    if args.active && !args.yes {
        agree(args, words)?;
    }
    let system = load::system_anchors(now);
    let made = time::wait_for(posture::look(args.target.clone(), &subject, &system, now))?;
    if let Some(why) = &made.unreachable {
        return Err(Failure::of(
            code::CANNOT_CONNECT,
            format!("{} cannot be reached: {why}", args.target),
        )
        .help("is the server running, and is the port right?"));
    }
    let written = [
        (&args.sarif, sarif::sarif(&made)),
        (&args.junit, junit::junit(&made)),
    ];
    for (path, text) in written {
        if let Some(path) = path {
            words.tell_leftovers(&files::write(path, text.as_bytes(), Readers::Everybody)?);
            words.talk(format_args!("written: {}", shell(path.display())));
        }
    }
    words.json(Schema::Posture, graded::json(&made));
    words.data(graded::graded(&made).trim_end());
    Ok(match made.grade() {
        _ if made.has_holes() => Exit::No,
        None => Exit::Unreachable,
        Some(_) => Exit::Yes,
    })
}

/// Forged headers are an attack where nobody has allowed it, so the user is asked.
fn agree(args: &Posture, words: &Words) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::misuse(
            "--active sends forged identity headers, and there is no terminal to ask on",
        )
        .help("add --yes where the server is yours to attack"));
    }
    words.talk(format_args!(
        "--active sends identity headers of our own making to {}. Is this server yours to attack? [y/N]",
        args.target
    ));
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(Failure::bug)?;
    if ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()) {
        Ok(())
    } else {
        Err(Failure::misuse("nothing was sent").help("leave --active out to look without forged headers"))
    }
}
