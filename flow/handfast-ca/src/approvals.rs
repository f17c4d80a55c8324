//! Approvals: a second person decides on a request that waits, and an approved one walks the road of every request.

use jiff::Timestamp;

use crate::{
    authority::Authority,
    error::{Error, Result},
    must_be_reconciled,
    profiles::Approver,
    receive::{self, Submitted},
    record::Issued,
    records::{Event, JournalEntry, StoreError},
    requester::{Person, Requester},
    waiting::{Decision, WaitingRequest, WhichHeld},
    walk,
};

impl Authority {
    /// The requests that wait, or all that ever did, oldest first.
    pub fn held(&self, which: WhichHeld<'_>) -> Result<Vec<WaitingRequest>> {
        Ok(self.store().waiting().held(which)?)
    }

    /// Approves the request `id` and issues what it asks for; the profile is asked again, as it is now.
    ///
    /// # Errors
    ///
    /// [`Error::OwnApproval`] for who made the request, [`Error::MayNotApprove`] for who is not among the profile's
    /// approvers, [`Error::NotWaiting`] for what was decided already. None of these decides anything.
    pub fn approve(&self, id: &str, by: &Person, now: Timestamp) -> Result<Issued> {
        // What was decided is decided for good, and nothing can be issued before.
        must_be_reconciled(self.store())?;
        let held = self.undecided(id, by, now)?;
        self.decide(&held, by, true, now)?;
        // Signed by who approved it before, and broken off then.
        if let Some(one) = &held.repeatable
            && let Some(issued) = self.answered(one, &held.ignored, now)?
        {
            self.store()
                .waiting()
                .fulfil(id, &issued.certificate().serial())?;
            return Ok(issued);
        }
        let requester = Requester::Person(held.requester.clone());
        let submitted = Submitted {
            requester,
            received: Ok(receive::approved(held, by.clone())),
        };
        let answers = walk(vec![submitted], self.context(now))?;
        // There is exactly one answer to each request.
        let issued = answers.into_iter().next().expect("one request has one answer")?;
        self.store()
            .waiting()
            .fulfil(id, &issued.certificate().serial())?;
        Ok(issued)
    }

    /// Turns the request `id` down. Who made it may do that, too.
    pub fn deny(&self, id: &str, by: &Person, now: Timestamp) -> Result<WaitingRequest> {
        let held = self.one(id)?;
        if held.requester.told_apart() != by.told_apart() {
            self.may_approve(&held, by)?;
        }
        self.decide(&held, by, false, now)?;
        self.one(id)
    }

    fn one(&self, id: &str) -> Result<WaitingRequest> {
        let held = self.held(WhichHeld::Of(id))?.into_iter().next();
        held.ok_or_else(|| Error::NotWaiting {
            id: handfast_pki::text::printable(id),
            detail: "there is none".into(),
        })
    }

    /// Whether the request `id` can still be approved; asked before anything is prepared for its certificate.
    ///
    /// # Errors
    ///
    /// [`Error::NotWaiting`], with what became of it.
    pub fn must_wait(&self, id: &str) -> Result<()> {
        self.open_request(id).map(drop)
    }

    fn open_request(&self, id: &str) -> Result<WaitingRequest> {
        let held = self.one(id)?;
        if let Some(serial) = &held.serial {
            return Err(Error::NotWaiting {
                detail: format!("it was approved, and the certificate {serial} was issued"),
                id: held.id,
            });
        }
        if held
            .decision
            .as_ref()
            .is_some_and(|decision| !decision.is_approved)
        {
            return Err(Error::NotWaiting {
                id: held.id,
                detail: "it was turned down".into(),
            });
        }
        Ok(held)
    }

    fn undecided(&self, id: &str, by: &Person, now: Timestamp) -> Result<WaitingRequest> {
        let held = self.open_request(id)?;
        if held.requester.told_apart() == by.told_apart() {
            self.refuse(&held, by, now, |id, requester| Error::OwnApproval {
                id,
                requester,
            })?;
        }
        self.may_approve(&held, by)?;
        Ok(held)
    }

    /// An attempt to approve one's own request is worth a line.
    fn refuse(
        &self,
        held: &WaitingRequest,
        by: &Person,
        now: Timestamp,
        error: impl Fn(String, String) -> Error,
    ) -> Result<()> {
        let error = error(held.id.clone(), held.requester.to_string());
        self.store().journal(&[JournalEntry {
            at: now,
            event: Event::Refused,
            serial: None,
            requester: Some(by.to_string()),
            code: Some(error.code().to_string()),
            detail: error.to_string(),
        }])?;
        Err(error)
    }

    fn may_approve(&self, held: &WaitingRequest, by: &Person) -> Result<()> {
        let offered = self.profiles().find(&held.profile);
        match offered.and_then(|offered| offered.approver.as_ref()) {
            Some(Approver::OneOf(users)) if !users.contains(&by.user) => Err(Error::MayNotApprove {
                approver: by.to_string(),
                profile: held.profile.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn decide(&self, held: &WaitingRequest, by: &Person, is_approved: bool, now: Timestamp) -> Result<()> {
        let decision = Decision {
            is_approved,
            by: by.to_string(),
            at: now,
        };
        let mut detail = format!(
            "{} of {}: {} for {}",
            held.id,
            held.requester,
            held.profile,
            held.called()
        );
        if let Some(reason) = &by.reason {
            detail.push_str(&format!(
                ", because \"{}\"",
                handfast_pki::text::printable(reason)
            ));
        }
        let entry = JournalEntry {
            at: now,
            event: if is_approved {
                Event::Approved
            } else {
                Event::Denied
            },
            serial: None,
            requester: Some(by.to_string()),
            code: None,
            detail,
        };
        match self.store().waiting().decide(&held.id, &decision, &entry) {
            Err(StoreError::Decided { id }) => Err(Error::NotWaiting {
                id,
                detail: "it was decided already".into(),
            }),
            other => Ok(other?),
        }
    }
}
