//! The two lines in `.curlrc` by which curl uses our file.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use handfast_finding::Problem;
use handfast_pki::code;

use crate::{Change, Request, plan::Step};

const MARK: &str = "# handfast trust: this line and the next";

/// What has to happen to `.curlrc`, if anything.
pub(crate) fn step(
    request: &Request,
    change: Change,
    file: &Path,
    is_last: bool,
) -> Result<Option<Step>, Problem> {
    let path = place(request)?;
    let before = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            let message = format!("\"{}\" cannot be read: {error}", path.display());
            return Err(Problem::new(code::UNREADABLE, message));
        }
    };
    let text = before.clone().unwrap_or_default();
    let others = without_ours(&text);
    let after = match change {
        Change::Install => {
            if let Some(line) = others.lines().find(|line| names_cas(line)) {
                let message = format!(
                    "\"{}\" names another file of CAs already: {}",
                    path.display(),
                    handfast_pki::text::printable(line.trim())
                );
                return Err(Problem::new(code::EXISTS, message)
                    .help("take that line out, or choose another configuration: --curlrc FILE"));
            }
            let quoted = file
                .display()
                .to_string()
                .replace('\\', "\\\\")
                .replace('"', "\\\"");
            let gap = if others.is_empty() || others.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            format!("{others}{gap}{MARK}\ncacert = \"{quoted}\"\n")
        }
        Change::Remove if is_last => others,
        Change::Remove => text.clone(),
    };
    if after == text {
        return Ok(None);
    }
    // A file that held nothing but our lines was made by us.
    if after.is_empty() {
        return Ok(Some(Step::Remove { path }));
    }
    Ok(Some(Step::Write {
        path,
        bytes: after.into_bytes(),
        what: if change == Change::Install {
            "curl's configuration, with two lines more".into()
        } else {
            "curl's configuration, without our two lines".into()
        },
    }))
}

/// The first that exists of those that curl looks for, in its order; else the one at home.
fn place(request: &Request) -> Result<PathBuf, Problem> {
    if let Some(path) = &request.curlrc {
        return Ok(path.clone());
    }
    let set = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = set("HOME").map(|folder| folder.join(".curlrc"));
    let others = [
        set("CURL_HOME").map(|folder| folder.join(".curlrc")),
        set("XDG_CONFIG_HOME").map(|folder| folder.join(".curlrc")),
        set("XDG_CONFIG_HOME").map(|folder| folder.join("curlrc")),
    ];
    others
        .into_iter()
        .flatten()
        .find(|path| path.exists())
        .or(home)
        .ok_or_else(|| {
            Problem::new(code::CONFIG_INVALID, "HOME is not set")
                .help("say where curl's configuration is: --curlrc FILE")
        })
}

fn without_ours(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        if line.trim_end() == MARK {
            lines.next();
        } else {
            kept.push_str(line);
        }
    }
    kept
}

/// `cacert = FILE`, `--cacert FILE`, `cacert: FILE`.
fn names_cas(line: &str) -> bool {
    let option = line.trim_start().trim_start_matches('-');
    option
        .strip_prefix("cacert")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '=' || c == ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_lines_are_taken_out_and_no_others() {
        let text = format!("silent\n{MARK}\ncacert = \"x\"\nuser = me\n");
        assert_eq!(without_ours(&text), "silent\nuser = me\n");
        assert_eq!(without_ours("silent"), "silent");
    }

    #[test]
    fn another_file_of_cas_is_seen_in_every_spelling() {
        for line in ["cacert = a", " --cacert a", "cacert: a", "cacert=a"] {
            assert!(names_cas(line), "{line}");
        }
        for line in ["# cacert = a", "cacerts", "cert = a", "capath = a"] {
            assert!(!names_cas(line), "{line}");
        }
    }
}
