//! A report as one page that needs nothing but itself: no scripts, no fonts, no pictures from elsewhere.

mod certificates;
mod chains;
mod codes;
mod findings;
mod handshake;
mod who;

use handfast_doctor::{Report, Trace};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("../page.css");

/// How much of the certificates is in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// Everything, to be copied.
    Whole,
    /// What is read, and no bytes: for somebody else.
    Read,
}

/// The page of `made`, as of `now`.
pub fn page(made: &Report, now: Timestamp, contents: Contents) -> String {
    let title = format!("handfast doctor: {}", made.target);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(made, now))
                main {
                    (findings::all(made))
                    (who::section(made, now))
                    @if let Some(trace) = &made.trace {
                        @if !trace.messages.is_empty() {
                            (handshake::section(made, trace))
                        }
                    }
                    @if let Some(chains) = crate::chains::of(made, now) {
                        (chains::section(&chains, made.findings.is_empty()))
                    }
                    (certificates::section(made, now, contents))
                    (list("Further connections", "Each with one thing different, to separate causes that look alike.", &made.probes))
                    (notes(&made.notes))
                    (codes::section(&made.findings))
                }
                footer { "made by handfast " (env!("CARGO_PKG_VERSION")) ", at " (now) }
            }
        }
    };
    page.into_string()
}

fn head(made: &Report, now: Timestamp) -> Markup {
    let id = made.trace.as_ref().and_then(Trace::handshake_id);
    html! {
        header {
            p .kicker { "handfast doctor" }
            h1 { (made.target) }
            @match made.findings.first() {
                Some(first) => p .verdict.bad { "✗ " b { (codes::link(first.code)) } " " (first.code.title()) },
                None => p .verdict.good { "✓ " (who::success(made)) },
            }
            p .faint {
                (now)
                @if let Some(id) = id { " · handshake " code { (id) } }
            }
        }
    }
}

fn list(title: &str, words: &str, items: &[String]) -> Markup {
    html! {
        @if !items.is_empty() {
            section {
                h2 { (title) }
                p .faint { (words) }
                ul { @for item in items { li { (item) } } }
            }
        }
    }
}

fn notes(notes: &[(String, String)]) -> Markup {
    html! {
        @if !notes.is_empty() {
            section {
                h2 { "Also seen" }
                table { @for (name, value) in notes { tr { th scope="row" { (name) } td { (value) } } } }
            }
        }
    }
}
