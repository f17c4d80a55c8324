//! Erlang/OTP, in RabbitMQ, EMQX, CouchDB, ejabberd and everything in Elixir: the reasons of public_key and ssl
//! (`{bad_cert, ...}`, lib/public_key/src/public_key.erl, lib/ssl/src/ssl_certificate.erl, ssl_handshake.erl). Alerts are
//! with the alerts.

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "Erlang",
    otherwise: Client,
    marks: &[
        "tls alert",
        "bad cert",
        "tls server:",
        "tls client:",
        "ssl handshake.erl",
        "ssl error",
        "{options",
    ],
    numbers: &[],
    prefix: "",
    plain: 3,
    rows: rows! {
        0, "", "bad cert cert expired" => EXPIRED;
        0, "", "bad cert invalid issuer|bad cert missing trust anchor" => UNTRUSTED;
        0, "", "bad cert unknown ca|unknown ca known but not trusted" => UNTRUSTED;
        0, "", "bad cert invalid signature" => SIGNATURE;
        0, "", "bad cert name not permitted" => NAME_CONSTRAINTS;
        0, "", "bad cert missing basic constraint|bad cert invalid key usage" => NOT_A_CA;
        0, "", "bad cert invalid ext key usage|bad cert invalid ext keyusage|bad cert key usage mismatch"
            => PURPOSE;
        0, "", "bad cert max path length reached" => PATH_LENGTH;
        0, "", "bad cert selfsigned peer" => SELF_SIGNED;
        0, "", "bad cert hostname check failed|hostname check failed" => NAME;
        0, "", "bad cert revoked" => REVOKED;
        0, "", "bad cert revocation status undetermined|no relevant crls|bad crls" => REVOCATION_UNKNOWN;
        0, "", "bad cert unsupported signature|unsupported signature" => SCHEME;
        0, "", "no suitable ciphers" => CIPHER.otherwise(Server);
        0, "", "no suitable signature algorithm|no suitable signature algorithms" => SCHEME.otherwise(Server);
        0, "", "no suitable key|no suitable groups" => GROUP.otherwise(Server);
        0, "", "protocol version not supported|no supported versions" => VERSION;
        0, "", "unsupported record type|malformed handshake data" => MAYBE_NOT_TLS;
        0, "", "options certfile error enoent|options keyfile error enoent|certfile error eacces|keyfile error eacces"
            => UNREADABLE;
        0, "", "certfile error enoent|keyfile error enoent|certfile enoent|keyfile enoent" => UNREADABLE;
        0, "", "options cacertfile|cacertfile error enoent|cacerts undefined|no cacerts found" => TRUST_FILE;
        0, "", "no user certificate|insufficient credentials" => NO_KEY;
        0, "", "failed to decode the pem|not encrypted pem|pem not encrypted" => FORMAT;
    },
};
