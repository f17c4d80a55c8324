//! Whether a certificate is one of a CA that may issue others.

use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use crate::Certificate;

/// Why `certificate` may not issue others: it does not say that it is a CA, or its key usage leaves that out
/// (RFC 5280 section 6.1.4 (k) and (n)).
pub(crate) fn may_not_sign(certificate: &Certificate) -> Option<String> {
    // A root of version 1 cannot say anything; that it is trusted is the word of the one who configured it.
    let is_old_root = certificate.version() == 1 && certificate.is_self_issued();
    if certificate.is_unreadable::<BasicConstraints>() {
        return Some("its basicConstraints cannot be read".into());
    }
    if !certificate.is_ca() && !is_old_root {
        return Some("it does not say that it is a CA (basicConstraints)".into());
    }
    if certificate.is_unreadable::<KeyUsage>() {
        return Some("its key usage cannot be read".into());
    }
    let usage = certificate.key_usage()?;
    (!usage.key_cert_sign()).then(|| {
        let found = certificate.key_usage_names().join(", ");
        let found = if found.is_empty() { "nothing" } else { &found };
        format!("its key usage is {found}, without keyCertSign")
    })
}
