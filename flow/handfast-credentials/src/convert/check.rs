//! What can be refused by the flags alone, before anything is read.

use std::path::PathBuf;

use handfast_finding::Problem;
use handfast_formats::kubernetes;
use handfast_pki::code;

use super::{
    output::Output,
    wanted::{Form, Wanted},
};
use crate::{files, password::NewPassword};

impl<'a> Output<'a> {
    /// Refuses what can be refused by the flags alone.
    pub fn check(wanted: &'a Wanted) -> Result<Self, Problem> {
        if wanted.to == Form::Jks {
            return Err(Problem::new(code::WRONG_FORMAT, "JKS is read and not written")
                .help("Java reads PKCS#12 since version 8: --to p12, with --legacy for old Java 8"));
        }
        only_for(wanted, Form::P12, wanted.legacy, "--legacy")?;
        only_for(
            wanted,
            Form::P12,
            wanted.new_password_file.is_some(),
            "--new-password-file",
        )?;
        only_for(wanted, Form::K8s, wanted.name.is_some(), "--name")?;
        only_for(wanted, Form::K8s, wanted.namespace.is_some(), "--namespace")?;
        if wanted.key_out.is_some() && matches!(wanted.to, Form::P12 | Form::K8s) {
            return Err(Problem::new(
                code::USAGE,
                format!(
                    "--key-out has no sense here: {} holds the key itself",
                    wanted.to.name()
                ),
            ));
        }
        let output = Self {
            wanted,
            password: match wanted.to {
                Form::P12 => {
                    let given = wanted.new_password_file.as_deref();
                    Some(NewPassword::choose(given, &wanted.out, "--to p12")?)
                }
                _ => None,
            },
            secret_name: match wanted.to {
                Form::K8s => secret_name(wanted)?,
                _ => String::new(),
            },
            made: Vec::new(),
        };
        let files: Vec<&PathBuf> = [
            Some(&wanted.out),
            wanted.key_out.as_ref(),
            output
                .password
                .as_ref()
                .and_then(|password| password.file.as_ref()),
        ]
        .into_iter()
        .flatten()
        .collect();
        files::must_be_free(&files, wanted.force)?;
        if wanted.key_out.as_ref() == Some(&wanted.out) {
            return Err(Problem::new(code::USAGE, "--out and --key-out are the same file"));
        }
        Ok(output)
    }
}

/// That of the flag, or of the file; it must be one.
fn secret_name(wanted: &Wanted) -> Result<String, Problem> {
    let stem = wanted.out.file_stem().unwrap_or_default().to_string_lossy();
    let name = wanted.name.clone().unwrap_or_else(|| stem.into_owned());
    kubernetes::subdomain(&name)
        .map_err(|error| Problem::about("--name", &error).help("give the Secret a name: --name web-tls"))?;
    Ok(name)
}

fn only_for(wanted: &Wanted, form: Form, is_given: bool, flag: &str) -> Result<(), Problem> {
    if is_given && wanted.to != form {
        return Err(Problem::new(
            code::USAGE,
            format!("{flag} is for {} alone", form.name()),
        ));
    }
    Ok(())
}
