//! The HTTP headers by which proxies tell applications who a client is.
//!
//! Backends disagree about what one name is: CGI, FastCGI and WSGI turn `-` into `_`, lighttpd turns every character
//! that is no letter or digit into `_`. So names are compared [folded](fold), in the proxy that takes them out and in
//! the doctor that tries whether another proxy does. One list serves both, and the operator extends it.

#![warn(missing_docs)]

mod known;

pub use known::{KNOWN, Known, Tells};

/// `name` as the most lenient backend reads it: letters in lower case, every character that is no letter or digit as
/// `-`.
pub fn fold(name: &str) -> String {
    name.bytes().map(|byte| char::from(folded(byte))).collect()
}

const fn folded(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() {
        byte.to_ascii_lowercase()
    } else {
        b'-'
    }
}

/// The names that a client may not set, made for looking many names up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// Beginnings of names, folded and sorted; none begins with another.
    prefixes: Vec<Box<[u8]>>,
    /// Whole names, folded and sorted; none of them is covered by a prefix.
    names: Vec<Box<[u8]>>,
    /// Whole names that are left in, folded and sorted.
    passed: Vec<Box<[u8]>>,
    /// Whether a prefix or a name begins with these two bytes.
    begins: Beginnings,
}

/// Pairs of first bytes, by their low five bits: most names of a request are decided by theirs alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Beginnings([u32; 32]);

impl Beginnings {
    const LOW: u8 = 0x1f;

    /// `folded` is a whole name, or what names begin with.
    fn add(&mut self, folded: &[u8], is_prefix: bool) {
        let Some(first) = folded.first() else { return };
        let seconds = match folded.get(1) {
            Some(second) => 1 << (second & Self::LOW),
            None if is_prefix => u32::MAX,
            None => 1,
        };
        self.0[usize::from(first & Self::LOW)] |= seconds;
    }

    fn have(&self, name: &[u8]) -> bool {
        let Some(first) = name.first() else { return false };
        let second = name.get(1).map_or(0, |second| folded(*second) & Self::LOW);
        self.0[usize::from(folded(*first) & Self::LOW)] >> second & 1 == 1
    }
}

/// Why a pattern of the operator's is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPattern {
    /// Not a token of RFC 9110 section 5.6.2, or with `*` in its middle.
    #[error("\"{0}\" is not the name of a header, optionally with * at its end")]
    NotAName(String),
    /// The pattern, and a header of everyday requests that it covers.
    #[error("\"{0}\" covers headers that carry every request, such as \"{1}\"")]
    TooWide(String, &'static str),
    /// The proxy writes this header itself, so that no client can be allowed to.
    #[error("\"{0}\" is set by the proxy and cannot be taken from a client")]
    SetByProxy(String),
    /// It frames the message or belongs to one connection (RFC 9110 section 7.6.1): the proxy decides about it.
    #[error(
        "\"{0}\" belongs to the connection or the message itself, and the proxy decides what of it is passed on"
    )]
    OfTheMessage(String),
}

/// Names that the proxy sets itself, so that a client's own can never pass.
pub const SET_BY_PROXY: [&str; 4] = [
    "client-cert",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-proto",
];

impl Default for Reserved {
    fn default() -> Self {
        Self::from_patterns(KNOWN.iter().map(|known| known.pattern.to_owned()), Vec::new())
    }
}

impl Reserved {
    /// The known names, with `more` patterns of the operator's and without the names in `passed`.
    pub fn with(more: &[String], passed: &[String]) -> Result<Self, BadPattern> {
        let more: Vec<String> = more.iter().map(|text| pattern(text)).collect::<Result<_, _>>()?;
        let passed: Vec<String> = passed
            .iter()
            .map(|text| passable(text))
            .collect::<Result<_, _>>()?;
        let known = KNOWN.iter().map(|known| known.pattern.to_owned());
        Ok(Self::from_patterns(known.chain(more), passed))
    }

    fn from_patterns(patterns: impl Iterator<Item = String>, passed: Vec<String>) -> Self {
        let (mut prefixes, mut names) = (Vec::new(), Vec::new());
        for pattern in patterns {
            match pattern.strip_suffix('*') {
                Some(prefix) => prefixes.push(Box::from(prefix.as_bytes())),
                None => names.push(Box::from(pattern.as_bytes())),
            }
        }
        prefixes.sort();
        // Sorted, a prefix stands right before everything that begins with it.
        prefixes.dedup_by(|later, earlier: &mut Box<[u8]>| later.starts_with(earlier));
        let mut reserved = Self {
            prefixes,
            names: Vec::new(),
            passed: sorted(
                passed
                    .into_iter()
                    .map(|name| name.into_bytes().into_boxed_slice())
                    .collect(),
            ),
            begins: Beginnings::default(),
        };
        names.retain(|name| !reserved.has_prefix_of(name));
        reserved.names = sorted(names);
        for prefix in &reserved.prefixes {
            reserved.begins.add(prefix, true);
        }
        for name in &reserved.names {
            reserved.begins.add(name, false);
        }
        reserved
    }

