//! Schannel, .NET, IIS, and Apple's libraries.

use handfast_finding::Refuser::Server;
use handfast_pki::code;

use super::pattern::{Pattern, by, certain, guess, likely, own, received};

pub(super) const TABLE: &[Pattern] = &[
    // --- keys and containers -----------------------------------------------------------------------------
    own(".NET", &[])
        .any(&[
            "does not support ephemeral keys",
            "no credentials are available in the security package",
            "credentials supplied to the package were not recognized",
            "0x8009030e",
            "0x8009030d",
            "sec e no credentials",
            "sec e unknown credentials",
        ])
        .means(&[certain(code::KEY_IN_MEMORY)]),
    own(".NET", &[])
        .any(&[
            "must use a certificate with the associated private key",
            "certificate does not have a private key",
            "certificate has no private key",
        ])
        .means(&[certain(code::P12_WITHOUT_KEY)]),
    own("Windows", &["specified network password is not correct"]).means(&[
        likely(code::P12_TOO_NEW)
            .why("Windows before Server 2019 says so of a container with AES and SHA-256"),
        likely(code::KEY_ENCRYPTED).why("the password may be wrong"),
    ]),
    own("macOS", &["mac verification failed during pkcs12 import"]).means(&[
        likely(code::P12_TOO_NEW).why("macOS says so of a container with AES and SHA-256"),
        guess(code::KEY_ENCRYPTED).why("the password may be wrong"),
    ]),
    // --- .NET --------------------------------------------------------------------------------------------
    own(".NET", &["remotecertificatenamemismatch"]).client(&[certain(code::NAME_MISMATCH)]),
    own(".NET", &["remotecertificatenotavailable"])
        .otherwise(Server)
        .server(&[certain(code::NO_CERTIFICATE)])
        .client(&[likely(code::NO_COMMON_CIPHER)]),
    own(".NET", &[])
        .any(&["revocationstatusunknown", "offlinerevocation"])
        .means(&[likely(code::CRL_UNUSABLE)]),
    own(".NET", &["nottimevalid"]).means(&[certain(code::EXPIRED), guess(code::NOT_YET_VALID)]),
    own(".NET", &["notvalidforusage"]).means(&[certain(code::WRONG_PURPOSE)]),
    own(".NET", &["remotecertificatechainerrors"])
        .any(&["partialchain"])
        .server(&[likely(code::UNKNOWN_ISSUER), likely(code::MISSING_INTERMEDIATE)])
        .client(&[likely(code::SERVER_UNTRUSTED), likely(code::SERVER_INTERMEDIATE)]),
    own(".NET", &[])
        .any(&["remotecertificatechainerrors", "untrustedroot", "partialchain"])
        .server(&[likely(code::UNKNOWN_ISSUER), guess(code::MISSING_INTERMEDIATE)])
        .client(&[
            likely(code::SERVER_UNTRUSTED),
            guess(code::SERVER_INTERMEDIATE),
            guess(code::INSPECTED),
        ]),
    own(
        ".NET",
        &["remote certificate is invalid according to the validation procedure"],
    )
    .general()
    .client(&[
        likely(code::SERVER_UNTRUSTED),
        guess(code::NAME_MISMATCH),
        guess(code::EXPIRED),
    ])
    .server(&[
        likely(code::UNKNOWN_ISSUER),
        guess(code::WRONG_PURPOSE),
        guess(code::EXPIRED),
    ]),
    own(
        ".NET",
        &["rejected by the provided remotecertificatevalidationcallback"],
    )
    .general()
    .client(&[likely(code::IDENTITY_MISMATCH), guess(code::SERVER_UNTRUSTED)])
    .server(&[likely(code::NOT_ALLOWED), guess(code::UNKNOWN_ISSUER)]),
    received(
        ".NET",
        &["ssl connection could not be established, see inner exception"],
    )
    .general()
    .means(&[likely(code::VAGUE_ALERT).why("the inner exception, further down, has the reason")]),
    // --- IIS ---------------------------------------------------------------------------------------------
    by(Server, "IIS", &[])
        .any(&["error 403.7", "403.7 forbidden", "403.7: "])
        .means(&[certain(code::NO_CERTIFICATE)]),
    by(Server, "IIS", &[])
        .any(&["error 403.16", "403.16 forbidden", "403.16: "])
        .means(&[likely(code::UNKNOWN_ISSUER), guess(code::CA_AS_LEAF)]),
    by(Server, "IIS", &[])
        .any(&["error 403.17", "403.17 forbidden", "403.17: "])
        .means(&[likely(code::EXPIRED), guess(code::NOT_YET_VALID)]),
    by(Server, "IIS", &[])
        .any(&["error 403.13", "403.13 forbidden", "403.13: "])
        .means(&[likely(code::REVOKED), likely(code::CRL_UNUSABLE)]),
    by(Server, "IIS", &[])
        .any(&["error 403.12", "403.12 forbidden", "403.12: "])
        .means(&[likely(code::UNMAPPED)]),
    // --- Apple -------------------------------------------------------------------------------------------
    by(Server, "Apple", &["nsurlerrordomain"])
        .any(&["code= 1206"])
        .means(&[certain(code::NO_CERTIFICATE)]),
    by(Server, "Apple", &["nsurlerrordomain"])
        .any(&["code= 1205"])
        .means(&[
            likely(code::UNKNOWN_ISSUER),
            guess(code::WRONG_PURPOSE),
            guess(code::EXPIRED),
        ]),
    own("Apple", &["nsurlerrordomain"])
        .any(&["code= 1202", "code= 1203"])
        .client(&[likely(code::SERVER_UNTRUSTED), guess(code::NAME_MISMATCH)]),
    own("Apple", &["nsurlerrordomain"])
        .any(&["code= 1201", "code= 1204"])
        .client(&[likely(code::EXPIRED), likely(code::NOT_YET_VALID)]),
    received(
        "Apple",
        &["an ssl error has occurred and a secure connection to the server cannot be made"],
    )
    .general()
    .means(&[
        likely(code::VAGUE_ALERT),
        guess(code::NO_CERTIFICATE),
        guess(code::NO_COMMON_VERSION),
    ]),
];
