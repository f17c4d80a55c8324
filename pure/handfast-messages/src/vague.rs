//! What hides its cause: resets, time-outs, handshakes that "failed". These come last, and stand back behind
//! every line that says more.

use handfast_pki::code;

use super::pattern::{Pattern, certain, guess, likely, received};

const LATE: &str = "in TLS 1.3 a refused client may see nothing but the end of the connection";
const TEST: &str = "does it end at the same message every time, and with TLS 1.2 as well? A refusal is stable \
                    and quick; a path that loses packets stalls";

pub(super) const TABLE: &[Pattern] = &[
    received("an HTTP client", &["socket hang up"]).vague().means(&[
        likely(code::NO_CERTIFICATE).why(LATE),
        likely(code::VAGUE_ALERT),
        guess(code::CUT_SHORT),
    ]),
    received("OpenSSL", &["unexpected eof while reading"])
        .vague()
        .test(TEST)
        .means(&[
            likely(code::VAGUE_ALERT).why("the peer closed without a word"),
            likely(code::CUT_SHORT),
            guess(code::NO_CERTIFICATE).why(LATE),
        ]),
    received("a TLS library", &[])
        .any(&[
            "ssl error syscall",
            "ssl syscall error",
            "unexpected eof",
            "eof occurred in violation of protocol",
            "eof detected",
        ])
        .none(&["while looking for matching"])
        .vague()
        .test(TEST)
        .means(&[
            likely(code::CUT_SHORT),
            likely(code::VAGUE_ALERT).why("the peer closed without a word"),
            guess(code::NO_CERTIFICATE).why(LATE),
        ]),
    received("a client", &["dial tcp"])
        .any(&["i/o timeout", "connection refused", "no such host"])
        .vague()
        .means(&[certain(code::CANNOT_CONNECT)]),
    received("a TLS library", &[])
        .any(&[
            "connection reset by peer",
            "econnreset",
            "connection was reset",
            "err connection reset",
            "pr connect reset error",
            "forcibly closed by the remote host",
            "connection reset",
        ])
        .vague()
        .test(TEST)
        .means(&[
            likely(code::CUT_SHORT),
            likely(code::VAGUE_ALERT).why("the peer closed without a word"),
            guess(code::NO_CERTIFICATE).why(LATE),
            guess(code::UNKNOWN_ISSUER),
        ]),
    received("a TLS library", &[])
        .any(&[
            "i/o timeout",
            "tls handshake timeout",
            "handshake timed out",
            "ssl connection timeout",
            "handshake operation timed out",
        ])
        .vague()
        .test(TEST)
        .means(&[
            likely(code::CUT_SHORT),
            guess(code::NOT_TLS)
                .why("two sides that wait for each other: a protocol that begins in plain text"),
        ]),
    received("a client", &[])
        .any(&[
            "connection refused",
            "econnrefused",
            "failed to connect to",
            "could not resolve host",
            "no such host",
            "enotfound",
            "name or service not known",
            "no route to host",
            "err connection refused",
            "err name not resolved",
        ])
        .none(&["failed to connect to all addresses"])
        .vague()
        .means(&[certain(code::CANNOT_CONNECT)]),
    received("a TLS library", &["broken pipe"])
        .any(&["javax.net.ssl", "java.net.socketexception", "ssl", "tls"])
        .vague()
        .means(&[
            likely(code::VAGUE_ALERT),
            guess(code::NO_CERTIFICATE).why(LATE),
            guess(code::CUT_SHORT),
        ]),
    received("a TLS library", &[])
        .any(&[
            "ssl handshake failure",
            "ssl handshake failed",
            "tls handshake failed",
            "tls handshake failure",
            "handshake did not complete",
            "ssl handshake error",
            "fatal alert message was received",
            "a tls fatal alert has been received",
            "ssl connection error",
        ])
        .vague()
        .means(&[
            likely(code::VAGUE_ALERT),
            guess(code::NO_CERTIFICATE),
            guess(code::UNKNOWN_ISSUER),
            guess(code::NO_COMMON_CIPHER),
            guess(code::NOT_TLS),
        ]),
];
