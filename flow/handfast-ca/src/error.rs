//! Why the CA says no, or cannot.

use handfast_audit::tree::TreeError;
use handfast_finding::Problem;
use handfast_pki::{Code, Refusal, code, profile::ProfileName};
use jiff::Timestamp;

use crate::{
    cas::CaRole,
    change_error::ChangeError,
    folder_error::KEY_AWAY_HINT,
    records::{Reason, StoreError},
    signer::SignerError,
    token_error::TokenError,
};
pub use crate::{folder_error::FolderError, profile_refusal::ProfileRefusal};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A request that is refused, an authority that cannot be used, or records that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The state folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The applicant's key, request or name.
    #[error(transparent)]
    Pki(#[from] handfast_pki::Error),
    /// A leaf without a name that a peer could compare with.
    #[error("the {profile} certificate has no name")]
    NoNames {
        profile: ProfileName,
        common_name: Option<String>,
    },
    /// The request is not one for this profile.
    #[error(transparent)]
    Profile(#[from] ProfileRefusal),
    /// The requester is known and may not have this.
    #[error("{requester} may not ask for a certificate of the profile \"{profile}\": {detail}")]
    MayNotAsk {
        requester: String,
        profile: ProfileName,
        detail: String,
    },
    /// A second person has to approve it.
    #[error("the request waits for a second person to approve it, as \"{id}\"")]
    Waits { id: String, profile: ProfileName },
    /// Who made a request does not approve it.
    #[error("the request \"{id}\" was made by {requester}, and is for another person to approve")]
    OwnApproval { id: String, requester: String },
    /// Somebody else, and not one of those whom the profile names.
    #[error("{approver} may not approve requests of the profile \"{profile}\"")]
    MayNotApprove { approver: String, profile: ProfileName },
    /// No request that waits.
    #[error("no request waits as \"{id}\": {detail}")]
    NotWaiting { id: String, detail: String },
    /// The clock has gone back, or was ahead when the last certificate was planned.
    #[error("the clock says {now}, and the last certificate was planned at {last}")]
    ClockWentBack { now: Timestamp, last: Timestamp },
    /// The file of the profiles.
    #[error("the file of the profiles cannot be used: {}", problems.first().map_or_else(String::new, Problem::located))]
    Config { problems: Vec<Problem> },
    /// The requester is known and may not take certificates back.
    #[error("{requester} may not revoke certificates")]
    MayNotRevoke { requester: String },
    /// A certificate that was shown for revoking.
    #[error("\"{subject}\" was not issued by this CA")]
    NotOurs { subject: String },
    /// The key of a certificate that was revoked because it is compromised.
    #[error("the key is blocked: a certificate with it was revoked because the key is compromised")]
    KeyBlocked,
    /// An old certificate that cannot be renewed.
    #[error("the certificate cannot be renewed: {detail}")]
    NotRenewable { detail: String },
    /// A key that the requester has used for another request.
    #[error("the idempotency key \"{key}\" was used before, for another request")]
    KeyReused { key: String },
    /// A request that is repeated when its certificate is not valid any more.
    #[error("the request was answered with the certificate {serial}, and {detail}")]
    NotRepeated { serial: String, detail: String },
    /// The CA's own key was handed in.
    #[error("the key is the CA's own, expected one of the applicant")]
    CaKeyAsLeaf,
    /// The lifetime that was asked for.
    #[error("the certificate would expire at {asked}, its issuer \"{issuer}\" expires at {not_after}")]
    BeyondIssuer {
        asked: Timestamp,
        issuer: String,
        not_after: Timestamp,
    },
    /// The CA has expired, or a clock is wrong.
    #[error("the CA \"{issuer}\" is valid from {not_before} until {not_after}, it is {now}")]
    IssuerNotValid {
        issuer: String,
        not_before: Timestamp,
        not_after: Timestamp,
        now: Timestamp,
        /// What it is here; nothing where it was to be imported.
        role: Option<CaRole>,
    },
    /// The CA, or one above it, was taken back: what it would sign is worth nothing.
    #[error("the CA \"{issuer}\" was revoked at {at} ({reason}) and signs nothing any more", reason = reason.name())]
    IssuerRevoked {
        issuer: String,
        at: Timestamp,
        reason: Reason,
    },
    /// The imported certificate may not do what is asked of it.
    #[error("\"{subject}\" may not sign certificates: {detail}")]
    NotACa { subject: String, detail: &'static str },
    /// The imported CA limits what may stand below it.
    #[error("the CA \"{issuer}\" allows {allowed} further CAs below it")]
    PathLength { issuer: String, allowed: u8 },
    /// Something that was made or kept for others, and that they would refuse.
    #[error("{what} cannot be used: {detail}")]
    Unusable {
        what: &'static str,
        detail: String,
        code: Code,
        /// What to do about it, where something is.
        help: Option<&'static str>,
    },
    /// A name for which a CA of the chain may not speak.
    #[error("the CA \"{issuer}\" may not speak for \"{name}\": its names are {allowed}")]
    OutsideNames {
        name: String,
        issuer: String,
        allowed: String,
    },
    /// A common name that is no name of the certificate, of a CA that is bound to names.
    #[error(
        "the CA \"{issuer}\" may not speak for the common name \"{name}\", which is none of the certificate's names: its names are {allowed}"
    )]
    OutsideCommonName {
        name: String,
        profile: ProfileName,
        issuer: String,
        allowed: String,
    },
    /// Records that were restored from a backup.
    #[error("the records come from a backup of {since}, and no one has looked for what happened since")]
    NotReconciled { since: Timestamp },
    /// Limits that no certificate can hold.
    #[error(transparent)]
    Bounds(#[from] handfast_pki::BoundsError),
    /// Limits that would stand where they cannot be judged, or that are wider than those above.
    #[error("\"{bounds}\" cannot be the names of this CA: {detail}")]
    UnfitBounds { bounds: String, detail: &'static str },
    /// The bytes that would have been signed; they were not.
    #[error("the certificate was not signed: {}", problems.join("; "))]
    Lint { problems: Vec<String> },
    /// The signed bytes differ from the planned ones, or the signature is wrong.
    #[error("the signed certificate {serial} is not the planned one")]
    Altered { serial: String },
    /// A signed leaf that no peer would trust; it is not handed out.
    #[error("the certificate {serial} was made and is not handed out: {refusal}")]
    NotTrusted {
        serial: String,
        code: Code,
        refusal: Box<Refusal>,
    },
    /// The CAs of the authority cannot be changed so.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The CA's key, wherever it is.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The records.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something of the audit log, or what was taken from it, does not hold.
    #[error(transparent)]
    Audit(#[from] TreeError),
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        Self::Signer(error.into())
    }
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Folder(error) | Self::Signer(SignerError::File(error)) => error.code(),
            Self::Pki(error) => error.code(),
            Self::NoNames { .. } => code::NO_NAMES,
            Self::Profile(_) => code::OUTSIDE_PROFILE,
            Self::Waits { .. } => code::WAITS,
            Self::OwnApproval { .. } | Self::MayNotApprove { .. } => code::OWN_APPROVAL,
            Self::NotWaiting { .. } => code::NOT_WAITING,
            Self::ClockWentBack { .. } => code::CLOCK,
            Self::Config { problems } => problems
                .first()
                .map_or(code::CONFIG_INVALID, |problem| problem.code),
            Self::MayNotAsk { .. } | Self::MayNotRevoke { .. } => code::MAY_NOT_ASK,
            Self::NotOurs { .. } => code::UNKNOWN_ISSUER,
            Self::KeyBlocked => code::KEY_BLOCKED,
            Self::NotRenewable { .. } | Self::NotRepeated { .. } => code::NOT_RENEWABLE,
            Self::KeyReused { .. } => code::EXISTS,
            Self::CaKeyAsLeaf => code::CA_AS_LEAF,
            Self::BeyondIssuer { .. } => code::BEYOND_ISSUER,
            Self::IssuerNotValid { not_before, now, .. } if now < not_before => code::NOT_YET_VALID,
            Self::IssuerNotValid { .. } => code::EXPIRED,
            Self::IssuerRevoked { .. } => code::REVOKED,
            Self::NotACa { .. } => code::NOT_A_CA,
            Self::PathLength { .. } => code::PATH_LENGTH,
            Self::OutsideNames { .. } | Self::OutsideCommonName { .. } => code::NAME_CONSTRAINTS,
            Self::NotReconciled { .. } => code::NOT_RECONCILED,
            Self::Bounds(error) => error.code(),
            Self::UnfitBounds { .. } => code::INEXPRESSIBLE,
            Self::Change(error) => error.code(),
            Self::Lint { .. } => code::LINT,
            Self::Unusable { code, .. } => *code,
            Self::Altered { .. } => code::BUG,
            Self::NotTrusted { code, .. } => *code,
            Self::Signer(SignerError::Key(error)) => error.code(),
            Self::Signer(SignerError::Token(error)) => error.code(),
            Self::Signer(SignerError::Unavailable(_)) => code::TOKEN,
            Self::Store(error) => error.code(),
            Self::Audit(TreeError::NotContinued { .. }) => code::HISTORY_REWRITTEN,
            Self::Audit(TreeError::Pki(error)) => error.code(),
            Self::Audit(TreeError::KeyAway { .. }) => code::KEY_AWAY,
            Self::Audit(_) => code::PROOF_REFUSED,
        }
    }

    /// The same as problems, the first of them the one that counts.
    pub fn problems(self) -> Vec<Problem> {
        match self {
            Self::Config { problems } => problems,
            Self::Altered { .. } => vec![Problem::bug(&self)],
            _ => vec![self.problem()],
        }
    }

    fn problem(&self) -> Problem {
        let mut problem = Problem::new(self.code(), self);
        problem.help = self.hint();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            // Some causes are part of the text already.
            if !problem.message.contains(&cause.to_string()) {
                problem = problem.detail(cause.to_string());
            }
            source = cause.source();
        }
        problem
    }

    /// One thing to do about it, where we know one.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Folder(error) | Self::Signer(SignerError::File(error)) => return error.hint(),
            Self::NoNames { common_name, .. } => name_hint(common_name.as_deref()),
            Self::NotOurs { .. } => "revoke it at the CA that issued it; handfast inspect FILE names that".into(),
            Self::KeyBlocked => "make a new key: handfast issue does".into(),
            Self::NotRenewable { .. } => "ask for a new one: handfast issue PROFILE ... --out DIR".into(),
            Self::KeyReused { .. } | Self::NotRepeated { .. } => "ask with a new key for the request".into(),
            Self::CaKeyAsLeaf => "make a key for the holder: handfast issue does".into(),
            Self::BeyondIssuer { .. } => "leave --lifetime out: the certificate then expires with its issuer at the latest".into(),
            Self::IssuerNotValid { not_before, now, .. } if now < not_before => "check the clock".into(),
            Self::IssuerNotValid { role, .. } => match role {
                Some(CaRole::Issuing) => NEXT_ISSUER.into(),
                Some(CaRole::Root) => {
                    "what it has signed is worth nothing any more: make another CA, whose root others then install: handfast init --name NAME --dir DIR".into()
                }
                None => "have a new certificate made for its key, and import that".into(),
            },
            Self::IssuerRevoked { .. } => NEXT_ISSUER.into(),
            Self::NotACa { .. } => {
                "make its certificate again with the same key: openssl req -x509 -new -key ca.key -days 3650 -out ca.crt".into()
            }
            Self::PathLength { .. } => "let it sign certificates by itself: handfast init --from-cert FILE --from-key FILE, without --intermediate".into(),
            Self::OutsideNames { .. } => "ask for a name within them; the names of a CA cannot be changed".into(),
            Self::OutsideCommonName { name, profile, .. } => format!(
                "take one of the certificate's names as the common name, or none; or allow it: \"cn:{name}\" beside the other patterns of names in [profile.{profile}] of ca.toml"
            ),
            Self::NotReconciled { .. } => "show what was issued since: handfast ca reconcile FILE ...".into(),
            Self::Bounds(error) => error.hint().to_owned(),
            Self::Change(error) => error.hint(),
            Self::UnfitBounds { .. } => "make a CA of its own: handfast init --name NAME --names PATTERN --dir DIR".into(),
            Self::Pki(error) => return error.hint().map(str::to_owned),
            Self::NotTrusted { refusal, .. } => refusal.hint().to_owned(),
            Self::MayNotAsk { profile, .. } => {
                format!("see who may: handfast ca profiles; requesters in [profile.{profile}] of ca.toml says it")
            }
            Self::MayNotRevoke { .. } => "the owner of the CA may: with its folder, on its machine".into(),
            Self::Store(error) => return error.hint().map(str::to_owned),
            Self::Audit(TreeError::KeyAway { .. }) => KEY_AWAY_HINT.into(),
            Self::Audit(TreeError::NotSigned { .. }) => {
                "give the public key of the log that signed it: --log-key FILE, which is audit.pub of that CA".into()
            }
            Self::Profile(refusal) => refusal.hint(),
            Self::Waits { id, .. } => format!("another person approves it: handfast ca approve {id} --out tls.crt"),
            Self::OwnApproval { .. } | Self::MayNotApprove { .. } => "ask one whom the profile's approver names, logged in as another user".into(),
            Self::NotWaiting { .. } => "see what waits: handfast ca requests".into(),
            Self::ClockWentBack { .. } => "set the clock right; if it was wrong before and is right now: handfast ca clock --accept".into(),
            Self::Config { problems } => return problems.first().and_then(|problem| problem.help.clone()),
            Self::Signer(SignerError::Token(error)) => error.hint(),
            Self::Unusable { help, .. } => return help.map(str::to_owned),
            Self::Altered { .. } | Self::Lint { .. } | Self::Signer(_) | Self::Audit(_) => return None,
        })
    }
}

const NEXT_ISSUER: &str = "make another issuing CA, which signs from then on: handfast ca rotate";

/// No peer compares with a common name; where it looks like a name that is, that is the hint.
fn name_hint(common_name: Option<&str>) -> String {
    use handfast_pki::name::AltName;
    let text = common_name.unwrap_or_default();
    if AltName::email(text).is_ok() {
        format!("say which kind of name it is: --email {text}")
    } else if AltName::ip(text).is_ok() {
        format!("say which kind of name it is: --ip {text}")
    } else if text.contains("://") && AltName::uri(text).is_ok() {
        format!("say which kind of name it is: --uri {text}")
    } else if AltName::dns(text).is_ok() {
        format!("say which kind of name it is: --dns {text}")
    } else {
        "give it a name: --dns localhost, --ip 127.0.0.1, --uri spiffe://acme/web or --email me@acme.example"
            .into()
    }
}
