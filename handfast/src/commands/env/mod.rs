//! `handfast env`: the environment variables by which a runtime uses these files.

mod given;
mod java;
mod quote;
mod runtimes;

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use handfast_report::style::STRONG;
use serde_json::{Map, json};

use self::{
    given::Files,
    quote::Shell,
    runtimes::{Row, TABLE},
};
use crate::{
    failure::{Exit, Failure},
    words::{Words, shell},
};

/// Print the environment variables by which a program uses a certificate, a key and a CA
///
/// The variables go to stdout, ready for the shell; what there is to know goes to stderr. Where a program has no
/// variable for a client certificate, the lines of its configuration or code are shown instead. Without --for: every
/// program that is known, with its variables.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast env\n  eval \"$(handfast env --for psql --cert client/tls.crt --key client/tls.key --ca client/ca.crt)\"\n  \
    handfast env --for java --keystore client.p12 --password-file client.p12.password"
)]
pub struct Args {
    /// Who shall use the files
    #[arg(long = "for", value_name = "PROGRAM", value_parser = PossibleValuesParser::new(TABLE.iter().map(|row| row.name)))]
    program: Option<String>,
    /// The client's certificate, PEM, leaf first
    #[arg(long, value_name = "FILE", requires = "key", requires = "program")]
    cert: Option<PathBuf>,
    /// The key of --cert, PEM
    #[arg(long, value_name = "FILE", requires = "cert", requires = "program")]
    key: Option<PathBuf>,
    /// The CAs whose servers are to be believed, PEM
    #[arg(long, value_name = "FILE", requires = "program")]
    ca: Option<PathBuf>,
    /// For java: the client's key and chain, PKCS#12 or JKS
    #[arg(long, value_name = "FILE", requires = "password_file", requires = "program")]
    keystore: Option<PathBuf>,
    /// For java: the password of --keystore, the first line of FILE
    #[arg(long, value_name = "FILE", requires = "keystore")]
    password_file: Option<PathBuf>,
    /// For java: the CAs whose servers are to be believed, PKCS#12 or JKS
    #[arg(long, value_name = "FILE", requires = "program")]
    truststore: Option<PathBuf>,
    /// For java: the password of --truststore, the first line of FILE [default: changeit, as Java has it]
    #[arg(long, value_name = "FILE", requires = "truststore")]
    truststore_password_file: Option<PathBuf>,
    /// For which shell the lines are written
    #[arg(long, value_name = "SHELL", value_enum, default_value = "sh")]
    shell: Shell,
}

/// What is printed about one program.
#[derive(Debug, Default)]
struct Answer {
    variables: Vec<(String, String)>,
    /// Lines of code or configuration, after what they are.
    lines: Option<(String, Vec<String>)>,
    notes: Vec<String>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let Some(program) = &args.program else {
        list(words);
        return Ok(Exit::Yes);
    };
    let row = TABLE
        .iter()
        .find(|row| row.name == program)
        .ok_or_else(|| Failure::bug(format!("\"{program}\" is not in the table")))?;
    let is_java = row.name == "java";
    if !is_java && (args.keystore.is_some() || args.truststore.is_some()) {
        return Err(Failure::misuse("--keystore and --truststore are for java alone"));
    }
    let answer = if is_java {
        java::answer(args)?
    } else {
        answer(row, &Files::check(args)?)
    };
    tell(args, row, &answer, words);
    Ok(Exit::Yes)
}

