//! `handfast convert`: keys and certificates from one form into another, with the chain put into order.

mod flags;
mod tell;

use std::path::PathBuf;

use handfast_credentials::convert::{Output, Source, Written};
use handfast_report::{json::certificate, schema::Schema};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    commands::tell::{tell_files, text},
    failure::{Exit, Failure},
    words::Words,
};

/// Write keys and certificates in another form: PEM, DER, PKCS#12, PKCS#7, a Kubernetes Secret
///
/// Reads PEM (keys as PKCS#8, PKCS#1 or SEC 1, locked ones as PKCS#8), DER, PKCS#12 of every age, JKS of Java, PKCS#7
/// (.p7b, under any label) and Secrets of Kubernetes, whatever their entries are called. Keys come out as PKCS#8. The chain is put into order, leaf first,
/// without the root and without repetitions; an intermediate that is missing is looked for in --chain and in the
/// folder of FILE, and taken only if it really signed. A key that does not belong to the certificate is refused.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast convert client/tls.crt --key client/tls.key --to p12 --out client.p12\n  \
    handfast convert old.jks --password-file old.password --to pem --out client.pem\n  \
    handfast convert chain.p7b --to pem --out chain.pem\n  \
    handfast convert server/tls.crt --key server/tls.key --to k8s --name web-tls --out secret.yaml"
)]
pub struct Args {
    /// What to convert; - for stdin
    file: PathBuf,
    /// The private key, where FILE does not hold it
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Further certificates for the chain: intermediates, roots; may be repeated
    #[arg(long, value_name = "FILE")]
    chain: Vec<PathBuf>,
    /// The password of FILE and --key, the first line of this file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Which key, where a keystore holds several
    #[arg(long, value_name = "NAME")]
    alias: Option<String>,
    #[command(flatten)]
    output: flags::Args,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    // Everything that can be refused is looked at before anything is written.
    let wanted = args.output.wanted();
    let mut output = Output::check(&wanted)?;
    let source = Source {
        file: &args.file,
        key: args.key.as_deref(),
        chain: &args.chain,
        password_file: args.password_file.as_deref(),
        alias: args.alias.as_deref(),
    };
    let goods = source.read(wanted.with_root)?;
    output.make(&goods)?;
    let Written { files, leftovers } = output.write()?;
    words.tell_leftovers(&leftovers);
    let notes = output.notes(&goods);
    tell::tell(wanted.to.name(), &output, &goods, &notes, now, words);
    let lines: Vec<_> = files.iter().map(|(path, what)| (&**path, what.clone())).collect();
    tell_files(&lines, words);
    let next = output.next();
    words.json(Schema::Convert, json!({
        "to": wanted.to.name(),
        "certificates": goods.certificates().iter().map(certificate).collect::<Vec<_>>(),
        "key": goods.key.as_ref().map(|key| key.public_key().algorithm()),
        "notes": notes,
        "files": files.iter().map(|(path, what)| json!({ "file": text(path), "holds": what })).collect::<Vec<_>>(),
        "next": next,
    }));
    words.next(next);
    Ok(Exit::Yes)
}
