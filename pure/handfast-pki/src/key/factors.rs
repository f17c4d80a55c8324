//! Factors: flaws by which anybody finds the primes of an RSA modulus, or most of them, from the modulus alone.
//!
//! In: an odd modulus as big-endian bytes. Out: the flaw, in words. Only public numbers are worked with, so
//! nothing here needs constant time.

use std::sync::LazyLock;

use num_bigint::BigUint;

use super::curves;

/// The primes that keys of CVE-2017-15361 are told by go up to here, as in the detector of its discoverers.
const FINGERPRINT_BOUND: u32 = 168;

/// Below this every prime is tried.
const TRIAL_BOUND: u32 = 1 << 16;

/// How many differences of the two primes are tried: as many as Boulder tries.
const FERMAT_ROUNDS: u32 = 100;

static FINGERPRINT_PRIMES: LazyLock<Vec<Group>> = LazyLock::new(|| grouped(2..FINGERPRINT_BOUND));

static TRIAL_PRIMES: LazyLock<Vec<Group>> = LazyLock::new(|| grouped(FINGERPRINT_BOUND..TRIAL_BOUND));

/// What costs a few microseconds: factors below 168, and the pattern of CVE-2017-15361.
pub(super) fn flaw_at_a_glance(modulus: &[u8]) -> Option<String> {
    small_factor(modulus, &FINGERPRINT_PRIMES).or_else(|| has_roca_pattern(modulus).then(roca))
}

/// What costs up to some seconds: factors of up to about 30 bits, and two primes close to each other.
pub(super) fn flaw_after_a_search(modulus: &[u8]) -> Option<String> {
    if let Some(flaw) = small_factor(modulus, &TRIAL_PRIMES) {
        return Some(flaw);
    }
    let modulus = BigUint::from_bytes_be(modulus);
    if has_close_primes(&modulus) {
        return Some("two close primes".into());
    }
    let factor = curves::factor_of(&modulus)?;
    Some(if factor.bits() <= 64 {
        format!("the small factor {factor}")
    } else {
        "a factor that a short search finds".into()
    })
}

fn roca() -> String {
    "the pattern of CVE-2017-15361 (ROCA)".into()
}

/// Primes whose product fits into 32 bits: one long division serves them all.
struct Group {
    product: u32,
    primes: Vec<u32>,
}

fn grouped(range: std::ops::Range<u32>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for prime in range.filter(|number| is_prime(*number)) {
        let room = groups
            .last_mut()
            .and_then(|group| Some((group.product.checked_mul(prime)?, group)));
        if let Some((product, group)) = room {
            group.product = product;
            group.primes.push(prime);
        } else {
            groups.push(Group {
                product: prime,
                primes: vec![prime],
            });
        }
    }
    groups
}

fn is_prime(number: u32) -> bool {
    number >= 2
        && (2..)
            .take_while(|divisor| divisor * divisor <= number)
            .all(|divisor| !number.is_multiple_of(divisor))
}

fn small_factor(modulus: &[u8], groups: &[Group]) -> Option<String> {
    groups.iter().find_map(|group| {
        let rest = remainder(modulus, group.product);
        let prime = group.primes.iter().find(|prime| rest.is_multiple_of(**prime))?;
        Some(format!("the small factor {prime}"))
    })
}

/// Such primes are `k * M + 65537^a mod M`, where M is the product of the first primes, these among them; so the
/// modulus is a power of 65537 by each (Nemec and others, "The Return of Coppersmith's Attack", section 3). Of
/// other moduli fewer than one in a hundred million is.
fn has_roca_pattern(modulus: &[u8]) -> bool {
    FINGERPRINT_PRIMES.iter().all(|group| {
        let rest = remainder(modulus, group.product);
        group
            .primes
            .iter()
            .all(|prime| is_power_of_65537(rest % prime, *prime))
    })
}

fn is_power_of_65537(residue: u32, prime: u32) -> bool {
    std::iter::successors(Some(1), |power| Some(power * (65537 % prime) % prime))
        .take(prime as usize)
        .any(|power| power == residue)
}

fn remainder(number: &[u8], divisor: u32) -> u32 {
    let divisor = u64::from(divisor);
    let (head, words) = number.split_at(number.len() % 4);
    let head = head
        .iter()
        .fold(0, |rest, byte| (rest << 8 | u64::from(*byte)) % divisor);
    let rest = words.chunks_exact(4).fold(head, |rest, word| {
        let word = word.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        (rest << 32 | word) % divisor
    });
    // A remainder is below its divisor, which has 32 bits.
    rest as u32
}

/// Fermat's method: `modulus = a^2 - b^2 = (a + b)(a - b)`, and `a` is close to the root where the primes are close
/// to each other (CVE-2022-26320).
fn has_close_primes(modulus: &BigUint) -> bool {
    let root = modulus.sqrt();
    if &root * &root == *modulus {
        return true;
    }
    let last = &root + FERMAT_ROUNDS;
    let mut a = root + 1u32;
    let mut b_squared = &a * &a - modulus;
    while a <= last {
        if is_square(&b_squared) {
            return true;
        }
        b_squared += &a * 2u32 + 1u32;
        a += 1u32;
    }
    false
}

fn is_square(number: &BigUint) -> bool {
    // Of squares the last six bits are one of twelve values; a root costs more than a look.
    let last = number.iter_u32_digits().next().unwrap_or(0) % 64;
    if !(0..32).any(|root: u32| root * root % 64 == last) {
        return false;
    }
    let root = number.sqrt();
    &root * &root == *number
}
