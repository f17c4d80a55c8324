//! From DER to lists that are verified and indexed.

use const_oid::{
    ObjectIdentifier,
    db::rfc5280::{
        ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CRL_NUMBER, ID_CE_CRL_REASONS, ID_CE_DELTA_CRL_INDICATOR,
        ID_CE_FRESHEST_CRL, ID_CE_INVALIDITY_DATE, ID_CE_ISSUER_ALT_NAME, ID_CE_ISSUING_DISTRIBUTION_POINT,
        ID_PE_AUTHORITY_INFO_ACCESS,
    },
};
use jiff::{SignedDuration, Timestamp};

use super::{CrlIndex, ListError, Scope, VerifiedList};
use crate::{
    Certificate,
    asn1::{self, Flaw, Value, Values, constructed, context},
    extensions::Extension,
    general::GeneralName,
    name::{self, Name},
    revocation::{Stale, serials::Serials},
    serial,
    time::timestamp,
};

/// How far the clock of the CA may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

impl CrlIndex {
    /// Reads and verifies `lists` (DER). `issuers` are the certificates whose keys may have signed them: those that are
    /// trusted, and those between; that one is here makes nobody trusted.
    ///
    /// # Errors
    ///
    /// One list that is not right is enough for all to be refused.
    pub fn read<'a>(
        lists: impl IntoIterator<Item = &'a [u8]>,
        issuers: &[Certificate],
        now: Timestamp,
    ) -> Result<Self, ListError> {
        Self::read_by(lists, issuers, now, Stale::Refuse)
    }

    /// The same; what is to be kept beyond its end may have ended already.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn read_by<'a>(
        lists: impl IntoIterator<Item = &'a [u8]>,
        issuers: &[Certificate],
        now: Timestamp,
        stale: Stale,
    ) -> Result<Self, ListError> {
        let verified = lists.into_iter().map(|der| verified(der, issuers, now, stale));
        verified.collect::<Result<_, _>>().map(Self)
    }
}

/// A list as it stands.
struct Parts<'a> {
    tbs: Value<'a>,
    algorithm: Value<'a>,
    signature: &'a [u8],
    issuer: Name,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    revoked: Values<'a>,
    extensions: Vec<Extension>,
}

fn verified(
    der: &[u8],
    issuers: &[Certificate],
    now: Timestamp,
    stale: Stale,
) -> Result<VerifiedList, ListError> {
    let parts = Parts::read(der)?;
    let issuer = parts.signer(issuers)?;
    parts.list(now, stale).map(|list| VerifiedList {
        key: issuer.public_key(),
        issuer: issuer.clone(),
        scope: list.scope,
        number: list.number,
        this_update: list.this_update,
        next_update: list.next_update,
        revoked: list.revoked,
    })
}

/// A list that could be used if its issuer had signed it, which is not known.
pub(crate) struct UnverifiedList {
    pub(crate) number: Option<String>,
    pub(crate) this_update: Timestamp,
    pub(crate) next_update: Timestamp,
    scope: Scope,
    revoked: Serials,
}

impl UnverifiedList {
    /// All that can be judged without the certificate of its issuer.
    pub(crate) fn read(der: &[u8], now: Timestamp, stale: Stale) -> Result<Self, ListError> {
        Parts::read(der)?.list(now, stale)
    }
}

impl<'a> Parts<'a> {
    fn read(der: &'a [u8]) -> Result<Self, Flaw> {
        let mut outer = Value::only(der, asn1::SEQUENCE, "outer form")?.values();
        let tbs = outer.expect(asn1::SEQUENCE, "contents")?;
        let algorithm = outer.expect(asn1::SEQUENCE, "signature algorithm")?;
        let signature = outer.expect(asn1::BIT_STRING, "signature")?;
        outer.end("outer form")?;
        let mut list = tbs.values();
        let is_second = match list.optional(asn1::INTEGER).map(|version| version.content) {
            None => false,
            Some([1]) => true,
            Some(_) => return Err(Flaw("version")),
        };
        if list.expect(asn1::SEQUENCE, "signature algorithm")?.whole != algorithm.whole {
            return Err(Flaw("signature algorithm"));
        }
        let issuer = list.expect(asn1::SEQUENCE, "issuer")?;
        let this_update = timestamp(list.next().unwrap_or(Err(Flaw("time")))?)?;
        let next_update = [UTC_TIME, GENERALIZED_TIME]
            .into_iter()
            .find_map(|tag| list.optional(tag));
        let revoked = list.optional(asn1::SEQUENCE);
        let explicit = list.optional(constructed(0));
        list.end("contents")?;
        Ok(Self {
            tbs,
            algorithm,
            signature: signature.bits().ok_or(Flaw("signature"))?,
            issuer: Name::from_content(issuer.content)?,
            this_update,
            next_update: next_update.map(timestamp).transpose()?,
            revoked: revoked.map_or(Values(&[]), Value::values),
            extensions: match explicit {
                None => Vec::new(),
                Some(_) if !is_second => return Err(Flaw("version")),
                Some(explicit) => extensions(explicit)?,
            },
        })
    }

