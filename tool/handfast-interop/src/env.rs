//! The files that a program shall use, looked into first.

mod java;

use std::{os::unix::fs::PermissionsExt, path::Path};

use handfast_credentials::{files, load};
use handfast_finding::Problem;
use handfast_pki::{Anchors, code};
use handfast_setup::env::{Files, Row, Settings};
use handfast_truststore::HEAD;
use jiff::Timestamp;

/// The files that a program shall use.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// The client's certificate and its key, PEM.
    pub cert: Option<&'a Path>,
    pub key: Option<&'a Path>,
    /// The CAs to verify servers with, PEM.
    pub ca: Option<&'a Path>,
    /// Java: the client's key and chain, and the file with its password.
    pub keystore: Option<&'a Path>,
    pub password_file: Option<&'a Path>,
    /// Java: the trust store, and the file with its password.
    pub truststore: Option<&'a Path>,
    pub truststore_password_file: Option<&'a Path>,
}

/// The variables by which the program of `row` uses them.
pub fn settings(row: &Row, given: &Given<'_>) -> Result<Settings, Problem> {
    if row.name == "java" {
        return java::settings(given);
    }
    if given.keystore.is_some() || given.truststore.is_some() {
        let message = "--keystore and --truststore are for java alone";
        return Err(Problem::new(code::USAGE, message));
    }
    Ok(handfast_setup::env::settings(row, &check(given)?))
}

/// Refuses files that do not hold what they should, for most programs say nothing about those.
fn check(given: &Given<'_>) -> Result<Files, Problem> {
    if given.cert.is_none() && given.ca.is_none() {
        return Err(Problem::new(
            code::USAGE,
            "there is nothing to point to: give --ca, or --cert and --key",
        ));
    }
    for file in [given.cert, given.key, given.ca].into_iter().flatten() {
        load::must_be_plain(file)?;
    }
    let mut is_open = false;
    if let (Some(cert), Some(key)) = (given.cert, given.key) {
        let chain = load::certificates(cert)?;
        let private = load::private_key(key)?;
        let leaf = chain
            .first()
            .ok_or_else(|| Problem::bug("a file of certificates without any"))?;
        private
            .must_match(leaf)
            .map_err(|error| Problem::about(format_args!("\"{}\"", key.display()), &error))?;
        is_open = std::fs::metadata(key).is_ok_and(|data| data.permissions().mode() & 0o077 != 0);
    }
    if let Some(ca) = given.ca {
        Anchors::new(load::certificates(ca)?, Timestamp::now()).map_err(|error| {
            Problem::new(error.code(), format!("\"{}\": {error}", ca.display()))
                .help("give the CA certificates that are to be trusted: --ca ca.crt")
        })?;
    }
    let is_whole = given.ca.is_some_and(|ca| {
        let head = files::read_at_most(ca, HEAD.len() as u64);
        head.is_ok_and(|head| head == HEAD.as_bytes())
    });
    let absolute = |path: Option<&Path>| path.map(absolute).transpose();
    Ok(Files {
        cert: absolute(given.cert)?,
        key: absolute(given.key)?,
        ca: absolute(given.ca)?,
        is_open,
        is_whole,
    })
}

/// A variable lives longer than the folder in which it was set.
fn absolute(path: &Path) -> Result<String, Problem> {
    let failed = |why: String| Problem::new(code::UNREADABLE, format!("\"{}\": {why}", path.display()));
    let path = std::path::absolute(path).map_err(|error| failed(error.to_string()))?;
    let text = path
        .to_str()
        .ok_or_else(|| failed("the path is not Unicode".into()))?;
    Ok(text.to_owned())
}
