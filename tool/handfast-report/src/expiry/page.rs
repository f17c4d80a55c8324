//! The expiry lines as one page that needs nothing but itself.

use handfast_finding::when::relative;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Expiry, Group, Line, Standing, groups, is_soon};

const STYLE: &str = concat!(include_str!("../page.css"), include_str!("expiry.css"));

/// The page of `rows`, as of `now`. `left_out` says that there are more certificates than these.
pub fn page(rows: &[Expiry], now: Timestamp, title: &str, left_out: bool) -> String {
    let line = Line::of(rows, now);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) ": expiry" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(rows, now, title, left_out))
                main { @for group in groups(rows) { (section(&group, &line, now)) } }
                footer { "made by handfast " (env!("CARGO_PKG_VERSION")) ", at " (now) }
            }
        }
    };
    page.into_string()
}

fn head(rows: &[Expiry], now: Timestamp, title: &str, left_out: bool) -> Markup {
    let count = |standing| rows.iter().filter(|row| row.standing == standing).count();
    let soon = rows.iter().filter(|row| is_soon(row, now)).count();
    let next = rows
        .iter()
        .filter(|row| row.standing == Standing::Valid)
        .min_by_key(|row| row.not_after);
    html! {
        header {
            p .kicker { "handfast ca list" }
            h1 { (title) }
            @match next {
                Some(row) if soon > 0 => p .verdict.bad {
                    "✗ " (soon) (if soon == 1 { " expires" } else { " expire" }) " within 14 days; the first " b { (relative(row.not_after, now)) } ": " (row.called)
                },
                Some(row) => p .verdict.good { "✓ none expires within 14 days; the first " (relative(row.not_after, now)) ": " (row.called) },
                None => p .faint { "no valid certificate" },
            }
            p .faint {
                (count(Standing::Valid)) " valid, " (count(Standing::Expired)) " expired, " (count(Standing::Revoked)) " revoked, "
                (count(Standing::Planned)) " never finished"
                @if left_out { "; there are more than these " (rows.len()) }
                " · " (now.strftime("%Y-%m-%d %H:%MZ"))
            }
        }
    }
}

fn section(group: &Group<'_>, line: &Line, now: Timestamp) -> Markup {
    html! {
        section {
            h2 { (group.profile) span .faint { ", by " (group.issuer) " · " (group.rows.len()) } }
            (scale(line))
            ol .expiries { @for row in &group.rows { (one(row, line, now)) } }
        }
    }
}

/// The marks of the line of time. The last one ends where it stands, so that it is not cut off.
fn scale(line: &Line) -> Markup {
    html! {
        svg .scale role="img" aria-label="time from now, by its logarithm" height="26" width="100%" {
            @for (place, name) in line.marks() {
                @let is_last = place > 0.95;
                line .tick x1=(percent(place)) x2=(percent(place)) y1="19" y2="26" {}
                text x=(percent(place)) y="14" text-anchor=(if place == 0.0 { "start" } else if is_last { "end" } else { "middle" }) { (name) }
            }
        }
    }
}

fn one(row: &Expiry, line: &Line, now: Timestamp) -> Markup {
    let class = if is_soon(row, now) {
        "soon"
    } else {
        row.standing.name()
    };
    let place = percent(line.place(row.not_after));
    html! {
        li class=(class) {
            p .called { (row.called) }
            p .faint {
                b { (relative(row.not_after, now)) } " · "
                time datetime=(row.not_after) { (row.not_after.strftime("%Y-%m-%d %H:%MZ")) }
                @if row.standing != Standing::Valid { " · " (row.standing.name()) }
                " · " code { (row.serial) }
            }
            svg .line height="14" width="100%" aria-hidden="true" {
                line .base x1="0" x2="100%" y1="7" y2="7" {}
                line .life x1="0" x2=(place) y1="7" y2="7" {}
                circle .end cx=(place) cy="7" r="5" {}
            }
        }
    }
}

fn percent(place: f64) -> String {
    // The dot has a radius, and the line does not end at the edge.
    format!("{:.2}%", 1.0 + place * 98.0)
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{now, row},
        *,
    };

    #[test]
    fn a_page_has_no_script_and_no_address_and_escapes_every_name() {
        let evil = "<script>alert(1)</script>\"&'";
        let rows = [
            Expiry {
                issuer: evil.into(),
                ..row(evil, evil, 3, Standing::Valid)
            },
            row("dns:b.example", "server", 80, Standing::Revoked),
        ];
        let made = page(&rows, now(), evil, true);
        assert!(!made.contains("<script"), "{made}");
        assert!(
            !made.contains("http:") && !made.contains("https:") && !made.contains("url("),
            "{made}"
        );
        assert_eq!(made.matches("&lt;script&gt;alert(1)").count(), 6, "{made}");
        assert!(made.contains("there are more than these 2"), "{made}");
    }

    #[test]
    fn every_certificate_is_on_its_line_and_what_expires_soon_is_marked() {
        let rows = [
            row("dns:a.example", "server", 3, Standing::Valid),
            row("dns:b.example", "server", 80, Standing::Valid),
            row("dns:c.example", "client", 80, Standing::Revoked),
        ];
        let made = page(&rows, now(), "Acme", false);
        assert_eq!(made.matches("<circle").count(), 3);
        assert_eq!(made.matches("<li class=\"soon\"").count(), 1);
        assert_eq!(made.matches("<li class=\"revoked\"").count(), 1);
        assert!(made.contains("1 expires within 14 days"), "{made}");
        let calm = page(&rows[1..], now(), "Acme", false);
        assert!(
            calm.contains("none expires within 14 days") && !calm.contains("\"soon\""),
            "{calm}"
        );
        assert!(page(&[], now(), "Acme", false).contains("no valid certificate"));
    }
}
