//! The text of a Caddyfile as lines of words with their blocks, its imports in their place.
//!
//! A word begins after space; quotes, backticks and heredocs hold space. `{` at the end of a line opens a block. A
//! comma at the end of a line goes on with the next.

use std::collections::BTreeMap;

use handfast_finding::Place;

use super::super::{
    files::{Reader, is_pattern},
    trouble::Trouble,
};

/// How deep blocks and imports may stand in one another.
const DEEPEST: usize = 30;
/// The most bytes that imports may come to, in lines of at least one.
const MOST_BYTES: usize = 8 << 20;
/// The longest word into which arguments are filled.
const LONGEST: usize = 16 << 10;

/// A line, and the block that it opens.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) words: Vec<String>,
    pub(super) inside: Option<Vec<Node>>,
    pub(super) place: Place,
}

impl Node {
    pub(super) fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }

    pub(super) fn inside(&self) -> &[Self] {
        self.inside.as_deref().unwrap_or_default()
    }

    /// The lines in the block that begin with `name`.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.inside().iter().filter(move |node| node.word(0) == name)
    }

    /// As written, without its block.
    pub(super) fn written(&self) -> String {
        self.words.join(" ")
    }

    /// All words, with those of the block.
    pub(super) fn text(&self) -> String {
        let mut text = self.written();
        for inner in self.inside() {
            text.push(' ');
            text.push_str(&inner.text());
        }
        text
    }
}

/// The lines of `text`, with what they import.
pub(super) fn read(file: &str, text: &str, reader: &mut Reader<'_>) -> Result<Vec<Node>, Trouble> {
    let mut imports = Imports {
        snippets: BTreeMap::new(),
        made: 0,
    };
    let nodes = parsed(file, text)?;
    imports.follow(nodes, reader, 0)
}

fn parsed(file: &str, text: &str) -> Result<Vec<Node>, Trouble> {
    let tokens = tokens(file, &defaults(text))?;
    let mut lines = lines(tokens).into_iter().peekable();
    let nodes = block(file, &mut lines, 0)?;
    Ok(nodes)
}

