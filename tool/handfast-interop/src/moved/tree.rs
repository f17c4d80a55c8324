//! A configuration that `handfast-configs` reads: its outline, edited for loopback.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use handfast_configs::{
    Files, Kind, Outline, Span, Wanted,
    edit::{Edit, EditError},
    outline,
    outline::{Form, Material, Named, Role, Spot, Top},
};
use handfast_credentials::disk::Disk;
use handfast_finding::Problem;
use handfast_pki::{
    code,
    pem::{self, Item},
};
use handfast_setup::{
    Quote, Theirs,
    theirs::{Word, asked_for, socket},
};

use super::{
    Move,
    exchange::{Exchange, absolute, at_home, spare},
};
use crate::{error::of_setup, stage::Stage};

/// What the user wrote, read as what it is.
pub struct Tree {
    outline: Outline,
}

/// The files of this machine, with the one that was read already: it may be a pipe.
struct Given<'a> {
    file: &'a Path,
    text: &'a str,
    disk: Disk,
}

impl Files for Given<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path == self.file {
            return Ok(self.text.as_bytes().to_vec());
        }
        self.disk.read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        self.disk.mode(path)
    }
}

impl Tree {
    pub(super) fn read(text: &str, file: &Path, kind: Kind) -> Result<Self, Problem> {
        let wanted = Wanted {
            kind: Some(kind),
            folder: None,
            ..Wanted::default()
        };
        let files = Given {
            file,
            text,
            disk: Disk {
                asked_for: file.to_owned(),
            },
        };
        let outline = outline(file, &wanted, &files).map_err(|trouble| Problem::from(&trouble))?;
        Ok(Self { outline })
    }

    pub(super) fn hosts(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for written in &self.outline.names {
            if let Some(host) = asked_for(written)
                && !found.iter().any(|(known, _)| known == written)
            {
                found.push((written.clone(), host));
            }
        }
        found
    }

    pub(super) fn missed(&self, theirs: &Theirs) -> Vec<String> {
        let missed = self.tops(&theirs.around.missed);
        missed.map(|top| top.name.clone()).collect()
    }

    fn tops<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = &'a Top> {
        self.outline.tops.iter().filter(|top| names.contains(&top.name))
    }

    /// On loopback, for the software of `stage`.
    pub(super) fn moved(&self, theirs: &Theirs, stage: &Stage<'_>) -> Result<Move, Problem> {
        let file = |wish: &&handfast_setup::FileWish| wish.name == theirs.file;
        let quote = stage.part.files.iter().find(file).and_then(|wish| wish.quote);
        let mut changes = Changes {
            outline: &self.outline,
            exchange: Exchange::new(stage),
            quote: quote.unwrap_or(Quote::Line),
            further: theirs.around.folders.iter().map(PathBuf::from).collect(),
            edits: Vec::new(),
        };
        let places = changes.places()?;
        for spot in &self.outline.spots {
            if !places.iter().any(|(span, _, _)| *span == spot.span) {
                changes.change(spot)?;
            }
        }
        changes.begin();
        let mut moved = Move {
            text: String::new(),
            around: (String::new(), String::new()),
            copies: Vec::new(),
            listeners: Vec::new(),
            exchanged: BTreeMap::new(),
            names_list: changes.exchange.names_list,
        };
        for (_, part, path) in places {
            moved
                .copies
                .push((path, changes.render(&self.outline.whole(part))?));
        }
        self.put(theirs, &changes, &mut moved)?;
        let is_said = |spot: &Spot| matches!(spot.role, Role::Listen(_)) && !spot.span.range.is_empty();
        if self.outline.spots.iter().any(is_said) {
            moved.listeners = changes.exchange.listeners;
        }
        moved.exchanged = changes.exchange.exchanged;
        Ok(moved)
    }

    /// The texts for the place of our file, and for those around it.
    fn put(&self, theirs: &Theirs, changes: &Changes<'_>, moved: &mut Move) -> Result<(), Problem> {
        let inside = theirs.inside.as_ref().filter(|_| self.outline.is_whole);
        let Some(inside) = inside else {
            moved.text = self.opened(theirs, changes) + &changes.render(&self.outline.whole(0))?;
            return Ok(());
        };
        for top in &self.outline.tops {
            let is_in = |names: &[String]| names.contains(&top.name);
            if top.name == *inside {
                if let Some(span) = &top.inside {
                    moved.text.push_str(&changes.render(span)?);
                }
            } else if is_in(&theirs.around.keeps) {
                moved
                    .around
                    .0
                    .push_str(&format!("{}\n", changes.render(&top.span)?));
            } else if is_in(&theirs.around.blocks) {
                moved
                    .around
                    .1
                    .push_str(&format!("{}\n", changes.render(&top.span)?));
            }
        }
        Ok(())
    }

    /// Lines that open the addresses which another file of the user usually opens.
    fn opened(&self, theirs: &Theirs, changes: &Changes<'_>) -> String {
        let Some(word) = &theirs.opens else {
            return String::new();
        };
        let opens = |spot: &Spot| matches!(&spot.role, Role::Listen(listen) if listen.opens);
        if self.outline.spots.iter().any(opens) {
            return String::new();
        }
        let listeners = changes.exchange.listeners.iter();
        listeners
            .map(|listener| format!("{word} 127.0.0.1:{}\n", listener.here))
            .collect()
    }
}

