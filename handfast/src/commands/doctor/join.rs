//! `handfast doctor join`.

use std::path::PathBuf;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Join what the client saw with what the server logged
#[derive(Debug, clap::Args)]
pub struct Join {
    /// The client's report, made with doctor --json or get --json
    #[arg(value_name = "CLIENT.JSON")]
    pub client: PathBuf,
    /// The access log of a Handfast door
    #[arg(value_name = "ACCESS.LOG")]
    pub log: PathBuf,
}

pub fn run(args: &Join, _words: &Words) -> Result<Exit, Failure> {
    Err(Failure::bug(format!("{args:?} is not built yet")))
}
