//! The CA that a command works on.

use std::path::PathBuf;

use handfast_ca::{Authority, Requester};

use crate::{commands::acting::Acting, failure::Failure, places, words::Words};

/// Which CA.
#[derive(Debug, clap::Args)]
pub(super) struct Where {
    /// The CA directory [default: ./handfast, else that of the system or the user]
    #[arg(long, value_name = "DIR", env = "HANDFAST_DIR", default_value = places::ca(), hide_default_value = true)]
    pub(super) dir: PathBuf,
}

impl Where {
    /// The CA, for what gives nobody anything: a mistake in `ca.toml` is a warning.
    pub(super) fn open_to_revoke(&self, words: &Words) -> Result<Authority, Failure> {
        let authority = Authority::open_to_revoke(&self.dir)?;
        for problem in authority.unread() {
            let (what, code) = (problem.located(), problem.code);
            words.talk(format_args!(
                "warning: nothing is issued until this is corrected: {what}  [{code}]"
            ));
        }
        Ok(authority)
    }

    /// The same, by whoever runs this command.
    pub(super) fn open_to_publish(
        &self,
        acting: &Acting,
        words: &Words,
    ) -> Result<(Authority, Requester), Failure> {
        let requester = acting.requester()?;
        let authority = self.open_to_revoke(words)?.acting_as(requester.clone());
        Ok((authority, requester))
    }

    /// The CA, changed by whoever runs this command.
    pub(super) fn open_for(&self, acting: &Acting) -> Result<(Authority, Requester), Failure> {
        let requester = acting.requester()?;
        let authority = Authority::open(&self.dir)?.acting_as(requester.clone());
        Ok((authority, requester))
    }
}
