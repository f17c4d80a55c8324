//! `handfast ca backup`, `restore` and `reconcile`: one file with everything, and the way back.

use std::path::PathBuf;

use handfast_ca::{
    Authority, back_up,
    folder::{AUDIT_KEY, AUDIT_PUBLIC},
    restore,
};
use handfast_credentials::{files, load};
use handfast_finding::{shell::shell, when::when};
use handfast_pki::{
    Certificate,
    crl::RevocationList,
    pem,
    text::{counted, were},
};
use handfast_report::{json::certificate, schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::json;
use zeroize::Zeroizing;

use super::Where;
use crate::{
    commands::{
        acting::Why,
        again::{free, passphrase_flag},
        leaf::dir_flag,
        tell::text,
    },
    failure::{Exit, Failure},
    places,
    words::Words,
};

/// Copy records and certificates, and behind a passphrase the keys, into one file
///
/// The records are copied as they are at one moment, while others go on issuing. The file is read again and compared before
/// the command says that it is good.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast ca backup --out acme.backup\n  handfast ca backup --out acme.backup --passphrase-file phrase"
)]
pub struct Backup {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The keys as well, encrypted with the first line of this file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    place: Where,
}

/// Make a CA directory from a backup; it signs nothing before ca reconcile
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca restore acme.backup --passphrase-file phrase --dir restored")]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// The passphrase of the keys in it, the first line of this file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    why: Why,
    /// The folder to make
    #[arg(long, value_name = "DIR", env = "HANDFAST_DIR", default_value = places::HERE)]
    dir: PathBuf,
}

/// Let a restored CA sign again, after showing it what was issued since its backup
///
/// Certificates that are shown and that the records do not have are recorded, and can then be revoked. What the lists that are
/// shown revoke is revoked, with their time and reason, and numbers of lists go on behind theirs. What is not shown stays
/// unknown: say so to those who ask.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca reconcile web.crt db.crt ca.crl")]
pub struct Reconcile {
    /// Certificates and revocation lists of this CA that are newer than the backup
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    place: Where,
}

fn passphrase(file: Option<&PathBuf>) -> Result<Option<Zeroizing<String>>, Failure> {
    Ok(file.map(|file| load::password(file)).transpose()?)
}

pub fn backup(args: &Backup, words: &Words) -> Result<Exit, Failure> {
    files::must_be_no_stream(&args.out)?;
    let phrase = passphrase(args.passphrase_file.as_ref())?;
    let phrase = phrase.as_ref().map(|phrase| phrase.as_str());
    let done = back_up(
        &args.place.dir,
        &args.out,
        phrase,
        &args.why.requester()?,
        Timestamp::now(),
    )?;
    let next = format!(
        "handfast ca restore {} --dir {}{}",
        shell(args.out.display()),
        free("restored", ""),
        passphrase_flag(args.passphrase_file.as_deref())
    );
    words.json(
        Schema::CaBackup,
        json!({
            "file": text(&args.out),
            "certificates": done.certificates,
            "files": done.files,
            "keys": done.keys,
            "left_out": done.left_out,
            "next": next,
        }),
    );
    words.data(format_args!(
        "{GOOD}backup{GOOD:#} in {}, read again and whole",
        text(&args.out)
    ));
    words.data(format_args!(
        "  records of {}, {}",
        counted(done.certificates, "certificate"),
        counted(done.files.len(), "file")
    ));
    match done.keys.as_slice() {
        [] => {}
        keys => words.data(format_args!("  encrypted: {}", keys.join(", "))),
    }
    if !done.left_out.is_empty() {
        words.talk(format_args!(
            "note: no key is in it ({}): keep them elsewhere, or give --passphrase-file",
            done.left_out.join(", ")
        ));
    }
    words.next(next);
    Ok(Exit::Yes)
}

