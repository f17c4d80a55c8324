//! Answers of OCSP (RFC 6960) out of the records: to one request, or made in advance for every certificate that is valid.
//!
//! The CA signs them, or a signer that it has certified for that, so that its own key can stay away. There is no server
//! here: whoever speaks HTTP hands the request in and the answer out.

use handfast_pki::{
    Certificate, Code, PrivateKey, code,
    ocsp::{self, CertId, Plan, Refused, Request, Status},
    text::{hex, unhex},
};
use jiff::{SignedDuration, Timestamp};

use super::{Span, delegates::Delegate, line, root_issuer, span};
use crate::{
    approve,
    authority::Authority,
    error::{Error, Result},
    issuer::Issuer,
    must_be_reconciled,
    records::{Condition, Cursor, Event, IssuerIds, Query, Row, State},
    requester::Requester,
    sign,
    signer::FileKey,
};

/// How the answers are signed.
pub struct OcspAnswers<'a> {
    authority: &'a Authority,
    lifetime: SignedDuration,
    /// One that was named; else those of the folder are used.
    named: Option<Delegate>,
}

/// An answer that is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspAnswer {
    /// What is sent, DER.
    pub der: Vec<u8>,
    /// Why it says nothing about a certificate.
    pub refused: Option<Refused>,
    /// What it says, by serial number (hexadecimal digits).
    pub statuses: Vec<(String, Status)>,
}

impl Authority {
    /// Answers of OCSP that are good for `lifetime`.
    pub fn ocsp(&self, lifetime: SignedDuration) -> OcspAnswers<'_> {
        OcspAnswers {
            authority: self,
            lifetime,
            named: None,
        }
    }
}

