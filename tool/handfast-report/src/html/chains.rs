//! Two chains side by side: what was sent, and what the other side trusts.

use maud::{Markup, html};

use crate::chains::Chains;

/// A system trusts more than a hundred CAs, and nobody reads them here.
const MOST: usize = 5;

pub(super) fn section(chains: &Chains, is_good: bool) -> Markup {
    // The one where they meet is worth more than those that happen to come first.
    let mut shown: Vec<(usize, &String)> = chains.trusted.iter().enumerate().collect();
    shown.sort_by_key(|(place, _)| chains.meets != Some(*place));
    shown.truncate(MOST);
    let more = chains.trusted.len() - shown.len();
    let class = match (chains.meets, is_good) {
        (Some(_), true) => "good",
        // That they meet is true, and not what went wrong.
        (Some(_), false) => "plain",
        (None, _) => "bad",
    };
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
                        li .open.good[chains.meets.is_some()] {
                            span .faint { "issued by " }
                            @if chains.meets.is_some() { b { "✓ " } }
                            b { (chains.looked_for) }
                        }
                    }
                }
                div {
                    h3 { "what the " (chains.judge()) " trusts" }
                    ul .chain {
                        @for (place, name) in &shown {
                            li .good[chains.meets == Some(*place)] {
                                @if chains.meets == Some(*place) { b { "✓ " } }
                                (name)
                            }
                        }
                        @if more > 0 { li .open { "and " (more) " more" } }
                        @if !chains.is_told { li .open { "it does not say" } }
                    }
                }
            }
            p class=(class) { (chains.told()) }
        }
    }
}
