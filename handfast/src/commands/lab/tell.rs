//! What was found of a case: one line among many, or the whole report of one.

use handfast_interop::{
    cases::{is_right, typed, wanted},
    look::Found,
};
use handfast_lab::{Case, Scene};
use handfast_report::style::{BAD, FAINT, GOOD, STRONG};

use crate::words::Words;

pub(super) fn tell(case: &Case, scene: &Scene, found: &Found, is_alone: bool, words: &Words) {
    let is_right = is_right(case, found);
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
    words.data(format_args!("{FAINT}${FAINT:#} {}", typed(&scene.look)));
    words.data("");
    words.data(found.text.trim_end());
    words.data("");
    words.data(format_args!("{style}{mark}{style:#}: {first}"));
}
