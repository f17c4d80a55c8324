//! The ladder as a picture in SVG; colours come from the page that it stands in.

use handfast_trace::Side;
use maud::{Markup, html};

use crate::ladder::Rung;

const WIDTH: usize = 860;
const LEFT: usize = 190;
const RIGHT: usize = 760;
const TOP: usize = 56;
const STEP: usize = 46;

/// The name of a rung's explanation within the page.
pub(crate) fn anchor(rung: &Rung<'_>) -> String {
    format!("message-{}", rung.index)
}

/// All rungs between two lines; each leads to its explanation.
pub(crate) fn ladder(rungs: &[Rung<'_>], blamed: Option<usize>) -> Markup {
    let height = TOP + rungs.len() * STEP + 24;
    html! {
        svg .ladder viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label="the handshake, message by message" {
            defs {
                marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" markerHeight="11" markerUnits="userSpaceOnUse" orient="auto-start-reverse" {
                    path .arrowhead d="M0 0 L10 5 L0 10 z" {}
                }
                marker id="bad-head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" markerHeight="11" markerUnits="userSpaceOnUse" orient="auto-start-reverse" {
                    path .badhead d="M0 0 L10 5 L0 10 z" {}
                }
            }
            text .who x=(LEFT) y="26" text-anchor="middle" { "client" }
            text .who x=(RIGHT) y="26" text-anchor="middle" { "server" }
            line .post x1=(LEFT) y1="36" x2=(LEFT) y2=(height - 8) {}
            line .post x1=(RIGHT) y1="36" x2=(RIGHT) y2=(height - 8) {}
            @for (place, rung) in rungs.iter().enumerate() {
                (one(rung, TOP + place * STEP + STEP / 2, blamed == Some(rung.index)))
            }
        }
    }
}

fn one(rung: &Rung<'_>, y: usize, is_blamed: bool) -> Markup {
    let message = rung.message;
    let is_bad = is_blamed || message.is_refusal();
    let (from, to) = match message.from {
        Side::Client => (LEFT + 4, RIGHT - 4),
        Side::Server => (RIGHT - 4, LEFT + 4),
    };
    let number = rung.step.map_or(String::new(), |step| format!("{step}. "));
    let mark = if message.is_refusal() {
        "  ✗ refused here"
    } else if is_blamed {
        "  ✗ this was refused"
    } else {
        ""
    };
    let time = format!("{:.2} ms", message.at.as_secs_f64() * 1000.0);
    html! {
        a .rung.bad[is_bad] href=(format!("#{}", anchor(rung))) {
            rect .hit x="0" y=(y - STEP / 2) width=(WIDTH) height=(STEP) {}
            text .time x=(LEFT - 14) y=(y + 4) text-anchor="end" { (time) }
            text .name x=((LEFT + RIGHT) / 2) y=(y - 7) text-anchor="middle" {
                (number) (message.kind.name())
                @if message.encrypted { tspan .faint { " encrypted" } }
                (mark)
            }
            line .arrow x1=(from) y1=(y) x2=(to) y2=(y) marker-end=(if is_bad { "url(#bad-head)" } else { "url(#head)" }) {}
        }
    }
}
