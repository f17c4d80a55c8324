//! The text of nginx as a tree of directives, its includes in their place.
//!
//! The rules are those of `ngx_conf_read_token`: quotes count at the begin of a word only, `{` after `$` belongs to
//! the word. Blocks of Lua are kept as they stand.

use handfast_finding::Place;

use super::super::{
    files::{Naming, Opened, Reader, is_pattern},
    span::{Span, Word},
    trouble::Trouble,
};

/// How deep blocks may stand in one another.
const DEEPEST: usize = 50;

/// Files that hold no TLS and that many copies of a configuration come without.
const HARMLESS: [&str; 8] = [
    "mime.types",
    "fastcgi_params",
    "fastcgi.conf",
    "uwsgi_params",
    "scgi_params",
    "proxy_params",
    "koi-utf",
    "koi-win",
];

/// `name word word;` or `name word { ... }`.
#[derive(Debug, Clone)]
pub(crate) struct Directive {
    pub(crate) name: Word,
    pub(crate) words: Vec<Word>,
    pub(crate) block: Option<Block>,
    pub(crate) place: Place,
    /// From its name to its semicolon or its closing brace.
    pub(crate) span: Span,
    /// Between its braces.
    pub(crate) inner: Option<Span>,
}

#[derive(Debug, Clone)]
pub(crate) enum Block {
    Directives(Vec<Directive>),
    /// The text of another language.
    Raw(String),
}

impl Directive {
    /// The first word after the name, empty where there is none.
    pub(crate) fn first(&self) -> &str {
        self.words.first().map_or("", Word::as_str)
    }

    /// What stands in the block.
    pub(crate) fn inside(&self) -> &[Self] {
        match &self.block {
            Some(Block::Directives(inside)) => inside,
            _ => &[],
        }
    }

    /// As written, on one line and without its block.
    pub(crate) fn written(&self) -> String {
        let mut written = self.name.text.clone();
        for word in &self.words {
            written.push(' ');
            if word.is_empty() || word.contains([' ', ';', '{', '"']) {
                written.push_str(&format!("\"{}\"", word.replace('"', "\\\"")));
            } else {
                written.push_str(word);
            }
        }
        written
    }
}

/// The directives of a text.
pub(crate) fn read(file: &str, opened: &Opened, reader: &mut Reader<'_>) -> Result<Vec<Directive>, Trouble> {
    let mut tokens = Tokens::new(file, opened);
    block(&mut tokens, Some(reader), 0)
}

/// The names of the directives in `text`, at every depth, where it is written as nginx would read it.
pub(crate) fn names(text: &str) -> Option<Vec<String>> {
    fn collect(directives: Vec<Directive>, names: &mut Vec<String>) {
        for directive in directives {
            names.push(directive.name.text);
            if let Some(Block::Directives(inside)) = directive.block {
                collect(inside, names);
            }
        }
    }
    let opened = Opened {
        part: 0,
        text: text.into(),
    };
    let mut names = Vec::new();
    collect(block(&mut Tokens::new("", &opened), None, 0).ok()?, &mut names);
    Some(names)
}

/// The words of a directive, and what ends them.
struct Statement {
    words: Vec<Word>,
    place: Place,
    end: Token,
}

fn statement(tokens: &mut Tokens<'_>) -> Result<Statement, Trouble> {
    let mut words: Vec<Word> = Vec::new();
    let mut place = tokens.place();
    loop {
        let token = tokens.next()?;
        if words.is_empty() {
            place = tokens.began();
        }
        match token {
            Token::Word(text) => words.push(Word {
                text,
                span: tokens.span(tokens.start),
            }),
            end => return Ok(Statement { words, place, end }),
        }
    }
}

