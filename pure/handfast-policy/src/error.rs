//! Why rules cannot become a policy.

use handfast_pki::{Code, code};

/// Why rules cannot become a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The list of rules is empty, so that nobody could connect.
    #[error("no rule says who may connect")]
    NoRule,
    /// A policy that a user wrote and that cannot be read, or does not fit the schema.
    #[error("the policy is not valid: {detail}")]
    Written {
        /// What Cedar says.
        detail: String,
    },
    /// Cedar refuses what we made of the rules; a bug of ours.
    #[error("the policy engine refuses the rules: {detail}")]
    Engine {
        /// What Cedar says.
        detail: String,
    },
}

impl PolicyError {
    /// The stable code of this error.
    pub fn code(&self) -> Code {
        match self {
            Self::NoRule => code::NO_RULE,
            Self::Written { .. } | Self::Engine { .. } => code::BAD_RULE,
        }
    }
}
