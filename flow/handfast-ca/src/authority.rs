//! The authority as its owner has it: made, adopted or opened, and asked for certificates.

use std::path::{Path, PathBuf};

use handfast_pki::{Certificate, Error as PkiError, KeyKind, PrivateKey, Profile, Shown, name};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Desk, Error, FolderError, Issued, Result, Row, Sqlite, Store, StoreError, Wish,
    folder::{self, Staged},
    issuer::CaKey,
    receive,
    records::JournalEntry,
    walk,
};

/// An authority that is open for signing.
pub struct Authority {
    place: PathBuf,
    ca: CaKey,
    store: Box<dyn Store>,
    leftovers: Vec<PathBuf>,
}

/// A new authority: its name, and the kind of its two keys.
#[derive(Debug, Clone)]
pub struct Founding {
    pub name: String,
    pub key: KeyKind,
}

/// An authority that exists already.
pub struct Adoption {
    /// The CA certificate, then its issuers up to a self-signed root.
    pub chain: Vec<Certificate>,
    /// The key of the first certificate.
    pub key: PrivateKey,
    /// An issuing CA to be made below it; without one the adopted key signs by itself.
    pub intermediate: Option<Founding>,
}

impl Authority {
    /// Makes a root and an issuing CA under it, in a new folder.
    pub fn create(place: &Path, founding: &Founding, now: Timestamp) -> Result<Self> {
        let staged = Staged::begin(place)?;
        let store = Sqlite::create(&staged.path(folder::DATABASE))?;
        let subject = name::distinguished(&format!("{} Root CA", founding.name), Some(&founding.name))?;
        let key = PrivateKey::generate(founding.key)?;
        let wish = receive::ca(Profile::Root, subject.clone(), &key);
        let new_root = CaKey::of_new_root(key, subject);
        let root = walk(
            Ok(wish),
            Desk {
                ca: &new_root,
                store: &store,
                now,
                serial: random()?,
            },
        )?;
        let root = new_root.with_root(root.certificate().clone())?;
        staged.write_key(folder::ROOT_KEY, &root.to_pem())?;
        let issuing = found_issuing(founding, &root, &store, now)?;
        let leftovers = settle(staged, store, &issuing)?;
        Ok(Self {
            leftovers,
            ..Self::open(place)?
        })
    }

    /// Takes over an authority that exists already, in a new folder. Its own files stay where they are.
    pub fn adopt(place: &Path, adoption: Adoption, now: Timestamp) -> Result<Self> {
        must_be_a_chain(&adoption.chain)?;
        let adopted = CaKey::new(adoption.key, adoption.chain)?;
        let staged = Staged::begin(place)?;
        let store = Sqlite::create(&staged.path(folder::DATABASE))?;
        for certificate in adopted.above() {
            if now > certificate.not_after() || now < certificate.not_before() {
                return Err(Error::IssuerNotValid {
                    issuer: certificate.called(),
                    not_before: certificate.not_before(),
                    not_after: certificate.not_after(),
                    now,
                });
            }
            let detail = format!(
                "{} with fingerprint {}",
                certificate.called(),
                certificate.fingerprint()
            );
            store.journal(&JournalEntry {
                at: now,
                event: "adopted",
                serial: None,
                code: None,
                detail,
            })?;
        }
        let signing = match &adoption.intermediate {
            Some(founding) => found_issuing(founding, &adopted, &store, now)?,
            None => adopted,
        };
        let leftovers = settle(staged, store, &signing)?;
        Ok(Self {
            leftovers,
            ..Self::open(place)?
        })
    }

    /// Opens the authority in `place`.
    pub fn open(place: &Path) -> Result<Self> {
        let root = folder::read_certificates(place, folder::ROOT_CERTIFICATE)?;
        let mut above = folder::read_certificates(place, folder::ISSUING_CERTIFICATE)?;
        let key = folder::read_key(place, folder::ISSUING_KEY)?;
        let damaged = |detail: String| FolderError::NotAnAuthority {
            path: place.to_owned(),
            detail,
        };
        if above != root {
            above.extend(root);
        }
        must_be_a_chain(&above).map_err(|error| damaged(error.to_string()))?;
        let database = place.join(folder::DATABASE);
        if !database.is_file() {
            return Err(damaged(format!("\"{}\" is missing", folder::DATABASE)).into());
        }
        let store = Box::new(Sqlite::open(&database)?);
        let ca = CaKey::new(key, above).map_err(|error| damaged(error.to_string()))?;
        Ok(Self {
            place: place.to_owned(),
            ca,
            store,
            leftovers: Vec::new(),
        })
    }

    /// The same authority with its records kept by `wrap`'s store.
    pub fn with_store(self, wrap: impl FnOnce(Box<dyn Store>) -> Box<dyn Store>) -> Self {
        Self {
            store: wrap(self.store),
            ..self
        }
    }

