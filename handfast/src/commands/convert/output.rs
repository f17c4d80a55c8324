//! What is written: which files, what goes into each, who may read it.

use std::path::{Path, PathBuf};

use handfast_credentials::{
    files::{self, Claim, Piece, Readers},
    load,
};
use handfast_finding::shell::shell;
use handfast_formats::{container, kubernetes};
use handfast_pki::{Certificate, PrivateKey, chain::Repaired, code};
use zeroize::Zeroizing;

use super::missing::missing;
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The form to write: pem; der (the leaf, or the key where there is nothing else); p12; p7b (DER, or PEM where --out ends in .pem); k8s; jks is refused, Java reads p12
    #[arg(long, value_name = "FORM", value_enum)]
    pub(super) to: Form,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// The key into a file of its own, for its owner alone, and not into --out: for pem, der and p7b
    #[arg(long, value_name = "FILE")]
    pub(super) key_out: Option<PathBuf>,
    /// The password of the PKCS#12 to write, the first line of FILE; without this flag one is made and written to OUT.password beside it
    #[arg(long, value_name = "FILE")]
    new_password_file: Option<PathBuf>,
    /// PKCS#12 with triple DES and SHA-1, for macOS, Windows before 2019 and Java 8, which read nothing newer
    #[arg(long)]
    pub(super) legacy: bool,
    /// The root as well, at the end of the chain
    #[arg(long)]
    pub(super) with_root: bool,
    /// The name of the Secret [default: that of --out without its ending]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The namespace of the Secret
    #[arg(long, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// Overwrite what exists
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    Pem,
    Der,
    P12,
    P7b,
    K8s,
    Jks,
}

impl Form {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pem => "PEM",
            Self::Der => "DER",
            Self::P12 => "PKCS#12",
            Self::P7b => "PKCS#7",
            Self::K8s => "a Kubernetes Secret",
            Self::Jks => "JKS",
        }
    }
}

/// What there is to write.
pub(super) struct Goods {
    pub(super) chain: Repaired,
    pub(super) key: Option<PrivateKey>,
    /// The certificates of FILE as they were.
    pub(super) given: Vec<Certificate>,
    pub(super) with_root: bool,
}

impl Goods {
    /// Leaf first, the root at the end where it is wanted.
    pub(super) fn certificates(&self) -> Vec<Certificate> {
        let root = self.chain.root.iter().filter(|_| self.with_root);
        self.chain.chain.iter().chain(root).cloned().collect()
    }

    pub(super) fn roots(&self) -> Vec<Certificate> {
        self.chain
            .root
            .iter()
            .chain(&self.chain.other_roots)
            .cloned()
            .collect()
    }
}

/// The files that are going to be written.
pub(super) struct Output<'a> {
    pub(super) args: &'a Args,
    pub(super) password: Option<Zeroizing<String>>,
    /// Where a password that we made is written.
    pub(super) password_file: Option<PathBuf>,
    pub(super) secret_name: String,
    pub(super) made: Vec<Made>,
}

pub(super) struct Made {
    pub(super) path: PathBuf,
    pub(super) what: String,
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) readers: Readers,
}

impl Made {
    fn piece(&self) -> Piece<'_> {
        Piece {
            path: &self.path,
            bytes: &self.bytes,
            readers: self.readers,
        }
    }
}

impl<'a> Output<'a> {
    /// Refuses what can be refused by the flags alone.
    pub(super) fn check(args: &'a Args) -> Result<Self, Failure> {
        if args.to == Form::Jks {
            return Err(
                Failure::new(Exit::Misuse, code::WRONG_FORMAT, "JKS is read and not written")
                    .help("Java reads PKCS#12 since version 8: --to p12, with --legacy for old Java 8"),
            );
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

    /// Makes every byte that will be written, so that what fails does so before the first file.
    pub(super) fn make(&mut self, goods: &Goods) -> Result<(), Failure> {
        let certificates = goods.certificates();
        match self.args.to {
            Form::Pem => self.pem(goods, &certificates),
            Form::Der => self.der(goods)?,
            Form::P12 => self.p12(goods)?,
            Form::P7b => self.p7b(&certificates)?,
            Form::K8s => self.secret(goods, &certificates)?,
            // Refused by the flags.
            Form::Jks => {}
        }
        let (Some(path), Some(key)) = (&self.args.key_out, &goods.key) else {
            return match self.args.key_out {
                Some(_) => Err(missing("a private key for --key-out", "none")),
                None => Ok(()),
            };
        };
        let bytes = if self.args.to == Form::Der {
            key.pkcs8().to_vec()
        } else {
            key.to_pem().as_bytes().to_vec()
        };
        // The key first: a certificate without it helps nobody.
        self.made.insert(
            0,
            Made {
                path: path.clone(),
                what: "the private key, PKCS#8, readable by its owner alone".into(),
                bytes: Zeroizing::new(bytes),
                readers: Readers::Owner,
            },
        );
        Ok(())
    }

    /// Writes it all; what each file holds.
    pub(super) fn write(&self, words: &Words) -> Result<Vec<(PathBuf, String)>, Failure> {
        let paths: Vec<_> = self.made.iter().map(|made| &made.path).collect();
        let pieces: Vec<_> = self.made.iter().map(Made::piece).collect();
        words.tell_leftovers(&Claim::take(&paths, self.args.force)?.write(&pieces)?);
        let mut told: Vec<_> = self
            .made
            .iter()
            .map(|made| (made.path.clone(), made.what.clone()))
            .collect();
        told.sort_by_key(|(path, _)| *path != self.args.out);
        Ok(told)
    }

    /// Whether what stands above the leaf is written.
    pub(super) fn holds_chain(&self) -> bool {
        self.args.to != Form::Der
    }

    /// Whether a root that is not in the chain is written all the same.
    pub(super) fn takes_root(&self) -> bool {
        self.args.with_root || self.args.to == Form::K8s
    }

    /// The command that shows or uses what was written.
    pub(super) fn next(&self) -> String {
        let out = shell(self.args.out.display());
        match self.args.to {
            Form::K8s => format!("kubectl apply -f {out}"),
            Form::P7b if has_ending(&self.args.out, "pem") => {
                format!("openssl pkcs7 -in {out} -print_certs -noout")
            }
            Form::P7b => format!("openssl pkcs7 -inform DER -in {out} -print_certs -noout"),
            Form::P12 => {
                let password = self
                    .password_file
                    .as_ref()
                    .or(self.args.new_password_file.as_ref());
                let password = password.map(|path| format!(" --password-file {}", shell(path.display())));
                format!("handfast inspect {out}{}", password.unwrap_or_default())
            }
            _ => format!("handfast inspect {out}"),
        }
    }
}

fn only_for(args: &Args, form: Form, is_given: bool, flag: &str) -> Result<(), Failure> {
    if is_given && args.to != form {
        return Err(Failure::misuse(format!("{flag} is for {} alone", form.name())));
    }
    Ok(())
}

pub(super) fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(ending))
}
