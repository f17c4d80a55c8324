//! The flags of `handfast lab run`.

use std::path::PathBuf;

use crate::suggest;

/// Make cases, look at each, and compare what is found with what is wrong
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  handfast lab run HF-206\n  handfast lab run --all --skip-missing")]
pub(super) struct Run {
    /// A code (HF-206), a case (HF-206/nginx) or a group (healthy); may be repeated
    #[arg(
        value_name = "CASE",
        required_unless_present = "all",
        hide_possible_values = true,
        value_parser = suggest::CASES
    )]
    pub(super) cases: Vec<String>,
    /// Every case there is
    #[arg(long, conflicts_with = "cases")]
    pub(super) all: bool,
    /// Pass over cases for which this machine lacks a program
    #[arg(long)]
    pub(super) skip_missing: bool,
    /// Run curl and openssl on the same case, too
    #[arg(long)]
    pub(super) compare: bool,
    /// Keep the programs of a case running until Ctrl-C
    #[arg(long)]
    pub(super) stay: bool,
    /// Keep the files of the case in this folder
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}
