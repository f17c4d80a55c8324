//! What was found of a case: one line among many, or the whole report of one.

use handfast_finding::shell::shell;
use handfast_interop::look::Found;
use handfast_lab::{Case, Expected, Look, Scene, Stands};
use handfast_report::style::{BAD, FAINT, GOOD, STRONG};

use crate::words::Words;

pub(super) fn tell(case: &Case, scene: &Scene, found: &Found, is_right: bool, is_alone: bool, words: &Words) {
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
            let wanted = case.expected.map_or("no finding".to_owned(), wanted);
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

/// What must be found, in words.
fn wanted(expected: Expected) -> String {
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
pub(super) fn shown(look: &Look) -> String {
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
