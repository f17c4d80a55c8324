//! `handfast doctor HOST:PORT`: one connection of our own, and those that separate the causes.

use std::path::PathBuf;

use base64::{Engine, prelude::BASE64_STANDARD};
use handfast_credentials::load;
use handfast_doctor::{Context, Ending, Report, Subject, Talk, When, examine, files::Reader};
use handfast_pki::Purpose;
use handfast_tls::client::Versions;
use jiff::Timestamp;

use crate::{
    commands::doctor::{
        client_files::{self, Wanted},
        show::{Show, show},
        whom::{Unready, Whom},
    },
    failure::{Exit, Failure},
    words::Words,
};

/// Whom to look at, what is known of it, and how the report is shown.
#[derive(Debug, clap::Args)]
pub struct Flags {
    /// HOST:PORT or an https URL
    #[arg(required_unless_present_any = ["client_files", "server_files"], value_name = "TARGET")]
    target: Option<String>,
    /// Check these files, or those in a folder, as a client's, and connect to no server
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["target", "server_files"])]
    client_files: Vec<PathBuf>,
    /// The same, as a server's
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with = "target")]
    server_files: Vec<PathBuf>,
    /// The password of containers and keys among the files, the first line of FILE
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Who has to read containers among the files
    #[arg(long = "for", value_name = "READER", value_parser = Reader::ALL.map(|(name, _)| name))]
    reader: Option<String>,
    #[command(flatten)]
    whom: Whom,
    /// The application protocol to offer; may be repeated
    #[arg(long, value_name = "PROTOCOL")]
    alpn: Vec<String>,
    /// Offer only this version of TLS: 1.2 or 1.3
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    tls: Option<String>,
    /// Leave out post-quantum key exchange, so that the ClientHello fits into one packet
    #[arg(long)]
    no_pq: bool,
    /// The identity that the server must have, such as spiffe://acme/api
    #[arg(long, value_name = "IDENTITY")]
    expect_id: Option<String>,
    /// The pin of the server's key, as curl's --pinnedpubkey writes it: sha256//BASE64
    #[arg(long, value_name = "PIN")]
    pin: Option<String>,
    /// The certificate file that the server should be using
    #[arg(long, value_name = "FILE")]
    served: Option<PathBuf>,
    /// The subject that a rule on the server names, as it is written there
    #[arg(long, value_name = "SUBJECT")]
    expect_dn: Option<String>,
    /// The answer repeats the headers that the application saw: is the certificate among them?
    #[arg(long)]
    echo: bool,
    /// Also send spoofed identity headers: does the application trust them?
    #[arg(long)]
    active: bool,
    /// A certificate of the same CA that the server must refuse
    #[arg(long, value_name = "FILE", requires = "must_refuse_key")]
    must_refuse: Option<PathBuf>,
    /// The key of --must-refuse
    #[arg(long, value_name = "FILE", requires = "must_refuse")]
    must_refuse_key: Option<PathBuf>,
    /// A revocation list that the server may be using; may be repeated
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// Try a browser's CORS preflight from this origin
    #[arg(long, value_name = "URL")]
    origin: Option<String>,
    /// Whether to make further connections: where one look is not enough, always, or never
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "always", "never"])]
    probe: String,
    /// The same as --probe never
    #[arg(long)]
    no_probe: bool,
    #[command(flatten)]
    show: Show,
}

pub fn run(flags: &Flags, words: &Words) -> Result<Exit, Failure> {
    let folders = [
        (&flags.client_files, Purpose::Client),
        (&flags.server_files, Purpose::Server),
    ];
    if let Some((paths, purpose)) = folders.into_iter().find(|(paths, _)| !paths.is_empty()) {
        let reader = flags
            .reader
            .as_deref()
            .and_then(|wanted| Reader::ALL.into_iter().find(|(name, _)| *name == wanted));
        let wanted = Wanted {
            paths,
            purpose,
            password_file: flags.password_file.as_ref(),
            reader: reader.map(|(_, reader)| reader),
        };
        return client_files::run(&wanted, words);
    }
    // Whole seconds, as certificates have them.
    let now = Timestamp::from_second(Timestamp::now().as_second()).map_err(Failure::bug)?;
    let named = flags.target.clone().unwrap_or_default();
    let made = match subject(flags, &named, now) {
        Err(Unready::Misused(failure)) => return Err(failure),
        // A file is the reason, so that no connection has to be made.
        Err(Unready::Unusable(finding)) => Report {
            findings: vec![*finding],
            ..Report::new(named)
        },
        Ok(subject) => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(Failure::bug)?;
            runtime.block_on(examine(named, &subject, now))
        }
    };
    let exit = show(&made, &flags.show, words)?;
    let unreachable = made
        .trace
        .as_ref()
        .is_some_and(|trace| matches!(trace.ending, Ending::Unreachable(_)));
    Ok(if unreachable { Exit::Unreachable } else { exit })
}

/// What is looked at, with all that the flags say beside whom.
fn subject(flags: &Flags, named: &str, now: Timestamp) -> Result<Subject, Unready> {
    let mut subject = flags.whom.subject(named, now)?;
    let target = &mut subject.target;
    target.versions = match flags.tls.as_deref() {
        Some("1.2") => Versions::OnlyTls12,
        Some(_) => Versions::OnlyTls13,
        None => Versions::Both,
    };
    target.probing.small_hello = flags.no_pq;
    if !flags.alpn.is_empty() {
        target.alpn.clone_from(&flags.alpn);
        // Another protocol was offered, so HTTP/1.1 is not what the server expects.
        if target.starttls.is_none() && !flags.alpn.iter().any(|name| name == "http/1.1") {
            subject.talk = Talk::Listen;
        }
    }
    subject.when = match flags.probe.as_str() {
        _ if flags.no_probe => When::Never,
        "always" => When::Always,
        "never" => When::Never,
        _ => When::Auto,
    };
    subject.context = context(flags, subject.context)?;
    Ok(subject)
}

/// `known` with what the flags say of the server.
fn context(flags: &Flags, known: Context) -> Result<Context, Failure> {
    let pin = match &flags.pin {
        Some(text) => Some(
            text.strip_prefix("sha256//")
                .and_then(|text| BASE64_STANDARD.decode(text).ok())
                .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
                .ok_or_else(|| {
                    Failure::misuse(format!("\"{text}\" is not a pin"))
                        .help("write sha256//BASE64, as curl does")
                })?,
        ),
        None => None,
    };
    let served = match &flags.served {
        Some(path) => load::certificates(path)?.into_iter().next(),
        None => None,
    };
    let mut revocation = Vec::new();
    for path in &flags.crl {
        revocation.extend(load::revocation_lists(path)?);
    }
    let must_refuse = match (&flags.must_refuse, &flags.must_refuse_key) {
        (Some(cert), Some(key)) => Some(load::paired(
            load::certificates(cert)?,
            &load::private_key(key)?,
            key,
        )?),
        _ => None,
    };
    Ok(Context {
        expected: flags.expect_id.clone(),
        pin,
        served,
        revocation,
        origin: flags.origin.clone(),
        expected_subject: flags.expect_dn.clone(),
        is_echo: flags.echo,
        may_forge: flags.active,
        must_refuse,
        ..known
    })
}
