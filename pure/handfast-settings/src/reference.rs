//! What is written about the keys, made from them: the rows of a reference page and the JSON Schema of a file.

use serde_json::{Map, Value, json};

use crate::table::{Key, Shape, Without};

/// A table of a reference page, as Markdown with its heading row of three columns.
pub fn page(heading: [&str; 3], keys: &[Key]) -> String {
    let rows = keys.iter().map(|key| {
        let without = match key.without {
            Without::Refused => "error".to_owned(),
            Without::Unless(other) => format!("error, without `{other}`"),
            Without::Elsewhere(other) => format!("error, without {other}"),
            Without::Is(without) => without.to_owned(),
        };
        format!("| `{}` | {} | {without} |\n", key.name, key.reference)
    });
    let heading = format!("| {} |\n| --- | --- | --- |\n", heading.join(" | "));
    std::iter::once(heading).chain(rows).collect()
}

/// The JSON Schema (2020-12) of the file called `title` with these keys, for editors and for programs that write it.
pub fn schema(title: &str, keys: &[Key]) -> Value {
    let mut schema = Map::new();
    schema.insert(
        "$schema".into(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert("title".into(), json!(title));
    schema.extend(object(keys));
    Value::Object(schema)
}

fn object(keys: &[Key]) -> Map<String, Value> {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| (key.name.to_owned(), Value::Object(property(key))))
        .collect();
    let required: Vec<&str> = keys
        .iter()
        .filter(|key| matches!(key.without, Without::Refused))
        .map(|key| key.name)
        .collect();
    let mut object = Map::new();
    object.insert("type".into(), json!("object"));
    object.insert("properties".into(), Value::Object(properties));
    object.insert("required".into(), json!(required));
    object.insert("additionalProperties".into(), json!(false));
    let either = keys.iter().filter_map(|key| match key.without {
        Without::Unless(other) => {
            Some(json!({ "anyOf": [{ "required": [key.name] }, { "required": [other] }] }))
        }
        _ => None,
    });
    let either: Vec<_> = either.collect();
    if !either.is_empty() {
        object.insert("allOf".into(), json!(either));
    }
    object
}

fn property(key: &Key) -> Map<String, Value> {
    let looks = match &key.shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::Texts => json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
        Shape::NoneOrMore => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::OneOrMore => json!({ "oneOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" }, "minItems": 1 },
        ] }),
        Shape::Switch => json!({ "type": "boolean" }),
        Shape::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Rate => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        // The grammar is wider than a pattern that a person can read.
        Shape::Duration => json!({ "type": "string", "examples": ["500ms", "10s", "5m", "2h30m"] }),
        Shape::Period => json!({ "type": "string", "examples": ["1h", "24h", "90d"] }),
        Shape::Choice(choices) => json!({ "enum": choices }),
        Shape::Table(keys) => Value::Object(object(keys)),
        Shape::NamedTables(keys) => json!({ "type": "object", "additionalProperties": object(keys) }),
        Shape::Tables(keys) => json!({ "type": "array", "items": object(keys), "minItems": 1 }),
    };
    let mut property = Map::new();
    property.insert("description".into(), json!(key.reference));
    if let Value::Object(looks) = looks {
        property.extend(looks);
    }
    property
}
