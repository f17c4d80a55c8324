//! `handfast doctor listen`.

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Be the server: show what a client really sends, and why it would be refused
#[derive(Debug, clap::Args)]
pub struct Listen {
    /// Where to listen; port 0 lets the system choose
    #[arg(default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub address: String,
}

pub fn run(args: &Listen, _words: &Words) -> Result<Exit, Failure> {
    Err(Failure::bug(format!("{args:?} is not built yet")))
}
