//! How long something takes or lasts: `500ms`, `10s`, `90d`, `2h30m`.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, SpanRelativeTo, fmt::friendly::SpanParser};

use crate::ValueError;

/// The longest that is read: 10,000 years.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 3_652_425);

const HINT: &str = "write numbers with their units, the largest first, such as 500ms, 10s, 2h30m or 90d";

/// Reads a duration of fixed length, from none upwards: numbers with the units `ms`, `s`, `m` (minutes), `h`, `d` (24
/// hours) or `w`, the largest first.
///
/// # Errors
///
/// For a number without a unit, and for units whose length depends on the date or on the reader: years and months, `M`,
/// a comma, a colon.
pub fn duration(text: &str) -> Result<SignedDuration, ValueError> {
    let refused = |why: String| ValueError::new("duration", text, why, HINT);
    if let Some(why) = ambiguous(text) {
        return Err(refused(why));
    }
    let parser = SpanParser::new();
    let too_long = || {
        refused(format!(
            "expected at most {}, which is 10000 years",
            written(LONGEST)
        ))
    };
    let span = parser.parse_span(text).map_err(|_| {
        // With small numbers in the place of these it is one: the numbers are too large.
        let small = small(text);
        match parser.parse_span(&small) {
            Ok(_) => too_long(),
            Err(_) => refused("expected a number and its unit".into()),
        }
    })?;
    let duration = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| too_long())?;
    if duration.is_negative() {
        return Err(refused("expected a duration of 0 or more".into()));
    }
    if duration > LONGEST {
        return Err(too_long());
    }
    Ok(duration)
}

/// `text` with 1 in the place of every number.
fn small(text: &str) -> String {
    let mut small = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_ascii_digit() {
            true if small.ends_with('1') => {}
            true => small.push('1'),
            false => small.push(c),
        }
    }
    small
}

/// A duration as people write it: whole days as days, where they are more than one, else hours, minutes and seconds.
pub fn written(duration: SignedDuration) -> String {
    const DAY: i64 = 24 * 60 * 60;
    let is_whole = duration.as_secs() % DAY == 0 && duration.subsec_nanos() == 0;
    match duration.as_secs() / DAY {
        days @ 2.. if is_whole => format!("{days}d"),
        _ => format!("{duration:#}"),
    }
}

/// The same, and not outside of `range`.
///
/// # Errors
///
/// As [`duration`], and with the end of `range` that was passed.
pub fn duration_between(
    text: &str,
    range: &RangeInclusive<SignedDuration>,
) -> Result<SignedDuration, ValueError> {
    let duration = duration(text)?;
    let refused = |why: String| Err(ValueError::new("duration", text, why, HINT));
    if duration < *range.start() {
        return refused(format!("expected at least {}", written(*range.start())));
    }
    if duration > *range.end() {
        return refused(format!("expected at most {}", written(*range.end())));
    }
    Ok(duration)
}

/// Why `text` means one thing to one reader and another to the next.
fn ambiguous(text: &str) -> Option<String> {
    if text.trim().parse::<f64>().is_ok() {
        return Some("a number without a unit".into());
    }
    if let Some(sign) = text.chars().find(|c| matches!(c, ',' | ':')) {
        return Some(format!("expected numbers and units, found \"{sign}\""));
    }
    let units = text.split(|c: char| !c.is_alphabetic());
    units.filter(|unit| !unit.is_empty()).find_map(|unit| match unit {
        "M" => Some("\"M\" is minutes to some and months to others; minutes are \"m\"".into()),
        _ if unit.starts_with("mo") => Some(format!(
            "\"{unit}\" has 28 to 31 days; write days, such as \"30d\""
        )),
        _ if unit.starts_with('y') => Some(format!(
            "\"{unit}\" has 365 or 366 days; write days, such as \"365d\""
        )),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    #[test]
    fn numbers_with_fixed_units_are_read() {
        for (text, expected) in [
            ("500ms", SignedDuration::from_millis(500)),
            ("10s", SignedDuration::from_secs(10)),
            ("5m", SignedDuration::from_mins(5)),
            ("1h", SignedDuration::from_hours(1)),
            ("24h", DAY),
            ("90d", DAY * 90),
            ("3w", DAY * 21),
            ("2h30m", SignedDuration::from_mins(150)),
            ("2h 30m", SignedDuration::from_mins(150)),
            ("1.5h", SignedDuration::from_mins(90)),
            ("90 days", DAY * 90),
            ("0d", SignedDuration::ZERO),
            ("007d", DAY * 7),
            ("3652425d", LONGEST),
        ] {
            assert_eq!(duration(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_has_no_fixed_length_is_refused_with_what_to_write() {
        for (text, why) in [
            ("90", "a number without a unit"),
            ("1.5", "a number without a unit"),
            (
                "1M",
                "\"M\" is minutes to some and months to others; minutes are \"m\"",
            ),
            ("1mo", "\"mo\" has 28 to 31 days; write days, such as \"30d\""),
            (
                "3 months",
                "\"months\" has 28 to 31 days; write days, such as \"30d\"",
            ),
            ("1y", "\"y\" has 365 or 366 days; write days, such as \"365d\""),
            ("1,5h", "expected numbers and units, found \",\""),
            ("10:30:00", "expected numbers and units, found \":\""),
            ("", "expected a number and its unit"),
            ("d", "expected a number and its unit"),
            ("5x", "expected a number and its unit"),
            ("5 apples", "expected a number and its unit"),
            ("30m2h", "expected a number and its unit"),
            ("-1h", "expected a duration of 0 or more"),
            ("1h ago", "expected a duration of 0 or more"),
            ("1000000000d", "expected at most 3652425d, which is 10000 years"),
            (
                "99999999999999999999d",
                "expected at most 3652425d, which is 10000 years",
            ),
            (
                "1d99999999999999999999h",
                "expected at most 3652425d, which is 10000 years",
            ),
            ("3652425d1s", "expected at most 3652425d, which is 10000 years"),
            ("99999999999999999999x", "expected a number and its unit"),
        ] {
            let error = duration(text).expect_err(text);
            assert_eq!(error.to_string(), format!("duration \"{text}\": {why}"));
            assert_eq!(error.hint, HINT, "{text}");
        }
    }

    #[test]
    fn whole_days_are_written_as_days_and_read_again() {
        for (duration_of, text) in [
            (DAY, "24h"),
            (DAY * 2, "2d"),
            (DAY * 90, "90d"),
            (SignedDuration::from_hours(49), "49h"),
            (SignedDuration::from_mins(90), "1h 30m"),
            (SignedDuration::from_secs(1), "1s"),
            (SignedDuration::ZERO, "0s"),
        ] {
            assert_eq!(written(duration_of), text);
            assert_eq!(duration(text), Ok(duration_of));
        }
    }

    #[test]
    fn a_range_holds_its_ends_and_names_the_one_that_was_passed() {
        let range = SignedDuration::from_millis(1)..=DAY;
        for text in ["1ms", "24h", "1d", "23h59m"] {
            assert!(duration_between(text, &range).is_ok(), "{text}");
        }
        for (text, why) in [
            ("0s", "expected at least 1ms"),
            ("25h", "expected at most 24h"),
            ("2d", "expected at most 24h"),
        ] {
            let error = duration_between(text, &range).expect_err(text);
            assert_eq!(error.to_string(), format!("duration \"{text}\": {why}"));
        }
    }
}
