//! The results of OpenSSL's verification by number alone (x509_vfy.h): Apache's log with its text left out, and
//! HAProxy's `%[ssl_c_err]`.

use handfast_finding::Refuser::Server;
use handfast_pki::code;

use super::pattern::{Pattern, by, certain, guess, likely};

macro_rules! number {
    ($number:literal) => {
        by(Server, "OpenSSL", &[]).any(&[
            concat!("certificate verification: error (", $number, ")"),
            concat!("… error (", $number, ")"),
            concat!("... error (", $number, ")"),
            concat!("c err=", $number, " "),
            concat!("ca err=", $number, " "),
        ])
    };
}

pub(super) const TABLE: &[Pattern] = &[
    number!("2").means(&[likely(code::BAD_CLIENT_CAS), guess(code::VERIFY_DEPTH)]),
    number!("3").means(&[certain(code::CRL_UNUSABLE)]),
    number!("7").means(&[likely(code::BAD_SIGNATURE)]),
    number!("9").means(&[certain(code::NOT_YET_VALID)]),
    number!("10").means(&[certain(code::EXPIRED)]),
    number!("12").means(&[certain(code::CRL_UNUSABLE)]),
    number!("18").means(&[certain(code::CA_AS_LEAF)]),
    number!("19").means(&[likely(code::CA_AS_LEAF), likely(code::UNKNOWN_ISSUER)]),
    number!("20").means(&[
        likely(code::UNKNOWN_ISSUER),
        guess(code::MISSING_INTERMEDIATE).why("a leaf that comes without its intermediate looks the same"),
        guess(code::VERIFY_DEPTH).why("a chain that is cut off by the verify depth ends in this error"),
        guess(code::BAD_SIGNATURE).why("a CA that was made again under its old name looks the same"),
    ]),
    number!("21").means(&[
        likely(code::UNKNOWN_ISSUER),
        likely(code::MISSING_INTERMEDIATE)
            .why("the client sent one certificate, and its issuer is not known"),
    ]),
    number!("22").means(&[certain(code::VERIFY_DEPTH)]),
    number!("23").means(&[certain(code::REVOKED)]),
    number!("24").means(&[certain(code::NOT_A_CA)]),
    number!("25").means(&[certain(code::PATH_LENGTH)]),
    number!("26").means(&[certain(code::WRONG_PURPOSE)]),
    number!("29").means(&[likely(code::BAD_SIGNATURE)]),
    number!("30").means(&[likely(code::BAD_SIGNATURE)]),
    number!("32").means(&[certain(code::NOT_A_CA)]),
    number!("34").means(&[certain(code::CRITICAL_EXTENSION)]),
    number!("47").means(&[certain(code::NAME_CONSTRAINTS)]),
    number!("48").means(&[certain(code::NAME_CONSTRAINTS)]),
    number!("66").means(&[certain(code::WEAK_KEY)]),
    number!("67").means(&[certain(code::WEAK_KEY)]),
    number!("68").means(&[certain(code::WEAK_KEY)]),
    number!("79").means(&[certain(code::NOT_A_CA)]),
];
