//! What people type who come from another program, against the commands that there are.

use std::ffi::OsString;

use handfast_habits::Understood;

/// `arguments` with something of ours in the place of every habit.
pub fn understood(arguments: Vec<OsString>, root: &clap::Command) -> Understood {
    handfast_habits::understood(arguments, |path| {
        find(root, path.iter().map(String::as_str)).is_some()
    })
}

/// The command at `path` below `root`.
pub fn find<'a>(
    root: &'a clap::Command,
    mut path: impl Iterator<Item = &'a str>,
) -> Option<&'a clap::Command> {
    path.try_fold(root, |above, name| above.find_subcommand(name))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use handfast_habits::{HABITS, Habit, Instead, Typed};

    use super::*;
    use crate::args::Arguments;

    /// A row for a flag, a command or a value that there is would take it away.
    #[test]
    fn no_habit_stands_in_the_way_of_what_there_is() {
        let mut root = Arguments::command();
        root.build();
        for habit in HABITS {
            for on in habit.on.split(' ') {
                let command = find(&root, on.split('.').filter(|name| !name.is_empty()));
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
        for habit in HABITS {
            let (Instead::Words(words) | Instead::Around(words) | Instead::Last(words)) = habit.instead
            else {
                continue;
            };
            for on in habit.on.split(' ').filter(|on| !on.is_empty()) {
                let command = find(&root, on.split('.'));
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
