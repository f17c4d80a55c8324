//! The authority as its owner has it: opened, asked what it knows, and given further issuers and profiles.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use handfast_audit::tree::LogKey;
use handfast_finding::Problem;
use handfast_pki::{Bounds, Certificate, NamePattern, PrivateKey, PublicKey, profile::ProfileName};
use jiff::{SignedDuration, Timestamp};

use crate::{
    cas::{CaRole, CaState, KeptCa},
    config,
    context::{self, Context},
    error::{Error, Result},
    folder,
    issuer::Issuer,
    log_key,
    made::{self, KeyChoice},
    opening,
    profiles::{OfferedProfile, Profiles},
    realm::Realm,
    records::{
        Condition, Cursor, IssuerHead, JournalLine, JournalQuery, Page, Query, Row, Store, StoreError, Totals,
    },
    requester::Requester,
    sqlite::Sqlite,
};

/// An authority that is open for signing: its issuers, what they issue, and the records.
pub struct Authority {
    folder: PathBuf,
    issuers: Vec<Issuer>,
    /// What the records say of them, and of the roots.
    cas: Vec<KeptCa>,
    profiles: Profiles,
    /// Why there are no profiles.
    unread: Vec<Problem>,
    store: Box<dyn Store>,
    log_key: Arc<LogKey>,
    /// Who changes its CAs.
    operator: Requester,
    /// Issuers and profiles in words, once they were asked for.
    said: OnceLock<String>,
    leftovers: Vec<PathBuf>,
}

/// An authority that is to be made: its name, the kind of its two keys, and its limits.
#[derive(Debug, Clone)]
pub struct NewAuthority {
    pub name: String,
    pub key: KeyChoice,
    /// The names that it may speak for; `None`: any.
    pub bounds: Option<Bounds>,
}

/// An authority that exists already.
pub struct ExistingAuthority {
    /// The CA certificate, then its issuers up to a self-signed root.
    pub chain: Vec<Certificate>,
    /// The key of the first certificate.
    pub key: PrivateKey,
    /// An issuing CA to be made below it; without one the imported key signs by itself.
    pub intermediate: Option<NewAuthority>,
}

impl Authority {
    /// Opens the authority in `folder`, for anything.
    ///
    /// # Errors
    ///
    /// What [`Authority::open_to_revoke`] has, and what is wrong in `ca.toml`.
    pub fn open(folder: &Path) -> Result<Self> {
        let authority = Self::open_to_revoke(folder)?;
        if authority.unread.is_empty() {
            Ok(authority)
        } else {
            Err(Error::Config {
                problems: authority.unread,
            })
        }
    }

    /// Opens it for what gives nobody anything: looking up, revoking, lists. A mistake in `ca.toml` does not stop these; there
    /// are no profiles then, nothing is issued, and [`Authority::unread`] says why.
    ///
    /// # Errors
    ///
    /// A folder that is no authority, records that cannot be opened, keys that are damaged or exposed.
    pub fn open_to_revoke(folder: &Path) -> Result<Self> {
        folder::read_certificates(folder, folder::ROOT_CERTIFICATE)?;
        let database = folder.join(folder::DATABASE);
        if !database.is_file() {
            let detail = format_args!("\"{}\" is missing", folder::DATABASE);
            return Err(folder::not_an_authority(folder, detail).into());
        }
        let (profiles, unread) = match config::read(folder) {
            Ok(profiles) => (profiles, Vec::new()),
            Err(problems) => (Profiles::none(), problems),
        };
        let log_key = log_key::of(folder)?;
        let store = Box::new(Sqlite::open(&database, log_key.clone())?);
        let cas = opening::kept(&*store)?;
        let leaves = profiles.iter().filter(|offered| !offered.rules.is_ca());
        let leaves: Vec<ProfileName> = leaves.map(|offered| offered.rules.name.clone()).collect();
        let issuers = opening::issuers(folder, &cas, &leaves)?;
        let mut authority = Self {
            folder: folder.to_owned(),
            issuers: Vec::new(),
            cas,
            profiles,
            unread,
            store,
            log_key,
            operator: Requester::Owner,
            said: OnceLock::new(),
            leftovers: Vec::new(),
        };
        for issuer in issuers {
            authority.adopt(issuer)?;
        }
        Ok(authority)
    }

