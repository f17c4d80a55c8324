//! The text of a Caddyfile as lines of words with their blocks, its imports in their place.
//!
//! A word begins after space; quotes, backticks and heredocs hold space. `{` at the end of a line opens a block. A
//! comma at the end of a line goes on with the next.

use std::{collections::BTreeMap, ops::Range};

use handfast_finding::Place;

use super::super::{
    files::{Naming, Opened, Reader, is_pattern},
    span::{Mapped, Span, Word, joined},
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
pub(crate) struct Node {
    pub(crate) words: Vec<Word>,
    pub(crate) inside: Option<Vec<Node>>,
    pub(crate) place: Place,
    /// From its first word, or its brace, to its last word or the brace that closes it.
    pub(crate) span: Span,
    /// Between its braces.
    pub(crate) inner: Option<Span>,
}

impl Node {
    pub(crate) fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", Word::as_str)
    }

    pub(crate) fn inside(&self) -> &[Self] {
        self.inside.as_deref().unwrap_or_default()
    }

    /// The lines in the block that begin with `name`.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.inside().iter().filter(move |node| node.word(0) == name)
    }

    /// As written, without its block.
    pub(crate) fn written(&self) -> String {
        joined(&self.words)
    }

    /// All words, with those of the block.
    pub(crate) fn text(&self) -> String {
        let mut text = self.written();
        for inner in self.inside() {
            text.push(' ');
            text.push_str(&inner.text());
        }
        text
    }
}

/// The lines of a text, with what they import.
pub(crate) fn read(file: &str, opened: &Opened, reader: &mut Reader<'_>) -> Result<Vec<Node>, Trouble> {
    let mut imports = Imports {
        snippets: BTreeMap::new(),
        made: 0,
    };
    let nodes = parsed(file, opened)?;
    imports.follow(nodes, reader, 0)
}

/// The lines of a text as they stand there.
pub(crate) fn parsed(file: &str, opened: &Opened) -> Result<Vec<Node>, Trouble> {
    let filled = defaults(&opened.text);
    let mut tokens = Tokens {
        file,
        text: filled.as_str(),
        at: 0,
        line: 1,
        found: Vec::new(),
    };
    tokens.all()?;
    let text = Text {
        file,
        part: opened.part,
        filled: &filled,
    };
    let mut lines = lines(tokens.found).into_iter().peekable();
    let nodes = block(&text, &mut lines, 0)?;
    Ok(nodes.0)
}

/// `{$NAME:value}` is its value where the environment does not say otherwise.
fn defaults(text: &str) -> Mapped {
    let mut out = Mapped::default();
    let mut done = 0;
    while let Some(at) = text[done..].find("{$").map(|at| done + at) {
        out.push(&text[done..at], done);
        let end = text[at..].find('}').map_or(text.len(), |end| at + end + 1);
        let variable = &text[at..end];
        match variable.split_once(':') {
            Some((_, value)) => out.push_for(value.trim_end_matches('}'), at..end),
            None => out.push(variable, at),
        }
        done = end;
    }
    out.push(&text[done..], done);
    out
}

#[derive(Debug)]
struct Token {
    text: String,
    is_quoted: bool,
    /// Its bytes.
    range: Range<usize>,
    line: usize,
    /// Of a word of several lines, the last.
    end: usize,
}

impl Token {
    fn is(&self, brace: &str) -> bool {
        self.text == brace && !self.is_quoted
    }
}

struct Tokens<'a> {
    file: &'a str,
    text: &'a str,
    /// How many bytes were taken.
    at: usize,
    line: usize,
    found: Vec<Token>,
}

impl Tokens<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn take_line(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.take();
        }
    }

    fn push(&mut self, text: String, is_quoted: bool, (start, line): (usize, usize)) {
        self.found.push(Token {
            text,
            is_quoted,
            range: start..self.at,
            line,
            end: self.line,
        });
    }

    fn wanted(&self, line: usize, expected: String) -> Trouble {
        Trouble::malformed(&Place::new(self.file, line), expected, "the end of the file")
    }

    fn all(&mut self) -> Result<(), Trouble> {
        while let Some(c) = self.peek() {
            if c.is_whitespace() {
                self.take();
            } else if c == '#' {
                self.take_line();
            } else if c == '"' || c == '`' {
                self.quoted(c)?;
            } else {
                self.plain()?;
            }
        }
        Ok(())
    }

    fn quoted(&mut self, quote: char) -> Result<(), Trouble> {
        let begun = (self.at, self.line);
        self.take();
        let mut word = String::new();
        loop {
            match self.take() {
                None => {
                    let expected = format!("{quote} at the end of the word that begins here");
                    return Err(self.wanted(begun.1, expected));
                }
                Some(end) if end == quote => break,
                Some('\\') if quote == '"' && self.peek() == Some('"') => word.extend(self.take()),
                Some(inner) => word.push(inner),
            }
        }
        self.push(word, true, begun);
        Ok(())
    }

    fn plain(&mut self) -> Result<(), Trouble> {
        let begun = (self.at, self.line);
        let mut word = String::new();
        while self.peek().is_some_and(|c| !c.is_whitespace()) {
            word.extend(self.take());
        }
        if word == "\\" {
            // The next line belongs to this one.
            self.take_line();
            self.take();
            if let Some(last) = self.found.last_mut() {
                last.end = self.line;
            }
            return Ok(());
        }
        match word.strip_prefix("<<").filter(|marker| !marker.is_empty()) {
            Some(marker) => {
                let text = self
                    .heredoc(marker)
                    .ok_or_else(|| self.wanted(begun.1, format!("\"{marker}\"")))?;
                self.push(text, true, begun);
            }
            None => self.push(word, false, begun),
        }
        Ok(())
    }

    /// The lines up to the one that is `marker`.
    fn heredoc(&mut self, marker: &str) -> Option<String> {
        let mut text = String::new();
        let mut current = String::new();
        self.take_line();
        self.take();
        loop {
            match self.take()? {
                '\n' => {
                    text.push_str(&current);
                    text.push('\n');
                    current.clear();
                }
                c => {
                    current.push(c);
                    if current.trim() == marker && self.peek().is_none_or(char::is_whitespace) {
                        return Some(text);
                    }
                }
            }
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

/// A text whose tokens are put together.
struct Text<'a> {
    file: &'a str,
    part: usize,
    filled: &'a Mapped,
}

impl Text<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.part, self.filled.source(range))
    }

    fn word(&self, token: Token) -> Word {
        Word {
            span: self.span(token.range),
            text: token.text,
        }
    }
}

