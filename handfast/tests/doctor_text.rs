//! Other programs fail for real, and what they say is given to the doctor, which has to name the cause.
//!
//! Each certificate of the cast has one fault; each program is met with it as a client or as a server. Programs
//! that cannot run here (Windows, browsers, clouds) are recorded in pure/handfast-messages/src/recorded.txt.

mod program;

#[path = "doctor_text/cast.rs"]
mod cast;
#[path = "doctor_text/clients.rs"]
mod clients;
#[path = "doctor_text/files.rs"]
mod files;
#[path = "doctor_text/others.rs"]
mod others;
#[path = "doctor_text/servers.rs"]
mod servers;

use program::Place;

/// The codes that the doctor finds in `text`, the most probable first.
#[track_caller]
fn codes(place: &Place, what: &str, text: &str) -> Vec<String> {
    place.write("said", text);
    let ran = place.run("doctor text said --json");
    assert_eq!(ran.exit, 1, "{what}: {text}\n{ran:#?}");
    let found = ran.json();
    assert_eq!(found["target"], "text");
    let findings = found["findings"].as_array().expect("findings");
    let code = |finding: &serde_json::Value| finding["code"].as_str().expect("a code").to_owned();
    findings.iter().map(code).collect()
}

/// `text` has to come to `code` before all others.
#[track_caller]
fn assert_first(place: &Place, what: &str, text: &str, code: &str) {
    let found = codes(place, what, text);
    assert_eq!(
        found.first().map(String::as_str),
        Some(code),
        "{what}: {found:?} in {text}"
    );
}

/// `code` has to be among the causes of `text`, which says too little for more.
#[track_caller]
fn assert_among(place: &Place, what: &str, text: &str, code: &str) {
    let found = codes(place, what, text);
    assert!(
        found.iter().any(|one| one == code),
        "{what}: no {code} in {found:?} of {text}"
    );
}
