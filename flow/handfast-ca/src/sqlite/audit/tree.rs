//! The leaves against the hashes, and both against the signed head.

use handfast_audit::{
    leaf::Leaf,
    tree::{Checkpoint, Hash, LogKey, Range, Subtree},
};
use rusqlite::Connection;

use super::Findings;
use crate::{records::StoreError, sqlite::log};

/// Hashes every leaf again. A root that is the signed one says that all leaves are as they were written; one that is not,
/// with the hash of one leaf, says which is not.
pub(super) fn compare(
    connection: &Connection,
    key: &LogKey,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let head = log::head(connection).and_then(|note| Ok(Checkpoint::open(&note, key.verifier())?));
    let (range, differing) = hash_again(connection, findings)?;
    let size = range.size();
    findings.audit.leaves = size;
    let head = match head {
        Ok(head) => head,
        Err(error) => {
            findings.fault("log_head", "", error.to_string());
            Checkpoint {
                size,
                root: range.root(),
            }
        }
    };
    let are_leaves_right = size == head.size && range.root() == head.root;
    if size != head.size {
        let detail = format!("there are {size} leaves, and the signed head has {}", head.size);
        findings.fault("leaf", size.min(head.size), detail);
    }
    let mut is_named = false;
    for (subtree, leaf) in differing {
        if are_leaves_right {
            findings.fault(
                "node",
                subtree.stored_at(),
                "its hash is not the one of its leaves",
            );
        } else if subtree.level == 0 {
            is_named = true;
            let shown = leaf.map_or_else(|| "it cannot be read".to_owned(), |leaf| format!("\"{leaf}\""));
            let detail = format!("{shown} is not what its hash was made of");
            findings.fault("leaf", subtree.index, detail);
        }
    }
    if !are_leaves_right && !is_named && size == head.size {
        let detail = format!(
            "the leaves have the root {}, the signed head {}",
            range.root(),
            head.root
        );
        findings.fault("leaf", "", detail);
    }
    Ok(())
}

/// Subtrees whose kept hash is not that of their leaves, with the leaf where it is one.
type Differing = Vec<(Subtree, Option<Leaf>)>;

/// Both tables are in the order in which the tree grows, so that they are read side by side.
fn hash_again(connection: &Connection, findings: &mut Findings) -> Result<(Range, Differing), StoreError> {
    let mut leaves = connection.prepare("SELECT position, body FROM leaf ORDER BY position")?;
    let mut nodes = connection.prepare("SELECT place, hash FROM node ORDER BY place")?;
    let mut leaves = leaves.query([])?;
    let mut kept = nodes
        .query_map([], |row| {
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), Hash(row.get(1)?)))
        })?
        .peekable();
    let mut range = Range::default();
    let mut differing = Vec::new();
    while let Some(row) = leaves.next()? {
        let position = row.get::<_, i64>(0)?.unsigned_abs();
        let body: Vec<u8> = row.get(1)?;
        if position != range.size() {
            let detail = format!("it is missing: the next one is {position}");
            findings.fault("leaf", range.size(), detail);
            return Ok((range, differing));
        }
        range.push(Hash::leaf(&body), |subtree, hash| {
            let place = subtree.stored_at();
            let is_kept = kept
                .next_if(|node| node.as_ref().is_ok_and(|(at, _)| *at == place))
                .is_some_and(|node| node.is_ok_and(|(_, kept)| kept == hash));
            if !is_kept {
                // One that cannot be read is behind us as well.
                let _ = kept.next_if(Result::is_err);
                differing.push((subtree, Leaf::parse(&body).filter(|_| subtree.level == 0)));
            }
        });
    }
    if let Some(node) = kept.next() {
        findings.fault("node", node?.0, "it is the hash of no leaves");
    }
    Ok((range, differing))
}
