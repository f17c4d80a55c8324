//! The reader of what other programs say when they fail.
#![no_main]

use handfast_doctor::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // As a file of any encoding, and as it was pasted.
    text::read(&text::decode(input));
    let findings = text::causes(&String::from_utf8_lossy(input));
    for finding in &findings {
        assert!(!finding.because.contains('\u{1b}'), "an escape reaches the terminal");
    }
});
