//! Check: one look over everything that a CA needs, without opening it: what is damaged is named and not an error.
//!
//! In: the folder and the time. Out: findings, the gravest first. Files and their modes, the profiles, the database, chains, lifetimes of
//! CAs, lists and sets, keys, unfinished records, and in [`files`] what lies beside. Each key makes a signature, which is no
//! certificate and no list.

mod files;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use handfast_finding::shell::shell;
use handfast_pki::{
    Certificate, Code, code,
    text::{counted, were},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    cas::{CaRole, CaState, KeptCa},
    config,
    error::Error,
    folder,
    issuer::Issuer,
    log_key, made, opening,
    profiles::Profiles,
    publish::sets,
    realm::Realm,
    records::{Condition, Query, Store},
    requester::Requester,
    shared, sign,
    sqlite::Sqlite,
};

/// What a check has found.
#[derive(Debug, Clone)]
pub struct Finding {
    pub level: Level,
    pub code: Code,
    /// The file, or the CA by its name.
    pub what: String,
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something fails, or soon will.
    Problem,
    /// Something has to be done in time.
    Warning,
    /// Good to know.
    Note,
}

impl Level {
    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Everything that can be said against the CA in `folder` at `now`; empty is good. With `compares_keys` all RSA keys that were
/// certified are compared with each other as well, which takes a second for a thousand and minutes for many.
pub fn check(folder: &Path, compares_keys: bool, now: Timestamp) -> Vec<Finding> {
    let mut look = Look {
        folder,
        now,
        found: Vec::new(),
    };
    look.modes();
    look.config();
    if let Some(store) = look.database() {
        look.log(&store);
        look.cas(&store);
        if compares_keys {
            look.primes(&store);
        }
    }
    look.found.sort_by_key(|finding| finding.level);
    look.found
}

struct Look<'a> {
    folder: &'a Path,
    now: Timestamp,
    found: Vec<Finding>,
}

