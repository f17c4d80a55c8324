//! A renewal while clients come and go: the new certificate is served, and nobody is refused.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use handfast_credentials::load;
use handfast_doctor::examine;
use handfast_finding::Problem;
use handfast_lab::fixtures;
use handfast_setup::{HOOK, Part};
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    play::{Visitor, is_in, runtime},
    stage::{Stage, word},
};

/// How long the load goes on after the new certificate was first seen.
const AFTERWARDS: Duration = Duration::from_millis(500);
/// How long a server may take unless its target says otherwise.
const PATIENCE: Duration = Duration::from_secs(15);

/// What was seen.
pub struct Renewal {
    /// From the command until the new serial number was served; nothing when it never was.
    pub after: Option<Duration>,
    pub requests: usize,
    /// What went wrong, once for each request that failed.
    pub failed: Vec<String>,
    /// From the first request that failed to the last.
    pub gap: Duration,
}

impl Renewal {
    /// The new certificate is served, and no request failed; where `part` says beforehand that some may in that moment,
    /// it was a moment. A connection that is refused takes no time, so that their number says nothing.
    pub fn is_good(&self, part: &Part) -> bool {
        const MOMENT: Duration = Duration::from_secs(1);
        let may_fail = part.limits.renewal.is_some() && self.gap < MOMENT;
        self.after.is_some() && (may_fail || self.failed.is_empty())
    }

    pub fn to_json(&self) -> Value {
        json!({
            "served_after_ms": self.after.map(|after| after.as_millis()),
            "requests": self.requests,
            "failed": self.failed,
            "failed_for_ms": self.gap.as_millis(),
        })
    }

    pub fn told(&self) -> String {
        let served = match self.after {
            Some(after) => format!(
                "the new certificate was served {} ms after the reload",
                after.as_millis()
            ),
            None => "the new certificate was NOT served".to_owned(),
        };
        let failed = match self.failed.first() {
            None => "none failed".to_owned(),
            Some(first) => format!(
                "{} FAILED within {} ms, the first with: {first}",
                self.failed.len(),
                self.gap.as_millis()
            ),
        };
        format!("{served}; of {} requests meanwhile {failed}", self.requests)
    }
}

/// Renews the certificate of `stage` and runs its hook, with clients on it all the while.
pub(crate) fn renew(stage: &Stage<'_>) -> Result<Renewal, Problem> {
    let wanted = load::certificates(&stage.ground.folder.path().join("renewed/tls.crt"))?;
    let serial = wanted.first().map(|leaf| leaf.serial()).unwrap_or_default();
    let patience = stage
        .part
        .trial
        .as_ref()
        .and_then(|trial| trial.patience)
        .map_or(PATIENCE, Duration::from_secs);
    let over = AtomicBool::new(false);
    let seen: Mutex<Vec<(Instant, Result<String, String>)>> = Mutex::new(Vec::new());
    let began = std::thread::scope(|scope| -> Result<Instant, Problem> {
        let load = scope.spawn(|| load(stage, &over, &seen));
        std::thread::sleep(Duration::from_millis(100));
        stage.renew("renewed")?;
        let began = Instant::now();
        let ran = stage.run(&word(&stage.out.join(HOOK)));
        let is_served = || {
            let seen = seen.lock().map(|seen| seen.clone()).unwrap_or_default();
            seen.iter().any(|(_, visit)| visit.as_ref() == Ok(&serial))
        };
        while ran.is_ok() && !is_served() && began.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(AFTERWARDS);
        over.store(true, Ordering::Relaxed);
        match load.join() {
            Ok(result) => result?,
            Err(_) => return Err(Problem::bug("the load broke off")),
        }
        ran.map(|_| began)
    })?;
    let seen = seen.into_inner().unwrap_or_default();
    let served = seen
        .iter()
        .find(|(_, visit)| visit.as_ref() == Ok(&serial))
        .map(|(at, _)| at.saturating_duration_since(began));
    let failures = || seen.iter().filter(|(_, visit)| visit.is_err()).map(|(at, _)| *at);
    Ok(Renewal {
        after: served,
        requests: seen.len(),
        gap: failures()
            .max()
            .zip(failures().min())
            .map_or(Duration::ZERO, |(last, first)| last - first),
        failed: seen.into_iter().filter_map(|(_, visit)| visit.err()).collect(),
    })
}

/// Visits one after the other until it is over, each with the serial number that the server showed.
fn load(
    stage: &Stage<'_>,
    over: &AtomicBool,
    seen: &Mutex<Vec<(Instant, Result<String, String>)>>,
) -> Result<(), Problem> {
    let visitor = Visitor::new(stage)?;
    let runtime = runtime()?;
    // In TLS 1.3 a visitor waits for the verdict before it asks, which no real client does.
    let version = stage.versions().first().copied().unwrap_or("1.2");
    while !over.load(Ordering::Relaxed) {
        let subject = visitor.subject(fixtures::CLIENTS.first(), version, HeaderMap::new())?;
        let report = runtime.block_on(examine(String::new(), &subject, Timestamp::now()));
        let peer = report.trace.as_ref().and_then(|trace| trace.peer.as_ref());
        let visit = match (is_in(&report, None), peer) {
            (true, Some(peer)) => Ok(peer.chain().leaf().serial()),
            _ => Err(report.findings.first().map_or("no answer".to_owned(), |finding| {
                format!("{} {}", finding.code, finding.because)
            })),
        };
        if let Ok(mut seen) = seen.lock() {
            seen.push((Instant::now(), visit));
        }
    }
    Ok(())
}
