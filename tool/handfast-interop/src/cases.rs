//! Cases of the lab: which are meant, and each in words and as an object.

use handfast_finding::{Problem, shell::shell};
use handfast_lab::{Case, Expected, Look, Program, Stands};
use handfast_pki::code;
use serde_json::{Value, json};

use crate::look::{Found, Others};

/// The cases that `texts` name: codes, cases, groups.
pub fn chosen(texts: &[String]) -> Result<Vec<Case>, Problem> {
    let mut cases = Vec::new();
    for text in texts {
        let named = handfast_lab::named(text);
        if named.is_empty() {
            let message = format!("there is no case \"{text}\"");
            return Err(Problem::new(code::USAGE, message)
                .help("choose one of the cases that there are")
                .command("handfast lab list"));
        }
        cases.extend(named);
    }
    Ok(cases)
}

/// Why `case` cannot be made.
pub fn not_made(case: &Case, error: &handfast_lab::Error) -> Problem {
    let problem = Problem::new(code::LAB, format!("{}: {error}", case.name));
    match error.hint() {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// Whether what is wrong with `case` was found.
pub fn is_right(case: &Case, found: &Found) -> bool {
    match &case.expected {
        None => found.findings.is_empty() && found.exit == 0,
        Some(expected) => expected.is_met(&found.all()),
    }
}

/// `case` in a list.
pub fn listed(case: &Case) -> Value {
    json!({
        "case": case.name,
        "description": case.description,
        "expected": case.expected.map(expected),
        "blind": case.is_blind,
        "needs": commands(&case.needs),
        "missing": commands(&case.missing()),
    })
}

/// What was found of `case`, and what the tools of others said.
pub fn looked_at(case: &Case, found: &Found, others: Option<&Others>) -> Value {
    json!({
        "case": case.name,
        "description": case.description,
        "expected": case.expected.map(expected),
        "blind": case.is_blind,
        "findings": found.findings,
        "milliseconds": found.milliseconds,
        "connections": found.connections,
        "right": is_right(case, found),
        "error": null,
        "curl": others.map(|others| &others.curl),
        "openssl": others.map(|others| &others.openssl),
    })
}

/// A case with nothing found, because of `error`.
pub fn failed(case: &Case, error: Value) -> Value {
    json!({
        "case": case.name,
        "description": case.description,
        "expected": case.expected.map(expected),
        "blind": case.is_blind,
        "findings": [],
        "right": false,
        "milliseconds": null,
        "connections": null,
        "error": error,
        "curl": null,
        "openssl": null,
    })
}

/// What `programs` are called on a command line.
pub fn commands(programs: &[Program]) -> Vec<&'static str> {
    programs.iter().map(|program| program.command()).collect()
}

fn expected(expected: Expected) -> Value {
    let (stands, beside) = match expected.stands {
        Stands::First => ("first", None),
        Stands::Beside(other) => ("beside", Some(other.to_string())),
        Stands::Among => ("among", None),
    };
    json!({
        "code": expected.code.to_string(),
        "side": expected.side,
        "certainty": expected.certainty,
        "stands": stands,
        "beside": beside,
    })
}

/// What must be found, in words.
pub fn wanted(expected: Expected) -> String {
    match expected.stands {
        Stands::First => {
            let of = |what: Option<&'static str>| what.unwrap_or("any");
            format!(
                "{} {}, {}",
                expected.code,
                of(expected.side),
                of(expected.certainty)
            )
        }
        Stands::Beside(other) => format!("{} and {other}", expected.code),
        Stands::Among => format!("{} among others, none of them certain", expected.code),
    }
}

/// The command of a look, as people would type it.
pub fn typed(look: &Look) -> String {
    let command = |arguments: &[String]| {
        let words: Vec<String> = arguments.iter().map(shell).collect();
        format!("handfast {}", words.join(" "))
    };
    match look {
        Look::Command(arguments) => command(arguments),
        Look::Listen { arguments, client } => format!("{} &  {client}", command(arguments)),
        Look::Text(line) => format!("{line} 2>&1 | handfast doctor text"),
    }
}
