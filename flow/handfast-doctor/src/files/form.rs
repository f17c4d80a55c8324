//! What is wrong with a file by itself: its form, its permissions, what it holds in the place of what it should.

use handfast_finding::{Certainty, Finding, Refuser, shell::shell};
use handfast_formats::{
    container::{Cipher, Digest, Protection},
    open::{Form, Opened, Part},
};
use handfast_pki::{
    Code, Error, code,
    pem::{Item, Label},
    text::{printable, utf16},
};

use super::{File, Reader};

fn found(file: &File, code: Code, certainty: Certainty, because: &str) -> Finding {
    Finding::new(
        code,
        Refuser::Client,
        certainty,
        format!("{}: {because}", file.name),
    )
    .place(&file.name, 1)
}

/// Whether `finding` is about `file`.
pub(super) fn is_about(finding: &Finding, file: &File) -> bool {
    finding
        .place
        .as_ref()
        .is_some_and(|place| place.file == file.name)
}

/// Whether a file of this name is meant to hold a key or a certificate.
pub(super) fn is_meant(name: &str) -> bool {
    const ENDINGS: [&str; 17] = [
        ".crt",
        ".cer",
        ".pem",
        ".key",
        ".der",
        ".p12",
        ".pfx",
        ".jks",
        ".crl",
        ".p7b",
        ".p7c",
        ".p7s",
        ".jceks",
        ".bks",
        ".bcfks",
        ".csr",
        ".keystore",
    ];
    let name = name.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a keystore of this name is meant to hold trusted CAs alone.
pub(super) fn is_trust_store(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("trust") || name.contains("cacerts")
}

/// Whether a file of this name is meant to hold CAs alone: `ca.crt`, `root-ca.pem`, `cacert.pem`, `trusted.pem`.
pub(super) fn is_named_for_cas(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    let mut words = stem.split(['-', '_']);
    words.any(|word| matches!(word, "ca" | "cas" | "cacert" | "cacerts" | "root" | "rootca"))
        || is_trust_store(&name)
}

pub(super) fn unreadable(file: &File, why: &str) -> Finding {
    found(
        file,
        code::UNREADABLE,
        Certainty::Certain,
        &format!("cannot be read: {}", printable(why)),
    )
    .help("give the user that the program runs as leave to read it, and to enter its folder")
    .command(format!("ls -l {}", file.name))
}

/// A private key that others on the machine can read.
pub(super) fn readable_by_others(file: &File) -> Option<Finding> {
    let mode = file.mode? & 0o777;
    (mode & 0o077 != 0).then(|| {
        found(
            file,
            code::UNREADABLE,
            Certainty::Likely,
            &format!("the private key has the mode {mode:04o}, so that others can read it; PostgreSQL and others refuse it"),
        )
        .help("let its owner alone read it")
        .command(format!("chmod 600 {}", file.name))
    })
}

pub(super) fn encrypted(file: &File, by: &'static str) -> Finding {
    found(
        file,
        code::KEY_ENCRYPTED,
        Certainty::Certain,
        &format!("the private key is encrypted with a password (\"{by}\")"),
    )
    .help("give the program the password, or take it off the key where the disk protects it")
    .command(format!(
        "openssl pkey -in {} -out plain.key && chmod 600 plain.key",
        file.name
    ))
}

/// A request in a file that is named like a certificate.
pub(super) fn request(file: &File) -> Option<Finding> {
    let name = file.name.to_ascii_lowercase();
    let is_named_so = name.ends_with(".csr") || name.ends_with(".req");
    (!is_named_so).then(|| {
        found(
            file,
            code::WRONG_FORMAT,
            Certainty::Certain,
            "it holds a certificate request, which a CA has still to sign",
        )
        .help("send it to the CA, and use the certificate that comes back")
        .command(format!("handfast sign {} client --out FILE", file.name))
    })
}

/// Something else with a PEM label.
pub(super) fn other(file: &File, label: Label) -> Option<Finding> {
    let help = match label.name()? {
        "PUBLIC KEY" | "RSA PUBLIC KEY" => {
            "a public key alone proves nothing; the private key or the certificate is needed"
        }
        "OPENSSH PRIVATE KEY" => "TLS does not read OpenSSH's own form: ssh-keygen -p -m PKCS8 -f FILE",
        _ => return None,
    };
    let because = format!("it holds {label}, and neither a certificate nor a private key");
    Some(found(file, code::WRONG_FORMAT, Certainty::Certain, &because).help(help))
}

/// PKCS#7, where what is in it stands nowhere else.
pub(super) fn bag(name: &str) -> Finding {
    Finding::new(
        code::WRONG_FORMAT,
        Refuser::Client,
        Certainty::Certain,
        format!("{name}: it is PKCS#7, which servers and clients do not read as a chain"),
    )
    .help("write it as PEM")
    .command(format!(
        "handfast convert {} --to pem --out chain.pem",
        shell(name)
    ))
    .place(name, 1)
}

/// What PEM is without the lines that say so.
pub(super) fn without_lines(file: &File) -> Finding {
    found(
        file,
        code::WRONG_FORMAT,
        Certainty::Certain,
        "it is base64 without BEGIN and END lines, which OpenSSL and most programs do not read",
    )
    .help("write it as PEM")
    .command(format!(
        "handfast convert {} --to pem --out FILE",
        shell(&file.name)
    ))
}

/// The password that the user gave does not open it.
pub(super) fn wrong_password(file: &File, error: &Error) -> Finding {
    let finding = found(file, error.code(), Certainty::Certain, &error.to_string());
    match error.hint() {
        Some(hint) => finding.help(hint),
        None => finding,
    }
}

/// What is in a file, in words.
pub(super) fn inventory(opened: &Opened) -> String {
    let store = matches!(
        opened.form,
        Form::Pkcs12 | Form::Jks | Form::Pkcs7 | Form::Kubernetes | Form::Base64
    );
    let mut words: Vec<String> = opened.parts.iter().map(described).collect();
    words.extend(opened.passed_over.iter().map(ToString::to_string));
    let inside = words.join(", ");
    match (store, words.is_empty()) {
        (false, _) => inside,
        (true, true) => format!("{}, empty", opened.form.name()),
        (true, false) => format!("{}: {inside}", opened.form.name()),
    }
}

fn described(part: &Part) -> String {
    let closed = if part.closed.is_some() { ", not opened" } else { "" };
    format!("{}{closed}", part.item.describe())
}

pub(super) fn malformed(file: &File, error: &Error) -> Finding {
    let finding = found(file, error.code(), Certainty::Certain, &error.to_string());
    match error.hint() {
        Some(hint) => finding.help(hint),
        None => finding
            .help("see what is in it, and get it anew where it is damaged")
            .command(format!("handfast inspect {}", file.name)),
    }
}

/// A keystore that was opened to its end and holds no key. A store of trusted CAs holds none, and is called so.
pub(super) fn without_key(file: &File, opened: &Opened) -> Option<Finding> {
    let what = match opened.form {
        Form::Pkcs12 => "PKCS#12 container",
        Form::Jks => "Java keystore",
        _ => return None,
    };
    let may_be_key =
        |part: &Part| matches!(part.item, Item::Key(_) | Item::EncryptedKey(_) | Item::Pkcs12(_));
    if !opened.is_whole || opened.parts.iter().any(may_be_key) || is_trust_store(&file.name) {
        return None;
    }
    Some(
        found(
            file,
            code::P12_WITHOUT_KEY,
            Certainty::Certain,
            &format!("the {what} holds certificates and no private key, so a client with it sends nothing"),
        )
        .help("export it again together with its key")
        .command("openssl pkcs12 -export -in tls.crt -inkey tls.key -name client -out client.p12"),
    )
}

/// A container that its reader cannot read.
pub(super) fn protection(file: &File, protection: &Protection, reader: Option<Reader>) -> Option<Finding> {
    if protection.is_too_old() {
        return Some(
            found(
                file,
                code::P12_TOO_OLD,
                Certainty::Certain,
                "it is encrypted with RC2 of 40 bits, which OpenSSL 3, Node 17 and Python 3.11 do not read",
            )
            .help("write it anew with new algorithms")
            .command(format!(
                "handfast convert {} --password-file PASSWORD --to p12 --out new.p12",
                shell(&file.name)
            )),
        );
    }
    let reader = reader.filter(|_| protection.is_too_new())?;
    Some(
        found(
            file,
            code::P12_TOO_NEW,
            Certainty::Certain,
            &format!(
                "it is protected with {}, which {} does not read",
                protected_with(protection),
                reader.name()
            ),
        )
        .help("write it with SHA-1 and triple DES for this reader alone, and with a long password")
        .command(format!(
            "handfast convert {} --password-file PASSWORD --to p12 --legacy --out compatible.p12",
            shell(&file.name)
        )),
    )
}

fn protected_with(protection: &Protection) -> String {
    let mut words = Vec::new();
    if protection.encryption.contains(&Cipher::Pbes2) {
        words.push("PBES2".to_owned());
    }
    match &protection.mac {
        Some(Digest::Sha256) => words.push("a MAC of SHA-256".into()),
        Some(Digest::Other(other)) => words.push(format!("a MAC of {other}")),
        Some(Digest::Sha1) | None => {}
    }
    words.join(" and ")
}

/// A form that some program trips over, though we may not.
pub(super) fn problem(file: &File, bytes: &[u8]) -> Option<Finding> {
    let certain = |because: &str, help: &str| {
        Some(found(file, code::WRONG_FORMAT, Certainty::Certain, because).help(help))
    };
    if utf16(bytes).is_some() {
        return certain(
            "it is text in UTF-16, as Windows writes it",
            "save it as plain ASCII or UTF-8",
        )
        .map(|finding| finding.command(format!("iconv -f UTF-16 -t ASCII {} > repaired.pem", file.name)));
    }
    let text = std::str::from_utf8(bytes).ok()?;
    if !text.contains("-----BEGIN ") {
        return None;
    }
    if let Some(finding) = line_ends(file, text) {
        return Some(finding);
    }
    if text.contains("----------") {
        return certain(
            "an END line and the next BEGIN line stand on one line: files were joined without a line end between them",
            "put a line end between them",
        )
        .map(|finding| finding.command(format!("sed 's/----------/-----\\n-----/g' {} > repaired.pem", file.name)));
    }
    if text
        .lines()
        .any(|line| line.trim_start() != line && line.trim_start().starts_with("-----"))
    {
        return certain(
            "its lines are indented, as in a YAML file or an e-mail; OpenSSL finds no start line",
            "take the blanks away",
        )
        .map(|finding| finding.command(format!("sed 's/^[[:space:]]*//' {} > repaired.pem", file.name)));
    }
    if text.starts_with('\u{feff}') {
        return certain(
            "it begins with a byte order mark, which OpenSSL takes for a part of the first line",
            "save it without",
        )
        .map(|finding| {
            finding.command(format!(
                "sed '1s/^\\xEF\\xBB\\xBF//' {} > repaired.pem",
                file.name
            ))
        });
    }
    None
}

/// Line ends that are none for other programs.
fn line_ends(file: &File, text: &str) -> Option<Finding> {
    let certain = |because: &str, help: &str, command: &str| {
        found(file, code::WRONG_FORMAT, Certainty::Certain, because)
            .help(help)
            .command(format!("{command} > repaired.pem"))
    };
    let name = &file.name;
    if text.contains("-----\\n") {
        return Some(certain(
            "its line ends are written as the two characters \\n, as they are in an environment variable",
            "turn them into line ends",
            &format!("printf '%b' \"$(cat {name})\""),
        ));
    }
    if text.contains('\r') && !text.contains('\n') {
        return Some(certain(
            "its lines end with CR alone, as on old Macs, which OpenSSL does not read",
            "end its lines with LF",
            &format!("tr '\\r' '\\n' < {name}"),
        ));
    }
    let is_whole = |line: &str| {
        let begin = line.find("-----BEGIN ");
        begin.is_some_and(|begin| line.get(begin..).is_some_and(|rest| rest.contains("-----END ")))
    };
    text.lines().any(is_whole).then(|| {
        certain(
            "a whole block stands on one line, which OpenSSL does not read",
            "put line ends behind BEGIN and before END",
            &format!(
                "sed -E 's/(-----BEGIN [^-]*-----) */\\1\\n/g; s/ *(-----END [^-]*-----) */\\n\\1\\n/g' {name}"
            ),
        )
    })
}