/// `{$NAME:value}` is its value where the environment does not say otherwise.
fn defaults(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{$") {
        out.push_str(&rest[..at]);
        let after = &rest[at..];
        let end = after.find('}').map_or(after.len(), |end| end + 1);
        let variable = &after[..end];
        match variable.split_once(':') {
            Some((_, value)) => out.push_str(value.trim_end_matches('}')),
            None => out.push_str(variable),
        }
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

#[derive(Debug)]
struct Token {
    text: String,
    is_quoted: bool,
    line: usize,
    /// Of a word of several lines, the last.
    end: usize,
}

fn tokens(file: &str, text: &str) -> Result<Vec<Token>, Trouble> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    let mut line = 1;
    while let Some(c) = rest.peek().copied() {
        if c == '\n' {
            line += 1;
            rest.next();
        } else if c.is_whitespace() {
            rest.next();
        } else if c == '#' {
            while rest.next_if(|c| *c != '\n').is_some() {}
        } else if c == '"' || c == '`' {
            rest.next();
            let begun = line;
            let word = quoted(&mut rest, c, &mut line).ok_or_else(|| {
                let expected = format!("{c} at the end of the word that begins here");
                Trouble::malformed(&Place::new(file, begun), expected, "the end of the file")
            })?;
            found.push(Token {
                text: word,
                is_quoted: true,
                line: begun,
                end: line,
            });
        } else {
            let mut word = String::new();
            let begun = line;
            while let Some(c) = rest.next_if(|c| !c.is_whitespace()) {
                word.push(c);
            }
            if word == "\\" {
                // The next line belongs to this one.
                while rest.next_if(|c| *c != '\n').is_some() {}
                rest.next();
                line += 1;
                if let Some(last) = found.last_mut() {
                    last.end = line;
                }
                continue;
            }
            let marker = word.strip_prefix("<<").filter(|marker| !marker.is_empty());
            let marker = marker.map(str::to_owned);
            let is_quoted = marker.is_some();
            if let Some(marker) = marker {
                word = heredoc(&mut rest, &marker, &mut line).ok_or_else(|| {
                    let expected = format!("\"{marker}\"");
                    Trouble::malformed(&Place::new(file, begun), expected, "the end of the file")
                })?;
            }
            found.push(Token {
                text: word,
                is_quoted,
                line: begun,
                end: line,
            });
        }
    }
    Ok(found)
}

/// The word up to the next `quote`; nothing where the file ends before.
fn quoted(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    quote: char,
    line: &mut usize,
) -> Option<String> {
    let mut word = String::new();
    loop {
        match rest.next()? {
            end if end == quote => return Some(word),
            '\\' if quote == '"' && rest.peek() == Some(&'"') => word.extend(rest.next()),
            inner => {
                *line += usize::from(inner == '\n');
                word.push(inner);
            }
        }
    }
}

/// The lines up to the one that is `marker`.
fn heredoc(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    marker: &str,
    line: &mut usize,
) -> Option<String> {
    let mut text = String::new();
    let mut current = String::new();
    while rest.next_if(|c| *c != '\n').is_some() {}
    rest.next();
    *line += 1;
    loop {
        match rest.next() {
            Some('\n') => {
                *line += 1;
                text.push_str(&current);
                text.push('\n');
                current.clear();
            }
            Some(c) => {
                current.push(c);
                if current.trim() == marker && rest.peek().is_none_or(|c| c.is_whitespace()) {
                    return Some(text);
                }
            }
            None => return None,
        }
    }
}

/// Tokens by their lines.
fn lines(tokens: Vec<Token>) -> Vec<Vec<Token>> {
    let mut lines: Vec<Vec<Token>> = Vec::new();
    for token in tokens {
        let goes_on = lines.last().and_then(|line| line.last()).is_some_and(|last| {
            let is_open = last.text == "{" && !last.is_quoted;
            let is_list = last.text.ends_with(',') && !last.is_quoted;
            (last.end >= token.line || is_list) && !is_open
        });
        match lines.last_mut() {
            Some(line) if goes_on => line.push(token),
            _ => lines.push(vec![token]),
        }
    }
    lines
}

fn block(
    file: &str,
    lines: &mut std::iter::Peekable<std::vec::IntoIter<Vec<Token>>>,
    depth: usize,
) -> Result<Vec<Node>, Trouble> {
    let mut found = Vec::new();
    let mut last = 1;
    while let Some(mut line) = lines.next() {
        let place = Place::new(file, line.first().map_or(1, |token| token.line));
        last = line.last().map_or(last, |token| token.end);
        let is = |token: &Token, brace: &str| token.text == brace && !token.is_quoted;
        if line.first().is_some_and(|token| is(token, "}")) {
            return match (line.len(), depth) {
                (1, 1..) => Ok(found),
                (_, 0) => Err(Trouble::malformed(&place, "a site", "\"}\" that closes nothing")),
                _ => Err(Trouble::malformed(
                    &place,
                    "\"}\" on a line of its own",
                    "more after it",
                )),
            };
        }
        let opens = line.last().is_some_and(|token| is(token, "{"));
        if opens {
            line.pop();
        }
        let inside = match opens {
            true if depth >= DEEPEST => {
                return Err(Trouble::malformed(&place, "fewer blocks in blocks", "one more"));
            }
            true => Some(block(file, lines, depth + 1)?),
            false => None,
        };
        found.push(Node {
            words: line.into_iter().map(|token| token.text).collect(),
            inside,
            place,
        });
    }
    if depth == 0 {
        Ok(found)
    } else {
        Err(Trouble::malformed(
            &Place::new(file, last),
            "\"}\"",
            "the end of the file",
        ))
    }
}

/// Snippets by name, and how much has come of imports.
struct Imports {
    snippets: BTreeMap<String, Vec<Node>>,
    made: usize,
}

impl Imports {
    fn follow(
        &mut self,
        nodes: Vec<Node>,
        reader: &mut Reader<'_>,
        depth: usize,
    ) -> Result<Vec<Node>, Trouble> {
        let mut found = Vec::new();
        for mut node in nodes {
            let bytes = 1 + node.words.iter().map(String::len).sum::<usize>();
            self.made = self.made.saturating_add(bytes);
            if depth >= DEEPEST || self.made > MOST_BYTES {
                return Err(Trouble::malformed(
                    &node.place,
                    "fewer imports in imports",
                    "one more",
                ));
            }
            let snippet = node
                .word(0)
                .strip_prefix('(')
                .and_then(|name| name.strip_suffix(')'));
            if let (Some(name), Some(inside)) = (snippet, &node.inside) {
                self.snippets.insert(name.to_owned(), inside.clone());
                continue;
            }
            if node.word(0) == "import" {
                let inner = self.imported(&node, reader)?;
                found.extend(self.follow(inner, reader, depth + 1)?);
                continue;
            }
            if let Some(inside) = node.inside.take() {
                node.inside = Some(self.follow(inside, reader, depth + 1)?);
            }
            found.push(node);
        }
        Ok(found)
    }

    /// What `import` stands for: a snippet with its arguments filled in, or files.
    fn imported(&self, node: &Node, reader: &mut Reader<'_>) -> Result<Vec<Node>, Trouble> {
        let named = node.word(1);
        let arguments = node.words.get(2..).unwrap_or_default();
        if let Some(snippet) = self.snippets.get(named) {
            return Ok(snippet.iter().map(|inner| filled_in(inner, arguments)).collect());
        }
        let paths = if is_pattern(named) {
            reader.matching(named)
        } else {
            vec![reader.locate(named)]
        };
        let mut found = Vec::new();
        for path in paths {
            let text = reader.open(&path, Some(&node.place))?;
            reader.close();
            let nodes = parsed(&path.display().to_string(), &text)?;
            found.extend(nodes.iter().map(|inner| filled_in(inner, arguments)));
        }
        Ok(found)
    }
}

/// `{args[0]}` and `{args[:]}` with what they stand for.
fn filled_in(node: &Node, arguments: &[String]) -> Node {
    let mut words = Vec::new();
    for word in &node.words {
        if word == "{args[:]}" || word == "{args.*}" {
            words.extend(arguments.iter().cloned());
            continue;
        }
        let mut word = word.clone();
        for (index, argument) in arguments.iter().enumerate() {
            // An argument that is made of itself doubles with every import.
            if word.len() > LONGEST {
                break;
            }
            word = word.replace(&format!("{{args[{index}]}}"), argument);
            word = word.replace(&format!("{{args.{index}}}"), argument);
        }
        words.push(word);
    }
    Node {
        words,
        inside: node
            .inside
            .as_ref()
            .map(|inside| inside.iter().map(|inner| filled_in(inner, arguments)).collect()),
        place: node.place.clone(),
    }
}
