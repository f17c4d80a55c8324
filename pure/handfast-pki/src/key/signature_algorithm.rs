//! The algorithms of signatures: which are verified here, which nobody should verify, and their names.

use webpki::ALL_VERIFICATION_ALGS;

use super::forms::inside;
use crate::{
    asn1::{self, Value, constructed},
    oid::Oid,
    text::printable,
};

/// An AlgorithmIdentifier of a signature, in DER.
#[derive(Clone, Copy)]
pub(crate) struct Signature<'a>(&'a [u8]);

impl<'a> Signature<'a> {
    pub(crate) fn of(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// Whether it is verified at all.
    pub(crate) fn is_known(self) -> bool {
        ALL_VERIFICATION_ALGS
            .iter()
            .any(|known| inside(self.0) == Some(known.signature_alg_id().as_ref()))
    }

    /// Whether it uses a digest for which two messages can be found: MD2, MD4, MD5 or SHA-1.
    pub(crate) fn is_broken(self) -> bool {
        let name = self.name().to_ascii_lowercase().replace('-', "");
        ["md2", "md4", "md5", "sha1"].iter().any(|digest| {
            // Not the beginning of another name, such as SHA-128.
            name.match_indices(digest).any(|(at, _)| {
                let rest = name.get(at + digest.len()..).unwrap_or_default();
                !rest.starts_with(|c: char| c.is_ascii_digit())
            })
        })
    }

    /// By name where we know it; RSASSA-PSS with its digest.
    pub(crate) fn name(self) -> String {
        let Some((kind, digest)) = self.parts() else {
            return "an unreadable algorithm".into();
        };
        match digest {
            Some(digest) => format!("{} with {digest}", kind.called()),
            None => printable(&kind.called()),
        }
    }

    /// The algorithm, and the digest of RSASSA-PSS, which is SHA-1 where it is left out (RFC 4055 section 3.1).
    fn parts(self) -> Option<(Oid, Option<String>)> {
        let mut parts = Value::only(self.0, asn1::SEQUENCE, "algorithm").ok()?.values();
        let kind = Oid::from_octets(parts.expect(asn1::OBJECT_IDENTIFIER, "algorithm").ok()?.content).ok()?;
        if kind.name() != Some("RSASSA-PSS") {
            return Some((kind, None));
        }
        let digest = parts.optional(asn1::SEQUENCE).and_then(|parameters| {
            let digest = parameters.values().optional(constructed(0))?;
            let mut digest = Value::only(digest.content, asn1::SEQUENCE, "digest")
                .ok()?
                .values();
            Oid::from_octets(digest.expect(asn1::OBJECT_IDENTIFIER, "digest").ok()?.content).ok()
        });
        let digest = digest.map_or_else(|| "SHA-1".to_owned(), |digest| digest.called());
        Some((kind, Some(digest)))
    }
}

#[cfg(test)]
mod tests {
    use const_oid::ObjectIdentifier;

    use super::*;

    fn algorithm(number: &str, parameters: &[u8]) -> Vec<u8> {
        let id = ObjectIdentifier::new_unwrap(number);
        let id = asn1::wrap(asn1::OBJECT_IDENTIFIER, id.as_bytes());
        asn1::wrap(asn1::SEQUENCE, &[&id, parameters].concat())
    }

    #[test]
    fn broken_digests_are_told_from_algorithms_that_are_not_supported() {
        for (number, parameters, is_broken, is_known) in [
            ("1.2.840.113549.1.1.4", &[5, 0][..], true, false),
            ("1.2.840.113549.1.1.5", &[5, 0], true, false),
            ("1.2.840.10045.4.1", &[], true, false),
            ("1.2.840.113549.1.1.10", &[0x30, 0], true, false),
            ("1.2.840.113549.1.1.11", &[5, 0], false, true),
            ("1.2.840.10045.4.3.2", &[], false, true),
            ("1.3.101.112", &[], false, true),
            ("1.3.101.113", &[], false, false),
            ("2.16.840.1.101.3.4.3.20", &[], false, false),
        ] {
            let der = algorithm(number, parameters);
            let one = Signature::of(&der);
            assert_eq!(
                (one.is_broken(), one.is_known()),
                (is_broken, is_known),
                "{}",
                one.name()
            );
        }
    }
}
