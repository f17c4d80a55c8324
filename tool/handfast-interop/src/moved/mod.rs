//! A configuration that the user wrote, moved to loopback: its includes put in, its addresses and files exchanged.
//!
//! In: a text and the target that it is for. Out: the text for our own files, where it listens, and what was exchanged.
//! `tree` edits what `handfast-configs` reads, `words` replaces words for programs that it has no reader for. What can go
//! wrong: it cannot be read, says nowhere where to listen, or names no certificate.

mod exchange;
mod tree;
mod words;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use handfast_configs::Kind;
use handfast_finding::Problem;
use handfast_pki::code;
use handfast_setup::{Target, Theirs};

use crate::stage::Stage;

/// What the user wrote, with everything that it includes.
pub enum Written {
    /// Read as what it is.
    Tree(Box<tree::Tree>),
    /// Known by its words alone.
    Words(words::Text),
}

impl Written {
    /// The `text` of `file`, which is for `target`.
    pub fn of(text: &str, file: &Path, target: &Target, theirs: &Theirs) -> Result<Self, Problem> {
        match Kind::of_word(&target.name) {
            Some(kind) => tree::Tree::read(text, file, kind).map(Box::new).map(Self::Tree),
            None => words::Text::read(text, file, theirs).map(Self::Words),
        }
    }

    /// The names of sites, each as it is written and as a client may ask for it.
    pub fn hosts(&self) -> Vec<(String, String)> {
        match self {
            Self::Tree(tree) => tree.hosts(),
            Self::Words(_) => Vec::new(),
        }
    }

    /// Names of blocks that are not tested.
    pub fn missed(&self, theirs: &Theirs) -> Vec<String> {
        match self {
            Self::Tree(tree) => tree.missed(theirs),
            Self::Words(_) => Vec::new(),
        }
    }

    /// On loopback, for the software of `stage`.
    pub fn moved(&self, file: &Path, theirs: &Theirs, stage: &Stage<'_>) -> Result<Move, Problem> {
        let moved = match self {
            Self::Tree(tree) => tree.moved(theirs, stage)?,
            Self::Words(text) => text.moved(file, theirs, stage)?,
        };
        if moved.listeners.is_empty() {
            return Err(Problem::new(
                code::CONFIG_INVALID,
                format!("\"{}\" says nowhere where to listen", file.display()),
            ));
        }
        if moved.exchanged.is_empty() {
            return Err(Problem::new(
                code::UNREADABLE,
                format!(
                    "\"{}\" names no certificate that can be read from here",
                    file.display()
                ),
            )
            .help("run it as a user who may read the files that it names"));
        }
        Ok(moved)
    }
}

/// An address that the user wrote to be listened on.
pub struct Listener {
    /// Its port where that is all there is to it, or the whole of it.
    pub written: String,
    /// The port on loopback that stands in its place.
    pub here: u16,
}

/// What the user wrote, on loopback.
#[derive(Default)]
pub struct Move {
    /// The text for the file of ours whose place it takes.
    text: String,
    /// What comes to the start and to the end of the file around it.
    around: (String, String),
    /// Files of their own that it names, with their texts.
    copies: Vec<(PathBuf, String)>,
    pub listeners: Vec<Listener>,
    /// Files as written, and what stands in their places.
    pub exchanged: BTreeMap<String, String>,
    /// Whether it names a revocation list.
    pub names_list: bool,
}

impl Move {
    /// Puts it in the place of our files below `out`.
    pub fn write(&self, out: &Path, theirs: &Theirs) -> Result<(), Problem> {
        std::fs::write(out.join(&theirs.file), &self.text).map_err(Problem::bug)?;
        for (path, text) in &self.copies {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(Problem::bug)?;
            }
            std::fs::write(path, text).map_err(Problem::bug)?;
        }
        let (start, end) = &self.around;
        if start.is_empty() && end.is_empty() {
            return Ok(());
        }
        let path = out.join(&theirs.around.file);
        let ours = std::fs::read_to_string(&path).map_err(Problem::bug)?;
        std::fs::write(path, format!("{start}{ours}{end}")).map_err(Problem::bug)
    }
}
