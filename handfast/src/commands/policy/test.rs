//! `handfast policy test`: the cases that rules have to pass.

use std::path::PathBuf;

use handfast_proxy::rehearsal::Decision;
use handfast_proxy::rehearsal::cases::{self, Case, Expected};
use handfast_report::schema::Schema;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Rules, shown};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Run a file of cases: who asks for what, and whether that is to be allowed or denied
///
/// Exit code 0 means that every case passes, 1 that one fails.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast policy test cases.toml --config handfast.toml\n  handfast policy test cases.toml --policy orders.cedar\n\n\
A case:\n  [[case]]\n  identity = \"uri:spiffe://acme/web\"\n  host = \"api.acme.example\"\n  method = \"POST\"\n  path = \"/orders\"\n  \
expected = \"deny\"\n  code = \"HF-609\""
)]
pub struct Args {
    /// The cases, in TOML
    #[arg(value_name = "CASES")]
    cases: PathBuf,
    #[command(flatten)]
    rules: Rules,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let cases = cases::read(&args.cases).map_err(Failure::of_problems)?;
    let with_trust = cases.iter().any(|case| case.client.needs_trust());
    // A client that is denied because its CA cannot be read would pass for one that the rules deny.
    let rules = args.rules.read(with_trust)?.with_all_trust()?;
    let now = Timestamp::now();
    let results = cases.iter().map(|case| (case, case.passes(&rules, now)));
    let results: Vec<(&Case, (Decision, bool))> = results.collect();
    let failed = results.iter().filter(|(_, (_, passes))| !passes).count();
    words.json(
        Schema::PolicyTest,
        json!({
            "cases": cases.len(),
            "failed": failed,
            "results": results.iter().map(described).collect::<Vec<_>>(),
        }),
    );
    for (case, (decision, _)) in results.iter().filter(|(_, (_, passes))| !passes) {
        words.data(format_args!(
            "{}:{}: fails: {}",
            args.cases.display(),
            case.place.line,
            case.name
        ));
        words.data(format_args!(
            "  expected {}, found: {}",
            expected(case),
            shown::line(decision)
        ));
        shown::tell_rest(decision, words);
    }
    words.data(match failed {
        0 => format!("{} cases pass", cases.len()),
        failed => format!("{failed} of {} cases fail", cases.len()),
    });
    Ok(if failed == 0 { Exit::Yes } else { Exit::No })
}

fn word(case: &Case) -> &'static str {
    match case.expected {
        Expected::Allow => "allow",
        Expected::Deny => "deny",
    }
}

fn expected(case: &Case) -> String {
    let code = case.code.map(|code| format!(" with {code}")).unwrap_or_default();
    format!("{}{code}", word(case))
}

fn described((case, (decision, passes)): &(&Case, (Decision, bool))) -> Value {
    let more = json!({
        "case": case.name,
        "line": case.place.line,
        "passes": passes,
        "expected": word(case),
        "expected_code": case.code.map(|code| code.to_string()),
        "decision": shown::decision(decision),
    });
    shown::with_asked(&case.client.to_string(), &case.asked, more)
}
