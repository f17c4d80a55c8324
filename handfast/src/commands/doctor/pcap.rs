//! `handfast doctor pcap`.

use std::path::PathBuf;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Decode and judge a capture made by others
#[derive(Debug, clap::Args)]
pub struct Pcap {
    /// A file of tcpdump or Wireshark, pcap or pcapng
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

pub fn run(args: &Pcap, _words: &Words) -> Result<Exit, Failure> {
    Err(Failure::bug(format!("{args:?} is not built yet")))
}
