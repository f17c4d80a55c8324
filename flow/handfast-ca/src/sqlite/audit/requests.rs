//! Requests that wait for a second person against their leaves.

use std::collections::BTreeMap;

use handfast_audit::leaf::Leaf;
use rusqlite::{Connection, OptionalExtension};

use super::{Findings, tables};
use crate::{
    records::{Event, StoreError},
    sqlite::{locate, requests},
    waiting::WaitingRequest,
};

/// What the log knows of one.
#[derive(Default)]
struct Known {
    /// The digest of its last leaf; none where an older program has written them, which tied nothing to them.
    asks: Option<String>,
}

/// Each request must be what its last leaf says, and each leaf about one must have it. A certificate that became of one has
/// its key.
pub(super) fn compare(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let mut expected: BTreeMap<String, Known> = BTreeMap::new();
    tables::evidence(connection, |leaf| {
        if let Some(id) = leaf.evidence.request.clone().or_else(|| id_of_old(leaf)) {
            let known = expected.entry(id).or_default();
            known.asks = leaf.evidence.asks.clone().or(known.asks.take());
        }
    })?;
    for request in requests::select(connection, "TRUE", &[])? {
        let part = "waiting_request";
        match expected.remove(&request.id) {
            None => findings.fault(part, &request.id, "no leaf of the log is about it"),
            Some(Known { asks: Some(asks) }) if asks != request.digest() => {
                findings.fault(part, &request.id, "it is not what its leaf says");
            }
            Some(_) if !is_fulfilled_rightly(connection, &request)? => {
                findings.fault(
                    part,
                    &request.id,
                    "its certificate is not the one that it asked for",
                );
            }
            Some(_) => {}
        }
    }
    for id in expected.keys() {
        findings.fault("waiting_request", id, "it is missing, and the log has its leaf");
    }
    Ok(())
}

fn is_fulfilled_rightly(connection: &Connection, request: &WaitingRequest) -> Result<bool, StoreError> {
    let Some(serial) = &request.serial else {
        return Ok(true);
    };
    let is_approved = request
        .decision
        .as_ref()
        .is_some_and(|decision| decision.is_approved);
    let Some(id) = locate::certificate(connection, serial)? else {
        return Ok(false);
    };
    let spki = connection
        .prepare_cached("SELECT spki FROM cert WHERE id = ?1")?
        .query_row([id], |row| row.get::<_, Option<Vec<u8>>>(0))
        .optional()?
        .flatten();
    Ok(is_approved && spki.as_deref() == Some(request.public_key.fingerprint().0.as_slice()))
}

/// An older program wrote the number of a request into the text alone: `client for dns:a.example as 4f2a90c1d0e7`.
fn id_of_old(leaf: &Leaf) -> Option<String> {
    if leaf.event != Event::Waiting.name() {
        return None;
    }
    let text = leaf.detail.split(", because \"").next()?;
    let (_, id) = text.rsplit_once(" as ")?;
    (id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| id.to_owned())
}
