//! The text of Apache httpd as a tree of directives and sections, its includes in their place.
//!
//! A line is a directive, a backslash at its end joins the next. Names are told without regard to case. Sections
//! that only ask whether to read what is inside (`<IfModule>` and its kin) are dissolved; macros are filled in.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use handfast_finding::Place;

use super::super::{
    files::{Reader, is_pattern},
    trouble::Trouble,
};

/// How deep sections and macros may stand in one another.
const DEEPEST: usize = 30;
/// The most lines that macros may come to, and the longest line that definitions may.
const MOST_LINES: usize = 100_000;
const LONGEST: usize = 64 << 10;

/// `Name word word`, or `<Name word> ... </Name>`.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// As written.
    pub(super) name: String,
    pub(super) words: Vec<String>,
    /// What stands in the section; nothing for a directive.
    pub(super) inside: Option<Vec<Node>>,
    pub(super) place: Place,
    /// The words as written, with their quotes.
    pub(super) rest: String,
}

impl Node {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(super) fn first(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    pub(super) fn inside(&self) -> &[Self] {
        self.inside.as_deref().unwrap_or_default()
    }

    /// As written, on one line.
    pub(super) fn written(&self) -> String {
        format!("{} {}", self.name, self.rest).trim_end().to_owned()
    }
}

/// What has been said so far and decides how the rest is read.
#[derive(Debug, Default)]
pub(super) struct Known {
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
    text: String,
    place: Place,
}

/// The directives and sections of `text`.
pub(super) fn read(
    file: &str,
    text: &str,
    reader: &mut Reader<'_>,
    known: &mut Known,
) -> Result<Vec<Node>, Trouble> {
    let lines = joined(file, text);
    nodes(&lines, reader, known, 0)
}

/// The lines of `text` that say something.
fn joined(file: &str, text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut goes_on = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        let (part, more) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        match lines.last_mut() {
            Some(last) if goes_on => {
                last.text.push(' ');
                last.text.push_str(part.trim());
            }
            _ => lines.push(Line {
                text: part.trim().to_owned(),
                place: Place::new(file, index + 1),
            }),
        }
        goes_on = more;
    }
    lines.retain(|line| !line.text.is_empty() && !line.text.starts_with('#'));
    lines
}

/// A section that has begun.
struct Open {
    name: String,
    words: Vec<String>,
    rest: String,
    place: Place,
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
        let text = known.filled_in(line)?;
        if let Some(name) = text.strip_prefix("</") {
            let name = name.trim_end_matches('>').trim();
            let closed = closed(&mut open, name, &line.place)?;
            let outer = open.last_mut().map_or(&mut found, |outer| &mut outer.inside);
            put(outer, closed);
            continue;
        }
        if let Some(begin) = text.strip_prefix('<') {
            let begin = begin.strip_suffix('>').ok_or_else(|| {
                Trouble::malformed(&line.place, "\">\" at the end of the line", format!("\"{text}\""))
            })?;
            let section = section(begin, line)?;
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
        let node = directive(&text, line)?;
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

/// Puts a section where it stands; of one that only asks whether to read on, what is inside.
fn put(outer: &mut Vec<Node>, section: Open) {
    const ASKS: [&str; 6] = [
        "IfModule",
        "IfDefine",
        "IfVersion",
        "IfFile",
        "IfDirective",
        "IfSection",
    ];
    if ASKS.iter().any(|name| section.name.eq_ignore_ascii_case(name)) {
        // What the running server knows, we do not: that a module is there is believed, that it is not is not.
        let is_negated = section.words.first().is_some_and(|word| word.starts_with('!'));
        let is_module = section.name.eq_ignore_ascii_case("IfModule");
        if !(is_negated && is_module) {
            outer.extend(section.inside);
        }
        return;
    }
    outer.push(Node {
        name: section.name,
        words: section.words,
        inside: Some(section.inside),
        place: section.place,
        rest: section.rest,
    });
}

fn section(begin: &str, line: &Line) -> Result<Open, Trouble> {
    let (name, rest) = begin.split_once(char::is_whitespace).unwrap_or((begin, ""));
    Ok(Open {
        name: name.to_owned(),
        words: words(rest, line)?,
        rest: rest.trim().to_owned(),
        place: line.place.clone(),
        inside: Vec::new(),
    })
}

fn directive(text: &str, line: &Line) -> Result<Node, Trouble> {
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    Ok(Node {
        name: name.to_owned(),
        words: words(rest, line)?,
        inside: None,
        place: line.place.clone(),
        rest: rest.trim().to_owned(),
    })
}

/// The words of a line: a quote counts at the begin of one, a backslash before a quote or itself.
fn words(text: &str, line: &Line) -> Result<Vec<String>, Trouble> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        let Some(first) = rest.peek().copied() else {
            return Ok(found);
        };
        let quote = (first == '"' || first == '\'').then_some(first);
        if quote.is_some() {
            rest.next();
        }
        let mut word = String::new();
        loop {
            match (rest.next(), quote) {
                (None, Some(quote)) => {
                    let expected = format!("{quote} at the end of a word");
                    return Err(Trouble::malformed(&line.place, expected, "the end of the line"));
                }
                (None, None) => break,
                (Some(c), Some(quote)) if c == quote => break,
                (Some(c), None) if c.is_whitespace() => break,
                (Some('\\'), quote) => match rest.peek() {
                    Some(c) if Some(*c) == quote || *c == '\\' => word.extend(rest.next()),
                    _ => word.push('\\'),
                },
                (Some(c), _) => word.push(c),
            }
        }
        found.push(word);
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
        let value = node.words.get(1).cloned().unwrap_or_default();
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
    for path in paths {
        if node.is("IncludeOptional") && reader.files().mode(&path).is_none() {
            continue;
        }
        let text = reader.open(&path, Some(&node.place))?;
        found.extend(read(&path.display().to_string(), &text, reader, known)?);
        reader.close();
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
    fn filled_in(&self, line: &Line) -> Result<String, Trouble> {
        let mut out = line.text.clone();
        for (name, value) in &self.defined {
            if out.contains("${") {
                out = out.replace(&format!("${{{name}}}"), value);
            }
            if out.len() > LONGEST {
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
            if line.text.to_lowercase().starts_with("</macro") {
                let mut words = section.words.iter();
                let name = words.next().map(|name| name.to_lowercase()).unwrap_or_default();
                let parameters = words.cloned().collect();
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
    fn filled_in(&self, values: &[String]) -> Vec<Line> {
        let fill = |line: &Line| {
            let mut text = line.text.clone();
            for (parameter, value) in self.parameters.iter().zip(values) {
                text = text.replace(parameter, value);
            }
            Line {
                text,
                place: line.place.clone(),
            }
        };
        self.lines.iter().map(fill).collect()
    }
}
