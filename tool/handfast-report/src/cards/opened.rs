//! The cards of a file that was opened: what is in it, and what was found wrong on the way in.

use handfast_finding::Problem;
use handfast_formats::{
    container::Protection,
    open::{Opened, Part},
};
use handfast_pki::{Error as PkiError, code, pem::Item};
use jiff::Timestamp;

use super::{Card, cards};

/// A card for each thing in the file, the problem beside what it is about.
pub fn of_opened(opened: Opened, now: Timestamp) -> Vec<Card> {
    let is_closed = |part: &Part| matches!(part.item, Item::Pkcs12(_));
    let is_locked = opened.parts.iter().any(is_closed);
    let too_old = opened.protections.iter().any(Protection::is_too_old);
    let closed: Vec<Option<PkiError>> = opened
        .parts
        .iter()
        .map(|part| part.closed.clone().filter(|error| *error != PkiError::Encrypted))
        .collect();
    let items: Vec<Item> = opened.parts.into_iter().map(|part| part.item).collect();
    let mut found: Vec<Card> = cards(&items, now)
        .into_iter()
        .zip(&items)
        .zip(closed)
        .map(|((card, item), closed)| {
            let card = match closed {
                Some(error) => card.with(problem(&error)),
                None => card,
            };
            match item {
                Item::Pkcs12(_) if too_old => card.with(rc2()),
                _ => card,
            }
        })
        .collect();
    if too_old && !is_locked {
        found.insert(0, Card::of_container().with(rc2()));
    }
    found.extend(opened.passed_over.iter().map(Card::of_words));
    found
}

fn problem(error: &PkiError) -> Problem {
    let problem = Problem::new(error.code(), error);
    match error.hint() {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// What is read here and by OpenSSL 3 is not.
fn rc2() -> Problem {
    Problem::new(
        code::P12_TOO_OLD,
        "it is encrypted with RC2 of 40 bits, which OpenSSL 3 does not read",
    )
    .help("write it anew: handfast convert FILE --password-file PASSWORD --to p12 --out new.p12")
}
