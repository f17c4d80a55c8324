//! Our own codes in a text: what a proxy logged, what a command said.

use handfast_finding::Refuser;
use handfast_pki::{Code, code};

use super::lines::Line;

/// Who writes such codes.
pub(super) const PROGRAM: &str = "Handfast";

/// The code that `line` carries as `[HF-103]` or as a value of JSON, and who refused.
pub(super) fn code(line: &Line) -> Option<(Code, Refuser)> {
    let marks = ["[HF-", "\"HF-"];
    let found = marks.iter().find_map(|mark| {
        let (_, rest) = line.written.split_once(mark)?;
        let digits = rest.get(..3)?;
        let end = rest.get(3..4)?;
        [("]"), ("\"")]
            .contains(&end)
            .then(|| Code::parse(digits))
            .flatten()
    })?;
    let client = code::SERVER_UNTRUSTED..=code::TOKEN;
    let network = code::NOT_TLS..=code::OLD_POOL;
    let side = if client.contains(&found) {
        Refuser::Client
    } else if network.contains(&found) {
        Refuser::Network
    } else {
        Refuser::Server
    };
    Some((found, side))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_ours_is_taken_at_its_word() {
        let of = |text: &str| code(&Line::new(1, text.to_owned()));
        let line = "handfast: error: \"spiffe://prod/web\" may not reach \"billing\"  [HF-609]";
        assert_eq!(of(line), Some((code::NOT_ALLOWED, Refuser::Server)));
        let line = "{\"event\":\"connection\",\"code\":\"HF-301\"}";
        assert_eq!(of(line), Some((code::SERVER_UNTRUSTED, Refuser::Client)));
        for other in ["[HF-998]", "[HF-1034]", "see HF-103", "[HF-1"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
