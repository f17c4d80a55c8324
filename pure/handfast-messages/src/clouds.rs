//! Load balancers and gateways that are rented: AWS, Google Cloud, Cloudflare.

use handfast_finding::Refuser::{Client, Server};
use handfast_pki::code;

use super::pattern::{Pattern, by, certain, guess, likely, received};

pub(super) const TABLE: &[Pattern] = &[
    // --- AWS: Application Load Balancer and CloudFront, connection logs ----------------------------------
    by(Server, "AWS", &["clientcertuntrusted"]).means(&[
        likely(code::UNKNOWN_ISSUER),
        guess(code::MISSING_INTERMEDIATE)
            .why("the trust store may hold the root alone, and the client sent its leaf alone"),
    ]),
    by(Server, "AWS", &["clientcertexpired"]).means(&[certain(code::EXPIRED)]),
    by(Server, "AWS", &["clientcertnotyetvalid"]).means(&[certain(code::NOT_YET_VALID)]),
    by(Server, "AWS", &["clientcertmissing"]).means(&[certain(code::NO_CERTIFICATE)]),
    by(Server, "AWS", &[])
        .any(&["clientcertcrlhit", "clientcertrevoked"])
        .means(&[certain(code::REVOKED)]),
    by(Server, "AWS", &["clientcertcrlprocessingerror"]).means(&[certain(code::CRL_UNUSABLE)]),
    by(Server, "AWS", &["clientcertmaxchaindepthexceeded"]).means(&[certain(code::VERIFY_DEPTH)]),
    by(Server, "AWS", &["clientcertmaxsizeexceeded"])
        .means(&[likely(code::VERIFY_DEPTH)
            .why("the chain is too large: leave out the root and what is not needed")]),
    by(Server, "AWS", &[])
        .any(&[
            "clientcertintentinvalid",
            "clientcertpurposeinvalid",
            "clientcertinvalidpurpose",
        ])
        .means(&[certain(code::WRONG_PURPOSE)]),
    by(Server, "AWS", &["clientcerttypeunsupported"]).means(&[
        likely(code::NO_COMMON_SCHEME),
        guess(code::WEAK_KEY),
        guess(code::VERSION_1),
    ]),
    by(Server, "AWS", &["clientcertrejected"]).means(&[likely(code::NOT_ALLOWED)]),
    by(Server, "AWS", &["failed:clientcertinvalid"])
        .means(&[likely(code::WRONG_FORMAT), guess(code::UNKNOWN_ISSUER)]),
    by(Server, "AWS", &["unmappedconnectionerror"]).general().means(&[
        likely(code::VAGUE_ALERT),
        guess(code::NO_COMMON_VERSION),
        guess(code::NO_COMMON_CIPHER),
    ]),
    // --- AWS: API Gateway --------------------------------------------------------------------------------
    by(
        Server,
        "AWS API Gateway",
        &["could not find issuer for certificate"],
    )
    .means(&[likely(code::UNKNOWN_ISSUER), guess(code::MISSING_INTERMEDIATE)]),
    by(Server, "AWS API Gateway", &["insecure signature algorithm"]).means(&[certain(code::WEAK_KEY)]),
    by(Server, "AWS API Gateway", &["\"message\"", "\"forbidden\""])
        .general()
        .means(&[
            likely(code::NO_CERTIFICATE).why("API Gateway answers 403 to a client without a certificate"),
            guess(code::UNKNOWN_ISSUER),
            guess(code::NOT_ALLOWED),
            guess(code::WRONG_SNI).why("the default name of the API does not ask for certificates"),
        ]),
    // --- Google Cloud ------------------------------------------------------------------------------------
    by(Server, "Google Cloud", &["client cert not provided"]).means(&[certain(code::NO_CERTIFICATE)]),
    by(Server, "Google Cloud", &["client cert validation failed"]).means(&[
        likely(code::UNKNOWN_ISSUER),
        guess(code::EXPIRED),
        guess(code::MISSING_INTERMEDIATE),
    ]),
    by(Server, "Google Cloud", &["client cert chain invalid eku"]).means(&[certain(code::WRONG_PURPOSE)]),
    by(Server, "Google Cloud", &[])
        .any(&["client cert chain exceeded limit", "client cert pki too large"])
        .means(&[certain(code::VERIFY_DEPTH)]),
    by(
        Server,
        "Google Cloud",
        &["client cert chain max name constraints exceeded"],
    )
    .means(&[certain(code::NAME_CONSTRAINTS)]),
    by(Server, "Google Cloud", &["client cert invalid rsa key size"]).means(&[certain(code::WEAK_KEY)]),
    by(Server, "Google Cloud", &[])
        .any(&[
            "client cert unsupported elliptic curve key",
            "client cert unsupported key algorithm",
        ])
        .means(&[certain(code::NO_COMMON_SCHEME)]),
    by(Server, "Google Cloud", &["client cert trust config not found"])
        .means(&[certain(code::BAD_TRUST_FILE)]),
    // --- Cloudflare --------------------------------------------------------------------------------------
    by(Client, "Cloudflare", &[])
        .any(&["526: invalid ssl certificate", "error code 526", "http 526"])
        .means(&[
            likely(code::SERVER_UNTRUSTED),
            guess(code::EXPIRED),
            guess(code::NAME_MISMATCH),
        ]),
    received("Cloudflare", &[])
        .any(&["525: ssl handshake failed", "error code 525", "http 525"])
        .means(&[
            likely(code::VAGUE_ALERT),
            guess(code::NO_CERTIFICATE)
                .why("the origin asks for a certificate, and Authenticated Origin Pulls is off"),
            guess(code::NO_COMMON_CIPHER),
        ]),
];
