//! How old what was published is, for warnings before it is too late.

use handfast_pki::revocation::age::Age;
use jiff::Timestamp;

use super::sets;
use crate::{authority::Authority, error::Result, records::IssuerIds};

/// A list or a set that was published last, and how much of its life is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The subject of the CA that signed it.
    pub issuer: String,
    /// `revocation list` or `revocation set`.
    pub what: &'static str,
    pub number: u64,
    pub next_update: Timestamp,
    pub age: Age,
}

impl Authority {
    /// The last list and the last set of every CA of the path, where there is one.
    pub fn published(&self, now: Timestamp) -> Result<Vec<Published>> {
        let mut found = Vec::new();
        let issuing = self.issuers().iter().filter_map(|issuer| issuer.certificate());
        let above = self.above();
        for ca in issuing.chain(&above) {
            let key = IssuerIds::of(ca).key;
            for (what, series) in [
                ("revocation list", key.clone()),
                ("revocation set", sets::series(&key)),
            ] {
                let Some(list) = self.store().last_list(&series)?.list else {
                    continue;
                };
                found.push(Published {
                    issuer: ca.called(),
                    what,
                    number: list.number,
                    next_update: list.next_update,
                    age: Age::of(list.this_update, list.next_update, now),
                });
            }
        }
        Ok(found)
    }
}
