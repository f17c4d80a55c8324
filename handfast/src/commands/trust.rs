//! `handfast trust`: makes a runtime believe a CA, and takes that back.

use std::path::PathBuf;

use clap::{Args as Flags, Subcommand, ValueEnum};
use handfast_credentials::load;
use handfast_finding::{shell::shell, when::when};
use handfast_pki::Certificate;
use handfast_report::{json::certificate, schema::Schema, style::GOOD};
use handfast_truststore::{Change, Layout, Plan, Request, Step, Store, cas};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Install a CA into the trust store of a system, a runtime or a browser, or remove it
///
/// For curl, python and node a file of CAs is kept under ~/.config/handfast/trust; for system, java and firefox the
/// store of their own is changed with their own tools. Nothing else changes: --dry-run shows every step.
#[derive(Debug, Flags)]
#[command(
    after_help = "Examples:\n  handfast trust install --for curl --ca client/ca.crt\n  handfast trust remove --for curl --ca client/ca.crt"
)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Install the CAs in a file into a trust store
    ///
    /// Rejects non-CA certificates, expired certificates, and files that hold a private key. Installing a CA twice
    /// changes nothing. system needs root, and so does a trust store of Java that belongs to root.
    #[command(
        after_help = "Examples:\n  handfast trust install --for curl --ca client/ca.crt --dry-run\n  \
        sudo handfast trust install --for system --ca client/ca.crt\n  \
        handfast trust install --for java --ca client/ca.crt --truststore trusted.p12"
    )]
    Install(Flagged),
    /// Remove what install added, and nothing else
    #[command(after_help = "Example:\n  handfast trust remove --for curl --ca client/ca.crt")]
    Remove(Flagged),
}

/// Who shall believe whom, and where that is kept.
#[derive(Debug, Flags)]
struct Flagged {
    /// The trust store to change
    #[arg(long = "for", value_name = "WHO", value_enum)]
    store: Who,
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
    layout: Option<KeptAs>,
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
enum Who {
    System,
    Curl,
    Python,
    Node,
    Java,
    Firefox,
}

impl From<Who> for Store {
    fn from(who: Who) -> Self {
        match who {
            Who::System => Self::System,
            Who::Curl => Self::Curl,
            Who::Python => Self::Python,
            Who::Node => Self::Node,
            Who::Java => Self::Java,
            Who::Firefox => Self::Firefox,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KeptAs {
    /// Debian, Ubuntu, Alpine
    Debian,
    /// Fedora, RHEL, CentOS, Amazon Linux
    Fedora,
    /// Arch
    Arch,
}

impl From<KeptAs> for Layout {
    fn from(kept: KeptAs) -> Self {
        match kept {
            KeptAs::Debian => Self::Debian,
            KeptAs::Fedora => Self::Fedora,
            KeptAs::Arch => Self::Arch,
        }
    }
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let (flags, change) = match &args.action {
        Action::Install(flags) => (flags, Change::Install),
        Action::Remove(flags) => (flags, Change::Remove),
    };
    let request = flags.request();
    flags.must_fit(request.store)?;
    let cas = match change {
        Change::Install => cas::read(&flags.ca, now)?,
        // What has expired since has to be taken away all the same.
        Change::Remove => load::certificates(&flags.ca)?,
    };
    let plan = handfast_truststore::plan(&request, change, &cas)?;
    if !flags.dry_run {
        let leftovers = plan
            .perform()
            .map_err(|problem| plan.with_help(problem, &flags.again(change)))?;
        words.tell_leftovers(&leftovers);
    }
    tell(flags, change, &cas, &plan, now, words);
    Ok(Exit::Yes)
}

impl Flagged {
    fn request(&self) -> Request {
        Request {
            store: self.store.into(),
            root: self.root.clone(),
            layout: self.layout.map(Layout::from),
            dir: self.dir.clone(),
            curlrc: self.curlrc.clone(),
            truststore: self.truststore.clone(),
            profile: self.profile.clone(),
            password_file: self.password_file.clone(),
        }
    }

    /// A flag of another store is a mistake, and an ignored one would hide it.
    fn must_fit(&self, store: Store) -> Result<(), Failure> {
        use Store::{Curl, Firefox, Java, Node, Python, System};
        let flags: [(&str, bool, &[Store]); 7] = [
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
            .find(|(_, given, stores)| *given && !stores.contains(&store))
        {
            Some((flag, _, stores)) => {
                let stores: Vec<_> = stores.iter().map(|store| store.name()).collect();
                Err(Failure::misuse(format!(
                    "{flag} is for {}, not for {}",
                    stores.join(", "),
                    store.name()
                )))
            }
            None => Ok(()),
        }
    }

    /// This command line, with `change` in its place.
    fn again(&self, change: Change) -> String {
        let verb = match change {
            Change::Install => "install",
            Change::Remove => "remove",
        };
        let mut line = format!(
            "handfast trust {verb} --for {} --ca {}",
            Store::from(self.store).name(),
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
            line.push_str(&format!(" --layout {}", Layout::from(layout).name()));
        }
        line
    }
}

fn tell(flags: &Flagged, change: Change, given: &[Certificate], plan: &Plan, now: Timestamp, words: &Words) {
    let store = Store::from(flags.store).name();
    let is_done = plan.steps.is_empty();
    let head = match (change, is_done, flags.dry_run) {
        (Change::Install, true, _) => "installed already, nothing to do",
        (Change::Remove, true, _) => "not installed, nothing to do",
        (Change::Install, _, true) => "would be installed",
        (Change::Remove, _, true) => "would be removed",
        (Change::Install, ..) => "installed",
        (Change::Remove, ..) => "removed",
    };
    for ca in given {
        words.data(format_args!(
            "{GOOD}{head}{GOOD:#}: \"{}\" for {store}",
            ca.called()
        ));
        words.data(format_args!("  until   {}", when(ca.not_after(), now)));
        words.data(format_args!("  SHA-256 {}", ca.fingerprint()));
    }
    for step in &plan.steps {
        words.data(format_args!("  {}", step.told(flags.dry_run)));
    }
    let mut notes = plan.notes.clone();
    if change == Change::Install {
        notes.extend(cas::meaning(given, store));
    }
    for note in &notes {
        words.talk(format_args!("note: {note}"));
    }
    let undo = (change == Change::Install).then(|| flags.again(Change::Remove));
    let next = plan.next.clone().filter(|_| !flags.dry_run || is_done);
    let next = next
        .or_else(|| flags.dry_run.then(|| flags.again(change)))
        .or_else(|| undo.clone());
    words.json(
        Schema::Trust,
        json!({
            "for": store,
            "cas": given.iter().map(certificate).collect::<Vec<_>>(),
            "changed": !is_done && !flags.dry_run,
            "dry_run": flags.dry_run,
            "steps": plan.steps.iter().map(Step::to_json).collect::<Vec<_>>(),
            "file": plan.file.as_ref().map(|file| file.display().to_string()),
            "notes": notes,
            "undo": undo,
            "next": next,
        }),
    );
    if let Some(undo) = undo.filter(|undo| Some(undo) != next.as_ref()) {
        words.talk(format_args!("undo: {undo}"));
    }
    if let Some(next) = next {
        words.next(next);
    }
}
