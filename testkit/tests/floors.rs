//! The floors of the building: which crate may name which, checked on what cargo itself says of the workspace.
//!
//! In: the crates with the folder they live in, and every dependency that their manifests name. Out: a line for
//! each edge that points up, sideways, or at a crate that the floor must never touch. ARCHITECTURE.md says why. What the
//! source of a crate must not name, and the imports inside of one, are for `sources.rs`.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn every_edge_of_the_workspace_points_down() {
    let workspace = Workspace::read();
    assert!(
        workspace.crates.len() > 5,
        "cargo metadata names too few crates: {:?}",
        workspace.crates
    );
    assert_eq!(
        refusals(&workspace.crates, &workspace.edges),
        Vec::<String>::new()
    );
}

#[test]
fn every_crate_opts_into_the_lints_of_the_workspace() {
    let workspace = Workspace::read();
    for manifest in &workspace.manifests {
        let text = std::fs::read_to_string(manifest).expect("cargo has just read it");
        assert!(
            table_says(&text, "lints", "workspace", "true"),
            "{manifest}: no `[lints] workspace = true`"
        );
    }
}

#[test]
fn unsafe_code_is_forbidden_in_the_whole_workspace() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let text = std::fs::read_to_string(&root).expect("the workspace has a manifest");
    assert!(table_says(
        &text,
        "workspace.lints.rust",
        "unsafe_code",
        "\"forbid\""
    ));
}

// --- the rule ----------------------------------------------------------------------------------------------

/// Where a crate lives, which decides what it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Floor {
    Pure,
    Wire,
    Flow,
    Tool,
    Program,
    Testkit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Normal,
    Build,
    Dev,
}

#[derive(Debug)]
struct Crate {
    name: String,
    floor: Floor,
}

#[derive(Debug)]
struct Edge {
    from: String,
    to: String,
    kind: Kind,
}

/// What pure code must never touch: sockets, files that change, runtimes, TLS. Its own tests may.
const NOT_IN_PURE: &[&str] = &[
    "tokio",
    "tokio-util",
    "mio",
    "hyper",
    "hyper-util",
    "h2",
    "notify",
    "socket2",
];
/// Whoever names one of these speaks TLS, and that is one crate's work.
const TLS: &[&str] = &["rustls", "tokio-rustls", "hyper-rustls"];
const SPEAKS_TLS: &str = "handfast-tls";
/// Key material is read, checked and written in one place, so this flow may be named by the others.
const SHARED_FLOW: &str = "handfast-credentials";
/// Arguments, words for people and errors without a type belong to the program.
const PROGRAM_ONLY: &[&str] = &[
    "clap",
    "clap_complete",
    "clap_mangen",
    "anyhow",
    "miette",
    "anstream",
];

/// One line for every edge that is not allowed.
fn refusals(crates: &[Crate], edges: &[Edge]) -> Vec<String> {
    edges.iter().filter_map(|edge| refusal(crates, edge)).collect()
}

fn refusal(crates: &[Crate], edge: &Edge) -> Option<String> {
    let Some(from) = floor_of(crates, &edge.from) else {
        return Some(format!("\"{}\" lives on no floor", edge.from));
    };
    let why = match floor_of(crates, &edge.to) {
        Some(to) => why_not_inside(from, to, edge)?,
        None => why_not_outside(from, edge)?,
    };
    Some(format!("\"{}\" must not name \"{}\": {why}", edge.from, edge.to))
}

fn floor_of(crates: &[Crate], name: &str) -> Option<Floor> {
    crates.iter().find(|one| one.name == name).map(|one| one.floor)
}

fn why_not_inside(from: Floor, to: Floor, edge: &Edge) -> Option<&'static str> {
    match (from, to) {
        (_, Floor::Testkit) if edge.kind == Kind::Dev => None,
        (_, Floor::Testkit) => Some("the testkit is a dev-dependency only"),
        (_, Floor::Program) => Some("nothing stands on the program"),
        (Floor::Flow, Floor::Flow) if edge.to != SHARED_FLOW => Some("flows never depend on each other"),
        (Floor::Wire, Floor::Wire) => Some("protocols never depend on each other"),
        // Cargo refuses circles, so inside of `pure` and `tool` every edge points down already.
        (from, to) if from < to => Some("the edge points up"),
        _ => None,
    }
}

