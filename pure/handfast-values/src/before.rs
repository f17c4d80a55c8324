//! How long before its end something is renewed.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::duration;

/// How long before its expiry a certificate is renewed, as people write it: `33%`, `14d`.
#[derive(Debug, Clone, Copy)]
pub enum Before {
    /// Hundredths of its whole lifetime.
    Percent(u8),
    /// So long.
    Time(SignedDuration),
}

impl FromStr for Before {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_suffix('%') {
            None => duration(text)
                .map(Self::Time)
                .map_err(|error| format!("{error}; {}", error.hint)),
            Some(number) => match number.parse() {
                Ok(percent @ 1..=99) => Ok(Self::Percent(percent)),
                _ => Err("write a part of the lifetime from 1% to 99%".into()),
            },
        }
    }
}

impl Before {
    /// From when on what is valid from `begin` until `end` is to be renewed.
    pub fn due(self, begin: Timestamp, end: Timestamp) -> Timestamp {
        let before = match self {
            Self::Percent(percent) => end.duration_since(begin) / 100 * i32::from(percent),
            Self::Time(time) => time,
        };
        // What is longer than its whole life: from the beginning.
        end.checked_sub(before).unwrap_or(begin).max(begin)
    }
}
