//! The reference of `ca.toml` is what its keys say of themselves.
//!
//! `HANDFAST_WRITE=1 cargo test --release -p handfast-ca --test the_reference_is_what_the_keys_say` writes page and schema
//! anew.

use std::{fs, path::PathBuf};

use handfast_ca::config;

fn document(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/reference")
        .join(name)
}

fn is_to_be_written() -> bool {
    std::env::var_os("HANDFAST_WRITE").is_some()
}

#[test]
fn the_table_of_the_reference_page_is_that_of_the_keys() {
    let path = document("ca.md");
    let found = fs::read_to_string(&path).expect("the page is readable text");
    let table = config::page();
    let (_, rest) = found
        .split_once("## Keys of a profile\n\n")
        .expect("the page has its heading");
    let (old, _) = rest.split_once("\n\n").expect("something follows");
    let page = found.replacen(&format!("{old}\n"), &table, 1);
    if is_to_be_written() {
        fs::write(&path, &page).expect("the page can be written");
    } else {
        assert!(found == page, "docs/reference/ca.md has to be:\n{page}");
    }
}

#[test]
fn the_schema_is_that_of_the_keys_and_allows_no_other() {
    let path = document("ca-toml.schema.json");
    let schema = serde_json::to_string_pretty(&config::schema()).expect("a schema is JSON") + "\n";
    if is_to_be_written() {
        fs::write(&path, &schema).expect("the schema can be written");
    }
    let found = fs::read_to_string(&path).expect("the schema is readable text");
    assert!(found == schema, "{} has to be:\n{schema}", path.display());
    let profile = &config::schema()["properties"]["profile"]["additionalProperties"];
    for key in config::keys() {
        assert!(profile["properties"][key].is_object(), "{key}");
    }
    assert_eq!(profile["additionalProperties"], false);
}

#[test]
fn every_file_that_the_page_shows_is_good() {
    let page = fs::read_to_string(document("ca.md")).expect("the page is readable text");
    let shown: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(toml, _)| toml))
        .collect();
    assert!(shown.len() >= 2);
    for toml in shown {
        config::of_text("ca.toml", toml).expect(toml);
    }
}
