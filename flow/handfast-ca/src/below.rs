//! Below: what a CA is made by, beside its name and its key.

use handfast_pki::Bounds;

use crate::{
    profiles::{OfferedProfile, Profiles},
    requester::Requester,
};

/// What a CA is made by.
pub(crate) struct Below<'a> {
    /// The names that it may speak for, as its certificate says them.
    pub(crate) bounds: Option<Bounds>,
    /// A profile of its own.
    pub(crate) more: Option<OfferedProfile>,
    /// Those that `ca.toml` has for CAs, or the built-in ones.
    pub(crate) profiles: &'a Profiles,
    /// Who makes it.
    pub(crate) by: &'a Requester,
}
