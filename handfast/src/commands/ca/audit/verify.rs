//! `handfast ca audit verify`: the whole log against its signed head, and all records against the log.

use std::path::PathBuf;

use handfast_ca::{Audit, Continued, Fault};
use handfast_credentials::files;
use handfast_pki::{code, text::counted};
use handfast_report::{
    schema::Schema,
    style::{BAD, GOOD},
};
use serde_json::json;

use crate::{
    commands::{again::free, ca::Where, leaf::dir_flag},
    failure::{Exit, Failure},
    words::Words,
};

/// More faults than this say no more.
const MOST: usize = 100;

/// Verify the whole log and all records with it
///
/// Every leaf is hashed again and compared with the signed head, and every certificate, name, revocation and list with its
/// leaf. With --since the log must also continue a checkpoint that was kept elsewhere: only that shows that the history
/// was not rewritten by one who has the CA directory.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  handfast ca audit verify\n  handfast ca audit verify --since kept.txt")]
pub struct Args {
    /// An earlier checkpoint that the log must continue
    #[arg(long, value_name = "CHECKPOINT")]
    since: Option<PathBuf>,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let authority = args.place.open_to_revoke(words)?;
    let continued = args
        .since
        .as_ref()
        .map(|path| {
            let note = String::from_utf8_lossy(&files::read(path)?).into_owned();
            Ok::<_, Failure>(authority.continues(&note)?)
        })
        .transpose()?;
    let audit = authority.audit(MOST)?;
    words.json(Schema::CaAuditVerify, described(&audit, continued.as_ref()));
    let is_whole = audit.faults.is_empty();
    if !is_whole {
        tell_faults(&audit, words);
        return Ok(Exit::No);
    }
    words.data(format_args!(
        "{GOOD}the audit log is whole{GOOD:#}: {}, {}, signed by {}",
        if audit.leaves == 1 {
            "1 leaf".to_owned()
        } else {
            format!("{} leaves", audit.leaves)
        },
        counted(audit.certificates, "certificate"),
        authority.log_verifier().name()
    ));
    match continued {
        Some(Continued { earlier, .. }) => {
            words.data(format_args!(
                "  it continues the checkpoint of {} leaves",
                earlier.size
            ));
        }
        None => {
            words.talk("a checkpoint that is kept elsewhere shows with --since that nothing was rewritten");
            words.next(format_args!(
                "handfast ca audit checkpoint --out {}{}",
                free("checkpoint", ".txt"),
                dir_flag(&args.place.dir)
            ));
        }
    }
    Ok(Exit::Yes)
}

fn tell_faults(audit: &Audit, words: &Words) {
    words.data(format_args!(
        "{BAD}the audit log and the records do not agree{BAD:#}  [{}]",
        code::AUDIT_DAMAGED
    ));
    for Fault { part, which, detail } in &audit.faults {
        let space = if which.is_empty() { "" } else { " " };
        words.data(format_args!("  {part}{space}{which}: {detail}"));
    }
    if audit.has_more {
        words.data("  and more");
    }
    words.next(format_args!("handfast explain {}", code::AUDIT_DAMAGED));
}

fn described(audit: &Audit, continued: Option<&Continued>) -> serde_json::Value {
    let is_whole = audit.faults.is_empty();
    json!({
        "whole": is_whole,
        "code": (!is_whole).then(|| code::AUDIT_DAMAGED.to_string()),
        "leaves": audit.leaves,
        "certificates": audit.certificates,
        "since": continued.map(|continued| continued.earlier.size),
        "faults": audit.faults.iter().map(|fault| json!({
            "part": fault.part,
            "which": fault.which,
            "detail": fault.detail,
        })).collect::<Vec<_>>(),
        "more": audit.has_more,
    })
}
