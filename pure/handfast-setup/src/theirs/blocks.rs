//! Blocks in braces, as nginx and Caddy write them.

use std::ops::Range;

/// What stands within the braces of the block `name` that is in no other block.
pub fn inside<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let all = blocks(text);
    let found = all
        .iter()
        .find(|block| text.get(block.header.clone()).map(str::trim) == Some(name))?;
    text.get(found.inside.clone())
}

/// The sites of a Caddyfile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sites {
    /// Where the options for all of them begin, within the braces.
    pub global: Option<usize>,
    /// In the order of the file.
    pub sites: Vec<Site>,
}

/// One site, by byte positions in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its addresses.
    pub addresses: Range<usize>,
    /// Where its own directives begin.
    pub inside: usize,
}

/// The sites of a Caddyfile, and its options. One without braces is a single site.
pub fn sites(text: &str) -> Sites {
    let mut found = Sites::default();
    for block in blocks(text) {
        let header = text.get(block.header.clone()).unwrap_or_default();
        let mut rows = header.lines();
        let first = rows.next().unwrap_or_default();
        if header.is_empty() {
            found.global = Some(block.inside.start);
        } else if header.starts_with(['(', '&']) {
            // A snippet or a named route, which is used elsewhere.
        } else if rows.next().is_some() && !first.trim_end().ends_with(',') {
            let end = block.header.start + first.trim_end().len();
            found.sites.push(Site {
                addresses: block.header.start..end,
                inside: end,
            });
            break;
        } else {
            found.sites.push(Site {
                addresses: block.header,
                inside: block.inside.start,
            });
        }
    }
    found
}

/// A block in braces that is in no other.
struct Block {
    /// What stands before its brace, without comments around it.
    header: Range<usize>,
    inside: Range<usize>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut header: Option<Range<usize>> = None;
    let mut opened = 0;
    // Of the block that is open, or of braces within a word, such as {$SITE}.
    let mut is_block = false;
    let mut before = ' ';
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let is_start = before.is_whitespace() || "{};(".contains(before);
        before = letter;
        match letter {
            '#' if is_start => {
                while letters.next_if(|(_, letter)| *letter != '\n').is_some() {}
                continue;
            }
            '"' | '\'' | '`' if is_start => {
                while let Some((_, inner)) = letters.next() {
                    if inner == '\\' {
                        letters.next();
                    } else if inner == letter {
                        break;
                    }
                }
                before = 'x';
            }
            '{' => {
                if depth == 0 {
                    is_block = letters.peek().is_none_or(|(_, next)| next.is_whitespace());
                    opened = at + 1;
                }
                depth += 1;
            }
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 && is_block {
                    let header = header.take().unwrap_or(opened - 1..opened - 1);
                    let inside = opened..at;
                    found.push(Block { header, inside });
                    continue;
                }
            }
            ';' if depth == 0 => {
                header = None;
                continue;
            }
            _ => {}
        }
        // Braces within a word belong to it.
        let is_header = depth == 0 || !is_block;
        if is_header && !letter.is_whitespace() {
            let from = header.as_ref().map_or(at, |header| header.start);
            header = Some(from..at + letter.len_utf8());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_taken_out_whole() {
        let text = "events { }\n# http {\nworker 1; http {\n  a \"}\"; # }\n  server { b; }\n}\nstream { }\n";
        assert_eq!(inside(text, "http"), Some("\n  a \"}\"; # }\n  server { b; }\n"));
        assert_eq!(inside("server { b; }", "http"), None);
    }

    #[test]
    fn sites_of_a_caddyfile_are_found_and_nothing_else() {
        let texts = |text: &str| -> Vec<String> {
            let all = sites(text).sites.into_iter();
            all.map(|site| text[site.addresses].to_owned()).collect()
        };
        let text = "# hello {\n{\n  admin off\n}\n(snip) {\n  log\n}\na.example,\nb.example:8443 {\n  respond \
                    \"{x}\"\n}\n{$SITE}:443 {\n  import snip\n}\n";
        assert_eq!(texts(text), ["a.example,\nb.example:8443", "{$SITE}:443"]);
        assert!(
            sites(text)
                .global
                .is_some_and(|at| text[at..].starts_with("\n  admin"))
        );
        assert_eq!(
            texts("a.example\n\ntls a b {\n}\nreverse_proxy x {\n}\n"),
            ["a.example"]
        );
    }
}
