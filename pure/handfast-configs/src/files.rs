//! The files around a configuration: what is asked of whoever can read them, and the reading within limits.
//!
//! In: paths as a configuration writes them. Out: text of includes, bytes of certificates. A configuration comes from
//! its operator and may still be broken: includes that go round, patterns that fit everything.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use globset::{GlobBuilder, GlobMatcher};
use handfast_finding::Place;
use handfast_pki::{conceal::concealed, text::printable};

use super::{
    span::Span,
    spot::{Named, Part},
    trouble::Trouble,
};

/// The most files that one configuration may be made of.
const MOST_FILES: usize = 1000;
/// The most bytes of one configuration, all files together.
const MOST_BYTES: usize = 16 << 20;
/// How deep files may include one another.
const DEEPEST: usize = 16;

/// Whoever can read files. A test reads from memory.
pub trait Files {
    /// All bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The names of what is in a folder, in any order.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// The permission bits; none where there is no such file or folder.
    fn mode(&self, path: &Path) -> Option<u32>;
}

/// Reads the parts of one configuration and remembers their text, so that a finding can show its line.
pub(super) struct Reader<'a> {
    files: &'a dyn Files,
    /// Where relative paths start, the likeliest first.
    folders: Vec<PathBuf>,
    texts: BTreeMap<String, Arc<str>>,
    /// The files that are being read, the outermost first.
    open: Vec<String>,
    bytes: usize,
    /// Every text that was read, one that was read twice twice.
    pub(super) parts: Vec<Part>,
    /// Directives that name a file which is not there.
    pub(super) idle: Vec<Span>,
    /// What was not looked at, and why.
    pub(super) passed_over: Vec<String>,
}

/// What names a file that is a part of the configuration.
pub(super) struct Naming<'n> {
    pub(super) place: &'n Place,
    pub(super) by: Named,
}

impl<'n> Naming<'n> {
    /// By a directive in whose place the text is read.
    pub(super) fn include(place: &'n Place, span: &Span) -> Self {
        Self {
            place,
            by: Named::Include(span.clone()),
        }
    }

    /// By a word, as a file of its own.
    pub(super) fn path(place: &'n Place, span: &Span) -> Self {
        Self {
            place,
            by: Named::Path(span.clone()),
        }
    }
}

/// A text that was read.
pub(super) struct Opened {
    /// Its place in [`Reader::parts`].
    pub(super) part: usize,
    pub(super) text: Arc<str>,
}

impl<'a> Reader<'a> {
    /// For the configuration `file`; relative paths start from `folder`, or from where `file` lies.
    pub(super) fn new(files: &'a dyn Files, file: &Path, folder: Option<&Path>) -> Self {
        let folders = match folder {
            Some(folder) => vec![folder.to_owned()],
            None => folders(file),
        };
        Self {
            files,
            folders,
            texts: BTreeMap::new(),
            open: Vec::new(),
            bytes: 0,
            parts: Vec::new(),
            idle: Vec::new(),
            passed_over: Vec::new(),
        }
    }

    pub(super) fn files(&self) -> &'a dyn Files {
        self.files
    }

    /// Where relative paths start, the likeliest first.
    pub(super) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// From now on relative paths start from `folder`.
    pub(super) fn start_from(&mut self, folder: &str) {
        let folder = self.locate(folder);
        self.folders.insert(0, folder);
    }

    /// Where the path `written` leads.
    pub(super) fn locate(&self, written: &str) -> PathBuf {
        let written = Path::new(written.strip_prefix("./").unwrap_or(written));
        let mut places = self.folders.iter().map(|folder| folder.join(written));
        let first = places.next().unwrap_or_else(|| written.to_owned());
        if self.files.mode(&first).is_some() {
            return first;
        }
        places
            .find(|place| self.files.mode(place).is_some())
            .unwrap_or(first)
    }

    /// Opens `path` as a part of the configuration; every call wants its [`Reader::close`].
    pub(super) fn open(&mut self, path: &Path, named: Option<Naming<'_>>) -> Result<Opened, Trouble> {
        let name = path.display().to_string();
        let unreadable = |why: String| Trouble::Unreadable {
            file: name.clone(),
            named_at: named.as_ref().map(|named| named.place.clone()),
            why,
        };
        if self.open.contains(&name) {
            return Err(unreadable("it includes itself".to_owned()));
        }
        if self.open.len() >= DEEPEST || self.texts.len() >= MOST_FILES {
            return Err(unreadable(format!(
                "expected at most {MOST_FILES} files, {DEEPEST} deep"
            )));
        }
        let bytes = self
            .files
            .read(path)
            .map_err(|error| unreadable(error.to_string()))?;
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > MOST_BYTES {
            return Err(unreadable(format!("expected at most {MOST_BYTES} bytes in all")));
        }
        if bytes.contains(&0) {
            return Err(Trouble::NotText { file: name });
        }
        // Comments may be in any old encoding.
        let text: Arc<str> = String::from_utf8_lossy(&bytes)
            .trim_start_matches('\u{feff}')
            .into();
        // Only for showing its lines; some configurations hold their keys themselves.
        self.texts.insert(name.clone(), concealed(&text).into());
        let part = self.parts.len();
        self.parts.push(Part {
            name: name.clone(),
            text: text.clone(),
            named: named.map(|named| named.by),
        });
        self.open.push(name);
        Ok(Opened { part, text })
    }

    pub(super) fn close(&mut self) {
        self.open.pop();
    }

    /// How many files were read as configuration.
    pub(super) fn count(&self) -> usize {
        self.texts.len()
    }

    /// The line of `place`, fit for printing.
    pub(super) fn line(&self, place: &Place) -> Option<String> {
        let line = self
            .texts
            .get(&place.file)?
            .lines()
            .nth(place.line.checked_sub(1)?)?;
        Some(printable(line.trim()))
    }

    /// What fits the pattern `written`, in order.
    pub(super) fn matching(&self, written: &str) -> Vec<PathBuf> {
        matching(self.files, &self.folders, written)
    }
}