    /// The names that clients may set although they are known, folded.
    pub fn passed(&self) -> Vec<String> {
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        self.passed.iter().map(|name| text(name)).collect()
    }

    /// Whether a backend could take a header called `name` for one that only the proxy may set.
    ///
    /// Folds `name` into a buffer on the stack; most names are decided by their first two bytes.
    pub fn covers(&self, name: &str) -> bool {
        // A name in its plain spelling is no other name in disguise.
        let is_plain = name.bytes().all(is_plain);
        if is_plain && !self.begins.have(name.as_bytes()) {
            return false;
        }
        let mut buffer = [0; LONGEST];
        // What is longer can be covered by a prefix alone, and no prefix is that long.
        let length = name.len().min(LONGEST);
        for (to, from) in buffer.iter_mut().zip(name.bytes()) {
            *to = folded(from);
        }
        let folded = &buffer[..length];
        let is_whole = length == name.len();
        if self.has_prefix_of(folded) || is_whole && has(&self.names, folded) {
            return !(is_whole && has(&self.passed, folded));
        }
        // `Content_Length` is no length for us, and could be one behind us.
        is_whole && !is_plain && is_framing(folded)
    }

    /// The one prefix that can cover `folded` is the last that is not greater: a prefix between it and `folded` would
    /// begin with it, and none does.
    fn has_prefix_of(&self, folded: &[u8]) -> bool {
        let after = self.prefixes.partition_point(|prefix| **prefix <= *folded);
        let candidate = after.checked_sub(1).and_then(|index| self.prefixes.get(index));
        candidate.is_some_and(|prefix| folded.starts_with(prefix))
    }
}

/// The longest name that is compared whole, in bytes. Patterns are shorter.
const LONGEST: usize = 128;

fn sorted(mut names: Vec<Box<[u8]>>) -> Vec<Box<[u8]>> {
    names.sort();
    names.dedup();
    names
}

fn has(sorted: &[Box<[u8]>], name: &[u8]) -> bool {
    sorted.binary_search_by(|probe| (**probe).cmp(name)).is_ok()
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn is_framing(folded: &[u8]) -> bool {
    known::FRAMING.iter().any(|known| known.as_bytes() == folded)
}

/// A pattern of the operator's, folded.
fn pattern(text: &str) -> Result<String, BadPattern> {
    let (name, end) = match text.strip_suffix('*') {
        Some(name) => (name, "*"),
        None => (text, ""),
    };
    let name = header_name(name).ok_or_else(|| BadPattern::NotAName(text.to_owned()))?;
    let covered = known::FRAMING
        .iter()
        .chain(&["accept", "user-agent"])
        .find(|carries| {
            if end.is_empty() {
                **carries == name
            } else {
                carries.starts_with(&name)
            }
        });
    match covered {
        Some(carries) => Err(BadPattern::TooWide(text.to_owned(), carries)),
        None => Ok(name + end),
    }
}

/// A name that the operator lets pass, folded.
fn passable(text: &str) -> Result<String, BadPattern> {
    let name = header_name(text).ok_or_else(|| BadPattern::NotAName(text.to_owned()))?;
    if SET_BY_PROXY.contains(&name.as_str()) {
        return Err(BadPattern::SetByProxy(text.to_owned()));
    }
    if known::FRAMING.contains(&name.as_str()) {
        return Err(BadPattern::OfTheMessage(text.to_owned()));
    }
    Ok(name)
}

/// `text` folded, where it is a token (RFC 9110 section 5.6.2) of less than [`LONGEST`] bytes.
fn header_name(text: &str) -> Option<String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let fits = !text.is_empty() && text.len() < LONGEST && text.bytes().all(is_token) && !text.contains('*');
    fits.then(|| fold(text))
}

/// Names by which a client could be told to an application, for trying whether a proxy lets them pass.
pub fn forgeries() -> impl Iterator<Item = &'static str> {
    let tried = KNOWN.iter().filter(|known| known.is_tried);
    tried.flat_map(|known| known.examples.iter().copied())
}

/// Whether a header called `name` carries a client's identity, in any spelling.
pub fn is_identity(name: &str) -> bool {
    let name = fold(name);
    KNOWN
        .iter()
        .any(|known| known.tells == Tells::Identity && fits(known.pattern, &name))
}

