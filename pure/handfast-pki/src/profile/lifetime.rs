//! From when until when certificates of a profile are valid.

use jiff::SignedDuration;

const BACKDATE: SignedDuration = SignedDuration::from_mins(5);

/// Less could not be installed before it expires.
const SHORTEST_LIFETIME: SignedDuration = SignedDuration::from_mins(1);

/// From when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// When the request names none; cut where the issuer expires earlier.
    pub usual: SignedDuration,
    /// Anything below is refused.
    pub shortest: SignedDuration,
    /// `None`: as long as the issuer.
    pub longest: Option<SignedDuration>,
    /// How long before it is issued, for peers whose clock is a little slow.
    pub backdate: SignedDuration,
}

impl Lifetime {
    pub(super) fn usually(usual: SignedDuration) -> Self {
        Self {
            usual,
            shortest: SHORTEST_LIFETIME,
            longest: None,
            backdate: BACKDATE,
        }
    }
}
