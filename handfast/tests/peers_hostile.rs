//! What hostile peers cost stays within the bounds of docs/security/hostile-peers.md, as its script measures it.

use std::{path::Path, process::Command};

fn measured(attacks: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/hostile-peers");
    let ran = Command::new(script)
        .arg("--check")
        .args(attacks)
        .env("HANDFAST", env!("CARGO_BIN_EXE_handfast"))
        .output()
        .expect("the script runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}\n{errors}");
    assert!(
        said.lines().count() >= attacks.len(),
        "every attack has a row: {said}"
    );
}

#[test]
fn clients_that_do_not_read_cost_little() {
    measured(&[
        "no-reading",
        "no-reading-h2",
        "no-window-h2",
        "no-reading-small-h2",
    ]);
}

#[test]
fn unproven_and_idle_connections_cost_little() {
    measured(&["silent", "half-hello", "half-handshake", "idle", "half-head"]);
}

#[test]
fn the_memory_of_a_flood_of_handshakes_is_given_back() {
    measured(&["half-done"]);
}

#[test]
fn floods_of_frames_are_cut() {
    measured(&["pings", "settings", "priorities", "windows", "unknown"]);
}