fn fits(pattern: &str, folded: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => folded.starts_with(prefix),
        None => folded == pattern,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every character of a token that is no letter or digit.
    const SEPARATORS: &str = "!#$%&'*+-.^_`|~";

    #[test]
    fn the_list_is_folded_and_every_example_is_covered_by_its_own_pattern() {
        let reserved = Reserved::default();
        for known in KNOWN {
            let name = known.pattern.trim_end_matches('*');
            assert_eq!(fold(name), name, "{known:?}");
            assert!(!known.examples.is_empty(), "{known:?}");
            for example in known.examples {
                assert!(fits(known.pattern, &fold(example)), "{example}");
                assert!(reserved.covers(example), "{example}");
            }
        }
    }

    #[test]
    fn what_the_doctor_tries_fits_into_one_request_and_is_about_identities() {
        let tried: Vec<_> = forgeries().collect();
        assert!((50..80).contains(&tried.len()), "{}", tried.len());
        assert!(tried.iter().all(|name| is_identity(name)));
    }

    #[test]
    fn a_route_is_not_changed_behind_the_proxy() {
        let reserved = Reserved::default();
        for name in [
            "X-HTTP-Method-Override",
            "X_HTTP_Method",
            "x-method-override",
            "x-original-url",
            "x-rewrite-url",
        ] {
            assert!(reserved.covers(name), "{name}");
        }
        assert!(
            !reserved.covers("x-http") && !reserved.covers("x-methods"),
            "names of their own"
        );
    }

    #[test]
    fn what_every_request_carries_passes() {
        let reserved = Reserved::default();
        for name in [
            "accept",
            "accept-encoding",
            "authorization",
            "cache-control",
            "connection",
            "content-length",
            "content-type",
            "cookie",
            "expect",
            "host",
            "if-none-match",
            "origin",
            "range",
            "referer",
            "te",
            "traceparent",
            "transfer-encoding",
            "upgrade",
            "user-agent",
            "x-request-id",
            "x-client-version",
            "x-client-data",
            "x-auth-token",
            "x-api-key",
            "x-custom",
            "x-csrf-token",
            "x-b3-traceid",
            "dnt",
            "dn-t",
            "remote",
            "proxy-authorization",
            "client",
            "via",
            "",
        ] {
            assert!(!reserved.covers(name), "{name}");
        }
    }

    #[test]
    fn a_message_cannot_be_framed_by_a_name_in_disguise() {
        let reserved = Reserved::default();
        for name in [
            "content_length",
            "Content.Length",
            "transfer~encoding",
            "keep_alive",
            "proxy_authorization",
        ] {
            assert!(reserved.covers(name), "{name}");
        }
        assert!(!reserved.covers("content-length"));
    }

    #[test]
    fn the_operator_adds_patterns_and_lets_names_pass() {
        let more = ["X-Acme-*".to_owned(), "tenant".to_owned()];
        let reserved = Reserved::with(&more, &["CF-Connecting-IP".to_owned()]).expect("good patterns");
        for name in ["x-acme-user", "X_ACME_user", "x.acme.", "tenant", "remote-user"] {
            assert!(reserved.covers(name), "{name}");
        }
        for name in ["x-acme", "tenant-id", "cf-connecting-ip", "cf_connecting_ip"] {
            assert!(!reserved.covers(name), "{name}");
        }
        assert!(reserved.covers("cf-connecting-ip-2"));
    }

    #[test]
    fn patterns_that_are_no_names_or_cover_too_much_are_refused() {
        let one = |text: &str| Reserved::with(&[text.to_owned()], &[]).expect_err(text);
        for text in ["", "*", "a b", "a:b", "a*b", "ü"] {
            assert!(matches!(one(text), BadPattern::NotAName(_)), "{text}");
        }
        for text in ["host", "c*", "content_length", "user-*", "accept"] {
            assert!(matches!(one(text), BadPattern::TooWide(..)), "{text}");
        }
        for name in SET_BY_PROXY {
            let refused = Reserved::with(&[], &[name.to_uppercase()]).expect_err(name);
            assert!(matches!(refused, BadPattern::SetByProxy(_)), "{name}");
        }
    }

    /// A name of the list with the first letters of its words, its separators and its end drawn anew.
    fn disguised() -> impl Strategy<Value = String> {
        let names: Vec<&str> = KNOWN
            .iter()
            .flat_map(|known| known.examples.iter().copied())
            .collect();
        let separator = proptest::sample::select(SEPARATORS.chars().collect::<Vec<_>>());
        let drawn = (
            proptest::sample::select(names),
            proptest::collection::vec((separator, any::<bool>()), 64),
        );
        drawn.prop_map(|(name, draws)| {
            let redrawn = name.chars().zip(draws).map(|(c, (separator, upper))| match c {
                c if !c.is_ascii_alphanumeric() => separator,
                c if upper => c.to_ascii_uppercase(),
                c => c,
            });
            redrawn.collect()
        })
    }

    proptest! {
        #[test]
        fn no_disguise_of_a_known_name_passes(name in disguised()) {
            prop_assert!(Reserved::default().covers(&name), "{}", name);
        }

        #[test]
        fn looking_up_agrees_with_looking_at_every_pattern(name in "[a-z$]{1,3}[-_.a-z]{0,12}") {
            let folded = fold(&name);
            let slow = KNOWN.iter().any(|known| fits(known.pattern, &folded))
                || (!name.bytes().all(is_plain) && is_framing(folded.as_bytes()));
            prop_assert_eq!(Reserved::default().covers(&name), slow);
        }
    }
}
