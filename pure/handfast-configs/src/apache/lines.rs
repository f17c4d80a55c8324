//! The text of Apache httpd as a tree of directives and sections, its includes in their place.
//!
//! A line is a directive, a backslash at its end joins the next. Names are told without regard to case. Sections
//! that only ask whether to read what is inside (`<IfModule>` and its kin) are dissolved; macros are filled in.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

use handfast_finding::Place;

use super::super::{
    files::{Naming, Opened, Reader, is_pattern},
    span::{Mapped, Span, Word},
    trouble::Trouble,
};

/// How deep sections and macros may stand in one another.
const DEEPEST: usize = 30;
/// The most lines that macros may come to, and the longest line that definitions may.
const MOST_LINES: usize = 100_000;
const LONGEST: usize = 64 << 10;

/// `Name word word`, or `<Name word> ... </Name>`.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// As written.
    pub(crate) name: Word,
    pub(crate) words: Vec<Word>,
    /// What stands in the section; nothing for a directive.
    pub(crate) inside: Option<Vec<Node>>,
    pub(crate) place: Place,
    /// From its name, or the bracket before it, to the end of its last line.
    pub(crate) span: Span,
    /// The words as written, with their quotes.
    pub(crate) rest: String,
}

impl Node {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(crate) fn first(&self) -> &str {
        self.words.first().map_or("", Word::as_str)
    }

    pub(crate) fn inside(&self) -> &[Self] {
        self.inside.as_deref().unwrap_or_default()
    }

    /// As written, on one line.
    pub(crate) fn written(&self) -> String {
        format!("{} {}", self.name, self.rest).trim_end().to_owned()
    }
}

/// What has been said so far and decides how the rest is read.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// `Define NAME value`.
    defined: BTreeMap<String, String>,
    macros: BTreeMap<String, Macro>,
    /// How many lines came of macros.
    made: usize,
}

#[derive(Debug, Clone)]
struct Macro {
    parameters: Vec<String>,
    lines: Vec<Line>,
}

/// One line with its continuations.
#[derive(Debug, Clone)]
struct Line {
    text: Mapped,
    /// The text that it stands in.
    part: usize,
    place: Place,
}

impl Line {
    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.part, self.text.source(range))
    }

    fn whole(&self) -> Span {
        self.span(0..self.text.as_str().len())
    }
}

/// The directives and sections of a text, those of sections that only ask whether to read on among them.
pub(crate) fn read(
    file: &str,
    opened: &Opened,
    reader: &mut Reader<'_>,
    known: &mut Known,
) -> Result<Vec<Node>, Trouble> {
    let lines = joined(file, opened);
    nodes(&lines, reader, known, 0)
}

/// The lines of a text that say something.
fn joined(file: &str, opened: &Opened) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut goes_on = false;
    let mut from = 0;
    for (index, line) in opened.text.split_inclusive('\n').enumerate() {
        let begin = from;
        from += line.len();
        let line = line.trim_end_matches(['\r', '\n']);
        let (part, more) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        let begin = begin + part.len() - part.trim_start().len();
        let part = part.trim();
        match lines.last_mut() {
            Some(last) if goes_on => {
                if !last.text.as_str().is_empty() {
                    let end = last.whole().range.end;
                    last.text.push_for(" ", end..begin);
                }
                last.text.push(part, begin);
            }
            _ => {
                let mut text = Mapped::default();
                text.push(part, begin);
                lines.push(Line {
                    text,
                    part: opened.part,
                    place: Place::new(file, index + 1),
                });
            }
        }
        goes_on = more;
    }
    lines.retain(|line| {
        let text = line.text.as_str().trim();
        !text.is_empty() && !text.starts_with('#')
    });
    lines
}

/// A section that has begun.
struct Open {
    name: Word,
    words: Vec<Word>,
    rest: String,
    place: Place,
    span: Span,
    inside: Vec<Node>,
}

