//! Times in the forms that people think in.

use handfast_pki::time;
pub use handfast_values::written;
use jiff::Timestamp;

/// `at` in both forms that people need: `2027-02-21T09:30:00Z (in 89 days)`.
pub fn when(at: Timestamp, now: Timestamp) -> String {
    let shown = time::shown(at);
    if time::is_no_end(at) {
        return format!("{shown} (no well-defined expiration date)");
    }
    format!("{shown} ({})", relative(at, now))
}

/// `in 89 days`, `3 hours ago`: one unit, rounded.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    const UNITS: [(i64, i64, &str); 4] = [
        (2 * 31_557_600, 31_557_600, "year"),
        (2 * 86_400, 86_400, "day"),
        (2 * 3600, 3600, "hour"),
        (120, 60, "minute"),
    ];
    let seconds = at.as_second() - now.as_second();
    let far = seconds.abs();
    let unit = UNITS.into_iter().find(|(from, _, _)| far >= *from);
    let (count, name) = unit.map_or((far, "second"), |(_, unit, name)| ((far + unit / 2) / unit, name));
    let plural = if count == 1 { "" } else { "s" };
    if seconds == 0 {
        "now".to_owned()
    } else if seconds < 0 {
        format!("{count} {name}{plural} ago")
    } else {
        format!("in {count} {name}{plural}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_people_think_in() {
        let now = Timestamp::UNIX_EPOCH;
        let after = |seconds| relative(Timestamp::from_second(seconds).expect("in range"), now);
        assert_eq!(after(90 * 86_400 - 1), "in 90 days");
        assert_eq!(after(3653 * 86_400), "in 10 years");
        assert_eq!(after(-7200), "2 hours ago");
        assert_eq!(after(1), "in 1 second");
    }
}
