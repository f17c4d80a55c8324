//! Mutual TLS at work: a CA, a reverse proxy, one call that is accepted and three that are rejected.
//!
//! In: a folder. Out: certificates in it, the proxy, and what became of each call. What can go wrong: a CA that is there and
//! cannot be opened, a service that cannot be reached.

mod calls;
mod open;
mod prepare;

use handfast_doctor::{Answer, Trace};
use handfast_finding::Finding;
use handfast_pki::{Code, code};
use handfast_report::json::findings;
use serde_json::{Value, json};

pub use self::{
    calls::make,
    open::{create_log, open},
    prepare::prepare,
};

/// One of the calls, and how it must end.
pub struct Call {
    /// What it is made with.
    pub title: &'static str,
    /// The folder of the client's pair; none is shown without one.
    pub pair: Option<&'static str>,
    /// The code of the refusal.
    pub expected: Option<Code>,
}

/// All of them.
pub const CALLS: [Call; 4] = [
    Call {
        title: "with the right certificate",
        pair: Some("client"),
        expected: None,
    },
    Call {
        title: "without a certificate",
        pair: None,
        expected: Some(code::NO_CERTIFICATE),
    },
    Call {
        title: "with a certificate of another CA",
        pair: Some("stranger"),
        expected: Some(code::UNKNOWN_ISSUER),
    },
    Call {
        title: "with an identity that no rule allows",
        pair: Some("guest"),
        expected: Some(code::NOT_ALLOWED),
    },
];

/// What became of a call.
pub struct Outcome {
    pub trace: Trace,
    pub answer: Option<Answer>,
    pub finding: Option<Finding>,
}

impl Outcome {
    /// Whether `call` ended as it must.
    pub fn is_expected(&self, call: &Call) -> bool {
        match (&self.finding, call.expected) {
            (Some(finding), Some(expected)) => finding.code == expected,
            (None, None) => self.answer.is_some(),
            _ => false,
        }
    }

    /// It as an object.
    pub fn to_json(&self, call: &Call) -> Value {
        json!({
            "call": call.title,
            "expected": call.expected.map(|code| code.to_string()),
            "status": self.answer.as_ref().map(|answer| answer.status.as_u16()),
            "findings": findings(self.finding.as_slice()),
            "as_expected": self.is_expected(call),
        })
    }
}
