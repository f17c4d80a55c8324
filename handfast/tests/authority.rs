//! The authority on the command line: init, issue, sign, inspect, verify. Needs nothing but the program.

mod program;

#[path = "authority/audit.rs"]
mod audit;
#[path = "authority/backups.rs"]
mod backups;
#[path = "authority/checked_files.rs"]
mod checked_files;
#[path = "authority/codes.rs"]
mod codes;
#[path = "authority/encrypted.rs"]
mod encrypted;
#[path = "authority/every_command.rs"]
mod every_command;
#[path = "authority/helps.rs"]
mod helps;
#[path = "authority/init.rs"]
mod init;
#[path = "authority/inspect.rs"]
mod inspect;
#[path = "authority/issue.rs"]
mod issue;
#[path = "authority/keys_away.rs"]
mod keys_away;
#[path = "authority/leftovers.rs"]
mod leftovers;
#[path = "authority/lifetimes.rs"]
mod lifetimes;
#[path = "authority/lost_records.rs"]
mod lost_records;
#[path = "authority/many_at_once.rs"]
mod many_at_once;
#[path = "authority/misconfigured.rs"]
mod misconfigured;
#[path = "authority/names.rs"]
mod names;
#[path = "authority/next_commands.rs"]
mod next_commands;
#[path = "authority/one_wins.rs"]
mod one_wins;
#[path = "authority/outputs.rs"]
mod outputs;
#[path = "authority/revocation.rs"]
mod revocation;
#[path = "authority/revoked_cas.rs"]
mod revoked_cas;
#[path = "authority/rotation.rs"]
mod rotation;
#[path = "authority/verify.rs"]
mod verify;
#[path = "authority/which_certificate.rs"]
mod which_certificate;

use handfast_pki::{
    Certificate, PrivateKey, PublicKey,
    build::{self, Issuer, Plan},
    name::{self, AltName},
    pem,
    serial::Serial,
};
use jiff::{SignedDuration, Timestamp};
use program::Place;

fn certificates(place: &Place, name: &str) -> Vec<Certificate> {
    pem::certificates(place.read(name).as_bytes()).expect("certificates")
}

/// A certificate that the program would never make, signed by `signer`.
struct Odd<'a> {
    profile: handfast_pki::Profile,
    subject: &'a str,
    issuer: &'a str,
    dns: &'a str,
    ends: SignedDuration,
    holder: PublicKey,
    signer: &'a PrivateKey,
}

impl Odd<'_> {
    fn make(&self) -> Certificate {
        let now = Timestamp::now();
        let issuer = Issuer::itself(
            name::distinguished(self.issuer, None).expect("a name"),
            self.signer,
        );
        let plan = Plan {
            profile: self.profile.rules(),
            serial: Serial::from_random([7; 20]),
            subject: name::distinguished(self.subject, None).expect("a name"),
            roles: Vec::new(),
            names: if self.profile.is_ca() {
                Vec::new()
            } else {
                vec![AltName::dns(self.dns).expect("a name")]
            },
            not_before: now - SignedDuration::from_hours(24 * 30),
            not_after: now + self.ends,
            public_key: self.holder.clone(),
        };
        let tbs = build::to_be_signed(&plan, &issuer).expect("built");
        build::assemble(&tbs, &issuer.algorithm, &self.signer.sign(&tbs).expect("signed")).expect("assembled")
    }
}
