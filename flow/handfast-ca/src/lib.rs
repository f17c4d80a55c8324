//! The certificate authority (CA): who gets a certificate, and a record of every one.
//!
//! ```text
//! receive -> authenticate -> approve -> plan -> sign -> store -> record
//! ```
//!
//! A file per verb. What a verb gives out can be made nowhere else, and the next verb takes nothing else,
//! so a certificate that was not approved, written down and linted cannot be signed. Roots and issuing CAs
//! walk the same road as leaves. In: [`CertRequest`]s, their [`Requester`]s and the time; out: an [`Issued`] for each,
//! or an [`Error`] that says who is to blame. The state folder is described in [`folder`].

mod approvals;
mod approve;
mod audit;
mod authenticate;
mod authority;
mod backup;
mod below;
pub mod bench;
mod cas;
mod change;
mod change_error;
mod check;
mod clock;
pub mod config;
mod configuration;
mod context;
mod create;
mod cross;
mod error;
mod facts;
pub mod folder;
mod folder_error;
mod further;
mod grow;
mod issuer;
mod key_files;
mod log;
mod log_key;
mod made;
mod offline;
mod opening;
mod passphrase;
mod plan;
mod profile_refusal;
mod profiles;
mod publish;
mod realm;
mod receive;
mod reconcile;
mod record;
mod records;
mod renew;
mod repeat;
mod repeatable;
mod requester;
mod revoke;
mod root_signer;
mod rotate;
mod rows;
mod shared;
mod sign;
mod signer;
mod sqlite;
mod store;
mod store_error;
mod token;
mod token_error;
mod unrecorded;
mod waiting;

use jiff::{SignedDuration, Timestamp};

pub use crate::{
    audit::Continued,
    authority::{Authority, ExistingAuthority, NewAuthority},
    backup::{BackedUp, Reconciled, Restored, back_up, restore},
    cas::{CaRole, CaState, KeptCa},
    change_error::ChangeError,
    check::{Finding, Level, check},
    clock::Clock,
    error::{Error, FolderError, ProfileRefusal, Result},
    grow::NewIssuer,
    issuer::Issuer,
    key_files::{decrypt_keys, encrypt_keys},
    log::{Audit, AuditLog, Fault},
    made::KeyChoice,
    offline::{ExportedRoot, SignedElsewhere, sign_with_root},
    passphrase::{PassphraseError, ask_by, passphrase_in},
    profiles::{Approver, OfferedProfile, Profiles},
    publish::{
        MissingList, OcspAnswer, OcspAnswers, OcspSigner, Published, RevocationLists, SignedList, SignedSet,
        SignedSets, SignedShard, SignedShards,
    },
    receive::{Applicant, CertRequest},
    record::Issued,
    records::{
        Begun, Condition, Cursor, Draft, Event, Finished, IssuerHead, IssuerIds, JournalEntry, JournalLine,
        JournalQuery, KeptList, ListState, NameFilter, Page, Plan, Query, Reason, Repeatable, Revocation,
        Revoked, RevokedSerial, Row, Shown, State, Store, StoreError, TakenBack, Totals, Waiting,
    },
    renew::Old,
    repeat::IdempotencyKey,
    requester::{AccountId, Person, Requester, RequesterKind, TokenId},
    revoke::{Because, RevokedNow, Selection, Taken, Which, identity_prefix},
    rotate::{Need, RootRotation, Standing, Successor},
    shared::SharedPrimes,
    signer::{FileKey, Signer, SignerError, Tbs},
    sqlite::{Sqlite, sqlite_version},
    token::{TokenKey, TokenUri},
    token_error::TokenError,
    unrecorded::Unrecorded,
    waiting::{Decision, WaitingRequest, WhichHeld},
};
use crate::{context::Context, receive::Submitted};

impl Authority {
    /// Issues one leaf certificate to the owner, or says why not.
    pub fn issue(&self, request: CertRequest, now: Timestamp) -> Result<Issued> {
        self.issue_for(Requester::Owner, request, now)
    }

    /// Issues one leaf certificate, or says why not.
    pub fn issue_for(&self, requester: Requester, request: CertRequest, now: Timestamp) -> Result<Issued> {
        let answers = self.issue_batch(vec![(requester, request)], now)?;
        // There is exactly one answer to each request.
        answers.into_iter().next().expect("one request has one answer")
    }

    /// Issues the successor of `old`: profile, names and subject are those of the old certificate.
    pub fn renew(
        &self,
        requester: Requester,
        old: &Old,
        applicant: Applicant,
        lifetime: Option<SignedDuration>,
        now: Timestamp,
    ) -> Result<Issued> {
        self.note_configuration(now)?;
        let submitted = Submitted {
            requester,
            received: receive::successor(old, applicant, lifetime),
        };
        let answers = walk(vec![submitted], self.context(now))?;
        // There is exactly one answer to each request.
        answers.into_iter().next().expect("one request has one answer")
    }

    /// Issues many at once, with two transactions for all. One that is refused stops no other; an error of the store
    /// stops them all, and nothing is handed out.
    pub fn issue_batch(
        &self,
        requests: Vec<(Requester, CertRequest)>,
        now: Timestamp,
    ) -> Result<Vec<Result<Issued>>> {
        self.note_configuration(now)?;
        let submitted = requests.into_iter().map(|(requester, request)| Submitted {
            requester,
            received: receive::leaf(request),
        });
        walk(submitted.collect(), self.context(now))
    }
}

/// The sentence, for a batch; a refusal is recorded like an issuance.
fn walk(submitted: Vec<Submitted>, context: Context<'_>) -> Result<Vec<Result<Issued>>> {
    let requesters: Vec<String> = submitted.iter().map(|one| one.requester.to_string()).collect();
    let outcome = (|| {
        must_be_reconciled(context.store)?;
        clock::must_not_have_gone_back(context)?;
        let drafted = submitted.into_iter().map(|one| {
            let authenticated = authenticate::requester(one.received?, one.requester, context)?;
            let approved = approve::by_profile(authenticated, context)?;
            plan::draft(approved, context)
        });
        let planned = plan::write_down(drafted.collect(), context)?;
        let signed = planned.into_iter().map(|planned| sign::once(planned?, context));
        let stored = store::complete(signed.collect(), context)?;
        Ok(stored
            .into_iter()
            .map(|stored| stored.map(record::answer))
            .collect::<Vec<_>>())
    })();
    match &outcome {
        Ok(answers) => {
            let refused = answers.iter().zip(&requesters);
            record::refusals(
                refused.filter_map(|(answer, requester)| Some((answer.as_ref().err()?, requester))),
                context,
            );
        }
        Err(error) => record::refusals(requesters.iter().map(|requester| (error, requester)), context),
    }
    outcome
}

/// Records that were restored do not know what was signed after their backup: nothing is signed before someone has looked.
pub(crate) fn must_be_reconciled(store: &dyn Store) -> Result<()> {
    match store.gap()? {
        None => Ok(()),
        Some(since) => Err(Error::NotReconciled { since }),
    }
}
