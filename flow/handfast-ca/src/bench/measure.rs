//! A CA that is made to be measured.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use handfast_pki::KeyKind;
use jiff::Timestamp;

use super::{Asked, Load, Rate, ask, fill, issue};
use crate::{Authority, NewAuthority, error::Result, folder};

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// Rows to fill the records with first.
    pub fill: Option<u64>,
    /// How much slower each write to the disk is made.
    pub delay: Duration,
    pub load: Load,
}

/// What filling took, and what the pages take.
#[derive(Debug, Clone)]
pub struct Filled {
    pub rows: u64,
    pub took: Duration,
    /// The size of the records.
    pub bytes: u64,
    pub asked: Vec<Asked>,
}

/// Makes a CA in the folder `place` and measures it. `told` hears of the filling when it is done.
///
/// # Errors
///
/// Where the CA cannot be made, or does not issue.
pub fn measure(place: &Path, course: Course, told: impl FnOnce(&Filled)) -> Result<(Option<Filled>, Rate)> {
    let new = NewAuthority {
        name: "Bench".into(),
        key: KeyKind::P256.into(),
        bounds: None,
    };
    let authority = Authority::create(place, &new, Timestamp::now())?;
    let filled = course.fill.map(|rows| filled(&authority, place, rows));
    let filled = filled.transpose()?;
    if let Some(filled) = &filled {
        told(filled);
    }
    let authority = authority.on_slower_disk(course.delay)?;
    Ok((filled, issue(&authority, course.load)?))
}

fn filled(authority: &Authority, place: &Path, rows: u64) -> Result<Filled> {
    let now = Timestamp::now();
    let began = Instant::now();
    fill(authority, rows, now)?;
    Ok(Filled {
        rows,
        took: began.elapsed(),
        bytes: fs::metadata(place.join(folder::DATABASE)).map_or(0, |file| file.len()),
        asked: ask(authority, now)?,
    })
}
