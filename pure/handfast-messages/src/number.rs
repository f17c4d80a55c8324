//! The numbers of a line, with what stands before them.

/// One number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number<'a> {
    /// With its sign.
    pub(super) value: i64,
    pub(super) is_hex: bool,
    /// What stands before it and its sign.
    pub(super) before: &'a str,
    /// Its digits.
    pub(super) written: &'a str,
}

impl Number<'_> {
    /// Whether `word` stands right before it, in any case.
    pub(super) fn is_behind(&self, word: &str) -> bool {
        let start = self.before.len().checked_sub(word.len());
        start
            .and_then(|start| self.before.get(start..))
            .is_some_and(|end| end.eq_ignore_ascii_case(word))
    }

    /// As a status of Windows: eight hexadecimal digits, or the same 32 bits as a number below zero.
    pub(super) fn windows(&self) -> Option<i64> {
        let is_status = |value: i64| (0x8000_0000..=0xcfff_ffff).contains(&value).then_some(value);
        match self.is_hex {
            true => (self.written.len() == 8).then(|| is_status(self.value)).flatten(),
            false => is_status(self.value.checked_add(1 << 32)?).filter(|_| self.value < 0),
        }
    }
}

/// The numbers of `text`, in their order; digits within words are none.
pub(super) fn numbers(text: &str) -> Vec<Number<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text
        .get(from..)
        .and_then(|rest| rest.find(|c: char| c.is_ascii_digit()))
    {
        let start = from + start;
        let (number, end) = at(text, start);
        found.extend(number);
        from = end;
    }
    found
}

/// The number whose first digit stands at `start`, where it is one, and where it ends.
fn at(text: &str, start: usize) -> (Option<Number<'_>>, usize) {
    let rest = text.get(start..).unwrap_or_default();
    let is_hex = rest.starts_with("0x") || rest.starts_with("0X");
    let from = if is_hex { start + 2 } else { start };
    let digits = text.get(from..).unwrap_or_default();
    let length = digits
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(digits.len());
    let end = from + length;
    let written = digits.get(..length).unwrap_or_default();
    let mut before = text.get(..start).unwrap_or_default();
    // A minus is a sign where no word or number stands before it.
    let unsigned = before.strip_suffix('-').filter(|head| !ends_in_a_word(head));
    before = unsigned.unwrap_or(before);
    let radix = if is_hex { 16 } else { 10 };
    let number = i64::from_str_radix(written, radix)
        .ok()
        .filter(|_| !ends_in_a_word(before))
        .map(|value| Number {
            value: if unsigned.is_some() { -value } else { value },
            is_hex,
            before,
            written,
        });
    (number, end.max(start + 1))
}

fn ends_in_a_word(text: &str) -> bool {
    text.ends_with(|c: char| c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<i64> {
        numbers(text).iter().map(|number| number.value).collect()
    }

    #[test]
    fn numbers_are_read_as_programs_write_them() {
        assert_eq!(values("returned -0x2700, (-9984) and 20"), [-0x2700, -9984, 20]);
        assert_eq!(values("num=20:x curl: (60) [48]"), [20, 60, 48]);
        // Dates, addresses and words hold no number below zero.
        assert!(
            values("2026-11-30 tls1-2 x86 sha-256")
                .iter()
                .all(|value| *value >= 0)
        );
        assert_eq!(values("0x 99999999999999999999 é7"), []);
    }

    #[test]
    fn a_status_of_windows_is_one_number_in_both_spellings() {
        for text in ["0x80090325", "0X80090325", "(-2146893019)"] {
            let number = numbers(text).first().copied().expect("a number");
            assert_eq!(number.windows(), Some(0x8009_0325), "{text}");
        }
        for other in ["0x9325", "2146893019", "-1", "80090325", "-9999999999"] {
            let number = numbers(other).first().copied().expect("a number");
            assert_eq!(number.windows(), None, "{other}");
        }
    }

    #[test]
    fn what_stands_before_a_number_is_kept_without_its_sign() {
        let found = numbers("Code=-9807");
        assert_eq!(found.first().map(|number| number.before), Some("Code="));
    }
}
