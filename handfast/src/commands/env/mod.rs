//! `handfast env`: the environment variables by which a runtime uses these files.

mod given;
mod java;

use std::path::PathBuf;

use clap::{ValueEnum, builder::PossibleValuesParser};
use handfast_finding::shell::shell;
use handfast_report::{schema::Schema, style::STRONG};
use handfast_setup::env::{Row, Settings, Shell, TABLE, settings};
use serde_json::{Map, json};

use crate::{
    failure::{Exit, Failure},
    words::Words,
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
    /// The program that uses the files
    #[arg(long = "for", value_name = "PROGRAM", value_parser = PossibleValuesParser::new(TABLE.iter().map(|row| row.name)))]
    program: Option<String>,
    /// The client's certificate, PEM, leaf first
    #[arg(long, value_name = "FILE", requires = "key", requires = "program")]
    cert: Option<PathBuf>,
    /// The key of --cert, PEM
    #[arg(long, value_name = "FILE", requires = "cert", requires = "program")]
    key: Option<PathBuf>,
    /// The CA bundle to verify servers with, PEM
    #[arg(long, value_name = "FILE", requires = "program")]
    ca: Option<PathBuf>,
    /// For java: the client's key and chain, PKCS#12 or JKS
    #[arg(long, value_name = "FILE", requires = "password_file", requires = "program")]
    keystore: Option<PathBuf>,
    /// For java: the password of --keystore, the first line of FILE
    #[arg(long, value_name = "FILE", requires = "keystore")]
    password_file: Option<PathBuf>,
    /// For java: the trust store to verify servers with, PKCS#12 or JKS
    #[arg(long, value_name = "FILE", requires = "program")]
    truststore: Option<PathBuf>,
    /// For java: the password of --truststore, the first line of FILE [default: changeit, as Java has it]
    #[arg(long, value_name = "FILE", requires = "truststore")]
    truststore_password_file: Option<PathBuf>,
    /// For which shell the lines are written
    #[arg(long, value_name = "SHELL", value_enum, default_value = "sh")]
    shell: ShellName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ShellName {
    Sh,
    Fish,
    Powershell,
}

impl From<ShellName> for Shell {
    fn from(name: ShellName) -> Self {
        match name {
            ShellName::Sh => Self::Sh,
            ShellName::Fish => Self::Fish,
            ShellName::Powershell => Self::Powershell,
        }
    }
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
    let settings = if is_java {
        java::settings(args)?
    } else {
        settings(row, &given::check(args)?)
    };
    tell(args, row, &settings, words);
    Ok(Exit::Yes)
}

fn tell(args: &Args, row: &Row, settings: &Settings, words: &Words) {
    let shell = Shell::from(args.shell);
    for (name, value) in &settings.variables {
        words.data(shell.set(name, value));
    }
    if settings.variables.is_empty() && settings.lines.is_none() && settings.notes.is_empty() {
        words.talk(format_args!("{} has no environment variable for this", row.name));
    }
    if let Some((what, lines)) = &settings.lines {
        words.talk(format_args!("{what}:"));
        lines.iter().for_each(|line| words.talk(format_args!("  {line}")));
    }
    settings
        .notes
        .iter()
        .for_each(|note| words.talk(format_args!("note: {note}")));
    let variables: Map<String, serde_json::Value> = settings
        .variables
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let next = (!settings.variables.is_empty()).then(|| shell.evaluate(&again(args)));
    words.json(
        Schema::Env,
        json!({
            "for": row.name,
            "variables": variables,
            "lines": settings.lines.as_ref().map(|(what, lines)| json!({ "what": what, "lines": lines })),
            "notes": settings.notes,
            "next": next,
        }),
    );
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
    line + Shell::from(args.shell).flag()
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
    words.json(
        Schema::EnvList,
        json!({
            "programs": TABLE.iter().map(|row| json!({
                "for": row.name, "ca": row.ca, "cert": row.cert, "key": row.key,
                "instead": row.instead.as_ref().map(|instead| instead.short),
            })).collect::<Vec<_>>(),
        }),
    );
    words.next("handfast env --for psql --cert client/tls.crt --key client/tls.key --ca client/ca.crt");
}
