//! `handfast trust`: makes a runtime believe a CA, and takes that back.

mod believed;

mod curlrc;
mod firefox;
mod java;
mod own_file;
mod plan;
mod system;

use std::path::PathBuf;

use clap::{Args as Flags, Subcommand, ValueEnum};
use handfast_credentials::load;
use handfast_pki::Certificate;
use handfast_report::style::GOOD;
use jiff::Timestamp;
use serde_json::json;

pub(in crate::commands) use self::own_file::HEAD;
use self::plan::Plan;
use crate::{
    commands::issue::text,
    failure::{Exit, Failure},
    words::{Words, shell, when},
};

/// Make a system, a language or a browser believe a CA, and take that back
///
/// For curl, python and node a file of CAs is kept under ~/.config/handfast/trust; for system, java and firefox the
/// store of their own is changed with their own tools. Nothing is touched but what is said: --dry-run shows it.
#[derive(Debug, Flags)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make it believe the CAs in a file
    ///
    /// Refused is what is no CA, what has expired, and a file with a private key in it. Doing it twice is doing it
    /// once. system needs root, and so does a trust store of Java that belongs to root.
    #[command(
        after_help = "Examples:\n  handfast trust install --for curl --ca client/ca.crt --dry-run\n  \
        sudo handfast trust install --for system --ca client/ca.crt\n  \
        handfast trust install --for java --ca client/ca.crt --truststore trusted.p12"
    )]
    Install(Wish),
    /// Take away what install put there, and nothing else
    #[command(after_help = "Example:\n  handfast trust remove --for curl --ca client/ca.crt")]
    Remove(Wish),
}

/// Who shall believe whom, and where that is kept.
#[derive(Debug, Flags)]
struct Wish {
    /// Who shall believe
    #[arg(long = "for", value_name = "WHO", value_enum)]
    target: Target,
    /// The CA certificates, PEM or DER
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// Show every file and command, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// system: put the file below DIR, an image for example, and leave the command to it
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// system: where it keeps CAs [default: what is found]
    #[arg(long, value_name = "LAYOUT", value_enum)]
    layout: Option<system::Layout>,
    /// curl, python, node: the folder of our files [default: ~/.config/handfast/trust]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// curl: its configuration [default: the one that curl reads, ~/.curlrc]
    #[arg(long, value_name = "FILE")]
    curlrc: Option<PathBuf>,
    /// java: the trust store, which is made where it is missing [default: the cacerts of the Java that is found]
    #[arg(long, value_name = "FILE")]
    truststore: Option<PathBuf>,
    /// firefox: the profile, or another folder with an NSS database such as ~/.pki/nssdb of Chromium [default: every profile found]
    #[arg(long, value_name = "DIR")]
    profile: Option<PathBuf>,
    /// java, firefox: the password of the store, the first line of FILE [default: changeit for java, none for firefox]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    System,
    Curl,
    Python,
    Node,
    Java,
    Firefox,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Curl => "curl",
            Self::Python => "python",
            Self::Node => "node",
            Self::Java => "java",
            Self::Firefox => "firefox",
        }
    }
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Install,
    Remove,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let (wish, way) = match &args.action {
        Action::Install(wish) => (wish, Way::Install),
        Action::Remove(wish) => (wish, Way::Remove),
    };
    wish.must_fit()?;
    let cas = match way {
        Way::Install => believed::read(&wish.ca, now)?,
        // What has expired since has to be taken away all the same.
        Way::Remove => load::certificates(&wish.ca)?,
    };
    let plan = match wish.target {
        Target::System => system::plan(wish, way, &cas)?,
        Target::Curl | Target::Python | Target::Node => own_file::plan(wish, way, &cas)?,
        Target::Java => java::plan(wish, way, &cas)?,
        Target::Firefox => firefox::plan(wish, way, &cas)?,
    };
    if !wish.dry_run {
        plan.perform()
            .map_err(|failure| plan.with_hint(failure, &wish.again(way)))?;
    }
    tell(wish, way, &cas, &plan, now, words);
    Ok(Exit::Yes)
}

