//! Other people's software: set up with the user's own files, run on loopback, shown every kind of certificate.
//!
//! In: a target of `handfast-setup`, or a configuration that somebody wrote for one. Out: a [`table`] of who was accepted
//! and who was rejected, with the reason that the doctor finds, beside what was said beforehand. What can go wrong: the
//! software is not on this machine or does not start, or even the good client is rejected.

pub mod apply;
mod carried;
pub mod cases;
pub mod demo;
pub mod described;
pub mod env;
mod error;
mod given;
pub mod judged;
pub mod look;
pub mod moved;
mod own;
mod play;
pub mod quickstart;
mod reload;
pub mod sites;
pub mod stage;
pub mod table;
pub mod target;
pub mod theirs;
pub mod trial;
mod upstream;
mod visit;

pub use crate::{
    error::{Error, Result, of_setup},
    given::Given,
};
