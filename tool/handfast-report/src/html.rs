//! A report as one page that needs nothing but itself: no scripts, no fonts, no pictures from elsewhere.

use handfast_doctor::{Report, Trace};
use handfast_finding::Finding;
use handfast_trace::Message;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    chains::{self, Chains},
    ladder::{Rung, hex_lines, is_12, rungs},
    steps, svg,
};

const STYLE: &str = include_str!("page.css");

/// The page of `made`, as of `now`.
pub fn page(made: &Report, now: Timestamp) -> String {
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
                    (findings(&made.findings))
                    @if let Some(trace) = &made.trace {
                        @if !trace.messages.is_empty() {
                            (handshake(made, trace))
                        }
                    }
                    @if let Some(chains) = chains::of(made, now) {
                        (two_chains(&chains))
                    }
                    (list("Further connections", "Each with one thing different, to separate causes that look alike.", &made.probes))
                    (notes(&made.notes))
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
                Some(first) => p .verdict.bad { "✗ " b { (first.code) } " " (first.code.title()) },
                None => p .verdict.good { "✓ no finding" },
            }
            p .faint {
                (now)
                @if let Some(id) = id { " · handshake " code { (id) } }
            }
        }
    }
}

fn findings(findings: &[Finding]) -> Markup {
    html! {
        @if !findings.is_empty() {
            section {
                h2 { "Findings" }
                @for (place, finding) in findings.iter().enumerate() {
                    @if place == 1 { h3 { "Less probable" } }
                    (one(finding, place == 0))
                }
            }
        }
    }
}

fn one(finding: &Finding, is_first: bool) -> Markup {
    html! {
        article .finding.first[is_first] {
            h3 { b { (finding.code) } " " (finding.code.title()) }
            dl {
                dt { "refused by" } dd { (finding.side.name()) }
                dt { "how sure" } dd { (finding.certainty.name()) }
                dt { "because" } dd { (finding.because) }
                @if let Some(place) = &finding.place { dt { "where" } dd { code { (place.file) ":" (place.line) } } }
                dt { "what to do" } dd { (finding.help) }
                @if let Some(command) = &finding.command { dt { "run" } dd { pre { (command) } } }
            }
        }
    }
}

fn handshake(made: &Report, trace: &Trace) -> Markup {
    let rungs = rungs(trace);
    let blamed = made.blamed();
    let is_12 = is_12(trace);
    html! {
        section {
            h2 { "The handshake" }
            p .faint { "Every step leads to its explanation below." }
            (svg::ladder(&rungs, blamed))
            @if let Some(agreed) = trace.established {
                p { "Agreed: " (agreed.version) ", " (agreed.suite) @if let Some(alpn) = agreed.alpn { ", " (alpn) } "." }
            }
            @for rung in &rungs {
                (step(rung, blamed == Some(rung.index), is_12))
            }
        }
    }
}

fn step(rung: &Rung<'_>, is_blamed: bool, is_12: bool) -> Markup {
    let message = rung.message;
    let is_bad = is_blamed || message.is_refusal();
    html! {
        details .step.bad[is_bad] open[is_bad] {
            summary {
                @if let Some(step) = rung.step { b { (step) } " " }
                (message.kind.name())
                span .faint { " from the " (message.from.name()) ", after " (format!("{:.2}", milliseconds(message))) " ms, " (message.bytes) " bytes" @if message.encrypted { ", encrypted" } }
                @if message.is_refusal() { b .mark { " ✗ refused here" } }
                @if is_blamed { b .mark { " ✗ this was refused" } }
            }
            // A browser opens what encloses the place that a link leads to.
            div id=(svg::anchor(rung)) {
                p {
                    @if is_12 { @if let Some(nine) = steps::of_nine(message) { b { "Step " (nine) " of 9. " } } }
                    (steps::words(message, !is_12))
                }
                table {
                    @for (name, value) in message.fields().into_iter().chain(message.details()) {
                        tr { th scope="row" { (name) } td { (value) } }
                    }
                }
                @if !message.raw.is_empty() {
                    details { summary .faint { "bytes" } pre { @for line in hex_lines(&message.raw) { (line) "\n" } } }
                }
            }
        }
    }
}

fn milliseconds(message: &Message) -> f64 {
    message.at.as_secs_f64() * 1000.0
}

fn two_chains(chains: &Chains) -> Markup {
    html! {
        section {
            h2 { "Two chains" }
            div .chains {
                div {
                    h3 { "what the " (chains.sender) " sent" }
                    ol .chain {
                        @for (place, link) in chains.sent.iter().enumerate() {
                            li .bad[link.fault.is_some()] {
                                @if place > 0 { span .faint { "issued by " } }
                                b { (link.name) }
                                br;
                                span .faint { (link.until) }
                                @if let Some(fault) = link.fault { b .mark { " ✗ " (fault) } }
                            }
                        }
                        li .open { span .faint { "issued by " } b { (chains.looked_for) } }
                    }
                }
                div {
                    h3 { "what the " (chains.judge()) " trusts" }
                    ul .chain {
                        @for (place, name) in chains.trusted.iter().enumerate() {
                            li .good[chains.meets == Some(place)] {
                                @if chains.meets == Some(place) { b { "✓ " } }
                                (name)
                            }
                        }
                        @if !chains.is_told { li .open { "it does not say" } }
                    }
                }
            }
            p class=(if chains.meets.is_some() { "good" } else { "bad" }) { (chains.told()) }
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
