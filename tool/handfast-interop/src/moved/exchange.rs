//! What stands in the place of the user's addresses and files: free ports, paths of the copy's own, and throw-away
//! certificates, keys and lists of the same kind.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Read},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use handfast_configs::outline::Material;
use handfast_finding::Problem;
use handfast_lab::free_port;
use handfast_pki::pem::{self, Item};

use super::Listener;
use crate::{error::of_lab, stage::Stage};

/// What was exchanged so far.
pub(super) struct Exchange<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) listeners: Vec<Listener>,
    /// Files as written, and what stands in their places.
    pub(super) exchanged: BTreeMap<String, String>,
    /// Whether one of them is a revocation list.
    pub(super) names_list: bool,
    /// How many files or sockets were made up.
    owned: usize,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(stage: &'a Stage<'a>) -> Self {
        Self {
            stage,
            listeners: Vec::new(),
            exchanged: BTreeMap::new(),
            names_list: false,
            owned: 0,
        }
    }

    /// The port on loopback in the place of `written`.
    pub(super) fn listens(&mut self, written: &str) -> Result<u16, Problem> {
        if let Some(known) = self.listeners.iter().find(|known| known.written == written) {
            return Ok(known.here);
        }
        let here = spare()?;
        self.listeners.push(Listener {
            written: written.to_owned(),
            here,
        });
        Ok(here)
    }

    /// A path that nothing else uses, for what the copy writes.
    pub(super) fn own(&mut self, kind: &str) -> PathBuf {
        self.owned += 1;
        self.stage.out.join(format!("{}.{kind}", self.owned))
    }

    /// What stands in the place of the file that `word` names, if it has to be another: one of the same kind for a file of
    /// certificates, keys or lists; the whole path of any other that is named from where it lies.
    pub(super) fn file(&mut self, word: &str, folders: &[PathBuf]) -> Result<Option<String>, Problem> {
        let Some(path) = named(word, folders) else {
            return Ok(None);
        };
        if let Some(material) = kind_of(&path) {
            return self.material(word, material).map(Some);
        }
        if Path::new(word).is_relative() {
            // The copy lies elsewhere.
            return absolute(&path).map(Some);
        }
        Ok(None)
    }

    /// What stands in the place of the file that `word` names for `material`; nothing where there is no such file. It need
    /// not be readable, and may be chosen by the program itself while it runs.
    pub(super) fn named_for(
        &mut self,
        word: &str,
        material: Material,
        folders: &[PathBuf],
    ) -> Result<Option<String>, Problem> {
        let mut places = folders.iter().map(|folder| folder.join(word));
        let is_fixed = !word.contains(['$', '{']);
        let Some(path) = places
            .find(|place| !is_missing(place))
            .or((!is_fixed).then(PathBuf::new))
        else {
            return Ok(None);
        };
        let has_both = || is_pair(&path) || path.is_dir();
        let material = match material {
            Material::Certificate if has_both() => Material::Pair,
            other => other,
        };
        self.material(word, material).map(Some)
    }

    /// The path of the trial's own `material`, in the place of what is `written`.
    pub(super) fn material(&mut self, written: &str, material: Material) -> Result<String, Problem> {
        let path = self.path_of(material)?;
        self.names_list |= material == Material::Crl;
        self.exchanged.insert(written.to_owned(), path.clone());
        Ok(path)
    }

    fn path_of(&self, material: Material) -> Result<String, Problem> {
        let folder = &self.stage.ground.folder;
        let name = self.stage.out.file_name().unwrap_or_default();
        let own = |file: &str| format!("{}-own/{file}", name.display());
        Ok(match material {
            Material::Certificate => folder.file(&own("tls.crt")),
            Material::Key => folder.file(&own("tls.key")),
            Material::Cas => folder.file("ca.crt"),
            Material::Crl => folder.file("all.crl"),
            Material::Pair => {
                let pair = self.stage.out.join("pair.pem");
                let read = |file: &str| folder.read(&own(file)).map_err(|error| of_lab(&error));
                std::fs::write(&pair, read("tls.crt")? + &read("tls.key")?).map_err(Problem::bug)?;
                pair.display().to_string()
            }
        })
    }
}

