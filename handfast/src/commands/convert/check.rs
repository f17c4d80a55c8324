//! What can be refused by the flags alone, before anything is read.

use std::path::PathBuf;

use handfast_credentials::{files, load};
use handfast_formats::{container, kubernetes};
use handfast_pki::code;

use super::{
    flags::{Args, Form},
    output::Output,
};
use crate::failure::Failure;

impl<'a> Output<'a> {
    /// Refuses what can be refused by the flags alone.
    pub(super) fn check(args: &'a Args) -> Result<Self, Failure> {
        if args.to == Form::Jks {
            return Err(Failure::of(code::WRONG_FORMAT, "JKS is read and not written")
                .help("Java reads PKCS#12 since version 8: --to p12, with --legacy for old Java 8"));
        }
        only_for(args, Form::P12, args.legacy, "--legacy")?;
        only_for(
            args,
            Form::P12,
            args.new_password_file.is_some(),
            "--new-password-file",
        )?;
        only_for(args, Form::K8s, args.name.is_some(), "--name")?;
        only_for(args, Form::K8s, args.namespace.is_some(), "--namespace")?;
        if args.key_out.is_some() && matches!(args.to, Form::P12 | Form::K8s) {
            return Err(Failure::misuse(format!(
                "--key-out has no sense here: {} holds the key itself",
                args.to.name()
            )));
        }
        let mut output = Self {
            args,
            password: None,
            password_file: None,
            secret_name: String::new(),
            made: Vec::new(),
        };
        if args.to == Form::P12 {
            output.choose_password()?;
        }
        if args.to == Form::K8s {
            output.choose_name()?;
        }
        let files: Vec<&PathBuf> = [
            Some(&args.out),
            args.key_out.as_ref(),
            output.password_file.as_ref(),
        ]
        .into_iter()
        .flatten()
        .collect();
        files::must_be_free(&files, args.force)?;
        if args.key_out.as_ref() == Some(&args.out) {
            return Err(Failure::misuse("--out and --key-out are the same file"));
        }
        Ok(output)
    }

    fn choose_password(&mut self) -> Result<(), Failure> {
        if let Some(path) = &self.args.new_password_file {
            self.password = Some(load::password(path)?);
            return Ok(());
        }
        let made = container::new_password().map_err(|error| Failure::about("--to p12", &error))?;
        self.password = Some(made);
        let mut beside = self.args.out.as_os_str().to_owned();
        beside.push(".password");
        self.password_file = Some(beside.into());
        Ok(())
    }

    fn choose_name(&mut self) -> Result<(), Failure> {
        let stem = self.args.out.file_stem().unwrap_or_default().to_string_lossy();
        let name = self.args.name.clone().unwrap_or_else(|| stem.into_owned());
        kubernetes::subdomain(&name).map_err(|error| {
            Failure::about("--name", &error).help("give the Secret a name: --name web-tls")
        })?;
        self.secret_name = name;
        Ok(())
    }
}

fn only_for(args: &Args, form: Form, is_given: bool, flag: &str) -> Result<(), Failure> {
    if is_given && args.to != form {
        return Err(Failure::misuse(format!("{flag} is for {} alone", form.name())));
    }
    Ok(())
}
