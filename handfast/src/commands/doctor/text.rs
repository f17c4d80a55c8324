//! `handfast doctor text`.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

use handfast_credentials::files;
use handfast_pki::code;
use handfast_report::{reading, schema::Schema};

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// The causes behind an error message of another program
///
/// Takes error texts and log lines of OpenSSL, curl, nginx, Apache, HAProxy, Envoy, Go, Java, Node, Python, rustls,
/// PostgreSQL, .NET, browsers and others. Names the causes, who refused, and the test that separates them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Text {
    /// The file with the text; stdin without one
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:\n  curl https://localhost:8443/ 2>&1 | handfast doctor text\n  \
                        handfast doctor text /var/log/nginx/error.log";

pub fn run(args: &Text, words: &Words) -> Result<Exit, Failure> {
    let file = args.file.as_deref().unwrap_or(Path::new("-"));
    if file == Path::new("-") && std::io::stdin().is_terminal() {
        words.talk("paste the text, then press Ctrl-D");
    }
    let bytes = files::read_at_most(file, handfast_messages::LARGEST as u64 + 1)?;
    if bytes.len() > handfast_messages::LARGEST {
        words.talk("note: the text is longer than 1 MiB; only its beginning is read");
    }
    explain(&handfast_messages::decode(&bytes), words)
}

/// Says what `pasted` comes to, and how the command ends: 1 with findings, 3 where nothing is known.
pub fn explain(pasted: &str, words: &Words) -> Result<Exit, Failure> {
    let read = handfast_messages::read(pasted);
    if read.findings.is_empty() {
        return Err(unknown(pasted));
    }
    words.json(Schema::Doctor, reading::json(&read));
    words.data(reading::causes(&read).trim_end());
    Ok(Exit::No)
}

fn unknown(pasted: &str) -> Failure {
    let message = if pasted.trim().is_empty() {
        "the text is empty"
    } else {
        "nothing in the text is an error that the doctor knows"
    };
    Failure::of(code::NOTHING_TOLD, message).help(
        "let the doctor look for itself: handfast doctor HOST:PORT --cert tls.crt --key tls.key --ca ca.crt",
    )
}