/// The nodes up to the brace that closes the block, and that brace.
fn block(
    text: &Text<'_>,
    lines: &mut std::iter::Peekable<std::vec::IntoIter<Vec<Token>>>,
    depth: usize,
) -> Result<(Vec<Node>, Range<usize>), Trouble> {
    let mut found = Vec::new();
    let mut last = 1;
    while let Some(mut line) = lines.next() {
        let place = Place::new(text.file, line.first().map_or(1, |token| token.line));
        last = line.last().map_or(last, |token| token.end);
        let begin = line.first().map_or(0..0, |token| token.range.clone());
        let mut end = line.last().map_or(0..0, |token| token.range.clone());
        if line.first().is_some_and(|token| token.is("}")) {
            return match (line.len(), depth) {
                (1, 1..) => Ok((found, begin)),
                (_, 0) => Err(Trouble::malformed(&place, "a site", "\"}\" that closes nothing")),
                _ => Err(Trouble::malformed(
                    &place,
                    "\"}\" on a line of its own",
                    "more after it",
                )),
            };
        }
        let opens = line.last().is_some_and(|token| token.is("{"));
        if opens {
            line.pop();
        }
        let mut inner = None;
        let inside = match opens {
            true if depth >= DEEPEST => {
                return Err(Trouble::malformed(&place, "fewer blocks in blocks", "one more"));
            }
            true => {
                let (inside, closed) = block(text, lines, depth + 1)?;
                inner = Some(text.span(end.end..closed.start));
                end = closed;
                Some(inside)
            }
            false => None,
        };
        found.push(Node {
            words: line.into_iter().map(|token| text.word(token)).collect(),
            inside,
            place,
            span: text.span(begin.start..end.end),
            inner,
        });
    }
    if depth == 0 {
        Ok((found, 0..0))
    } else {
        Err(Trouble::malformed(
            &Place::new(text.file, last),
            "\"}\"",
            "the end of the file",
        ))
    }
}

/// The name of a snippet, where `node` is one.
pub(crate) fn snippet(node: &Node) -> Option<&str> {
    node.word(0).strip_prefix('(')?.strip_suffix(')')
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
            let bytes = 1 + node.words.iter().map(|word| word.len()).sum::<usize>();
            self.made = self.made.saturating_add(bytes);
            if depth >= DEEPEST || self.made > MOST_BYTES {
                return Err(Trouble::malformed(
                    &node.place,
                    "fewer imports in imports",
                    "one more",
                ));
            }
            if let (Some(name), Some(inside)) = (snippet(&node), &node.inside) {
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
        if paths.is_empty() {
            reader.idle.push(node.span.clone());
        }
        for path in paths {
            // What it is given can be filled in only where it is a file of its own.
            let named = match (node.words.get(1), arguments) {
                (Some(word), [_, ..]) if !is_pattern(named) => Naming::path(&node.place, &word.span),
                _ => Naming::include(&node.place, &node.span),
            };
            let opened = reader.open(&path, Some(named))?;
            reader.close();
            let nodes = parsed(&path.display().to_string(), &opened)?;
            found.extend(nodes.iter().map(|inner| filled_in(inner, arguments)));
        }
        Ok(found)
    }
}

/// `{args[0]}` and `{args[:]}` with what they stand for.
fn filled_in(node: &Node, arguments: &[Word]) -> Node {
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
            let names = [format!("{{args[{index}]}}"), format!("{{args.{index}}}")];
            // A word that is an argument and nothing else is written where that is.
            if names.contains(&word.text) {
                word = argument.clone();
                break;
            }
            for name in &names {
                word.text = word.text.replace(name, argument);
            }
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
        span: node.span.clone(),
        inner: node.inner.clone(),
    }
}

/// Every word of a text, for the tests.
#[cfg(test)]
pub(crate) fn ranges(opened: &Opened) -> Vec<Range<usize>> {
    fn collect(nodes: &[Node], found: &mut Vec<Range<usize>>) {
        for node in nodes {
            found.extend(node.words.iter().map(|word| word.span.range.clone()));
            collect(node.inside(), found);
        }
    }
    let mut found = Vec::new();
    collect(&parsed("", opened).expect("read before"), &mut found);
    found
}
