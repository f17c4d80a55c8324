//! What `handfast --version -v` says of the build, as variables of the compiler: the commit and its date, features,
//! target, compiler, and the versions of TLS and cryptography.
//!
//! The commit is that of the environment (`HANDFAST_COMMIT`, `HANDFAST_COMMIT_DATE`), else that which git wrote into the
//! archive, else that of the work tree. Nothing of the clock or the machine goes in, so that two builds are the same.

use std::{env, fs, path::Path, process::Command};

/// The libraries whose versions matter to whoever reports or hears of a security problem, by their names in Cargo.lock.
const LIBRARIES: [(&str, &str); 4] = [
    ("HANDFAST_RUSTLS", "rustls"),
    ("HANDFAST_WEBPKI", "rustls-webpki"),
    ("HANDFAST_AWS_LC_RS", "aws-lc-rs"),
    ("HANDFAST_AWS_LC_SYS", "aws-lc-sys"),
];
const UNKNOWN: &str = "unknown";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (commit, date) = commit(&root).unwrap_or_else(|| (UNKNOWN.into(), UNKNOWN.into()));
    say("HANDFAST_BUILT_COMMIT", &commit);
    say("HANDFAST_BUILT_DATE", &date);
    say("HANDFAST_TARGET", &variable("TARGET").unwrap_or_default());
    say("HANDFAST_FEATURES", &features());
    say("HANDFAST_COMPILER", &compiler().unwrap_or_else(|| UNKNOWN.into()));
    let lock = root.join("Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    let lock = fs::read_to_string(lock).unwrap_or_default();
    for (name, library) in LIBRARIES {
        say(name, version(&lock, library).unwrap_or(UNKNOWN));
    }
}

fn say(name: &str, value: &str) {
    println!("cargo::rustc-env={name}={value}");
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The commit and its day.
fn commit(root: &Path) -> Option<(String, String)> {
    println!("cargo::rerun-if-env-changed=HANDFAST_COMMIT");
    println!("cargo::rerun-if-env-changed=HANDFAST_COMMIT_DATE");
    if let Some(commit) = variable("HANDFAST_COMMIT") {
        let date = variable("HANDFAST_COMMIT_DATE").unwrap_or_else(|| UNKNOWN.into());
        return Some((commit, date));
    }
    println!("cargo::rerun-if-changed=commit");
    let archived = fs::read_to_string("commit").unwrap_or_default();
    // In a work tree the placeholder stands as it is.
    if !archived.starts_with('$') && !archived.is_empty() {
        let (commit, date) = archived.trim().split_once(' ')?;
        return Some((commit.to_owned(), date.to_owned()));
    }
    of_work_tree(root)
}

/// Asks git, and is asked again after the next commit.
fn of_work_tree(root: &Path) -> Option<(String, String)> {
    let git = |arguments: &[&str]| said(Command::new("git").arg("-C").arg(root).args(arguments));
    // An archive can lie in a work tree of others.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if fs::canonicalize(top).ok()? != fs::canonicalize(root).ok()? {
        return None;
    }
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        let path = root.join(git(&["rev-parse", "--git-path", name])?);
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    let shown = git(&["show", "--no-patch", "--format=%H %cs", "HEAD"])?;
    let (commit, date) = shown.split_once(' ')?;
    Some((commit.to_owned(), date.to_owned()))
}

fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

fn features() -> String {
    let mut names: Vec<String> = env::vars()
        .filter_map(|(name, _)| {
            Some(
                name.strip_prefix("CARGO_FEATURE_")?
                    .to_lowercase()
                    .replace('_', "-"),
            )
        })
        .collect();
    names.sort();
    names.join(" ")
}

/// `rustc 1.95.0 (...)` without the name.
fn compiler() -> Option<String> {
    let version = said(Command::new(variable("RUSTC")?).arg("--version"))?;
    Some(version.strip_prefix("rustc ").unwrap_or(&version).to_owned())
}

/// The version of `library` in a lock file.
fn version<'a>(lock: &'a str, library: &str) -> Option<&'a str> {
    let (_, rest) = lock.split_once(&format!("\nname = \"{library}\"\nversion = \""))?;
    rest.split('"').next()
}
