//! Where configuration and CA are when nobody says: in the present folder as ever, else where the system keeps such files.
//!
//! root and system users have `/etc/handfast` and `/var/lib/handfast`, everybody else the folders of XDG. Only what exists is
//! found; flags and `HANDFAST_DIR` win; nothing is made there without being told.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use clap::{ArgMatches, parser::ValueSource};

use crate::words::Words;

/// The CA of the present folder.
pub const HERE: &str = "./handfast";
const CONFIGURATION: &str = "handfast.toml";
/// What every CA directory has.
const RECORDS: &str = "authority.db";
/// Users from here on are people (`SYS_UID_MAX` of login.defs).
const FIRST_PERSON: u32 = 1000;

/// The two folders of a user.
#[derive(Debug, PartialEq, Eq)]
struct Folders {
    configuration: PathBuf,
    state: PathBuf,
}

impl Folders {
    /// None where the user has no home.
    fn of(user: u32, variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        if user < FIRST_PERSON {
            return Some(Self {
                configuration: "/etc/handfast".into(),
                state: "/var/lib/handfast".into(),
            });
        }
        // The specification has relative paths ignored.
        let absolute = |name: &str| {
            variable(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let below = |name: &str, usual: &str| absolute(name).or_else(|| Some(absolute("HOME")?.join(usual)));
        Some(Self {
            configuration: below("XDG_CONFIG_HOME", ".config")?.join("handfast"),
            state: below("XDG_DATA_HOME", ".local/share")?.join("handfast"),
        })
    }

    fn present() -> Option<Self> {
        Self::of(rustix::process::geteuid().as_raw(), |name| env::var_os(name))
    }
}

/// The configuration that the proxy reads where neither file nor flags are given.
pub fn configuration() -> Option<PathBuf> {
    let found = Folders::present()?.configuration.join(CONFIGURATION);
    found.is_file().then_some(found)
}

/// The CA directory that commands use where none is given.
pub fn ca() -> OsString {
    elsewhere().map_or_else(|| HERE.into(), |found| found.into())
}

/// That of the system or the user, where there is none in the present folder.
fn elsewhere() -> Option<&'static OsStr> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        // Whatever it is: it was used yesterday, or somebody has to hear that it is none.
        if fs::symlink_metadata(HERE).is_ok() {
            return None;
        }
        let found = Folders::present()?.state.join("ca");
        found.join(RECORDS).is_file().then_some(found)
    };
    FOUND.get_or_init(find).as_deref().map(Path::as_os_str)
}

/// Names the CA directory, where it was found and not given.
pub fn tell(matches: &ArgMatches, words: &Words) {
    let mut last = matches;
    while let Some((_, below)) = last.subcommand() {
        last = below;
    }
    let is_default = matches!(last.try_contains_id("dir"), Ok(true))
        && last.value_source("dir") == Some(ValueSource::DefaultValue);
    let used = last
        .try_get_raw("dir")
        .ok()
        .flatten()
        .and_then(|mut given| given.next());
    if let Some(found) = elsewhere().filter(|found| is_default && used == Some(found)) {
        words.talk(format_args!("handfast: CA directory: {}", found.display()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user: u32, variables: &[(&str, &str)]) -> Option<(String, String)> {
        let variable = |name: &str| {
            let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
            Some(OsString::from(value))
        };
        let found = Folders::of(user, variable)?;
        Some((
            found.configuration.display().to_string(),
            found.state.display().to_string(),
        ))
    }

    fn pair(configuration: &str, state: &str) -> Option<(String, String)> {
        Some((configuration.to_owned(), state.to_owned()))
    }

    #[test]
    fn root_and_system_users_have_the_folders_of_the_system_whatever_their_variables_say() {
        let system = pair("/etc/handfast", "/var/lib/handfast");
        assert_eq!(of(0, &[("HOME", "/root"), ("XDG_CONFIG_HOME", "/x")]), system);
        assert_eq!(of(999, &[]), system);
    }

    #[test]
    fn everybody_else_has_those_of_xdg() {
        assert_eq!(
            of(1000, &[("HOME", "/home/a")]),
            pair("/home/a/.config/handfast", "/home/a/.local/share/handfast")
        );
        let set = [
            ("HOME", "/home/a"),
            ("XDG_CONFIG_HOME", "/c"),
            ("XDG_DATA_HOME", "/d"),
        ];
        assert_eq!(of(1000, &set), pair("/c/handfast", "/d/handfast"));
        // Relative and empty ones count for nothing.
        let relative = [
            ("HOME", "/home/a"),
            ("XDG_CONFIG_HOME", "c"),
            ("XDG_DATA_HOME", ""),
        ];
        assert_eq!(of(1000, &relative), of(1000, &[("HOME", "/home/a")]));
        assert_eq!(of(1000, &[]), None);
    }
}
