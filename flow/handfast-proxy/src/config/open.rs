//! From a resolved configuration to an open proxy.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_audit::Sink;
use handfast_finding::Problem;
use handfast_pki::code;

use super::{AdminAddress, Config, read};
use crate::{
    accept, admin,
    live::{self, ReadSources, State},
    proxy::{Proxy, ProxySettings},
    sources::Sources,
    worker::cannot_listen,
};

impl Config {
    /// Opens the proxy. With `file` what is reloaded is read anew from there, and the file is watched.
    pub fn open(&self, file: Option<PathBuf>, sink: Arc<dyn Sink>) -> Result<Proxy, Problem> {
        Proxy::open(self.settings(file)?, sink)
    }

    /// Loads and checks everything that opening needs, without opening a proxy: what `check` does.
    ///
    /// # Errors
    ///
    /// Every problem that can be found.
    pub fn rehearse(&self) -> Result<State, Vec<Problem>> {
        let places = self.listen().into_iter().filter_map(|address| {
            let possible = accept::must_be_ours(address);
            possible.err().map(|error| cannot_listen(address, &error))
        });
        let admin = self
            .admin
            .as_ref()
            .and_then(|admin| admin::must_be_possible(admin).err());
        let mut problems: Vec<Problem> = places.chain(admin).chain(self.twice()).collect();
        match live::rehearse(&self.sources) {
            Ok(state) if problems.is_empty() => Ok(state),
            Ok(_) => Err(problems),
            Err(more) => {
                problems.extend(more);
                Err(problems)
            }
        }
    }

    /// The first address that is to be listened on a second time.
    fn twice(&self) -> Option<Problem> {
        let mut all = self.listen();
        all.extend(match &self.admin {
            Some(AdminAddress::Loopback(address)) => Some(*address),
            _ => None,
        });
        let second = all.iter().enumerate().find(|(place, one)| {
            let mut before = all.iter().take(*place);
            before.any(|other| accept::collide(*other, **one))
        });
        second.map(|(_, address)| {
            let message =
                format!("\"{address}\" cannot be listened on: another listener, or the admin port, has it");
            Problem::new(code::CANNOT_LISTEN, message).help("give each an address or a port of its own")
        })
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
