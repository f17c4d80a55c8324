//! The clocks: that of the server, as its answer tells it in `Date`, and whether anything but ours says that a time is over.

use handfast_finding::{Certainty, Finding, Refuser, when::relative};
use handfast_pki::{Certificate, Refusal, code};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};

use super::Evidence;
use crate::probe;

/// Less is the way of the answer, and of clocks that are set by hand.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(2);

/// What to look at where our own clock may be the fault.
pub(super) const OUR_CLOCK: &str = "see that the clock of this machine is right (date -u)";

/// A time that makes a fault, compared with now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// It is over.
    Ended(Timestamp),
    /// It has not come.
    Begins(Timestamp),
}

impl Limit {
    /// That of a refusal for the time. "Not valid yet" is none: its code speaks of the clock already.
    pub(super) fn of(refusal: &Refusal) -> Option<Self> {
        match refusal {
            Refusal::Expired { not_after, .. } => Some(Self::Ended(*not_after)),
            _ => None,
        }
    }

    /// Whether it makes a fault at `at`, too.
    fn is_broken(self, at: Timestamp) -> bool {
        match self {
            Self::Ended(end) => end < at,
            Self::Begins(begin) => at < begin,
        }
    }
}

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
    /// Whether nothing but the clock of this machine says that `limit` is broken at `now`: no answer tells a time that
    /// agrees, and nothing that is seen was made after the limit. A clock that is wrong explains it then as well.
    pub(super) fn is_by_our_clock(&self, limit: Limit, now: Timestamp) -> bool {
        if let Some(theirs) = self.date() {
            return !limit.is_broken(theirs);
        }
        let made = |certificate: &Certificate| certificate.not_before();
        let presented = self.trace.presented();
        let certificates = presented.iter().chain(&self.trace.own_chain);
        let certificates = certificates.chain(&self.context.known).map(made);
        let lists = self.context.revocation.iter().map(|list| list.this_update);
        // What is dated after now says as little as the clock that is in doubt.
        let latest = certificates.chain(lists).filter(|made| *made <= now).max();
        !latest.is_some_and(|latest| matches!(limit, Limit::Ended(_)) && limit.is_broken(latest))
    }

    /// Their clock and ours, where the answer tells theirs and they differ.
    pub(crate) fn clock(&self, ours: Timestamp) -> Option<Clock> {
        let theirs = self.date()?;
        let apart = theirs.duration_since(ours).abs();
        (apart > TOLERANCE).then_some(Clock { theirs, ours })
    }

    /// The time that the server tells.
    fn date(&self) -> Option<Timestamp> {
        // One that was not trusted was asked once more, without a certificate.
        let of_any = || self.probe(probe::Kind::AnyServer)?.answer();
        let date = self
            .answer
            .or_else(of_any)?
            .headers
            .get(http::header::DATE)?
            .to_str()
            .ok()?;
        DateTimeParser::new().parse_timestamp(date).ok()
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

/// By our own clock the server's certificate is not valid, or a CA above it that we have: it may be the clock.
pub(super) fn of_server(
    evidence: &Evidence<'_>,
    presented: &[Certificate],
    now: Timestamp,
) -> Option<Finding> {
    let is_valid = |certificate: &Certificate, at: Timestamp| {
        certificate.not_before() <= at && at <= certificate.not_after()
    };
    let is_above = |known: &&Certificate| presented.iter().any(|below| below.issuer() == known.subject());
    let known = evidence.context.known.iter().filter(is_above);
    let chain: Vec<&Certificate> = presented.iter().chain(known).collect();
    let bad: Vec<&Certificate> = chain.iter().copied().filter(|one| !is_valid(one, now)).collect();
    let first = *bad.first()?;
    let (certainty, because) = match evidence.clock(now) {
        Some(clock) if bad.iter().all(|one| is_valid(one, clock.theirs)) => (
            Certainty::Likely,
            format!(
                "{}, and by its clock \"{}\" is valid",
                clock.told(),
                first.called()
            ),
        ),
        Some(_) => return None,
        None if evidence.date().is_some() => return None,
        // Two certificates of two owners seldom end together, and a CA seldom ends with what it has issued.
        None => {
            let alike = |other: &&Certificate| {
                !is_valid(other, now) && (other.not_after() < now) == (first.not_after() < now)
            };
            let own = evidence.trace.own_chain.first().filter(alike);
            let ca = || {
                bad.iter()
                    .copied()
                    .find(|one| one.is_self_issued() && *one != first)
                    .filter(alike)
            };
            let (other, whose) = match own {
                Some(own) => (own, "of our own"),
                None => (ca()?, "above it"),
            };
            (
                Certainty::Guess,
                format!(
                    "neither \"{}\" of the server nor \"{}\" {whose} is valid by our clock, which may be wrong: it says \
                     {now}",
                    first.called(),
                    other.called()
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

/// Lowers those of `findings` that say of `presented` that it has expired, and say so by our clock alone.
pub(super) fn doubt(
    findings: &mut [Finding],
    evidence: &Evidence<'_>,
    presented: &[Certificate],
    now: Timestamp,
) {
    let ends = presented
        .iter()
        .chain(&evidence.context.known)
        .map(Certificate::not_after);
    let Some(last) = ends.filter(|end| *end < now).max() else {
        return;
    };
    if !evidence.is_by_our_clock(Limit::Ended(last), now) {
        return;
    }
    for finding in findings
        .iter_mut()
        .filter(|finding| finding.code == code::EXPIRED)
    {
        finding.certainty = finding.certainty.max(Certainty::Likely);
        if !finding.help.contains(OUR_CLOCK) {
            finding.help = format!("{OUR_CLOCK}, then: {}", finding.help);
        }
    }
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
