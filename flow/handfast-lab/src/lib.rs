//! The lab: every failure of mutual TLS on loopback, made with real programs.
//!
//! A [`Case`] says what is wrong and how to make it; [`Case::make`] writes the files, starts the programs and
//! says how to look at it. Who looks is not known here: the finding is compared by whoever runs the case.

mod broken_off;
mod case;
mod cases;
mod cast;
mod error;
pub mod fixtures;
mod folder;
mod forge;
pub mod held;
pub mod leftovers;
mod port;
mod process;
mod programs;

pub use broken_off::{BrokenOff, Told};
pub use case::{Case, Expected, Found, Look, Scene, Stands};
pub use cases::{all, named};
pub use error::Error;
pub use folder::Folder;
pub use port::free_port;
pub use process::{Process, Started, is_here};
pub use programs::{Asks, Program, Running, Setup, Speaks, serve};
