//! The clock of the server, as its answer tells it in `Date`.

use handfast_finding::{Certainty, Finding, Refuser, when::relative};
use handfast_pki::{Certificate, code};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};

use super::Evidence;
use crate::probe;

/// Less is the way of the answer, and of clocks that are set by hand.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(2);

/// Two clocks that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    theirs: Timestamp,
    ours: Timestamp,
}

impl Clock {
    /// In one clause. Which of the two is wrong is not known.
    pub(crate) fn told(self) -> String {
        let far = relative(self.theirs, self.ours);
        let far = far.trim_end_matches(" ago").trim_start_matches("in ");
        let way = if self.theirs < self.ours {
            "behind"
        } else {
            "ahead of"
        };
        format!(
            "the server says that it is {}, our clock says {}: it is {far} {way} ours",
            self.theirs, self.ours
        )
    }
}

impl Evidence<'_> {
    /// Their clock and ours, where the answer tells theirs and they differ.
    pub(crate) fn clock(&self, ours: Timestamp) -> Option<Clock> {
        // One that was not trusted was asked once more, without a certificate.
        let of_any = || self.probe(probe::Kind::AnyServer)?.answer();
        let date = self
            .answer
            .or_else(of_any)?
            .headers
            .get(http::header::DATE)?
            .to_str()
            .ok()?;
        let theirs = DateTimeParser::new().parse_timestamp(date).ok()?;
        let apart = theirs.duration_since(ours).abs();
        (apart > TOLERANCE).then_some(Clock { theirs, ours })
    }
}

/// By the clock of the server a certificate of ours is not valid, and by our own it is.
pub(super) fn judge(evidence: &Evidence<'_>, said: &str, now: Timestamp) -> Option<Finding> {
    let clock = evidence.clock(now)?;
    let is_valid = |certificate: &Certificate, at: Timestamp| {
        certificate.not_before() <= at && at <= certificate.not_after()
    };
    let bad = evidence
        .trace
        .own_chain
        .iter()
        .find(|certificate| is_valid(certificate, now) && !is_valid(certificate, clock.theirs))?;
    let (what, limit) = if clock.theirs < bad.not_before() {
        ("begins", bad.not_before())
    } else {
        ("ends", bad.not_after())
    };
    Some(
        Finding::new(
            code::NOT_YET_VALID,
            Refuser::Server,
            Certainty::Likely,
            format!(
                "{said}; {}, and \"{}\" {what} at {limit}",
                clock.told(),
                bad.called()
            ),
        )
        .fault_of(None)
        .help("set both clocks by NTP, and issue certificates that begin some minutes before they are used"),
    )
}

/// By our own clock the server's certificate is not valid: it may be the clock.
pub(super) fn of_server(evidence: &Evidence<'_>, leaf: &Certificate, now: Timestamp) -> Option<Finding> {
    let is_valid = |certificate: &Certificate, at: Timestamp| {
        certificate.not_before() <= at && at <= certificate.not_after()
    };
    if is_valid(leaf, now) {
        return None;
    }
    let own = evidence.trace.own_chain.first();
    let (certainty, because) = match evidence.clock(now) {
        Some(clock) if is_valid(leaf, clock.theirs) => (
            Certainty::Likely,
            format!(
                "{}, and by its clock \"{}\" is valid",
                clock.told(),
                leaf.called()
            ),
        ),
        Some(_) => return None,
        // Two certificates of two owners seldom end together.
        None => {
            let own =
                own.filter(|own| !is_valid(own, now) && (own.not_after() < now) == (leaf.not_after() < now))?;
            (
                Certainty::Guess,
                format!(
                    "neither \"{}\" of the server nor \"{}\" of our own is valid by our clock, which may be wrong: it says \
                     {now}",
                    leaf.called(),
                    own.called()
                ),
            )
        }
    };
    Some(
        Finding::new(code::NOT_YET_VALID, Refuser::Client, certainty, because)
            .fault_of(None)
            .help("set both clocks by NTP, and look again"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_told_as_ahead_or_behind() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let (early, late) = (at("2026-05-01T10:00:00Z"), at("2026-05-01T12:00:00Z"));
        let behind = Clock {
            theirs: early,
            ours: late,
        }
        .told();
        assert!(behind.ends_with("it is 2 hours behind ours"), "{behind}");
        let ahead = Clock {
            theirs: late,
            ours: early,
        }
        .told();
        assert!(ahead.ends_with("it is 2 hours ahead of ours"), "{ahead}");
    }

    #[test]
    fn the_date_of_http_is_read() {
        let read = DateTimeParser::new().parse_timestamp("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(read.ok().map(|at| at.as_second()), Some(784_111_777));
    }
}
