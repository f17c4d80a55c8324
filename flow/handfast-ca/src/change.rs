//! Change: what the owner of an authority may do to its CAs. Each change is recorded whole or not at all.

use std::path::Path;

use handfast_pki::{Certificate, Request};
use jiff::Timestamp;

use crate::{
    authority::Authority,
    cas::KeptCa,
    error::Result,
    grow::NewIssuer,
    made::KeyChoice,
    offline::ExportedRoot,
    rotate::{RootRotation, Standing, Successor},
};

impl Authority {
    /// Makes a CA that signs from now on what it is for. The key of the root is in the authority's folder, or in
    /// `root_at`.
    ///
    /// # Errors
    ///
    /// [`crate::ChangeError::RootKeyAway`], a name that is taken, limits that are wider than the root's; and what stops
    /// any issuance. Nothing is changed then.
    pub fn add_issuer(&self, new: &NewIssuer, root_at: Option<&Path>, now: Timestamp) -> Result<KeptCa> {
        self.realm().add_issuer(new, root_at, now)
    }

    /// Makes the key of a CA and the request for its certificate, where the key of the root is elsewhere. The CA waits
    /// until [`Self::import_issuer`].
    pub fn request_issuer(&self, new: &NewIssuer, now: Timestamp) -> Result<Request> {
        self.realm().request_issuer(new, now)
    }

    /// Takes the certificate of a CA that waits for it; `chain` may end with its root, or leave that out.
    pub fn import_issuer(&self, chain: &[Certificate], now: Timestamp) -> Result<KeptCa> {
        self.realm().import_issuer(chain, now)
    }

    /// The CA `name` signs no certificates any more. It goes on with lists while certificates of it are valid, and is
    /// retired for good by a second call after that.
    pub fn retire(&self, name: &str, now: Timestamp) -> Result<KeptCa> {
        self.realm().retire(name, now)
    }

    /// A new CA replaces the issuing CA `name`, or from the first that signs, with its profiles and limits.
    pub fn rotate_issuer(
        &self,
        name: Option<&str>,
        key: Option<&KeyChoice>,
        root_at: Option<&Path>,
        now: Timestamp,
    ) -> Result<Successor> {
        self.realm().rotate_issuer(name, key, root_at, now)
    }

    /// A new root replaces the old one, cross-signed both ways, with a new issuing CA for each that signs.
    pub fn rotate_root(
        &self,
        key: Option<&KeyChoice>,
        root_at: Option<&Path>,
        now: Timestamp,
    ) -> Result<RootRotation> {
        self.realm().rotate_root(key, root_at, now)
    }

    /// How every CA stands that is not retired, and how many valid certificates need it.
    pub fn standing_of_cas(&self, now: Timestamp) -> Result<Vec<Standing>> {
        self.realm().standing(now)
    }

    /// Retires every CA that is leaving; the bundle then holds the roots that are left. All of them or none.
    ///
    /// # Errors
    ///
    /// [`crate::ChangeError::StillNeeded`] while a valid certificate leads to one of them.
    pub fn finish_rotation(&self, now: Timestamp) -> Result<Vec<KeptCa>> {
        self.realm().finish_rotation(now)
    }

    /// The root of this authority vouches for `foreign`, another root; for as long as both are valid.
    pub fn cross_sign(
        &self,
        foreign: &Certificate,
        root_at: Option<&Path>,
        now: Timestamp,
    ) -> Result<Certificate> {
        self.realm().cross_sign(foreign, root_at, now)
    }

    /// Makes a new list of the root with its key in the folder `root_at`; [`Self::publish`] hands it out.
    pub fn list_root(&self, root_at: &Path, now: Timestamp) -> Result<()> {
        let realm = self.realm();
        let root = realm.active_root()?;
        realm.sign_list_of(&realm.root_signer(root, Some(root_at))?, now)
    }

    /// Takes the root with its key to the new folder `to`; the key here is removed once the copy has signed.
    pub fn export_root(&self, to: &Path, now: Timestamp) -> Result<ExportedRoot> {
        self.realm().export_root(to, now)
    }
}
