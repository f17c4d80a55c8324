//! The reference of the configuration is what the keys say of themselves.
//!
//! `HANDFAST_WRITE=1 cargo test --release -p handfast-proxy --test reference` writes the page and the schema anew.

use std::{fs, path::PathBuf};

use handfast_proxy::{config, rehearsal::cases, tunnel};

fn document(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/reference")
        .join(name)
}

fn is_to_be_written() -> bool {
    std::env::var_os("HANDFAST_WRITE").is_some()
}

#[test]
fn the_tables_of_the_reference_page_are_those_of_the_keys() {
    must_have("config.md", &config::pages());
    must_have("tunnel.md", &tunnel::keys::pages());
}

#[test]
fn the_table_of_cases_is_that_of_the_keys() {
    must_have("policy.md", &[cases::reference()]);
}

fn must_have(name: &str, tables: &[String]) {
    let path = document(name);
    let mut page = fs::read_to_string(&path).expect("the page is readable text");
    let found = page.clone();
    for table in tables {
        let (heading, _) = table.split_once('\n').expect("a table has a heading row");
        let begin = page
            .find(heading)
            .unwrap_or_else(|| panic!("no table \"{heading}\""));
        let end = page[begin..]
            .find("\n\n")
            .map_or(page.len(), |end| begin + end + 1);
        page.replace_range(begin..end, table);
    }
    if is_to_be_written() {
        fs::write(&path, &page).expect("the page can be written");
    } else {
        assert!(found == page, "docs/reference/{name} has to be:\n{page}");
    }
}

#[test]
fn the_schemas_are_those_of_the_keys() {
    schema_is("handfast-toml.schema.json", &config::schema());
    schema_is("tunnel-toml.schema.json", &tunnel::keys::schema());
}

fn schema_is(name: &str, schema: &serde_json::Value) {
    let path = document(name);
    let schema = serde_json::to_string_pretty(schema).expect("a schema is JSON") + "\n";
    if is_to_be_written() {
        fs::write(&path, &schema).expect("the schema can be written");
    }
    let found = fs::read_to_string(&path).expect("the schema is readable text");
    assert!(found == schema, "{} has to be:\n{schema}", path.display());
}

#[test]
fn every_key_is_in_the_schema_and_no_other_is_allowed() {
    let schema = config::schema();
    let proxy = &schema["properties"]["proxy"];
    for key in config::KEYS {
        assert!(proxy["properties"][key.name].is_object(), "{}", key.name);
    }
    assert_eq!(
        proxy["properties"]["limits"]["properties"]["idle"]["type"],
        "string"
    );
    assert_eq!(proxy["additionalProperties"], false);
    assert!(proxy["properties"]["nothing"].is_null());
    // What the form with one host needs may stand in listeners, hosts and routes instead.
    assert_eq!(proxy["required"], serde_json::json!([]));
    let listener = &schema["properties"]["listener"]["items"];
    assert_eq!(listener["required"], serde_json::json!(["listen", "host"]));
}
