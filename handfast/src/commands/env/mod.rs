//! `handfast env`: the environment variables by which a runtime uses these files.

mod tell;

use std::path::PathBuf;

use clap::{ValueEnum, builder::PossibleValuesParser};
use handfast_interop::env::{Given, settings};
use handfast_setup::env::{Shell, TABLE};

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
        tell::list(words);
        return Ok(Exit::Yes);
    };
    let row = TABLE
        .iter()
        .find(|row| row.name == program)
        .ok_or_else(|| Failure::bug(format!("\"{program}\" is not in the table")))?;
    let given = Given {
        cert: args.cert.as_deref(),
        key: args.key.as_deref(),
        ca: args.ca.as_deref(),
        keystore: args.keystore.as_deref(),
        password_file: args.password_file.as_deref(),
        truststore: args.truststore.as_deref(),
        truststore_password_file: args.truststore_password_file.as_deref(),
    };
    let settings = settings(row, &given)?;
    tell::tell(args, row, &settings, words);
    Ok(Exit::Yes)
}
