//! `handfast ca`: what a CA has issued, and what it takes back.

mod approve;
mod audit;
mod backup;
mod check;
mod clock;
mod crl;
mod cross_sign;
mod export;
mod issuer;
mod journal;
mod key;
mod list;
mod ocsp;
mod picture;
mod profiles;
mod record;
mod requests;
mod revoke;
mod root;
mod rotate;
mod set;
pub mod show;
mod standing;

use std::path::PathBuf;

use handfast_ca::{Authority, Requester};

use super::acting::Acting;
use crate::{
    failure::{Exit, Failure},
    places,
    words::Words,
};

/// Look into the records of a CA, revoke certificates, publish revocations, and change the CAs themselves
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast ca list --expiring 14d\n  handfast ca revoke --identity uri:spiffe://acme/web\n  \
    handfast ca crl --out ca.crl"
)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Journal(journal::Args),
    Revoke(Box<revoke::Args>),
    Crl(crl::Args),
    Set(set::Args),
    Ocsp(ocsp::Args),
    Audit(audit::Args),
    Export(export::Args),
    Profiles(profiles::Args),
    Requests(requests::Args),
    Approve(approve::Args),
    Clock(clock::Args),
    Issuer(issuer::Args),
    Rotate(rotate::Args),
    CrossSign(cross_sign::Args),
    Root(root::Args),
    Key(key::Args),
    Check(check::Args),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Reconcile(backup::Reconcile),
}

/// Which CA.
#[derive(Debug, clap::Args)]
struct Where {
    /// The CA directory [default: ./handfast, else that of the system or the user]
    #[arg(long, value_name = "DIR", env = "HANDFAST_DIR", default_value = places::ca(), hide_default_value = true)]
    dir: PathBuf,
}

impl Where {
    /// The CA, for what gives nobody anything: a mistake in `ca.toml` is a warning.
    fn open_to_revoke(&self, words: &Words) -> Result<Authority, Failure> {
        let authority = Authority::open_to_revoke(&self.dir)?;
        for problem in authority.unread() {
            let (what, code) = (problem.located(), problem.code);
            words.talk(format_args!(
                "warning: nothing is issued until this is mended: {what}  [{code}]"
            ));
        }
        Ok(authority)
    }

    /// The same, by whoever runs this command.
    fn open_to_publish(&self, acting: &Acting, words: &Words) -> Result<(Authority, Requester), Failure> {
        let requester = acting.requester()?;
        let authority = self.open_to_revoke(words)?.acting_as(requester.clone());
        Ok((authority, requester))
    }

    /// The CA, changed by whoever runs this command.
    fn open_for(&self, acting: &Acting) -> Result<(Authority, Requester), Failure> {
        let requester = acting.requester()?;
        let authority = Authority::open(&self.dir)?.acting_as(requester.clone());
        Ok((authority, requester))
    }
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    match &args.command {
        Command::List(args) => list::run(args, words),
        Command::Show(args) => show::run(args, words),
        Command::Journal(args) => journal::run(args, words),
        Command::Revoke(args) => revoke::run(args, words),
        Command::Crl(args) => crl::run(args, words),
        Command::Set(args) => set::run(args, words),
        Command::Ocsp(args) => ocsp::run(args, words),
        Command::Audit(args) => audit::run(args, words),
        Command::Export(args) => export::run(args, words),
        Command::Profiles(args) => profiles::run(args, words),
        Command::Requests(args) => requests::run(args, words),
        Command::Approve(args) => approve::run(args, words),
        Command::Clock(args) => clock::run(args, words),
        Command::Issuer(args) => issuer::run(args, words),
        Command::Rotate(args) => rotate::run(args, words),
        Command::CrossSign(args) => cross_sign::run(args, words),
        Command::Root(args) => root::run(args, words),
        Command::Key(args) => key::run(args, words),
        Command::Check(args) => check::run(args, words),
        Command::Backup(args) => backup::backup(args, words),
        Command::Restore(args) => backup::run_restore(args, words),
        Command::Reconcile(args) => backup::reconcile(args, words),
    }
}
