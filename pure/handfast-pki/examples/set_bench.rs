//! Size, load and look-up of a revocation set: `set_bench [REVOKED [ISSUED]]`, 10 M of 1 G unless told otherwise.
//!
//! Revoked indexes are spread evenly and at random; what is looked up is half revoked and half not. Times are the best of
//! five. Nothing is asserted: `cargo run --release -p handfast-pki --example set_bench` prints what this machine does.

use std::time::{Duration, Instant};

use handfast_pki::{
    Certificate, KeyKind, PrivateKey, Profile,
    build::{Issuer, Plan as CertificatePlan},
    name,
    revocation::set::{
        Answer, RevocationSets,
        build::{self, Contents, Plan},
    },
    serial::Serial,
};
use jiff::{SignedDuration, Timestamp};

// long: one measurement after another
fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .map(|text| text.parse().expect("a number"));
    let revoked: u64 = numbers.next().unwrap_or(10_000_000);
    let issued: u64 = numbers.next().unwrap_or(1_000_000_000);
    let now = Timestamp::now();
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let ca = root(&key, now);

    let mut random = Random(1);
    let mut contents = Contents::default();
    let step = issued / revoked;
    let taken: Vec<u64> = (0..revoked)
        .map(|number| number * step + random.below(step))
        .collect();
    let (_, building) = timed(|| taken.iter().for_each(|index| contents.revoke_index(*index)));
    let (public, algorithm) = (key.public_key(), key.signature_algorithm());
    let plan = Plan {
        issuer: &ca,
        signer: None,
        algorithm: &algorithm,
        number: 1,
        this_update: now,
        next_update: now + SignedDuration::from_hours(24),
        first_index: 0,
        next_index: issued,
        is_complete: true,
    };
    let (file, signing) = timed(|| {
        let tbs = build::to_be_signed(&plan, contents).expect("planned");
        let signature = key.sign(&tbs).expect("signed");
        build::file(&[&build::assemble(&tbs, &algorithm, &signature).expect("assembled")]).expect("a file")
    });
    println!(
        "{revoked} revoked of {issued}: {} bytes, filled in {building:?}, signed in {signing:?}",
        file.len()
    );

    let loads = (0..5).map(|_| timed(|| RevocationSets::read(&file, now).expect("read")));
    let (sets, load) = loads.min_by_key(|(_, took)| *took).expect("five");
    println!("loaded, signature and bitmap checked: {load:?}");

    let set = sets.of(&public).expect("of this CA");
    let serials: Vec<Serial> = (0..1_000_000)
        .map(|number| {
            let index = match number % 2 {
                0 => taken[usize::try_from(random.below(revoked)).expect("it fits")],
                _ => random.below(issued),
            };
            Serial::indexed([7; 14], index).expect("an index")
        })
        .collect();
    let runs = (0..5).map(|_| {
        timed(|| {
            let answers = serials.iter().map(|serial| set.answer(serial.octets(), now));
            answers.filter(|answer| *answer == Answer::Revoked).count()
        })
    });
    let (found, look) = runs.min_by_key(|(_, took)| *took).expect("five");
    println!(
        "looked up at random, {found} of 1000000 revoked: {:?} each",
        look / 1_000_000
    );
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let value = run();
    (value, begin.elapsed())
}

/// SplitMix64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

fn root(key: &PrivateKey, now: Timestamp) -> Certificate {
    let subject = name::distinguished("Bench", None).expect("a name");
    let plan = CertificatePlan {
        profile: Profile::Root.rules(),
        serial: Serial::from_random([1; 20]),
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
