//! Keys whose value is one of a few words.

use handfast_pki::{ClientUsage, revocation::Stale};
use handfast_settings::Choice;

use crate::limits::Detail;

impl Choice for Detail {
    const WORDS: &'static [&'static str] = &["off", "connections", "requests"];

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "off" => Self::Off,
            "connections" => Self::Connections,
            "requests" => Self::Requests,
            _ => return None,
        })
    }
}

/// What the key `stale` means.
#[derive(Debug, Clone, Copy)]
pub struct WhenStale(pub Stale);

impl Choice for WhenStale {
    const WORDS: &'static [&'static str] = &["reject", "keep"];

    fn of(word: &str) -> Option<Self> {
        Some(Self(match word {
            "reject" => Stale::Refuse,
            "keep" => Stale::DangerouslyKeep,
            _ => return None,
        }))
    }
}

/// What the key `extended-key-usage` means.
#[derive(Debug, Clone, Copy)]
pub struct Usage(pub ClientUsage);

impl Choice for Usage {
    const WORDS: &'static [&'static str] = &["if-present", "required"];

    fn of(word: &str) -> Option<Self> {
        Some(Self(match word {
            "if-present" => ClientUsage::IfPresent,
            "required" => ClientUsage::Required,
            _ => return None,
        }))
    }
}

/// What a client hears that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRefusal {
    /// The alert of TLS.
    Alert,
    /// An answer of HTTP.
    Explain,
}

impl Choice for OnRefusal {
    const WORDS: &'static [&'static str] = &["alert", "explain"];

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "alert" => Self::Alert,
            "explain" => Self::Explain,
            _ => return None,
        })
    }
}

/// Whether a client has to show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificate {
    Required,
    /// Not for routes that allow `anonymous`.
    Optional,
}

impl Choice for ClientCertificate {
    const WORDS: &'static [&'static str] = &["required", "optional"];

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "required" => Self::Required,
            "optional" => Self::Optional,
            _ => return None,
        })
    }
}

/// What becomes of clients that should be rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Enforce,
    /// They are served, and recorded.
    Observe,
}

impl Choice for Mode {
    const WORDS: &'static [&'static str] = &["enforce", "observe"];

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "enforce" => Self::Enforce,
            "observe" => Self::Observe,
            _ => return None,
        })
    }
}
