//! `handfast issue`: makes a key and a certificate for it; and what `sign` shares with it.

use std::path::{Path, PathBuf};

use handfast_ca::{Applicant, Authority, CertRequest, Issued, State};
use handfast_pki::{
    Certificate, Error as PkiError, KeyKind, PrivateKey, Profile,
    certificate::chain_to_pem,
    container::{self, Age, Lock},
    name::AltName,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    failure::{Exit, Failure},
    files::{self, Claim, Piece, Readers},
    words::{GOOD, Words, shell, when},
};

/// Where an authority is when nobody says.
pub const DEFAULT_DIR: &str = "./handfast";

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
    #[arg(long, value_name = "KIND", default_value = "p256", value_parser = super::init::key_kinds())]
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

/// What `issue` and `sign` ask for alike.
#[derive(Debug, clap::Args)]
pub struct Leaf {
    /// What it is for: server, client, or peer (both)
    pub profile: Profile,
    /// A DNS name, such as localhost or *.acme.example; may be repeated
    #[arg(long, value_name = "NAME")]
    dns: Vec<String>,
    /// An IP address; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    ip: Vec<String>,
    /// A URI, such as spiffe://acme/web; may be repeated, but a SPIFFE ID stands alone
    #[arg(long, value_name = "URI")]
    uri: Vec<String>,
    /// An e-mail address; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    email: Vec<String>,
    /// The common name, for people and old software; peers are recognised by the names above, and one of those is needed
    #[arg(long, value_name = "CN")]
    name: Option<String>,
    /// How long it is valid, such as 24h or 90d [default: 90d, or less where the issuer ends earlier]
    #[arg(long, value_name = "TIME")]
    lifetime: Option<String>,
    /// The authority's folder
    #[arg(long, value_name = "DIR", env = "HANDFAST_DIR", default_value = DEFAULT_DIR)]
    pub dir: PathBuf,
    /// Overwrite what exists
    #[arg(long)]
    pub force: bool,
}

impl Leaf {
    /// The request that these flags make for `applicant`.
    pub fn request(&self, applicant: Applicant) -> Result<CertRequest, Failure> {
        Ok(CertRequest {
            profile: self.profile.into(),
            applicant,
            names: self.names()?,
            common_name: self.name.clone(),
            lifetime: self.lifetime.as_deref().map(lifetime).transpose()?,
        })
    }

    fn names(&self) -> Result<Vec<AltName>, Failure> {
        type Parse = fn(&str) -> handfast_pki::Result<AltName>;
        let kinds: [(&str, &Vec<String>, Parse); 4] = [
            ("--uri", &self.uri, AltName::uri),
            ("--dns", &self.dns, AltName::dns),
            ("--ip", &self.ip, AltName::ip),
            ("--email", &self.email, AltName::email),
        ];
        let mut names = Vec::new();
        for (flag, texts, parse) in kinds {
            for text in texts {
                names.push(parse(text).map_err(|error| Failure::about(flag, &error))?);
            }
        }
        Ok(names)
    }
}

/// `90d`, `24h`, `30m` or `2w`.
fn lifetime(text: &str) -> Result<SignedDuration, Failure> {
    let bad = || {
        let found = handfast_pki::text::printable(text);
        Failure::about(
            "--lifetime",
            &PkiError::BadName {
                found,
                expected: "a time such as 24h or 90d",
            },
        )
    };
    let minutes_per_unit = match text.bytes().last() {
        Some(b'm') => 1,
        Some(b'h') => 60,
        Some(b'd') => 24 * 60,
        Some(b'w') => 7 * 24 * 60,
        _ => return Err(bad()),
    };
    // The last byte is ASCII, so the rest is text.
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| bad())?;
    Ok(SignedDuration::from_mins(i64::from(count) * minutes_per_unit))
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
    places.write(claim, &key, &issued, root_of(&authority)?)?;
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
    ) -> Result<(), Failure> {
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
        claim.write(&pieces)
    }
}

