//! `handfast ca ocsp`: answers of OCSP, for software that asks whether a certificate is revoked.

use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use handfast_ca::{OcspAnswer, OcspAnswers, Requester};
use handfast_credentials::{
    files::{self, Readers},
    load,
};
use handfast_finding::shell::shell;
use handfast_pki::{ocsp::Status, text::counted};
use handfast_report::{schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Where;
use crate::{
    commands::{acting::Acting, leaf::promised, tell::text},
    failure::{Exit, Failure},
    words::Words,
};

/// Answer an OCSP request, or make answers in advance
///
/// With --respond: the answer to one request goes to stdout, or to the file --out. A request that cannot be answered gets
/// the refusal that OCSP has for it, and exit code 1. Without: an answer for every certificate that has not expired goes
/// into the folder --out, named by its serial number, for servers that staple or hand out files.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  handfast ca ocsp --out answers --lifetime 24h\n  \
    openssl ocsp -issuer issuing.crt -cert tls.crt -reqout ask.der\n  \
    handfast ca ocsp --respond ask.der > answer.der")]
pub struct Args {
    /// The request, DER; - for stdin
    #[arg(long, value_name = "FILE")]
    respond: Option<PathBuf>,
    /// The file of the answer, or without --respond the folder of the answers
    #[arg(long, value_name = "PATH", required_unless_present = "respond")]
    out: Option<PathBuf>,
    /// Until when newer answers are promised
    #[arg(long, value_name = "TIME", default_value = "24h")]
    lifetime: String,
    /// A certificate that the CA has issued for OCSPSigning; the CA signs by itself without it
    #[arg(long, value_name = "FILE", requires = "signer_key")]
    signer: Option<PathBuf>,
    /// The key of --signer
    #[arg(long, value_name = "FILE", requires = "signer")]
    signer_key: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let lifetime = promised(&args.lifetime)?;
    if let (None, Some(folder)) = (&args.respond, &args.out) {
        files::must_be_no_stream(folder)?;
    }
    let (authority, requester) = args.place.open_to_publish(&args.acting, words)?;
    let mut answers = authority.ocsp(lifetime);
    if let (Some(certificate), Some(key)) = (&args.signer, &args.signer_key) {
        let chain = load::certificates(certificate)?;
        answers = answers.signed_by(&chain, load::private_key(key)?, now)?;
    }
    match (&args.respond, &args.out) {
        // `-` is stdout, as no file at all is.
        (Some(request), out) => {
            let out = out.as_deref().filter(|out| *out != Path::new("-"));
            respond(&answers, request, out, now, words)
        }
        (None, Some(folder)) => in_advance(&answers, &requester, folder, now, words),
        // Refused by the flags.
        (None, None) => Ok(Exit::Misuse),
    }
}

fn respond(
    answers: &OcspAnswers<'_>,
    request: &Path,
    out: Option<&Path>,
    now: Timestamp,
    words: &Words,
) -> Result<Exit, Failure> {
    let answer = answers.answer(&files::read(request)?, now)?;
    match out {
        None => words.bytes(&answer.der),
        Some(path) => {
            let leftovers = files::write(path, &answer.der, Readers::Everybody)?;
            words.tell_leftovers(&leftovers);
            words.data(format_args!("{GOOD}answer{GOOD:#} in {}", text(path)));
            for (serial, status) in &answer.statuses {
                words.data(format_args!("  {serial}: {}", name(*status)));
            }
        }
    }
    words.json(Schema::CaOcsp, shown(&answer, out));
    match answer.refused {
        None => Ok(Exit::Yes),
        Some(refused) => {
            words.talk(format_args!("refused: {refused}"));
            Ok(Exit::No)
        }
    }
}

fn shown(answer: &OcspAnswer, out: Option<&Path>) -> Value {
    json!({
        "file": out.map(text),
        "answer": STANDARD.encode(&answer.der),
        "refused": answer.refused.map(|refused| refused.to_string()),
        "statuses": answer.statuses.iter().map(|(serial, status)| json!({
            "serial": serial,
            "status": name(*status),
        })).collect::<Vec<_>>(),
        "count": 1,
    })
}

fn in_advance(
    answers: &OcspAnswers<'_>,
    requester: &Requester,
    folder: &Path,
    now: Timestamp,
    words: &Words,
) -> Result<Exit, Failure> {
    let (mut failure, mut first) = (None, None);
    let count = answers.each(requester, now, &mut |serial, answer| {
        if failure.is_none() {
            let path = folder.join(format!("{serial}.ocsp"));
            failure = files::write(&path, &answer.der, Readers::Everybody).err();
            first.get_or_insert(path);
        }
        Ok(())
    })?;
    if let Some(problem) = failure {
        return Err(problem.into());
    }
    words.json(
        Schema::CaOcsp,
        json!({ "file": text(folder), "answer": null, "refused": null, "statuses": [], "count": count }),
    );
    words.data(format_args!(
        "{GOOD}{}{GOOD:#} in {}",
        counted(count, "answer"),
        text(folder)
    ));
    if let Some(path) = first {
        let path = shell(path.display());
        words.next(format_args!("openssl ocsp -respin {path} -text -noverify"));
    }
    Ok(Exit::Yes)
}

fn name(status: Status) -> &'static str {
    match status {
        Status::Good => "good",
        Status::Revoked { .. } => "revoked",
        Status::Unknown => "unknown",
    }
}
