//! The handshake: a ladder, the same for narrow screens and paper, and every step in plain words.

use handfast_doctor::{Report, Trace};
use handfast_trace::{Message, Side};
use maud::{Markup, html};

use super::certificates;
use crate::{
    ladder::{Rung, hex_lines, is_12, rungs},
    steps, svg,
};

pub(super) fn section(made: &Report, trace: &Trace) -> Markup {
    let rungs = rungs(trace);
    let blamed = made.blamed();
    let is_12 = is_12(trace);
    html! {
        section {
            h2 { "The handshake" }
            p .faint.screen { "Every step leads to its explanation below." }
            (svg::ladder(&rungs, blamed))
            (narrow(&rungs, blamed))
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
                    @for (name, value) in message.fields() {
                        tr { th scope="row" { (name) } td { (value) } }
                    }
                    @if message.certificates().is_empty() {
                        @for (name, value) in message.details() {
                            tr { th scope="row" { (name) } td { (value) } }
                        }
                    } @else {
                        tr { th scope="row" { "more" } td { (cards(message)) } }
                    }
                }
                @if !message.raw.is_empty() {
                    details .bytes { summary .faint { "bytes" } pre { @for line in hex_lines(&message.raw) { (line) "\n" } } }
                }
            }
        }
    }
}

/// Where the certificates of the message are shown whole.
fn cards(message: &Message) -> Markup {
    html! {
        @for (place, certificate) in message.certificates().iter().enumerate() {
            @if place > 0 { ", " }
            a href=(format!("#{}", certificates::anchor(message.from, place))) { (certificate.called()) }
        }
    }
}

/// The same as the ladder for narrow screens and for paper: one message below the other.
fn narrow(rungs: &[Rung<'_>], blamed: Option<usize>) -> Markup {
    html! {
        ol .narrow {
            @for rung in rungs {
                @let message = rung.message;
                @let is_bad = blamed == Some(rung.index) || message.is_refusal();
                li .bad[is_bad] class=(message.from.name()) {
                    span .from { @if message.from == Side::Client { "client →" } @else { "← server" } }
                    " "
                    a href=(format!("#{}", svg::anchor(rung))) {
                        @if let Some(step) = rung.step { (step) ". " }
                        (message.kind.name())
                    }
                    span .faint { " " (format!("{:.2}", milliseconds(message))) " ms" }
                    @if message.is_refusal() { b .mark { " ✗ refused here" } } @else if is_bad { b .mark { " ✗ this was refused" } }
                    @let facts = svg::facts(message);
                    @if !facts.is_empty() { div .faint { (facts) } }
                }
            }
        }
    }
}

fn milliseconds(message: &Message) -> f64 {
    message.at.as_secs_f64() * 1000.0
}
