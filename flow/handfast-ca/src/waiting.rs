//! Waiting: requests that a second person has to approve. They are stored with all that they ask for, and nothing is
//! signed.
//!
//! A request is decided once. Whoever has made it cannot, whatever the name that he works under: a person is who logged
//! in, where the system knows it, and the user of the process otherwise.

use handfast_audit::leaf;
use handfast_pki::{
    PublicKey,
    name::{AltName, Name},
    profile::ProfileName,
    qualified::PspRole,
    text::hex,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{repeatable::Repeatable, requester::Person};

/// Which requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichHeld<'a> {
    /// Every one, decided or not.
    All,
    /// Those that are not decided yet.
    Undecided,
    /// The one of this number.
    Of(&'a str),
    /// The one that this requester calls so.
    Called { requester: &'a str, key: &'a str },
}

/// A request as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRequest {
    /// By which it is approved.
    pub id: String,
    pub at: Timestamp,
    pub requester: Person,
    pub profile: ProfileName,
    pub subject: Name,
    pub names: Vec<AltName>,
    pub lifetime: Option<SignedDuration>,
    pub roles: Vec<PspRole>,
    pub public_key: PublicKey,
    pub has_proven_key: bool,
    pub ignored: Vec<String>,
    pub renewed_from: Option<String>,
    /// Where the requester may ask again and gets the same answer.
    pub repeatable: Option<Repeatable>,
    pub decision: Option<Decision>,
    /// The certificate that became of it.
    pub serial: Option<String>,
}

/// What somebody else has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub is_approved: bool,
    /// As the journal writes it.
    pub by: String,
    pub at: Timestamp,
}

impl WaitingRequest {
    /// What its line ties to the audit log: all that it asks for, and what was decided. The certificate that became of it
    /// has lines of its own.
    pub(crate) fn digest(&self) -> String {
        let texts = |texts: Vec<String>| texts.into_iter().map(Value::from).collect::<Vec<_>>();
        let person = &self.requester;
        let decision = self.decision.as_ref();
        let decision =
            decision.map(|decision| json!([decision.is_approved, decision.by, decision.at.as_millisecond()]));
        let mut parts = vec![
            json!(self.id),
            json!(self.at.as_millisecond()),
            json!([
                person.uid,
                person.login_uid,
                person.user,
                person.host,
                person.reason
            ]),
            json!(self.profile.as_str()),
            json!(hex(&self.subject.der())),
            json!(texts(self.names.iter().map(ToString::to_string).collect())),
            json!(self.lifetime.map(|lifetime| lifetime.as_secs())),
            json!(texts(self.roles.iter().map(ToString::to_string).collect())),
            json!(self.public_key.fingerprint().to_string()),
            json!(self.has_proven_key),
            json!(self.ignored),
            json!(self.renewed_from),
            json!(decision),
        ];
        // What older programs have kept has none.
        if let Some(one) = &self.repeatable {
            parts.push(json!([one.requester, one.key, one.asked.to_string()]));
        }
        leaf::digest(&parts)
    }

    /// Whom it is for.
    pub fn called(&self) -> String {
        let names: Vec<String> = self.names.iter().map(ToString::to_string).collect();
        if names.is_empty() {
            handfast_pki::name::shown(&self.subject)
        } else {
            names.join(" ")
        }
    }
}