impl P12 {
    fn check(file: &Path, password_file: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = password_file {
            let password = files::password(path)?;
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

/// The certificate to trust; an open authority has one.
pub fn root_of(authority: &Authority) -> Result<&Certificate, Failure> {
    authority
        .root()
        .ok_or_else(|| Failure::bug("the authority has no root"))
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
    let mut files =
        json!({ "certificate": text(&places.certificate), "key": text(&places.key), "ca": text(&places.ca) });
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
    words.json(&described(profile, issued, &files, &next));
    words.next(next);
}

/// A path for JSON, which knows no other text than Unicode.
pub fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Which file now holds what.
pub fn tell_files(lines: &[(&Path, String)], words: &Words) {
    let width = lines
        .iter()
        .map(|(path, _)| text(path).chars().count())
        .max()
        .unwrap_or(0);
    for (path, what) in lines {
        words.data(format_args!("  {:<width$}  {what}", text(path)));
    }
}

/// The first lines about a certificate that was just issued.
pub fn tell_certificate(profile: Profile, issued: &Issued, now: Timestamp, words: &Words) {
    let certificate = issued.certificate();
    words.data(format_args!(
        "{GOOD}{} certificate{GOOD:#} for {}",
        profile.name(),
        certificate.identity().names().join(", ")
    ));
    words.data(format_args!("  until   {}", when(certificate.not_after(), now)));
    if issued.cut_short() {
        words.data("          cut short: nothing outlives its issuer");
    }
    words.data(format_args!("  serial  {}", certificate.serial()));
    words.data(format_args!("  SHA-256 {}", certificate.fingerprint()));
}

/// What the certificate cannot do.
pub fn tell_limits(profile: Profile, words: &Words) {
    let other = match profile {
        Profile::Server => "be used by a client or ",
        Profile::Client => "be used by a server or ",
        _ => "",
    };
    words.data(format_args!(
        "it cannot {other}sign others, and cannot be revoked before it ends: keep --lifetime short"
    ));
}

/// ` and the intermediate above it`, when there is one.
pub fn and_intermediates(issued: &Issued) -> String {
    match issued.chain().len() - 1 {
        0 => String::new(),
        1 => " and the intermediate above it".into(),
        more => format!(" and the {more} intermediates above it"),
    }
}

/// A command that verifies what was just written.
pub fn verify_command(certificate: &Path, ca: &Path, profile: Profile, leaf: &Certificate) -> String {
    let purpose = if profile == Profile::Client {
        "client"
    } else {
        "server"
    };
    let host = leaf
        .identity()
        .dns
        .into_iter()
        .find(|dns| purpose == "server" && !dns.starts_with('*'));
    let host = host.map(|host| format!(" --host {host}")).unwrap_or_default();
    let (certificate, ca) = (shell(certificate.display()), shell(ca.display()));
    format!("handfast verify {certificate} --ca {ca} --purpose {purpose}{host}")
}

/// The certificate as JSON.
pub fn described(profile: Profile, issued: &Issued, files: &Value, next: &str) -> Value {
    let certificate = issued.certificate();
    json!({
        "profile": profile,
        "names": certificate.identity().names(),
        "serial": certificate.serial(),
        "fingerprint": certificate.fingerprint(),
        "not_before": certificate.not_before(),
        "not_after": certificate.not_after(),
        "cut_short": issued.cut_short(),
        "ignored": issued.ignored(),
        "files": files,
        "next": next,
    })
}

/// The flag that finds `dir` again, where it is needed.
pub fn dir_flag(dir: &Path) -> String {
    if dir == Path::new(DEFAULT_DIR) {
        String::new()
    } else {
        format!(" --dir {}", shell(dir.display()))
    }
}

/// Says when a crash has left certificates that nobody was given.
pub fn tell_unfinished(authority: &Authority, now: Timestamp, words: &Words) {
    let Ok(rows) = authority.unfinished(now) else {
        return;
    };
    let planned: Vec<_> = rows.iter().filter(|row| row.state == State::Planned).collect();
    if let Some(last) = planned.last() {
        words.talk(format_args!(
            "note: {} certificates were planned and never finished, the last with serial {}; they may have been signed, and nobody was given them",
            planned.len(),
            last.serial
        ));
    }
}
