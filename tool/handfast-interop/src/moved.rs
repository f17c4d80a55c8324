//! A configuration that the user wrote, moved to loopback: its includes put in, its addresses and files exchanged.

use std::{
    collections::BTreeMap,
    io::Read,
    net::{IpAddr, SocketAddr},
    ops::Range,
    path::{Path, PathBuf},
};

use handfast_configs::{folders, matching};
use handfast_credentials::{disk::Disk, files};
use handfast_finding::Problem;
use handfast_lab::free_port;
use handfast_pki::{
    code,
    pem::{self, Item},
};
use handfast_setup::{
    Around, Theirs,
    theirs::{
        Word, directives, firsts, inside, listens, moved, port, replaced, sites, socket, without, words,
    },
};

use crate::{error::of_lab, stage::Stage};

/// What the user wrote, with everything that it includes.
pub struct Written {
    /// What is met first: the block that the software has around it in our files, or all of it.
    pub text: String,
    /// Blocks beside that one which are met, too.
    beside: String,
    /// Directives without which the blocks cannot be.
    kept: Vec<String>,
    /// Names of blocks that are not met.
    pub missed: Vec<String>,
}

impl Written {
    /// The `text` of `file`, without what is about the machine alone.
    pub fn of(text: &str, file: &Path, theirs: &Theirs) -> Result<Self, Problem> {
        let text = included(text, file, theirs, &mut Vec::new())?;
        let text = without(&text, &theirs.without, theirs.until);
        let around = &theirs.around;
        let block = |name: &String| Some(format!("{name} {{{}}}\n", inside(&text, name)?));
        let beside: String = around.blocks.iter().filter_map(block).collect();
        let missed = around.missed.iter().filter(|name| inside(&text, name).is_some());
        let kept = directives(&text, &around.keeps, theirs.until).into_iter();
        let kept = kept.filter_map(|directive| text.get(directive.range));
        let first = theirs.inside.as_ref().and_then(|name| inside(&text, name));
        Ok(Self {
            missed: missed.cloned().collect(),
            kept: kept.map(|line| with_path(line, around)).collect(),
            text: match first {
                Some(first) => first.to_owned(),
                None if beside.is_empty() => text,
                None => String::new(),
            },
            beside,
        })
    }
}

/// `line` with the file that it names by a path which is not relative.
fn with_path(line: &str, around: &Around) -> String {
    let others = words(line).into_iter().filter_map(|word| {
        let places = around
            .folders
            .iter()
            .map(|folder| Path::new(folder).join(&word.text));
        let is_file = |path: &PathBuf| path.is_file() && Path::new(&word.text).is_relative();
        let path = places.into_iter().find(is_file)?;
        Some((word.range, path.display().to_string()))
    });
    replaced(line, others.collect())
}

/// An address that the user wrote to be listened on.
pub struct Listener {
    /// Its port where that is all there is to it, or the whole of it.
    pub written: String,
    /// The port on loopback that stands in its place.
    pub here: u16,
}

/// What the user wrote, on loopback.
pub struct Move {
    /// The text for the file of ours whose place it takes.
    text: String,
    /// What comes to the start and to the end of the file around it.
    around: (String, String),
    pub listeners: Vec<Listener>,
    /// Files as written, and what stands in their places.
    pub exchanged: BTreeMap<String, String>,
}

impl Move {
    /// Of `written` in `file`, for the software of `stage`.
    pub fn of(written: &Written, file: &Path, theirs: &Theirs, stage: &Stage<'_>) -> Result<Self, Problem> {
        let folders = folders(file);
        let mut changes = Changes::new(stage);
        changes.addresses(&written.text, theirs, &theirs.upstream)?;
        let text = changes.finish(&written.text, theirs, &folders)?;
        changes.addresses(&written.beside, theirs, &theirs.around.upstream)?;
        let beside = changes.finish(&written.beside, theirs, &folders)?;
        if theirs.listen.is_empty() && !theirs.sites {
            changes.listens_as_begun();
        }
        if changes.listeners.is_empty() {
            return Err(Problem::new(
                code::CONFIG_INVALID,
                format!("\"{}\" says nowhere where to listen", file.display()),
            ));
        }
        if changes.exchanged.is_empty() {
            return Err(Problem::new(
                code::UNREADABLE,
                format!(
                    "\"{}\" names no certificate that can be read from here",
                    file.display()
                ),
            )
            .hint("run it as a user who may read the files that it names"));
        }
        Ok(Self {
            text: begun(text, theirs, stage, &changes.listeners),
            around: (
                written.kept.iter().map(|line| format!("{line}\n")).collect(),
                beside,
            ),
            listeners: changes.listeners,
            exchanged: changes.exchanged,
        })
    }

