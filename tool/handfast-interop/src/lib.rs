//! Runs other people's software on loopback and shows it every kind of certificate.
//!
//! In: a target of `handfast-setup`, or a configuration that somebody wrote for one. Out: a [`table`] of who was accepted
//! and who was rejected, with the reason that the doctor finds, beside what was said beforehand. What can go wrong: the
//! software is not on this machine or does not start, or even the good client is rejected.

mod carried;
pub mod demo;
mod error;
pub mod look;
pub mod moved;
mod play;
mod reload;
pub mod sites;
pub mod stage;
pub mod table;
pub mod target;
pub mod trial;
mod upstream;
mod visit;

pub use crate::error::{Error, Result, of_setup};
