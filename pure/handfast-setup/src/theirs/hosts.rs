//! The names by which clients ask for sites, as nginx, Apache and Envoy write them.

/// What asks for whatever a star stands for.
const ANY: &str = "handfast";

/// A name that `written` matches, as a client may ask for it: `handfast.example.com` for `*.example.com`. Nothing for what
/// is no name of DNS, such as a pattern or a variable.
pub fn asked_for(written: &str) -> Option<String> {
    // Apache takes an address there.
    let name = written.split_once("://").map_or(written, |(_, rest)| rest);
    let name = name.split([':', '/']).next()?.to_ascii_lowercase();
    let name = match name.strip_prefix('.') {
        Some(rest) => rest.to_owned(),
        None => name.replace('*', ANY),
    };
    is_name(&name).then_some(name)
}

/// Whether `name` is one of DNS (RFC 1123 section 2.1), and no address.
fn is_name(name: &str) -> bool {
    const LONGEST: usize = 253;
    const LONGEST_LABEL: usize = 63;
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= LONGEST && name.split('.').all(is_label) && !name.rsplit('.').next().is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sites_are_asked_for_in_every_spelling() {
        for (written, host) in [
            ("API.example", "api.example"),
            ("*.example.com", "handfast.example.com"),
            (".both.example", "both.example"),
            ("www.some.*", "www.some.handfast"),
            ("https://api.example:443", "api.example"),
        ] {
            assert_eq!(asked_for(written).as_deref(), Some(host), "{written}");
        }
    }

    #[test]
    fn what_nobody_can_ask_for_is_left_out() {
        for written in [
            "_",
            "",
            "~^(?<x>.+)\\.example$",
            "$hostname",
            "127.0.0.1",
            "[::1]",
            "-a.example",
            "a..b",
            "x_y.example",
        ] {
            assert_eq!(asked_for(written), None, "{written}");
        }
    }
}