impl OcspAnswers<'_> {
    /// The same, signed by `key` in the place of the CA that has issued the first certificate of `chain` for it.
    ///
    /// # Errors
    ///
    /// Where key and certificate are no pair, or no issuing CA of the authority has certified it for OCSP.
    pub fn signed_by(mut self, chain: &[Certificate], key: PrivateKey, now: Timestamp) -> Result<Self> {
        let certificate = chain.first().ok_or(handfast_pki::Error::Unexpected {
            expected: "a certificate for signing OCSP answers",
            found: "none".into(),
        })?;
        key.must_match(certificate)?;
        let mut why: Option<(Code, String)> = None;
        for issuer in self.authority.issuers() {
            let Some(ca) = issuer.certificate() else { continue };
            match ocsp::may_answer_for(certificate, ca, now) {
                Ok(()) => {
                    self.named = Some(Delegate {
                        certificate: certificate.clone(),
                        signer: Box::new(FileKey::new(key)),
                    });
                    return Ok(self);
                }
                // What the CA says that has issued it counts more than that others have not.
                Err(because) if because.0 != code::UNKNOWN_ISSUER => why = Some(because),
                Err(because) => why = why.or(Some(because)),
            }
        }
        let (code, detail) = why.unwrap_or_else(|| (code::NO_SUCH_CA, "there is no CA that signs".into()));
        Err(Error::Unusable {
            what: "the signer of OCSP answers",
            detail,
            code,
            help: Some("make one, which is used without being named: handfast ca issuer ocsp-signer"),
        })
    }

    /// The answer to `request`, DER. What cannot be answered is refused with the status that OCSP has for it.
    pub fn answer(&self, request: &[u8], now: Timestamp) -> Result<OcspAnswer> {
        must_be_reconciled(self.authority.store())?;
        let request = match Request::from_der(request) {
            Ok(request) => request,
            Err(refused) => return Ok(OcspAnswer::refused(refused)),
        };
        let asked = |issuer: &Issuer| {
            let ca = issuer.certificate();
            ca.is_some_and(|ca| request.asked.iter().any(|id| id.is_of(ca)))
        };
        let issuers = self.authority.issuers().iter();
        if let Some(issuer) = issuers.into_iter().find(|issuer| asked(issuer)) {
            return self.with_delegate(issuer, now, |delegate| {
                self.of(issuer, delegate, request.asked, request.nonce.as_deref(), now)
            });
        }
        // Of the CAs above only the root has a key here, at times.
        if let Some(root) = self.authority.root()
            && let Some(issuer) = root_issuer(self.authority, root)?
            && asked(&issuer)
        {
            return self.of(&issuer, None, request.asked, request.nonce.as_deref(), now);
        }
        Ok(OcspAnswer::refused(Refused::Unauthorized))
    }

    /// An answer without nonce for every certificate of the issuing CAs that is valid or revoked and has not expired, to
    /// be handed out until the next ones are made. `each` gets the serial number and the answer. Out: how many.
    pub fn each(
        &self,
        requester: &Requester,
        now: Timestamp,
        each: &mut dyn FnMut(&str, &OcspAnswer) -> Result<()>,
    ) -> Result<usize> {
        approve::publication(requester)?;
        must_be_reconciled(self.authority.store())?;
        let mut count = 0;
        for issuer in self.authority.issuers() {
            count += self.with_delegate(issuer, now, |delegate| self.each_of(issuer, delegate, now, each))?;
        }
        let detail = format!("{count} OCSP answers, good for {:#}", self.lifetime);
        let entry = line(Event::Answered, detail, requester, now);
        self.authority.store().journal(&[entry])?;
        Ok(count)
    }

    fn each_of(
        &self,
        issuer: &Issuer,
        delegate: Option<&Delegate>,
        now: Timestamp,
        each: &mut dyn FnMut(&str, &OcspAnswer) -> Result<()>,
    ) -> Result<usize> {
        let Some(ca) = issuer.certificate() else {
            return Ok(0);
        };
        let mut count = 0;
        for condition in [Condition::Valid(now), Condition::Revoked] {
            let mut after: Option<Cursor> = None;
            loop {
                let page = self.authority.find(&Query {
                    condition: Some(condition),
                    issuer: Some(issuer.id()),
                    limit: Some(PAGE),
                    after,
                    ..Query::default()
                })?;
                for row in page.rows.iter().filter(|row| row.not_after >= now) {
                    let Some(octets) = unhex(&row.serial) else {
                        continue;
                    };
                    let id = CertId::of(ca, &octets);
                    each(&row.serial, &self.of(issuer, delegate, vec![id], None, now)?)?;
                    count += 1;
                }
                let Some(next) = page.next else { break };
                after = Some(next);
            }
        }
        Ok(count)
    }

    /// Calls `then` with who signs for `issuer` in its place: the one that was named, or one of the folder. A delegate of
    /// one CA says nothing for another.
    fn with_delegate<T>(
        &self,
        issuer: &Issuer,
        now: Timestamp,
        then: impl FnOnce(Option<&Delegate>) -> Result<T>,
    ) -> Result<T> {
        let Some(ca) = issuer.certificate() else {
            return then(None);
        };
        if let Some(named) = &self.named {
            let is_good = ocsp::may_answer_for(&named.certificate, ca, now).is_ok();
            return then(is_good.then_some(named));
        }
        then(self.authority.delegate_of(ca, now)?.as_ref())
    }

    fn of(
        &self,
        issuer: &Issuer,
        delegate: Option<&Delegate>,
        asked: Vec<CertId>,
        nonce: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<OcspAnswer> {
        let Some(ca) = issuer.certificate() else {
            return Ok(OcspAnswer::refused(Refused::Internal));
        };
        let signer = delegate.map_or(ca, |delegate| &delegate.certificate);
        let mut answers = Vec::new();
        for id in asked {
            let status = if id.is_of(ca) {
                self.status(ca, &id, now)?
            } else {
                Status::Unknown
            };
            answers.push((id, status));
        }
        let Span {
            this_update,
            next_update,
        } = span(issuer, self.lifetime, now);
        let plan = Plan {
            signer,
            this_update,
            next_update: next_update.min(signer.not_after()),
            nonce,
        };
        let tbs = ocsp::to_be_signed(&plan, &answers)?;
        let der = match delegate {
            None => sign::answer(&tbs, issuer)?,
            Some(Delegate { certificate, signer }) => sign::answer_of_delegate(&tbs, &**signer, certificate)?,
        };
        let statuses = answers.into_iter().map(|(id, status)| (hex(id.serial()), status));
        Ok(OcspAnswer {
            der,
            refused: None,
            statuses: statuses.collect(),
        })
    }

    /// What the records say of a certificate of `ca`. One that was never handed out is unknown.
    fn status(&self, ca: &Certificate, id: &CertId, now: Timestamp) -> Result<Status> {
        let ids = IssuerIds::of(ca);
        let row = self
            .authority
            .find_serial(&handfast_pki::serial::shown(id.serial()))?;
        let is_of = |row: &Row| {
            let issuer = row.issuer.as_ref();
            issuer.is_none_or(|issuer| *issuer == ids.key || *issuer == ids.written)
        };
        Ok(match row.filter(is_of) {
            Some(Row {
                revoked: Some(revoked),
                ..
            }) => Status::Revoked {
                // Not in the future, where a clock was ahead.
                at: revoked.at.min(now),
                reason: revoked.reason.in_lists(),
            },
            Some(row) if row.state == State::Issued => Status::Good,
            _ => Status::Unknown,
        })
    }
}

/// How many rows are read at a time.
const PAGE: u32 = 1000;

impl OcspAnswer {
    fn refused(refused: Refused) -> Self {
        Self {
            der: ocsp::refusal(refused),
            refused: Some(refused),
            statuses: Vec::new(),
        }
    }
}
