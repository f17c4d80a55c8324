//! One vocabulary of what is wrong and what to do about it.

#![warn(missing_docs)]

mod fault;
mod finding;
mod problem;
mod refuser;
pub mod shell;
mod value;
pub mod when;

pub use finding::{Certainty, Finding, Place};
pub use problem::Problem;
pub use refuser::Refuser;
