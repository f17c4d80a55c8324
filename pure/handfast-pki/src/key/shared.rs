//! Shared primes: RSA keys of bad generators have a prime in common, and whoever holds both public keys has both private ones
//! (Heninger and others, "Mining Your Ps and Qs").
//!
//! In: any number of keys. Out: those that share a prime with another one. All moduli are multiplied in a tree of products,
//! and the product is taken modulo the square of each on the way back (Bernstein's batch greatest common divisor), which
//! costs far less than each with each.

use std::collections::BTreeSet;

use num_bigint::BigUint;

use super::{PublicKey, curves::common_divisor};

/// The places of the RSA keys in `keys` that share a prime with another one. Keys that are the same share none by that.
///
/// 1,000 keys of 2048 bits take about a second; the cost grows a little faster than the square of their number.
pub fn sharing_primes(keys: &[PublicKey]) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let (mut places, mut moduli) = (Vec::new(), Vec::new());
    for (place, key) in keys.iter().enumerate() {
        if let Some(modulus) = key.rsa_modulus()
            && seen.insert(modulus.clone())
        {
            places.push(place);
            moduli.push(BigUint::from_bytes_be(&modulus));
        }
    }
    let one = BigUint::from(1u32);
    let divisors = moduli.iter().zip(remainders(&moduli)).map(|(modulus, rest)| {
        // The product of all others, modulo this one.
        common_divisor(rest / modulus, modulus.clone())
    });
    places
        .into_iter()
        .zip(divisors)
        .filter(|(_, divisor)| *divisor != one)
        .map(|(place, _)| place)
        .collect()
}

/// The product of all, modulo the square of each.
fn remainders(moduli: &[BigUint]) -> Vec<BigUint> {
    let mut levels = vec![moduli.to_vec()];
    while let Some(last) = levels.last().filter(|last| last.len() > 1) {
        let products = last.chunks(2).map(|pair| pair.iter().product()).collect();
        levels.push(products);
    }
    let mut rests = levels.pop().unwrap_or_default();
    while let Some(level) = levels.pop() {
        let below = level.iter().enumerate().map(|(place, number)| {
            let above = rests.get(place / 2).cloned().unwrap_or_default();
            above % (number * number)
        });
        rests = below.collect();
    }
    rests
}
