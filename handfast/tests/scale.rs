//! Promises of the proxy that hold for many cases and many connections at a time, each in a short form that
//! `scripts/test` runs. What `scripts/hosts-property`, `scripts/soak` and `scripts/cut` run for longer is the same code.

mod program;

#[path = "scale/cut.rs"]
mod cut;
#[path = "scale/hosts.rs"]
mod hosts;
#[path = "scale/load.rs"]
mod load;
#[path = "scale/soak.rs"]
mod soak;
#[path = "scale/world.rs"]
mod world;
