//! Certificate requests as strangers send them: each is read or refused, and what was read is written and read the same.

#![no_main]

use handfast_pki::Request;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::from_der(bytes) {
        let again = Request::from_der(request.der()).expect("it was read before");
        assert_eq!(again.wished(), request.wished());
        assert_eq!(request.public_key().must_be_strong(), Ok(()));
    }
});
