//! A page in the text format of Prometheus.

use std::fmt::{Display, Write};

use crate::counters::{BOUNDS, Histogram};

/// What was written so far.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn into_text(self) -> String {
        self.0
    }

    pub(super) fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a text cannot fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, "gauge", help);
        self.line(name, &[], value);
    }

    pub(super) fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{}\"", escaped(text));
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    /// The sum of several histograms.
    pub(super) fn histogram<'a>(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        of: impl Iterator<Item = &'a Histogram>,
    ) {
        let mut counts = [0; BOUNDS.len() + 1];
        let mut sum = 0;
        for (more, microseconds) in of.map(Histogram::read) {
            counts.iter_mut().zip(more).for_each(|(all, more)| *all += more);
            sum += microseconds;
        }
        let bounds = BOUNDS
            .iter()
            .map(|bound| seconds(*bound))
            .chain(["+Inf".to_owned()]);
        let mut so_far = 0;
        for (count, bound) in counts.into_iter().zip(bounds) {
            so_far += count;
            let mut labels = labels.to_vec();
            labels.push(("le", &bound));
            self.line(&format!("{name}_bucket"), &labels, so_far);
        }
        self.line(&format!("{name}_sum"), labels, seconds(sum));
        self.line(&format!("{name}_count"), labels, so_far);
    }
}

/// Microseconds as seconds, without loss.
fn seconds(microseconds: u64) -> String {
    let text = format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// As the format has it for the value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn labels_cannot_break_out_and_buckets_add_up() {
        let mut page = Page::default();
        page.line("a", &[("b", "x\"} 5\n\\")], 1);
        assert_eq!(page.0, "a{b=\"x\\\"} 5\\n\\\\\"} 1\n");
        let (one, other) = (Histogram::default(), Histogram::default());
        one.observe(Duration::from_micros(400));
        other.observe(Duration::from_millis(1500));
        let mut page = Page::default();
        page.histogram("h", &[("host", "x")], [&one, &other].into_iter());
        let text = page.0;
        assert!(
            text.starts_with("h_bucket{host=\"x\",le=\"0.0005\"} 1\n"),
            "{text}"
        );
        assert!(text.contains("h_bucket{host=\"x\",le=\"2.5\"} 2\n"), "{text}");
        let end = "le=\"+Inf\"} 2\nh_sum{host=\"x\"} 1.5004\nh_count{host=\"x\"} 2\n";
        assert!(text.ends_with(end), "{text}");
    }
}
