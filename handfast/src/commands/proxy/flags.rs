//! The flags of the proxy: one for each key of the file that can be one.

use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, FromArgMatches, builder::PossibleValuesParser, parser::ValueSource};
use handfast_proxy::config::{self, Config, RawFile};
use handfast_settings::Shape;

use crate::failure::Failure;

/// A flag for each key of the file that can be one.
#[derive(Debug, Default)]
pub(super) struct Flags {
    /// The name of each flag that was given, with its values.
    given: Vec<(&'static str, Vec<String>)>,
}

impl clap::Args for Flags {
    fn augment_args(command: clap::Command) -> clap::Command {
        let flags = config::KEYS
            .iter()
            .filter_map(|key| Some((key, key.flag.as_ref()?)));
        flags.fold(command, |command, (key, flag)| {
            let arg = Arg::new(key.name)
                .long(key.name)
                .help(flag.help)
                .conflicts_with("config");
            let arg = match key.shape {
                Shape::Choice(choices) => arg.value_parser(PossibleValuesParser::new(choices)),
                _ => arg,
            };
            command.arg(match key.shape {
                Shape::Switch => arg.action(ArgAction::SetTrue),
                Shape::Texts | Shape::OneOrMore => {
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

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for key in config::KEYS.iter().filter(|key| key.flag.is_some()) {
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

impl Flags {
    pub(super) fn are_none(&self) -> bool {
        self.given.is_empty()
    }

    pub(super) fn config(&self) -> Result<Config, Failure> {
        let mut file = RawFile::default();
        let mut errors = Vec::new();
        for (name, values) in &self.given {
            if let Err(problem) = file.proxy.take_flag(name, values.clone()) {
                errors.push(problem);
            }
        }
        match config::resolve(&file, Path::new(""), None, &mut errors) {
            Some(proxy) if errors.is_empty() => Ok(proxy),
            _ => Err(Failure::of_problems(errors)),
        }
    }
}
