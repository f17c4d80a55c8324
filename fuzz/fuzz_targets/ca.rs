//! `ca.toml`: anything at all is read, or refused with problems that each have a message.

#![no_main]

use handfast_ca::config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match config::of_text("ca.toml", text) {
        Ok(profiles) => assert!(profiles.iter().count() > 0),
        Err(problems) => assert!(problems.iter().all(|problem| !problem.message.is_empty()) && !problems.is_empty()),
    }
});
