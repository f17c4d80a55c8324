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
mod place;
mod profiles;
mod record;
mod requests;
mod revoke;
mod root;
mod rotate;
mod set;
pub mod show;
mod standing;

use self::place::Where;
use crate::{
    failure::{Exit, Failure},
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
