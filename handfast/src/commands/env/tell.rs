//! What is printed: the variables of one program, or every program that is known.

use handfast_finding::shell::shell;
use handfast_report::{schema::Schema, style::STRONG};
use handfast_setup::env::{Row, Settings, Shell, TABLE};
use serde_json::{Map, json};

use super::Args;
use crate::words::Words;

pub(super) fn tell(args: &Args, row: &Row, settings: &Settings, words: &Words) {
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
pub(super) fn list(words: &Words) {
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
