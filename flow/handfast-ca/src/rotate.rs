//! Rotate: another CA takes over, and the one before it leaves once no valid certificate needs it.
//!
//! A new issuing CA signs from the moment that it is recorded; the old one stays trusted and signs lists. A new root is
//! vouched for by the old one and the other way round, so that a chain leads to whichever of them a peer trusts; both
//! are trusted until [`Realm::finish_rotation`], which counts in the records who still needs the old one.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use handfast_pki::{
    Certificate, KeyKind, Profile,
    name::{self, Name},
    profile::ProfileName,
};
use jiff::Timestamp;

use crate::{
    cas::{CaRole, CaState, KeptCa},
    change_error::ChangeError,
    create::issue_ca,
    error::Result,
    folder,
    further::Further,
    grow::NewIssuer,
    issuer::Issuer,
    made::{self, KeyChoice},
    opening,
    realm::{Realm, described},
    receive,
    records::{Condition, Event, Query, Revoked},
    root_signer::RootSigner,
};

/// One CA that replaces another.
#[derive(Debug, Clone)]
pub struct Successor {
    pub new: KeptCa,
    pub old: KeptCa,
}

/// What a rotation of the root has made.
#[derive(Debug, Clone)]
pub struct RootRotation {
    pub root: Successor,
    /// The issuing CAs below the new root, each with the one that it replaces.
    pub issuers: Vec<Successor>,
    /// Both roots: what everybody has to trust before the old one goes.
    pub bundle: PathBuf,
}

/// How a CA stands.
#[derive(Debug, Clone)]
pub struct Standing {
    pub ca: KeptCa,
    /// Its own certificate; a CA that waits has none.
    pub certificate: Option<Certificate>,
    /// When and why it was revoked, where it was: it signs no certificates any more.
    pub revoked: Option<Revoked>,
    pub needed: Need,
}

impl Standing {
    /// `revoked`, or the name of the state that its owner has put it into.
    pub fn state(&self) -> &'static str {
        match self.revoked {
            Some(_) => "revoked",
            None => self.ca.state.name(),
        }
    }
}

/// How many valid certificates need a CA.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Need {
    pub count: u64,
    /// When the last of them expires.
    pub until: Option<Timestamp>,
}

impl Need {
    fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            until: self.until.max(other.until),
        }
    }
}

