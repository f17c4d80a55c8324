//! `handfast doctor text`.

use std::path::PathBuf;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// The causes behind an error message of another program
#[derive(Debug, clap::Args)]
pub struct Text {
    /// The file with the text; stdin without one
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

pub fn run(args: &Text, _words: &Words) -> Result<Exit, Failure> {
    Err(Failure::bug(format!("{args:?} is not built yet")))
}