    fn unsupported(&self, detail: &str) -> ListError {
        ListError::Unsupported {
            issuer: name::shown(&self.issuer),
            detail: detail.to_owned(),
        }
    }

    /// The certificate of `issuers` whose key has signed the list.
    fn signer<'c>(&self, issuers: &'c [Certificate]) -> Result<&'c Certificate, ListError> {
        let issuer = || name::shown(&self.issuer);
        let not = |detail: String| ListError::NotSigned {
            issuer: issuer(),
            detail,
        };
        let mut reason = None;
        for certificate in issuers.iter().filter(|one| *one.subject() == self.issuer) {
            let key = certificate.public_key();
            match key.made(self.algorithm.whole, self.tbs.whole, self.signature) {
                Ok(true) if may_sign_lists(certificate) => return Ok(certificate),
                Ok(true) => reason = Some("its key usage leaves cRLSign out".into()),
                Ok(false) => {
                    reason.get_or_insert_with(|| "the signature was not made by its key".into());
                }
                Err(because) => {
                    reason.get_or_insert(because);
                }
            }
        }
        Err(reason.map_or_else(|| ListError::UnknownIssuer { issuer: issuer() }, not))
    }

    fn dates(&self, now: Timestamp, stale: Stale) -> Result<(Timestamp, Timestamp), ListError> {
        let issuer = || name::shown(&self.issuer);
        if self.this_update.duration_since(now) > SKEW {
            return Err(ListError::FromTheFuture {
                issuer: issuer(),
                this_update: self.this_update,
                now,
            });
        }
        let next_update = self
            .next_update
            .ok_or_else(|| self.unsupported("it does not say when the next one is due"))?;
        if now > next_update && stale == Stale::Refuse {
            return Err(ListError::Expired {
                issuer: issuer(),
                next_update,
                now,
            });
        }
        Ok((self.this_update, next_update))
    }

    /// Everything but who signed it.
    fn list(&self, now: Timestamp, stale: Stale) -> Result<UnverifiedList, ListError> {
        let (this_update, next_update) = self.dates(now, stale)?;
        let revoked = self.revoked;
        let serials = revoked.map(entry);
        Ok(UnverifiedList {
            scope: self.scope()?,
            number: self.number()?,
            this_update,
            next_update,
            revoked: Serials::collect(revoked.count(), serials).map_err(|flaw| match flaw {
                UNKNOWN_IN_ENTRY => {
                    self.unsupported("an entry has a critical extension that is not understood")
                }
                flaw => flaw.into(),
            })?,
        })
    }

    /// Which certificates it is about; nothing that is critical stays unknown.
    fn scope(&self) -> Result<Scope, ListError> {
        const UNDERSTOOD: [ObjectIdentifier; 6] = [
            ID_CE_AUTHORITY_KEY_IDENTIFIER,
            ID_CE_CRL_NUMBER,
            ID_CE_ISSUING_DISTRIBUTION_POINT,
            ID_CE_ISSUER_ALT_NAME,
            ID_CE_FRESHEST_CRL,
            ID_PE_AUTHORITY_INFO_ACCESS,
        ];
        for extension in &self.extensions {
            if extension.id == ID_CE_DELTA_CRL_INDICATOR {
                return Err(self.unsupported("it is a delta list, which says only what has changed"));
            }
            if extension.critical && !UNDERSTOOD.iter().any(|known| extension.id == *known) {
                let found = extension.id.called();
                return Err(self.unsupported(&format!("its critical extension {found} is not understood")));
            }
        }
        match self.find(ID_CE_ISSUING_DISTRIBUTION_POINT) {
            None => Ok(Scope::default()),
            Some(point) => Scope::read(&point.value)?.ok_or_else(|| {
                self.unsupported("it is about some reasons, other issuers, or no certificates")
            }),
        }
    }

    fn number(&self) -> Result<Option<String>, Flaw> {
        let Some(number) = self.find(ID_CE_CRL_NUMBER) else {
            return Ok(None);
        };
        let number = Value::only(&number.value, asn1::INTEGER, "number")?;
        Ok(Some(serial::shown(number.content)))
    }

    fn find(&self, id: ObjectIdentifier) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.id == id)
    }
}

