//! One reading of a path, so that what is decided about is what the backend is asked for.

use http::{Uri, uri::PathAndQuery};

use super::unacceptable::Unacceptable;

/// Gives `target` its one form: dot segments and empty segments removed (RFC 3986 section 5.2.4), percent-encoding of
/// unreserved characters undone and that of others in upper case (section 6.2.2). The query stays as it is.
///
/// What two readers could read differently has no such form and is refused: an encoded slash, backslash, percent or control
/// character, a backslash, a semicolon (parameters of a segment), bytes beyond ASCII, `..` above the root.
pub(crate) fn normalise(target: &mut Uri) -> Result<(), Unacceptable> {
    let path = target.path();
    // The target of OPTIONS for the server as a whole.
    if path == "*" {
        return Ok(());
    }
    let normal = normal(path).ok_or(Unacceptable::Path)?;
    if normal == path {
        return Ok(());
    }
    let text = match target.query() {
        Some(query) => format!("{normal}?{query}"),
        None => normal,
    };
    let path = PathAndQuery::try_from(text).map_err(|_| Unacceptable::Path)?;
    *target = Uri::from(path);
    Ok(())
}

/// Whether `path`, without a slash at its end, is one that a request can have after [`normalise`].
pub(crate) fn is_normal(path: &str) -> bool {
    path.is_empty() || normal(path).as_deref() == Some(path)
}

fn normal(path: &str) -> Option<String> {
    let decoded = decoded(path)?;
    let mut segments: Vec<&str> = Vec::new();
    let mut rest = decoded.strip_prefix('/')?.split('/').peekable();
    let mut ends_in_slash = false;
    while let Some(segment) = rest.next() {
        let is_last = rest.peek().is_none();
        match segment {
            ".." => {
                segments.pop()?;
                ends_in_slash = is_last;
            }
            "." | "" => ends_in_slash = is_last,
            other => segments.push(other),
        }
    }
    let mut normal = segments
        .iter()
        .fold(String::new(), |all, segment| all + "/" + segment);
    if ends_in_slash || normal.is_empty() {
        normal.push('/');
    }
    Some(normal)
}

/// `path` with its percent-encoding in one form.
fn decoded(path: &str) -> Option<String> {
    let mut decoded = String::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                let text = std::str::from_utf8(&digits).ok()?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                let byte = u8::from_str_radix(text, 16).ok()?;
                match byte {
                    _ if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                        decoded.push(char::from(byte))
                    }
                    b'/' | b'\\' | b'%' | b';' | 0..=31 | 127.. => return None,
                    _ => decoded.push_str(&format!("%{byte:02X}")),
                }
            }
            b'\\' | b';' | 0..=32 | 127.. => return None,
            _ => decoded.push(char::from(byte)),
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(target: &str) -> Option<String> {
        let mut target: Uri = target.parse().expect(target);
        normalise(&mut target).ok().map(|()| target.to_string())
    }

    #[test]
    fn a_path_has_one_form_and_its_query_stays() {
        for (target, expected) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/b/", "/a/b/"),
            ("//a///b", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/b/..", "/a/"),
            ("/a/%2e%2E/b", "/b"),
            ("/%61dmin", "/admin"),
            ("/a%20b", "/a%20b"),
            ("/a%2bb", "/a%2Bb"),
            ("/a/..?x=../%2f", "/?x=../%2f"),
            ("/A", "/A"),
            ("/a:b@c", "/a:b@c"),
        ] {
            assert_eq!(normalised(target).as_deref(), Some(expected), "{target}");
        }
    }

    #[test]
    fn a_path_that_could_be_read_in_two_ways_is_refused() {
        for target in [
            "/..",
            "/a/../..",
            "/%2e%2e/a",
            "/a%2fb",
            "/a%5cb",
            "/a%00b",
            "/a%0ab",
            "/a%25b",
            "/a;b",
            "/a%3bb",
            "/a%zz",
            "/a%2",
            "/a%",
            "/a%c0%af",
            "/a%ff",
        ] {
            assert_eq!(normalised(target), None, "{target}");
        }
        assert!(normal("/a\\b").is_none());
    }
}
