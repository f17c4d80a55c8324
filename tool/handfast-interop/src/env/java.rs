//! Java reads no PEM and no variable of its own; the virtual machine takes its flags from `JAVA_TOOL_OPTIONS`.

use std::path::Path;

use handfast_credentials::{files, load};
use handfast_finding::{Problem, shell::shell};
use handfast_formats::gather::{Form, Opening, gather};
use handfast_pki::code;
use handfast_setup::env::Settings;
use zeroize::Zeroizing;

use super::{Given, absolute};

/// What every Java keystore has unless somebody changed it.
const USUAL_PASSWORD: &str = "changeit";

pub(super) fn settings(given: &Given<'_>) -> Result<Settings, Problem> {
    if let Some(pem) = given.cert.or(given.ca) {
        let pem = shell(pem.display());
        let (command, flags) = match given.key {
            Some(key) => (
                format!(
                    "handfast convert {pem} --key {} --to p12 --out client.p12",
                    shell(key.display())
                ),
                "--keystore client.p12 --password-file client.p12.password",
            ),
            None => (
                format!("handfast convert {pem} --to p12 --out trusted.p12"),
                "--truststore trusted.p12 --truststore-password-file trusted.p12.password",
            ),
        };
        return Err(Problem::new(code::WRONG_FORMAT, "Java reads no PEM")
            .help(format!("convert it, and then give {flags}"))
            .command(command));
    }
    let mut flags = Vec::new();
    if let (Some(store), Some(password)) = (given.keystore, given.password_file) {
        let password = load::password(password)?;
        flags.extend(properties("keyStore", store, &password, true)?);
    }
    if let Some(store) = given.truststore {
        let password = match given.truststore_password_file {
            Some(path) => load::password(path)?,
            None => Zeroizing::new(USUAL_PASSWORD.to_owned()),
        };
        flags.extend(properties("trustStore", store, &password, false)?);
    }
    if flags.is_empty() {
        return Err(Problem::new(
            code::USAGE,
            "there is nothing to point to: give --keystore and --password-file, or --truststore",
        ));
    }
    let mut notes = vec![
        "the password is a part of the value: everyone who can read the environment of the process can read it".into(),
        "every Java process of this shell prints \"Picked up JAVA_TOOL_OPTIONS\", the password with it, on stderr"
            .into(),
    ];
    if given.truststore.is_some() {
        notes.push(
            "the CAs of Java are no longer trusted; for both: handfast trust install --for java".into(),
        );
    }
    Ok(Settings {
        variables: vec![("JAVA_TOOL_OPTIONS".into(), flags.join(" "))],
        lines: None,
        notes,
    })
}

/// The three properties of a store, which must open with the password.
fn properties(kind: &str, store: &Path, password: &str, needs_key: bool) -> Result<Vec<String>, Problem> {
    let about = format!("\"{}\"", store.display());
    let opening = Opening {
        password: Some(password),
        alias: None,
    };
    let bytes = Zeroizing::new(files::read(store)?);
    let opened = gather(&bytes, opening).map_err(|error| Problem::about(&about, &error))?;
    let form = match opened.form {
        Form::Pkcs12 => "PKCS12",
        Form::Jks => "JKS",
        other => {
            let message = format!("{about}: expected PKCS#12 or JKS, found {}", other.name());
            return Err(Problem::new(code::WRONG_FORMAT, message));
        }
    };
    if needs_key && opened.key.is_none() {
        let message = format!("{about} holds no private key");
        return Err(Problem::new(code::P12_WITHOUT_KEY, message)
            .help("with CAs alone it is a trust store: --truststore"));
    }
    [
        ("", &absolute(store)?[..]),
        ("Type", form),
        ("Password", password),
    ]
    .into_iter()
    .map(|(end, value)| Ok(format!("-Djavax.net.ssl.{kind}{end}={}", quoted(value)?)))
    .collect()
}

/// As the virtual machine splits its options: at blanks outside of quotes, and a backslash is only itself.
fn quoted(value: &str) -> Result<String, Problem> {
    let has = |c: char| value.contains(c);
    if !value.contains(char::is_whitespace) && !has('"') && !has('\'') {
        return Ok(value.to_owned());
    }
    match (has('"'), has('\'')) {
        (false, _) => Ok(format!("\"{value}\"")),
        (true, false) => Ok(format!("'{value}'")),
        (true, true) => Err(Problem::new(
            code::USAGE,
            "JAVA_TOOL_OPTIONS cannot hold a value with both kinds of quotes: choose another path or password",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_quoted_with_the_quotes_that_it_does_not_hold() {
        let good = |value: &str| quoted(value).expect("quoted");
        assert_eq!(good("/a/b"), "/a/b");
        assert_eq!(good("/a b"), "\"/a b\"");
        assert_eq!(good("it's"), "\"it's\"");
        assert_eq!(good("say \"x\""), "'say \"x\"'");
        assert!(quoted("\"'").is_err());
    }
}