/// The directives up to the brace that closes the block, or the end of the file. Without a reader, includes are not
/// followed.
fn block(
    tokens: &mut Tokens<'_>,
    mut reader: Option<&mut Reader<'_>>,
    depth: usize,
) -> Result<Vec<Directive>, Trouble> {
    let mut found = Vec::new();
    loop {
        let Statement { words, place, end } = statement(tokens)?;
        let begun = !words.is_empty();
        match end {
            Token::End if !begun && depth == 0 => return Ok(found),
            Token::Close if !begun && depth > 0 => return Ok(found),
            Token::Close if begun => return Err(tokens.wanted("\";\"", "\"}\"")),
            Token::Close => return Err(tokens.wanted("a directive", "\"}\" that closes nothing")),
            Token::End => {
                let expected = if begun { "\";\"" } else { "\"}\"" };
                return Err(tokens.wanted(expected, "the end of the file"));
            }
            Token::Semicolon | Token::Open if !begun => {
                return Err(tokens.wanted("a directive", "a line without one"));
            }
            Token::Semicolon => {
                let directive = directive(words, place, tokens);
                match &mut reader {
                    Some(reader) if directive.name == "include" => found.extend(include(&directive, reader)?),
                    _ => found.push(directive),
                }
            }
            Token::Open if depth >= DEEPEST => {
                return Err(tokens.wanted("fewer blocks in blocks", "one more"));
            }
            Token::Open => {
                let begin = tokens.at;
                let inside = if words.first().is_some_and(|name| name.ends_with("_by_lua_block")) {
                    Block::Raw(tokens.raw()?)
                } else {
                    Block::Directives(block(tokens, reader.as_deref_mut(), depth + 1)?)
                };
                let mut directive = directive(words, place, tokens);
                directive.inner = Some(Span::new(tokens.part, begin..tokens.at - 1));
                directive.block = Some(inside);
                found.push(directive);
            }
            // Told apart above.
            Token::Word(_) => {}
        }
    }
}

/// Of these words, which end where `tokens` are now.
fn directive(words: Vec<Word>, place: Place, tokens: &Tokens<'_>) -> Directive {
    let start = words.first().map_or(tokens.at, |name| name.span.range.start);
    let mut words = words.into_iter();
    Directive {
        name: words.next().unwrap_or_else(|| Word {
            text: String::new(),
            span: tokens.span(start),
        }),
        words: words.collect(),
        block: None,
        place,
        span: tokens.span(start),
        inner: None,
    }
}

fn include(directive: &Directive, reader: &mut Reader<'_>) -> Result<Vec<Directive>, Trouble> {
    let named = directive.first();
    let paths = if is_pattern(named) {
        reader.matching(named)
    } else {
        vec![reader.locate(named)]
    };
    let mut found = Vec::new();
    let mut is_idle = true;
    for path in paths {
        let is_harmless = path
            .file_name()
            .is_some_and(|name| HARMLESS.iter().any(|harmless| name == *harmless));
        if is_harmless && reader.files().mode(&path).is_none() {
            reader
                .passed_over
                .push(format!("{}: no such file", path.display()));
            continue;
        }
        let named = Naming::include(&directive.place, &directive.span);
        let opened = reader.open(&path, Some(named))?;
        is_idle = false;
        found.extend(read(&path.display().to_string(), &opened, reader)?);
        reader.close();
    }
    if is_idle {
        reader.idle.push(directive.span.clone());
    }
    Ok(found)
}

enum Token {
    Word(String),
    Semicolon,
    Open,
    Close,
    End,
}

struct Tokens<'a> {
    file: &'a str,
    part: usize,
    text: &'a str,
    /// How many bytes were taken.
    at: usize,
    line: usize,
    /// The line on which the last token began, and its first byte.
    began: usize,
    start: usize,
}

impl<'a> Tokens<'a> {
    fn new(file: &'a str, opened: &'a Opened) -> Self {
        Self {
            file,
            part: opened.part,
            text: &opened.text,
            at: 0,
            line: 1,
            began: 1,
            start: 0,
        }
    }

