//! One vocabulary of what is wrong and what to do about it.

#![warn(missing_docs)]

mod finding;
mod problem;
pub mod shell;
mod value;
pub mod when;

pub use finding::{Certainty, Finding, Place, Refuser};
pub use problem::Problem;
