//! The calls, and how each must end.

use handfast_doctor::{Answer, Trace};
use handfast_finding::Finding;
use handfast_pki::{Code, code};

/// One of the calls, and how it must end.
pub(super) struct Call {
    pub(super) title: &'static str,
    /// The folder of the client's pair; none is shown without one.
    pub(super) pair: Option<&'static str>,
    pub(super) expected: Option<Code>,
}

pub(super) const CALLS: [Call; 4] = [
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
pub(super) struct Outcome {
    pub(super) trace: Trace,
    pub(super) answer: Option<Answer>,
    pub(super) finding: Option<Finding>,
}
