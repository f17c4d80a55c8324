//! The text of nginx as a tree of directives, its includes in their place.
//!
//! The rules are those of `ngx_conf_read_token`: quotes count at the begin of a word only, `{` after `$` belongs to
//! the word. Blocks of Lua are kept as they stand.

use handfast_finding::Place;

use super::super::{
    files::{Reader, is_pattern},
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
pub(super) struct Directive {
    pub(super) name: String,
    pub(super) words: Vec<String>,
    pub(super) block: Option<Block>,
    pub(super) place: Place,
}

#[derive(Debug, Clone)]
pub(super) enum Block {
    Directives(Vec<Directive>),
    /// The text of another language.
    Raw(String),
}

impl Directive {
    /// The first word after the name, empty where there is none.
    pub(super) fn first(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// What stands in the block.
    pub(super) fn inside(&self) -> &[Self] {
        match &self.block {
            Some(Block::Directives(inside)) => inside,
            _ => &[],
        }
    }

    /// As written, on one line and without its block.
    pub(super) fn written(&self) -> String {
        let mut written = self.name.clone();
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

/// The directives of `text`.
pub(super) fn read(file: &str, text: &str, reader: &mut Reader<'_>) -> Result<Vec<Directive>, Trouble> {
    let mut tokens = Tokens::new(file, text);
    let directives = block(&mut tokens, reader, 0)?;
    Ok(directives)
}

fn block(tokens: &mut Tokens<'_>, reader: &mut Reader<'_>, depth: usize) -> Result<Vec<Directive>, Trouble> {
    let mut found = Vec::new();
    loop {
        let mut words: Vec<String> = Vec::new();
        let mut place = tokens.place();
        let end = loop {
            let token = tokens.next()?;
            if words.is_empty() {
                place = tokens.began();
            }
            match token {
                Token::Word(word) => words.push(word),
                other => break other,
            }
        };
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
                let directive = directive(words, place, None);
                if directive.name == "include" {
                    found.extend(include(&directive, reader)?);
                } else {
                    found.push(directive);
                }
            }
            Token::Open if depth >= DEEPEST => {
                return Err(tokens.wanted("fewer blocks in blocks", "one more"));
            }
            Token::Open => {
                let inside = if words.first().is_some_and(|name| name.ends_with("_by_lua_block")) {
                    Block::Raw(tokens.raw()?)
                } else {
                    Block::Directives(block(tokens, reader, depth + 1)?)
                };
                found.push(directive(words, place, Some(inside)));
            }
            // Told apart above.
            Token::Word(_) => {}
        }
    }
}

fn directive(words: Vec<String>, place: Place, block: Option<Block>) -> Directive {
    let mut words = words.into_iter();
    Directive {
        name: words.next().unwrap_or_default(),
        words: words.collect(),
        block,
        place,
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
        let text = reader.open(&path, Some(&directive.place))?;
        found.extend(read(&path.display().to_string(), &text, reader)?);
        reader.close();
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
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    /// The line on which the last token began.
    began: usize,
}

impl<'a> Tokens<'a> {
    fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            rest: text.chars().peekable(),
            line: 1,
            began: 1,
        }
    }

    fn at(&self, line: usize) -> Place {
        Place::new(self.file, line)
    }

    fn place(&self) -> Place {
        self.at(self.line)
    }

    fn began(&self) -> Place {
        self.at(self.began)
    }

    fn wanted(&self, expected: &str, found: &str) -> Trouble {
        Trouble::malformed(&self.place(), expected, found)
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn next(&mut self) -> Result<Token, Trouble> {
        loop {
            match self.rest.peek() {
                None => {
                    self.began = self.line;
                    return Ok(Token::End);
                }
                Some('#') => while self.take().is_some_and(|c| c != '\n') {},
                Some(c) if c.is_ascii_whitespace() => {
                    self.take();
                }
                Some(_) => break,
            }
        }
        self.began = self.line;
        match self.rest.peek() {
            Some(';') => self.single(Token::Semicolon),
            Some('{') => self.single(Token::Open),
            Some('}') => self.single(Token::Close),
            Some(quote @ ('"' | '\'')) => {
                let quote = *quote;
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
        match self.rest.peek() {
            // Of a condition: `if ($a = "b")`.
            Some(')') => {
                self.take();
                word.push(')');
                Ok(word)
            }
            Some(c) if !c.is_ascii_whitespace() && !";{".contains(*c) => {
                let found = format!("\"{}\"", c.escape_debug());
                Err(self.wanted("a space after the quotes", &found))
            }
            _ => Ok(word),
        }
    }

    fn word(&mut self) -> Result<String, Trouble> {
        let mut word = String::new();
        let mut after_dollar = false;
        while let Some(c) = self.rest.peek().copied() {
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
                '-' if self.rest.peek() == Some(&'-') => {
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
