//! Keys, certificates and lists in files: the one place that reads, checks, watches and writes them.
//!
//! In: paths that the operator named. Out: what they hold, checked, or a reason; and files that appear whole or not at
//! all. Every other flow may use this one.

pub mod convert;
pub mod disk;
pub mod exchange;
pub mod files;
pub mod load;
mod missing;
pub mod password;
pub mod places;
mod put;
pub mod staging;
pub mod watch;

pub use put::put;
