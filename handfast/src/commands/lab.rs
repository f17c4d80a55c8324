//! `handfast lab`: failures on this machine, one per finding, to look at and to learn from.

use std::path::PathBuf;

use clap::Subcommand;
use handfast_finding::shell::shell;
use handfast_interop::look::{self, Found, Others};
use handfast_lab::{Case, Folder, Look, Scene};
use handfast_pki::code;
use handfast_report::{
    schema::Schema,
    style::{BAD, FAINT, GOOD, STRONG},
};
use serde_json::{Value, json};

use crate::{
    failure::{Exit, Failure},
    signals::BrokenOff,
    words::Words,
};

/// Make failures of mutual TLS on this machine, one per finding, with real programs
///
/// Each case writes its certificates and configurations into a folder of its own, starts the servers it needs
/// (nginx, Apache, PostgreSQL ...) on free ports of 127.0.0.1, and shows what the doctor says of them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast lab list\n  handfast lab run HF-206\n  handfast lab run HF-206/nginx --stay\n  \
                  handfast lab run healthy"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(List),
    Run(Run),
}

/// List the cases, and the programs that this machine lacks for them
#[derive(Debug, clap::Args)]
struct List {
    /// Only these: a code, a case or a group
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
}

/// Make cases, look at each, and compare what is found with what is wrong
#[derive(Debug, clap::Args)]
struct Run {
    /// A code (HF-206), a case (HF-206/nginx) or a group (healthy); may be repeated
    #[arg(value_name = "CASE", required_unless_present = "all")]
    cases: Vec<String>,
    /// Every case there is
    #[arg(long, conflicts_with = "cases")]
    all: bool,
    /// Pass over cases for which this machine lacks a program
    #[arg(long)]
    skip_missing: bool,
    /// Run curl and openssl on the same case, too
    #[arg(long)]
    compare: bool,
    /// Keep the programs of a case running until Ctrl-C
    #[arg(long)]
    stay: bool,
    /// Keep the files of the case in this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    match &args.what {
        What::List(list) => self::list(list, words),
        What::Run(run) => self::run_cases(run, words),
    }
}

fn list(args: &List, words: &Words) -> Result<Exit, Failure> {
    let cases = if args.cases.is_empty() {
        handfast_lab::all()
    } else {
        chosen(&args.cases)?
    };
    let width = cases.iter().map(|case| case.name.len()).max().unwrap_or(0);
    let mut objects = Vec::new();
    for case in &cases {
        let missing = names(&case.missing());
        let lacks = if missing.is_empty() {
            String::new()
        } else {
            format!("  {BAD}needs {}{BAD:#}", missing.join(", "))
        };
        words.data(format_args!(
            "{STRONG}{:width$}{STRONG:#}  {}{lacks}",
            case.name, case.description
        ));
        objects.push(json!({
            "case": case.name,
            "description": case.description,
            "expected": case.expected.map(expected),
            "needs": names(&case.needs),
            "missing": missing,
        }));
    }
    words.json(Schema::LabList, json!({ "cases": objects }));
    if !words.json {
        words.next("handfast lab run HF-101");
    }
    Ok(Exit::Yes)
}

fn names(programs: &[handfast_lab::Program]) -> Vec<&'static str> {
    programs.iter().map(|program| program.command()).collect()
}

fn expected(expected: handfast_lab::Expected) -> Value {
    json!({
        "code": expected.code.to_string(),
        "side": expected.side,
        "certainty": expected.certainty,
    })
}

fn chosen(texts: &[String]) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    for text in texts {
        let named = handfast_lab::named(text);
        if named.is_empty() {
            return Err(Failure::misuse(format!("there is no case \"{text}\""))
                .help("choose one of the cases that there are")
                .command("handfast lab list"));
        }
        cases.extend(named);
    }
    Ok(cases)
}

