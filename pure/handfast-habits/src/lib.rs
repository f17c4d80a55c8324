//! What people type who come from another program: curl, openssl, step, mkcert, certbot, cfssl, kubectl, ghostunnel.
//!
//! In: the words of a command line. Out: the same in our words, where a [`Habit`] means the same here, or a problem with the
//! reason and the command line that does what was meant. `table.rs` is the list, `words.rs` what the rows are made of.

#![warn(missing_docs)]

mod habit;
mod table;
mod words;

use std::ffi::OsString;

use handfast_finding::{Problem, shell::shell};

pub use habit::{Habit, Instead, Typed};
pub use table::HABITS;

/// A command line in our words.
pub struct Understood {
    /// The command and those below it.
    pub command: Vec<String>,
    /// All of it, the name of the program first.
    pub arguments: Vec<OsString>,
    /// Why it was not simply taken.
    pub refused: Option<Problem>,
    is_other_command: bool,
}

/// `arguments`, the name of the program first, with something of ours in the place of every habit. `is_command` knows
/// the commands of ours, and those below them, by their words.
pub fn understood(arguments: Vec<OsString>, is_command: impl Fn(&[String]) -> bool) -> Understood {
    let first = once(arguments, &is_command);
    // Another command has other habits.
    if first.refused.is_none() && first.is_other_command {
        return once(first.arguments, &is_command);
    }
    first
}

fn once(arguments: Vec<OsString>, is_command: &impl Fn(&[String]) -> bool) -> Understood {
    let Some(mut line) = Line::read(&arguments, is_command) else {
        return Understood {
            command: Vec::new(),
            arguments,
            refused: None,
            is_other_command: false,
        };
    };
    let mut is_other_command = false;
    let mut refused: Option<(String, &Habit)> = None;
    let mut other = None;
    let mut at = 0;
    while at < line.words.len() && line.words[at] != "--" {
        let found = HABITS
            .iter()
            .filter(|habit| habit.is_on(&line.command))
            .find_map(|habit| Some((habit, habit.meets(&line.words, at)?)));
        let Some((habit, met)) = found else {
            at += 1;
            continue;
        };
        if habit.taught.is_some() && refused.is_none() {
            refused = Some((met.typed.clone(), habit));
            other = match habit.instead {
                Instead::Line(made) => made(&line.words),
                Instead::Nothing => None,
                _ => Some(String::new()),
            };
        }
        is_other_command |= at == 0;
        if let Instead::Last(words) = habit.instead {
            line.words.push(words.to_owned());
        }
        let words = habit.instead_of(&met);
        let length = words.len();
        line.words.splice(at..at + met.length, words);
        at += length;
    }
    let written = line.written();
    Understood {
        refused: refused.map(|(typed, habit)| habit.refusal(&typed, other, &written)),
        command: line.command.clone(),
        arguments: line.arguments(),
        is_other_command,
    }
}

/// A command line, taken apart.
struct Line {
    program: OsString,
    /// The command and those below it.
    command: Vec<String>,
    words: Vec<String>,
    /// Flags before the command.
    before: Vec<String>,
}

impl Line {
    /// None where it is no text.
    fn read(arguments: &[OsString], is_command: &impl Fn(&[String]) -> bool) -> Option<Self> {
        let (program, words) = arguments.split_first()?;
        let mut words: Vec<String> = words
            .iter()
            .map(|word| word.to_str().map(str::to_owned))
            .collect::<Option<_>>()?;
        let begin = words.iter().take_while(|word| *word == "--json").count();
        let before = words.drain(..begin).collect();
        let is_path = |length: &usize| is_command(&words[..*length]);
        let length = (1..=words.len()).take_while(is_path).count();
        let command = words.drain(..length).collect();
        Some(Self {
            program: program.clone(),
            command,
            words,
            before,
        })
    }

    fn arguments(self) -> Vec<OsString> {
        let words = self.before.into_iter().chain(self.command).chain(self.words);
        std::iter::once(self.program)
            .chain(words.map(OsString::from))
            .collect()
    }

