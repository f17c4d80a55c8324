//! What people type who come from another program: curl, openssl, step, mkcert, certbot, cfssl, kubectl, ghostunnel.
//!
//! A [`Habit`] that means the same here is taken as if it had been typed in our words. One that does not is an error with the
//! reason and the command line that does what was meant. `table.rs` is the list, `words.rs` what the rows are made of.

mod table;
mod words;

use std::ffi::OsString;

use handfast_finding::shell::shell;

use crate::failure::Failure;

/// One thing that is typed, and what it comes to.
pub struct Habit {
    /// The commands that it is typed to, one a word, `doctor.pcap` for a nested one; the program itself is ``.
    on: &'static str,
    typed: Typed,
    instead: Instead,
    /// Why it is not simply taken, and what to do; none where it means the same.
    taught: Option<(&'static str, &'static str)>,
}

/// In which place it stands. Spellings are separated by blanks.
#[derive(Clone, Copy)]
enum Typed {
    Flag(&'static str),
    /// The first word after the command.
    Word(&'static str),
    /// The first word, where it looks so.
    Like(fn(&str) -> bool),
    /// A value of this flag.
    Value(&'static str, &'static str),
}

/// What stands there in our words.
#[derive(Clone, Copy)]
enum Instead {
    /// These words; a value that follows stays where it is.
    Words(&'static str),
    /// These words in the place of the flag and its value, which is `{}` in them.
    Around(&'static str),
    /// These words behind all others.
    Last(&'static str),
    /// What this makes of the value of the flag, in the place of both.
    Made(fn(&str) -> Option<Vec<String>>),
    /// Another command line altogether, made of the words after the command.
    Line(fn(&[String]) -> Option<String>),
    /// Nothing that can be run.
    Nothing,
}

/// A command line in our words.
pub struct Understood {
    /// The command and those below it.
    pub command: Vec<String>,
    pub arguments: Vec<OsString>,
    /// What was not simply taken.
    pub refused: Option<Failure>,
    is_other_command: bool,
}

/// `arguments`, the name of the program first, with something of ours in the place of every habit.
pub fn understood(arguments: Vec<OsString>, root: &clap::Command) -> Understood {
    let first = once(arguments, root);
    // Another command has other habits.
    if first.refused.is_none() && first.is_other_command {
        return once(first.arguments, root);
    }
    first
}

fn once(arguments: Vec<OsString>, root: &clap::Command) -> Understood {
    let Some(mut line) = Line::read(&arguments, root) else {
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
        let found = table::HABITS
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
    fn read(arguments: &[OsString], root: &clap::Command) -> Option<Self> {
        let (program, words) = arguments.split_first()?;
        let mut words: Vec<String> = words
            .iter()
            .map(|word| word.to_str().map(str::to_owned))
            .collect::<Option<_>>()?;
        let begin = words.iter().take_while(|word| *word == "--json").count();
        let before = words.drain(..begin).collect();
        let (mut command, mut above) = (Vec::new(), root);
        while let Some(below) = words.first().and_then(|word| above.find_subcommand(word)) {
            command.push(words.remove(0));
            above = below;
        }
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

/// Where a habit was met: so many words, and the value among them.
struct Met {
    typed: String,
    value: Option<String>,
    /// Whether the value is written behind a `=`.
    is_joined: bool,
    length: usize,
}

impl Met {
    fn word(word: &str) -> Self {
        Self {
            typed: word.to_owned(),
            value: Some(word.to_owned()),
            is_joined: false,
            length: 1,
        }
    }
}

impl Habit {
    fn is_on(&self, command: &[String]) -> bool {
        let path = command.join(".");
        self.on.split(' ').any(|on| on == path)
    }

    /// Whether it is what stands at `at`.
    fn meets(&self, words: &[String], at: usize) -> Option<Met> {
        let word = words.get(at)?;
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) if name.starts_with('-') => (name, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let is_joined = joined.is_some();
        let next = || joined.clone().or_else(|| words.get(at + 1).cloned());
        let both = if is_joined { 1 } else { 2 };
        let is_one_of = |spellings: &str, word: &str| spellings.split(' ').any(|spelling| spelling == word);
        match self.typed {
            Typed::Flag(spellings) if is_one_of(spellings, name) => {
                let takes = matches!(self.instead, Instead::Around(_) | Instead::Made(_));
                let value = if takes { Some(next()?) } else { joined.clone() };
                Some(Met {
                    typed: name.to_owned(),
                    value,
                    is_joined,
                    length: if takes { both } else { 1 },
                })
            }
            Typed::Word(spellings) if at == 0 && is_one_of(spellings, word) => Some(Met::word(word)),
            Typed::Like(looks) if at == 0 && looks(word) => Some(Met::word(word)),
            Typed::Value(flag, spellings) if name == flag => {
                let value = next()?;
                is_one_of(spellings, &value.to_ascii_lowercase()).then_some(Met {
                    typed: format!("{flag} {value}"),
                    value: Some(value),
                    is_joined,
                    length: both,
                })
            }
            _ => None,
        }
    }

    /// The words in the place of what was met.
    fn instead_of(&self, met: &Met) -> Vec<String> {
        let value = met.value.as_deref().unwrap_or_default();
        let split = |words: &str| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        match (self.instead, self.typed) {
            (Instead::Words(words), Typed::Value(flag, _)) => {
                std::iter::once(flag.to_owned()).chain(split(words)).collect()
            }
            (Instead::Words(words), _) => {
                let mut words = split(words);
                if met.is_joined {
                    words.extend(met.value.clone());
                }
                words
            }
            (Instead::Around(words), _) => split(words)
                .into_iter()
                .map(|word| word.replace("{}", value))
                .collect(),
            (Instead::Made(made), _) => made(value).unwrap_or_default(),
            (Instead::Line(_) | Instead::Last(_) | Instead::Nothing, _) => Vec::new(),
        }
    }

    /// `other` is the command line in its place where there is one, empty for `written`.
    fn refusal(&self, typed: &str, other: Option<String>, written: &str) -> Failure {
        let (why, help) = self.taught.unwrap_or_default();
        let failure = Failure::misuse(format!("\"{typed}\": {why}")).help(help);
        match other {
            Some(line) if line.is_empty() => failure.command(written),
            Some(line) => failure.command(line),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Arguments;

    fn of(line: &str) -> Understood {
        let arguments = format!("handfast {line}");
        let arguments = arguments.split(' ').map(OsString::from).collect();
        understood(arguments, &Arguments::command())
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
        let failure = of(line)
            .refused
            .unwrap_or_else(|| panic!("{line} is simply taken"));
        assert!(failure.help.is_some(), "{line}");
        failure.command.map(String::from).unwrap_or_default()
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

    /// A row for a flag, a command or a value that there is would take it away.
    #[test]
    fn no_habit_stands_in_the_way_of_what_there_is() {
        let mut root = Arguments::command();
        root.build();
        for habit in table::HABITS {
            for on in habit.on.split(' ') {
                let mut names = on.split('.').filter(|name| !name.is_empty());
                let command = names.try_fold(&root, |above, name| above.find_subcommand(name));
                let command = command.unwrap_or_else(|| panic!("there is no command \"{on}\""));
                for spelling in spellings(habit) {
                    assert!(!is_known(command, habit, spelling), "{on}: {spelling}");
                }
            }
        }
    }

    fn spellings(habit: &Habit) -> std::str::Split<'static, char> {
        match habit.typed {
            Typed::Flag(spellings) | Typed::Word(spellings) | Typed::Value(_, spellings) => {
                spellings.split(' ')
            }
            Typed::Like(_) => "".split(' '),
        }
    }

    fn is_known(command: &clap::Command, habit: &Habit, spelling: &str) -> bool {
        let is_flag = |flag: &str| {
            command.get_arguments().any(|arg| {
                arg.get_long().is_some_and(|long| flag == format!("--{long}"))
                    || arg.get_short().is_some_and(|short| flag == format!("-{short}"))
            })
        };
        match habit.typed {
            Typed::Flag(_) => is_flag(spelling),
            // `help` of ours answers --json, too.
            Typed::Word("help") => false,
            Typed::Word(_) => is_flag(spelling) || command.find_subcommand(spelling).is_some(),
            Typed::Value(flag, _) => command.get_arguments().any(|arg| {
                let is_it = arg.get_long().is_some_and(|long| flag == format!("--{long}"));
                let known = arg.get_possible_values();
                let is_same = |ours: &str| matches!(habit.instead, Instead::Words(words) if words == ours);
                is_it
                    && known
                        .iter()
                        .any(|value| value.matches(spelling, true) && !is_same(spelling))
            }),
            Typed::Like(_) => false,
        }
    }

    /// What is taken must be something that the command takes.
    #[test]
    fn every_habit_comes_to_flags_that_there_are() {
        let mut root = Arguments::command();
        root.build();
        for habit in table::HABITS {
            let (Instead::Words(words) | Instead::Around(words) | Instead::Last(words)) = habit.instead
            else {
                continue;
            };
            for on in habit.on.split(' ').filter(|on| !on.is_empty()) {
                let command = on
                    .split('.')
                    .try_fold(&root, |above, name| above.find_subcommand(name));
                let command = command.unwrap_or_else(|| panic!("there is no command \"{on}\""));
                let below = words
                    .split(' ')
                    .next()
                    .and_then(|word| command.find_subcommand(word));
                let command = below.unwrap_or(command);
                for flag in words.split(' ').filter_map(|word| word.strip_prefix("--")) {
                    let is_known = command.get_arguments().any(|arg| arg.get_long() == Some(flag));
                    assert!(is_known || flag == "help", "{on}: --{flag}");
                }
            }
        }
    }
}
