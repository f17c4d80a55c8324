//! The ladder as a picture in SVG; colours come from the page that it stands in.

use handfast_trace::{Message, Side};
use maud::{Markup, html};

use crate::ladder::Rung;

const WIDTH: usize = 860;
const LEFT: usize = 96;
const RIGHT: usize = 812;
const TOP: usize = 52;
const STEP: usize = 58;
/// What a wait adds, from which time on it is one, and the most of a message's facts that fits.
const WAIT: usize = 30;
const LONG: f64 = 20.0;
const MOST: usize = 104;

/// The name of a rung's explanation within the page.
pub(crate) fn anchor(rung: &Rung<'_>) -> String {
    format!("message-{}", rung.index)
}

/// What a message says, on one line: as many of its fields as fit. None is cut, for a name that is cut in two is not found by
/// the mask of a bundle.
pub(crate) fn facts(message: &Message) -> String {
    let mut facts = String::new();
    for (name, value) in message.fields() {
        let separator = if facts.is_empty() { "" } else { "; " };
        let fact = format!("{separator}{name}: {value}");
        if facts.chars().count() + fact.chars().count() > MOST {
            facts.push_str(&format!("{separator}{name}: …"));
            break;
        }
        facts.push_str(&fact);
    }
    facts
}

/// A rung in its place, and how long was waited for it where that is worth a word.
struct Placed<'a> {
    rung: &'a Rung<'a>,
    y: usize,
    waited: Option<f64>,
}

fn placed<'a>(rungs: &'a [Rung<'a>]) -> Vec<Placed<'a>> {
    let (mut y, mut before) = (TOP + STEP / 2, 0.0);
    let mut placed = Vec::new();
    for rung in rungs {
        let at = rung.message.at.as_secs_f64() * 1000.0;
        let waited = Some(at - before).filter(|waited| *waited >= LONG);
        y += if waited.is_some() { WAIT } else { 0 };
        placed.push(Placed { rung, y, waited });
        y += STEP;
        before = at;
    }
    placed
}

/// All rungs between two lines; each leads to its explanation.
pub(crate) fn ladder(rungs: &[Rung<'_>], blamed: Option<usize>) -> Markup {
    let placed = placed(rungs);
    let height = placed.last().map_or(TOP, |last| last.y) + STEP / 2 + 24;
    html! {
        svg .ladder viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label="the handshake, message by message" {
            defs {
                (marker("head", "arrowhead"))
                (marker("bad-head", "badhead"))
            }
            text .who x=(LEFT) y="26" text-anchor="middle" { "client" }
            text .who x=(RIGHT) y="26" text-anchor="middle" { "server" }
            line .post x1=(LEFT) y1="36" x2=(LEFT) y2=(height - 8) {}
            line .post x1=(RIGHT) y1="36" x2=(RIGHT) y2=(height - 8) {}
            @for placed in &placed {
                @if let Some(waited) = placed.waited {
                    text .wait x=((LEFT + RIGHT) / 2) y=(placed.y - STEP / 2 - WAIT / 2 + 4) text-anchor="middle" {
                        "· · · " (format!("{waited:.0}")) " ms later · · ·"
                    }
                }
                (one(placed.rung, placed.y, blamed == Some(placed.rung.index)))
            }
        }
    }
}

fn marker(id: &str, class: &str) -> Markup {
    html! {
        marker id=(id) viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" markerHeight="11" markerUnits="userSpaceOnUse" orient="auto-start-reverse" {
            path class=(class) d="M0 0 L10 5 L0 10 z" {}
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
            text .facts x=((LEFT + RIGHT) / 2) y=(y + 17) text-anchor="middle" { (facts(message)) }
            line .arrow x1=(from) y1=(y) x2=(to) y2=(y) marker-end=(if is_bad { "url(#bad-head)" } else { "url(#head)" }) {}
        }
    }
}
