//! Node and Python beyond what they repeat of OpenSSL, and the switches by which verification is turned off.

use handfast_finding::Refuser::Server;
use handfast_pki::code;

use super::pattern::{Pattern, by, certain, guess, likely, own};

pub(super) const TABLE: &[Pattern] = &[
    // --- Node --------------------------------------------------------------------------------------------
    own("Node", &["altnames: ip:"]).client(&[certain(code::NO_IP_NAME), likely(code::NAME_MISMATCH)]),
    own("Node", &[])
        .any(&[
            "err tls cert altname invalid",
            "does not match certificate's altnames",
        ])
        .client(&[certain(code::NAME_MISMATCH)]),
    own("Node", &["unable to load private key from pfx data"]).means(&[certain(code::P12_WITHOUT_KEY)]),
    own("Node", &["unsupported pkcs12 pfx data"]).means(&[certain(code::P12_TOO_OLD)]),
    by(Server, "Node", &["tlsclienterror", "socket hang up"]).means(&[
        likely(code::VAGUE_ALERT).why("Node closes without an alert when it does not trust the client"),
        guess(code::UNKNOWN_ISSUER),
        guess(code::EXPIRED),
        guess(code::WRONG_PURPOSE),
    ]),
    // --- Python ------------------------------------------------------------------------------------------
    own("Python", &["hostname '", "doesn't match"]).client(&[certain(code::NAME_MISMATCH)]),
    own("Python", &["could not find a suitable tls ca certificate bundle"])
        .client(&[certain(code::BAD_TRUST_FILE)]),
    own("Python", &[])
        .any(&[
            "could not find the tls certificate file",
            "could not find the tls key file",
        ])
        .client(&[certain(code::UNREADABLE)]),
    own("Python", &["load verify locations"])
        .none(&["self.load verify locations(", "certificate verify failed"])
        .means(&[likely(code::BAD_TRUST_FILE)]),
    own("Python", &["filenotfounderror"]).general().means(&[
        likely(code::BAD_TRUST_FILE)
            .why("a path of CAs, certificate or key is wrong; the traceback names the call"),
        guess(code::UNREADABLE),
    ]),
    // --- verification is off -----------------------------------------------------------------------------
    by(Server, "Node", &["node tls reject unauthorized"]).means(&[likely(code::UNVERIFIED)]),
    by(Server, "Node", &["rejectunauthorized", "false"]).means(&[likely(code::UNVERIFIED)]),
    by(Server, "Python", &[])
        .any(&[
            "insecurerequestwarning",
            "unverified https request is being made",
            "cert none",
        ])
        .means(&[likely(code::UNVERIFIED)]),
    by(Server, "Go", &[])
        .any(&[
            "insecureskipverify: true",
            "insecureskipverify:true",
            "requireanyclientcert",
        ])
        .means(&[likely(code::UNVERIFIED)]),
    by(Server, "nginx", &["optional no ca"]).means(&[likely(code::UNVERIFIED)]),
    by(Server, "nginx", &["ssl verify client", "optional"]).means(&[
        guess(code::UNVERIFIED).why("nginx accepts every client unless $ssl_client_verify is checked")
    ]),
];