impl Realm<'_> {
    /// A new CA replaces the issuing CA `name`, or from the first that signs, with its profiles and limits.
    pub(crate) fn rotate_issuer(
        &self,
        name: Option<&str>,
        key: Option<&KeyChoice>,
        root_at: Option<&Path>,
        now: Timestamp,
    ) -> Result<Successor> {
        let signs = |ca: &&KeptCa| ca.role == CaRole::Issuing && ca.state == CaState::Active;
        let old = match name {
            Some(name) => self.named(name, "signs", signs)?.clone(),
            None => self
                .cas
                .iter()
                .find(signs)
                .cloned()
                .ok_or(ChangeError::NoSuchCa {
                    name: "issuing".into(),
                    expected: "signs",
                    known: Vec::new(),
                })?,
        };
        let root = self.active_root()?.clone();
        let key = self.key_after(&old, key)?;
        let new = self.to_be_kept(&self.after(&old, key.clone())?, &root, CaState::Active, now)?;
        let signer = self.root_signer(&root, root_at)?;
        let mut files = self.begin()?;
        let certificate = self.make_below(&new, &key, &signer, &mut files, now)?;
        let leaving = leaving(&old);
        let cas = self.replaced(&[Successor {
            new: new.clone(),
            old: leaving.clone(),
        }]);
        let lines = [
            described("added", &new, &certificate),
            format!("{} is leaving", old.name),
        ];
        self.change(&cas, Event::CaAdded, &lines, now)?;
        files.keep();
        Ok(Successor { new, old: leaving })
    }

    /// A new root replaces the old one, cross-signed both ways, with a new issuing CA for each that signs.
    pub(crate) fn rotate_root(
        &self,
        key: Option<&KeyChoice>,
        root_at: Option<&Path>,
        now: Timestamp,
    ) -> Result<RootRotation> {
        let old = self.active_root()?.clone();
        let is_leaving = |ca: &&KeptCa| ca.role == CaRole::Root && ca.state == CaState::Leaving;
        if let Some(before) = self.cas.iter().find(is_leaving) {
            return Err(ChangeError::UnderWay {
                name: before.name.clone(),
            }
            .into());
        }
        let old_signer = self.root_signer(&old, root_at)?;
        let mut files = self.begin()?;
        let own_key = self.key_after(&old, key)?.of_root();
        let made = self.make_root(&old, &old_signer.issuer, &own_key, &mut files, now)?;
        let mut issuers = Vec::new();
        let mut lines = made.lines;
        let signing = self
            .cas
            .iter()
            .filter(|ca| ca.role == CaRole::Issuing && ca.state == CaState::Active);
        // The authority as it will be, so that new CAs are made below the new root.
        let mut next = self.with_cas(self.replaced(&[Successor {
            new: made.kept.clone(),
            old: leaving(&old),
        }]));
        for before in signing {
            let own_key = self.key_after(before, key)?.called(&next.next_name(&before.name));
            let new = next.after(before, own_key.clone())?;
            let new = next.to_be_kept(&new, &made.kept, CaState::Active, now)?;
            let certificate = next.make_below(&new, &own_key, &made.signer, &mut files, now)?;
            lines.push(described("added", &new, &certificate));
            let one = Successor {
                new,
                old: leaving(before),
            };
            let cas = next.replaced(std::slice::from_ref(&one));
            issuers.push(one);
            next = self.with_cas(cas);
        }
        // Whoever reads it already trusts one root too many for a moment, and nobody one too few.
        let bundle = next.write_bundle()?;
        self.change(&next.cas, Event::CaAdded, &lines, now)?;
        files.keep();
        Ok(RootRotation {
            root: Successor {
                new: made.kept,
                old: leaving(&old),
            },
            issuers,
            bundle,
        })
    }

    /// How every CA stands that is not retired.
    pub(crate) fn standing(&self, now: Timestamp) -> Result<Vec<Standing>> {
        let present = self.cas.iter().filter(|ca| ca.state != CaState::Retired);
        present
            .map(|ca| {
                let certificate = match ca.state {
                    CaState::Waiting => None,
                    _ => folder::read_certificates(self.folder, &ca.certificate)?
                        .into_iter()
                        .next(),
                };
                let revoked = match &certificate {
                    Some(own) => self.store.revocation_of(own)?,
                    None => None,
                };
                Ok(Standing {
                    ca: ca.clone(),
                    certificate,
                    revoked,
                    needed: self.needed(ca, now)?,
                })
            })
            .collect()
    }

    /// Retires every CA that is leaving; the bundle then holds the roots that are left. All of them or none.
    ///
    /// # Errors
    ///
    /// [`ChangeError::StillNeeded`] while a valid certificate leads to one of them.
    pub(crate) fn finish_rotation(&self, now: Timestamp) -> Result<Vec<KeptCa>> {
        let leaving = |ca: &&KeptCa| ca.state == CaState::Leaving;
        let retired: Vec<KeptCa> = self.cas.iter().filter(leaving).cloned().collect();
        for ca in &retired {
            self.must_not_be_needed(ca, now)?;
        }
        if retired.is_empty() {
            return Ok(retired);
        }
        let mut files = self.begin()?;
        let mut cas = Vec::new();
        for ca in &self.cas {
            cas.push(match ca.state {
                CaState::Leaving => KeptCa {
                    state: CaState::Retired,
                    ..ca.clone()
                },
                CaState::Active => self.on_its_own(ca, &retired, &mut files)?,
                CaState::Waiting | CaState::Retired => ca.clone(),
            });
        }
        let lines: Vec<String> = retired
            .iter()
            .map(|ca| format!("{} is retired", ca.name))
            .collect();
        self.change(&cas, Event::CaRetired, &lines, now)?;
        files.keep();
        if retired.iter().any(|ca| ca.role == CaRole::Root) {
            self.with_cas(cas).write_bundle()?;
        }
        Ok(retired)
    }

    /// Refuses while a valid certificate leads to `ca`.
    pub(crate) fn must_not_be_needed(&self, ca: &KeptCa, now: Timestamp) -> Result<()> {
        match self.needed(ca, now)? {
            Need {
                count,
                until: Some(until),
            } if count > 0 => Err(ChangeError::StillNeeded {
                name: ca.name.clone(),
                count,
                until,
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// The valid certificates that lead to `ca`, counted in the records. A root that is leaving is needed by those of
    /// CAs that are leaving with it; the others lead to its successor as well.
    pub(crate) fn needed(&self, ca: &KeptCa, now: Timestamp) -> Result<Need> {
        match (ca.role, ca.state) {
            (_, CaState::Waiting | CaState::Retired) => Ok(Need::default()),
            (CaRole::Issuing, _) => self.issued_by(ca, now),
            (CaRole::Root, state) => {
                let mut need = Need::default();
                for below in &self.cas {
                    let goes_too = state == CaState::Active || below.state == CaState::Leaving;
                    if below.role == CaRole::Issuing && below.root == ca.certificate && goes_too {
                        need = need.and(self.issued_by(below, now)?);
                    }
                }
                Ok(need)
            }
        }
    }

    fn issued_by(&self, ca: &KeptCa, now: Timestamp) -> Result<Need> {
        if matches!(ca.state, CaState::Waiting | CaState::Retired) {
            return Ok(Need::default());
        }
        const PAGE: u32 = 1000;
        let own = folder::read_certificates(self.folder, &ca.certificate)?;
        let mut query = Query {
            issuer: own
                .first()
                .map(|own| handfast_pki::text::hex(&own.public_key().key_id())),
            condition: Some(Condition::Valid(now)),
            limit: Some(PAGE),
            ..Query::default()
        };
        let profiles = [
            Profile::Root.into(),
            Profile::Intermediate.into(),
            opening::cross_signed(),
        ];
        let profiles = profiles.map(|profile: ProfileName| profile.to_string());
        let mut need = Need::default();
        loop {
            let page = self.store.find(&query)?;
            // The CA's own certificates are not what others hold.
            for row in page.rows.iter().filter(|row| !profiles.contains(&row.profile)) {
                need = need.and(Need {
                    count: 1,
                    until: Some(row.not_after),
                });
            }
            if page.next.is_none() {
                return Ok(need);
            }
            query.after = page.next;
        }
    }

    /// `ca` without the roots that are retired now: its chain ends where it is trusted.
    fn on_its_own(&self, ca: &KeptCa, retired: &[KeptCa], files: &mut Further<'_>) -> Result<KeptCa> {
        let is_gone = |file: &str| {
            retired
                .iter()
                .any(|gone| gone.role == CaRole::Root && gone.certificate == file)
        };
        if ca.role == CaRole::Root {
            let root = ca.certificate.clone();
            return Ok(KeptCa { root, ..ca.clone() });
        }
        if !is_gone(&ca.root) {
            return Ok(ca.clone());
        }
        let chain = folder::read_certificates(self.folder, &ca.certificate)?;
        let root = self.active_root()?;
        let own = folder::read_certificates(self.folder, &root.certificate)?;
        let own_key = own.first().map(Certificate::public_key);
        let below: Vec<Certificate> = chain
            .into_iter()
            .take_while(|certificate| Some(certificate.public_key()) != own_key)
            .collect();
        let file = Further::named(&format!("{}-below-{}", ca.name, root.name), "crt");
        files.certificates(&file, &below)?;
        Ok(KeptCa {
            certificate: file,
            root: root.certificate.clone(),
            ..ca.clone()
        })
    }

    /// The new root with its files: its own certificate, and the two by which the roots vouch for each other.
    fn make_root(
        &self,
        old: &KeptCa,
        old_signer: &Issuer,
        key: &KeyChoice,
        files: &mut Further<'_>,
        now: Timestamp,
    ) -> Result<MadeRoot> {
        let name = self.next_name("root");
        let kept = KeptCa {
            certificate: Further::named(&name, "crt"),
            root: Further::named(&format!("{name}-by-{}", old.name), "crt"),
            key: key.kept(Further::named(&name, "key")),
            name: name.clone(),
            state: CaState::Active,
            since: now,
            ..old.clone()
        };
        let key = made::key(key, &kept.key, files)?;
        self.must_be_new(&key.public_key)?;
        let old_certificate = old_signer.certificate().cloned();
        let subject = next_subject(old_certificate.as_ref(), &name)?;
        let profile = Profile::Root;
        let received = receive::ca(profile.into(), subject.clone(), key.public_key, key.is_generated);
        let signer = Issuer::of_new_root(key.signer, subject, profile.into());
        let bounds = old.limits();
        let below = self.below(bounds.clone());
        let issued = issue_ca(received, &signer, &below, self.store, now)?;
        let own = issued.certificate().clone();
        let signer = signer.with_chain(vec![own.clone()], opening::of_roots())?;
        files.certificates(&kept.certificate, std::slice::from_ref(&own))?;
        let by_old = self.certify(&own, bounds.as_ref(), old_signer, now)?;
        files.certificates(&kept.root, std::slice::from_ref(&by_old))?;
        let mut lines = vec![
            described("added", &kept, &own),
            described("cross-signed", &kept, &by_old),
        ];
        if let Some(old_certificate) = &old_certificate {
            let by_new = self.certify(old_certificate, bounds.as_ref(), &signer, now)?;
            let file = Further::named(&format!("{}-by-{name}", old.name), "crt");
            files.certificates(&file, std::slice::from_ref(&by_new))?;
            lines.push(described("cross-signed", old, &by_new));
        }
        Ok(MadeRoot {
            kept,
            signer: RootSigner::here(signer),
            lines,
        })
    }

    /// The key of what replaces `ca`: as it was said, else in a file and of the same kind. A key in a token is
    /// followed by one in a token, which has to be named.
    fn key_after(&self, ca: &KeptCa, said: Option<&KeyChoice>) -> Result<KeyChoice> {
        if let Some(choice) = said {
            return Ok(choice.clone());
        }
        if ca.is_in_a_token() {
            return Err(ChangeError::KeyUnsaid {
                name: ca.name.clone(),
            }
            .into());
        }
        let own = self.certificates_of(ca)?;
        let kind = own.first().and_then(|own| KeyKind::of(&own.public_key()));
        Ok(KeyChoice::File(kind.unwrap_or(KeyKind::P256)))
    }

    /// What replaces `old`.
    fn after(&self, old: &KeptCa, key: KeyChoice) -> Result<NewIssuer> {
        let profiles = old.profiles.iter().map(|name| name.parse::<ProfileName>());
        Ok(NewIssuer {
            name: self.next_name(&old.name),
            key,
            profiles: profiles.collect::<Result<_, _>>()?,
            bounds: old.limits(),
        })
    }

    /// `NAME-2`, or the first number behind it that is free.
    fn next_name(&self, name: &str) -> String {
        let base = match name.rsplit_once('-') {
            Some((base, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => base,
            _ => name,
        };
        let taken: BTreeSet<&str> = self.cas.iter().map(|ca| ca.name.as_str()).collect();
        (2..)
            .map(|number: u32| format!("{base}-{number}"))
            .find(|name| !taken.contains(name.as_str()))
            .unwrap_or_default()
    }

    /// The CAs with each successor in front of the one that it replaces.
    fn replaced(&self, successors: &[Successor]) -> Vec<KeptCa> {
        let mut cas = Vec::new();
        for ca in &self.cas {
            match successors.iter().find(|one| one.old.name == ca.name) {
                Some(one) => cas.extend([one.new.clone(), one.old.clone()]),
                None => cas.push(ca.clone()),
            }
        }
        cas
    }
}

struct MadeRoot {
    kept: KeptCa,
    signer: RootSigner,
    lines: Vec<String>,
}

fn leaving(ca: &KeptCa) -> KeptCa {
    KeptCa {
        state: CaState::Leaving,
        ..ca.clone()
    }
}

/// The subject of `old` with the number of the new root's name behind it.
fn next_subject(old: Option<&Certificate>, called: &str) -> Result<Name> {
    let subject = old.map(Certificate::subject);
    let number = called.rsplit('-').next().unwrap_or_default();
    let common_name = subject
        .and_then(name::common_name)
        .unwrap_or_else(|| "Root CA".into());
    let base = match common_name.rsplit_once(' ') {
        Some((base, last)) if last.bytes().all(|byte| byte.is_ascii_digit()) => base,
        _ => &common_name,
    };
    let organization = subject.and_then(name::organization);
    Ok(name::distinguished(
        &format!("{base} {number}"),
        organization.as_deref(),
    )?)
}
