//! Words that completions and help offer, where others may be right as well: the user's own targets, texts beside codes.

use std::ffi::OsStr;

use clap::{
    Arg, Command,
    builder::{PossibleValue, StringValueParser, TypedValueParser},
};
use handfast_pki::{Profile, code};

/// Takes every text, and suggests some.
#[derive(Clone)]
pub struct Suggested(fn() -> Vec<String>);

/// The targets of `setup`.
pub const TARGETS: Suggested = Suggested(|| handfast_setup::names().into_iter().map(str::to_owned).collect());
/// Every code.
pub const CODES: Suggested = Suggested(|| code::ALL.iter().map(|(code, _)| code.to_string()).collect());
/// The profiles of leaves that every CA has; a CA may have more.
pub const PROFILES: Suggested = Suggested(|| {
    let leaves = Profile::ALL.into_iter().filter(|profile| !profile.is_ca());
    leaves.map(|profile| profile.name().to_owned()).collect()
});
/// Codes and cases of the lab.
pub const CASES: Suggested = Suggested(|| {
    handfast_lab::all()
        .iter()
        .map(|case| case.name.to_owned())
        .collect()
});
/// The forms of JSON answers.
pub const SCHEMAS: Suggested = Suggested(|| {
    let all = handfast_report::schema::Schema::ALL;
    all.iter().map(|schema| schema.name().to_owned()).collect()
});

impl TypedValueParser for Suggested {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}
