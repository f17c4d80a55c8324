//! `handfast doctor config`.

use std::path::PathBuf;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Find the holes in a configuration of nginx, Apache, HAProxy or Envoy
#[derive(Debug, clap::Args)]
pub struct Config {
    /// nginx.conf, httpd.conf, haproxy.cfg or envoy.yaml
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

pub fn run(args: &Config, _words: &Words) -> Result<Exit, Failure> {
    Err(Failure::bug(format!("{args:?} is not built yet")))
}
