//! The picture of `handfast ca list`: when everything on the list expires, as text or as a page.

use std::path::Path;

use handfast_ca::{Authority, Page, Row};
use handfast_credentials::files::{self, Readers};
use handfast_pki::{Certificate, text::hex};
use handfast_report::{
    expiry::{self, Expiry, Standing},
    style::GOOD,
};
use jiff::Timestamp;

use super::record;
use crate::{
    commands::tell::text,
    failure::Failure,
    words::{self, Words},
};

/// How wide a chart is where no terminal says.
const WIDTH: usize = 100;

/// The expiry lines for the terminal.
pub fn chart(page: &Page, authority: &Authority, now: Timestamp, words: &Words) {
    let width = words::width().unwrap_or(WIDTH);
    for line in expiry::chart(&rows(page, authority, now), now, width) {
        words.data(line);
    }
}

/// The same as a page, written to `path`.
pub fn html(
    page: &Page,
    authority: &Authority,
    path: &Path,
    now: Timestamp,
    words: &Words,
) -> Result<(), Failure> {
    let title = authority
        .chain()
        .first()
        .map(Certificate::called)
        .unwrap_or_default();
    let made = expiry::page(&rows(page, authority, now), now, &title, page.next.is_some());
    let leftovers = files::write(path, made.as_bytes(), Readers::Owner)?;
    words.tell_leftovers(&leftovers);
    words.talk(format_args!("{GOOD}expiry lines{GOOD:#} in {}", text(path)));
    Ok(())
}

fn rows(page: &Page, authority: &Authority, now: Timestamp) -> Vec<Expiry> {
    page.rows.iter().map(|row| drawn(row, authority, now)).collect()
}

fn drawn(row: &Row, authority: &Authority, now: Timestamp) -> Expiry {
    Expiry {
        called: record::called(row),
        serial: row.serial.clone(),
        profile: row.profile.clone(),
        issuer: issuer(row, authority),
        not_after: row.not_after,
        standing: match record::state(row, now) {
            "valid" => Standing::Valid,
            "expired" => Standing::Expired,
            "revoked" => Standing::Revoked,
            _ => Standing::Planned,
        },
    }
}

/// By its name, where it is one of the path; else by the identifier of its key.
fn issuer(row: &Row, authority: &Authority) -> String {
    let Some(id) = &row.issuer else {
        return "an unknown issuer".into();
    };
    let found = authority
        .chain()
        .iter()
        .find(|ca| hex(&ca.public_key().key_id()) == *id);
    found.map_or_else(|| id.clone(), Certificate::called)
}
