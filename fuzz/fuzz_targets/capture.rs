//! The reader of captures: pcap and pcapng, the frames in them, the streams of those, and the judgement.
//!
//! What follows the word KEYLOG and a line feed is a key log.
#![no_main]

use handfast_doctor::{Context, capture};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let now = Timestamp::UNIX_EPOCH;
    // Few inputs hold the mark, so most are a file and nothing else.
    const MARK: &[u8] = b"KEYLOG\n";
    let cut = input.windows(MARK.len()).position(|window| window == MARK);
    let (file, log) = match cut {
        Some(cut) => (&input[..cut], Some(String::from_utf8_lossy(&input[cut + MARK.len()..]))),
        None => (input, None),
    };
    if let Ok(reports) = capture::read(file, log.as_deref(), &Context::default(), now) {
        for report in &reports {
            report.blamed();
        }
    }
});