    /// Puts it in the place of our files below `out`.
    pub fn write(&self, out: &Path, theirs: &Theirs) -> Result<(), Problem> {
        std::fs::write(out.join(&theirs.file), &self.text).map_err(Problem::bug)?;
        let (start, end) = &self.around;
        if start.is_empty() && end.is_empty() {
            return Ok(());
        }
        let path = out.join(&theirs.around.file);
        let ours = std::fs::read_to_string(&path).map_err(Problem::bug)?;
        std::fs::write(path, format!("{start}{ours}{end}")).map_err(Problem::bug)
    }
}

/// `text` with the files that it includes in the places where it names them.
fn included(text: &str, file: &Path, theirs: &Theirs, open: &mut Vec<PathBuf>) -> Result<String, Problem> {
    const DEEPEST: usize = 16;
    if open.len() > DEEPEST {
        return Err(Problem::new(
            code::CONFIG_INVALID,
            format!("\"{}\" includes files more than {DEEPEST} deep", file.display()),
        ));
    }
    let disk = Disk {
        asked_for: file.to_owned(),
    };
    let mut others = Vec::new();
    for directive in directives(text, &theirs.include, theirs.until) {
        let mut whole = String::new();
        let named = matching(&disk, &folders(file), &directive.value);
        // A snippet of a Caddyfile, or nothing that is there.
        if named.is_empty() {
            continue;
        }
        for path in named.into_iter().flat_map(parts) {
            if open.contains(&path) {
                continue;
            }
            let bytes = files::read(&path)?;
            open.push(path);
            whole.push_str(&included(&String::from_utf8_lossy(&bytes), file, theirs, open)?);
            whole.push('\n');
            open.pop();
        }
        others.push((directive.range, whole));
    }
    Ok(replaced(text, others))
}

/// The path itself, or the parts of a configuration in that folder, in their order.
fn parts(path: PathBuf) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path];
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let is_part = |path: &PathBuf| path.extension().is_some_and(|end| end == "conf" || end == "cnf");
    let mut parts: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_part).collect();
    parts.sort();
    parts
}

/// What is written in the places of what.
struct Changes<'a> {
    stage: &'a Stage<'a>,
    others: Vec<(Range<usize>, String)>,
    listeners: Vec<Listener>,
    exchanged: BTreeMap<String, String>,
    /// How many files or sockets were made up.
    owned: usize,
}

impl<'a> Changes<'a> {
    fn new(stage: &'a Stage<'a>) -> Self {
        Self {
            stage,
            others: Vec::new(),
            listeners: Vec::new(),
            exchanged: BTreeMap::new(),
            owned: 0,
        }
    }

    /// Addresses to listen on, and those of services behind it that have to be there.
    fn addresses(&mut self, text: &str, theirs: &Theirs, upstream: &[String]) -> Result<(), Problem> {
        for address in listens(text, &theirs.listen) {
            let Some(written) = port(&address.text) else {
                continue;
            };
            let rest = text.get(address.range.end..).unwrap_or_default();
            let length = rest.find(theirs.until.unwrap_or('\n')).unwrap_or(rest.len());
            let (begin, end) = (address.range.end, address.range.end + length);
            if theirs.follows && !address.text.contains(':') {
                let all = text.get(address.range.start..end).unwrap_or_default();
                let instead = self.listens(all.trim())?;
                self.others
                    .push((address.range.start..end, format!("{instead} 127.0.0.1")));
                continue;
            }
            for word in &theirs.strips {
                if let Some(at) = rest.get(..length).and_then(|rest| rest.find(word)) {
                    self.others
                        .push((begin + at..begin + at + word.len(), String::new()));
                }
            }
            // Where sites are opened elsewhere, it is by the port that they are found.
            let instead = self.listens(&match theirs.opens {
                Some(_) => written.to_string(),
                None => told_apart(&address.text, written),
            })?;
            let mut instead = moved(&address.text, instead);
            // A port alone would listen on every address of this machine.
            if !instead.contains(':') && theirs.joined {
                instead = format!("127.0.0.1:{instead}");
            }
            self.others.push((address.range, instead));
        }
        for address in listens(text, upstream) {
            let instead = format!("127.0.0.1:{}", self.stage.upstream);
            self.others.push((address.range, instead));
        }
        if theirs.sites {
            self.sites(text)?;
        }
        Ok(())
    }

