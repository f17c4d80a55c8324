//! Every side of every target, run for real and shown the fixtures: one test each, found in the folders of the targets.
//!
//! What is seen has to be what the target says of itself, and what docs/interop.md says. Each test leaves its row of
//! that page in `target/interop`, from which `scripts/interop` makes the page.

use std::{fs, path::Path, process::Command};

use handfast_setup::Role;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

fn main() {
    let mut trials = Vec::new();
    for target in handfast_setup::all().expect("the targets can be read") {
        for role in target.roles() {
            let part = target.part(role).expect("a side that there is");
            if part.trial.is_none() {
                continue;
            }
            let (name, side) = (target.name.clone(), role.name());
            trials.push(Trial::test(
                format!("{name}_as_a_{side}_does_in_every_case_what_is_said_of_it"),
                move || meet(&name, role),
            ));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn meet(name: &str, role: Role) -> Result<(), Failed> {
    // The servers and clients from PyPI, as scripts/test installs them; last, so that python3 is the system's.
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers/venv/bin");
    let path = format!("{}:{own}", std::env::var("PATH").unwrap_or_default());
    let ran = Command::new(env!("CARGO_BIN_EXE_handfast"))
        .args(["setup", "verify", name, "--role", role.name(), "--json"])
        .env("PATH", path)
        // The programs in Rust are built once, and quickly.
        .env(
            "CARGO_TARGET_DIR",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers/rust"),
        )
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&ran.stdout);
    let report: Value = serde_json::from_str(&text).map_err(|_| format!("{ran:?}"))?;
    let cells = report["cells"].as_array().ok_or_else(|| format!("{report:#}"))?;
    let row = row(&report, cells);
    keep(&row, name, role);
    let wrong: Vec<&Value> = cells
        .iter()
        .filter(|cell| cell["as_documented"] != true)
        .collect();
    if ran.status.code() != Some(0) {
        let renewal = &report["renewal"];
        let forged = &report["forged"];
        return Err(format!("not as told: {wrong:#?}\nrenewal: {renewal:#}\nforged: {forged:#}").into());
    }
    let versions = if cells.iter().any(|cell| cell["tls"] == "1.2") {
        2
    } else {
        1
    };
    let fixtures = if role == Role::Server { 17 } else { 16 };
    if cells.len() != versions * fixtures {
        return Err(format!("{} cells and not {versions} times {fixtures}", cells.len()).into());
    }
    let page =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/interop.md")).unwrap_or_default();
    let is_told = page.lines().any(|line| verdicts(line) == verdicts(&row));
    if is_told {
        Ok(())
    } else {
        Err(format!("docs/interop.md has no such row; scripts/interop makes it anew:\n{row}").into())
    }
}

/// `| nginx | accepted | rejected HF-101 | ...`, a cell for each test certificate.
fn row(report: &Value, cells: &[Value]) -> String {
    let mut row = format!("| {} |", report["target"].as_str().unwrap_or_default());
    for fixture in cells.chunk_by(|one, other| one["certificate"] == other["certificate"]) {
        let told: Vec<String> = fixture.iter().map(told).collect();
        let outcome = |cell: &Value| cell["accepted"] == true;
        let same = fixture.iter().all(|cell| outcome(cell) == outcome(&fixture[0]));
        let text = if same {
            told.last().cloned().unwrap_or_default()
        } else {
            let with_version = fixture
                .iter()
                .zip(&told)
                .map(|(cell, told)| format!("{}: {told}", cell["tls"].as_str().unwrap_or_default()));
            with_version.collect::<Vec<_>>().join(", ")
        };
        row.push_str(&format!(" {text} |"));
    }
    row
}

fn told(cell: &Value) -> String {
    if cell["accepted"] == true {
        // A wrong accept that is said beforehand stands out.
        let mark = if cell["must_reject"] == true {
            "**accepted**"
        } else {
            "accepted"
        };
        return mark.into();
    }
    if cell["shown"] == false {
        return "not shown".into();
    }
    match cell["code"].as_str() {
        Some(code) => format!("rejected [{code}](findings/{code}.md)"),
        None => "rejected".into(),
    }
}

/// The row without the doctor's codes, which may differ with the version of the software.
fn verdicts(row: &str) -> String {
    let mut plain = String::new();
    for cell in row.split('|') {
        let mut cell = cell.to_owned();
        while let (Some(from), Some(to)) = (cell.find(" ["), cell.find(')')) {
            cell.replace_range(from..=to, "");
        }
        plain.push('|');
        plain.push_str(cell.trim());
    }
    plain
}

fn keep(row: &str, name: &str, role: Role) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop");
    let file = folder.join(format!("{}-{name}.md", role.name()));
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(file, format!("{row}\n")))
        .expect("a row of the page is kept");
}