fn nodes(
    lines: &[Line],
    reader: &mut Reader<'_>,
    known: &mut Known,
    depth: usize,
) -> Result<Vec<Node>, Trouble> {
    let end = lines.last().map(|line| line.place.clone());
    let mut open: Vec<Open> = Vec::new();
    let mut found: Vec<Node> = Vec::new();
    let mut rest = lines.iter();
    while let Some(line) = rest.next() {
        let line = &known.filled_in(line)?;
        let text = line.text.as_str();
        if let Some(name) = text.strip_prefix("</") {
            let name = name.trim_end_matches('>').trim();
            let closed = closed(&mut open, name, &line.place)?;
            let outer = open.last_mut().map_or(&mut found, |outer| &mut outer.inside);
            outer.push(closed.ended(line));
            continue;
        }
        if let Some(begin) = text.strip_prefix('<') {
            let begin = begin.strip_suffix('>').ok_or_else(|| {
                Trouble::malformed(&line.place, "\">\" at the end of the line", format!("\"{text}\""))
            })?;
            let section = section(1..1 + begin.len(), line)?;
            if section.name.eq_ignore_ascii_case("macro") {
                known.define_macro(&section, &mut rest)?;
                continue;
            }
            if open.len() >= DEEPEST {
                return Err(Trouble::malformed(
                    &line.place,
                    "fewer sections in sections",
                    "one more",
                ));
            }
            open.push(section);
            continue;
        }
        let node = directive(line)?;
        let more = special(&node, reader, known, depth)?;
        let outer = open.last_mut().map_or(&mut found, |outer| &mut outer.inside);
        outer.extend(more.unwrap_or_else(|| vec![node]));
    }
    match open.pop() {
        Some(section) => {
            let place = end.unwrap_or(section.place);
            let expected = format!("\"</{}>\"", section.name);
            Err(Trouble::malformed(&place, expected, "the end of the file"))
        }
        None => Ok(found),
    }
}

fn closed(open: &mut Vec<Open>, name: &str, place: &Place) -> Result<Open, Trouble> {
    match open.pop() {
        Some(section) if section.name.eq_ignore_ascii_case(name) => Ok(section),
        Some(section) => Err(Trouble::malformed(
            place,
            format!("\"</{}>\", opened in line {}", section.name, section.place.line),
            format!("\"</{name}>\""),
        )),
        None => Err(Trouble::malformed(
            place,
            "a directive",
            format!("\"</{name}>\" that closes nothing"),
        )),
    }
}

/// Sections that only ask whether to read what is inside.
const ASKS: [&str; 6] = [
    "IfModule",
    "IfDefine",
    "IfVersion",
    "IfFile",
    "IfDirective",
    "IfSection",
];

impl Node {
    /// Whether it only asks whether to read what is inside.
    pub(crate) fn asks(&self) -> bool {
        self.inside.is_some() && ASKS.iter().any(|name| self.is(name))
    }
}

/// `nodes` with what is inside of sections that only ask whether to read it in the places of these.
pub(crate) fn dissolved(nodes: Vec<Node>) -> Vec<Node> {
    let mut found = Vec::new();
    for mut node in nodes {
        let asks = node.asks();
        let inside = node.inside.take().map(dissolved);
        match inside {
            // What the running server knows, we do not: that a module is there is believed, that it is not is not.
            Some(inside) if asks => {
                let is_negated = node.first().starts_with('!') && node.is("IfModule");
                found.extend(inside.into_iter().filter(|_| !is_negated));
            }
            inside => found.push(Node { inside, ..node }),
        }
    }
    found
}

impl Open {
    /// As it is closed in `line`.
    fn ended(self, line: &Line) -> Node {
        let end = line.whole();
        // The end of a macro's section stands where its lines do.
        let span = if end.part == self.span.part {
            self.span.to(&end)
        } else {
            self.span
        };
        Node {
            name: self.name,
            words: self.words,
            inside: Some(self.inside),
            place: self.place,
            span,
            rest: self.rest,
        }
    }
}

