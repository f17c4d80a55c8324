//! The regular expressions that people write about certificates, as far as they can be told without an engine:
//! plain text, anchors, alternatives, `.*` at an end.

/// Whether `pattern` is found in `text`; `None` where it is more than we understand.
pub(super) fn is_found(pattern: &str, text: &str, ignores_case: bool) -> Option<bool> {
    let (pattern, text) = if ignores_case {
        (pattern.to_lowercase(), text.to_lowercase())
    } else {
        (pattern.to_owned(), text.to_owned())
    };
    let mut any = Some(false);
    for alternative in alternatives(&pattern)? {
        match one(&alternative, &text) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => any = None,
        }
    }
    any
}

/// `^(a|b)$` is `^a$` and `^b$`.
fn alternatives(pattern: &str) -> Option<Vec<String>> {
    let Some(open) = pattern.find('(') else {
        return Some(pattern.split('|').map(str::to_owned).collect());
    };
    let (before, rest) = (&pattern[..open], &pattern[open + 1..]);
    let (inside, after) = rest.split_once(')')?;
    let inside = inside.strip_prefix("?:").unwrap_or(inside);
    if inside.contains('(') || after.contains(['(', '|']) || before.contains('|') {
        return None;
    }
    Some(
        inside
            .split('|')
            .map(|choice| format!("{before}{choice}{after}"))
            .collect(),
    )
}

fn one(pattern: &str, text: &str) -> Option<bool> {
    let (from_start, pattern) = match pattern.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let (to_end, pattern) = match pattern.strip_suffix('$') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let (from_start, pattern) = match pattern.strip_prefix(".*") {
        Some(rest) => (false, rest),
        None => (from_start, pattern),
    };
    let (to_end, pattern) = match pattern.strip_suffix(".*") {
        Some(rest) => (false, rest),
        None => (to_end, pattern),
    };
    if pattern.contains(['.', '*', '+', '?', '[', '\\', '{', '(', '^', '$']) {
        return None;
    }
    Some(match (from_start, to_end) {
        (true, true) => text == pattern,
        (true, false) => text.starts_with(pattern),
        (false, true) => text.ends_with(pattern),
        (false, false) => text.contains(pattern),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_patterns_are_told_and_others_left_open() {
        for (pattern, text, found) in [
            ("SUCCESS", "SUCCESS", Some(true)),
            ("^SUCCESS$", "SUCCESSES", Some(false)),
            ("^(NONE|FAILED.*)$", "FAILED:expired", Some(true)),
            ("^(NONE|FAILED.*)$", "SUCCESS", Some(false)),
            ("NONE|FAILED", "NONE", Some(true)),
            ("S[UX]CCESS", "SUCCESS", None),
        ] {
            assert_eq!(is_found(pattern, text, false), found, "{pattern} {text}");
        }
        assert_eq!(is_found("success", "SUCCESS", true), Some(true));
    }
}
