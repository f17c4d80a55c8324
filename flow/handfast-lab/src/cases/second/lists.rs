//! Revocation lists at the server.

use handfast_pki::code;

use super::{CERTAIN, GUESS, LIKELY, Made, Must, ROW, Row, SERVER, of_rows};
use crate::{
    Case,
    Program::{Apache, Envoy, Haproxy, Openssl, Postgres},
    cast::Cast,
    forge::{DAY, Holder, Wish},
};

/// `row.crl` with the lists of both CAs, made as a case wants it.
fn lists(cast: &Cast<'_>, of_issuing: &str, of_root: &str) -> Made {
    cast.folder.write("lists.crl", format!("{of_issuing}{of_root}"))
}

/// The list of issuing CA by another key than its own.
fn by_other_key(cast: &Cast<'_>) -> Made {
    let (from, until) = (cast.now - DAY, cast.now + DAY * 7);
    let impostor = Holder::itself(&Wish::ca("Lab Issuing CA", None, cast.now)?)?;
    lists(
        cast,
        &impostor.revoke(&[], from, until)?,
        &cast.root.revoke(&[], from, until)?,
    )
}

/// The lists begin tomorrow.
fn from_tomorrow(cast: &Cast<'_>) -> Made {
    let (from, until) = (cast.now + DAY, cast.now + DAY * 7);
    lists(
        cast,
        &cast.issuing.revoke(&[], from, until)?,
        &cast.root.revoke(&[], from, until)?,
    )
}

/// The root has revoked the issuing CA.
fn issuer_revoked(cast: &Cast<'_>) -> Made {
    let (from, until) = (cast.now - DAY, cast.now + DAY * 7);
    lists(
        cast,
        &cast.issuing.revoke(&[], from, until)?,
        &cast.root.revoke(&[&cast.issuing.certificate], from, until)?,
    )
}

/// The list of the issuing CA alone.
fn without_root(cast: &Cast<'_>) -> Made {
    let (from, until) = (cast.now - DAY, cast.now + DAY * 7);
    lists(cast, &cast.issuing.revoke(&[], from, until)?, "")
}

/// The list of the root is stale, that of the issuing CA is not.
fn stale_root(cast: &Cast<'_>) -> Made {
    lists(
        cast,
        &cast.issuing.revoke(&[], cast.now - DAY, cast.now + DAY * 7)?,
        &cast.root.revoke(&[], cast.now - DAY * 9, cast.now - DAY * 2)?,
    )
}

/// Another client is revoked, and this one is not.
fn other_revoked(cast: &Cast<'_>) -> Made {
    let (from, until) = (cast.now - DAY, cast.now + DAY * 7);
    let other = cast.issuing.sign(&cast.client()?)?;
    lists(
        cast,
        &cast.issuing.revoke(&[&other.certificate], from, until)?,
        &cast.root.revoke(&[], from, until)?,
    )
}

const UNUSABLE: Must = Must::Say(code::CRL_UNUSABLE, SERVER, CERTAIN);
const TOLD: &[&str] = &["--crl", "lists.crl"];

fn looks_up(setup: &mut crate::Setup, _: &crate::Folder) {
    setup.crl = Some("lists.crl".into());
}

const ROWS: &[Row] = &[
    Row {
        variant: "other-key",
        description: "the server's revocation list is not signed by the CA that it names",
        make: by_other_key,
        setup: looks_up,
        more: TOLD,
        must: Must::Say(code::CRL_UNUSABLE, SERVER, GUESS),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "other-key",
        description: "the server's revocation list is not signed by the CA that it names, and is not available",
        make: by_other_key,
        setup: looks_up,
        must: Must::Suspect(code::CRL_UNUSABLE),
        ..ROW
    },
    Row {
        variant: "tomorrow",
        description: "the server's revocation lists begin tomorrow",
        make: from_tomorrow,
        setup: looks_up,
        more: TOLD,
        must: UNUSABLE,
        ..ROW
    },
    Row {
        program: Apache,
        variant: "tomorrow",
        description: "the server's revocation lists begin tomorrow",
        make: from_tomorrow,
        setup: looks_up,
        more: TOLD,
        must: Must::Say(code::CRL_UNUSABLE, SERVER, LIKELY),
        ..ROW
    },
    Row {
        variant: "issuer",
        description: "the CA above the client's certificate was revoked",
        make: issuer_revoked,
        setup: looks_up,
        more: TOLD,
        must: Must::Say(code::REVOKED, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Envoy,
        variant: "issuer",
        description: "the CA above the client's certificate was revoked, and the list is not available",
        make: issuer_revoked,
        setup: looks_up,
        must: Must::Say(code::REVOKED, SERVER, LIKELY),
        ..ROW
    },
    Row {
        variant: "root-missing",
        description: "the server has the revocation list of the issuing CA, and none of the root",
        make: without_root,
        setup: looks_up,
        more: TOLD,
        must: UNUSABLE,
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "root-stale",
        description: "the revocation list of the root has expired, that of the issuing CA has not",
        make: stale_root,
        setup: looks_up,
        more: TOLD,
        must: UNUSABLE,
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "root-stale",
        description: "the same, and the list is not available",
        make: stale_root,
        setup: looks_up,
        must: Must::Suspect(code::CRL_UNUSABLE),
        ..ROW
    },
    Row {
        program: Apache,
        variant: "leaf-only",
        description: "the server looks up the leaf alone, so that the list of the root is not missed",
        make: without_root,
        setup: |setup, _| {
            setup.crl = Some("lists.crl".into());
            setup.more = "SSLCARevocationCheck leaf\n".into();
        },
        must: Must::Rest,
        ..ROW
    },
    Row {
        variant: "other-revoked",
        description: "another client is on the server's revocation list",
        make: other_revoked,
        setup: looks_up,
        more: TOLD,
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "other-revoked",
        description: "another client is on the server's revocation list",
        make: other_revoked,
        setup: looks_up,
        must: Must::Rest,
        ..ROW
    },
    Row {
        program: Postgres,
        variant: "other-revoked",
        description: "another client is on the server's revocation list",
        make: other_revoked,
        setup: looks_up,
        must: Must::Rest,
        ..ROW
    },
];

pub(super) fn cases() -> Vec<Case> {
    of_rows(ROWS)
}
