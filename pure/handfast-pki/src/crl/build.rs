//! From the revoked serial numbers to the exact bytes of a CRL that a CA signs (RFC 5280 section 5), and from the
//! signature to the list.
//!
//! There is one buffer. Entries of about 37 bytes are added to it one at a time; what stands before and behind them is
//! written around them in the end, into room that was left. So a list of a million needs little more memory than its own
//! bytes.

use const_oid::{AssociatedOid, db::rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT};
use der::{
    Encode, Length, Sequence,
    asn1::{Int, OctetString, Uint},
};
use jiff::Timestamp;
use spki::AlgorithmIdentifierOwned;
use x509_cert::{
    ext::{
        Extension,
        pkix::{AuthorityKeyIdentifier, CrlNumber},
    },
    time::Time,
};

/// Why a certificate was revoked (RFC 5280 section 5.3.1).
pub use x509_cert::ext::pkix::CrlReason;

use crate::{
    Error, Result,
    asn1::{self, constructed, context},
    build, text,
};

/// Everything that a CRL says about itself.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// Who signs, with the key identifier that stands in the list.
    pub issuer: &'a build::Issuer,
    /// Counted up by one with every list of an issuer (RFC 5280 section 5.2.3).
    pub number: u64,
    /// When it is issued, to the second.
    pub this_update: Timestamp,
    /// Until when the next one is promised, to the second.
    pub next_update: Timestamp,
    /// The distribution point of a list that is about a part of the certificates (RFC 5280 section 5.2.5): those that
    /// name the same address. `None`: it is about all.
    pub point: Option<&'a str>,
}

/// A list that is being filled.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    plan: &'a Plan<'a>,
    /// What stands before the entries, without the headers around it.
    head: Vec<u8>,
    buffer: Buffer,
}

/// A list as it will be signed.
#[derive(Debug, Clone)]
pub struct ListToSign(Buffer);

/// Bytes with room in front of them.
#[derive(Debug, Clone)]
struct Buffer {
    bytes: Vec<u8>,
    /// Where they begin.
    start: usize,
}

/// One revoked certificate (RFC 5280 section 5.1.2.6).
#[derive(Sequence)]
struct Entry {
    serial: Int,
    at: Time,
    #[asn1(optional = "true")]
    extensions: Option<Vec<Extension>>,
}

/// The longest tag and length that are written.
const LONGEST_HEADER: usize = 6;

impl<'a> Draft<'a> {
    /// An empty list.
    ///
    /// # Errors
    ///
    /// Where a time cannot stand in a list.
    pub fn new(plan: &'a Plan<'a>) -> Result<Self> {
        let mut head = Vec::new();
        let mut add = |part: &dyn Fn(&mut Vec<u8>) -> der::Result<Length>| {
            part(&mut head).map_err(impossible).map(drop)
        };
        // Version 2 is written as 1.
        add(&|out| 1_u8.encode_to_vec(out))?;
        add(&|out| plan.issuer.algorithm.encode_to_vec(out))?;
        add(&|out| plan.issuer.subject.encode_to_vec(out))?;
        let (this, next) = (build::time(plan.this_update)?, build::time(plan.next_update)?);
        add(&|out| this.encode_to_vec(out))?;
        add(&|out| next.encode_to_vec(out))?;
        // The headers of the list, of its contents and of the entries.
        let start = head.len() + 3 * LONGEST_HEADER;
        let bytes = vec![0; start];
        Ok(Self {
            plan,
            head,
            buffer: Buffer { bytes, start },
        })
    }

