//! What lies between a certificate and the one above it, beside the signature: identifiers and writings that the path
//! validation of RFC 5280 does not compare, and some programs do.

use crate::{Certificate, extensions::AuthorityKey, general::GeneralName, name, serial, text::hex};

/// How the authority key identifier of `below` contradicts `above`, in words; nothing where it does not.
///
/// As OpenSSL compares (`X509_check_akid`): key identifier, then serial number and issuer of the CA's certificate. It
/// looks for another issuer where one differs; Go, Java and rustls do not mind. RFC 5280 section 4.2.1.1 means it as help
/// for finding the issuer and not as a condition.
pub fn identifier_mismatch(below: &Certificate, above: &Certificate) -> Option<String> {
    let wanted = below.extension::<AuthorityKey>()?;
    if let (Some(wanted), Some(found)) = (&wanted.key_id, above.subject_key_id())
        && *wanted != found
    {
        return Some(format!(
            "its authority key identifier is {}, the subject key identifier of \"{}\" is {}",
            hex(wanted),
            above.called(),
            hex(&found)
        ));
    }
    if let Some(wanted) = &wanted.serial
        && wanted != above.serial_octets()
    {
        return Some(format!(
            "its authority key identifier names the serial number {}, the certificate of \"{}\" has {}",
            serial::shown(wanted),
            above.called(),
            above.serial()
        ));
    }
    let named = wanted.issuer.iter().find_map(|name| match name {
        GeneralName::Directory(name) => Some(name),
        _ => None,
    })?;
    (named != above.issuer()).then(|| {
        format!(
            "its authority key identifier says that its CA was issued by \"{}\", the certificate of \"{}\" was issued by \"{}\"",
            name::shown(named),
            above.called(),
            name::shown(above.issuer())
        )
    })
}

/// How the subject of `above` is written in other bytes than the issuer of `below`, where it is the same name all the
/// same (RFC 5280 section 7.1); nothing where the bytes are the same, too.
pub fn other_writing(below: &Certificate, above: &Certificate) -> Option<String> {
    let (issuer, subject) = (below.issuer(), above.subject());
    if issuer != subject || issuer.is_written_as(subject) {
        return None;
    }
    let types = issuer
        .iter()
        .zip(subject.iter())
        .map(|(one, other)| (one.string_type(), other.string_type()))
        .find(|(one, other)| one != other);
    Some(match types {
        Some((one, other)) => {
            format!("it writes its issuer's name as {one}, the CA's certificate as {other}")
        }
        None => "it writes its issuer's name with other capital letters or blanks than the CA's certificate"
            .into(),
    })
}