    /// The address that our own beginning of the file says.
    fn listens_as_begun(&mut self) {
        let here = self.stage.port;
        self.listeners.push(Listener {
            written: here.to_string(),
            here,
        });
    }

    /// `text` with all of its changes, for which other files are exchanged, too.
    fn finish(&mut self, text: &str, theirs: &Theirs, folders: &[PathBuf]) -> Result<String, Problem> {
        for word in firsts(text, &theirs.written) {
            self.own(word, "kept");
        }
        self.files(text, folders)?;
        Ok(replaced(text, std::mem::take(&mut self.others)))
    }

    /// The port on loopback in the place of `written`.
    fn listens(&mut self, written: &str) -> Result<u16, Problem> {
        if let Some(known) = self.listeners.iter().find(|known| known.written == written) {
            return Ok(known.here);
        }
        let here = free_port().map_err(|error| of_lab(&error))?;
        self.listeners.push(Listener {
            written: written.to_owned(),
            here,
        });
        Ok(here)
    }

    /// Each site of a Caddyfile on a port of its own.
    fn sites(&mut self, text: &str) -> Result<(), Problem> {
        for site in sites(text).sites {
            let addresses = text.get(site.addresses.clone()).unwrap_or_default();
            let addresses = addresses.split_whitespace().collect::<Vec<_>>().join(" ");
            let is_plain = addresses.starts_with("http://") || addresses == ":80";
            let free = self.listens(&addresses)?;
            let scheme = if is_plain { "http" } else { "https" };
            self.others
                .push((site.addresses, format!("{scheme}://localhost:{free}")));
            self.others
                .push((site.inside..site.inside, "\n    bind 127.0.0.1\n".into()));
        }
        Ok(())
    }

    /// Files that are named, and sockets.
    fn files(&mut self, text: &str, folders: &[PathBuf]) -> Result<(), Problem> {
        for word in words(text) {
            let is_other = |(range, _): &(Range<usize>, String)| {
                range.start < word.range.end && word.range.start < range.end
            };
            if self.others.iter().any(is_other) {
                continue;
            }
            if let Some(socket) = socket(&word) {
                // That of a server which runs may be taken from it.
                self.own(socket, "sock");
            } else if let Some(instead) = at_home(&word.text)? {
                self.others.push((word.range, instead));
            } else if let Some(path) = named(&word.text, folders) {
                if let Some(instead) = instead_of(&path, self.stage) {
                    self.exchanged.insert(word.text, instead.clone());
                    self.others.push((word.range, instead));
                } else if Path::new(&word.text).is_relative() {
                    // The copy lies elsewhere.
                    let path = std::path::absolute(path).map_err(Problem::bug)?;
                    self.others.push((word.range, path.display().to_string()));
                }
            }
        }
        Ok(())
    }

    /// A path that nothing else uses, for what the copy writes.
    fn own(&mut self, word: Word, kind: &str) {
        self.owned += 1;
        let name = format!("{}.{kind}", self.owned);
        let path = self.stage.out.join("tmp").join(name);
        self.others.push((word.range, path.display().to_string()));
    }
}

/// The port where it stands for every address of a machine; the whole of another one, for who comes to one of them may meet
/// another site.
fn told_apart(address: &str, port: u16) -> String {
    match address.rsplit_once(':') {
        None | Some(("" | "*" | "0.0.0.0", _)) => port.to_string(),
        Some(_) => address.to_owned(),
    }
}

/// The address on loopback that stands in the place of another machine's, or of all of this one's. Nobody listens at the
/// port, so that no service of the user is asked, either.
fn at_home(word: &str) -> Result<Option<String>, Problem> {
    if let Ok(address) = word.parse::<IpAddr>() {
        return Ok((!address.is_loopback()).then(|| "127.0.0.1".into()));
    }
    match word.parse::<SocketAddr>() {
        Ok(address) if !address.ip().is_loopback() => {
            let port = free_port().map_err(|error| of_lab(&error))?;
            Ok(Some(format!("127.0.0.1:{port}")))
        }
        _ => Ok(None),
    }
}

