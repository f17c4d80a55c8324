//! What is going to happen, as a list that can be shown before it does.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use handfast_credentials::files::{self, Readers};
use handfast_finding::{Problem, shell::shell};
use handfast_pki::{code, text::printable};
use serde_json::{Value, json};

/// One change.
#[derive(Debug)]
pub enum Step {
    Write {
        path: PathBuf,
        bytes: Vec<u8>,
        what: String,
    },
    Remove {
        path: PathBuf,
    },
    Run(Call),
    /// What somebody else has to run, elsewhere.
    Later(String),
}

/// A program of others, with what it reads on stdin.
#[derive(Debug)]
pub struct Call {
    pub program: &'static str,
    pub arguments: Vec<String>,
    pub input: Vec<u8>,
}

/// All changes, in order; none where everything is already as it should be.
#[derive(Debug, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    pub notes: Vec<String>,
    /// The file that the runtime has to be shown.
    pub file: Option<PathBuf>,
    pub next: Option<String>,
}

impl Plan {
    /// Makes the changes. When one fails, the files that were written before it are as they were. Returns what earlier
    /// runs that were killed have left, and is removed now.
    pub fn perform(&self) -> Result<Vec<PathBuf>, Problem> {
        let mut before = Vec::new();
        let mut leftovers = Vec::new();
        for step in &self.steps {
            let done = match step {
                Step::Write { path, bytes, .. } => {
                    before.push((path, as_it_was(path)?));
                    write(path, bytes).map(|removed| leftovers.extend(removed))
                }
                Step::Remove { path } => {
                    before.push((path, as_it_was(path)?));
                    remove(path)
                }
                Step::Run(call) => call.run().and_then(|output| call.must_succeed(&output)),
                Step::Later(_) => Ok(()),
            };
            if let Err(problem) = done {
                for (path, bytes) in before.into_iter().rev() {
                    match bytes {
                        Some(bytes) => drop(write(path, &bytes)),
                        None => drop(fs::remove_file(path)),
                    }
                }
                return Err(problem);
            }
        }
        Ok(leftovers)
    }

    /// A failure among the files of root most often has one cause.
    pub fn with_help(&self, failure: Problem, line: &str) -> Problem {
        let is_roots = self.steps.iter().any(|step| match step {
            Step::Write { path, .. } | Step::Remove { path } => belongs_to_root(path),
            _ => false,
        });
        if is_roots && !is_root() {
            failure
                .help("these files belong to root: run it as root")
                .command(format!("sudo {line}"))
        } else {
            failure
        }
    }
}

impl Step {
    pub fn told(&self, is_dry: bool) -> String {
        let verb = |done: &str, planned: &str| {
            if is_dry {
                planned.to_owned()
            } else {
                done.to_owned()
            }
        };
        match self {
            Self::Write { path, bytes, what } => format!(
                "{} {} ({} bytes): {what}",
                verb("wrote", "would write"),
                path.display(),
                bytes.len()
            ),
            Self::Remove { path } => format!("{} {}", verb("removed", "would remove"), path.display()),
            Self::Run(call) => format!("{} {}", verb("ran", "would run"), call.line()),
            Self::Later(line) => format!("still to run: {line}"),
        }
    }

    pub fn to_json(&self) -> Value {
        match self {
            Self::Write { path, bytes, what } => {
                json!({ "write": path.display().to_string(), "bytes": bytes.len(), "holds": what })
            }
            Self::Remove { path } => json!({ "remove": path.display().to_string() }),
            Self::Run(call) => json!({ "run": call.line() }),
            Self::Later(line) => json!({ "later": line }),
        }
    }
}

