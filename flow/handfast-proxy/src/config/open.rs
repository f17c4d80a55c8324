//! From a resolved configuration to an open proxy.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_audit::Sink;
use handfast_finding::Problem;
use handfast_pki::code;

use super::{Config, read};
use crate::{
    live::ReadSources,
    proxy::{Proxy, ProxySettings},
    sources::Sources,
};

impl Config {
    /// Opens the proxy. With `file` what is reloaded is read anew from there, and the file is watched.
    pub fn open(&self, file: Option<PathBuf>, sink: Arc<dyn Sink>) -> Result<Proxy, Problem> {
        Proxy::open(self.settings(file)?, sink)
    }

    fn settings(&self, file: Option<PathBuf>) -> Result<ProxySettings, Problem> {
        let sources: ReadSources = match file.clone() {
            Some(file) => {
                let opened = self.clone();
                Arc::new(move || match read(&file) {
                    Ok(now) => Ok(Sources {
                        waiting: opened.fixed_differences(&now),
                        ..now.sources
                    }),
                    Err(problems) => Err(first(&file, &problems)),
                })
            }
            None => {
                let fixed = self.sources.clone();
                Arc::new(move || Ok(fixed.clone()))
            }
        };
        Ok(ProxySettings {
            listen: self.listen(),
            sources,
            config: file,
            xfcc: self.xfcc,
            chain: self.chain,
            reserved: self.reserved.clone(),
            workers: self.workers,
            limits: self.limits.clone(),
            detail: self.detail,
            admin: self.admin.clone(),
            announcers: self.announcers.clone(),
        })
    }
}

/// The first of several problems, for a reload that can report one line.
pub(crate) fn first(file: &Path, problems: &[Problem]) -> Problem {
    match problems.first() {
        Some(problem) => Problem {
            message: problem.located(),
            ..problem.clone()
        },
        None => Problem::new(code::CONFIG_INVALID, file.display()),
    }
}