    /// Adds the certificate with `serial` (hexadecimal digits), revoked `at`. `reason` is left out for `unspecified`,
    /// as RFC 5280 section 5.3.1 asks for.
    ///
    /// # Errors
    ///
    /// [`Error::BadValue`] where `serial` is none of a certificate.
    pub fn add(&mut self, serial: &str, at: Timestamp, reason: CrlReason) -> Result<()> {
        let extensions = match reason {
            CrlReason::Unspecified => None,
            reason => Some(vec![extension(false, &reason)?]),
        };
        let bad = || Error::BadValue {
            found: text::printable(serial),
            expected: "a serial number in hexadecimal digits",
        };
        let octets = text::unhex(serial)
            .filter(|octets| !octets.is_empty())
            .ok_or_else(bad)?;
        let entry = Entry {
            serial: Int::new(&octets).map_err(|_| bad())?,
            at: build::time(at)?,
            extensions,
        };
        entry.encode_to_vec(&mut self.buffer.bytes).map_err(impossible)?;
        Ok(())
    }

    /// The to-be-signed bytes.
    ///
    /// # Errors
    ///
    /// Where they are longer than DER of ours can be (256 MB).
    pub fn finish(self) -> Result<ListToSign> {
        let Self {
            plan,
            head,
            mut buffer,
        } = self;
        // A list without entries leaves them out (RFC 5280 section 5.1.2.6).
        if !buffer.as_bytes().is_empty() {
            buffer.wrap()?;
        }
        buffer.put_before(&head);
        let extensions = extensions(plan)?.to_der().map_err(impossible)?;
        buffer.bytes.extend(asn1::wrap(constructed(0), &extensions));
        buffer.wrap()?;
        Ok(ListToSign(buffer))
    }
}

impl ListToSign {
    /// TBSCertList (RFC 5280 section 5.1), DER.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The list with its `signature`, DER.
    ///
    /// # Errors
    ///
    /// Where it is longer than DER of ours can be.
    pub fn assemble(self, algorithm: &AlgorithmIdentifierOwned, signature: &[u8]) -> Result<Vec<u8>> {
        let Self(mut buffer) = self;
        algorithm.encode_to_vec(&mut buffer.bytes).map_err(impossible)?;
        let bits = [&[0], signature].concat();
        buffer.bytes.extend(asn1::wrap(asn1::BIT_STRING, &bits));
        buffer.wrap()?;
        buffer.bytes.drain(..buffer.start);
        Ok(buffer.bytes)
    }
}

impl Buffer {
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// Makes one SEQUENCE of what is there.
    fn wrap(&mut self) -> Result<()> {
        let header = asn1::header(asn1::SEQUENCE, self.as_bytes().len()).map_err(impossible)?;
        self.put_before(&header);
        Ok(())
    }

    /// There is room for three headers and for what stands before the entries, and no more is put there.
    fn put_before(&mut self, part: &[u8]) {
        let start = self.start - part.len();
        self.bytes[start..self.start].copy_from_slice(part);
        self.start = start;
    }
}

fn extensions(plan: &Plan<'_>) -> Result<Vec<Extension>> {
    let key_id = OctetString::new(plan.issuer.key_id.clone()).map_err(impossible)?;
    let authority = AuthorityKeyIdentifier {
        key_identifier: Some(key_id),
        authority_cert_issuer: None,
        authority_cert_serial_number: None,
    };
    let number = Uint::new(&plan.number.to_be_bytes()).map_err(impossible)?;
    let mut extensions = vec![
        extension(false, &authority)?,
        extension(false, &CrlNumber(number))?,
    ];
    if let Some(point) = plan.point {
        // DistributionPointName, fullName, uniformResourceIdentifier.
        let name = asn1::wrap(context(6), point.as_bytes());
        let place = asn1::wrap(constructed(0), &asn1::wrap(constructed(0), &name));
        extensions.push(Extension {
            extn_id: ID_CE_ISSUING_DISTRIBUTION_POINT,
            critical: true,
            extn_value: OctetString::new(asn1::wrap(asn1::SEQUENCE, &place)).map_err(impossible)?,
        });
    }
    Ok(extensions)
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Result<Extension> {
    build::extension(critical, value)
}

/// All parts were checked when they were made; what still fails is longer than DER of ours can be.
fn impossible(error: der::Error) -> Error {
    Error::Malformed {
        what: "revocation list under construction",
        detail: error.into(),
    }
}
