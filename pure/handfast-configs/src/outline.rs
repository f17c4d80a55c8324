//! What ties a configuration to its machine and its files: everything that a copy of it needs otherwise.
//!
//! In: the same as for [`look`](crate::look). Out: the texts that it is made of, and every place in them that an editor
//! may have to change, with what stands there for. What can go wrong: it cannot be read.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use handfast_finding::Place;

pub use crate::spot::{Form, Listen, Material, Named, Part, Role, Spot, Top};
use crate::{
    Files, Kind, Trouble, Wanted, apache, begin, caddy,
    edit::{Edit, EditError, apply},
    envoy,
    files::Reader,
    haproxy, nginx,
    span::Span,
    spot::Found,
};

/// A configuration as an editor sees it.
#[derive(Debug, Clone)]
pub struct Outline {
    /// Whose it is.
    pub kind: Kind,
    /// The texts that it is made of; the first is the file itself.
    pub parts: Vec<Part>,
    /// Every place that may have to be changed, in the order of reading.
    pub spots: Vec<Spot>,
    /// What stands at the top of a configuration of nginx; of a Caddyfile, the block of its options, without a name.
    pub tops: Vec<Top>,
    /// Whether it is all that the program reads; otherwise it is a part that the whole includes.
    pub is_whole: bool,
    /// Names of sites, as they are written.
    pub names: Vec<String>,
    /// Where relative paths start from, the likeliest first.
    pub folders: Vec<PathBuf>,
}

/// Reads the configuration `file` and what it includes, and says what ties it to this machine.
pub fn outline(file: &Path, wanted: &Wanted, files: &dyn Files) -> Result<Outline, Trouble> {
    let mut reader = Reader::new(files, file, wanted.folder.as_deref());
    let (name, kind, opened) = begin(file, wanted, &mut reader)?;
    let mut found = Found::default();
    let mut is_whole = true;
    match kind {
        Kind::Nginx => {
            let tree = nginx::tokens::read(&name, &opened, &mut reader)?;
            is_whole = nginx::spots::is_whole(&tree);
            nginx::spots::find(&tree, &mut found);
        }
        Kind::Apache => {
            let known = &mut apache::lines::Known::default();
            let tree = apache::lines::read(&name, &opened, &mut reader, known)?;
            apache::spots::find(&tree, &mut found);
        }
        Kind::HaProxy => {
            let sections = haproxy::lines::read(&name, &opened)?;
            haproxy::spots::find(&sections, &mut reader, &mut found)?;
        }
        Kind::Envoy => envoy::spots::find(&name, &opened, &mut reader, &mut found)?,
        Kind::Caddy if caddy::is_json(&opened.text) => {
            return Err(Trouble::malformed(
                &Place::new(name, 1),
                "a Caddyfile",
                "the JSON that Caddy makes of one",
            ));
        }
        Kind::Caddy => {
            let nodes = caddy::tokens::read(&name, &opened, &mut reader)?;
            caddy::spots::find(&nodes, &mut found);
        }
    }
    for span in std::mem::take(&mut reader.idle) {
        found.gone(&span);
    }
    Ok(Outline {
        kind,
        is_whole,
        spots: found.spots,
        tops: found.tops,
        names: found.names,
        folders: reader.folders().to_owned(),
        parts: reader.parts,
    })
}

impl Outline {
    /// All of a part.
    pub fn whole(&self, part: usize) -> Span {
        let length = self.parts.get(part).map_or(0, |part| part.text.len());
        Span::new(part, 0..length)
    }

    /// The text of `span` with those of `edits` that are within it, each of a part by its number, and with what is included
    /// there.
    pub fn render(&self, span: &Span, edits: &[(usize, Edit)]) -> Result<String, EditError> {
        let is_in = |range: &Range<usize>| range.start >= span.range.start && range.end <= span.range.end;
        let own = edits
            .iter()
            .filter(|(part, edit)| *part == span.part && is_in(&edit.range));
        let mut own: Vec<Edit> = own.map(|(_, edit)| edit.clone()).collect();
        for (range, included) in self.included(span.part) {
            if !is_in(&range) {
                continue;
            }
            let mut text = String::new();
            for part in included {
                text.push_str(&self.render(&self.whole(part), edits)?);
                // Its last line may be a comment.
                text.push('\n');
            }
            own.push(Edit::new(range, text));
        }
        for edit in &mut own {
            edit.range = edit.range.start - span.range.start..edit.range.end - span.range.start;
        }
        let text = self
            .parts
            .get(span.part)
            .and_then(|part| part.text.get(span.range.clone()));
        apply(text.unwrap_or_default(), &own)
    }

    /// The directives of `part` that include others, with these in their order. What is included once more by the same
    /// directive, in a snippet that is used twice, is the same.
    fn included(&self, part: usize) -> Vec<(Range<usize>, Vec<usize>)> {
        let mut found: Vec<(Range<usize>, Vec<usize>)> = Vec::new();
        for (index, other) in self.parts.iter().enumerate() {
            let Some(Named::Include(by)) = &other.named else {
                continue;
            };
            if by.part != part {
                continue;
            }
            match found.iter_mut().find(|(range, _)| *range == by.range) {
                None => found.push((by.range.clone(), vec![index])),
                Some((_, all)) => {
                    let is_known =
                        |known: &usize| self.parts.get(*known).is_some_and(|part| part.name == other.name);
                    if !all.iter().any(is_known) {
                        all.push(index);
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
pub(super) mod tests;
