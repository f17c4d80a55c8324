//! Shared primes among the keys that were certified: a check that is run, and not one of each request.
//!
//! A request would have to be compared with every RSA key of the records, which costs more than all else that the CA does.
//! [`Authority::shared_primes`] compares all of them with each other at once.

use std::collections::BTreeMap;

use handfast_pki::{Certificate, PublicKey, key::sharing_primes};

use crate::{
    authority::Authority,
    error::Result,
    records::{Query, Row, Store},
};

/// More keys at once would take hours.
const MOST_KEYS: usize = 20_000;

/// What a look for shared primes has found.
#[derive(Debug)]
pub struct SharedPrimes {
    /// How many different RSA keys were compared.
    pub compared: usize,
    /// Whether there are more, which were not compared.
    pub has_more: bool,
    /// The certificates whose key shares a prime with another one: whoever holds two of them has their private keys.
    pub found: Vec<Row>,
}

impl Authority {
    /// Looks for RSA keys among all certificates that share a prime with another one.
    pub fn shared_primes(&self) -> Result<SharedPrimes> {
        look(self.store())
    }
}

/// The same in the records alone.
pub(crate) fn look(store: &dyn Store) -> Result<SharedPrimes> {
    let mut by_key: BTreeMap<Vec<u8>, (PublicKey, Row)> = BTreeMap::new();
    let (mut after, mut has_more) = (None, false);
    loop {
        let page = store.find(&Query {
            limit: Some(1_000),
            after,
            ..Query::default()
        })?;
        for row in page.rows {
            let certificate = row.der.as_deref().and_then(|der| Certificate::from_der(der).ok());
            let Some(key) = certificate.map(|certificate| certificate.public_key()) else {
                continue;
            };
            if !key.algorithm().starts_with("RSA") {
                continue;
            }
            if by_key.len() == MOST_KEYS {
                has_more = true;
                break;
            }
            by_key.entry(key.spki_der().to_vec()).or_insert((key, row));
        }
        after = page.next;
        if after.is_none() || has_more {
            break;
        }
    }
    let (keys, mut rows): (Vec<_>, Vec<_>) = by_key.into_values().map(|(key, row)| (key, Some(row))).unzip();
    let places = sharing_primes(&keys);
    Ok(SharedPrimes {
        compared: keys.len(),
        has_more,
        found: places
            .into_iter()
            .filter_map(|place| rows.get_mut(place)?.take())
            .collect(),
    })
}