    /// As it would be typed.
    fn written(&self) -> String {
        let words = self.before.iter().chain(&self.command).chain(&self.words);
        // The shell puts the home in the place of a ~ only where that is not quoted.
        let word = |word: &String| match word.strip_prefix("~/") {
            Some(rest) => format!("~/{}", shell(rest)),
            None => shell(word),
        };
        let words = words.map(word).collect::<Vec<_>>();
        format!("handfast {}", words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commands as the program has them; that its own are meant is tested there.
    fn of(line: &str) -> Understood {
        const COMMANDS: [&str; 12] = [
            "get",
            "doctor",
            "convert",
            "issue",
            "trust",
            "trust install",
            "trust remove",
            "setup",
            "lab",
            "lab run",
            "proxy",
            "explain",
        ];
        let arguments = format!("handfast {line}");
        let arguments = arguments.split(' ').map(OsString::from).collect();
        understood(arguments, |path| COMMANDS.contains(&path.join(" ").as_str()))
    }

    fn taken(line: &str) -> String {
        let understood = of(line);
        assert!(understood.refused.is_none(), "{line}: {:?}", understood.refused);
        let words: Vec<_> = understood
            .arguments
            .iter()
            .skip(1)
            .map(|word| word.to_string_lossy())
            .collect();
        words.join(" ")
    }

    fn taught(line: &str) -> String {
        let problem = of(line)
            .refused
            .unwrap_or_else(|| panic!("{line} is simply taken"));
        assert!(problem.help.is_some(), "{line}");
        problem.command.unwrap_or_default()
    }

    #[test]
    fn what_means_the_same_is_taken_in_our_words() {
        for (typed, ours) in [
            (
                "get https://a/ --cacert ca.crt -E c.crt",
                "get https://a/ --ca ca.crt --cert c.crt",
            ),
            ("doctor a:1 -CAfile=ca.crt", "doctor a:1 --ca ca.crt"),
            (
                "convert a.crt --to pfx --out a.p12",
                "convert a.crt --to p12 --out a.p12",
            ),
            ("convert a.crt --to=PFX", "convert a.crt --to p12"),
            ("convert -in a.crt -outform DER", "convert a.crt --to der"),
            (
                "issue server -d a.example,10.0.0.1 -o x",
                "issue server --dns a.example --ip 10.0.0.1 --out x",
            ),
            (
                "trust uninstall --for system --ca x",
                "trust remove --for system --ca x",
            ),
            ("--json setup httpd", "--json setup apache"),
            ("help issue --json", "issue --json --help"),
            (
                "install --cacert ca.crt --for nodejs",
                "trust install --ca ca.crt --for node",
            ),
            ("lab HF-206", "lab run HF-206"),
            (
                "proxy --allow-uri spiffe://acme/web",
                "proxy --allow uri:spiffe://acme/web",
            ),
        ] {
            assert_eq!(taken(typed), ours, "{typed}");
        }
    }

    #[test]
    fn what_does_not_is_taught_with_a_command_to_run() {
        for (typed, run) in [
            (
                "issue server --san localhost --days 30",
                "handfast issue server --dns localhost --lifetime 30d",
            ),
            ("get https://a:8443/x -k", "handfast inspect https://a:8443"),
            ("doctor explain HF-103", "handfast explain HF-103"),
            (
                "trust list",
                "handfast trust install --for system --ca ca.crt --dry-run",
            ),
            (
                "trust install --for chrome --ca x",
                "handfast trust install --for firefox --profile ~/.pki/nssdb --ca x",
            ),
            ("get https://a/ --ca b -o c", "handfast get https://a/ --ca b > c"),
            ("convert a.p12 --to pem --password x --out b", ""),
        ] {
            assert_eq!(taught(typed), run, "{typed}");
        }
    }

    #[test]
    fn what_stands_behind_two_dashes_is_no_habit() {
        assert_eq!(taken("explain -- --list"), "explain -- --list");
    }
}
