//! `handfast doctor posture`.

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Grade what a server demands of its clients
#[derive(Debug, clap::Args)]
pub struct Posture {
    /// HOST:PORT or a URL
    #[arg(value_name = "TARGET")]
    pub target: String,
}

pub fn run(args: &Posture, _words: &Words) -> Result<Exit, Failure> {
    Err(Failure::bug(format!("{args:?} is not built yet")))
}
