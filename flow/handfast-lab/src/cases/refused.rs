//! The server read the client's certificate and refused it: every fault at every server that minds it.

use handfast_pki::{Code, code};

use super::{
    healthy::{WEB, mosquitto_scene, needs, postgres_scene},
    named_case,
};
use crate::{Case, Program, Scene, Setup, Speaks, serve};

/// What is wrong with a client, or with the server's idea of it.
struct Fault {
    code: Code,
    /// The folder of the client's certificate.
    pair: &'static str,
    story: &'static str,
    /// What is different about the server.
    setup: fn() -> Setup,
    /// Further arguments of the look.
    more: &'static [&'static str],
    minded_by: &'static [Program],
    variant: &'static str,
}

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
