//! One certificate of the records: its state in a word, as a line and in JSON.

use handfast_ca::{Row, State};
use handfast_pki::Certificate;
use jiff::Timestamp;
use serde_json::{Value, json};

/// `valid`, `expired`, `revoked`, or `planned` where the issuance never came to its end.
pub fn state(row: &Row, now: Timestamp) -> &'static str {
    match row.state {
        _ if row.revoked.is_some() => "revoked",
        State::Issued if now > row.not_after => "expired",
        State::Issued => "valid",
        State::Reserved | State::Planned => "planned",
    }
}

/// Whom it names: its names, or its subject.
pub fn called(row: &Row) -> String {
    if row.names.is_empty() {
        row.subject.clone()
    } else {
        row.names.join(" ")
    }
}

/// One line of a list.
pub fn line(row: &Row, now: Timestamp) -> String {
    format!(
        "{}  {:<7}  {:<12}  {}  {}",
        row.not_after.strftime("%Y-%m-%d %H:%MZ"),
        state(row, now),
        row.profile,
        row.serial,
        called(row)
    )
}

/// The heading over such lines.
pub const HEADING: &str =
    "EXPIRES            STATE    PROFILE       SERIAL                                    NAMES";

/// The record in JSON.
pub fn described(row: &Row, now: Timestamp) -> Value {
    let certificate = row.der.as_deref().and_then(|der| Certificate::from_der(der).ok());
    json!({
        "serial": row.serial,
        "state": state(row, now),
        "profile": row.profile,
        "identity": certificate.as_ref().map(Certificate::identity),
        "subject": row.subject,
        "names": row.names,
        "issuer_key": row.issuer,
        "not_before": row.not_before,
        "not_after": row.not_after,
        "requester": row.requester,
        "issued_at": row.issued_at,
        "revoked_at": row.revoked.map(|revoked| revoked.at),
        "reason": row.revoked.map(|revoked| revoked.reason.name()),
        "renewed_from": row.renewed_from,
        "key": row.key,
    })
}
