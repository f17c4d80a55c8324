//! Commands that are printed to be run as they are: with the flags of the present one that they need, and with names that are
//! free.

use std::path::Path;

use handfast_finding::shell::shell;

/// The flag that names the file of the passphrase again, where it was given.
pub fn passphrase_flag(file: Option<&Path>) -> String {
    file.map_or_else(String::new, |file| {
        format!(" --passphrase-file {}", shell(file.display()))
    })
}

/// `name` with `end` behind it, where nothing is called so yet, else with the first number between them that is free.
pub fn free(name: &str, end: &str) -> String {
    let numbered = (2_u32..).map(|number| format!("{name}-{number}{end}"));
    let mut names = std::iter::once(format!("{name}{end}")).chain(numbered);
    let is_free = |name: &String| Path::new(name).symlink_metadata().is_err();
    names.find(is_free).unwrap_or_default()
}

/// The present command line once more, with `more` behind it and without the flag `without`, nor its value where it `has_value`.
pub fn again(without: &str, has_value: bool, more: &str) -> String {
    let arguments = std::env::args_os().skip(1);
    let arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    line(arguments, without, has_value, more)
}

fn line(mut arguments: impl Iterator<Item = String>, without: &str, has_value: bool, more: &str) -> String {
    let mut line = String::from("handfast");
    while let Some(argument) = arguments.next() {
        if argument == without {
            if has_value {
                arguments.next();
            }
            continue;
        }
        let is_joined = argument
            .strip_prefix(without)
            .is_some_and(|rest| rest.starts_with('='));
        if !is_joined {
            line.push(' ');
            line.push_str(&shell(argument));
        }
    }
    line.push_str(more);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_said_again_without_a_flag_and_its_value_and_with_more() {
        let said = |text: &str, without, has_value, more| {
            line(text.split(' ').map(str::to_owned), without, has_value, more)
        };
        assert_eq!(
            said(
                "ca revoke a.crt --dry-run --identity uri:a/*",
                "--dry-run",
                false,
                ""
            ),
            "handfast ca revoke a.crt --identity 'uri:a/*'"
        );
        for given in [
            "ca list --after 3 --limit 2",
            "ca list --limit 2 --after=3",
            "ca list --limit 2",
        ] {
            assert_eq!(
                said(given, "--after", true, " --after 7"),
                "handfast ca list --limit 2 --after 7",
                "{given}"
            );
        }
    }
}
