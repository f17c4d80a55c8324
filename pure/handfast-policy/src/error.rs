//! Why rules cannot become a policy.

use handfast_pki::{Code, code};

/// Why rules cannot become a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    #[error("no rule says who may connect")]
    NoRule,
    #[error("the policy engine refuses the rules: {detail}")]
    Engine { detail: String },
}

impl PolicyError {
    pub fn code(&self) -> Code {
        match self {
            Self::NoRule => code::NO_RULE,
            Self::Engine { .. } => code::BAD_RULE,
        }
    }
}
