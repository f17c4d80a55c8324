//! The words that Handfast used to have for things that the field has a name for, and a search for them.
//!
//! In: any text that people read. Out: each old word with its line and the standard one. A word is found whatever its
//! case, across the end of a line, and at every hyphen and underscore.

/// An old word, in all its forms, and what the field says.
struct OldWord {
    forms: &'static [&'static str],
    standard: &'static str,
    /// Phrases of the field that hold the old word and are right.
    right: &'static [&'static str],
}

/// `docs/reference/words.md` explains the standard ones.
const OLD: &[OldWord] = &[
    OldWord {
        forms: &["door", "doors"],
        standard: "reverse proxy, proxy, listener",
        right: &[],
    },
    OldWord {
        forms: &["authority", "authorities"],
        standard: "certificate authority, CA",
        // The names of an extension and its parts, of a file, of a part of a URI, and what Go says.
        right: &[
            "certificate authority",
            "certificate authorities",
            "certification authority",
            "authority and subject key identifier",
            "authority and issuer serial number",
            "authority key",
            "authority info access",
            "authority info",
            "authority information",
            "authority db",
            "competent authority",
            "supervisory authority",
            "the target authority",
            "unknown authority",
        ],
    },
    OldWord {
        forms: &["believe", "believes", "believed", "believing"],
        standard: "trust, trusted, untrusted; verification failed",
        right: &[],
    },
    OldWord {
        forms: &[
            "let in",
            "lets in",
            "letting in",
            "lets whom in",
            "come in",
            "comes in",
            "came in",
            "coming in",
            "gets in",
            "got in",
            "stay out",
            "stays out",
            "stayed out",
            "keep out",
            "keeps out",
            "kept out",
        ],
        standard: "accept, accepted / rejected; allowed / denied by policy",
        right: &[],
    },
    OldWord {
        forms: &["zoo", "animal", "animals", "cage", "cages", "story", "stories"],
        standard: "test certificates, test case, fixture",
        right: &[],
    },
    OldWord {
        forms: &["is met", "are met", "was met", "meets the", "met by every"],
        standard: "is tested",
        right: &[],
    },
    OldWord {
        forms: &[
            "take over",
            "takes over",
            "taken over",
            "took over",
            "takes it over",
            "take the ca over",
        ],
        standard: "import (a CA), reload (a setting)",
        right: &[],
    },
    OldWord {
        forms: &[
            "certificate ends",
            "certificate ended",
            "until it ends",
            "before it ends",
            "has ended",
            "ended ten days ago",
        ],
        standard: "expires, expired",
        right: &[],
    },
    OldWord {
        forms: &["beware"],
        standard: "warning",
        right: &[],
    },
    OldWord {
        forms: &["mend", "mends", "mended", "mending"],
        standard: "complete, repair, correct",
        right: &[],
    },
    OldWord {
        forms: &["old times"],
        standard: "legacy",
        right: &[],
    },
    OldWord {
        forms: &[
            "name of a handshake",
            "name of the handshake",
            "names of handshakes",
        ],
        standard: "connection ID",
        right: &[],
    },
    OldWord {
        forms: &["nothing in particular"],
        standard: "none",
        right: &[],
    },
    OldWord {
        forms: &["behind a password", "is not heard", "is no authority"],
        standard: "encrypted, ignored, not a CA directory",
        right: &[],
    },
    OldWord {
        forms: &["somebody", "whoever", "nobody"],
        standard: "the client, the peer, any client, none",
        right: &[],
    },
    OldWord {
        forms: &["talk to stderr"],
        standard: "diagnostics on stderr",
        right: &[],
    },
    OldWord {
        forms: &[
            "ecdsa nistp256 sha256",
            "ecdsa nistp384 sha384",
            "rsa pss sha256",
            "rsa pss sha384",
            "rsa pss sha512",
        ],
        standard: "the IANA names: ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256",
        right: &[],
    },
];

/// An old word in a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Counted from one.
    pub line: usize,
    pub old: &'static str,
    pub standard: &'static str,
}

/// Every old word of `text`, by line.
pub fn old_words(text: &str) -> Vec<Found> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    for word in OLD {
        let right: Vec<usize> = word
            .right
            .iter()
            .flat_map(|phrase| {
                starts(&tokens, phrase).flat_map(|start| start..start + phrase.split(' ').count())
            })
            .collect();
        for form in word.forms {
            for at in starts(&tokens, form).filter(|at| !right.contains(at)) {
                found.push(Found {
                    line: tokens[at].1,
                    old: form,
                    standard: word.standard,
                });
            }
        }
    }
    found.sort_by_key(|one| one.line);
    found
}

/// Each word in lower case with its line; `|` stands alone, so that no phrase reaches across it.
fn tokens(text: &str) -> Vec<(String, usize)> {
    let mut tokens = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for word in line
            .replace('|', " | ")
            .split(|one: char| !one.is_alphanumeric() && one != '|')
        {
            if !word.is_empty() {
                tokens.push((word.to_lowercase(), number + 1));
            }
        }
    }
    tokens
}

/// Where `phrase` begins in `tokens`.
fn starts<'a>(tokens: &'a [(String, usize)], phrase: &'a str) -> impl Iterator<Item = usize> + 'a {
    (0..tokens.len()).filter(move |start| {
        let mut here = tokens[*start..].iter();
        phrase
            .split(' ')
            .all(|word| here.next().is_some_and(|(other, _)| other == word))
    })
}

/// What a Rust source says: its string literals on their lines, without what stands in braces, and no tests.
pub fn literals(source: &str) -> String {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut said = String::new();
    let mut rest = source.chars().peekable();
    while let Some(one) = rest.next() {
        match one {
            '/' if rest.peek() == Some(&'/') => {
                // A comment ends with its line, whatever quotes it holds.
                said.extend(rest.by_ref().find(|other| *other == '\n'));
            }
            '\'' => skip_character(&mut rest),
            '"' => {
                literal(&mut rest, &mut said);
                said.push('|');
            }
            '\n' => said.push('\n'),
            _ => {}
        }
    }
    said
}

/// `'"'` and `'\''` are characters; a lifetime is not.
fn skip_character(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.peek() {
        Some('\\') => {
            rest.next();
            rest.next();
        }
        Some('"') => {
            rest.next();
        }
        _ => {}
    }
}

fn literal(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, said: &mut String) {
    let mut depth = 0;
    while let Some(one) = rest.next() {
        match one {
            '"' => return,
            '\\' => {
                // What is escaped separates words; a line that goes on in the next stays a line.
                said.push(if rest.next() == Some('\n') { '\n' } else { ' ' });
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            '\n' => said.push('\n'),
            _ if depth > 0 => {}
            _ => said.push(one),
        }
    }
}

#[test]
fn an_old_word_is_found_in_every_case_and_across_lines() {
    let found = old_words("The Door is open.\nIt lets\nin the certificate authority.");
    let words: Vec<(usize, &str)> = found.iter().map(|one| (one.line, one.old)).collect();
    assert_eq!(words, [(1, "door"), (2, "lets in")]);
}

#[test]
fn a_phrase_of_the_field_is_right_and_a_part_of_a_word_is_none() {
    assert_eq!(
        old_words("outdoor certificate authority, authority key identifier, amend"),
        []
    );
    assert_eq!(old_words("its authority").len(), 1);
}

#[test]
fn of_a_source_only_its_strings_count() {
    let source = "// the \"door\"\nlet door = \"a {door} \\\n  believes\"; // door\nlet quote = '\"'; \n#[cfg(test)]\n\"zoo\"";
    let found = old_words(&literals(source));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].line, found[0].old), (3, "believes"));
}
