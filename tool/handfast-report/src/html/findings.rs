//! What was found, the most probable first.

use handfast_doctor::Report;
use handfast_finding::Finding;
use maud::{Markup, html};

use super::codes;
use crate::findings::concerned;

pub(super) fn all(made: &Report) -> Markup {
    html! {
        @if !made.findings.is_empty() {
            section {
                h2 { "Findings" }
                @for (place, finding) in made.findings.iter().enumerate() {
                    @if place == 1 { h3 { "Less probable" } }
                    (one(made, finding, place == 0))
                }
            }
        }
    }
}

fn one(made: &Report, finding: &Finding, is_first: bool) -> Markup {
    html! {
        article .finding.first[is_first] {
            h3 { b { (codes::link(finding.code)) } " " (finding.code.title()) }
            dl {
                dt { "refused by" } dd { (finding.side.name()) }
                @if let Some(fault) = finding.fault { dt { "at fault" } dd { (fault.name()) } }
                dt { "how sure" } dd { (finding.certainty.name()) }
                dt { "because" } dd { (finding.because) }
                @if let Some(identity) = concerned(made, finding) { dt { "identity" } dd { code { (identity) } } }
                @if let Some(place) = &finding.place { dt { "where" } dd { code { (place.file) ":" (place.line) } } }
                dt { "what to do" } dd { (finding.help) }
                @if let Some(command) = &finding.command { dt { "run" } dd { pre { (command) } } }
            }
        }
    }
}
