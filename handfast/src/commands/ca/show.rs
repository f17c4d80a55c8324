//! `handfast ca show`: all that the records know of one certificate.

use std::path::Path;

use handfast_ca::{Authority, Event, JournalLine, JournalQuery, Query, Row};
use handfast_credentials::load;
use handfast_finding::when::when;
use handfast_pki::{Certificate, Fingerprint, code, text::printable};
use handfast_report::schema::Schema;
use jiff::Timestamp;
use serde_json::json;

use super::{Where, journal, record};
use crate::{
    commands::leaf::dir_flag,
    failure::{Exit, Failure},
    words::Words,
};

/// Show all that the records know of one certificate
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca show server/tls.crt")]
pub struct Args {
    /// Its serial number or its SHA-256 in hex, or a file that holds it
    #[arg(value_name = "SERIAL|SHA256|FILE")]
    certificate: String,
    /// Print the certificate as PEM and nothing else
    #[arg(long)]
    pem: bool,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let authority = args.place.open_to_revoke(words)?;
    let row = find(&authority, &args.certificate, &args.place.dir)?;
    let certificate = row.der.as_deref().and_then(|der| Certificate::from_der(der).ok());
    let lines = authority
        .journal(&JournalQuery {
            serial: Some(row.serial.clone()),
            ..JournalQuery::default()
        })
        .map_err(handfast_ca::Error::from)?;
    let dir = dir_flag(&args.place.dir);
    let proof = format!("handfast ca audit prove {}{dir} --out FILE", row.serial);
    words.json(
        Schema::CaShow,
        json!({
            "certificate": record::described(&row, now),
            "pem": certificate.as_ref().map(Certificate::to_pem),
            "position": position(&lines),
            "proof": proof,
            "journal": lines.iter().map(journal::described).collect::<Vec<_>>(),
        }),
    );
    if args.pem {
        words.data(
            certificate
                .as_ref()
                .map(Certificate::to_pem)
                .unwrap_or_default()
                .trim_end(),
        );
        return Ok(Exit::Yes);
    }
    tell(&row, certificate.as_ref(), now, words);
    for line in &lines {
        words.data(format_args!("  {}", journal::line(line)));
    }
    if let Some(position) = position(&lines) {
        words.data(format_args!("  audit log  leaf {position}; to prove it: {proof}"));
    }
    if record::state(&row, now) == "valid" {
        words.next(format_args!("handfast ca revoke {}{dir} --dry-run", row.serial));
    }
    Ok(Exit::Yes)
}

/// The leaf that a proof is about: that of the issuance, else the first that there is.
fn position(lines: &[JournalLine]) -> Option<u64> {
    let of = |event: Event| lines.iter().find(|line| line.event == event);
    let found = of(Event::Issued).or(of(Event::Adopted)).or(of(Event::Planned));
    found.map(|line| line.position)
}

fn tell(row: &Row, certificate: Option<&Certificate>, now: Timestamp, words: &Words) {
    words.data(format_args!(
        "{} certificate for {}",
        row.profile,
        record::called(row)
    ));
    words.data(format_args!("  state      {}", record::state(row, now)));
    if let Some(revoked) = row.revoked {
        words.data(format_args!(
            "  revoked    {}, {}",
            when(revoked.at, now),
            revoked.reason.name()
        ));
    }
    words.data(format_args!(
        "  valid      from {} until {}",
        row.not_before,
        when(row.not_after, now)
    ));
    words.data(format_args!("  serial     {}", row.serial));
    if let Some(certificate) = certificate {
        words.data(format_args!("  SHA-256    {}", certificate.fingerprint()));
        words.data(format_args!(
            "  issuer     {}",
            handfast_pki::name::shown(certificate.issuer())
        ));
    }
    if let Some(key) = &row.key {
        words.data(format_args!("  key        {key} (SHA-256 of its public half)"));
    }
    words.data(format_args!("  requester  {}", row.requester));
    if let Some(before) = &row.renewed_from {
        words.data(format_args!("  replaces   {before}"));
    }
}

/// By serial number, fingerprint, or the file that holds it.
fn find(authority: &Authority, text: &str, dir: &Path) -> Result<Row, Failure> {
    let path = Path::new(text);
    let missing = || {
        Failure::new(
            Exit::No,
            code::NOT_RECORDED,
            format!("\"{}\" is not in the records of this CA", printable(text)),
        )
        .help("give a serial number, a SHA-256, or the file of a certificate")
        .command(format!("handfast ca list{}", dir_flag(dir)))
    };
    let query = if is_file(text) {
        let certificate = from_file(path)?;
        Query {
            fingerprint: Some(certificate.fingerprint()),
            ..Query::default()
        }
    } else if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        Query {
            fingerprint: Some(fingerprint),
            ..Query::default()
        }
    } else {
        Query {
            serial: Some(serial(text)?),
            ..Query::default()
        }
    };
    let page = authority.find(&query).map_err(handfast_ca::Error::from)?;
    page.rows.into_iter().next().ok_or_else(missing)
}

/// Whether `text` means a file: one that is there, or a word such as `web.crt`, which is no number.
pub fn is_file(text: &str) -> bool {
    Path::new(text).exists() || text.contains(['.', '/'])
}

/// The first certificate of a file: the leaf of a chain.
pub fn from_file(path: &Path) -> Result<Certificate, Failure> {
    load::certificates(path)?
        .into_iter()
        .next()
        .ok_or_else(|| Failure::misuse(format_args!("\"{}\" holds no certificate", path.display())))
}

/// A serial number as other programs print it: with colons, in capitals, with `0x`.
///
/// # Errors
///
/// Other signs than hexadecimal digits, or none at all.
pub fn serial(text: &str) -> Result<String, Failure> {
    let digits = text
        .trim()
        .trim_start_matches("0x")
        .replace(':', "")
        .to_ascii_lowercase();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Failure::misuse(format!(
            "\"{}\" is no serial number (hexadecimal digits), and no file that is here",
            printable(text)
        ))
        .help("give a serial number, a SHA-256, or the file of a certificate"));
    }
    Ok(if digits.len() % 2 == 1 {
        format!("0{digits}")
    } else {
        digits
    })
}
