//! The label of a PEM block: one of those that are known, or nothing that could be shown.

use std::fmt;

/// What stands behind BEGIN. Of an unknown label nothing is kept, for what a broken file has in its place may be a
/// part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label(Option<&'static str>);

/// Every label that somebody writes, the old names of the same thing beside the new one (RFC 7468 and its appendix A).
const KNOWN: [(&str, Label); 33] = [
    ("CERTIFICATE", Label::CERTIFICATE),
    ("X509 CERTIFICATE", Label::CERTIFICATE),
    ("X.509 CERTIFICATE", Label::CERTIFICATE),
    ("CERTIFICATE REQUEST", Label::REQUEST),
    ("NEW CERTIFICATE REQUEST", Label::REQUEST),
    ("X509 CRL", Label::CRL),
    ("CRL", Label::CRL),
    ("PRIVATE KEY", Label::PKCS8),
    ("RSA PRIVATE KEY", Label::PKCS1),
    ("EC PRIVATE KEY", Label::SEC1),
    ("ENCRYPTED PRIVATE KEY", Label::ENCRYPTED),
    ("PKCS7", Label::PKCS7),
    ("CMS", Label::CMS),
    ("PKCS #7 SIGNED DATA", Label::PKCS7),
    ("PKCS12", Label::PKCS12),
    ("EC PARAMETERS", Label::EC_PARAMETERS),
    ("DH PARAMETERS", Label(Some("DH PARAMETERS"))),
    ("X9.42 DH PARAMETERS", Label(Some("X9.42 DH PARAMETERS"))),
    ("DSA PARAMETERS", Label(Some("DSA PARAMETERS"))),
    ("DSA PRIVATE KEY", Label(Some("DSA PRIVATE KEY"))),
    ("ANY PRIVATE KEY", Label(Some("ANY PRIVATE KEY"))),
    ("TSS2 PRIVATE KEY", Label(Some("TSS2 PRIVATE KEY"))),
    ("OPENSSH PRIVATE KEY", Label(Some("OPENSSH PRIVATE KEY"))),
    (
        "SSH2 ENCRYPTED PRIVATE KEY",
        Label(Some("SSH2 ENCRYPTED PRIVATE KEY")),
    ),
    ("PUBLIC KEY", Label(Some("PUBLIC KEY"))),
    ("RSA PUBLIC KEY", Label(Some("RSA PUBLIC KEY"))),
    ("SSH2 PUBLIC KEY", Label(Some("SSH2 PUBLIC KEY"))),
    ("TRUSTED CERTIFICATE", Label::TRUSTED),
    ("ATTRIBUTE CERTIFICATE", Label(Some("ATTRIBUTE CERTIFICATE"))),
    ("PGP PUBLIC KEY BLOCK", Label(Some("PGP PUBLIC KEY BLOCK"))),
    ("PGP PRIVATE KEY BLOCK", Label(Some("PGP PRIVATE KEY BLOCK"))),
    ("PGP MESSAGE", Label(Some("PGP MESSAGE"))),
    ("SSL SESSION PARAMETERS", Label(Some("SSL SESSION PARAMETERS"))),
];

impl Label {
    /// RFC 7468 section 5.
    pub const CERTIFICATE: Self = Self(Some("CERTIFICATE"));
    /// A certificate with OpenSSL's trust settings behind it.
    pub const TRUSTED: Self = Self(Some("TRUSTED CERTIFICATE"));
    /// RFC 7468 section 7.
    pub const REQUEST: Self = Self(Some("CERTIFICATE REQUEST"));
    /// RFC 7468 section 6.
    pub const CRL: Self = Self(Some("X509 CRL"));
    /// RFC 7468 section 10.
    pub const PKCS8: Self = Self(Some("PRIVATE KEY"));
    /// RSA keys as OpenSSL wrote them before PKCS#8 (RFC 8017 appendix A.1.2).
    pub const PKCS1: Self = Self(Some("RSA PRIVATE KEY"));
    /// Elliptic curve keys (RFC 5915 section 4).
    pub const SEC1: Self = Self(Some("EC PRIVATE KEY"));
    /// RFC 7468 section 11.
    pub const ENCRYPTED: Self = Self(Some("ENCRYPTED PRIVATE KEY"));
    /// RFC 7468 section 8.
    pub const PKCS7: Self = Self(Some("PKCS7"));
    /// RFC 7468 section 9.
    pub const CMS: Self = Self(Some("CMS"));
    /// PKCS#12 as text, which GnuTLS writes.
    pub const PKCS12: Self = Self(Some("PKCS12"));
    /// The curve, which `openssl ecparam` writes before the key.
    pub const EC_PARAMETERS: Self = Self(Some("EC PARAMETERS"));
    /// A label that is on no list, and so is not repeated.
    pub const UNKNOWN: Self = Self(None);

    /// Of the text behind BEGIN.
    pub fn of(text: &[u8]) -> Self {
        let text = text.trim_ascii();
        let known = KNOWN.iter().find(|(name, _)| name.as_bytes() == text);
        known.map_or(Self::UNKNOWN, |(_, label)| *label)
    }

    /// The label as RFC 7468 writes it; none where it is unknown.
    pub fn name(self) -> Option<&'static str> {
        self.0
    }

    /// Whether the block may hold a secret; of an unknown one nobody knows.
    pub fn may_be_secret(self) -> bool {
        self.0.is_none_or(|name| {
            name.contains("PRIVATE")
                || name == "PKCS12"
                || name.contains("SESSION")
                || name.contains("MESSAGE")
        })
    }
}

/// For a sentence about a block.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "\"{name}\""),
            None => f.write_str("an unknown label"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_unknown_label_nothing_is_kept() {
        for text in ["MIGHAGEAMBMGBYQGSM49AGEG", "PRIVAT KEY", "", "certificate"] {
            let label = Label::of(text.as_bytes());
            assert_eq!((label.name(), label.may_be_secret()), (None, true), "{text}");
            assert_eq!(label.to_string(), "an unknown label");
        }
        assert_eq!(Label::of(b"X509 CERTIFICATE"), Label::CERTIFICATE);
        assert_eq!(Label::CERTIFICATE.to_string(), "\"CERTIFICATE\"");
        assert!(Label::SEC1.may_be_secret() && !Label::CERTIFICATE.may_be_secret());
    }
}
