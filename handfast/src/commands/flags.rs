//! Flags that are made from the keys of a configuration file: one for each that can be one.

use std::marker::PhantomData;

use clap::{Arg, ArgAction, ArgMatches, FromArgMatches, builder::PossibleValuesParser, parser::ValueSource};
use handfast_finding::Problem;
use handfast_settings::{Shape, Table};

/// A flag for each key of the table `T` that can be one.
#[derive(Debug)]
pub struct Flags<T> {
    /// The name of each flag that was given, with its values.
    given: Vec<(&'static str, Vec<String>)>,
    table: PhantomData<T>,
}

/// A table whose keys are flags.
pub trait AsFlags: Table {
    /// The flags that have to be given where there is no `--config`, and the parser says so.
    const REQUIRED: &'static [&'static str];
}

impl<T> Default for Flags<T> {
    fn default() -> Self {
        Self {
            given: Vec::new(),
            table: PhantomData,
        }
    }
}

impl<T: AsFlags> clap::Args for Flags<T> {
    fn augment_args(command: clap::Command) -> clap::Command {
        let flags = T::KEYS.iter().filter_map(|key| Some((key, key.flag.as_ref()?)));
        flags.fold(command, |command, (key, flag)| {
            let arg = Arg::new(key.name)
                .long(key.name)
                .help(flag.help)
                .conflicts_with("config");
            let arg = match T::REQUIRED.contains(&key.name) {
                true => arg.required_unless_present("config"),
                false => arg,
            };
            let arg = match key.shape {
                Shape::Choice(choices) => arg.value_parser(PossibleValuesParser::new(choices)),
                _ => arg,
            };
            command.arg(match key.shape {
                Shape::Switch => arg.action(ArgAction::SetTrue),
                Shape::Texts | Shape::NoneOrMore | Shape::OneOrMore => {
                    arg.value_name(flag.value).action(ArgAction::Append).num_args(1..)
                }
                _ => arg.value_name(flag.value),
            })
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl<T: AsFlags> FromArgMatches for Flags<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for key in T::KEYS.iter().filter(|key| key.flag.is_some()) {
            if matches.value_source(key.name) != Some(ValueSource::CommandLine) {
                continue;
            }
            let values = match key.shape {
                Shape::Switch => Vec::new(),
                _ => matches
                    .get_many::<String>(key.name)
                    .map_or_else(Vec::new, |values| values.cloned().collect()),
            };
            self.given.push((key.name, values));
        }
        Ok(())
    }
}

impl<T: AsFlags> Flags<T> {
    pub fn are_none(&self) -> bool {
        self.given.is_empty()
    }

    /// The table that the flags say; what cannot be read is added to `errors`.
    pub fn table(&self, errors: &mut Vec<Problem>) -> T {
        let mut table = T::default();
        for (name, values) in &self.given {
            if let Err(problem) = table.set_flag(name, values.clone()) {
                errors.push(problem);
            }
        }
        table
    }
}
