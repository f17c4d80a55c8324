//! Making, reading and asking a revocation list: `crl_bench [ENTRIES]`, a million unless told otherwise.
//!
//! Nothing is asserted: `cargo run --release -p handfast-pki --example crl_bench` prints what this machine does. Memory is
//! what the process has had at most (`VmHWM` of Linux).

use std::time::{Duration, Instant};

use handfast_pki::{
    Certificate, KeyKind, PrivateKey, Profile,
    build::{Issuer, Plan},
    crl::{
        build::{CrlReason, Draft, Plan as ListPlan},
        lint,
    },
    name,
    revocation::list::CrlIndex,
    serial::Serial,
};
use jiff::{SignedDuration, Timestamp};

// long: one measurement after another
fn main() {
    let count: u64 = std::env::args()
        .nth(1)
        .map_or(1_000_000, |text| text.parse().expect("a number"));
    let now = Timestamp::from_second(Timestamp::now().as_second()).expect("a time");
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let ca = certificate(&key, Profile::Root, Serial::from_random([1; 20]), now);
    let issuer = Issuer::new(&ca, &key);
    println!("before: {}", memory());

    let plan = ListPlan {
        issuer: &issuer,
        number: 1,
        this_update: now,
        next_update: now + SignedDuration::from_hours(24),
        point: None,
    };
    let (list, took) = timed(|| {
        let mut draft = Draft::new(&plan).expect("planned");
        for index in 0..count {
            let serial = Serial::indexed(random(index), index).expect("an index");
            draft
                .add(&serial.to_string(), now, CrlReason::KeyCompromise)
                .expect("an entry");
        }
        let list = draft.finish().expect("finished");
        lint::check(list.as_bytes()).expect("good");
        let signature = key.sign(list.as_bytes()).expect("signed");
        list.assemble(&issuer.algorithm, &signature).expect("assembled")
    });
    println!(
        "{count} entries, {} bytes: made, linted and signed in {took:?}, {}",
        list.len(),
        memory()
    );

    let issuers = [ca];
    let (lists, took) = timed(|| CrlIndex::read([&list[..]], &issuers, now).expect("read"));
    println!("verified and indexed in {took:?}, {}", memory());

    let public = key.public_key();
    let asked: Vec<Certificate> = (0..2000)
        .map(|number| {
            let index = random(number)
                .iter()
                .fold(0, |sum, octet| sum * 31 + u64::from(*octet))
                % count;
            // Every second one is on the list.
            let front = if number % 2 == 0 { random(index) } else { [9; 14] };
            let serial = Serial::indexed(front, index).expect("an index");
            certificate(&key, Profile::Root, serial, now)
        })
        .collect();
    let (revoked, took) = timed(|| {
        let rounds = (0..100).flat_map(|_| &asked);
        let answers = rounds.map(|one| lists.answer(one, &public, now));
        answers
            .filter(|answer| *answer == handfast_pki::revocation::list::ListAnswer::Revoked)
            .count()
    });
    println!("{revoked} of 200000 revoked, {:?} each", took / 200_000);
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let value = run();
    (value, begin.elapsed())
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    peak.unwrap_or("memory unknown").to_owned()
}

/// Fourteen octets that look random, the same in every run.
fn random(seed: u64) -> [u8; 14] {
    let mut state = seed;
    std::array::from_fn(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 56) as u8
    })
}

fn certificate(key: &PrivateKey, profile: Profile, serial: Serial, now: Timestamp) -> Certificate {
    let subject = name::distinguished("Bench", None).expect("a name");
    let plan = Plan {
        profile: profile.rules(),
        serial,
        subject: subject.clone(),
        roles: Vec::new(),
        names: Vec::new(),
        not_before: now,
        not_after: now + SignedDuration::from_hours(24),
        public_key: key.public_key(),
    };
    let issuer = Issuer::itself(subject, key);
    let tbs = handfast_pki::build::to_be_signed(&plan, &issuer).expect("planned");
    let signature = key.sign(&tbs).expect("signed");
    handfast_pki::build::assemble(&tbs, &issuer.algorithm, &signature).expect("assembled")
}