/// Where the relative paths of the configuration `file` may start, the likeliest first: a snippet in
/// `/etc/nginx/sites-enabled` names its files as `/etc/nginx/nginx.conf` would.
pub fn folders(file: &Path) -> Vec<PathBuf> {
    file.ancestors().skip(1).take(3).map(Path::to_owned).collect()
}

/// What fits the pattern `written` below the first of `folders` that has any, in order: `*`, `?` and `[...]` within one
/// part of the path.
pub fn matching(files: &dyn Files, folders: &[PathBuf], written: &str) -> Vec<PathBuf> {
    let written = written.strip_prefix("./").unwrap_or(written);
    if Path::new(written).is_absolute() {
        return matching_from(files, Path::new(""), written);
    }
    let tried = folders.iter().map(|folder| matching_from(files, folder, written));
    tried
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn matching_from(files: &dyn Files, folder: &Path, written: &str) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for part in Path::new(written) {
        let part = part.to_string_lossy();
        if !is_pattern(&part) {
            for path in &mut found {
                path.push(&*part);
            }
            continue;
        }
        let Some(matcher) = matcher(&part) else {
            return Vec::new();
        };
        let inside = |path: &PathBuf| {
            let mut names = files.list(path).unwrap_or_default();
            let is_shown = |name: &String| part.starts_with('.') || !name.starts_with('.');
            names.retain(|name| matcher.is_match(name) && is_shown(name));
            names.sort();
            names.into_iter().map(|name| path.join(name)).collect::<Vec<_>>()
        };
        found = found.iter().flat_map(inside).take(MOST_FILES).collect();
    }
    found.retain(|path| files.mode(path).is_some());
    found
}

/// Whether `written` stands for several files.
pub(super) fn is_pattern(written: &str) -> bool {
    written.contains(['*', '?', '['])
}

/// What fits the pattern `part`; nothing does where it is none. Braces are characters as others: a server asks glob(3), and
/// no shell.
fn matcher(part: &str) -> Option<GlobMatcher> {
    let plain = part.replace('{', "[{]").replace('}', "[}]");
    let glob = GlobBuilder::new(&plain).literal_separator(true).build().ok()?;
    Some(glob.compile_matcher())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Files in memory: path, content. A path that ends with `!NNN` has these permission bits.
    pub(crate) struct Shelf(BTreeMap<PathBuf, (Vec<u8>, u32)>);

    impl Shelf {
        pub(crate) fn new() -> Self {
            Self(BTreeMap::new())
        }

        pub(crate) fn with(mut self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
            self.0.insert(path.into(), (bytes.as_ref().to_vec(), 0o600));
            self
        }

        pub(crate) fn open_to(mut self, path: &str, mode: u32) -> Self {
            if let Some(file) = self.0.get_mut(Path::new(path)) {
                file.1 = mode;
            }
            self
        }
    }

    impl Files for Shelf {
        fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
            let file = self.0.get(path).map(|(bytes, _)| bytes.clone());
            file.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))
        }

        fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
            let inside = self.0.keys().filter_map(|path| path.strip_prefix(folder).ok());
            let mut names: Vec<String> = inside
                .filter_map(|rest| Some(rest.iter().next()?.to_string_lossy().into_owned()))
                .collect();
            names.dedup();
            Ok(names)
        }

        fn mode(&self, path: &Path) -> Option<u32> {
            let folder = self.0.keys().any(|file| file.starts_with(path) && file != path);
            self.0
                .get(path)
                .map(|(_, mode)| *mode)
                .or(folder.then_some(0o755))
        }
    }

    fn fits(pattern: &str, name: &str) -> bool {
        matcher(pattern).is_some_and(|matcher| matcher.is_match(name))
    }

    #[test]
    fn patterns_fit_as_in_glob_3() {
        for (pattern, name) in [
            ("*.conf", "a.conf"),
            ("*", ""),
            ("a*b*c", "a-b-b-c"),
            ("[a-c]?", "bx"),
            ("[!0-9]*", "site"),
            ("{a,b}.conf", "{a,b}.conf"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.conf", "a.conf~"),
            ("[0-9]*", "site"),
            ("?", ""),
            ("a*b", "ac"),
            ("{a,b}.conf", "a.conf"),
            ("[", "["),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn includes_are_found_beside_the_file_and_above_it() {
        let shelf = Shelf::new()
            .with("etc/nginx/sites/one.conf", "")
            .with("etc/nginx/snippets/tls.conf", "")
            .with("etc/nginx/snippets/.hidden.conf", "");
        let reader = Reader::new(&shelf, Path::new("etc/nginx/sites/one.conf"), None);
        assert_eq!(
            reader.locate("snippets/tls.conf"),
            Path::new("etc/nginx/snippets/tls.conf")
        );
        assert_eq!(
            reader.matching("snippets/*.conf"),
            [Path::new("etc/nginx/snippets/tls.conf")]
        );
        assert_eq!(
            reader.matching("*/*.conf"),
            [
                Path::new("etc/nginx/sites/one.conf"),
                Path::new("etc/nginx/snippets/tls.conf")
            ]
        );
    }

    #[test]
    fn a_file_that_includes_itself_is_refused() {
        let shelf = Shelf::new().with("a", "x");
        let mut reader = Reader::new(&shelf, Path::new("a"), None);
        reader.open(Path::new("a"), None).expect("once");
        assert!(reader.open(Path::new("a"), None).is_err());
        reader.close();
        reader.open(Path::new("a"), None).expect("one after the other");
    }
}