impl Call {
    pub fn new(program: &'static str, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            program,
            arguments: arguments.into_iter().map(Into::into).collect(),
            input: Vec::new(),
        }
    }

    pub fn reading(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    pub fn run(&self) -> Result<Output, Problem> {
        let failed = |error: std::io::Error| {
            let failure = Problem::new(code::TOOL, format!("\"{}\" cannot be run: {error}", self.program));
            match package(self.program) {
                Some(package) => failure
                    .help("install it; the command is that of Debian")
                    .command(format!("apt install {package}")),
                None => failure,
            }
        };
        let mut child = Command::new(self.program)
            .args(&self.arguments)
            // Messages that are compared below.
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ends early says why itself.
            let _ = stdin.write_all(&self.input);
        }
        child.wait_with_output().map_err(failed)
    }

    pub fn must_succeed(&self, output: &Output) -> Result<(), Problem> {
        if output.status.success() {
            return Ok(());
        }
        let mut failure = Problem::new(
            code::TOOL,
            format!("\"{}\" failed: {}", self.program, output.status),
        );
        for bytes in [&output.stdout, &output.stderr] {
            let said = String::from_utf8_lossy(bytes);
            failure.details.extend(said.lines().take(5).map(printable));
        }
        Err(failure)
    }

    /// As one would type it.
    fn line(&self) -> String {
        let words = std::iter::once(self.program.to_owned()).chain(self.arguments.iter().map(shell));
        words.collect::<Vec<_>>().join(" ")
    }
}

fn package(program: &str) -> Option<&'static str> {
    match program {
        "certutil" => Some("libnss3-tools"),
        "keytool" => Some("default-jre-headless"),
        "update-ca-certificates" => Some("ca-certificates"),
        _ => None,
    }
}

/// The bytes of `path`; nothing where there is none.
fn as_it_was(path: &Path) -> Result<Option<Vec<u8>>, Problem> {
    match path.symlink_metadata() {
        Ok(_) => files::read(path).map(Some),
        Err(_) => Ok(None),
    }
}

/// Writes through links, and keeps a file that is for its owner alone so.
fn write(path: &Path, bytes: &[u8]) -> Result<Vec<PathBuf>, Problem> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let is_private = fs::metadata(&path).is_ok_and(|data| data.permissions().mode() & 0o077 == 0);
    let readers = if is_private {
        Readers::Owner
    } else {
        Readers::Everybody
    };
    files::write(&path, bytes, readers)
}

fn remove(path: &Path) -> Result<(), Problem> {
    fs::remove_file(path).map_err(|error| {
        let message = format!("\"{}\" cannot be removed: {error}", path.display());
        Problem::new(code::UNREADABLE, message)
    })
}

/// Whether the nearest folder that exists is root's.
fn belongs_to_root(path: &Path) -> bool {
    let nearest = path
        .ancestors()
        .skip(1)
        .find_map(|folder| fs::metadata(folder).ok());
    nearest.is_some_and(|data| data.uid() == 0)
}

fn is_root() -> bool {
    // Linux shows a process as the property of its user.
    fs::metadata("/proc/self").is_ok_and(|data| data.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_fails_leaves_the_files_as_they_were() {
        let folder = std::env::temp_dir().join(format!("handfast-plan-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let [old, new, gone] = ["old", "new", "gone"].map(|name| folder.join(name));
        for path in [&old, &gone] {
            fs::write(path, "before").expect("written");
        }
        let write = |path: &Path| Step::Write {
            path: path.to_owned(),
            bytes: b"after".to_vec(),
            what: String::new(),
        };
        let mut plan = Plan {
            steps: vec![
                write(&old),
                write(&new),
                Step::Remove { path: gone.clone() },
                Step::Run(Call::new("false", [""; 0])),
            ],
            ..Plan::default()
        };
        let failure = plan.perform().expect_err("false fails");
        assert_eq!(failure.code, code::TOOL);
        assert_eq!(fs::read(&old).expect("there"), b"before");
        assert_eq!(fs::read(&gone).expect("there"), b"before");
        assert!(!new.exists());
        plan.steps.pop();
        plan.perform().expect("done");
        assert_eq!(fs::read(&new).expect("there"), b"after");
        assert!(!gone.exists());
        let _ = fs::remove_dir_all(folder);
    }
}
