//! The files that a program shall use, looked into first.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use handfast_credentials::{files, load};
use handfast_pki::{Anchors, code};
use handfast_setup::env::Files;
use handfast_truststore::HEAD;
use jiff::Timestamp;

use super::Args;
use crate::failure::Failure;

/// Refuses files that do not hold what they should, for most programs say nothing about those.
pub(super) fn check(args: &Args) -> Result<Files, Failure> {
    if args.cert.is_none() && args.ca.is_none() {
        return Err(Failure::misuse(
            "there is nothing to point to: give --ca, or --cert and --key",
        ));
    }
    for file in [&args.cert, &args.key, &args.ca].into_iter().flatten() {
        load::must_be_plain(file)?;
    }
    let mut is_open = false;
    if let (Some(cert), Some(key)) = (&args.cert, &args.key) {
        let chain = load::certificates(cert)?;
        let private = load::private_key(key)?;
        let leaf = chain
            .first()
            .ok_or_else(|| Failure::bug("a file of certificates without any"))?;
        private
            .must_match(leaf)
            .map_err(|error| Failure::about(format_args!("\"{}\"", key.display()), &error))?;
        is_open = std::fs::metadata(key).is_ok_and(|data| data.permissions().mode() & 0o077 != 0);
    }
    if let Some(ca) = &args.ca {
        Anchors::new(load::certificates(ca)?, Timestamp::now()).map_err(|error| {
            Failure::of(error.code(), format!("\"{}\": {error}", ca.display()))
                .help("give the CA certificates that are to be trusted: --ca ca.crt")
        })?;
    }
    let is_whole = args.ca.as_deref().is_some_and(|ca| {
        let head = files::read_at_most(ca, HEAD.len() as u64);
        head.is_ok_and(|head| head == HEAD.as_bytes())
    });
    let absolute = |path: &Option<PathBuf>| path.as_deref().map(absolute).transpose();
    Ok(Files {
        cert: absolute(&args.cert)?,
        key: absolute(&args.key)?,
        ca: absolute(&args.ca)?,
        is_open,
        is_whole,
    })
}

/// A variable lives longer than the folder in which it was set.
pub(super) fn absolute(path: &Path) -> Result<String, Failure> {
    let failed = |why: String| Failure::of(code::UNREADABLE, format!("\"{}\": {why}", path.display()));
    let path = std::path::absolute(path).map_err(|error| failed(error.to_string()))?;
    let text = path
        .to_str()
        .ok_or_else(|| failed("the path is not Unicode".into()))?;
    Ok(text.to_owned())
}
