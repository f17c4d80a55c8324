//! Putting a configuration where the software looks for it, undone when the software does not like it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use handfast_credentials::files::{self, Claim, Piece, Readers};
use handfast_finding::Problem;
use handfast_pki::code;
use handfast_setup::{Filled, Part, Target};

/// Installs the file, has the whole configuration checked, and reloads. Returns where the file stands.
///
/// What stands there is somebody's work: without `force` it is only exchanged for what it is already. What killed runs have
/// left is told at once, for the check may come to nothing.
pub fn apply(
    target: &Target,
    part: &Part,
    filled: &Filled,
    force: bool,
    tell_leftovers: impl Fn(&[PathBuf]),
) -> Result<PathBuf, Problem> {
    let Some(apply) = &part.apply else {
        return Err(Problem::new(
            code::USAGE,
            format!("{} has no usual place for its configuration", target.title),
        )
        .help("write the files with --out DIR and put them where they belong"));
    };
    let file = filled.files.iter().find(|file| file.name == apply.file);
    let file =
        file.ok_or_else(|| Problem::bug(format!("\"{}\" is no file of {}", apply.file, target.name)))?;
    let place = place(&apply.to)?;
    let before = standing(&place)?;
    let wanted = file.text.as_str().as_bytes();
    if !force && before.as_ref().is_some_and(|before| before != wanted) {
        files::must_be_free(&[&place], false)?;
    }
    if !place.parent().is_some_and(Path::is_dir) {
        return Err(no_folder(target, &place));
    }
    // What has come since we looked is not replaced either.
    let piece = Piece {
        path: &place,
        bytes: wanted,
        readers: Readers::Everybody,
    };
    tell_leftovers(&Claim::take(&[&place], force || before.is_some())?.write(&[piece])?);
    if let Some(check) = &apply.check
        && let Err(said) = run(check)
    {
        match &before {
            Some(bytes) => files::write(&place, bytes, Readers::Everybody).map(drop)?,
            None => fs::remove_file(&place).map_err(Problem::bug)?,
        }
        return Err(Problem::new(
            code::CONFIG_INVALID,
            format!("\"{check}\" refused the configuration, and everything is as it was before"),
        )
        .detail(said));
    }
    if let Some(reload) = &apply.reload {
        run(reload).map_err(|said| not_reloaded(reload, &place).detail(said))?;
    }
    Ok(place)
}

/// What is at `place` now, if anything.
fn standing(place: &Path) -> Result<Option<Vec<u8>>, Problem> {
    match fs::read(place) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let message = format!("\"{}\" cannot be read: {error}", place.display());
            Err(Problem::new(code::UNREADABLE, message))
        }
    }
}

fn no_folder(target: &Target, place: &Path) -> Problem {
    let message = format!(
        "\"{}\" cannot be written: its folder is not there",
        place.display()
    );
    Problem::new(code::UNREADABLE, message).help(format!(
        "is {} installed? else write the files with --out DIR",
        target.title
    ))
}

fn not_reloaded(reload: &str, place: &Path) -> Problem {
    let message = format!(
        "\"{reload}\" failed; \"{}\" is in place and not yet in use",
        place.display()
    );
    Problem::new(code::TOOL, message).help("start it, or reload it by hand")
}

fn place(to: &str) -> Result<PathBuf, Problem> {
    match to.strip_prefix("~/") {
        None => Ok(PathBuf::from(to)),
        Some(rest) => match std::env::var_os("HOME") {
            Some(home) if !home.is_empty() => Ok(Path::new(&home).join(rest)),
            _ => Err(Problem::new(
                code::USAGE,
                "HOME is not set, so that there is no home to write into",
            )),
        },
    }
}

fn run(line: &str) -> Result<(), String> {
    let ran = Command::new("sh").args(["-c", line]).output();
    let ran = ran.map_err(|error| error.to_string())?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
    Err(handfast_pki::text::printable(said.trim()))
}
