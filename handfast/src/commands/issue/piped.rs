//! `handfast issue --out -`: key and certificates go into a pipe, and no file is written.

use std::io::IsTerminal;

use handfast_ca::{Applicant, Authority, Error};
use handfast_pki::{PrivateKey, certificate::chain_to_pem};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::Args;
use crate::{
    commands::tell::{tell_unfinished, text},
    failure::{Exit, Failure},
    words::Words,
};

pub(super) fn run(args: &Args, now: Timestamp, words: &Words) -> Result<Exit, Failure> {
    must_be_pipe(args, words)?;
    let key = PrivateKey::generate(args.key).map_err(|error| Failure::about("--key", &error))?;
    let request = args.leaf.request(Applicant::holding(&key))?;
    let authority = Authority::open(&args.leaf.dir)?;
    let issued = match authority.issue_for(args.leaf.requester()?, request, now) {
        // The certificate comes later, and needs the key that was made for it.
        Err(waits @ Error::Waits { .. }) => {
            words.bytes(key.to_pem().as_bytes());
            words.talk("its private key is on stdout, and kept nowhere else");
            return Err(waits.into());
        }
        other => other?,
    };
    let mut out = Zeroizing::new(key.to_pem().as_bytes().to_vec());
    out.extend_from_slice(chain_to_pem(&issued.chain()).as_bytes());
    words.bytes(&out);
    let names = issued.certificate().identity().names().join(", ");
    words.talk(format_args!("{} certificate for {names}", issued.profile()));
    words.talk(format_args!(
        "  on stdout: its private key, then the certificate and what stands above it; kept nowhere else"
    ));
    words.talk(format_args!("  to trust:  {}", text(&authority.root_file())));
    tell_unfinished(&authority, now, words);
    Ok(Exit::Yes)
}

/// A key on a terminal stays in its memory, and one in a JSON answer in many logs.
fn must_be_pipe(args: &Args, words: &Words) -> Result<(), Failure> {
    let why = if words.json {
        "--json takes stdout, and no answer in JSON holds a key"
    } else if args.p12.is_some() {
        "--p12 writes a file, and --out - writes none"
    } else if std::io::stdout().is_terminal() {
        "a private key is not shown on a terminal"
    } else {
        return Ok(());
    };
    Err(Failure::misuse(format!("--out -: {why}"))
        .help("give a folder with --out DIR, or lead stdout into a program or a file"))
}