fn run_cases(args: &Run, words: &Words) -> Result<Exit, Failure> {
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
    let broken_off = BrokenOff::by_signals(words)?;
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
                    object: not_made(case, &failure),
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

struct Outcome {
    is_right: bool,
    object: Value,
}

fn one(
    case: &Case,
    args: &Run,
    is_alone: bool,
    broken_off: &BrokenOff,
    words: &Words,
) -> Result<Outcome, Failure> {
    let folder = match &args.dir {
        Some(path) => Folder::kept(path.clone()),
        None => Folder::temporary(),
    }
    .map_err(|error| of_error(case, &error))?;
    let scene = case.make(&folder).map_err(|error| of_error(case, &error))?;
    let found = look::look(&scene, &folder, is_alone && !words.json)?;
    let is_right = match (&case.expected, found.first()) {
        (None, None) => found.exit == 0,
        (Some(expected), Some(first)) => {
            first.code == expected.code.to_string()
                && first.side == expected.side
                && first.certainty == expected.certainty
        }
        _ => false,
    };
    let others = args.compare.then(|| look::compare(&scene, &folder));
    tell(case, &scene, &found, is_right, is_alone, words);
    if args.stay {
        // Now Ctrl-C is the usual end.
        broken_off.pause();
        stay(case, &scene, &folder, words)?;
    }
    Ok(Outcome {
        is_right,
        object: json!({
            "case": case.name,
            "description": case.description,
            "expected": case.expected.map(expected),
            "findings": found.findings,
            "milliseconds": found.milliseconds,
            "connections": found.connections,
            "right": is_right,
            "error": null,
            "curl": others.as_ref().map(|others: &Others| &others.curl),
            "openssl": others.as_ref().map(|others: &Others| &others.openssl),
        }),
    })
}

/// A case with nothing found, and why.
fn not_made(case: &Case, failure: &Failure) -> Value {
    json!({
        "case": case.name,
        "description": case.description,
        "expected": case.expected.map(expected),
        "findings": [],
        "right": false,
        "milliseconds": null,
        "connections": null,
        "error": Words::error(failure),
        "curl": null,
        "openssl": null,
    })
}

fn tell(case: &Case, scene: &Scene, found: &Found, is_right: bool, is_alone: bool, words: &Words) {
    let (style, mark) = if is_right {
        (GOOD, "found")
    } else {
        (BAD, "NOT FOUND")
    };
    let first = match found.first() {
        Some(first) => format!("{} {}, {}", first.code, first.side, first.certainty),
        None => "no finding".to_owned(),
    };
    if !is_alone {
        words.data(format_args!(
            "{style}{mark:<9}{style:#}  {:<34} {first}",
            case.name
        ));
        if !is_right {
            let wanted = case.expected.map_or("no finding".to_owned(), |expected| {
                format!("{} {}, {}", expected.code, expected.side, expected.certainty)
            });
            words.data(format_args!("           expected {wanted}; exit {}", found.exit));
        }
        return;
    }
    words.data(format_args!(
        "{STRONG}{}{STRONG:#}: {}",
        case.name, case.description
    ));
    words.data(format_args!("{FAINT}${FAINT:#} {}", shown(&scene.look)));
    words.data("");
    words.data(found.text.trim_end());
    words.data("");
    words.data(format_args!("{style}{mark}{style:#}: {first}"));
}

/// The command of a look, as people would type it.
fn shown(look: &Look) -> String {
    match look {
        Look::Command(arguments) => command(arguments),
        Look::Listen { arguments, client } => format!("{} &  {client}", command(arguments)),
        Look::Text(line) => format!("{line} 2>&1 | handfast doctor text"),
    }
}

fn command(arguments: &[String]) -> String {
    let words: Vec<String> = arguments.iter().map(shell).collect();
    format!("handfast {}", words.join(" "))
}

/// Leaves the programs running until Ctrl-C.
fn stay(case: &Case, scene: &Scene, folder: &Folder, words: &Words) -> Result<(), Failure> {
    words.talk(format_args!(
        "\n{} stands until Ctrl-C; in its folder:",
        case.name
    ));
    words.talk(format_args!("  cd {}", shell(folder.path().display())));
    let also = [
        Some(shown(&scene.look)),
        scene.curl.clone(),
        scene.openssl.clone(),
    ];
    for line in also.into_iter().flatten() {
        words.talk(format_args!("  {line}"));
    }
    crate::signals::until_told().map_err(Failure::bug)
}

fn of_error(case: &Case, error: &handfast_lab::Error) -> Failure {
    let failure = Failure::new(Exit::Unreachable, code::LAB, format!("{}: {error}", case.name));
    match error.hint() {
        Some(help) => failure.help(help),
        None => failure,
    }
}
