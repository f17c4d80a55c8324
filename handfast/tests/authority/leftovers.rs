//! What a killed process leaves: the next run names and removes it, and nothing else.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

use crate::program::Place;

fn private(path: &Path) {
    fs::write(path, "left").expect("a file is written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

/// A folder as a killed `init` leaves it.
fn staged(place: &Place, name: &str, file: &str) {
    let path = place.path(name);
    fs::DirBuilder::new().mode(0o700).create(&path).expect("a folder");
    private(&path.join(file));
}

#[test]
fn what_a_killed_issue_left_is_named_and_removed_by_the_next() {
    let place = Place::with_authority();
    fs::create_dir(place.path("x")).expect("a folder");
    for name in ["tls.key.4242.new", "tls.crt.1.new"] {
        private(&place.path("x").join(name));
    }
    let ran = place.run("issue client --dns a --out x").good();
    for name in ["tls.key.4242.new", "tls.crt.1.new"] {
        assert!(!place.path("x").join(name).exists(), "{name}");
        let told = format!("note: \"x/{name}\" was left by a run that was killed, and is removed");
        assert!(ran.stderr.lines().any(|line| line == told), "{ran:#?}");
    }
}

#[test]
fn what_a_killed_init_left_is_named_and_removed_by_the_next() {
    let place = Place::new();
    staged(&place, ".handfast.4242.new", "root.key");
    let ran = place.run("init --name Acme").good();
    assert!(ran.stderr.contains(".handfast.4242.new\" was left"), "{ran:#?}");
    assert_eq!(place.names(), ["handfast"]);
}

#[test]
fn what_a_living_process_is_writing_stays() {
    let place = Place::with_authority();
    fs::create_dir(place.path("x")).expect("a folder");
    private(&place.path("x/tls.key.4242.new"));
    staged(&place, ".other.4242.new", "root.key");
    let file = fs::File::open(place.path("x/tls.key.4242.new")).expect("opens");
    let folder = fs::File::open(place.path(".other.4242.new")).expect("opens");
    file.lock().expect("locked");
    folder.lock().expect("locked");
    place.run("issue client --dns a --out x").good();
    place.run("init --name Other --dir other").good();
    assert!(place.path("x/tls.key.4242.new").exists());
    assert!(place.path(".other.4242.new/root.key").exists());
    // The same are removed as soon as they belong to nobody.
    drop((file, folder));
    place.run("issue client --dns a --out x --force").good();
    assert!(!place.path("x/tls.key.4242.new").exists());
}

#[test]
fn files_and_folders_of_similar_names_stay() {
    let place = Place::with_authority();
    fs::create_dir(place.path("x")).expect("a folder");
    let similar = [
        "tls.key.new",
        "tls.key..new",
        "tls.key.42a.new",
        "tls.key.42.new.bak",
        "tls.key.-42.new",
        "my.tls.key.42.new",
        "other.key.42.new",
    ];
    for name in similar {
        private(&place.path("x").join(name));
    }
    let open = place.path("x/tls.key.43.new");
    private(&open);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o666)).expect("a mode");
    std::os::unix::fs::symlink("tls.key.new", place.path("x/tls.key.44.new")).expect("a link");
    staged(&place, "x/tls.key.45.new", "root.key");
    staged(&place, ".other.4242.new", "notes.txt");
    let ran = place.run("issue client --dns a --out x").good();
    assert!(!ran.stderr.contains("was left"), "{ran:#?}");
    place.run("init --name Other --dir other").good();
    for name in similar
        .iter()
        .chain(&["tls.key.43.new", "tls.key.45.new/root.key"])
    {
        assert!(place.path("x").join(name).exists(), "{name}");
    }
    assert!(place.path("x/tls.key.44.new").is_symlink());
    assert!(place.path(".other.4242.new/notes.txt").exists());
}
