//! `handfast trust`: makes a runtime believe a CA, and takes that back.

mod flags;
mod tell;

use clap::{Args as Flags, Subcommand};
use handfast_credentials::load;
use handfast_truststore::{Change, cas};
use jiff::Timestamp;

use self::flags::Flagged;
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

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let (flags, change) = match &args.action {
        Action::Install(flags) => (flags, Change::Install),
        Action::Remove(flags) => (flags, Change::Remove),
    };
    let request = flags.request();
    request.must_fit()?;
    let cas = match change {
        Change::Install => cas::read(&flags.ca, now)?,
        // What has expired since has to be taken away all the same.
        Change::Remove => load::certificates(&flags.ca)?,
    };
    let plan = handfast_truststore::plan(&request, change, &cas)?;
    if !flags.dry_run {
        let leftovers = plan
            .perform()
            .map_err(|problem| plan.with_help(problem, &request.command(change, &flags.ca)))?;
        words.tell_leftovers(&leftovers);
    }
    tell::tell(flags, &request, change, &cas, &plan, now, words);
    Ok(Exit::Yes)
}