    /// Issues one leaf certificate, or says why not. Randomness for the serial number is taken here.
    pub fn issue(&self, wish: Wish, now: Timestamp) -> Result<Issued> {
        let desk = Desk {
            ca: &self.ca,
            store: &*self.store,
            now,
            serial: random()?,
        };
        walk(receive::leaf(wish), desk)
    }

    /// The certificates from the one that signs up to the root.
    pub fn chain(&self) -> &[Certificate] {
        self.ca.above()
    }

    /// The certificate that others trust.
    pub fn root(&self) -> Option<&Certificate> {
        self.ca.above().last()
    }

    /// The file of [`Self::root`].
    pub fn root_file(&self) -> PathBuf {
        self.place.join(folder::ROOT_CERTIFICATE)
    }

    /// Folders, removed now, that were left in making an authority in the same place by a process that died.
    pub fn leftovers(&self) -> &[PathBuf] {
        &self.leftovers
    }

    /// What is known about a serial number (hexadecimal digits).
    pub fn find(&self, serial: &str) -> Result<Option<Row>, StoreError> {
        self.store.find(serial)
    }

    /// How many certificates were issued, the authority's own among them.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.store.count()
    }

    /// What was begun more than a minute before `now` and never finished: after a crash, a certificate with
    /// this serial number may exist although nobody was given it.
    pub fn unfinished(&self, now: Timestamp) -> Result<Vec<Row>, StoreError> {
        const IN_PROGRESS: SignedDuration = SignedDuration::from_mins(1);
        self.store.unfinished(now.checked_sub(IN_PROGRESS).unwrap_or(now))
    }
}

/// Makes the issuing CA under `parent`.
fn found_issuing(founding: &Founding, parent: &CaKey, store: &Sqlite, now: Timestamp) -> Result<CaKey> {
    let subject = name::distinguished(&format!("{} Issuing CA", founding.name), Some(&founding.name))?;
    let key = PrivateKey::generate(founding.key)?;
    let wish = receive::ca(Profile::Intermediate, subject, &key);
    let issued = walk(
        Ok(wish),
        Desk {
            ca: parent,
            store,
            now,
            serial: random()?,
        },
    )?;
    let above = std::iter::once(issued.certificate())
        .chain(parent.above())
        .cloned()
        .collect();
    CaKey::new(key, above)
}

/// Writes what every authority has, and makes the folder appear; the leftovers that were removed beside it.
fn settle(mut staged: Staged, store: Sqlite, signing: &CaKey) -> Result<Vec<PathBuf>> {
    // A CA key is never made without its certificate, and the last one is the root.
    let (root, below) = signing.above().split_last().ok_or(PkiError::Unexpected {
        expected: "a CA certificate",
        found: "none".into(),
    })?;
    let root = std::slice::from_ref(root);
    staged.write_certificates(folder::ROOT_CERTIFICATE, root)?;
    staged.write_certificates(
        folder::ISSUING_CERTIFICATE,
        if below.is_empty() { root } else { below },
    )?;
    staged.write_key(folder::ISSUING_KEY, &signing.to_pem())?;
    // Closed, the database is one file again, and can be moved.
    drop(store);
    let leftovers = std::mem::take(&mut staged.leftovers);
    staged.settle()?;
    Ok(leftovers)
}

/// Each certificate must be a CA and signed by the next, the last by itself.
fn must_be_a_chain(chain: &[Certificate]) -> Result<()> {
    for (index, certificate) in chain.iter().enumerate() {
        let not_a_ca = |detail| Error::NotACa {
            subject: certificate.called(),
            detail,
        };
        if certificate.version() != 3 {
            return Err(not_a_ca(
                "it is of X.509 version 1, which cannot say that it is a CA",
            ));
        }
        if !certificate.is_ca() {
            return Err(not_a_ca("it does not say that it is a CA (basicConstraints)"));
        }
        if certificate
            .key_usage()
            .is_some_and(|usage| !usage.key_cert_sign())
        {
            return Err(not_a_ca("its key usage leaves keyCertSign out"));
        }
        certificate.public_key().must_be_worth_certifying()?;
        let issuer = chain.get(index + 1).unwrap_or(certificate);
        if !certificate.is_signed_by(&issuer.public_key()) {
            let found = Shown::filled(
                "{}, whose signature ({}) is not one of {} that we can verify",
                &[
                    &Shown::names(&[certificate.called()]),
                    &Shown::names(&[certificate.signature_algorithm()]),
                    &Shown::names(&[issuer.called()]),
                ],
            );
            return Err(PkiError::Unexpected {
                expected: "a chain of CA certificates up to a self-signed root",
                found,
            }
            .into());
        }
    }
    Ok(())
}

fn random() -> Result<[u8; 20]> {
    let mut octets = [0; 20];
    aws_lc_rs::rand::fill(&mut octets).map_err(|_| PkiError::Crypto {
        what: "drawing a serial number",
    })?;
    Ok(octets)
}