/// Whether lists that this CA has signed count (RFC 5280 section 6.3.3 (f)).
fn may_sign_lists(certificate: &Certificate) -> bool {
    certificate.key_usage().is_none_or(|usage| usage.crl_sign())
        && !certificate.is_unreadable::<crate::extensions::KeyUsage>()
}

/// Each at most once (RFC 5280 section 5.2 with 4.2).
fn extensions(explicit: Value<'_>) -> Result<Vec<Extension>, Flaw> {
    let list = Value::only(explicit.content, asn1::SEQUENCE, "extensions")?.values();
    let extensions: Vec<Extension> = list
        .map(|extension| Extension::read(extension?))
        .collect::<Result<_, _>>()?;
    let twice = extensions
        .iter()
        .enumerate()
        .any(|(place, one)| extensions.iter().skip(place + 1).any(|other| other.id == one.id));
    if twice {
        Err(Flaw("extensions"))
    } else {
        Ok(extensions)
    }
}

impl Scope {
    /// Nothing where it is of a kind that is not used: for some reasons, of other issuers, about attribute certificates.
    fn read(der: &[u8]) -> Result<Option<Self>, Flaw> {
        const WHAT: &str = "issuing distribution point";
        let mut parts = Value::only(der, asn1::SEQUENCE, WHAT)?.values();
        let place = parts.optional(constructed(0));
        let mut flag = |number| match parts.optional(context(number)).map(|flag| flag.content) {
            None | Some([0]) => Ok(false),
            Some([0xff]) => Ok(true),
            Some(_) => Err(Flaw(WHAT)),
        };
        let (users, cas) = (flag(1)?, flag(2)?);
        let reasons = parts.optional(context(3)).is_some();
        let mut flag = |number| match parts.optional(context(number)).map(|flag| flag.content) {
            None | Some([0]) => Ok(false),
            Some([0xff]) => Ok(true),
            Some(_) => Err(Flaw(WHAT)),
        };
        let (indirect, attributes) = (flag(4)?, flag(5)?);
        parts.end(WHAT)?;
        let points = match place {
            None => None,
            Some(place) => {
                let mut inside = place.values();
                let Some(full) = inside.optional(constructed(0)) else {
                    return Ok(None);
                };
                inside.end(WHAT)?;
                Some(GeneralName::all(full.values())?)
            }
        };
        let is_used = !(reasons || indirect || attributes || users && cas);
        Ok(is_used.then_some(Self { points, users, cas }))
    }
}

/// Said of an entry, whose list is then of no use (RFC 5280 section 5.3).
const UNKNOWN_IN_ENTRY: Flaw = Flaw("critical extension of an entry");

/// The serial number of an entry. Its date and reason change nothing: what a list names is revoked.
fn entry(value: Result<Value<'_>, Flaw>) -> Result<&[u8], Flaw> {
    const WHAT: &str = "entries";
    let mut parts = value?.values();
    let serial = parts.expect(asn1::INTEGER, WHAT)?;
    let at = parts.next().ok_or(Flaw(WHAT))??;
    if at.tag != UTC_TIME && at.tag != GENERALIZED_TIME {
        return Err(Flaw(WHAT));
    }
    if let Some(extensions) = parts.optional(asn1::SEQUENCE) {
        for extension in extensions.values() {
            let mut fields = extension?.values();
            let id = fields.expect(asn1::OBJECT_IDENTIFIER, WHAT)?.content;
            let is_critical = fields
                .optional(asn1::BOOLEAN)
                .is_some_and(|flag| flag.content != [0]);
            let known = [ID_CE_CRL_REASONS, ID_CE_INVALIDITY_DATE];
            if is_critical && !known.iter().any(|known| known.as_bytes() == id) {
                return Err(UNKNOWN_IN_ENTRY);
            }
        }
    }
    parts.end(WHAT)?;
    Ok(serial.content)
}

impl From<Flaw> for ListError {
    fn from(flaw: Flaw) -> Self {
        Self::Malformed { detail: flaw.into() }
    }
}
