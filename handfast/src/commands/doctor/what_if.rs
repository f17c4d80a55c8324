//! `handfast doctor what-if`.

use std::path::PathBuf;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// What would happen between a client and a server with these files, offline
#[derive(Debug, clap::Args)]
pub struct WhatIf {
    /// The client's folder: certificate, key, the CAs it believes
    #[arg(long, value_name = "DIR")]
    pub client: PathBuf,
    /// The server's folder: certificate, key, the CAs whose clients it believes
    #[arg(long, value_name = "DIR")]
    pub server: PathBuf,
}

pub fn run(args: &WhatIf, _words: &Words) -> Result<Exit, Failure> {
    Err(Failure::bug(format!("{args:?} is not built yet")))
}