/// The edits that move a configuration.
struct Changes<'a> {
    outline: &'a Outline,
    exchange: Exchange<'a>,
    /// How a word is written.
    quote: Quote,
    /// Where files may be besides.
    further: Vec<PathBuf>,
    /// Each with the part that it is in.
    edits: Vec<(usize, Edit)>,
}

impl Changes<'_> {
    fn render(&self, span: &Span) -> Result<String, Problem> {
        let text = self.outline.render(span, &self.edits);
        text.map_err(|error| {
            let name = self
                .outline
                .parts
                .get(span.part)
                .map_or("", |part| part.name.as_str());
            of_edit(name, &error)
        })
    }

    fn put(&mut self, span: &Span, text: impl Into<String>) {
        self.edits.push((span.part, Edit::new(span.range.clone(), text)));
    }

    /// `value` as one word in the place of `span`.
    fn put_word(&mut self, span: &Span, value: &str) -> Result<(), Problem> {
        let word = self.quote.quote(value).map_err(|error| of_setup(&error))?;
        self.put(span, word);
        Ok(())
    }

    /// Where the copies of parts go that are files of their own: what names them, which they are, the path.
    fn places(&mut self) -> Result<Vec<(Span, usize, PathBuf)>, Problem> {
        let mut found: Vec<(Span, usize, PathBuf)> = Vec::new();
        for (index, part) in self.outline.parts.iter().enumerate() {
            let Some(Named::Path(span)) = &part.named else {
                continue;
            };
            if found.iter().any(|(known, _, _)| known == span) {
                continue;
            }
            let name = Path::new(&part.name).file_name().unwrap_or_default();
            let folder = self.exchange.stage.out.join("parts").join(index.to_string());
            found.push((span.clone(), index, folder.join(name)));
        }
        for (span, _, path) in &found {
            self.put_word(span, &path.display().to_string())?;
        }
        Ok(found)
    }

    fn change(&mut self, spot: &Spot) -> Result<(), Problem> {
        match &spot.role {
            Role::Listen(listen) => {
                let here = self.exchange.listens(&listen.called)?;
                self.put(&spot.span, format!("{}{here}{}", listen.before, listen.after));
            }
            Role::Spare(before) => self.put(&spot.span, format!("{before}{}", spare()?)),
            Role::Backend(before) => {
                let upstream = self.exchange.stage.upstream;
                self.put(&spot.span, format!("{before}{upstream}"));
            }
            Role::Instead(text) => self.put(&spot.span, *text),
            Role::File(material) => {
                let folders = &self.outline.folders;
                if let Some(path) = self.exchange.named_for(&spot.text, *material, folders)? {
                    self.put_word(&spot.span, &path)?;
                }
            }
            Role::Embedded(material, form) => self.embed(&spot.span, *material, *form)?,
            Role::Output => {
                let path = self.exchange.own("kept").display().to_string();
                self.put_word(&spot.span, &path)?;
            }
            Role::Path => self.path(spot)?,
            Role::Word => self.word(spot)?,
        }
        Ok(())
    }

    /// The material of the trial in the place of what the configuration holds itself.
    fn embed(&mut self, span: &Span, material: Material, form: Form) -> Result<(), Problem> {
        let path = self.exchange.material("what is written into it", material)?;
        let bytes = std::fs::read(&path).map_err(Problem::bug)?;
        let text = match form {
            Form::Literal => serde_json::Value::from(String::from_utf8_lossy(&bytes)).to_string(),
            Form::Base64 => BASE64_STANDARD.encode(&bytes),
            Form::Der => {
                let items = pem::read(&bytes).map_err(Problem::bug)?;
                let certificates = items.iter().filter_map(|item| match item {
                    Item::Certificate(certificate) => Some(BASE64_STANDARD.encode(certificate.der())),
                    _ => None,
                });
                certificates.collect::<Vec<_>>().join(" ")
            }
        };
        self.put(span, text);
        Ok(())
    }

    /// What is read from where it lies, and the copy does not lie there.
    fn path(&mut self, spot: &Spot) -> Result<(), Problem> {
        if Path::new(&spot.text).is_absolute() {
            return Ok(());
        }
        let folders = self.outline.folders.iter().chain(&self.further);
        let mut places = folders.map(|folder| folder.join(&spot.text));
        if let Some(path) = places.find(|path| path.exists()) {
            self.put_word(&spot.span, &absolute(&path)?)?;
        }
        Ok(())
    }

    fn word(&mut self, spot: &Spot) -> Result<(), Problem> {
        let word = Word {
            range: 0..spot.text.len(),
            text: spot.text.clone(),
        };
        if let Some(socket) = socket(&word) {
            // That of a server which runs may be taken from it.
            let own = self.exchange.own("sock").display().to_string();
            return self.put_within(spot, &socket.range, &own);
        }
        let instead = match at_home(&spot.text)? {
            Some(address) => Some(address),
            None => self.exchange.file(&spot.text, &self.outline.folders)?,
        };
        match instead {
            Some(instead) => self.put_word(&spot.span, &instead),
            None => Ok(()),
        }
    }

    /// `text` in the place of a part of a word.
    fn put_within(&mut self, spot: &Spot, range: &Range<usize>, text: &str) -> Result<(), Problem> {
        let mut whole = spot.text.clone();
        whole.replace_range(range.clone(), text);
        self.put_word(&spot.span, &whole)
    }

    /// What has to stand at the start.
    fn begin(&mut self) {
        let Some(begins) = self.exchange.stage.filled.begins.clone() else {
            return;
        };
        let options = self.outline.tops.iter().find(|top| top.name.is_empty());
        match options.and_then(|options| options.inside.as_ref()) {
            Some(inside) => {
                let start = inside.range.start;
                self.edits
                    .push((inside.part, Edit::new(start..start, format!("\n{begins}\n"))));
            }
            None => self
                .edits
                .push((0, Edit::new(0..0, format!("{{\n{begins}\n}}\n")))),
        }
    }
}

fn of_edit(name: &str, error: &EditError) -> Problem {
    Problem::new(
        code::CONFIG_INVALID,
        format!("\"{name}\" cannot be moved to loopback: {error}"),
    )
    .help("write out what a macro or snippet says for several addresses")
}