impl Look<'_> {
    fn add(&mut self, level: Level, code: Code, what: impl ToString, detail: impl ToString) -> &mut Finding {
        self.found.push(Finding {
            level,
            code,
            what: what.to_string(),
            detail: detail.to_string(),
            hint: None,
        });
        // It was pushed a moment ago.
        self.found.last_mut().expect("there is one")
    }

    fn problem(&mut self, what: impl ToString, error: &Error) {
        let finding = self.add(Level::Problem, error.code(), what, error);
        finding.hint = error.hint();
    }

    /// The folder, the records and the keys are for their owner alone, and nothing else can be written by others.
    fn modes(&mut self) {
        let mut all = vec![self.folder.to_owned()];
        for folder in [self.folder.to_owned(), self.folder.join("ca")] {
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            all.extend(entries.map(|entry| entry.path()));
        }
        for path in all {
            let Ok(found) = fs::metadata(&path) else { continue };
            let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
            let mode = found.permissions().mode() & 0o777;
            let (may, right) = match () {
                () if path == self.folder => ("use", 0o700),
                () if found.is_file() && (end == "key" || end.starts_with("db")) => ("use", 0o600),
                () => ("write", mode & !0o022),
            };
            if mode & 0o077 & !right != 0 {
                let what = path.display();
                let hint = format!("chmod {right:03o} {}", shell(&what));
                let detail = format!("others may {may} it: its mode is {mode:03o}, expected {right:03o}");
                self.add(Level::Problem, code::OPEN_TO_OTHERS, &what, detail).hint = Some(hint);
            }
        }
    }

    /// Every problem of the file of the profiles, with which nothing is issued.
    fn config(&mut self) {
        for problem in config::read(self.folder).err().unwrap_or_default() {
            // Said of every file before.
            if problem.code == code::OPEN_TO_OTHERS {
                continue;
            }
            let found = self.add(Level::Problem, problem.code, folder::CONFIG, problem.located());
            found.hint = problem.help;
        }
    }

    fn database(&mut self) -> Option<Sqlite> {
        let path = self.folder.join(folder::DATABASE);
        if !path.is_file() {
            self.add(
                Level::Problem,
                code::NOT_AN_AUTHORITY,
                self.folder.display(),
                format!("\"{}\" is missing", folder::DATABASE),
            );
            return None;
        }
        let key = match log_key::of(self.folder) {
            Ok(key) => key,
            Err(error) => {
                self.problem(self.folder.join(folder::AUDIT_KEY).display(), &error);
                return None;
            }
        };
        match Sqlite::open(&path, key) {
            Err(error) => {
                self.problem(path.display(), &error);
                None
            }
            Ok(store) => {
                match store.integrity() {
                    Ok(None) => {}
                    Ok(Some(damage)) => {
                        self.add(Level::Problem, code::STORE, path.display(), damage).hint =
                            Some("restore the last backup: handfast ca restore FILE".into());
                    }
                    Err(error) => self.problem(path.display(), &error.into()),
                }
                Some(store)
            }
        }
    }

    fn cas(&mut self, store: &Sqlite) {
        let cas = match opening::kept(store) {
            Ok(cas) => cas,
            Err(error) => return self.problem(folder::DATABASE, &error),
        };
        let realm = Realm {
            folder: self.folder,
            store,
            cas,
            profiles: &Profiles::built_in(),
            by: &Requester::Owner,
        };
        for ca in realm.cas.iter().filter(|ca| ca.state != CaState::Retired) {
            self.ca(&realm, ca);
        }
        self.bundle(&realm);
        self.further_certificates(&realm);
        self.ocsp_signers();
        self.unfinished(store);
    }

    fn ca(&mut self, realm: &Realm<'_>, ca: &KeptCa) {
        if ca.state == CaState::Waiting {
            let detail = "its certificate was asked for and is not here yet";
            self.add(Level::Note, code::NO_SUCH_CA, &ca.name, detail).hint =
                Some("handfast ca issuer add --cert FILE".into());
            return self.waiting_key(ca);
        }
        let chain = match opening::chain(self.folder, ca) {
            Ok(chain) => chain,
            Err(error) => return self.problem(&ca.name, &error.into()),
        };
        let Some(own) = chain.first().cloned() else { return };
        let whole = if ca.role == CaRole::Root {
            vec![own.clone()]
        } else {
            chain
        };
        if let Err(error) = opening::must_be_a_chain(&whole) {
            self.problem(&ca.name, &error);
        }
        let needed = realm
            .needed(ca, self.now)
            .map(|need| need.count)
            .unwrap_or_default();
        if ca.state == CaState::Leaving && needed == 0 {
            let detail = "no valid certificate needs it any more";
            self.add(Level::Note, code::STILL_NEEDED, &ca.name, detail).hint =
                Some("handfast ca rotate --finish".into());
        }
        self.life(
            &format!("CA {}", ca.name),
            code::CA_AGEING,
            (own.not_before(), own.not_after()),
            match ca.role {
                CaRole::Root => "handfast ca rotate --root",
                CaRole::Issuing => "handfast ca rotate",
            },
        );
        self.revocation(realm, ca, &own);
        self.key(ca, &own, whole);
        self.list(realm, ca, &own);
    }

    /// One that was taken back signs nothing any more, and another has to take over.
    fn revocation(&mut self, realm: &Realm<'_>, ca: &KeptCa, own: &Certificate) {
        let revoked = match realm.store.revocation_of(own) {
            Ok(Some(revoked)) if ca.state == CaState::Active => revoked,
            Ok(_) => return,
            Err(error) => return self.problem(&ca.name, &error.into()),
        };
        let (at, reason) = (revoked.at, revoked.reason.name());
        let detail = format!("it was revoked at {at} ({reason}) and signs nothing any more");
        self.add(Level::Problem, code::REVOKED, &ca.name, detail).hint = Some(match ca.role {
            CaRole::Root => "handfast ca rotate --root".into(),
            CaRole::Issuing => "handfast ca rotate".into(),
        });
    }

    /// 50, 75 and 90 % of a life.
    fn life(&mut self, what: &str, code: Code, (from, until): (Timestamp, Timestamp), hint: &str) {
        let whole = until.duration_since(from).as_secs().max(1);
        let gone = self.now.duration_since(from).as_secs();
        let percent = gone.saturating_mul(100) / whole;
        let level = match percent {
            ..50 => return,
            50..75 => Level::Note,
            75..90 => Level::Warning,
            _ => Level::Problem,
        };
        let detail = if self.now > until {
            format!("it expired at {until}")
        } else {
            format!("{percent} % of its life are over, it expires at {until}")
        };
        self.add(level, code, what, detail).hint = Some(hint.to_owned());
    }

    /// The key has to be here, belong to the certificate and sign; a root's may be away.
    fn key(&mut self, ca: &KeptCa, own: &Certificate, chain: Vec<Certificate>) {
        if ca.role == CaRole::Root && !made::is_here(self.folder, &ca.key) {
            return;
        }
        let tried = made::kept(self.folder, &ca.key, &own.public_key())
            .and_then(|signer| Issuer::new(signer, chain, []))
            .and_then(|issuer| {
                issuer.ready()?;
                sign::is_able(&issuer)
            });
        match tried {
            Ok(true) => {}
            Ok(false) => {
                self.add(
                    Level::Problem,
                    code::KEY_MISMATCH,
                    &ca.name,
                    "its key makes no good signature",
                );
            }
            Err(error) => self.problem(&ca.name, &error),
        }
    }

    /// The last revocation list and the last revocation set.
    fn list(&mut self, realm: &Realm<'_>, ca: &KeptCa, own: &Certificate) {
        let id = handfast_pki::text::hex(&own.public_key().key_id());
        for (what, series, hint) in [
            ("list", id.clone(), "handfast ca crl --out FILE"),
            ("set", sets::series(&id), "handfast ca set --out FILE"),
        ] {
            match realm.store.last_list(&series) {
                Err(error) => self.problem(&ca.name, &error.into()),
                Ok(state) => {
                    let Some(list) = state.list else { continue };
                    self.life(
                        &format!("revocation {what} {} of {}", list.number, ca.name),
                        code::LIST_AGEING,
                        (list.this_update, list.next_update),
                        hint,
                    );
                }
            }
        }
    }

    /// What others install has to be what is trusted. It is there since the root was replaced for the first time.
    fn bundle(&mut self, realm: &Realm<'_>) {
        let path = self.folder.join(folder::BUNDLE);
        let roots = || realm.cas.iter().filter(|ca| ca.role == CaRole::Root);
        let Ok(trusted) = realm.trusted() else { return };
        let detail = if !path.exists() {
            if roots().count() < 2 {
                return;
            }
            "it is missing, and with it the roots that others have to install"
        } else if folder::read_certificates(self.folder, folder::BUNDLE).ok() != Some(trusted) {
            "it does not hold the roots that the records trust"
        } else {
            return;
        };
        let files: Vec<String> = roots()
            .filter(|ca| ca.state != CaState::Retired)
            .map(|ca| shell(self.folder.join(&ca.certificate).display()))
            .collect();
        let hint = format!(
            "write it anew: cat {} > {}",
            files.join(" "),
            shell(path.display())
        );
        self.add(Level::Problem, code::BAD_TRUST_FILE, path.display(), detail)
            .hint = Some(hint);
    }

    /// Certificates whose key shares a prime with another one: both private keys are known to whoever looks.
    fn primes(&mut self, store: &Sqlite) {
        let shared = match shared::look(store) {
            Ok(shared) => shared,
            Err(error) => return self.problem(folder::DATABASE, &error),
        };
        for row in shared.found {
            if row.revoked.is_some() || row.not_after < self.now {
                continue;
            }
            let detail = "its RSA key shares a prime with that of another certificate, which gives both away";
            self.add(Level::Problem, code::WEAK_KEY, &row.serial, detail).hint = Some(format!(
                "handfast ca revoke {} --reason keyCompromise",
                row.serial
            ));
        }
        if shared.has_more {
            let detail = format!("{} RSA keys were compared, and there are more", shared.compared);
            self.add(Level::Note, code::WEAK_KEY, folder::DATABASE, detail);
        }
    }

    fn unfinished(&mut self, store: &Sqlite) {
        const IN_PROGRESS: SignedDuration = SignedDuration::from_mins(1);
        let planned = store.find(&Query {
            condition: Some(Condition::Planned),
            begun_before: Some(self.now.checked_sub(IN_PROGRESS).unwrap_or(self.now)),
            limit: Some(1000),
            ..Query::default()
        });
        match planned {
            Err(error) => self.problem(folder::DATABASE, &error.into()),
            Ok(page) if page.rows.is_empty() => {}
            Ok(page) => {
                let more = if page.next.is_some() { "more than " } else { "" };
                let detail = format!(
                    "{more}{} {} planned and never finished; they may have been signed",
                    counted(page.rows.len(), "certificate"),
                    were(&page.rows.len())
                );
                self.add(Level::Note, code::UNFINISHED, folder::DATABASE, detail)
                    .hint = Some("handfast ca list --state planned; revoke those that must not be".into());
            }
        }
    }
}
