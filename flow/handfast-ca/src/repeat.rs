//! Repeat: a request that is sent again, because its answer was lost on the way, gets the certificate of the first.
//!
//! The requester gives each request a key of its own choice. A certificate is kept together with that key, in one
//! transaction, so that there is an answer to be repeated or none. The same key with another request is refused.

use handfast_pki::{Certificate, Error as PkiError, Fingerprint, text::printable};
use jiff::Timestamp;

use crate::{
    authority::Authority,
    error::{Error, Result},
    receive::{self, CertRequest, Received, Submitted},
    record::{self, Issued},
    records::{Repeatable, StoreError},
    requester::Requester,
    waiting::WhichHeld,
    walk,
};

/// What a requester calls a request, so that it can be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// 1 to 128 visible ASCII characters.
    ///
    /// # Errors
    ///
    /// [`PkiError::BadValue`] for everything else.
    pub fn new(text: &str) -> Result<Self, PkiError> {
        if (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        Err(PkiError::BadValue {
            found: printable(text),
            expected: "an idempotency key of 1 to 128 visible ASCII characters",
        })
    }
}

impl Authority {
    /// Issues one leaf certificate, or gives out again the one that the same request of `requester` with the same `key`
    /// has got.
    ///
    /// # Errors
    ///
    /// As [`Authority::issue`]; [`Error::KeyReused`] where the key stands for another request, and [`Error::NotRepeated`]
    /// where its certificate is not valid any more.
    pub fn issue_once(
        &self,
        requester: Requester,
        key: &IdempotencyKey,
        request: CertRequest,
        now: Timestamp,
    ) -> Result<Issued> {
        let mut received = receive::leaf(request);
        let mut repeatable = None;
        if let Ok(received) = &mut received {
            let one = Repeatable {
                requester: requester.to_string(),
                key: key.0.clone(),
                asked: digest(received),
            };
            if let Some(issued) = self.answered(&one, &received.ignored, now)? {
                return Ok(issued);
            }
            self.must_not_wait(&one)?;
            received.repeatable = Some(one.clone());
            repeatable = Some((one, received.ignored.clone()));
        }
        self.note_configuration(now)?;
        let answers = walk(vec![Submitted { requester, received }], self.context(now));
        match (answers, repeatable) {
            // Somebody was faster with the same request; what was signed here is handed out to no one.
            (Err(Error::Store(StoreError::AnsweredAlready)), Some((one, ignored))) => {
                let first = self.answered(&one, &ignored, now)?;
                if first.is_none() {
                    self.must_not_wait(&one)?;
                }
                first.ok_or(Error::Store(StoreError::AnsweredAlready))
            }
            // There is exactly one answer to each request.
            (answers, _) => answers?.into_iter().next().expect("one request has one answer"),
        }
    }

    /// Whether no such request waits for a second person; one that does is the answer.
    fn must_not_wait(&self, one: &Repeatable) -> Result<()> {
        let called = WhichHeld::Called {
            requester: &one.requester,
            key: &one.key,
        };
        let Some(held) = self.held(called)?.into_iter().next() else {
            return Ok(());
        };
        if held
            .repeatable
            .as_ref()
            .is_some_and(|held| held.asked != one.asked)
        {
            return Err(Error::KeyReused { key: one.key.clone() });
        }
        // With a certificate there would be an answer.
        match held.decision {
            Some(decision) if !decision.is_approved => Err(Error::NotWaiting {
                id: held.id,
                detail: "it was turned down".into(),
            }),
            _ => Err(Error::Waits {
                id: held.id,
                profile: held.profile,
            }),
        }
    }

    /// The certificate that `one` has got.
    pub(crate) fn answered(
        &self,
        one: &Repeatable,
        ignored: &[String],
        now: Timestamp,
    ) -> Result<Option<Issued>> {
        let Some((asked, row)) = self.store().answered(&one.requester, &one.key)? else {
            return Ok(None);
        };
        if asked != one.asked {
            return Err(Error::KeyReused { key: one.key.clone() });
        }
        let not_valid = |detail: String| Error::NotRepeated {
            serial: row.serial.clone(),
            detail,
        };
        if let Some(revoked) = row.revoked {
            return Err(not_valid(format!("it was revoked at {}", revoked.at)));
        }
        if now > row.not_after {
            return Err(not_valid(format!("it expired at {}", row.not_after)));
        }
        let certificate = Certificate::from_der(row.der.as_deref().unwrap_or_default())?;
        let issuer = self
            .issuers()
            .iter()
            .find(|issuer| certificate.is_signed_by(issuer.public_key()))
            .ok_or_else(|| not_valid("its issuer signs no more".into()))?;
        Ok(Some(record::again(
            row.profile.parse()?,
            certificate,
            issuer,
            ignored.to_vec(),
        )))
    }
}

/// What is the same in two requests that ask for the same.
fn digest(received: &Received) -> Fingerprint {
    let mut text = format!(
        "{}\n{}\n{:?}\n{}\n",
        received.profile,
        received.public_key.fingerprint(),
        received.lifetime,
        handfast_pki::name::shown(&received.subject),
    );
    for role in &received.roles {
        text.push_str(&format!("{role}\n"));
    }
    // No name has a line break in it, and none stands twice.
    let mut names: Vec<String> = received.names.iter().map(ToString::to_string).collect();
    names.sort_unstable();
    text.push_str(&names.join("\n"));
    Fingerprint::of(text.as_bytes())
}
