//! A folder with an authority in it, and a clock that the test sets.

// Each test binary uses a part of it.
#![allow(dead_code)]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use handfast_ca::{Applicant, Authority, CertRequest, NewAuthority};
use handfast_pki::{KeyKind, PrivateKey, Profile, name::AltName};
use jiff::{SignedDuration, Timestamp};

/// A folder for one test, removed afterwards.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("handfast-ca-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).expect("a scratch folder");
        Self(path)
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().expect("a time")
}

pub(crate) fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

pub(crate) fn new_authority() -> NewAuthority {
    NewAuthority {
        name: "Acme".into(),
        key: KeyKind::P256,
    }
}

pub(crate) fn authority(place: &Path) -> Authority {
    Authority::create(place, &new_authority(), now()).expect("an authority")
}

pub(crate) fn request(profile: Profile, dns: &str) -> CertRequest {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    CertRequest {
        profile: profile.into(),
        applicant: Applicant::holding(&key),
        names: vec![AltName::dns(dns).expect("a name")],
        common_name: None,
        lifetime: None,
    }
}