    /// Lets `issuer` sign. Where the records have its certificate, they know all that it has issued, and its serial
    /// numbers carry an index; what an imported CA has issued elsewhere could have any number.
    fn adopt(&mut self, issuer: Issuer) -> Result<()> {
        let own = issuer.certificate();
        let is_ours = match own {
            None => false,
            Some(own) => self
                .find_serial(&own.serial())?
                .is_some_and(|row| row.der.as_deref() == Some(own.der().as_ref())),
        };
        let issuer = if is_ours { issuer.counting() } else { issuer };
        self.said = OnceLock::new();
        self.issuers.push(issuer);
        Ok(())
    }

    /// The same authority, whose CAs `operator` changes; as such changes stand in the journal.
    pub fn acting_as(self, operator: Requester) -> Self {
        Self { operator, ..self }
    }

    /// The same authority with its records kept by `wrap`'s store.
    pub fn with_store(self, wrap: impl FnOnce(Box<dyn Store>) -> Box<dyn Store>) -> Self {
        Self {
            store: wrap(self.store),
            ..self
        }
    }

    /// The same authority whose every write to the disk takes `delay` longer: for seeing what a slower disk would do.
    pub fn on_slower_disk(self, delay: Duration) -> Result<Self> {
        let database = self.folder.join(folder::DATABASE);
        let store = Sqlite::open_delayed(&database, self.log_key.clone(), delay)?;
        Ok(self.with_store(|_| Box::new(store)))
    }

    /// The same authority with one more issuer. Of several that sign a profile the first is asked.
    pub fn with_issuer(mut self, issuer: Issuer) -> Result<Self> {
        opening::must_be_a_chain(issuer.chain())?;
        self.adopt(issuer)?;
        Ok(self)
    }

    /// The same authority with one more profile, in the place of one with the same name.
    pub fn with_profile(mut self, profile: OfferedProfile) -> Self {
        self.said = OnceLock::new();
        self.profiles.insert(profile);
        self
    }

    /// What `say` says of issuers and profiles; it is asked once, for it is long.
    pub(crate) fn said_once(&self, say: impl FnOnce() -> String) -> &str {
        self.said.get_or_init(say)
    }

    /// The same authority with what was removed when it was made.
    pub(crate) fn with_leftovers(self, leftovers: Vec<PathBuf>) -> Self {
        Self { leftovers, ..self }
    }

