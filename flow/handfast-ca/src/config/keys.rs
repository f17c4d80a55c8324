//! The keys of `ca.toml`, each in one entry. What they mean is for [`super::resolve`].

use handfast_settings::{Choice, Named, NoneOrMore, Period, Text, Within, Without, table};

/// What a qualified certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QcType {
    /// Websites.
    Website,
    /// Electronic seals.
    Seal,
}

impl Choice for QcType {
    const WORDS: &'static [&'static str] = &["website", "seal"];

    fn of(word: &str) -> Option<Self> {
        match word {
            "website" => Some(Self::Website),
            "seal" => Some(Self::Seal),
            _ => None,
        }
    }
}

table! {
    /// The file as it is written.
    pub struct RawFile {
        profile: Vec<Named<RawProfile>> = "profile" {
            flag: None,
            reference: "a table for each profile, `[profile.NAME]`, see below",
            without: Without::Is("the built-in profiles"),
        }
    }
}

table! {
    /// A profile as it is written, in the table `[profile.NAME]`.
    pub struct RawProfile {
        like: Option<Text> = "like" {
            flag: None,
            reference: "the built-in profile whose rules hold where this table says nothing: `server`, `client`, `peer`, `spiffe`, `device`, `psd2`, `intermediate` or `root`",
            without: Without::Is("the built-in profile of the same name; a new one needs it"),
        }
        name_types: Option<Vec<Text>> = "name-types" {
            flag: None,
            reference: "the types of names that a certificate has: `dns`, `ip`, `uri`, `email`",
            without: Without::Is("those of `like`"),
        }
        names: Option<Vec<Text>> = "names" {
            flag: None,
            reference: "patterns, written as in rules of the proxy (`dns:**.acme.example`, `uri:spiffe://acme/**`, `ip:10.0.0.0/8`, `email:*@acme.example`); each name has to fit one. The common name has to be one of the certificate's names, or fit `cn:NAME` here",
            without: Without::Is("every name of these types"),
        }
        max_names: Option<Within<1, 1000>> = "max-names" {
            flag: None,
            reference: "the most names of one certificate",
            without: Without::Is("100; 1 for `spiffe`"),
        }
        lifetime: Option<Period> = "lifetime" {
            flag: None,
            reference: "how long a certificate is valid when the request does not say; never less than a minute, whatever the request says",
            without: Without::Is("`\"90d\"`; `\"1h\"` for `spiffe`, `\"365d\"` for `device`"),
        }
        max_lifetime: Option<Period> = "max-lifetime" {
            flag: None,
            reference: "the longest that a request can ask for; nothing outlives its issuer in any case",
            without: Without::Is("no limit; `\"7d\"` for `spiffe`, `\"1100d\"` for `device`, `\"398d\"` for `psd2`"),
        }
        keys: Option<Vec<Text>> = "keys" {
            flag: None,
            reference: "the kinds of keys that are certified: `p256`, `p384`, `p521`, `ed25519`, `mldsa44`, `mldsa65`, `mldsa87`, and `rsa2048`, `rsa3072` ... for RSA of at least so many bits",
            without: Without::Is("all that are strong enough"),
        }
        key_usage: Option<Vec<Text>> = "key-usage" {
            flag: None,
            reference: "`digitalSignature`, `contentCommitment`, `keyEncipherment`, `dataEncipherment`, `keyAgreement`; for leaves",
            without: Without::Is("`digitalSignature`"),
        }
        extended_key_usage: Option<NoneOrMore> = "extended-key-usage" {
            flag: None,
            reference: "`serverAuth`, `clientAuth`, `codeSigning`, `emailProtection`, `timeStamping`, `documentSigning`, `ipsecIKE`, or an object identifier; empty for none",
            without: Without::Is("those of `like`"),
        }
        subject: Option<NoneOrMore> = "subject" {
            flag: None,
            reference: "the attributes of the subject: `O=Acme` stands there always, `O` has to be asked for, `O?` may be, and what is not listed must not. Attributes: `C`, `ST`, `L`, `postalCode`, `STREET`, `jurisdictionC`, `jurisdictionST`, `jurisdictionL`, `businessCategory`, `O`, `organizationIdentifier`, `OU`, `title`, `GN`, `SN`, `serialNumber`, `UID`, `CN`; empty for none",
            without: Without::Is("whatever is asked for"),
        }
        policies: Option<Vec<Text>> = "policies" {
            flag: None,
            reference: "certificate policies: object identifiers, each with the address of its practice statement behind a blank where there is one",
            without: Without::Is("none"),
        }
        crl: Option<Vec<Text>> = "crl" {
            flag: None,
            reference: "addresses of the complete revocation list (`http://`), for the CRL distribution point",
            without: Without::Is("none"),
        }
        crl_shards: Option<Text> = "crl-shards" {
            flag: None,
            reference: "the address of a folder with parts of the revocation list (`http://`), one for 65,536 certificates each, as `ca crl --shards` writes them: the CRL distribution point is `ADDRESS/CA/SHARD.crl`; the same in all profiles",
            without: Without::Is("none; read [about lists in parts](../ca.md#revocation-lists-crl) first"),
        }
        ca_issuers: Option<Vec<Text>> = "ca-issuers" {
            flag: None,
            reference: "addresses of the issuer's certificate (`http://`), for the authority information access",
            without: Without::Is("none"),
        }
        ocsp: Option<Vec<Text>> = "ocsp" {
            flag: None,
            reference: "addresses of OCSP responders (`http://`), for the authority information access",
            without: Without::Is("none"),
        }
        no_rev_avail: Option<bool> = "no-rev-avail" {
            flag: None,
            reference: "`true` says in the certificate that nothing will be known of its revocation (RFC 9608); with a `max-lifetime` of at most 10 days, and without `crl` and `ocsp`",
            without: Without::Is("`false`"),
        }
        permitted: Option<Vec<Text>> = "permitted" {
            flag: None,
            reference: "name constraints of a CA: it may sign these names alone, `dns:acme.example` with all below it, `email:acme.example`, `ip:10.0.0.0/8`",
            without: Without::Is("every name"),
        }
        excluded: Option<Vec<Text>> = "excluded" {
            flag: None,
            reference: "name constraints of a CA: it may not sign these",
            without: Without::Is("none"),
        }
        path_length: Option<Within<0, 10>> = "path-length" {
            flag: None,
            reference: "how many CAs may stand between a CA and a leaf",
            without: Without::Is("that of `like`"),
        }
        renewable: Option<bool> = "renewable" {
            flag: None,
            reference: "`false`: `handfast renew` refuses its certificates",
            without: Without::Is("`true`"),
        }
        renew_after_expiry: Option<Period> = "renew-after-expiry" {
            flag: None,
            reference: "how long after it has expired a certificate can still be renewed",
            without: Without::Is("not at all"),
        }
        requesters: Option<Vec<Text>> = "requesters" {
            flag: None,
            reference: "who may ask: `owner` (every user who can read the CA's key), `operator`, `token`, `acme`, `est`, and `user:NAME` for these users of the machine alone",
            without: Without::Is("`owner` and `operator`; `owner` for CAs"),
        }
        approver: Option<Vec<Text>> = "approver" {
            flag: None,
            reference: "who approves each request before it is signed, and never who made it: `another` for anybody else, or names of users",
            without: Without::Is("no approval"),
        }
        qc_type: Option<QcType> = "qc-type" {
            flag: None,
            reference: "a qualified certificate (ETSI EN 319 412-5): `\"website\"` for a QWAC, `\"seal\"` for a QSealC",
            without: Without::Is("not qualified; `\"website\"` for `psd2`"),
        }
        qc_disclosures: Option<Vec<Text>> = "qc-disclosures" {
            flag: None,
            reference: "where the terms lie: a language and an address, such as `en https://pki.acme.example/pds.pdf`",
            without: Without::Is("none"),
        }
        psd2_roles: Option<Vec<Text>> = "psd2-roles" {
            flag: None,
            reference: "the roles that a payment service provider may have: `PSP_AS`, `PSP_PI`, `PSP_AI`, `PSP_IC` (ETSI TS 119 495)",
            without: Without::Is("all four"),
        }
        nca_name: Option<Text> = "nca-name" {
            flag: None,
            reference: "the name of the national competent authority, in ASCII; with `nca-id`",
            without: Without::Is("error, for `psd2`"),
        }
        nca_id: Option<Text> = "nca-id" {
            flag: None,
            reference: "its identifier, such as `DE-BAFIN`",
            without: Without::Is("error, for `psd2`"),
        }
    }
}
