//! One file per command: its flags, what it does with the crates below, what it says.

pub mod ca;
pub mod check;
pub mod convert;
pub mod doctor;
pub mod env;
pub mod explain;
pub mod fetch;
pub mod get;
pub mod init;
pub mod inspect;
pub mod issue;
pub mod lab;
pub mod leaf;
pub mod needs_renewal;
pub mod proxy;
pub mod quickstart;
pub mod renew;
pub mod schema;
pub mod setup;
pub mod shell;
pub mod sign;
pub mod tell;
pub mod trust;
pub mod tunnel;
pub mod verify;
