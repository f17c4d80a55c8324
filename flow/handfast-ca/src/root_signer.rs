//! Root signer: a root with its key, which lies in the authority's folder or in one of its own, with records of its own.

use std::path::{Path, PathBuf};

use handfast_pki::Certificate;

use crate::{
    cas::KeptCa, change_error::ChangeError, error::Result, folder, further, issuer::Issuer, log_key, made,
    offline, opening, realm::Realm, records::Store, sqlite::Sqlite,
};

/// A root that signs CAs and its own lists.
pub(crate) struct RootSigner {
    pub(crate) issuer: Issuer,
    /// Those of the folder that has the key, where it is not the authority's.
    records: Option<Sqlite>,
    /// That folder.
    folder: Option<PathBuf>,
}

impl RootSigner {
    /// A root whose key is in the authority's folder.
    pub(crate) fn here(issuer: Issuer) -> Self {
        Self {
            issuer,
            records: None,
            folder: None,
        }
    }

    /// Leaves the certificate of the CA `name` where the root's key is: its name is taken from now on.
    pub(crate) fn note(&self, name: &str, chain: &[Certificate]) -> Result<()> {
        match &self.folder {
            Some(folder) => further::replace(&folder.join(offline::signed_name(name)), chain),
            None => Ok(()),
        }
    }

    /// Where the numbers of its lists are counted besides.
    pub(crate) fn records(&self) -> Option<&dyn Store> {
        self.records.as_ref().map(|records| records as &dyn Store)
    }
}

impl Realm<'_> {
    /// `root` for signing CAs, with the key in the authority's folder or in `root_at`.
    pub(crate) fn root_signer(&self, root: &KeptCa, root_at: Option<&Path>) -> Result<RootSigner> {
        let (at, key) = match root_at {
            None => (self.folder, root.key.as_str()),
            Some(elsewhere) => (elsewhere, folder::ROOT_KEY),
        };
        if !made::is_here(at, key) {
            return Err(ChangeError::RootKeyAway {
                name: root.name.clone(),
                folder: at.display().to_string(),
            }
            .into());
        }
        let own = self.certificates_of(root)?;
        let public_key = own
            .first()
            .map(Certificate::public_key)
            .ok_or(handfast_pki::Error::Unexpected {
                expected: "the certificate of a root",
                found: "none".into(),
            })?;
        let issuer = Issuer::new(made::kept(at, key, &public_key)?, own, opening::of_roots())?;
        let elsewhere = root_at.filter(|elsewhere| !is_same(elsewhere, self.folder));
        let records = elsewhere.map_or(Ok(None), records_of)?;
        Ok(RootSigner {
            issuer,
            records,
            folder: elsewhere.map(Path::to_owned),
        })
    }
}

/// The records in `folder`; a key that was copied into it by hand has none.
fn records_of(folder: &Path) -> Result<Option<Sqlite>> {
    let database = folder.join(folder::DATABASE);
    if !database.exists() {
        return Ok(None);
    }
    Ok(Some(Sqlite::open(&database, log_key::of(folder)?)?))
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
