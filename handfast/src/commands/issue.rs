//! `handfast issue`: makes a key and a certificate for it.

use std::path::{Path, PathBuf};

use handfast_ca::{Applicant, Authority, Issued};
use handfast_credentials::{
    files::{self, Claim, Piece, Readers},
    load,
};
use handfast_formats::container::{self, Age, Lock};
use handfast_pki::{Certificate, KeyKind, PrivateKey, certificate::chain_to_pem};
use handfast_report::schema::Schema;
use jiff::Timestamp;
use serde_json::json;
use zeroize::Zeroizing;

use super::{
    leaf::{self, Leaf},
    tell::{
        and_intermediates, described, root_of, tell_certificate, tell_files, tell_limits, tell_unfinished,
        text, verify_command,
    },
};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Make a key and a certificate for a server, a client or a peer
///
/// Writes tls.crt (the certificate and the intermediate above it), tls.key (its private key, PKCS#8, for
/// its owner alone) and ca.crt (what the other side has to trust) into the folder --out.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast issue server --dns localhost --ip 127.0.0.1 --out server\n  \
    handfast issue client --uri spiffe://acme/web --lifetime 24h --out client --p12 client.p12"
)]
pub struct Args {
    #[command(flatten)]
    leaf: Leaf,
    /// The kind of the key to make
    #[arg(long, value_name = "KIND", default_value = "p256", value_parser = leaf::key_kinds())]
    key: KeyKind,
    /// The folder to write into; it is made where it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Key and certificates as PKCS#12 as well, for browsers, Java and phones
    #[arg(long, value_name = "FILE")]
    p12: Option<PathBuf>,
    /// The password of --p12, the first line of FILE; without this flag one is made and written to FILE.password beside it
    #[arg(long, value_name = "FILE", requires = "p12")]
    p12_password_file: Option<PathBuf>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    // Everything that can be refused is looked at before anything is signed or written.
    let places = Places::check(args)?;
    let key = PrivateKey::generate(args.key).map_err(|error| Failure::about("--key", &error))?;
    let request = args.leaf.request(Applicant::holding(&key))?;
    let authority = Authority::open(&args.leaf.dir)?;
    // Of several processes with the same files one goes on, and the others have signed nothing.
    let claim = Claim::take(&places.files(), args.leaf.force)?;
    let issued = authority.issue(request, now)?;
    words.tell_leftovers(&places.write(claim, &key, &issued, root_of(&authority)?)?);
    tell(args, &places, &issued, now, words);
    tell_unfinished(&authority, now, words);
    Ok(Exit::Yes)
}

/// Where everything goes; all of it may be written.
struct Places {
    certificate: PathBuf,
    key: PathBuf,
    ca: PathBuf,
    p12: Option<P12>,
}

struct P12 {
    file: PathBuf,
    password: Zeroizing<String>,
    /// Where a password that we made is written.
    password_file: Option<PathBuf>,
}

impl Places {
    fn check(args: &Args) -> Result<Self, Failure> {
        let p12 = args
            .p12
            .as_deref()
            .map(|file| P12::check(file, args.p12_password_file.as_deref()))
            .transpose()?;
        let places = Self {
            certificate: args.out.join("tls.crt"),
            key: args.out.join("tls.key"),
            ca: args.out.join("ca.crt"),
            p12,
        };
        files::must_be_free(&places.files(), args.leaf.force)?;
        Ok(places)
    }

    fn files(&self) -> Vec<&Path> {
        let mut files: Vec<&Path> = vec![&self.certificate, &self.key, &self.ca];
        if let Some(p12) = &self.p12 {
            files.push(&p12.file);
            files.extend(p12.password_file.as_deref());
        }
        files
    }

    /// Writes everything, the key first: a certificate without it helps nobody.
    fn write(
        &self,
        claim: Claim,
        key: &PrivateKey,
        issued: &Issued,
        root: &Certificate,
    ) -> Result<Vec<PathBuf>, Failure> {
        let chain = issued.chain();
        let whole: Vec<Certificate> = chain.iter().chain([root]).cloned().collect();
        let p12 = self.p12.as_ref();
        let p12 = p12
            .map(|p12| Ok::<_, Failure>((p12, p12.bytes(key, &whole)?)))
            .transpose()?;
        let (key, chain, root) = (key.to_pem(), chain_to_pem(&chain), root.to_pem());
        let password = p12
            .as_ref()
            .map(|(p12, _)| Zeroizing::new(format!("{}\n", *p12.password)));
        let piece = |path, bytes, readers| Piece { path, bytes, readers };
        let mut pieces = vec![
            piece(&self.key, key.as_bytes(), Readers::Owner),
            piece(&self.certificate, chain.as_bytes(), Readers::Everybody),
            piece(&self.ca, root.as_bytes(), Readers::Everybody),
        ];
        if let (Some((p12, bytes)), Some(password)) = (&p12, &password) {
            if let Some(path) = &p12.password_file {
                pieces.push(piece(path, password.as_bytes(), Readers::Owner));
            }
            pieces.push(piece(&p12.file, bytes, Readers::Owner));
        }
        Ok(claim.write(&pieces)?)
    }
}

impl P12 {
    fn check(file: &Path, password_file: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = password_file {
            let password = load::password(path)?;
            return Ok(Self {
                file: file.to_owned(),
                password,
                password_file: None,
            });
        }
        let password = container::new_password().map_err(|error| Failure::about("--p12", &error))?;
        let mut beside = file.as_os_str().to_owned();
        beside.push(".password");
        Ok(Self {
            file: file.to_owned(),
            password,
            password_file: Some(beside.into()),
        })
    }

    fn bytes(&self, key: &PrivateKey, chain: &[Certificate]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let alias = chain.first().map(Certificate::called).unwrap_or_default();
        let lock = Lock {
            password: &self.password,
            age: Age::Modern,
        };
        container::write(key, chain, &alias, lock).map_err(|error| Failure::about("--p12", &error))
    }
}

fn tell(args: &Args, places: &Places, issued: &Issued, now: Timestamp, words: &Words) {
    let profile = args.leaf.profile;
    let next = verify_command(&places.certificate, &places.ca, profile, issued.certificate());
    let key = format!(
        "its private key, {}, readable by its owner alone",
        issued.certificate().public_key().algorithm()
    );
    let mut lines: Vec<(&Path, String)> = vec![
        (
            &places.certificate,
            format!("the certificate{}", and_intermediates(issued)),
        ),
        (&places.key, key),
        (&places.ca, "what the other side has to trust".into()),
    ];
    let mut files = json!({
        "certificate": text(&places.certificate),
        "key": text(&places.key),
        "ca": text(&places.ca),
        "p12": null,
        "p12_password": null,
    });
    if let Some(p12) = &places.p12 {
        lines.push((&p12.file, "key and certificates as PKCS#12".into()));
        files["p12"] = json!(text(&p12.file));
        if let Some(password) = &p12.password_file {
            lines.push((password, "its password, readable by its owner alone".into()));
            files["p12_password"] = json!(text(password));
        }
    }
    tell_certificate(profile, issued, now, words);
    tell_files(&lines, words);
    tell_limits(profile, words);
    words.json(Schema::Issue, described(profile, issued, &files, &next));
    words.next(next);
}
