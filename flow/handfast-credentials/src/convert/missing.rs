//! How it is said what there is, and what is missing.

use handfast_finding::Problem;
use handfast_pki::code;

/// The refusal of a form that needs `expected`.
pub(super) fn missing(expected: &str, found: &str) -> Problem {
    Problem::new(code::WRONG_FORMAT, format!("expected {expected}, found {found}"))
}

/// So many certificates of a chain.
pub(super) fn counted(certificates: usize) -> String {
    match certificates {
        1 => "the certificate".into(),
        more => format!("the {more} certificates, leaf first"),
    }
}
