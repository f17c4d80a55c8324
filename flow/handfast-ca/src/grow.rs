//! Grow: further CAs below a root of the authority, made here, or asked for and signed elsewhere.

use std::path::Path;

use handfast_pki::{
    Bounds, Certificate, Profile, PublicKey, Request,
    name::{self, Name},
    profile::ProfileName,
};
use jiff::Timestamp;

use crate::{
    cas::{CaRole, CaState, KeptCa},
    change_error::ChangeError,
    create::issue_ca,
    error::{Error, ProfileRefusal, Result},
    folder,
    further::Further,
    made::{self, KeyChoice},
    opening,
    publish::{self, kept::ListRecords},
    realm::{Realm, described},
    receive,
    records::Event,
    root_signer::RootSigner,
    sign,
};

/// A CA that is to be made below a root of the authority.
#[derive(Debug, Clone)]
pub struct NewIssuer {
    /// By which commands call it.
    pub name: String,
    pub key: KeyChoice,
    /// What it signs; none: all that is for leaves.
    pub profiles: Vec<ProfileName>,
    /// Its limits; `None`: those of the root.
    pub bounds: Option<Bounds>,
}

impl Realm<'_> {
    /// Makes a CA that signs from now on what it is for. The key of the root is in the authority's folder, or in
    /// `root_at`.
    ///
    /// # Errors
    ///
    /// [`ChangeError::RootKeyAway`], a name that is taken, limits that are wider than the root's; and what stops any
    /// issuance. Nothing is changed then.
    pub(crate) fn add_issuer(
        &self,
        new: &NewIssuer,
        root_at: Option<&Path>,
        now: Timestamp,
    ) -> Result<KeptCa> {
        let root = self.active_root()?.clone();
        self.must_offer(&new.profiles)?;
        let kept = self.to_be_kept(new, &root, CaState::Active, now)?;
        let mut files = self.begin()?;
        let certificate = self.make_below(
            &kept,
            &new.key,
            &self.root_signer(&root, root_at)?,
            &mut files,
            now,
        )?;
        let mut cas = self.cas.clone();
        cas.insert(0, kept.clone());
        self.change(
            &cas,
            Event::CaAdded,
            &[described("added", &kept, &certificate)],
            now,
        )?;
        files.keep();
        Ok(kept)
    }

    /// Makes the key of a CA and the request for its certificate, where the key of the root is elsewhere. The CA waits
    /// until [`Self::import_issuer`].
    pub(crate) fn request_issuer(&self, new: &NewIssuer, now: Timestamp) -> Result<Request> {
        let root = self.active_root()?.clone();
        self.must_offer(&new.profiles)?;
        let kept = self.to_be_kept(new, &root, CaState::Waiting, now)?;
        let mut files = self.begin()?;
        let key = made::key(&new.key, &kept.key, &mut files)?;
        let public_key = key.public_key.clone();
        let request = sign::request(key.signer, &self.subject_of(&kept)?)?;
        let mut cas = self.cas.clone();
        cas.push(kept.clone());
        let line = format!("requested {} with key {}", kept.name, public_key.fingerprint());
        self.change(&cas, Event::CaAdded, &[line], now)?;
        files.keep();
        Ok(request)
    }

    /// Takes the certificate of a CA that waits for it; `chain` may end with its root, or leave that out.
    pub(crate) fn import_issuer(&self, chain: &[Certificate], now: Timestamp) -> Result<KeptCa> {
        let own = chain.first().ok_or(handfast_pki::Error::Unexpected {
            expected: "the certificate of a CA",
            found: "none".into(),
        })?;
        let not_awaited = || ChangeError::NotAwaited {
            subject: own.called(),
        };
        let waiting = self.cas.iter().filter(|ca| ca.state == CaState::Waiting);
        let mut found = None;
        for ca in waiting {
            if made::public_half(self.folder, &ca.key)? == own.public_key() {
                found = Some(ca.clone());
            }
        }
        let mut kept = found.ok_or_else(not_awaited)?;
        let (root, below) = self.split(chain)?;
        let whole: Vec<Certificate> = below.iter().chain([&root.1]).cloned().collect();
        opening::must_be_a_chain(&whole)?;
        if now > own.not_after() || now < own.not_before() {
            return Err(Error::IssuerNotValid {
                issuer: own.called(),
                not_before: own.not_before(),
                not_after: own.not_after(),
                now,
                role: None,
            });
        }
        let mut files = self.begin()?;
        files.certificates(&kept.certificate, &below)?;
        kept.root.clone_from(&root.0);
        kept.state = CaState::Active;
        let mut cas: Vec<KeptCa> = self
            .cas
            .iter()
            .filter(|ca| ca.name != kept.name)
            .cloned()
            .collect();
        cas.insert(0, kept.clone());
        self.change(&cas, Event::CaAdded, &[described("imported", &kept, own)], now)?;
        files.keep();
        Ok(kept)
    }

    /// The CA `name` signs no certificates any more. It goes on with lists while certificates of it are valid, and is
    /// retired for good after that.
    pub(crate) fn retire(&self, name: &str, now: Timestamp) -> Result<KeptCa> {
        let issuing = |ca: &&KeptCa| ca.role == CaRole::Issuing;
        let ca = self.named(name, "signs leaves", issuing)?;
        let others = self.cas.iter().filter(issuing);
        let still_signs = others
            .filter(|other| other.state == CaState::Active && other.name != name)
            .count();
        let state = match ca.state {
            CaState::Active if still_signs == 0 => {
                return Err(ChangeError::LastOne {
                    name: name.to_owned(),
                }
                .into());
            }
            CaState::Active => CaState::Leaving,
            CaState::Waiting => CaState::Retired,
            CaState::Leaving | CaState::Retired => {
                self.must_not_be_needed(ca, now)?;
                CaState::Retired
            }
        };
        let retired = KeptCa { state, ..ca.clone() };
        let cas: Vec<KeptCa> = self
            .cas
            .iter()
            .map(|ca| {
                if ca.name == name {
                    retired.clone()
                } else {
                    ca.clone()
                }
            })
            .collect();
        self.change(
            &cas,
            Event::CaRetired,
            &[format!("{name} is {}", state.name())],
            now,
        )?;
        Ok(retired)
    }

    /// The key of `kept`, and its certificate by `parent`; both in files.
    pub(crate) fn make_below(
        &self,
        kept: &KeptCa,
        key: &KeyChoice,
        parent: &RootSigner,
        files: &mut Further<'_>,
        now: Timestamp,
    ) -> Result<Certificate> {
        let key = made::key(key, &kept.key, files)?;
        self.must_be_new(&key.public_key)?;
        let subject = self.subject_of(kept)?;
        let profile = Profile::Intermediate.into();
        let received = receive::ca(profile, subject, key.public_key.clone(), key.is_generated);
        let below = self.below(kept.limits().map(|bounds| bounds.below()));
        let issued = issue_ca(received, &parent.issuer, &below, self.store, now)?;
        let certificate = issued.certificate().clone();
        let mut chain = vec![certificate.clone()];
        chain.extend(self.between(kept)?);
        files.certificates(&kept.certificate, &chain)?;
        parent.note(&kept.name, &chain)?;
        self.sign_list_of(parent, now)?;
        Ok(certificate)
    }

    /// A new list of the root, if it may sign one; it is kept for the time when its key is away.
    pub(crate) fn sign_list_of(&self, root: &RootSigner, now: Timestamp) -> Result<()> {
        if publish::may_sign_lists(&root.issuer) {
            let records = ListRecords::of(self.store).with(root.records());
            publish::sign_list(&root.issuer, records, publish::ROOT_LIFETIME, self.by, now)?;
        }
        Ok(())
    }

    /// A new CA signs what there is, and no CAs.
    fn must_offer(&self, profiles: &[ProfileName]) -> Result<()> {
        let is_offered = |name: &&ProfileName| {
            let offered = self.profiles.find(name);
            offered.is_some_and(|offered| !offered.rules.is_ca())
        };
        match profiles.iter().find(|name| !is_offered(name)) {
            None => Ok(()),
            Some(name) if self.profiles.find(name).is_some() => Err(ProfileRefusal::NoIssuer {
                profile: name.clone(),
                is_ca: true,
            }
            .into()),
            Some(name) => Err(self.profiles.refusal(name).into()),
        }
    }

    /// What the records will say of a new CA below `root`.
    pub(crate) fn to_be_kept(
        &self,
        new: &NewIssuer,
        root: &KeptCa,
        state: CaState,
        now: Timestamp,
    ) -> Result<KeptCa> {
        self.must_be_free(&new.name)?;
        let above = root.limits();
        let bounds = match (&new.bounds, &above) {
            (Some(own), Some(above)) if !above.contains(own) => {
                return Err(Error::UnfitBounds {
                    bounds: own.to_string(),
                    detail: "they are wider than those of the root",
                });
            }
            (Some(own), None) if own.needs_the_top() => {
                return Err(Error::UnfitBounds {
                    bounds: own.to_string(),
                    detail: "limits of URIs and e-mail addresses have to stand in the root, which has none",
                });
            }
            (own, above) => own
                .as_ref()
                .or(above.as_ref())
                .map(|bounds| bounds.patterns().to_vec()),
        };
        Ok(KeptCa {
            name: new.name.clone(),
            role: CaRole::Issuing,
            state,
            certificate: Further::named(&new.name, "crt"),
            root: self.presented_root(root),
            key: new.key.kept(Further::named(&new.name, "key")),
            profiles: new.profiles.iter().map(ToString::to_string).collect(),
            bounds: bounds.unwrap_or_default(),
            since: now,
        })
    }

    /// A new CA has a key that no other has: their lists would be one.
    pub(crate) fn must_be_new(&self, key: &PublicKey) -> Result<()> {
        for ca in self.cas.iter().filter(|ca| ca.state != CaState::Waiting) {
            let own = self.certificates_of(ca)?;
            if own.first().is_some_and(|own| own.public_key() == *key) {
                return Err(ChangeError::KeyInUse {
                    name: ca.name.clone(),
                }
                .into());
            }
        }
        Ok(())
    }

    /// The name of a CA is that of no other, and fits into a file name.
    pub(crate) fn must_be_free(&self, name: &str) -> Result<(), ChangeError> {
        let bad = |detail| ChangeError::BadName {
            name: handfast_pki::text::printable(name),
            detail,
        };
        if name.parse::<ProfileName>().is_err() {
            return Err(bad("expected 1 to 40 lower-case letters, digits and hyphens"));
        }
        if self.cas.iter().any(|ca| ca.name == name) {
            return Err(bad("there is one already"));
        }
        Ok(())
    }

    /// After the organization of the root and its own name.
    fn subject_of(&self, kept: &KeptCa) -> Result<Name> {
        let root = self.active_root()?;
        let root = self.certificates_of(root)?;
        let subject = root.first().map(Certificate::subject);
        let organization = subject.and_then(name::organization);
        let common_name = subject.and_then(name::common_name);
        let called = organization.as_deref().or(common_name.as_deref()).unwrap_or("CA");
        let text = match kept.name.strip_prefix("issuing-") {
            Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{called} Issuing CA {number}")
            }
            _ => format!("{called} {} CA", kept.name),
        };
        Ok(name::distinguished(&text, organization.as_deref())?)
    }

    /// The file of the certificate that CAs below `root` lead to: of the root before it, while both are trusted.
    fn presented_root(&self, root: &KeptCa) -> String {
        let leaving = |ca: &&KeptCa| ca.role == CaRole::Root && ca.state == CaState::Leaving;
        match self.cas.iter().find(leaving) {
            Some(before) if root.root != root.certificate => before.certificate.clone(),
            _ => root.certificate.clone(),
        }
    }

    /// What stands between a new CA and the root that it is presented with.
    fn between(&self, kept: &KeptCa) -> Result<Vec<Certificate>> {
        let root = self.active_root()?;
        if kept.root == root.certificate || root.root == root.certificate {
            return Ok(Vec::new());
        }
        Ok(folder::read_certificates(self.folder, &root.root)?)
    }

    /// The root that the certificates of `chain` lead to, by its file, and those below it.
    fn split(&self, chain: &[Certificate]) -> Result<((String, Certificate), Vec<Certificate>)> {
        let mut below = chain.to_vec();
        let roots = self
            .cas
            .iter()
            .filter(|ca| ca.role == CaRole::Root && ca.state != CaState::Retired);
        for kept in roots {
            for root in folder::read_certificates(self.folder, &kept.certificate)? {
                if below.last() == Some(&root) {
                    below.pop();
                }
                if below
                    .last()
                    .is_some_and(|last| last.is_signed_by(&root.public_key()))
                {
                    return Ok(((kept.certificate.clone(), root), below));
                }
            }
        }
        let subject = chain.first().map(Certificate::called).unwrap_or_default();
        Err(ChangeError::ForeignRoot { subject }.into())
    }
}