pub fn run_restore(args: &Restore, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let phrase = passphrase(args.passphrase_file.as_ref())?;
    let phrase = phrase.as_ref().map(|phrase| phrase.as_str());
    let done = restore(&args.file, &args.dir, phrase, &args.why.requester()?, now)?;
    let dir = dir_flag(&args.dir);
    let next = format!("handfast ca list{dir}");
    words.json(
        Schema::CaRestore,
        json!({
            "dir": text(&args.dir),
            "backup_at": done.at,
            "files": done.files,
            "keys": done.keys,
            "next": next,
        }),
    );
    words.data(format_args!("{GOOD}CA restored{GOOD:#} in {}", text(&args.dir)));
    words.data(format_args!("  as it was {}", when(done.at, now)));
    match (done.keys.is_empty(), phrase) {
        (true, _) => {}
        (false, None) => words.talk(
            "note: its keys are encrypted with the passphrase of the backup, and so will be those that are made later",
        ),
        (false, Some(_)) => words.talk(format_args!(
            "note: its keys are not encrypted now; for that: handfast ca key encrypt{dir}"
        )),
    }
    if done.keys.is_empty() {
        words
            .data("  without keys: put them into the folder, mode 600, by the names that ca issuer list has");
    }
    if !done.keys.iter().any(|key| key == AUDIT_KEY) {
        words.talk(format_args!(
            "note: its audit log is signed with a new key from now on: give {AUDIT_PUBLIC} to those who verify it"
        ));
    }
    words.data(format_args!(
        "it signs nothing before it was shown the certificates and lists that are newer: handfast ca reconcile FILE ...{dir}"
    ));
    words.next(next);
    Ok(Exit::Yes)
}

pub fn reconcile(args: &Reconcile, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let authority = Authority::open(&args.place.dir)?.acting_as(args.why.requester()?);
    let (certificates, lists) = read(&args.files)?;
    let done = authority.reconcile(&certificates, &lists, now)?;
    let next = format!("handfast ca crl --out ca.crl{}", dir_flag(&args.place.dir));
    words.json(
        Schema::CaReconcile,
        json!({
            "since": done.since,
            "added": done.added.iter().map(certificate).collect::<Vec<_>>(),
            "known": done.known,
            "revoked": done.revoked,
            "revoked_elsewhere": done.revoked_elsewhere,
            "next": next,
        }),
    );
    words.data(format_args!("{GOOD}reconciled{GOOD:#}: the CA signs again"));
    words.data(format_args!("  since the backup {}", when(done.since, now)));
    words.data(format_args!(
        "  {} {} shown that the records did not have, {} that they had",
        counted(done.added.len(), "certificate"),
        were(&done.added.len()),
        done.known
    ));
    if !done.revoked.is_empty() {
        words.data(format_args!(
            "  {}, which these lists revoke, will be so from now on",
            counted(done.revoked.len(), "certificate")
        ));
    }
    if !done.revoked_elsewhere.is_empty() {
        words.talk(format_args!(
            "warning: the lists that were shown revoke {} not in the records, so that the next list leaves that out: show what \
             it revokes to ca revoke",
            counted(done.revoked_elsewhere.len(), "certificate")
        ));
    }
    words.next(next);
    Ok(Exit::Yes)
}

/// Certificates, and lists with their bytes.
type Shown = (Vec<Certificate>, Vec<(Vec<u8>, RevocationList)>);

fn read(paths: &[PathBuf]) -> Result<Shown, Failure> {
    let mut shown = Shown::default();
    for path in paths {
        let about = |error| Failure::about(path.display(), &error);
        let bytes = Zeroizing::new(files::read(path)?);
        if !pem::is_pem(&bytes) {
            if let Ok(list) = RevocationList::from_der(&bytes) {
                shown.1.push((bytes.to_vec(), list));
                continue;
            }
            shown.0.extend(load::certificates(path)?);
            continue;
        }
        let lists = pem::blocks_of(&bytes).map_err(about)?;
        let before = shown.1.len();
        for block in &lists {
            let der = block.contents().map_err(about)?;
            if let Ok(list) = RevocationList::from_der(&der) {
                shown.1.push((der.to_vec(), list));
            }
        }
        if shown.1.len() == before {
            shown.0.extend(load::certificates(path)?);
        }
    }
    Ok(shown)
}