fn answer(row: &Row, files: &Files) -> Answer {
    let mut answer = Answer::default();
    if row.name == "docker" {
        docker(files, &mut answer);
    } else {
        for (names, file) in [
            (row.ca, &files.ca),
            (row.cert, &files.cert),
            (row.key, &files.key),
        ] {
            let Some(file) = file else { continue };
            let set = names.iter().map(|name| ((*name).to_owned(), file.clone()));
            answer.variables.extend(set);
        }
    }
    // Verifying needs somebody to believe.
    if files.ca.is_some() && !answer.variables.is_empty() {
        let always = row
            .always
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        answer.variables.extend(always);
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
            answer.lines = Some((instead.what.to_owned(), lines));
        }
    } else if files.cert.is_some() && row.cert.is_empty() {
        answer
            .notes
            .push(format!("{} has no variable for a client certificate", row.name));
    }
    if files.ca.is_some() && row.replaces && !row.ca.is_empty() && !files.is_whole {
        answer.notes.push(format!(
            "the CAs of the system are not believed any more where {} is set; for both: handfast trust install",
            row.ca.join(" or ")
        ));
    }
    answer
        .notes
        .extend(row.notes.iter().map(|note| (*note).to_owned()));
    if files.is_open {
        answer.notes.push(
            "the key can be read by others on this machine, and some programs refuse it for that: chmod 600"
                .into(),
        );
    }
    answer
}

/// Docker takes a folder, and the files in it by their names.
fn docker(files: &Files, answer: &mut Answer) {
    let Some(any) = files.cert.as_ref().or(files.ca.as_ref()) else {
        return;
    };
    let folder = handfast_credentials::staging::parent(Path::new(any));
    answer
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
        answer.lines = Some(("docker wants these names in that folder".into(), copies));
    }
}

fn tell(args: &Args, row: &Row, answer: &Answer, words: &Words) {
    for (name, value) in &answer.variables {
        words.data(args.shell.set(name, value));
    }
    if answer.variables.is_empty() && answer.lines.is_none() && answer.notes.is_empty() {
        words.talk(format_args!("{} has no environment variable for this", row.name));
    }
    if let Some((what, lines)) = &answer.lines {
        words.talk(format_args!("{what}:"));
        lines.iter().for_each(|line| words.talk(format_args!("  {line}")));
    }
    answer
        .notes
        .iter()
        .for_each(|note| words.talk(format_args!("note: {note}")));
    let variables: Map<String, serde_json::Value> = answer
        .variables
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let next = (!answer.variables.is_empty()).then(|| args.shell.evaluate(&again(args)));
    words.json(&json!({
        "for": row.name,
        "variables": variables,
        "lines": answer.lines.as_ref().map(|(what, lines)| json!({ "what": what, "lines": lines })),
        "notes": answer.notes,
        "next": next,
    }));
    if let Some(next) = next {
        words.next(next);
    }
}

/// The command line that prints this once more.
fn again(args: &Args) -> String {
    let mut line = format!(
        "handfast env --for {}",
        args.program.as_deref().unwrap_or_default()
    );
    for (flag, file) in [
        ("--cert", &args.cert),
        ("--key", &args.key),
        ("--ca", &args.ca),
        ("--keystore", &args.keystore),
        ("--password-file", &args.password_file),
        ("--truststore", &args.truststore),
        ("--truststore-password-file", &args.truststore_password_file),
    ] {
        if let Some(file) = file {
            line.push_str(&format!(" {flag} {}", shell(file.display())));
        }
    }
    line + args.shell.flag()
}

/// Every program that is known.
fn list(words: &Words) {
    let names = |names: &[&str]| {
        if names.is_empty() {
            "-".to_owned()
        } else {
            names.join(" ")
        }
    };
    let rows: Vec<[String; 3]> = TABLE
        .iter()
        .map(|row| {
            let client: Vec<&str> = row.cert.iter().chain(row.key).copied().collect();
            let client = match &row.instead {
                Some(instead) if client.is_empty() => format!("({})", instead.short),
                _ => names(&client),
            };
            [row.name.to_owned(), names(row.ca), client]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    words.data(format_args!(
        "{STRONG}{:first$}  {:second$}  client certificate and key{STRONG:#}",
        "for", "CAs"
    ));
    for [name, ca, client] in &rows {
        words.data(format_args!("{name:first$}  {ca:second$}  {client}"));
    }
    words.json(&json!({
        "programs": TABLE.iter().map(|row| json!({
            "for": row.name, "ca": row.ca, "cert": row.cert, "key": row.key,
            "instead": row.instead.as_ref().map(|instead| instead.short),
        })).collect::<Vec<_>>(),
    }));
    words.next("handfast env --for psql --cert client/tls.crt --key client/tls.key --ca client/ca.crt");
}
