//! How fast certificates are issued: `cargo run --release -p handfast-ca --example rates`.

#[path = "../tests/place/mod.rs"]
mod place;

use std::{
    thread,
    time::{Duration, Instant},
};

use handfast_ca::{Applicant, Authority, CertRequest, Requester};
use handfast_pki::{KeyKind, PrivateKey, Profile, name::AltName};

use crate::place::{Scratch, Step, around, authority, now};

const COUNT: usize = 1000;

fn main() {
    let scratch = Scratch::new();
    for sync in [Duration::ZERO, Duration::from_millis(5)] {
        for size in [1, 10, 100, COUNT] {
            let place = scratch.at(&format!("{size}-{sync:?}"));
            // This machine's disk may be quick, and others' are not: each commit takes longer.
            let slow = move |(_, is_over): Step| {
                if !is_over {
                    thread::sleep(sync);
                }
                Ok(())
            };
            let took = issue(&authority(&place).with_store(|store| around(store, slow)), size);
            println!(
                "batches of {size}, each sync {sync:?} late: {:.0} ms, {:.0} certificates a second",
                took.as_secs_f64() * 1000.0,
                COUNT as f64 / took.as_secs_f64()
            );
        }
    }
}

fn issue(authority: &Authority, size: usize) -> Duration {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let asked = |index: usize| CertRequest {
        profile: Profile::Server.into(),
        applicant: Applicant::holding(&key),
        names: vec![AltName::dns(&format!("h{index}.example")).expect("a name")],
        common_name: None,
        lifetime: None,
        roles: Vec::new(),
    };
    let began = Instant::now();
    for first in (0..COUNT).step_by(size) {
        let batch = (first..first + size).map(|index| (Requester::Owner, asked(index)));
        let answers = authority.issue_batch(batch.collect(), now()).expect("a store");
        assert!(answers.iter().all(Result::is_ok));
    }
    began.elapsed()
}
