//! The environment variables by which a program uses a certificate, a key and CAs.
//!
//! In: a row of the [`TABLE`] and the paths of the files. Out: the variables to set; where the program has none for a
//! client certificate, the lines of its configuration or code that there are instead; and what is worth knowing.

mod quote;
mod runtimes;

use std::path::Path;

use handfast_finding::shell::shell;

pub use self::{
    quote::Shell,
    runtimes::{Row, TABLE},
};

/// The files that a program shall use, by their absolute paths, and what is known of them.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// The client's certificate, leaf first.
    pub cert: Option<String>,
    /// The key of `cert`.
    pub key: Option<String>,
    /// The CA bundle that verifies servers.
    pub ca: Option<String>,
    /// The key can be read by others.
    pub is_open: bool,
    /// The CAs of the system are in the file of CAs as well.
    pub is_whole: bool,
}

/// What is told about one program.
#[derive(Debug, Default)]
pub struct Settings {
    /// Name and value, to be set in the environment of the program.
    pub variables: Vec<(String, String)>,
    /// Lines of code or configuration, after what they are.
    pub lines: Option<(String, Vec<String>)>,
    /// What the variables cannot do, a sentence each.
    pub notes: Vec<String>,
}

/// What makes the program of `row` use `files`.
pub fn settings(row: &Row, files: &Files) -> Settings {
    let mut settings = Settings::default();
    if row.name == "docker" {
        docker(files, &mut settings);
    } else {
        for (names, file) in [
            (row.ca, &files.ca),
            (row.cert, &files.cert),
            (row.key, &files.key),
        ] {
            let Some(file) = file else { continue };
            let set = names.iter().map(|name| ((*name).to_owned(), file.clone()));
            settings.variables.extend(set);
        }
    }
    // Verifying needs CAs to trust.
    if files.ca.is_some() && !settings.variables.is_empty() {
        let always = row
            .always
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        settings.variables.extend(always);
    }
    if let Some(instead) = &row.instead {
        let lines: Vec<String> = instead
            .lines
            .iter()
            .filter_map(|line| files.fill(line, instead.quoted))
            .flat_map(|filled| filled.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        // A heading alone helps nobody.
        let is_wanted = lines.iter().any(|line| !instead.lines.contains(&&line[..]));
        if is_wanted {
            settings.lines = Some((instead.what.to_owned(), lines));
        }
    } else if files.cert.is_some() && row.cert.is_empty() {
        settings
            .notes
            .push(format!("{} has no variable for a client certificate", row.name));
    }
    if files.ca.is_some() && row.replaces && !row.ca.is_empty() && !files.is_whole {
        settings.notes.push(format!(
            "the CAs of the system are no longer trusted where {} is set; for both: handfast trust install",
            row.ca.join(" or ")
        ));
    }
    settings
        .notes
        .extend(row.notes.iter().map(|note| (*note).to_owned()));
    if files.is_open {
        settings.notes.push(
            "the key can be read by others on this machine, and some programs refuse it for that: chmod 600"
                .into(),
        );
    }
    settings
}

/// Docker takes a folder, and the files in it by their names.
fn docker(files: &Files, settings: &mut Settings) {
    let Some(any) = files.cert.as_ref().or(files.ca.as_ref()) else {
        return;
    };
    let folder = Path::new(any).parent().unwrap_or(Path::new("/"));
    settings
        .variables
        .push(("DOCKER_CERT_PATH".into(), folder.display().to_string()));
    let names = [
        (&files.ca, "ca.pem"),
        (&files.cert, "cert.pem"),
        (&files.key, "key.pem"),
    ];
    let copies: Vec<String> = names
        .into_iter()
        .filter_map(|(file, name)| Some((file.as_ref()?, folder.join(name))))
        .filter(|(file, wanted)| Path::new(file) != wanted)
        .map(|(file, wanted)| format!("cp -p {} {}", shell(file), shell(wanted.display())))
        .collect();
    if !copies.is_empty() {
        settings.lines = Some(("docker wants these names in that folder".into(), copies));
    }
}

impl Files {
    /// `template` with the files in their places; nothing where it needs one that was not given.
    fn fill(&self, template: &str, quoted: fn(&str) -> String) -> Option<String> {
        let mut text = template.to_owned();
        for (place, file) in [("{cert}", &self.cert), ("{key}", &self.key), ("{ca}", &self.ca)] {
            if text.contains(place) {
                text = text.replace(place, &quoted(file.as_deref()?));
            }
        }
        Some(text)
    }
}
