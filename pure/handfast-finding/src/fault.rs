//! Whose files or settings are at fault, by the code of a finding and the side that refused.

use handfast_pki::{Code, code};

use crate::refuser::Refuser;

/// What a peer shows of itself: the side that shows it is at fault, and the other one refuses.
const SHOWN: [Code; 20] = [
    code::NO_CERTIFICATE,
    code::MISSING_INTERMEDIATE,
    code::WRONG_PURPOSE,
    code::EXPIRED,
    code::OLD_PROCESS,
    code::REVOKED,
    code::VERSION_1,
    code::CA_AS_LEAF,
    code::NOT_A_CA,
    code::PATH_LENGTH,
    code::NAME_CONSTRAINTS,
    code::WEAK_KEY,
    code::CRITICAL_EXTENSION,
    code::FOREIGN_NAME,
    code::SERVER_INTERMEDIATE,
    code::NO_NAMES,
    code::NO_IP_NAME,
    code::LONG_LIVED,
    code::OLD_POOL,
    code::HELD_BACK,
];

/// What the side that refuses has set up for itself.
const OWN: [Code; 15] = [
    code::BAD_CLIENT_CAS,
    code::VERIFY_DEPTH,
    code::CRL_UNUSABLE,
    code::BAD_TRUST_FILE,
    code::KEY_MISMATCH,
    code::CHAIN_ORDER,
    code::KEY_ENCRYPTED,
    code::P12_TOO_OLD,
    code::P12_TOO_NEW,
    code::P12_WITHOUT_KEY,
    code::KEY_IN_MEMORY,
    code::UNREADABLE,
    code::WRONG_FORMAT,
    code::TOKEN,
    code::PIN_CHANGED,
];

/// What is set up in the server, whoever refuses.
const OF_SERVER: [Code; 13] = [
    code::NOT_ASKED,
    code::ASKED_LATE,
    code::PREFLIGHT,
    code::INSTANCES,
    code::RESUMED_UNCHECKED,
    code::MISDIRECTED,
    code::NOT_FORWARDED,
    code::FORGEABLE,
    code::NAME_FORM,
    code::UNVERIFIED,
    code::PUBLIC_CAS,
    code::ANY_OF_CA,
    code::REVOCATION_OFF,
];

/// Nothing where both sides could change, such as an issuer that one has and the other does not trust.
pub(crate) fn of(code: Code, refuser: Refuser) -> Option<Refuser> {
    if OF_SERVER.contains(&code) {
        return Some(Refuser::Server);
    }
    if code == code::INSPECTED {
        return Some(Refuser::Network);
    }
    match refuser {
        Refuser::Network => None,
        own if OWN.contains(&code) => Some(own),
        Refuser::Server if SHOWN.contains(&code) => Some(Refuser::Client),
        Refuser::Client if SHOWN.contains(&code) => Some(Refuser::Server),
        _ => None,
    }
}

/// Whether a program refuses this of its own files, before a peer sees anything of them.
pub(crate) fn is_of_own_program(code: Code) -> bool {
    OWN.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_certificate_is_the_fault_of_the_side_that_showed_it() {
        assert_eq!(of(code::EXPIRED, Refuser::Server), Some(Refuser::Client));
        assert_eq!(of(code::EXPIRED, Refuser::Client), Some(Refuser::Server));
    }

    #[test]
    fn a_stale_revocation_list_is_the_fault_of_the_side_that_refuses() {
        assert_eq!(of(code::CRL_UNUSABLE, Refuser::Server), Some(Refuser::Server));
        assert_eq!(of(code::KEY_MISMATCH, Refuser::Client), Some(Refuser::Client));
    }

    #[test]
    fn an_issuer_that_is_not_trusted_may_be_the_fault_of_either() {
        assert_eq!(of(code::UNKNOWN_ISSUER, Refuser::Server), None);
        assert_eq!(of(code::EXPIRED, Refuser::Network), None);
    }
}
