//! `handfast convert`: keys and certificates from one form into another, with the chain put into order.

mod forms;
mod missing;
mod output;
mod source;

use std::path::PathBuf;

use handfast_finding::when::when;
use handfast_pki::{
    PrivateKey, Shown,
    chain::{Note, Repaired},
};
use handfast_report::{json::certificate, schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::json;

use self::{
    output::{Goods, Output},
    source::Source,
};
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
    output: output::Args,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    // Everything that can be refused is looked at before anything is written.
    let mut output = Output::check(&args.output)?;
    let source = Source::read(args)?;
    let goods = Goods {
        chain: source.chain,
        key: source.key,
        given: source.given,
        with_root: args.output.with_root,
    };
    output.make(&goods)?;
    let files = output.write(words)?;
    let notes = notes(&output, &goods, &source.passed_over);
    tell(args, &output, &goods, &notes, now, words);
    let lines: Vec<_> = files.iter().map(|(path, what)| (&**path, what.clone())).collect();
    tell_files(&lines, words);
    let next = output.next();
    words.json(Schema::Convert, json!({
        "to": args.output.to.name(),
        "certificates": goods.certificates().iter().map(certificate).collect::<Vec<_>>(),
        "key": goods.key.as_ref().map(|key| key.public_key().algorithm()),
        "notes": notes,
        "files": files.iter().map(|(path, what)| json!({ "file": text(path), "holds": what })).collect::<Vec<_>>(),
        "next": next,
    }));
    words.next(next);
    Ok(Exit::Yes)
}

/// What was found, and everything that is not as it was.
fn tell(args: &Args, output: &Output<'_>, goods: &Goods, notes: &[String], now: Timestamp, words: &Words) {
    let form = args.output.to.name();
    match (goods.chain.chain.first(), &goods.key) {
        (Some(_), _) if goods.chain.cas_alone => {
            for ca in &goods.chain.chain {
                words.data(format_args!("{GOOD}{}{GOOD:#}, a CA, as {form}", ca.called()));
            }
        }
        (Some(leaf), key) => {
            let with = key.as_ref().map(PrivateKey::public_key);
            let with = with.map(|key| format!(" with its {} key", key.algorithm()));
            words.data(format_args!(
                "{GOOD}{}{GOOD:#}{} as {form}",
                leaf.called(),
                with.unwrap_or_default()
            ));
            words.data(format_args!("  until   {}", when(leaf.not_after(), now)));
            let above = output.holds_chain().then(|| goods.certificates());
            for above in above.iter().flatten().skip(1) {
                words.data(format_args!("  above   {}", above.called()));
            }
        }
        (None, Some(key)) => words.data(format_args!(
            "{GOOD}a {} key{GOOD:#} as {form}",
            key.public_key().algorithm()
        )),
        (None, None) => {}
    }
    for note in notes {
        words.talk(format_args!("note: {note}"));
    }
    let mut ended = goods.certificates();
    ended.retain(|certificate| certificate.not_after() < now);
    for certificate in ended {
        words.talk(format_args!(
            "note: \"{}\" ended {}  [{}]",
            certificate.called(),
            when(certificate.not_after(), now),
            handfast_pki::code::EXPIRED
        ));
    }
}

fn notes(output: &Output<'_>, goods: &Goods, passed_over: &[Shown]) -> Vec<String> {
    let Repaired { notes, .. } = &goods.chain;
    // A root that was found and is not written is nobody's concern.
    let matters = |note: &&Note| !matches!(note, Note::Added { is_root: true, .. }) || output.takes_root();
    let chain = notes.iter().filter(matters).map(ToString::to_string);
    let others = passed_over.iter().map(|what| format!("left out: {what}"));
    chain.chain(others).chain(output.left_out(goods)).collect()
}
