//! Host and port of a request, as a client writes them: what is read has one reading, and another reader has the same.
#![no_main]

use handfast_values::Authority;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(read) = Authority::read(text) else { return };
    assert!(!read.host.is_empty() && read.port != Some(0));
    let bracketed = if read.host.contains(':') {
        format!("[{}]", read.host)
    } else {
        read.host.to_owned()
    };
    let written = match read.port {
        Some(port) => format!("{bracketed}:{port}"),
        None => bracketed.clone(),
    };
    assert_eq!(written, text);
    let other: http::uri::Authority = text.parse().expect("a reader that takes more");
    assert_eq!((other.host(), other.port_u16()), (bracketed.as_str(), read.port));
});
