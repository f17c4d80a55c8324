//! The flags that say what is written.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use handfast_credentials::convert::{Form, Wanted};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The form to write: pem; der (the leaf, or the key where there is nothing else); p12; p7b (DER, or PEM where --out ends in .pem); k8s; jks is refused, Java reads p12
    #[arg(long, value_name = "FORM", value_parser = forms())]
    to: Form,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The key into a file of its own, for its owner alone, and not into --out: for pem, der and p7b
    #[arg(long, value_name = "FILE")]
    key_out: Option<PathBuf>,
    /// The password of the PKCS#12 to write, the first line of FILE; without this flag one is made and written to OUT.password beside it
    #[arg(long, value_name = "FILE")]
    new_password_file: Option<PathBuf>,
    /// PKCS#12 with triple DES and SHA-1, for macOS, Windows before 2019 and Java 8, which read nothing newer
    #[arg(long)]
    legacy: bool,
    /// The root as well, at the end of the chain
    #[arg(long)]
    with_root: bool,
    /// The name of the Secret [default: that of --out without its ending]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The namespace of the Secret
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Overwrite what exists
    #[arg(long)]
    force: bool,
}

impl Args {
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            to: self.to,
            out: self.out.clone(),
            key_out: self.key_out.clone(),
            new_password_file: self.new_password_file.clone(),
            legacy: self.legacy,
            with_root: self.with_root,
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            force: self.force,
        }
    }
}

fn forms() -> impl TypedValueParser<Value = Form> {
    let form = |text: String| Form::ALL.into_iter().find(|(name, _)| *name == text);
    PossibleValuesParser::new(Form::ALL.map(|(name, _)| name))
        .try_map(move |text| form(text).map(|(_, form)| form).ok_or("no form"))
}
