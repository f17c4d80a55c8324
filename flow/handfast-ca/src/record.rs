//! Record: every refusal has its line in the journal as well, and only then there is an answer.

use handfast_pki::{Certificate, profile::ProfileName};

use crate::{
    context::Context,
    error::{Error, Result},
    issuer::Issuer,
    records::{Event, JournalEntry, StoreError},
    store::Stored,
};

/// A certificate that was signed, stored and recorded: nobody gets it earlier.
#[derive(Debug, Clone)]
pub struct Issued {
    profile: ProfileName,
    certificate: Certificate,
    issuers: Vec<Certificate>,
    cut_short: bool,
    ignored: Vec<String>,
}

impl Issued {
    /// The certificate itself.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// By which profile it was issued.
    pub fn profile(&self) -> &ProfileName {
        &self.profile
    }

    /// What its holder presents: the certificate first, then the intermediates, without the root.
    pub fn chain(&self) -> Vec<Certificate> {
        let between = self.issuers.split_last().map_or(&[][..], |(_, between)| between);
        std::iter::once(&self.certificate)
            .chain(between)
            .cloned()
            .collect()
    }

    /// Whether the usual lifetime was cut because the issuer expires earlier.
    pub fn cut_short(&self) -> bool {
        self.cut_short
    }

    /// What the request asked for and did not get.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }
}

/// The answer to a request whose certificate is stored.
pub(crate) fn answer(stored: Stored<'_>) -> Issued {
    let signed = stored.signed;
    let approved = signed.approved;
    Issued {
        profile: approved.profile.name.clone(),
        certificate: signed.certificate,
        issuers: approved.issuer.chain().to_vec(),
        cut_short: approved.cut_short,
        ignored: approved.received.ignored,
    }
}

/// The answer to a request that was answered before.
pub(crate) fn again(
    profile: ProfileName,
    certificate: Certificate,
    issuer: &Issuer,
    ignored: Vec<String>,
) -> Issued {
    Issued {
        profile,
        certificate,
        issuers: issuer.chain().to_vec(),
        cut_short: false,
        ignored,
    }
}

/// Records refusals with their requesters, as well as it can: the caller is told the reason in any case.
pub(crate) fn refusals<'e>(refused: impl IntoIterator<Item = (&'e Error, &'e String)>, context: Context<'_>) {
    let entries: Vec<JournalEntry> = refused
        .into_iter()
        // What waits has its line since it was stored.
        .filter(|(error, _)| !matches!(error, Error::Waits { .. }))
        .map(|(error, requester)| JournalEntry {
            at: context.now,
            event: Event::Refused,
            serial: None,
            requester: Some(requester.clone()),
            code: Some(error.code().to_string()),
            detail: error.to_string(),
        })
        .collect();
    if !entries.is_empty() {
        // A store that fails here has failed before, and that is the error that is told.
        let _: Result<(), StoreError> = context.store.journal(&entries);
    }
}