fn why_not_outside(from: Floor, edge: &Edge) -> Option<&'static str> {
    let to = edge.to.as_str();
    if TLS.contains(&to) && edge.from != SPEAKS_TLS {
        return Some("only handfast-tls names rustls");
    }
    if PROGRAM_ONLY.contains(&to) && from != Floor::Program {
        return Some("arguments and untyped errors belong to the program");
    }
    if NOT_IN_PURE.contains(&to) && from == Floor::Pure && edge.kind != Kind::Dev {
        return Some("pure code does no I/O");
    }
    None
}

// --- what cargo says ---------------------------------------------------------------------------------------

struct Workspace {
    crates: Vec<Crate>,
    edges: Vec<Edge>,
    manifests: Vec<String>,
}

impl Workspace {
    fn read() -> Self {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let answer = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs, as it has built this test");
        assert!(
            answer.status.success(),
            "{}",
            String::from_utf8_lossy(&answer.stderr)
        );
        Self::from_metadata(&serde_json::from_slice(&answer.stdout).expect("cargo metadata is JSON"))
    }

    fn from_metadata(metadata: &Value) -> Self {
        let root = Path::new(text(&metadata["workspace_root"]));
        let mut found = Self {
            crates: Vec::new(),
            edges: Vec::new(),
            manifests: Vec::new(),
        };
        for package in list(&metadata["packages"]) {
            let (name, manifest) = (text(&package["name"]), text(&package["manifest_path"]));
            found.crates.push(Crate {
                name: name.into(),
                floor: floor_at(root, Path::new(manifest)),
            });
            found.manifests.push(manifest.into());
            // The name is that of the package: a rename in the manifest hides nothing.
            found
                .edges
                .extend(list(&package["dependencies"]).iter().map(|dependency| Edge {
                    from: name.into(),
                    to: text(&dependency["name"]).into(),
                    kind: match dependency["kind"].as_str() {
                        Some("dev") => Kind::Dev,
                        Some("build") => Kind::Build,
                        _ => Kind::Normal,
                    },
                }));
        }
        found
    }
}

fn floor_at(root: &Path, manifest: &Path) -> Floor {
    let inside = manifest
        .strip_prefix(root)
        .expect("a member of the workspace is inside of it");
    match inside.iter().next().and_then(|folder| folder.to_str()) {
        Some("pure") => Floor::Pure,
        Some("wire") => Floor::Wire,
        Some("flow") => Floor::Flow,
        Some("tool") => Floor::Tool,
        Some("handfast") => Floor::Program,
        Some("testkit") => Floor::Testkit,
        _ => panic!(
            "{} is on no floor: give it one, here and in ARCHITECTURE.md",
            inside.display()
        ),
    }
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("cargo metadata has a text here, not {value}"))
}

fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("cargo metadata has a list here, not {value}"))
}

