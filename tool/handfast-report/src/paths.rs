//! A path from a certificate up to a CA that one side would try, as lines and as JSON.

use handfast_doctor::what_if::Tried;
use handfast_pki::Certificate;
use serde_json::{Value, json};

use crate::{
    json,
    style::{BAD, GOOD},
    verdict::{notes, refused},
};

/// The certificates of the path, and whether it is good.
pub fn text(path: &Tried) -> String {
    let names: Vec<String> = path.candidate.path.iter().map(Certificate::called).collect();
    let verdict = match &path.candidate.verdict {
        Ok(()) => format!("{GOOD}good{GOOD:#}"),
        Err(refusal) => format!("{BAD}refused{BAD:#}: {refusal}"),
    };
    let end = if path.candidate.reaches_anchor {
        ""
    } else {
        " -> ?"
    };
    format!("  {}: {}{end}\n    {verdict}", path.whose, names.join(" -> "))
}

/// The same as an object.
pub fn json(path: &Tried) -> Value {
    json!({
        "whose": path.whose.to_string(),
        "certificates": path.candidate.path.iter().map(json::certificate).collect::<Vec<_>>(),
        "reaches_anchor": path.candidate.reaches_anchor,
        "problem": path.candidate.verdict.as_ref().err().map(|refusal| refused(refusal, path.whose)),
        "notes": notes(&path.candidate.path),
    })
}