pub(super) fn spare() -> Result<u16, Problem> {
    free_port().map_err(|error| of_lab(&error))
}

pub(super) fn absolute(path: &Path) -> Result<String, Problem> {
    let path = std::path::absolute(path).map_err(Problem::bug)?;
    Ok(path.display().to_string())
}

/// The address on loopback that stands in the place of another machine's, or of all of this one's. Nobody listens at the
/// port, so that no service of the user is asked, either.
pub(super) fn at_home(word: &str) -> Result<Option<String>, Problem> {
    if let Ok(address) = word.parse::<IpAddr>() {
        return Ok((!address.is_loopback()).then(|| "127.0.0.1".into()));
    }
    match word.parse::<SocketAddr>() {
        Ok(address) if !address.ip().is_loopback() => Ok(Some(format!("127.0.0.1:{}", spare()?))),
        _ => Ok(None),
    }
}

/// Whether nothing is there. What may not be looked at is there.
fn is_missing(path: &Path) -> bool {
    let looked = std::fs::metadata(path);
    looked.is_err_and(|error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
}

/// The file that a word of the text names, if there is one. A folder of certificates, each in one file with its key, is
/// as good as one of them; HAProxy takes such.
fn named(word: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    if !word.contains(['/', '.']) {
        return None;
    }
    let mut places = folders.iter().map(|folder| folder.join(word));
    places.find_map(|path| {
        if !path.is_dir() {
            return path.is_file().then_some(path);
        }
        let mut files = std::fs::read_dir(path).ok()?.flatten().map(|entry| entry.path());
        files.find(|file| file.extension().is_some_and(|end| end == "pem") && is_pair(file))
    })
}

/// Whether the file holds a certificate and a key.
fn is_pair(file: &Path) -> bool {
    let items = read(file).unwrap_or_default();
    has_certificate(&items) && has_key(&items)
}

fn has_certificate(items: &[Item]) -> bool {
    items.iter().any(|item| matches!(item, Item::Certificate(_)))
}

fn has_leaf(items: &[Item]) -> bool {
    let is_leaf = |item: &Item| matches!(item, Item::Certificate(certificate) if !certificate.is_ca());
    items.iter().any(is_leaf)
}

fn has_key(items: &[Item]) -> bool {
    let is_key = |item: &Item| matches!(item, Item::Key(_) | Item::EncryptedKey(_));
    items.iter().any(is_key)
}

/// Whether the file begins as a revocation list does. One of version 1 or with something odd in it is one all the same.
fn is_list(file: &Path) -> bool {
    const MARK: &[u8] = b"-----BEGIN X509 CRL-----";
    let mut start = [0; MARK.len()];
    std::fs::File::open(file).is_ok_and(|mut file| file.read_exact(&mut start).is_ok() && start == MARK)
}

/// What is in a file of certificates, keys or lists; nothing for any other.
fn read(file: &Path) -> Option<Vec<Item>> {
    const LARGEST: u64 = 4 << 20;
    if std::fs::metadata(file).ok()?.len() > LARGEST {
        return None;
    }
    pem::read(&std::fs::read(file).ok()?).ok()
}

/// What a file is for where only its content says so; nothing for what is no such file.
fn kind_of(path: &Path) -> Option<Material> {
    let Some(items) = read(path) else {
        return is_list(path).then_some(Material::Crl);
    };
    Some(match (has_certificate(&items), has_key(&items)) {
        (true, true) => Material::Pair,
        (false, true) => Material::Key,
        _ if has_leaf(&items) => Material::Certificate,
        _ if items.iter().any(|item| matches!(item, Item::Crl(_))) => Material::Crl,
        (true, false) => Material::Cas,
        (false, false) => return None,
    })
}
