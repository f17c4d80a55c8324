//! The zoo: one certificate of each kind that a server or a client meets, to be shown to other people's software.
//!
//! [`write()`] puts all of them into a folder: `clients/NAME` and `servers/NAME` with `tls.crt` and `tls.key`, the
//! root in `ca.crt`, the revocation lists of every CA in `all.crl`, and a renewed pair of the good server in
//! `renewed`.

mod cages;
mod ml_dsa;

use std::path::PathBuf;

pub use cages::{STRANGE, write};

use crate::{Error, Folder, Process, Started, free_port};

/// One kind of certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Animal {
    pub name: &'static str,
    /// What is special about it, in a few words.
    pub story: &'static str,
    pub verdict: Verdict,
}

/// What has to become of an animal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    LetIn,
    KeepOut,
    /// Good software differs; most lets it in.
    RatherIn,
    /// Good software differs; most keeps it out.
    RatherOut,
}

impl Verdict {
    /// Whether it is let in unless a target says otherwise.
    pub fn is_in(self) -> bool {
        matches!(self, Self::LetIn | Self::RatherIn)
    }

    /// Whether letting it in is wrong, and not a matter of taste.
    pub fn must_stay_out(self) -> bool {
        self == Self::KeepOut
    }
}

const fn animal(name: &'static str, story: &'static str, verdict: Verdict) -> Animal {
    Animal { name, story, verdict }
}

/// What clients show to a server.
pub const CLIENTS: [Animal; 17] = [
    animal("good", "valid", Verdict::LetIn),
    animal("none", "no certificate at all", Verdict::KeepOut),
    animal("other-ca", "issued by an untrusted CA", Verdict::KeepOut),
    animal("expired", "expired ten days ago", Verdict::KeepOut),
    animal("not-yet", "not valid before two hours from now", Verdict::KeepOut),
    animal(
        "revoked",
        "revoked: on the CA's revocation list (CRL)",
        Verdict::KeepOut,
    ),
    animal(
        "other-purpose",
        "for server authentication only (EKU)",
        Verdict::KeepOut,
    ),
    animal(
        "no-purpose",
        "without extended key usage (EKU)",
        Verdict::RatherIn,
    ),
    animal("other-name", "valid, with another name", Verdict::LetIn),
    animal(
        "no-intermediate",
        "sent without its intermediate",
        Verdict::KeepOut,
    ),
    animal("deep", "two intermediates below the root", Verdict::LetIn),
    animal("self-signed", "self-signed", Verdict::KeepOut),
    animal(
        "version-1",
        "X.509 version 1, which has no extensions",
        Verdict::RatherIn,
    ),
    animal("rsa-1024", "an RSA key of 1024 bits", Verdict::KeepOut),
    animal("p-384", "a key on P-384", Verdict::LetIn),
    animal("ed25519", "an Ed25519 key", Verdict::LetIn),
    animal(
        "ml-dsa",
        "signed with ML-DSA-65 by its issuer",
        Verdict::RatherOut,
    ),
];

/// What servers show to a client.
pub const SERVERS: [Animal; 16] = [
    animal("good", "valid", Verdict::LetIn),
    animal("other-ca", "issued by an untrusted CA", Verdict::KeepOut),
    animal("expired", "expired ten days ago", Verdict::KeepOut),
    animal("not-yet", "not valid before two hours from now", Verdict::KeepOut),
    animal(
        "revoked",
        "revoked: on the CA's revocation list (CRL)",
        Verdict::KeepOut,
    ),
    animal(
        "other-purpose",
        "for client authentication only (EKU)",
        Verdict::KeepOut,
    ),
    animal(
        "no-purpose",
        "without extended key usage (EKU)",
        Verdict::RatherIn,
    ),
    animal("other-name", "valid, for another name", Verdict::KeepOut),
    animal(
        "no-intermediate",
        "sent without its intermediate",
        Verdict::KeepOut,
    ),
    animal("deep", "two intermediates below the root", Verdict::LetIn),
    animal("self-signed", "self-signed", Verdict::KeepOut),
    animal(
        "version-1",
        "X.509 version 1, which has no names but the subject",
        Verdict::RatherOut,
    ),
    animal("rsa-1024", "an RSA key of 1024 bits", Verdict::KeepOut),
    animal("p-384", "a key on P-384", Verdict::LetIn),
    animal("ed25519", "an Ed25519 key", Verdict::LetIn),
    animal(
        "ml-dsa",
        "signed with ML-DSA-65 by its issuer",
        Verdict::RatherOut,
    ),
];

/// Certificate and key in a folder of the zoo, such as `clients/good`; nothing for who has none.
pub fn pair(folder: &Folder, place: &str) -> Option<(PathBuf, PathBuf)> {
    let of = |name: &str| folder.path().join(place).join(name);
    let (certificate, key) = (of("tls.crt"), of("tls.key"));
    certificate.is_file().then_some((certificate, key))
}

/// A port behind which a server shows one animal in one version of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    pub animal: String,
    pub tls: String,
    pub port: u16,
}

/// An HTTPS server with a door for each animal and version. It asks for a certificate of the zoo's CA, and says
/// "hello" to whoever has one.
pub fn house(folder: &Folder) -> Result<(Started, Vec<Door>), Error> {
    folder.write("house.py", include_str!("house.py"))?;
    let names: Vec<&str> = SERVERS.iter().map(|animal| animal.name).collect();
    let first = free_port()?;
    let process = Process {
        name: "the HTTPS server of the test certificates".into(),
        line: format!("python3 house.py {first} {}", names.join(" ")),
        folder: folder.path().to_owned(),
        ..Process::default()
    };
    let started = process.start(&[first])?;
    let doors = folder.read("listeners")?;
    let doors = doors.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some(Door {
            animal: words.next()?.to_owned(),
            tls: words.next()?.to_owned(),
            port: words.next()?.parse().ok()?,
        })
    });
    Ok((started, doors.collect()))
}
