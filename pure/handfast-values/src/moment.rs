//! A moment in the past or the future: a time, a day, or how long ago.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{ValueError, duration};

const HINT: &str =
    "write a time such as 2026-11-30T12:00:00Z, a day such as 2026-11-30, or how long ago, such as 7d";

/// Reads a time with its offset (RFC 3339), a day (its beginning in UTC), or a duration, which is counted back from `now`.
///
/// # Errors
///
/// For everything else, a time without its offset among them: it means one thing here and another elsewhere.
pub fn moment(text: &str, now: Timestamp) -> Result<Timestamp, ValueError> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let day = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    if let (10, Some(at)) = (text.len(), text.parse::<Date>().ok().and_then(day)) {
        return Ok(at);
    }
    let ago = duration(text).ok().and_then(|ago| now.checked_sub(ago).ok());
    ago.ok_or_else(|| ValueError::new("time", text, "expected a time, a day or how long ago", HINT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_days_and_durations_are_read() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().expect("a time");
        for (text, expected) in [
            ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"),
            ("2026-11-01T01:00:00+01:00", "2026-11-01T00:00:00Z"),
            ("2026-11-01", "2026-11-01T00:00:00Z"),
            ("7d", "2026-11-23T12:00:00Z"),
            ("90m", "2026-11-30T10:30:00Z"),
        ] {
            assert_eq!(moment(text, now).expect(text).to_string(), expected);
        }
    }

    #[test]
    fn what_means_different_times_to_different_readers_is_refused() {
        for text in [
            "2026-11-01T00:00:00",
            "01.11.2026",
            "yesterday",
            "20261101",
            "",
            "7",
        ] {
            assert!(moment(text, Timestamp::UNIX_EPOCH).is_err(), "{text}");
        }
    }
}
