//! A file that is not there: how to make it.

use std::path::Path;

use handfast_finding::{Problem, shell::shell};

use crate::staging::parent;

/// What a file should have held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Certificate,
    Key,
    Ca,
    RevocationList,
    Password,
}

impl Missing {
    /// `problem`, with how to make the file where `path` is none. Any other problem stays as it is.
    pub(crate) fn told(self, path: &Path, problem: Problem) -> Problem {
        if problem.help.is_some() || path.symlink_metadata().is_ok() || path == Path::new("-") {
            return problem;
        }
        let folder = parent(path);
        let problem = if folder.is_dir() {
            problem
        } else {
            problem.detail(format!("there is no folder \"{}\"", folder.display()))
        };
        match self {
            Self::Certificate | Self::Key => problem
                .help("correct the path, or make key and certificate, with a CA of handfast init")
                .command(issue(folder)),
            Self::Ca => problem
                .help("correct the path, or take the ca.crt that is written beside each certificate")
                .command(issue(folder)),
            Self::RevocationList => problem.help("correct the path, or fetch the list of the CA"),
            Self::Password => {
                problem.help("correct the path, or write the password into the first line of this file")
            }
        }
    }
}

/// The command that fills `folder`; the profile is guessed by its name.
fn issue(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let (profile, dns) = match name.contains("client") {
        true => ("client", "client.example"),
        false => ("server", "localhost"),
    };
    format!(
        "handfast issue {profile} --dns {dns} --out {}",
        shell(folder.display())
    )
}

#[cfg(test)]
mod tests {
    use handfast_pki::code;

    use super::*;

    fn told(missing: Missing, path: &str) -> Problem {
        missing.told(Path::new(path), Problem::new(code::UNREADABLE, "x"))
    }

    #[test]
    fn a_missing_file_is_told_with_the_command_that_makes_it() {
        let problem = told(Missing::Key, "no-such-folder/client/tls.key");
        assert_eq!(
            problem.command.as_deref(),
            Some("handfast issue client --dns client.example --out no-such-folder/client")
        );
        assert_eq!(problem.details, ["there is no folder \"no-such-folder/client\""]);
        let here = told(Missing::Certificate, "no-such.crt").command;
        assert_eq!(
            here.as_deref(),
            Some("handfast issue server --dns localhost --out .")
        );
    }

    #[test]
    fn a_file_that_is_there_has_another_problem() {
        let problem = told(Missing::Key, env!("CARGO_MANIFEST_DIR"));
        assert_eq!((problem.help, problem.command), (None, None));
    }
}
