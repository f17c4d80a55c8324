//! Databases, brokers and orchestration: PostgreSQL, MySQL, MongoDB, Kafka, Mosquitto, Erlang, gRPC,
//! Kubernetes.

use handfast_finding::Refuser::{Client, Server};
use handfast_pki::code;

use super::pattern::{Pattern, by, certain, guess, likely, own, received};

pub(super) const TABLE: &[Pattern] = &[
    // --- PostgreSQL --------------------------------------------------------------------------------------
    by(
        Server,
        "PostgreSQL",
        &["connection requires a valid client certificate"],
    )
    .means(&[
        certain(code::NO_CERTIFICATE),
        guess(code::UNREADABLE).why("libpq passes over a sslcert file that does not exist"),
        guess(code::HELD_BACK),
    ]),
    by(Server, "PostgreSQL", &[])
        .any(&[
            "certificate authentication failed for user",
            "and authenticated user name",
        ])
        .means(&[certain(code::UNMAPPED)]),
    own("PostgreSQL", &["has group or world access"]).means(&[certain(code::UNREADABLE)]),
    by(Server, "PostgreSQL", &["no pg hba.conf entry for host"])
        .any(&["no encryption", "ssl off"])
        .means(&[
            likely(code::NOT_TLS).why("the server has rules for connections with TLS, and this one had none")
        ]),
    by(
        Server,
        "PostgreSQL",
        &["pg hba.conf rejects connection for host", "no encryption"],
    )
    .means(&[
        likely(code::NOT_TLS).why("the rule rejects connections without TLS, and this one had none"),
        guess(code::NOT_ALLOWED),
    ]),
    by(Server, "PostgreSQL", &[])
        .any(&[
            "no pg hba.conf entry for host",
            "pg hba.conf rejects connection for host",
        ])
        .means(&[likely(code::NOT_ALLOWED)]),
    own("PostgreSQL", &["server does not support ssl"]).client(&[certain(code::NOT_TLS)]),
    own("PostgreSQL", &["root certificate file", "does not exist"]).client(&[certain(code::BAD_TRUST_FILE)]),
    own(
        "PostgreSQL",
        &["server certificate for", "does not match host name"],
    )
    .client(&[certain(code::NAME_MISMATCH)]),
    own("PostgreSQL", &["certificate present, but not private key file"])
        .client(&[certain(code::UNREADABLE)]),
    own(
        "PostgreSQL",
        &["could not load private key file", "processing error"],
    )
    .client(&[certain(code::KEY_ENCRYPTED)]),
    by(Server, "PostgreSQL", &["invalid length of startup packet"]).means(&[
        likely(code::NOT_TLS).why("a client spoke TLS or HTTP where PostgreSQL expects its own start")
    ]),
    by(
        Server,
        "PostgreSQL",
        &["received direct ssl connection request without alpn"],
    )
    .means(&[certain(code::NO_COMMON_ALPN)]),
    by(
        Client,
        "PostgreSQL",
        &["could not accept ssl connection: eof detected"],
    )
    .general()
    .means(&[
        likely(code::VAGUE_ALERT).why("the client left without a word, and its own message knows why"),
        guess(code::SERVER_UNTRUSTED),
        guess(code::KEY_MISMATCH),
    ]),
    // --- MySQL, MongoDB, Kafka ---------------------------------------------------------------------------
    by(
        Server,
        "MySQL",
        &["connections using insecure transport are prohibited"],
    )
    .means(&[certain(code::NOT_TLS)]),
    by(Server, "MongoDB", &[])
        .any(&[
            "no ssl certificate provided by peer",
            "no tls certificate provided by peer",
        ])
        .means(&[certain(code::NO_CERTIFICATE)]),
    by(Server, "Kafka", &["principal", "is denied operation"]).means(&[
        likely(code::UNMAPPED),
        guess(code::NAME_FORM)
            .why("the principal is the whole subject unless ssl.principal.mapping.rules says otherwise"),
        guess(code::NOT_ALLOWED),
    ]),
    // --- Mosquitto ---------------------------------------------------------------------------------------
    own("Mosquitto", &["problem setting tls options: file not found"]).means(&[certain(code::UNREADABLE)]),
    own("Mosquitto", &["unable to load ca certificates"])
        .otherwise(Server)
        .means(&[certain(code::BAD_TRUST_FILE)]),
    own("Mosquitto", &["unable to load server key file"])
        .otherwise(Server)
        .general()
        .means(&[
            likely(code::KEY_MISMATCH),
            guess(code::UNREADABLE),
            guess(code::KEY_ENCRYPTED),
        ]),
    own("Mosquitto", &["a tls error occurred"])
        .general()
        .test("run the client with -d, and look at the broker's log: it has the line \"OpenSSL Error\"")
        .means(&[
            likely(code::VAGUE_ALERT),
            guess(code::SERVER_UNTRUSTED),
            guess(code::BAD_TRUST_FILE),
            guess(code::KEY_MISMATCH),
        ]),
    // --- Erlang: RabbitMQ, EMQX --------------------------------------------------------------------------
    own("Erlang", &["bad cert,cert expired"])
        .otherwise(Server)
        .means(&[certain(code::EXPIRED)]),
    own("Erlang", &["bad cert,hostname check failed"]).client(&[certain(code::NAME_MISMATCH)]),
    own("Erlang", &["bad cert,selfsigned peer"])
        .otherwise(Server)
        .means(&[certain(code::CA_AS_LEAF)]),
    own("Erlang", &["bad cert,unknown ca"])
        .otherwise(Server)
        .server(&[likely(code::UNKNOWN_ISSUER), guess(code::MISSING_INTERMEDIATE)])
        .client(&[likely(code::SERVER_UNTRUSTED), guess(code::SERVER_INTERMEDIATE)]),
    own("Erlang", &["bad cert,invalid ext key usage"])
        .otherwise(Server)
        .means(&[certain(code::WRONG_PURPOSE)]),
    // --- gRPC and Kubernetes -----------------------------------------------------------------------------
    own("gRPC", &["missing selected alpn property"]).client(&[certain(code::NO_COMMON_ALPN)]),
    received("gRPC", &[])
        .any(&[
            "connection closed before server preface received",
            "error reading server preface: eof",
        ])
        .general()
        .means(&[
            likely(code::NO_CERTIFICATE)
                .why("a server that refuses in TLS 1.3 closes before HTTP/2 has begun"),
            guess(code::UNKNOWN_ISSUER),
            guess(code::NO_COMMON_ALPN),
            guess(code::NOT_TLS).why("the server may speak plain text"),
        ]),
    by(
        Server,
        "Kubernetes",
        &["the server has asked for the client to provide credentials"],
    )
    .general()
    .means(&[
        likely(code::NO_CERTIFICATE),
        guess(code::EXPIRED).why("the certificate in the kubeconfig may have expired"),
        guess(code::NOT_ASKED).why("a proxy before the API server may end TLS"),
    ]),
];
