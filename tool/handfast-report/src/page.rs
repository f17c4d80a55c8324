//! A page of ours in Markdown as a terminal shows it: headings bold, code indented, links as their text, lines
//! of a length that can be read.

use std::fmt::Write as _;

use crate::style::STRONG;

/// The longest line, blocks of code excepted.
const WIDTH: usize = 100;

/// `page` for the terminal, every line ended. What our pages do not use of Markdown is shown as it stands.
pub fn render(page: &str) -> String {
    let mut out = String::new();
    let mut is_code = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if is_code {
            let _ = writeln!(out, "{}", format!("    {line}").trim_end());
        } else if let Some(heading) = line.strip_prefix("# ") {
            let _ = writeln!(out, "{STRONG}{heading}{STRONG:#}");
        } else if let Some(heading) = line.strip_prefix("## ") {
            let _ = writeln!(out, "{STRONG}{heading}{STRONG:#}");
        } else if let Some(item) = line.strip_prefix("- ") {
            wrap(&mut out, "- ", "  ", item);
        } else {
            wrap(&mut out, "", "", line);
        }
    }
    out
}

/// Writes `text` in lines that begin with `first` and then with `next`.
fn wrap(out: &mut String, first: &str, next: &str, text: &str) {
    let text = without_links(text);
    let mut length = first.chars().count();
    out.push_str(first);
    let mut is_bold = false;
    let mut is_begun = false;
    for word in text.split(' ') {
        // A word is bold as a whole, from the one where it begins to the one where it ends.
        let marks = word.matches("**").count();
        let shown = word.replace("**", "");
        let is_bold_word = is_bold || marks > 0;
        is_bold ^= marks % 2 == 1;
        let space = usize::from(is_begun);
        if is_begun && length + space + shown.chars().count() > WIDTH {
            out.push('\n');
            out.push_str(next);
            length = next.chars().count();
        } else if is_begun {
            out.push(' ');
            length += 1;
        }
        length += shown.chars().count();
        is_begun = true;
        let _ = if is_bold_word {
            write!(out, "{STRONG}{shown}{STRONG:#}")
        } else {
            write!(out, "{shown}")
        };
    }
    out.push('\n');
}

/// `[text](target)` as `text`.
fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        let found = link
            .split_once("](")
            .and_then(|(shown, target)| Some((shown, target.split_once(')')?.1)));
        match found {
            // Code is shown as code, where it begins and ends within.
            Some((shown, after)) if !shown.contains('[') && shown.matches('`').count() % 2 == 0 => {
                out.push_str(before);
                out.push_str(shown);
                rest = after;
            }
            _ => {
                out.push_str(before);
                out.push('[');
                rest = link;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without the sequences of the terminal.
    fn plain(page: &str) -> String {
        crate::style::plain(&render(page))
    }

    #[test]
    fn marks_of_markdown_are_gone_and_code_is_indented() {
        let page = "# HF-1: a title\n\nText of [HF-2](HF-2.md) and [`HF 3`](HF-3.md), **Who refused:** `[a](b` stays.\n\n```sh no-run\ncmd | x\n```\n";
        assert_eq!(
            plain(page),
            "HF-1: a title\n\nText of HF-2 and `HF 3`, Who refused: `[a](b` stays.\n\n    cmd | x\n"
        );
        assert!(render(page).contains(&format!("{STRONG}Who{STRONG:#}")));
    }

    #[test]
    fn long_lines_are_wrapped_and_hang_below_their_bullet() {
        let page = format!("- {}\n", "word ".repeat(60).trim_end());
        let shown = plain(&page);
        assert!(shown.lines().all(|line| line.chars().count() <= WIDTH), "{shown}");
        assert!(
            shown.lines().skip(1).all(|line| line.starts_with("  word")),
            "{shown}"
        );
        assert_eq!(shown.matches("word").count(), 60);
    }

    #[test]
    fn a_word_longer_than_a_line_is_left_whole() {
        let long = "x".repeat(3 * WIDTH);
        assert_eq!(plain(&format!("a {long} b\n")), format!("a\n{long}\nb\n"));
    }
}