/// The begin of a section, which `range` of `line` names.
fn section(range: Range<usize>, line: &Line) -> Result<Open, Trouble> {
    let (name, rest) = split(&range, line);
    Ok(Open {
        words: words(rest.clone(), line)?,
        rest: line.text.as_str().get(rest).unwrap_or_default().trim().to_owned(),
        name,
        place: line.place.clone(),
        span: line.whole(),
        inside: Vec::new(),
    })
}

fn directive(line: &Line) -> Result<Node, Trouble> {
    let (name, rest) = split(&(0..line.text.as_str().len()), line);
    Ok(Node {
        words: words(rest.clone(), line)?,
        rest: line.text.as_str().get(rest).unwrap_or_default().trim().to_owned(),
        name,
        inside: None,
        place: line.place.clone(),
        span: line.whole(),
    })
}

/// The name within `range` of `line`, and where the rest stands.
fn split(range: &Range<usize>, line: &Line) -> (Word, Range<usize>) {
    let text = line.text.as_str().get(range.clone()).unwrap_or_default();
    let length = text.find(char::is_whitespace).unwrap_or(text.len());
    let end = range.start + length;
    let name = Word {
        text: text.get(..length).unwrap_or_default().to_owned(),
        span: line.span(range.start..end),
    };
    (name, end..range.end)
}

/// The words within `range` of a line: a quote counts at the begin of one, a backslash before a quote or itself.
fn words(range: Range<usize>, line: &Line) -> Result<Vec<Word>, Trouble> {
    let text = line.text.as_str().get(range.clone()).unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = text.char_indices().peekable();
    loop {
        while rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        let Some((start, first)) = rest.peek().copied() else {
            return Ok(found);
        };
        let quote = (first == '"' || first == '\'').then_some(first);
        if quote.is_some() {
            rest.next();
        }
        let mut word = String::new();
        let end = loop {
            match (rest.next(), quote) {
                (None, Some(quote)) => {
                    let expected = format!("{quote} at the end of a word");
                    return Err(Trouble::malformed(&line.place, expected, "the end of the line"));
                }
                (None, None) => break text.len(),
                (Some((at, c)), Some(quote)) if c == quote => break at + 1,
                (Some((at, c)), None) if c.is_whitespace() => break at,
                (Some((_, '\\')), quote) => match rest.peek().copied() {
                    Some((_, c)) if Some(c) == quote || c == '\\' => word.extend(rest.next().map(|(_, c)| c)),
                    _ => word.push('\\'),
                },
                (Some((_, c)), _) => word.push(c),
            }
        };
        found.push(Word {
            text: word,
            span: line.span(range.start + start..range.start + end),
        });
    }
}

/// What a directive that concerns reading itself comes to; nothing for all others.
fn special(
    node: &Node,
    reader: &mut Reader<'_>,
    known: &mut Known,
    depth: usize,
) -> Result<Option<Vec<Node>>, Trouble> {
    if node.is("Define") {
        let value = node.words.get(1).map_or("", Word::as_str).to_owned();
        known.defined.insert(node.first().to_owned(), value);
    } else if node.is("ServerRoot") && !node.first().contains("${") {
        reader.start_from(node.first());
    } else if node.is("Include") || node.is("IncludeOptional") {
        return include(node, reader, known).map(Some);
    } else if node.is("Use")
        && let Some(used) = known.macros.get(&node.first().to_lowercase()).cloned()
    {
        known.made = known.made.saturating_add(used.lines.len());
        if depth >= DEEPEST || known.made > MOST_LINES {
            return Err(Trouble::malformed(
                &node.place,
                "fewer macros in macros",
                "one more",
            ));
        }
        let lines = used.filled_in(node.words.get(1..).unwrap_or_default());
        return nodes(&lines, reader, known, depth + 1).map(Some);
    }
    Ok(None)
}

