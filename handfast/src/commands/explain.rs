//! `handfast explain`: the page of a code, or the causes of an error text.

use handfast_pki::{Code, code, text::printable};
use handfast_report::{page::render, pages, schema::Schema, style::STRONG};
use serde_json::json;

use crate::{
    commands::doctor::text,
    failure::{Exit, Failure},
    suggest,
    words::Words,
};

/// Explain a code such as HF-103, or the error text of another program
///
/// A code shows its page: what it means, what programs say, who refused, how to check, how to fix it. Anything else
/// is taken as an error text, as doctor text takes it. Without WHAT, every code with its title.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A code (HF-103, hf-103 or 103), an error text, or - for a text from stdin
    #[arg(value_name = "WHAT", hide_possible_values = true, value_parser = suggest::CODES)]
    what: Vec<String>,
}

const EXAMPLES: &str = "Examples:\n  handfast explain HF-103\n  \
                        handfast explain \"tlsv1 alert unknown ca\"";

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let what = args.what.join(" ");
    if args.what.is_empty() {
        list(words);
        return Ok(Exit::Yes);
    }
    if what == "-" {
        return text::run(&text::Text { file: None }, words);
    }
    match Code::parse(&what) {
        Some(code) => page(code, words),
        None if Code::has_form(&what) => {
            let unknown = format!("\"{}\" is not a code of ours", printable(&what));
            Err(Failure::misuse(unknown)
                .help("see every code with its title")
                .command("handfast explain"))
        }
        None => text::explain(&what, words),
    }
}

fn list(words: &Words) {
    let codes = code::ALL.iter();
    words.json(
        Schema::ExplainList,
        json!({
            "codes": codes
                .clone()
                .map(|(code, title)| json!({ "code": code.to_string(), "title": title }))
                .collect::<Vec<_>>(),
        }),
    );
    for (code, title) in codes {
        words.data(format_args!("{STRONG}{code}{STRONG:#} {title}"));
    }
}

fn page(code: Code, words: &Words) -> Result<Exit, Failure> {
    let page = pages::of(code).ok_or_else(|| Failure::bug(format!("{code} has no page")))?;
    words.json(
        Schema::Explain,
        json!({ "code": code.to_string(), "title": code.title(), "page": page }),
    );
    words.data(render(page).trim_end());
    Ok(Exit::Yes)
}
