//! The reader of what other programs say when they fail.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // As a file of any encoding, and as it was pasted.
    handfast_messages::read(&handfast_messages::decode(input));
    let findings = handfast_messages::causes(&String::from_utf8_lossy(input));
    for finding in &findings {
        assert!(
            !finding.because.contains('\u{1b}'),
            "an escape reaches the terminal"
        );
    }
});
