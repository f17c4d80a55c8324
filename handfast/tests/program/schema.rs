//! JSON answers against the files that describe them: every key is known, and none is missing. What the values may be is
//! for a validator that is not ours, in `peers_json.rs`.

use std::fs;

use serde_json::Value;

pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/schema");

/// The file of `name`, such as `doctor`.
#[track_caller]
pub(crate) fn file(name: &str) -> Value {
    let path = format!("{FOLDER}/{name}.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// An answer begins with the name of its form, and has its keys. Returns the name: `doctor`.
#[track_caller]
pub(crate) fn assert_documented(answer: &Value) -> String {
    let first = answer.as_object().and_then(|members| members.iter().next());
    let id = match first {
        Some((key, Value::String(id))) if key == "schema" => id,
        _ => panic!("the first key is not \"schema\": {answer:#}"),
    };
    let name = id
        .strip_prefix("handfast-")
        .and_then(|rest| rest.split('/').next());
    let name = name.unwrap_or_else(|| panic!("{id} is no name of a form"));
    assert_fits(name, answer);
    name.to_owned()
}

/// `value` has the keys of the form `name`.
#[track_caller]
pub(crate) fn assert_fits(name: &str, value: &Value) {
    let file = file(name);
    let wrong = wrong(&file, &file, value, "");
    assert!(wrong.is_empty(), "{name}: {wrong:#?}\n{value:#}");
}

/// What of `value` is not as `part` of `file` says.
fn wrong(file: &Value, part: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = part["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        let part = file
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{name} is nowhere"));
        return wrong(file, part, value, at);
    }
    let alternatives = part["oneOf"].as_array().or(part["anyOf"].as_array());
    if let Some(alternatives) = alternatives {
        let tried = alternatives.iter().map(|part| wrong(file, part, value, at));
        // The alternative that is nearest tells the most.
        return tried.min_by_key(Vec::len).unwrap_or_default();
    }
    if let Some(constant) = part.get("const") {
        let is_other = constant != value;
        return is_other
            .then(|| format!("{at} is {value}, expected {constant}"))
            .into_iter()
            .collect();
    }
    match value {
        Value::Null => {
            let is_allowed = part["type"] == "null" || part["type"].to_string().contains("\"null\"");
            let wrong = format!("{at} is null");
            if is_allowed { Vec::new() } else { vec![wrong] }
        }
        _ if part["type"] == "null" => vec![format!("{at} is not null")],
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| wrong(file, &part["items"], item, &format!("{at}/{index}")))
            .collect(),
        Value::Object(members) => {
            let mut found = Vec::new();
            for (key, member) in members {
                let at = format!("{at}/{key}");
                match part["properties"].get(key) {
                    Some(part) => found.extend(wrong(file, part, member, &at)),
                    None if part["additionalProperties"] == false => found.push(format!("{at} is unknown")),
                    None => {}
                }
            }
            let required = part["required"].as_array().into_iter().flatten();
            let missing = required.filter(|key| key.as_str().is_some_and(|key| !members.contains_key(key)));
            found.extend(missing.map(|key| format!("{at}/{key} is missing")));
            found
        }
        _ => Vec::new(),
    }
}
