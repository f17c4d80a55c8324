//! A posture as a test report, in the form of JUnit's XML that CI servers read.

use handfast_doctor::posture::{Check, Posture, Verdict};

pub fn junit(made: &Posture) -> String {
    let count = |wanted| {
        made.checks
            .iter()
            .filter(|check| check.verdict() == wanted)
            .count()
    };
    let cases: String = made.checks.iter().map(case).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites>\n  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n\
         {cases}  </testsuite>\n</testsuites>\n",
        escaped(&made.target),
        made.checks.len(),
        count(Verdict::Hole),
        count(Verdict::Unknown),
    )
}

fn case(check: &Check) -> String {
    let says = escaped(&check.says);
    let help = escaped(check.help.as_deref().unwrap_or_default());
    let code = check.code.map(|code| code.to_string()).unwrap_or_default();
    let inside = match check.verdict() {
        Verdict::Hole => format!("<failure type=\"{code}\" message=\"{says}\">{help}</failure>"),
        Verdict::Unknown => format!("<skipped message=\"{says}\"/>"),
        Verdict::Good | Verdict::Remark => format!("<system-out>{says} {help}</system-out>"),
    };
    format!(
        "    <testcase classname=\"handfast.posture\" name=\"{}\">{inside}</testcase>\n",
        check.name
    )
}

/// `text` for content and attributes. What XML 1.0 cannot hold at all (section 2.2) becomes a question mark.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('?'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_peer_ends_its_place_in_the_document() {
        assert_eq!(escaped("a\"><b>&\u{1b}[31m\n"), "a&quot;&gt;&lt;b&gt;&amp;?[31m ");
        assert_eq!(escaped("Zürich 東京"), "Zürich 東京");
    }
}