    /// From `start` to here.
    fn span(&self, start: usize) -> Span {
        Span::new(self.part, start..self.at)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn place(&self) -> Place {
        Place::new(self.file, self.line)
    }

    fn began(&self) -> Place {
        Place::new(self.file, self.began)
    }

    fn wanted(&self, expected: &str, found: &str) -> Trouble {
        Trouble::malformed(&self.place(), expected, found)
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn next(&mut self) -> Result<Token, Trouble> {
        loop {
            match self.peek() {
                None => {
                    (self.began, self.start) = (self.line, self.at);
                    return Ok(Token::End);
                }
                Some('#') => while self.take().is_some_and(|c| c != '\n') {},
                Some(c) if c.is_ascii_whitespace() => {
                    self.take();
                }
                Some(_) => break,
            }
        }
        (self.began, self.start) = (self.line, self.at);
        match self.peek() {
            Some(';') => self.single(Token::Semicolon),
            Some('{') => self.single(Token::Open),
            Some('}') => self.single(Token::Close),
            Some(quote @ ('"' | '\'')) => {
                self.take();
                self.quoted(quote).map(Token::Word)
            }
            _ => self.word().map(Token::Word),
        }
    }

    fn single(&mut self, token: Token) -> Result<Token, Trouble> {
        self.take();
        Ok(token)
    }

    fn quoted(&mut self, quote: char) -> Result<String, Trouble> {
        let (mut word, begun) = (String::new(), self.place());
        loop {
            match self.take() {
                None => {
                    let expected = format!("{quote} at the end of the word that begins here");
                    return Err(Trouble::malformed(&begun, expected, "the end of the file"));
                }
                Some('\\') => self.escaped(&mut word),
                Some(c) if c == quote => break,
                Some(c) => word.push(c),
            }
        }
        match self.peek() {
            // Of a condition: `if ($a = "b")`.
            Some(')') => {
                self.take();
                word.push(')');
                Ok(word)
            }
            Some(c) if !c.is_ascii_whitespace() && !";{".contains(c) => {
                let found = format!("\"{}\"", c.escape_debug());
                Err(self.wanted("a space after the quotes", &found))
            }
            _ => Ok(word),
        }
    }

    fn word(&mut self) -> Result<String, Trouble> {
        let mut word = String::new();
        let mut after_dollar = false;
        while let Some(c) = self.peek() {
            if c.is_ascii_whitespace() || c == ';' || (c == '{' && !after_dollar) {
                break;
            }
            self.take();
            after_dollar = c == '$';
            if c == '\\' {
                self.escaped(&mut word);
            } else {
                word.push(c);
            }
        }
        Ok(word)
    }

    /// After a backslash, which is kept where it stands for itself, as regular expressions need it.
    fn escaped(&mut self, word: &mut String) {
        match self.take() {
            Some(c @ ('"' | '\'' | '\\')) => word.push(c),
            Some('t') => word.push('\t'),
            Some('r') => word.push('\r'),
            Some('n') => word.push('\n'),
            Some(c) => word.extend(['\\', c]),
            None => word.push('\\'),
        }
    }

    /// Up to the brace that closes the one just opened; quotes and comments of Lua are heeded.
    fn raw(&mut self) -> Result<String, Trouble> {
        let (mut text, begun, mut open) = (String::new(), self.place(), 1_usize);
        while let Some(c) = self.take() {
            match c {
                '{' => open += 1,
                '}' => open -= 1,
                '-' if self.peek() == Some('-') => {
                    while self.take().is_some_and(|c| c != '\n') {}
                    continue;
                }
                '"' | '\'' => {
                    text.push(c);
                    while let Some(inner) = self.take() {
                        text.push(inner);
                        match inner {
                            '\\' => text.extend(self.take()),
                            _ if inner == c || inner == '\n' => break,
                            _ => {}
                        }
                    }
                    continue;
                }
                _ => {}
            }
            if open == 0 {
                return Ok(text);
            }
            text.push(c);
        }
        Err(Trouble::malformed(
            &begun,
            "\"}\" of the block that begins here",
            "the end of the file",
        ))
    }
}

/// Every word of a text, for the tests; blocks of other languages are one.
#[cfg(test)]
pub(crate) fn ranges(opened: &Opened) -> Vec<std::ops::Range<usize>> {
    fn collect(directives: &[Directive], found: &mut Vec<std::ops::Range<usize>>) {
        for directive in directives {
            let words = std::iter::once(&directive.name).chain(&directive.words);
            found.extend(words.map(|word| word.span.range.clone()));
            match (&directive.block, &directive.inner) {
                (Some(Block::Raw(_)), Some(inner)) => found.push(inner.range.clone()),
                _ => collect(directive.inside(), found),
            }
        }
    }
    let mut found = Vec::new();
    let tree = block(&mut Tokens::new("", opened), None, 0).expect("read before");
    collect(&tree, &mut found);
    found
}
