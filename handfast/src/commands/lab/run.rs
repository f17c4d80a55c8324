//! `handfast lab run`: makes each case, looks at it, compares.

use handfast_interop::cases::{chosen, failed};
use handfast_report::schema::Schema;
use serde_json::json;

use super::{
    flags::Run,
    one::{Outcome, one},
};
use crate::{
    failure::{Exit, Failure},
    signals,
    words::Words,
};

pub(super) fn run(args: &Run, words: &Words) -> Result<Exit, Failure> {
    let mut cases = if args.all {
        handfast_lab::all()
    } else {
        chosen(&args.cases)?
    };
    if args.skip_missing {
        cases.retain(|case| case.missing().is_empty());
    }
    if (args.stay || args.dir.is_some()) && cases.len() != 1 {
        return Err(
            Failure::misuse(format!("{} cases are named, and this takes one", cases.len()))
                .help("name one of the cases that there are")
                .command("handfast lab list"),
        );
    }
    let (mut objects, mut wrong) = (Vec::new(), 0);
    let is_alone = cases.len() == 1;
    let broken_off = signals::break_off(words)?;
    words.tell_leftovers(&handfast_lab::leftovers::remove());
    for case in &cases {
        let outcome = match one(case, args, is_alone, &broken_off, words) {
            // One that cannot be made is no reason to leave out the others, and no success either.
            Err(failure) if !is_alone => {
                if !words.json {
                    words.failure(&failure);
                }
                Outcome {
                    is_right: false,
                    object: failed(case, Words::error(&failure)),
                }
            }
            other => other?,
        };
        wrong += usize::from(!outcome.is_right);
        objects.push(outcome.object);
    }
    words.json(Schema::LabRun, json!({ "cases": objects, "wrong": wrong }));
    if !is_alone {
        words.talk(format_args!(
            "{} of {} cases were found as they are",
            cases.len() - wrong,
            cases.len()
        ));
    }
    Ok(if wrong == 0 { Exit::Yes } else { Exit::No })
}
