//! The pages of the codes in a report, in the report: it is read where there is no network.

use handfast_finding::Finding;
use handfast_pki::Code;
use maud::{Markup, html};

use crate::pages;

/// The code, leading to its page.
pub(super) fn link(code: Code) -> Markup {
    html! { a href=(format!("#{code}")) { (code) } }
}

pub(super) fn section(findings: &[Finding]) -> Markup {
    let mut codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
    let mut seen = Vec::new();
    codes.retain(|code| {
        !seen.contains(code) && {
            seen.push(*code);
            true
        }
    });
    html! {
        @if !codes.is_empty() {
            section .pages {
                h2 { "What the codes mean" }
                @for code in &codes {
                    @if let Some(page) = pages::of(*code) {
                        article .page id=(code.to_string()) { (Blocks::of(page).shown(&codes)) }
                    }
                }
            }
        }
    }
}

/// A page of ours in Markdown, as far as our pages use it.
struct Blocks<'a>(Vec<Block<'a>>);

enum Block<'a> {
    Heading(&'a str),
    Text(Vec<&'a str>),
    Items(Vec<&'a str>),
    Code(Vec<&'a str>),
}

impl<'a> Blocks<'a> {
    fn of(page: &'a str) -> Self {
        let mut blocks: Vec<Block<'a>> = Vec::new();
        let mut is_code = false;
        let mut is_new = true;
        for line in page.lines() {
            if line.starts_with("```") {
                is_code = !is_code;
                if is_code {
                    blocks.push(Block::Code(Vec::new()));
                }
                is_new = true;
                continue;
            }
            match (blocks.last_mut(), line) {
                (Some(Block::Code(lines)), line) if is_code => lines.push(line),
                (_, "") => is_new = true,
                (_, line) if line.starts_with('#') => {
                    blocks.push(Block::Heading(line.trim_start_matches('#').trim()));
                    is_new = true;
                }
                (Some(Block::Items(items)), line) if line.starts_with("- ") => items.push(&line[2..]),
                (_, line) if line.starts_with("- ") => blocks.push(Block::Items(vec![&line[2..]])),
                (Some(Block::Text(lines)), line) if !is_new => lines.push(line),
                (_, line) => {
                    blocks.push(Block::Text(vec![line]));
                    is_new = false;
                }
            }
        }
        Self(blocks)
    }

    fn shown(&self, codes: &[Code]) -> Markup {
        html! {
            @for block in &self.0 {
                @match block {
                    Block::Heading(text) => h3 { (inline(text, codes)) },
                    Block::Text(lines) => p { (inline(&lines.join(" "), codes)) },
                    Block::Items(items) => ul { @for item in items { li { (inline(item, codes)) } } },
                    Block::Code(lines) => pre { (lines.join("\n")) },
                }
            }
        }
    }
}

/// Code, bold text, and links to other pages, where those are in the report.
fn inline(text: &str, codes: &[Code]) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 {
                code { (part) }
            } @else {
                @for (place, part) in part.split("**").enumerate() {
                    @if place % 2 == 1 { b { (linked(part, codes)) } } @else { (linked(part, codes)) }
                }
            }
        }
    }
}

fn linked(text: &str, codes: &[Code]) -> Markup {
    let mut rest = text;
    let mut parts = Vec::new();
    while let Some((before, link)) = rest.split_once('[') {
        let found = link
            .split_once("](")
            .and_then(|(shown, target)| Some((shown, target.split_once(')')?)));
        let Some((shown, (_, after))) = found else {
            break;
        };
        parts.push((before, Some(shown)));
        rest = after;
    }
    parts.push((rest, None));
    html! {
        @for (before, link_text) in parts {
            (before)
            @if let Some(shown) = link_text {
                @match Code::parse(shown).filter(|code| codes.contains(code)) {
                    Some(code) => (link(code)),
                    None => (shown),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use handfast_pki::code;

    use super::*;

    #[test]
    fn a_page_is_headings_texts_lists_and_code() {
        let page = "# HF-1: a\n\nOne\ntwo **three**.\n\n- `x` y\n- z\n\n```sh no-run\ncmd <a>\n```\n\nSee [HF-103](HF-103.md), [HF-104](HF-104.md).\n";
        let shown = Blocks::of(page).shown(&[code::UNKNOWN_ISSUER]).into_string();
        assert_eq!(
            shown,
            "<h3>HF-1: a</h3><p>One two <b>three</b>.</p><ul><li><code>x</code> y</li><li>z</li></ul>\
             <pre>cmd &lt;a&gt;</pre><p>See <a href=\"#HF-103\">HF-103</a>, HF-104.</p>"
        );
    }

    #[test]
    fn every_page_of_ours_is_shown_whole() {
        for (code, _) in code::ALL {
            let page = pages::of(*code).expect("a page");
            let shown = Blocks::of(page).shown(&[]).into_string();
            assert!(!shown.contains("**") && !shown.contains("```"), "{code}: {shown}");
        }
    }
}
