//! Templates with the values of a user in them.

use std::collections::BTreeMap;

use minijinja::{Environment, ErrorKind, UndefinedBehavior, syntax::SyntaxConfig};

use crate::{
    Error, Private, Quote, Role, Target, Values, Version,
    target::{FileWish, Make},
};

/// Everything that is written for one side of a target, and how it is used.
#[derive(Debug, Clone)]
pub struct Filled {
    /// What is written, by names relative to one folder.
    pub files: Vec<Made>,
    /// What the configuration does, a sentence a line.
    pub does: Vec<String>,
    /// The command that starts it in the foreground, or runs the client.
    pub start: Option<String>,
    /// The command that checks the configuration without starting.
    pub check: Option<String>,
    /// The command that makes it take renewed files.
    pub reload: Option<String>,
    /// What is put at the start of a configuration that the user wrote.
    pub begins: Option<String>,
    /// What the tests add to try it on loopback.
    pub trial: Option<Rehearsal>,
}

/// What the tests add.
#[derive(Debug, Clone, Default)]
pub struct Rehearsal {
    /// Further files, in the folder of the others.
    pub files: Vec<Made>,
    /// The command before the start.
    pub prepare: Option<String>,
    /// The command once it listens.
    pub after: Option<String>,
    /// The command in the place of the usual start.
    pub start: Option<String>,
    /// The variables that all these commands run with.
    pub environment: BTreeMap<String, String>,
}

/// A file as it is to be written.
#[derive(Debug, Clone)]
pub struct Made {
    /// The name of the file within its folder.
    pub name: String,
    /// Its contents.
    pub text: Text,
    /// Whether it gets the right to be run.
    pub is_executable: bool,
}

/// What a file holds.
#[derive(Debug, Clone)]
pub enum Text {
    /// Without secrets, for whoever may read the folder.
    Public(String),
    /// With a key in it, so that it is for its owner alone.
    Private(Private),
}

impl Text {
    /// Whether the file has to be readable by its owner alone.
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Private(_))
    }

    /// For writing it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Public(text) => text,
            Self::Private(text) => text.as_str(),
        }
    }

    /// For showing it; nothing where nobody is to see it.
    pub fn shown(&self) -> Option<&str> {
        match self {
            Self::Public(text) => Some(text),
            Self::Private(_) => None,
        }
    }
}

/// The name of the script that makes a server take a renewed certificate.
pub const HOOK: &str = "reload.sh";

impl Target {
    /// The files and commands of one side for `values`.
    pub fn fill(&self, role: Role, values: &Values) -> Result<Filled, Error> {
        let part = self.part(role)?;
        let command = |text: &Option<String>| {
            text.as_deref()
                .map(|text| self.render("a command", text, Quote::Shell, values))
                .transpose()
        };
        let make = |wishes: &[FileWish]| -> Result<Vec<Made>, Error> {
            wishes.iter().map(|wish| self.make(wish, values)).collect()
        };
        let trial = match &part.trial {
            Some(trial) => Some(Rehearsal {
                files: make(&trial.file)?,
                prepare: command(&trial.prepare)?,
                after: command(&trial.after)?,
                start: command(&trial.start)?,
                environment: trial
                    .environment
                    .iter()
                    .map(|(name, text)| Ok((name.clone(), self.render(name, text, Quote::Line, values)?)))
                    .collect::<Result<_, Error>>()?,
            }),
            None => None,
        };
        let begins = match &part.theirs {
            Some(theirs) => {
                let quote = part.files.iter().find(|wish| wish.name == theirs.file);
                let quote = quote.and_then(|wish| wish.quote).unwrap_or(Quote::Line);
                let text = theirs.begins.as_deref();
                text.map(|text| self.render("begins", text, quote, values))
                    .transpose()?
            }
            None => None,
        };
        let mut files = make(&part.files)?;
        let reload = command(&part.reload)?;
        files.extend(reload.as_deref().map(|line| self.hook(line)));
        Ok(Filled {
            files,
            does: part
                .does
                .iter()
                .map(|line| self.render("does", line, Quote::Line, values))
                .collect::<Result<_, _>>()?,
            start: command(&part.start)?,
            check: command(&part.check)?,
            reload,
            begins,
            trial,
        })
    }

    /// The script that is run after a renewal.
    fn hook(&self, line: &str) -> Made {
        Made {
            name: HOOK.to_owned(),
            text: Text::Public(format!(
                "#!/bin/sh\n# Run this after a renewal, for {} to take it.\nset -e\n{line}\n",
                self.title
            )),
            is_executable: true,
        }
    }

    fn make(&self, wish: &FileWish, values: &Values) -> Result<Made, Error> {
        let text = match (wish.make, wish.quote, self.files.get(&wish.name)) {
            (Some(Make::Pair), _, _) => Text::Private(values.pair.clone()),
            (None, Some(quote), Some(template)) => {
                Text::Public(self.render(&wish.name, template, quote, values)?)
            }
            // Looked at when the target was read.
            _ => {
                return Err(Error::NoFile {
                    target: self.name.clone(),
                    file: wish.name.clone(),
                });
            }
        };
        Ok(Made {
            name: wish.name.clone(),
            text,
            is_executable: wish.executable,
        })
    }

    /// `template` with every value quoted as `quote` does. A name that nobody knows is an error.
    fn render(&self, file: &str, template: &str, quote: Quote, values: &Values) -> Result<String, Error> {
        let named = values.named();
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let mut syntax = SyntaxConfig::builder();
        syntax
            .keep_trailing_newline(true)
            .trim_blocks(true)
            .lstrip_blocks(true);
        match syntax.build() {
            Ok(syntax) => environment.set_syntax(syntax),
            Err(error) => return Err(unwritable(error, &self.name, file)),
        }
        environment.set_formatter(move |out, _, value| {
            let text = match value.as_str() {
                Some(text) => quote.quote(text).map_err(|error| {
                    minijinja::Error::new(ErrorKind::BadEscape, error.to_string()).with_source(error)
                })?,
                None if value.is_number() => value.to_string(),
                None => {
                    return Err(minijinja::Error::new(
                        ErrorKind::InvalidOperation,
                        format!("a value that is not there is used: {value:?}"),
                    ));
                }
            };
            out.write_str(&text)
                .map_err(|_| minijinja::Error::new(ErrorKind::WriteFailure, "writing failed"))
        });
        let version = values.version;
        environment.add_function("since", move |from: &str| {
            let from: Version = from.parse().map_err(|_| {
                minijinja::Error::new(ErrorKind::InvalidOperation, format!("\"{from}\" is no version"))
            })?;
            Ok::<bool, minijinja::Error>(version.is_none_or(|version| version >= from))
        });
        environment
            .render_str(template, &named)
            .map_err(|error| unwritable(error, &self.name, file))
    }
}

/// A value that the syntax cannot say is the user's; anything else is the target's.
fn unwritable(error: minijinja::Error, target: &str, file: &str) -> Error {
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<Error>());
    if let Some(Error::Unwritable { value, syntax, why }) = cause {
        return Error::Unwritable {
            value: value.clone(),
            syntax,
            why,
        };
    }
    Error::Malformed {
        target: target.to_owned(),
        file: file.to_owned(),
        detail: error.to_string(),
    }
}