/// Does `[table]` hold `key = value`? Enough TOML for two questions about our own manifests.
fn table_says(toml: &str, table: &str, key: &str, value: &str) -> bool {
    let header = format!("[{table}]");
    toml.lines()
        .map(str::trim)
        .skip_while(|line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .any(|(left, right)| left.trim() == key && right.split('#').next().unwrap_or(right).trim() == value)
}

// --- it says no --------------------------------------------------------------------------------------------

fn building() -> Vec<Crate> {
    let floors = [
        ("handfast-pki", Floor::Pure),
        ("handfast-policy", Floor::Pure),
        ("handfast-tls", Floor::Wire),
        ("handfast-enroll", Floor::Wire),
        ("handfast-proxy", Floor::Flow),
        ("handfast-ca", Floor::Flow),
        ("handfast-credentials", Floor::Flow),
        ("handfast-report", Floor::Tool),
        ("handfast", Floor::Program),
        ("handfast-testkit", Floor::Testkit),
    ];
    floors
        .into_iter()
        .map(|(name, floor)| Crate {
            name: name.into(),
            floor,
        })
        .collect()
}

fn refused(from: &str, to: &str, kind: Kind) -> bool {
    let edge = Edge {
        from: from.into(),
        to: to.into(),
        kind,
    };
    !refusals(&building(), &[edge]).is_empty()
}

#[test]
fn edges_that_point_up_or_sideways_are_refused() {
    for (from, to) in [
        ("handfast-pki", "handfast-tls"),
        ("handfast-pki", "handfast-proxy"),
        ("handfast-policy", "handfast"),
        ("handfast-tls", "handfast-proxy"),
        ("handfast-tls", "handfast-enroll"),
        ("handfast-tls", "handfast"),
        ("handfast-proxy", "handfast-ca"),
        ("handfast-proxy", "handfast-report"),
        ("handfast-credentials", "handfast-proxy"),
        ("handfast-report", "handfast"),
        ("handfast-proxy", "handfast"),
        ("handfast-testkit", "handfast"),
    ] {
        for kind in [Kind::Normal, Kind::Build, Kind::Dev] {
            assert!(refused(from, to, kind), "{from} -> {to} as {kind:?}");
        }
    }
}

#[test]
fn edges_that_point_down_are_allowed() {
    for (from, to) in [
        ("handfast-policy", "handfast-pki"),
        ("handfast-tls", "handfast-pki"),
        ("handfast-proxy", "handfast-tls"),
        ("handfast-proxy", "handfast-policy"),
        ("handfast-proxy", "handfast-credentials"),
        ("handfast-report", "handfast-ca"),
        ("handfast", "handfast-report"),
        ("handfast", "handfast-ca"),
        ("handfast", "handfast-pki"),
        ("handfast-testkit", "handfast-proxy"),
    ] {
        assert!(!refused(from, to, Kind::Normal), "{from} -> {to}");
    }
}

#[test]
fn the_testkit_is_a_dev_dependency_only() {
    for from in ["handfast-pki", "handfast-tls", "handfast-proxy", "handfast"] {
        assert!(!refused(from, "handfast-testkit", Kind::Dev), "{from}");
        assert!(refused(from, "handfast-testkit", Kind::Normal), "{from}");
        assert!(refused(from, "handfast-testkit", Kind::Build), "{from}");
    }
}

#[test]
fn rustls_is_named_by_one_crate_and_its_types_by_all() {
    assert!(!refused("handfast-tls", "rustls", Kind::Normal));
    assert!(!refused("handfast-tls", "tokio-rustls", Kind::Normal));
    for from in [
        "handfast-pki",
        "handfast-enroll",
        "handfast-proxy",
        "handfast",
        "handfast-testkit",
    ] {
        for to in TLS {
            assert!(refused(from, to, Kind::Normal), "{from} -> {to}");
            assert!(refused(from, to, Kind::Dev), "{from} -> {to} in its tests");
        }
    }
    assert!(!refused("handfast-pki", "rustls-pki-types", Kind::Normal));
    assert!(!refused("handfast-pki", "rustls-webpki", Kind::Normal));
}

#[test]
fn pure_code_names_nothing_that_does_io() {
    for to in NOT_IN_PURE {
        assert!(refused("handfast-pki", to, Kind::Normal), "{to}");
        assert!(!refused("handfast-pki", to, Kind::Dev), "{to} in its tests");
        assert!(!refused("handfast-proxy", to, Kind::Normal), "{to} in a flow");
    }
}

#[test]
fn arguments_and_untyped_errors_stay_in_the_program() {
    for to in PROGRAM_ONLY {
        assert!(!refused("handfast", to, Kind::Normal), "{to}");
        for from in ["handfast-pki", "handfast-tls", "handfast-ca", "handfast-testkit"] {
            assert!(refused(from, to, Kind::Normal), "{from} -> {to}");
        }
    }
}

#[test]
fn a_renamed_dependency_is_known_by_its_real_name() {
    let metadata = serde_json::json!({
        "workspace_root": "/w",
        "packages": [{
            "name": "handfast-pki",
            "manifest_path": "/w/pure/handfast-pki/Cargo.toml",
            "dependencies": [{ "name": "tokio", "rename": "harmless", "kind": null }],
        }],
    });
    let workspace = Workspace::from_metadata(&metadata);
    assert_eq!(
        refusals(&workspace.crates, &workspace.edges),
        ["\"handfast-pki\" must not name \"tokio\": pure code does no I/O"]
    );
}

#[test]
fn a_key_counts_only_in_its_own_table() {
    assert!(table_says(
        "[lints]\nworkspace = true # as all\n",
        "lints",
        "workspace",
        "true"
    ));
    assert!(!table_says(
        "[package]\nworkspace = true\n[lints]\n",
        "lints",
        "workspace",
        "true"
    ));
    assert!(!table_says(
        "[lints]\n[other]\nworkspace = true\n",
        "lints",
        "workspace",
        "true"
    ));
    assert!(!table_says(
        "[lints]\nworkspace = false\n",
        "lints",
        "workspace",
        "true"
    ));
}
