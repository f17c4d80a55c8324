//! The names of algorithms that lock keys, by their object identifiers, for a sentence about one that is not read.

/// Of PKCS#5 (RFC 8018), PKCS#12 (RFC 7292) and what they are combined with, as OpenSSL calls them in its commands.
const NAMES: [(&str, &str); 31] = [
    ("1.2.840.113549.1.5.1", "PBE-MD2-DES"),
    ("1.2.840.113549.1.5.3", "PBE-MD5-DES"),
    ("1.2.840.113549.1.5.4", "PBE-MD2-RC2-64"),
    ("1.2.840.113549.1.5.6", "PBE-MD5-RC2-64"),
    ("1.2.840.113549.1.5.10", "PBE-SHA1-DES"),
    ("1.2.840.113549.1.5.11", "PBE-SHA1-RC2-64"),
    ("1.2.840.113549.1.5.13", "PBES2"),
    ("1.2.840.113549.1.5.14", "PBMAC1"),
    ("1.2.840.113549.1.12.1.1", "PBE-SHA1-RC4-128"),
    ("1.2.840.113549.1.12.1.2", "PBE-SHA1-RC4-40"),
    ("1.2.840.113549.1.12.1.3", "PBE-SHA1-3DES"),
    ("1.2.840.113549.1.12.1.4", "PBE-SHA1-2DES"),
    ("1.2.840.113549.1.12.1.5", "PBE-SHA1-RC2-128"),
    ("1.2.840.113549.1.12.1.6", "PBE-SHA1-RC2-40"),
    ("1.2.840.113549.2.5", "MD5"),
    ("1.2.840.113549.2.7", "hmacWithSHA1"),
    ("1.2.840.113549.2.8", "hmacWithSHA224"),
    ("1.2.840.113549.2.9", "hmacWithSHA256"),
    ("1.2.840.113549.2.10", "hmacWithSHA384"),
    ("1.2.840.113549.2.11", "hmacWithSHA512"),
    ("1.2.840.113549.2.12", "hmacWithSHA512-224"),
    ("1.2.840.113549.2.13", "hmacWithSHA512-256"),
    ("1.2.840.113549.3.2", "RC2-CBC"),
    ("1.2.840.113549.3.7", "DES-EDE3-CBC"),
    ("1.3.14.3.2.7", "DES-CBC"),
    ("1.2.392.200011.61.1.1.1.2", "CAMELLIA-128-CBC"),
    ("1.2.392.200011.61.1.1.1.4", "CAMELLIA-256-CBC"),
    ("1.2.410.200046.1.1.12", "ARIA-256-CBC"),
    ("1.2.156.10197.1.104.2", "SM4-CBC"),
    ("1.3.6.1.4.1.11591.4.11", "scrypt"),
    ("1.3.6.1.4.1.42.2.19.1", "MD5 and triple DES of Java"),
];

/// The name of `oid`, in dotted form.
pub(crate) fn name_of(oid: &str) -> &'static str {
    let found = NAMES.iter().find(|(known, _)| *known == oid);
    found.map_or("an algorithm without a name here", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use handfast_pki::conceal::may_be_key;

    use super::*;

    #[test]
    fn no_name_is_taken_for_a_key_and_left_out() {
        for (oid, name) in NAMES {
            assert!(
                !may_be_key(&format!("it is locked with {name}, which is not read")),
                "{oid}"
            );
            assert_eq!(name_of(oid), name);
        }
    }
}