fn include(node: &Node, reader: &mut Reader<'_>, known: &mut Known) -> Result<Vec<Node>, Trouble> {
    let named = node.first();
    let mut paths = if is_pattern(named) {
        reader.matching(named)
    } else {
        vec![reader.locate(named)]
    };
    paths = paths.iter().flat_map(|path| all_in(path, reader, 0)).collect();
    let mut found = Vec::new();
    let mut is_idle = true;
    for path in paths {
        if node.is("IncludeOptional") && reader.files().mode(&path).is_none() {
            continue;
        }
        let opened = reader.open(&path, Some(Naming::include(&node.place, &node.span)))?;
        is_idle = false;
        found.extend(read(&path.display().to_string(), &opened, reader, known)?);
        reader.close();
    }
    if is_idle {
        reader.idle.push(node.span.clone());
    }
    Ok(found)
}

/// A folder stands for all files in it, at whatever depth.
fn all_in(path: &Path, reader: &Reader<'_>, depth: usize) -> Vec<PathBuf> {
    const DEEPEST: usize = 5;
    match reader.files().list(path) {
        Ok(mut names) if !names.is_empty() && depth < DEEPEST => {
            names.sort();
            let inside = names.iter().map(|name| path.join(name));
            inside.flat_map(|path| all_in(&path, reader, depth + 1)).collect()
        }
        _ => vec![path.to_owned()],
    }
}

impl Known {
    /// The line, with what is defined in the place of `${NAME}`; the rest comes from the environment and stays as it is.
    fn filled_in(&self, line: &Line) -> Result<Line, Trouble> {
        let mut out = line.clone();
        for (name, value) in &self.defined {
            if out.text.as_str().contains("${") {
                out.text = out.text.replaced(&format!("${{{name}}}"), value);
            }
            if out.text.as_str().len() > LONGEST {
                let found = "a longer one, once its definitions are filled in";
                return Err(Trouble::malformed(
                    &line.place,
                    format!("a line of at most {LONGEST} bytes"),
                    found,
                ));
            }
        }
        Ok(out)
    }

    fn define_macro(&mut self, section: &Open, rest: &mut std::slice::Iter<'_, Line>) -> Result<(), Trouble> {
        let mut lines = Vec::new();
        for line in rest.by_ref() {
            if line.text.as_str().to_lowercase().starts_with("</macro") {
                let mut words = section.words.iter();
                let name = words.next().map(|name| name.to_lowercase()).unwrap_or_default();
                let parameters = words.map(|word| word.text.clone()).collect();
                self.macros.insert(name, Macro { parameters, lines });
                return Ok(());
            }
            lines.push(line.clone());
        }
        Err(Trouble::malformed(
            &section.place,
            "\"</Macro>\"",
            "the end of the file",
        ))
    }
}

impl Macro {
    fn filled_in(&self, values: &[Word]) -> Vec<Line> {
        let fill = |line: &Line| {
            let mut line = line.clone();
            for (parameter, value) in self.parameters.iter().zip(values) {
                line.text = line.text.replaced(parameter, value);
            }
            line
        };
        self.lines.iter().map(fill).collect()
    }
}

/// Every word of a text, for the tests; what closes a section is one.
#[cfg(test)]
pub(crate) fn ranges(opened: &Opened) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for line in joined("", opened) {
        let length = line.text.as_str().len();
        let node = match line.text.as_str() {
            text if text.starts_with("</") => {
                found.push(line.whole().range);
                continue;
            }
            text if text.starts_with('<') => section(1..length - 1, &line).map(|open| open.ended(&line)),
            _ => directive(&line),
        };
        let node = node.expect("read before");
        let words = std::iter::once(&node.name).chain(&node.words);
        found.extend(words.map(|word| word.span.range.clone()));
    }
    found
}
