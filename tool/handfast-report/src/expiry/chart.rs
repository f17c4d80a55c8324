//! The expiry lines as text, as wide as the terminal.

use handfast_finding::when::relative;
use handfast_pki::text::printable;
use jiff::Timestamp;

use super::{Expiry, Group, Line, Standing, groups, is_soon};
use crate::style::{BAD, FAINT, STRONG};

/// The least columns that a line of time needs.
const LEAST: usize = 16;

/// One line per certificate below a line of time for each group; no line is longer than `width` columns, which is at least
/// 40. Marks of ours are drawn in ASCII where they are printed.
pub fn chart(rows: &[Expiry], now: Timestamp, width: usize) -> Vec<String> {
    let width = width.max(40);
    let line = Line::of(rows, now);
    let times = rows
        .iter()
        .map(|row| shown_time(row, now).chars().count())
        .max()
        .unwrap_or(0);
    // What is left for times and names; the line of time gets half.
    let bar = ((width - times - 4) / 2).max(LEAST);
    let layout = Layout {
        line,
        now,
        times,
        bar,
        names: (width - 2 - times - 2).saturating_sub(bar + 3),
        width,
    };
    let mut out = Vec::new();
    for group in groups(rows) {
        if !out.is_empty() {
            out.push(String::new());
        }
        layout.group(&group, &mut out);
    }
    out
}

struct Layout {
    line: Line,
    now: Timestamp,
    times: usize,
    bar: usize,
    names: usize,
    width: usize,
}

impl Layout {
    fn group(&self, group: &Group<'_>, out: &mut Vec<String>) {
        let count = group.rows.len();
        let heading = format!(
            "{}, by {} ({count})",
            printable(group.profile),
            printable(group.issuer)
        );
        out.push(format!("{STRONG}{}{STRONG:#}", cut(&heading, self.width)));
        out.push(format!("{FAINT}{}{FAINT:#}", self.scale()));
        out.extend(group.rows.iter().map(|row| self.row(row)));
    }

    /// The names of the marks, as many as there is room for.
    fn scale(&self) -> String {
        let indent = 2 + self.times + 2;
        let mut scale = " ".repeat(indent);
        for (place, name) in self.line.marks() {
            let at = indent + self.column(place);
            let is_first = scale.trim().is_empty();
            let used = scale.chars().count();
            if (is_first || at > used) && at + name.len() <= self.width {
                scale.push_str(&" ".repeat(at.saturating_sub(used)));
                scale.push_str(name);
            }
        }
        scale
    }

    fn row(&self, row: &Expiry) -> String {
        let column = self.column(self.line.place(row.not_after));
        let (mark, line) = match row.standing {
            Standing::Valid => ('●', "─".repeat(column)),
            Standing::Expired => ('✗', String::new()),
            Standing::Revoked => ('✗', "·".repeat(column)),
            Standing::Planned => ('?', "·".repeat(column)),
        };
        let rest = " ".repeat((self.bar - 1).saturating_sub(line.chars().count()));
        let time = shown_time(row, self.now);
        let name = cut(&printable(&row.called), self.names);
        let style = match row.standing {
            Standing::Valid if is_soon(row, self.now) => BAD,
            Standing::Valid => anstyle::Style::new(),
            _ => FAINT,
        };
        format!(
            "  {style}{time:<times$}  {line}{mark}{rest}   {name}{style:#}",
            times = self.times
        )
        .trim_end()
        .to_owned()
    }

    fn column(&self, place: f64) -> usize {
        // From 0 to 1, and the bar is short.
        (place * (self.bar - 1) as f64).round() as usize
    }
}

/// `in 5 days`, or how it stands where it is not valid.
fn shown_time(row: &Expiry, now: Timestamp) -> String {
    match row.standing {
        Standing::Valid | Standing::Expired => relative(row.not_after, now),
        other => other.name().to_owned(),
    }
}

/// At most `width` columns.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(2)).collect();
    format!("{kept}..")
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{now, row},
        *,
    };
    use crate::style::{ascii, plain};

    fn rows() -> Vec<Expiry> {
        vec![
            row("dns:a.example", "server", 3, Standing::Valid),
            row(
                &format!("uri:spiffe://acme/{}", "x".repeat(90)),
                "server",
                80,
                Standing::Valid,
            ),
            row("dns:old.example", "server", -4, Standing::Expired),
            row("dns:bad.example", "client", 40, Standing::Revoked),
            row("CN=Acme Root", "root", 3650, Standing::Valid),
            row("dns:lost.example", "server", 90, Standing::Planned),
        ]
    }

    #[test]
    fn every_certificate_has_a_line_that_fits_the_terminal_in_every_width() {
        for width in [20, 40, 60, 80, 200] {
            let lines = chart(&rows(), now(), width);
            let shown: Vec<String> = lines.iter().map(|line| plain(line)).collect();
            assert!(
                shown.iter().all(|line| line.chars().count() <= width.max(40)),
                "{width}: {shown:#?}"
            );
            assert_eq!(
                shown
                    .iter()
                    .filter(|line| line.starts_with("  ") && line.contains(['●', '✗', '?']))
                    .count(),
                6
            );
        }
    }

    #[test]
    fn a_later_expiry_has_a_longer_line_and_ascii_draws_it_as_long() {
        let lines: Vec<String> = chart(&rows(), now(), 100)
            .iter()
            .map(|line| plain(line))
            .collect();
        let of = |name: &str| lines.iter().find(|line| line.contains(name)).expect("a line");
        let length = |line: &str| line.matches(['─', '-']).count();
        assert!(
            length(of("dns:a.example")) < length(of("CN=Acme Root")),
            "{lines:#?}"
        );
        let drawn = ascii(of("dns:a.example"));
        assert!(drawn.is_ascii(), "{drawn}");
        assert_eq!(drawn.chars().count(), of("dns:a.example").chars().count());
        assert!(of("dns:old.example").contains("4 days ago") && of("dns:bad.example").contains("revoked"));
    }

    #[test]
    fn a_name_cannot_write_to_the_terminal() {
        let lines = chart(&[row("a\u{1b}[2Jb", "server", 3, Standing::Valid)], now(), 80);
        assert!(!lines.iter().any(|line| line.contains("\u{1b}[2J")), "{lines:?}");
    }
}
