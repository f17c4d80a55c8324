//! The times of certificates and lists: every one that RFC 5280 section 4.1.2.5 can write, and not another in its place.

use jiff::{SignedDuration, Timestamp, civil::DateTime};

use crate::asn1::{Flaw, Value};

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `99991231235959Z`: "no well-defined expiration date" (RFC 5280 section 4.1.2.5).
const NO_END: &str = "9999-12-31T23:59:59Z";

/// To the second.
///
/// The calendar of [`Timestamp`] ends 26 hours before the year 9999 does, and much is valid to the last second of it. So
/// what lies behind the end is counted in its nanoseconds, which no time of a certificate has: order and value are kept,
/// and [`shown`] writes it as it stood.
pub(crate) fn timestamp(value: Value<'_>) -> Result<Timestamp, Flaw> {
    read(value).ok_or(Flaw("time"))
}

fn read(value: Value<'_>) -> Option<Timestamp> {
    let digits = value.content.strip_suffix(b"Z")?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = std::str::from_utf8(digits).ok()?;
    let text = match (value.tag, text.len()) {
        (UTC_TIME, 12) if text < "50" => format!("20{text}"),
        (UTC_TIME, 12) => format!("19{text}"),
        (GENERALIZED_TIME, 14) => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
    let year = text.get(..4)?.parse().ok()?;
    let at = DateTime::new(
        year,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?,
        0,
    )
    .ok()?;
    let seconds = at.duration_since(epoch()?).as_secs();
    let beyond = seconds - Timestamp::MAX.as_second();
    if beyond <= 0 {
        Timestamp::from_second(seconds).ok()
    } else {
        Timestamp::new(Timestamp::MAX.as_second(), i32::try_from(beyond).ok()?).ok()
    }
}

fn epoch() -> Option<DateTime> {
    DateTime::new(1970, 1, 1, 0, 0, 0, 0).ok()
}

/// `at` as RFC 3339 text, the last hours of the year 9999 among them.
pub fn shown(at: Timestamp) -> String {
    let beyond = i64::from(at.subsec_nanosecond());
    if at.as_second() < Timestamp::MAX.as_second() || beyond == 0 {
        return at.to_string();
    }
    let end = epoch().and_then(|epoch| {
        epoch
            .checked_add(SignedDuration::from_secs(at.as_second() + beyond))
            .ok()
    });
    end.map_or_else(|| at.to_string(), |end| format!("{end}Z"))
}

/// Whether it stands for "no well-defined expiration date".
pub fn is_no_end(at: Timestamp) -> bool {
    at.as_second() == Timestamp::MAX.as_second() && shown(at) == NO_END
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(tag: u8, text: &str) -> Option<Timestamp> {
        let value = Value {
            tag,
            content: text.as_bytes(),
            whole: &[],
        };
        read(value)
    }

    #[test]
    fn every_time_is_shown_as_it_stands() {
        for (tag, text, expected) in [
            (UTC_TIME, "261130120000Z", "2026-11-30T12:00:00Z"),
            (UTC_TIME, "500101000000Z", "1950-01-01T00:00:00Z"),
            (UTC_TIME, "491231235959Z", "2049-12-31T23:59:59Z"),
            (GENERALIZED_TIME, "20500101000000Z", "2050-01-01T00:00:00Z"),
            (GENERALIZED_TIME, "00010101000000Z", "0001-01-01T00:00:00Z"),
            (GENERALIZED_TIME, "99991230220000Z", "9999-12-30T22:00:00Z"),
            (GENERALIZED_TIME, "99991230220001Z", "9999-12-30T22:00:01Z"),
            (GENERALIZED_TIME, "99991231000000Z", "9999-12-31T00:00:00Z"),
            (GENERALIZED_TIME, "99991231235959Z", NO_END),
        ] {
            let at = time(tag, text).expect(text);
            assert_eq!(shown(at), expected);
            assert_eq!(is_no_end(at), expected == NO_END, "{text}");
        }
    }

    #[test]
    fn times_behind_the_end_of_the_calendar_keep_their_order() {
        let times = [
            "99991230220000Z",
            "99991230220001Z",
            "99991231235958Z",
            "99991231235959Z",
        ];
        let times: Vec<_> = times
            .iter()
            .filter_map(|text| time(GENERALIZED_TIME, text))
            .collect();
        assert!(times.len() == 4 && times.is_sorted() && times.array_windows().all(|[a, b]| a != b));
    }

    #[test]
    fn what_is_no_time_of_rfc_5280_is_refused() {
        for (tag, text) in [
            (UTC_TIME, "2611301200Z"),
            (UTC_TIME, "261130120000+0100"),
            (UTC_TIME, "261330120000Z"),
            (UTC_TIME, "+61130120000Z"),
            (GENERALIZED_TIME, "20261130120000.5Z"),
            (GENERALIZED_TIME, "20261130120000"),
            (GENERALIZED_TIME, "261130120000Z"),
        ] {
            assert_eq!(time(tag, text), None, "{text}");
        }
    }
}
