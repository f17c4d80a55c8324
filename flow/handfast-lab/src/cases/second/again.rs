//! Situations of a later examination in which the doctor was wrong, and their neighbours: clocks that are far ahead,
//! certificates of others in the client's folder, an issuer of another key, faults of both sides.

use handfast_pki::code;

use super::{
    CERTAIN, GUESS, LIKELY, Made, Must, ROW, Row, SERVER,
    clocks::{World, of_world},
    of_rows,
};
use crate::{
    Case,
    Program::{Haproxy, Nginx, Openssl},
    cast::Cast,
    forge::Wish,
};

const YEAR: i64 = 365 * 24;

const WORLDS: &[World] = &[
    World {
        program: Nginx,
        variant: "years-ahead",
        description: "the client's clock is twenty years ahead, so that its file of CAs has expired for it as well",
        hours: -20 * YEAR,
        must: Must::Suspect(code::NOT_YET_VALID),
    },
    World {
        program: Openssl,
        variant: "years-ahead",
        description: "the client's clock is twenty years ahead, its file of CAs has expired for it, and the server says no date",
        hours: -20 * YEAR,
        must: Must::Suspect(code::NOT_YET_VALID),
    },
    World {
        program: Openssl,
        variant: "weeks-ahead",
        description: "the client's clock is sixty days ahead, so that all leaves have expired for it, and the server says no date",
        hours: -60 * 24,
        must: Must::Suspect(code::NOT_YET_VALID),
    },
    World {
        program: Nginx,
        variant: "weeks-ahead",
        description: "the client's clock is sixty days ahead, and the server says the date",
        hours: -60 * 24,
        must: Must::Suspect(code::NOT_YET_VALID),
    },
];

/// Behind the leaf stands a CA of the right name that was made again, with another key.
fn issuer_of_another_key(cast: &Cast<'_>) -> Made {
    let again = cast.root.sign(&Wish::ca("Lab Issuing CA", None, cast.now)?)?;
    let leaf = cast.issuing.sign(&cast.client()?)?;
    cast.put("pair", &leaf, &[&again.certificate])
}

/// Beside the client's certificate lie the expired root of somebody else, and what it has issued.
fn neighbours(cast: &Cast<'_>) -> Made {
    cast.folder.copy("client/tls.crt", "pair/tls.crt")?;
    cast.folder.copy("client/tls.key", "pair/tls.key")?;
    cast.folder.copy("ended-root.crt", "pair/other-root.crt")?;
    cast.folder.copy("server-of-ended-root/tls.crt", "pair/other.crt")
}

const ROWS: &[Row] = &[
    Row {
        program: Haproxy,
        variant: "issuer-again",
        description: "behind the client's certificate stands a CA with its issuer's name and another key",
        make: issuer_of_another_key,
        pair: Some("pair"),
        must: Must::Say(code::BAD_SIGNATURE, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Nginx,
        variant: "neighbours",
        description: "the server's file of client CAs lacks the root, and beside the client's certificate lies an expired root of \
                      another organisation",
        make: neighbours,
        setup: |setup, _| setup.client_ca = "issuing.crt".into(),
        pair: Some("pair"),
        must: Must::Suspect(code::BAD_CLIENT_CAS),
        ..ROW
    },
    Row {
        program: Nginx,
        variant: "named",
        description: "the answer 403 repeats the subject of the client, so that the application was told of it",
        setup: |setup, _| {
            setup.inside = "return 403 \"$ssl_client_s_dn is not among the clients of this path\";\n".into()
        },
        must: Must::Say(code::NOT_ALLOWED, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Nginx,
        variant: "in-words",
        description: "the answer 403 says that the client is not allowed",
        setup: |setup, _| setup.inside = "return 403 \"this client is not allowed to read orders\";\n".into(),
        must: Must::Say(code::NOT_ALLOWED, SERVER, GUESS),
        ..ROW
    },
    Row {
        program: Nginx,
        variant: "and-client",
        description: "the server's certificate has expired, and the client's comes from a CA that the server does not name",
        setup: |setup, _| setup.pair = "server-expired".into(),
        pair: Some("client-stranger"),
        must: Must::SayBoth(code::EXPIRED, code::UNKNOWN_ISSUER),
        ..ROW
    },
    Row {
        program: Nginx,
        variant: "and-no-client",
        description: "the server's certificate is for another name, and the client has none where one is demanded",
        setup: |setup, _| setup.pair = "server-other-name".into(),
        pair: None,
        must: Must::SayBoth(code::NAME_MISMATCH, code::NO_CERTIFICATE),
        ..ROW
    },
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_rows(ROWS);
    cases.extend(WORLDS.iter().map(of_world));
    cases
}