    /// What the verbs may look at. Randomness for serial numbers is taken from here on.
    pub(crate) fn context(&self, now: Timestamp) -> Context<'_> {
        Context {
            issuers: &self.issuers,
            profiles: &self.profiles,
            store: &*self.store,
            now,
            draw: context::random,
        }
    }

    /// What is wrong in `ca.toml`, for which nothing is issued.
    pub fn unread(&self) -> &[Problem] {
        &self.unread
    }

    /// What it issues, and to whom.
    pub fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// What changes of CAs work on.
    pub(crate) fn realm(&self) -> Realm<'_> {
        Realm {
            folder: &self.folder,
            store: &*self.store,
            cas: self.cas.clone(),
            profiles: &self.profiles,
            by: &self.operator,
        }
    }

    pub(crate) fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn log_key(&self) -> &LogKey {
        &self.log_key
    }

    /// The certificates from the one that signs up to the root; of the first issuer.
    pub fn chain(&self) -> &[Certificate] {
        self.issuers.first().map_or(&[], Issuer::chain)
    }

    /// The certificate that others trust.
    pub fn root(&self) -> Option<&Certificate> {
        self.chain().last()
    }

    /// Every CA that the records name, the roots among them, in the order in which they are asked.
    pub fn cas(&self) -> &[KeptCa] {
        &self.cas
    }

    /// The roots that others trust, those first that sign.
    pub fn trusted(&self) -> Result<Vec<Certificate>> {
        self.realm().trusted()
    }

    /// The certificates of every CA that is known here and not retired, each once.
    pub fn certificates(&self) -> Vec<Certificate> {
        let mut all: Vec<Certificate> = Vec::new();
        let of_issuers = self.issuers.iter().flat_map(Issuer::chain).cloned();
        for certificate in of_issuers.chain(self.trusted().unwrap_or_default()) {
            if !all.contains(&certificate) {
                all.push(certificate);
            }
        }
        all
    }

    /// The certificate of the CA that commands call `name`; of one that is retired as well.
    pub fn certificate_of(&self, name: &str) -> Option<Certificate> {
        let ca = self.cas.iter().find(|ca| ca.name == name)?;
        let own = self.realm().certificates_of(ca).ok()?;
        own.into_iter().next()
    }

    /// The CAs whose lists belong beside those of the issuers: those above them, and those that are leaving without their
    /// key; each key once.
    pub(crate) fn above(&self) -> Vec<Certificate> {
        let mut above: Vec<Certificate> = Vec::new();
        let leaving = self
            .cas
            .iter()
            .filter(|ca| ca.role == CaRole::Issuing && ca.state == CaState::Leaving)
            .filter_map(|ca| self.certificate_of(&ca.name));
        let chains = self
            .issuers
            .iter()
            .flat_map(|issuer| issuer.chain().iter().skip(1));
        let roots = self.trusted().unwrap_or_default();
        for ca in leaving.chain(chains.cloned()).chain(roots) {
            let key = ca.public_key();
            let is_known = above.iter().any(|known| known.public_key() == key)
                || self.issuers.iter().any(|issuer| *issuer.public_key() == key);
            if !is_known {
                above.push(ca);
            }
        }
        above
    }

    /// Where the key of the root is that has `key`, as the records say it; nothing where it is not here.
    pub(crate) fn key_of_root(&self, key: &PublicKey) -> Option<String> {
        let mut roots = self.cas.iter().filter(|ca| ca.role == CaRole::Root);
        let found = roots.find(|ca| {
            let own = self.certificate_of(&ca.name);
            made::is_here(&self.folder, &ca.key) && own.is_some_and(|own| own.public_key() == *key)
        })?;
        Some(found.key.clone())
    }

    /// The file of what others trust.
    pub fn root_file(&self) -> PathBuf {
        let bundle = self.folder.join(folder::BUNDLE);
        if bundle.exists() {
            return bundle;
        }
        self.folder.join(folder::ROOT_CERTIFICATE)
    }

    /// Folders, removed now, that were left in making an authority in the same folder by a process that died.
    pub fn leftovers(&self) -> &[PathBuf] {
        &self.leftovers
    }

    /// What is known about the certificates that fit.
    pub fn find(&self, query: &Query) -> Result<Page, StoreError> {
        self.store.find(query)
    }

    /// The same, of those only whose certificate has a name that `identity` matches. Pages are filled: where `next` is
    /// given there may be more, and where it is not there is no more.
    pub fn find_matching(&self, query: &Query, identity: Option<&NamePattern>) -> Result<Page, StoreError> {
        let Some(identity) = identity else {
            return self.store.find(query);
        };
        let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
        let mut step = query.clone();
        let mut rows = Vec::new();
        loop {
            let page = self.store.find(&step)?;
            for row in page.rows {
                if row.matches(identity) {
                    if rows.len() == limit {
                        let next = rows.last().map(|row: &Row| Cursor(row.id));
                        return Ok(Page { rows, next });
                    }
                    rows.push(row);
                }
            }
            if page.next.is_none() {
                return Ok(Page { rows, next: None });
            }
            step.after = page.next;
        }
    }

    /// The lines of the journal that fit, newest first.
    pub fn journal(&self, query: &JournalQuery) -> Result<Vec<JournalLine>, StoreError> {
        self.store.lines(query)
    }

    /// What is known about a serial number (hexadecimal digits).
    pub fn find_serial(&self, serial: &str) -> Result<Option<Row>, StoreError> {
        let page = self.store.find(&Query {
            serial: Some(serial.to_owned()),
            ..Query::default()
        })?;
        Ok(page.rows.into_iter().next())
    }

    /// How many certificates are in which state at `now`, exactly, whatever their number.
    pub fn totals(&self, now: Timestamp) -> Result<Totals, StoreError> {
        self.store.totals(now)
    }

    /// How far each issuer is that the records know.
    pub fn heads(&self) -> Result<Vec<IssuerHead>, StoreError> {
        self.store.heads()
    }

    /// How many certificates were issued, the authority's own among them.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.store.count()
    }

    /// What was begun more than a minute before `now` and never finished, oldest first: after a crash, a certificate
    /// with this serial number may exist although it was handed out to no one.
    pub fn unfinished(&self, now: Timestamp) -> Result<Vec<Row>, StoreError> {
        const IN_PROGRESS: SignedDuration = SignedDuration::from_mins(1);
        let page = self.store.find(&Query {
            condition: Some(Condition::Planned),
            begun_before: Some(now.checked_sub(IN_PROGRESS).unwrap_or(now)),
            ..Query::default()
        })?;
        let mut rows = page.rows;
        rows.sort_by_key(|row| row.begun_at);
        Ok(rows)
    }
}