impl Wish {
    /// A flag of another target is a mistake, and an ignored one would hide it.
    fn must_fit(&self) -> Result<(), Failure> {
        use Target::{Curl, Firefox, Java, Node, Python, System};
        let flags: [(&str, bool, &[Target]); 7] = [
            ("--root", self.root.is_some(), &[System]),
            ("--layout", self.layout.is_some(), &[System]),
            ("--dir", self.dir.is_some(), &[Curl, Python, Node]),
            ("--curlrc", self.curlrc.is_some(), &[Curl]),
            ("--truststore", self.truststore.is_some(), &[Java]),
            ("--profile", self.profile.is_some(), &[Firefox]),
            ("--password-file", self.password_file.is_some(), &[Java, Firefox]),
        ];
        match flags
            .iter()
            .find(|(_, given, targets)| *given && !targets.contains(&self.target))
        {
            Some((flag, _, targets)) => {
                let targets: Vec<_> = targets.iter().map(|target| target.name()).collect();
                Err(Failure::misuse(format!(
                    "{flag} is for {}, not for {}",
                    targets.join(", "),
                    self.target.name()
                )))
            }
            None => Ok(()),
        }
    }

    /// This command line, the other way.
    fn again(&self, way: Way) -> String {
        let verb = match way {
            Way::Install => "install",
            Way::Remove => "remove",
        };
        let mut line = format!(
            "handfast trust {verb} --for {} --ca {}",
            self.target.name(),
            shell(self.ca.display())
        );
        for (flag, path) in [
            ("--root", &self.root),
            ("--dir", &self.dir),
            ("--curlrc", &self.curlrc),
            ("--truststore", &self.truststore),
            ("--profile", &self.profile),
            ("--password-file", &self.password_file),
        ] {
            if let Some(path) = path {
                line.push_str(&format!(" {flag} {}", shell(path.display())));
            }
        }
        if let Some(layout) = self.layout {
            line.push_str(&format!(" --layout {}", layout.name()));
        }
        line
    }
}

fn tell(wish: &Wish, way: Way, cas: &[Certificate], plan: &Plan, now: Timestamp, words: &Words) {
    let target = wish.target.name();
    let is_done = plan.steps.is_empty();
    let head = match (way, is_done, wish.dry_run) {
        (Way::Install, true, _) => "believed already, nothing to do",
        (Way::Remove, true, _) => "not there, nothing to do",
        (Way::Install, _, true) => "would be believed",
        (Way::Remove, _, true) => "would be taken away",
        (Way::Install, ..) => "believed",
        (Way::Remove, ..) => "taken away",
    };
    for ca in cas {
        words.data(format_args!(
            "{GOOD}{head}{GOOD:#}: \"{}\" for {target}",
            ca.called()
        ));
        words.data(format_args!("  until   {}", when(ca.not_after(), now)));
        words.data(format_args!("  SHA-256 {}", ca.fingerprint()));
    }
    for step in &plan.steps {
        words.data(format_args!("  {}", step.told(wish.dry_run)));
    }
    let mut notes = plan.notes.clone();
    if way == Way::Install {
        notes.extend(believed::meaning(cas, target));
    }
    for note in &notes {
        words.talk(format_args!("note: {note}"));
    }
    let undo = (way == Way::Install).then(|| wish.again(Way::Remove));
    let next = plan.next.clone().filter(|_| !wish.dry_run || is_done);
    let next = next
        .or_else(|| wish.dry_run.then(|| wish.again(way)))
        .or_else(|| undo.clone());
    words.json(&json!({
        "for": target,
        "cas": cas.iter().map(|ca| json!({ "called": ca.called(), "fingerprint": ca.fingerprint(), "not_after": ca.not_after() })).collect::<Vec<_>>(),
        "changed": !is_done && !wish.dry_run,
        "dry_run": wish.dry_run,
        "steps": plan.steps.iter().map(plan::Step::to_json).collect::<Vec<_>>(),
        "file": plan.file.as_deref().map(text),
        "notes": notes,
        "undo": undo,
        "next": next,
    }));
    if let Some(undo) = undo.filter(|undo| Some(undo) != next.as_ref()) {
        words.talk(format_args!("undo: {undo}"));
    }
    if let Some(next) = next {
        words.next(next);
    }
}
