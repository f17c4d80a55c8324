//! Who may connect: rules and a proven identity in, a [`Permit`] or a [`Denial`] that names the rule out.
//!
//! The engine is Cedar: deny is the default, and rules such as `uri:spiffe://acme/web` are sugar that
//! compiles to it; a rule that denies wins. Users may write Cedar themselves, within [`SCHEMA`]. Nothing matches
//! but what a rule says, by type: a DNS name is never taken for a URI, a common name counts only where the rule
//! says `cn:`.

#![warn(missing_docs)]

mod compile;
mod decide;
mod error;

pub use compile::{SCHEMA, condition};
pub use decide::{Denial, Permit, Policy, own_rule};
pub use error::PolicyError;
/// A rule of `--allow` or of `allow = [...]`: the name that a peer must have.
pub use handfast_pki::pattern::NamePattern as Rule;
