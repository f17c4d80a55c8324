//! Names of hosts in other letters than ASCII, in the form that DNS and certificates have: `xn--` A-labels (RFC 5890), by
//! Punycode (RFC 3492).

use crate::ValueError;

const HINT: &str = "write the name in lower case with its letters as one character each, or its xn-- form";
/// RFC 3492 section 5.
const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;
/// The longest label of DNS.
const LONGEST: usize = 63;

/// `host` with each label that is not ASCII as its A-label. What is ASCII stays as it is.
///
/// Letters are put into lower case; no other mapping of UTS 46 is made.
///
/// # Errors
///
/// For what would need such a mapping: combining marks and compatibility forms, for signs that are no letter, digit or
/// hyphen, and for labels that become too long.
pub fn to_ascii(host: &str) -> Result<String, ValueError> {
    if host.is_ascii() {
        return Ok(host.to_owned());
    }
    let refused = |why: String| ValueError::new("host", host, why, HINT);
    let lower = host.to_lowercase();
    let labels: Result<Vec<String>, ValueError> = lower
        // The full stops of East Asian keyboards (RFC 3490 section 3.1).
        .split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'])
        .map(|label| {
            if label.is_ascii() {
                return Ok(label.to_owned());
            }
            if let Some(odd) = label.chars().find(|c| !is_letter(*c)) {
                return Err(refused(format!(
                    "U+{:04X} cannot stand in a host name as it is",
                    u32::from(odd)
                )));
            }
            let encoded = format!("xn--{}", punycode(label).unwrap_or_default());
            if encoded.len() > LONGEST || encoded.len() == 4 {
                return Err(refused(format!(
                    "a label is longer than {LONGEST} characters in its xn-- form"
                )));
            }
            Ok(encoded)
        })
        .collect();
    Ok(labels?.join("."))
}

fn is_letter(c: char) -> bool {
    let needs_mapping = matches!(u32::from(c), 0x0300..=0x036f | 0x1ab0..=0x1aff | 0x20d0..=0x20ff | 0x3099..=0x309a | 0xff00..=0xffef | 0xfb00..=0xfb06);
    (c.is_alphanumeric() || c == '-') && !needs_mapping
}

/// RFC 3492 section 6.3; nothing where a number overflows, which no label of DNS does.
fn punycode(label: &str) -> Option<String> {
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).ok()?;
    let mut handled = basic;
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias) = (INITIAL_N, 0_u32, INITIAL_BIAS);
    let all = u32::try_from(label.chars().count()).ok()?;
    while handled < all {
        let next = label.chars().map(u32::from).filter(|c| *c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for c in label.chars().map(u32::from) {
            if c < n {
                delta = delta.checked_add(1)?;
            }
            if c == n {
                number(delta, bias, &mut out);
                bias = adapted(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        n += 1;
    }
    Some(out)
}

/// A number of variable length.
fn number(delta: u32, bias: u32, out: &mut String) {
    let mut rest = delta;
    let mut k = BASE;
    loop {
        let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if rest < threshold {
            out.push(digit(rest));
            return;
        }
        out.push(digit(threshold + (rest - threshold) % (BASE - threshold)));
        rest = (rest - threshold) / (BASE - threshold);
        k += BASE;
    }
}

fn digit(value: u32) -> char {
    char::from_digit(value.saturating_sub(26), 10)
        .filter(|_| value >= 26)
        .or_else(|| char::from_u32(u32::from('a') + value))
        .unwrap_or('a')
}

/// RFC 3492 section 6.1.
fn adapted(delta: u32, points: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / DAMP } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > ((BASE - T_MIN) * T_MAX) / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_in_unicode_has_its_xn_form() {
        for (host, expected) in [
            ("müller.example", "xn--mller-kva.example"),
            ("MÜLLER.example", "xn--mller-kva.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("испытание.example", "xn--80akhbyknj4f.example"),
            ("straße.example", "xn--strae-oqa.example"),
            ("plain.example", "plain.example"),
        ] {
            assert_eq!(to_ascii(host).as_deref(), Ok(expected), "{host}");
        }
    }

    #[test]
    fn what_needs_a_mapping_is_refused_with_its_code_point() {
        for (host, why) in [
            ("mu\u{308}ller.example", "U+0308"),
            ("a☃.example", "U+2603"),
            ("ｆull.example", "U+FF46"),
        ] {
            let error = to_ascii(host).expect_err(host).to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
