//! Values as people write them, in flags and in files: one grammar and one form of error for each kind.
//!
//! In: the text. Out: the value, or a [`ValueError`] that holds what was written, what is wrong with it, and how to
//! write it. Nothing is looked up: a host stays a name.

#![warn(missing_docs)]

mod authority;
mod before;
mod duration;
mod endpoint;
mod error;
pub mod idn;
mod moment;

pub use authority::{Authority, AuthorityError};
pub use before::Before;
pub use duration::{duration, duration_between, written};
pub use endpoint::{Endpoint, Form, Place, Scheme};
pub use error::ValueError;
pub use moment::moment;
