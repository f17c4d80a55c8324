//! Numbers below zero. `--lifetime -1h` gives a value, which is refused for what it is, and no flag that is called `-1`.

use std::ffi::{OsStr, OsString};

/// `arguments` with such a number joined to the flag in front of it.
pub fn joined(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::with_capacity(arguments.len());
    let mut is_over = false;
    for argument in arguments {
        is_over |= argument == "--";
        match joined.last_mut() {
            Some(flag) if !is_over && is_below_zero(&argument) && takes_more(flag) => {
                flag.push("=");
                flag.push(argument);
            }
            _ => joined.push(argument),
        }
    }
    joined
}

/// No flag of ours begins with a digit.
fn is_below_zero(argument: &OsStr) -> bool {
    matches!(argument.as_encoded_bytes(), [b'-', digit, ..] if digit.is_ascii_digit())
}

fn takes_more(flag: &OsStr) -> bool {
    let flag = flag.as_encoded_bytes();
    flag.len() > 2 && flag.starts_with(b"--") && !flag.contains(&b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_below_zero_belongs_to_the_long_flag_in_front_of_it_and_to_nothing_else() {
        let joined = |line: &str| {
            let words = super::joined(line.split(' ').map(OsString::from).collect());
            let words: Vec<String> = words
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            words.join(" ")
        };
        for (line, expected) in [
            ("issue --lifetime -1h --out x", "issue --lifetime=-1h --out x"),
            ("ca list --limit -1", "ca list --limit=-1"),
            ("issue --lifetime 1h", "issue --lifetime 1h"),
            ("issue --lifetime=-1h -1h", "issue --lifetime=-1h -1h"),
            ("issue -1h", "issue -1h"),
            ("get -d -1", "get -d -1"),
            ("issue --out -", "issue --out -"),
            ("issue --force --out x", "issue --force --out x"),
            ("trust -- --x -1", "trust -- --x -1"),
        ] {
            assert_eq!(joined(line), expected, "{line}");
        }
    }
}
