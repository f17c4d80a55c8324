//! Callers that want one certificate after the other, as a network front would have them.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use handfast_pki::{
    KeyKind, PrivateKey, Profile, Request,
    name::{self, AltName},
    requesting,
};
use jiff::Timestamp;

use crate::{
    authority::Authority,
    error::Result,
    receive::{Applicant, CertRequest},
};

/// How many ask at the same time, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub callers: usize,
    pub duration: Duration,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Rate {
    /// How many certificates were answered.
    pub certificates: usize,
    /// From the first request to the last answer.
    pub took: Duration,
    /// How long each request waited, shortest first.
    waited: Vec<Duration>,
}

impl Rate {
    /// Certificates in one second.
    pub fn per_second(&self) -> f64 {
        self.certificates as f64 / self.took.as_secs_f64()
    }

    /// How long `percent` of all requests waited at most.
    pub fn percentile(&self, percent: usize) -> Duration {
        let last = self.waited.len().saturating_sub(1);
        let place = (self.waited.len() * percent / 100).min(last);
        self.waited.get(place).copied().unwrap_or_default()
    }
}

/// Certificate requests that each caller sends in turn: making them is not the CA's work, checking them is.
const REQUESTS: usize = 8;

/// Has `authority` issue as many certificates as it can: each from a certificate request whose proof of possession is
/// checked, and each with a name of its own. Certificates are counted once they are durable.
///
/// # Errors
///
/// The first refusal of a request: all are good.
pub fn issue(authority: &Authority, load: Load) -> Result<Rate> {
    let callers = (0..load.callers)
        .map(|_| requests())
        .collect::<Result<Vec<_>>>()?;
    let is_over = AtomicBool::new(false);
    let began = Instant::now();
    let waited = thread::scope(|scope| {
        let running: Vec<_> = callers
            .iter()
            .enumerate()
            .map(|(number, requests)| {
                scope.spawn({
                    let is_over = &is_over;
                    move || call(authority, number, requests, is_over)
                })
            })
            .collect();
        thread::sleep(load.duration);
        is_over.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for caller in running {
            // A panic of a caller is one of this function.
            all.extend(
                caller
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
            );
        }
        Ok::<_, crate::Error>(all)
    });
    let took = began.elapsed();
    let mut waited = waited?;
    waited.sort_unstable();
    Ok(Rate {
        certificates: waited.len(),
        took,
        waited,
    })
}

fn requests() -> Result<Vec<Vec<u8>>> {
    let made = (0..REQUESTS).map(|_| {
        let key = PrivateKey::generate(KeyKind::P256)?;
        let request = requesting::request(&key, &name::Name::default(), &[])?;
        Ok(request.der().to_vec())
    });
    made.collect()
}

fn call(
    authority: &Authority,
    number: usize,
    requests: &[Vec<u8>],
    is_over: &AtomicBool,
) -> Result<Vec<Duration>> {
    let mut waited = Vec::new();
    for (count, der) in requests.iter().cycle().enumerate() {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let began = Instant::now();
        let request = Request::from_der(der)?;
        authority.issue(
            CertRequest {
                profile: Profile::Client.into(),
                applicant: Applicant::from_request(&request),
                names: vec![AltName::uri(&format!("spiffe://bench.example/{number}/{count}"))?],
                common_name: None,
                lifetime: None,
                roles: Vec::new(),
            },
            Timestamp::now(),
        )?;
        waited.push(began.elapsed());
    }
    Ok(waited)
}
