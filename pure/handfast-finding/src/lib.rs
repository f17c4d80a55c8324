//! One vocabulary of what is wrong and what to do about it.

mod problem;
pub mod shell;
pub mod when;

pub use problem::Problem;