/// `text` with what has to stand at its start.
fn begun(mut text: String, theirs: &Theirs, stage: &Stage<'_>, listeners: &[Listener]) -> String {
    if let Some(opens) = &theirs.opens
        && directives(&text, std::slice::from_ref(opens), None).is_empty()
    {
        let lines: String = listeners
            .iter()
            .map(|listener| format!("{opens} 127.0.0.1:{}\n", listener.here))
            .collect();
        text.insert_str(0, &lines);
    }
    let Some(begins) = &stage.filled.begins else {
        return text;
    };
    match theirs.sites.then(|| sites(&text).global) {
        Some(Some(at)) => text.insert_str(at, &format!("\n{begins}\n")),
        Some(None) => text.insert_str(0, &format!("{{\n{begins}\n}}\n")),
        None => text.insert_str(0, &format!("{begins}\n")),
    }
    text
}

/// The file that a word of the text names, if there is one. A folder of certificates, each in one file with its key, is
/// as good as one of them; HAProxy takes such.
fn named(word: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    if !word.contains(['/', '.']) {
        return None;
    }
    let mut places = folders.iter().map(|folder| folder.join(word));
    places.find_map(|path| {
        if !path.is_dir() {
            return path.is_file().then_some(path);
        }
        let mut files = std::fs::read_dir(path).ok()?.flatten().map(|entry| entry.path());
        files.find(|file| file.extension().is_some_and(|end| end == "pem") && is_pair(file))
    })
}

/// Whether the file holds a certificate that is no CA's, and a key.
fn is_pair(file: &Path) -> bool {
    let items = read(file).unwrap_or_default();
    has_leaf(&items) && has_key(&items)
}

fn has_leaf(items: &[Item]) -> bool {
    let is_leaf = |item: &Item| matches!(item, Item::Certificate(certificate) if !certificate.is_ca());
    items.iter().any(is_leaf)
}

fn has_key(items: &[Item]) -> bool {
    let is_key = |item: &Item| matches!(item, Item::Key(_) | Item::EncryptedKey(_));
    items.iter().any(is_key)
}

/// Whether the file begins as a revocation list does. One of version 1 or with something odd in it is one all the same.
fn is_list(file: &Path) -> bool {
    const MARK: &[u8] = b"-----BEGIN X509 CRL-----";
    let mut start = [0; MARK.len()];
    std::fs::File::open(file).is_ok_and(|mut file| file.read_exact(&mut start).is_ok() && start == MARK)
}

/// What is in a file of certificates, keys or lists; nothing for any other.
fn read(file: &Path) -> Option<Vec<Item>> {
    const LARGEST: u64 = 4 << 20;
    if std::fs::metadata(file).ok()?.len() > LARGEST {
        return None;
    }
    pem::read(&std::fs::read(file).ok()?).ok()
}

/// What stands in the place of the file `path`: a throw-away one of its kind. Nothing for what is no such file.
fn instead_of(path: &Path, stage: &Stage<'_>) -> Option<String> {
    let file = |name: &str| stage.ground.folder.file(name);
    let Some(items) = read(path) else {
        return is_list(path).then(|| file("all.crl"));
    };
    let own = format!("{}-own", stage.out.file_name()?.display());
    let has = |is: fn(&Item) -> bool| items.iter().any(is);
    Some(match (has_leaf(&items), has_key(&items)) {
        (true, true) => {
            let pair = stage.out.join("pair.pem");
            let read = |name: &str| stage.ground.folder.read(&format!("{own}/{name}"));
            std::fs::write(&pair, read("tls.crt").ok()? + &read("tls.key").ok()?).ok()?;
            pair.display().to_string()
        }
        (false, true) => file(&format!("{own}/tls.key")),
        (true, false) => file(&format!("{own}/tls.crt")),
        _ if has(|item| matches!(item, Item::Crl(_))) => file("all.crl"),
        _ if has(|item| matches!(item, Item::Certificate(_))) => file("ca.crt"),
        _ => return None,
    })
}
