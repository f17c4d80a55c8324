//! Setting up other people's software: what is written, what is refused, and that nothing is lost.

mod program;

use program::Place;

/// A place with a server's and a client's files of one authority.
fn place() -> Place {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    place.run("issue client --dns client.example --out client").good();
    place
}

const SERVER: &str = "--cert server/tls.crt --key server/tls.key --ca server/ca.crt";
const CLIENT: &str = "--cert client/tls.crt --key client/tls.key --ca client/ca.crt";

#[test]
fn every_side_of_every_target_is_written_for_the_users_own_files() {
    let place = place();
    for target in handfast_setup::all().expect("the targets can be read") {
        for role in target.roles() {
            let role = role.name();
            let files = if role == "server" { SERVER } else { CLIENT };
            let out = format!("out/{}-{role}", target.name);
            let ran = place
                .run(&format!(
                    "setup {} --role {role} {files} --out {out} --json",
                    target.name
                ))
                .good();
            let report = ran.json();
            assert_eq!(
                report["does"].as_array().map(Vec::len),
                Some(3),
                "{}",
                target.name
            );
            for file in report["files"].as_array().expect("files") {
                let path = file["path"].as_str().expect("a path");
                assert!(std::path::Path::new(path).is_file(), "{path}");
            }
        }
    }
}

#[test]
fn the_files_go_into_the_folder_and_their_paths_to_stdout() {
    let place = place();
    let ran = place.run(&format!("setup haproxy {SERVER} --out proxy")).good();
    let paths: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(paths.len(), 3, "{ran:#?}");
    for path in paths {
        assert!(std::path::Path::new(path).is_absolute(), "{path}");
        assert!(std::path::Path::new(path).is_file(), "{path}");
    }
    // It holds the key.
    assert_eq!(place.mode("proxy/pair.pem"), 0o600);
    assert!(place.read("proxy/haproxy.cfg").contains("verify required"));
    // What is run after a renewal.
    assert_eq!(place.mode("proxy/reload.sh"), 0o755);
    assert!(place.read("proxy/reload.sh").contains("kill -USR2"));
    assert!(ran.stderr.contains("start: haproxy"), "{ran:#?}");
    assert!(ran.stderr.contains("reload: "), "{ran:#?}");
    assert!(
        ran.stderr.contains("next: handfast setup verify haproxy"),
        "{ran:#?}"
    );
}

#[test]
fn what_is_there_is_not_overwritten_unasked() {
    let place = place();
    let line = format!("setup curl {CLIENT} --out here");
    place.run(&line).good();
    place.write("here/curlrc", "mine\n");
    let ran = place.run(&line);
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("HF-801"), "{ran:#?}");
    assert_eq!(place.read("here/curlrc"), "mine\n");
    place.run(&format!("{line} --force")).good();
    assert!(place.read("here/curlrc").contains("cacert"));
}

#[test]
fn without_a_folder_nothing_is_written_and_the_configuration_is_data() {
    let place = place();
    let before = place.names();
    let ran = place.run(&format!("setup curl {CLIENT}")).good();
    assert!(ran.stdout.starts_with("# Mutual TLS"), "{ran:#?}");
    assert!(!ran.stdout.contains("warning:"), "{ran:#?}");
    assert_eq!(place.names(), before);
}

#[test]
fn a_key_is_written_for_its_owner_and_never_printed() {
    let place = place();
    for json in ["", " --json"] {
        let ran = place.run(&format!("setup haproxy {SERVER}{json}")).good();
        assert!(ran.stdout.contains("verify required"), "{ran:#?}");
        assert!(
            !ran.stdout.contains("PRIVATE KEY") && !ran.stderr.contains("PRIVATE KEY"),
            "{ran:#?}"
        );
    }
    place.run(&format!("setup haproxy {SERVER} --out proxy")).good();
    assert!(place.read("proxy/pair.pem").contains("PRIVATE KEY"));
}

#[test]
fn a_key_of_another_certificate_is_refused_with_the_doctors_finding() {
    let place = place();
    let ran =
        place.run("setup nginx --cert server/tls.crt --key client/tls.key --ca server/ca.crt --out proxy");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("HF-401"), "{ran:#?}");
    assert!(!place.path("proxy").exists(), "nothing may be written");
}

#[test]
fn a_certificate_for_clients_is_refused_for_a_server_and_the_reverse() {
    let place = place();
    let ran = place.run(&format!("setup nginx {CLIENT} --host localhost --out proxy"));
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("HF-201"), "{ran:#?}");
    let ran = place.run(&format!("setup curl {SERVER} --out here"));
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("HF-201"), "{ran:#?}");
    assert!(!place.path("proxy").exists() && !place.path("here").exists());
}

#[test]
fn a_ca_file_without_a_ca_is_refused() {
    let place = place();
    place.write("empty.crt", "");
    let ran = place.run("setup nginx --cert server/tls.crt --key server/tls.key --ca empty.crt --out proxy");
    assert_ne!(ran.exit, 0, "{ran:#?}");
    assert!(ran.stderr.contains("HF-"), "{ran:#?}");
    let ran =
        place.run("setup nginx --cert server/tls.crt --key server/tls.key --ca missing.crt --out proxy");
    assert_ne!(ran.exit, 0, "{ran:#?}");
    assert!(!place.path("proxy").exists(), "nothing may be written");
}

/// A place where the CA that issues is below a root, with the lists of both.
fn place_with_two_cas() -> Place {
    let place = place();
    let chain = place.read("server/tls.crt");
    let (_, issuing) = chain.split_once("-----END CERTIFICATE-----\n").expect("a chain");
    place.write("int.crt", issuing);
    place.write("both.crt", issuing.to_owned() + &place.read("server/ca.crt"));
    place.run("ca crl --out all.crl").good();
    let lists = place.read("all.crl");
    for (number, list) in lists.split_inclusive("-----END X509 CRL-----\n").enumerate() {
        place.write(&format!("{number}.crl"), list);
    }
    place
}

#[test]
fn a_ca_file_without_a_root_is_refused_where_the_target_wants_one_and_told_elsewhere() {
    let place = place_with_two_cas();
    let files = "--cert server/tls.crt --key server/tls.key";
    for target in ["nginx", "apache", "haproxy"] {
        let ran = place.run(&format!("setup {target} {files} --ca int.crt --out out/{target}"));
        assert_eq!(ran.exit, 2, "{ran:#?}");
        assert!(
            ran.stderr.contains("HF-105") && ran.stderr.contains("nothing was written"),
            "{ran:#?}"
        );
        assert!(!place.path(&format!("out/{target}")).exists());
        place
            .run(&format!(
                "setup {target} {files} --ca both.crt --out out/{target}"
            ))
            .good();
    }
    for target in ["mosquitto", "go"] {
        let told = place.run(&format!("setup {target} {files} --ca int.crt")).good();
        assert!(told.stderr.contains("[HF-105]"), "{told:#?}");
        let whole = place.run(&format!("setup {target} {files} --ca both.crt")).good();
        assert!(!whole.stderr.contains("HF-105"), "{whole:#?}");
    }
}

#[test]
fn a_list_of_one_ca_alone_is_refused_where_the_target_wants_all_and_told_elsewhere() {
    let place = place_with_two_cas();
    let files = "--cert server/tls.crt --key server/tls.key --ca both.crt";
    for target in ["nginx", "haproxy"] {
        for list in ["0.crl", "1.crl"] {
            let ran = place.run(&format!("setup {target} {files} --crl {list} --out out/{target}"));
            assert_eq!(ran.exit, 2, "{ran:#?}");
            assert!(
                ran.stderr.contains("HF-206") && ran.stderr.contains("holds no list of"),
                "{ran:#?}"
            );
            assert!(!place.path(&format!("out/{target}")).exists());
        }
        place
            .run(&format!(
                "setup {target} {files} --crl all.crl --out out/{target}"
            ))
            .good();
    }
    let told = place.run(&format!("setup mosquitto {files} --crl 0.crl")).good();
    assert!(told.stderr.contains("[HF-206]"), "{told:#?}");
    let whole = place
        .run(&format!("setup mosquitto {files} --crl all.crl"))
        .good();
    assert!(!whole.stderr.contains("HF-206"), "{whole:#?}");
}

#[test]
fn a_path_that_the_syntax_cannot_say_is_refused_and_one_with_a_space_is_quoted() {
    let place = place();
    std::fs::create_dir(place.path("a folder")).expect("a folder");
    std::fs::copy(place.path("server/tls.crt"), place.path("a folder/tls.crt")).expect("a copy");
    let words = |folder: &str| {
        let mut command = place.handfast("setup nginx --key server/tls.key --ca server/ca.crt");
        command.args(["--cert", &format!("{folder}/tls.crt")]);
        program::Ran::new("setup nginx", command)
    };
    let ran = words("a folder").good();
    assert!(ran.stdout.contains("/a folder/tls.crt\";"), "{ran:#?}");
    std::fs::rename(place.path("a folder"), place.path("a$folder")).expect("a new name");
    let ran = words("a$folder");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("begins a variable"), "{ran:#?}");
}

#[test]
fn what_is_no_target_is_refused_and_the_nearest_are_named() {
    let place = place();
    let ran = place.run(&format!("setup postgresq {SERVER}"));
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("nearest: postgresql"), "{ran:#?}");
    let ran = place.run(&format!("setup curl --role server {SERVER}"));
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("no server side"), "{ran:#?}");
}

#[test]
fn every_target_is_listed_on_a_line_of_its_own() {
    let place = Place::new();
    let ran = place.run("setup list").good();
    let names: Vec<&str> = ran
        .stdout
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(names, handfast_setup::names());
    for name in ["nginx", "postgresql", "curl"] {
        assert!(names.contains(&name), "{name}");
        place.run(&format!("setup show {name}")).good();
    }
}

#[test]
fn what_a_target_cannot_do_is_said_before_anybody_relies_on_it() {
    let place = place();
    let ran = place.run(&format!("setup caddy {SERVER} --out proxy")).good();
    assert!(ran.stderr.contains("warning: accepts \"revoked\""), "{ran:#?}");
    let ran = place.run(&format!("setup nginx {SERVER} --out other")).good();
    assert!(!ran.stderr.contains("accepts \""), "{ran:#?}");
}

#[test]
fn a_target_of_the_users_own_is_found_in_a_folder_and_a_broken_one_is_named() {
    let place = place();
    std::fs::create_dir_all(place.path("mine/relay")).expect("a folder");
    place.write(
        "mine/relay/target.toml",
        "title = \"Our relay\"\n[server]\ndoes = [\"a\", \"b\", \"c\"]\n[[server.file]]\nname = \"relay.conf\"\nquote = \"line\"\n",
    );
    place.write("mine/relay/test.toml", "");
    place.write("mine/relay/relay.conf", "certificate {{ cert }}\n");
    let line = format!("setup relay --targets mine {SERVER}");
    let ran = place.run(&line).good();
    assert!(ran.stdout.contains("/server/tls.crt"), "{ran:#?}");
    place.write("mine/relay/relay.conf", "certificate {{ certificat }}\n");
    let ran = place.run(&line);
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("relay.conf"), "{ran:#?}");
}

/// A target of our own that is put into `installed/relay.conf`, whose check looks for `word` in it.
fn relay(place: &Place, word: &str) {
    std::fs::create_dir_all(place.path("mine/relay")).expect("a folder");
    std::fs::create_dir_all(place.path("installed")).expect("a folder");
    let to = place.path("installed/relay.conf");
    let to = to.display();
    place.write(
        "mine/relay/target.toml",
        format!(
            "title = \"Our relay\"\n[server]\ndoes = [\"a\", \"b\", \"c\"]\n[[server.file]]\nname = \"relay.conf\"\n\
             quote = \"line\"\n[server.apply]\nfile = \"relay.conf\"\nto = \"{to}\"\ncheck = \"grep -q {word} {to}\"\n\
             reload = \"touch {to}.taken\"\n"
        ),
    );
    place.write("mine/relay/test.toml", "");
    place.write("mine/relay/relay.conf", "certificate {{ cert }}\n");
}

#[test]
fn a_configuration_is_put_in_its_place_checked_and_reloaded() {
    let place = place();
    relay(&place, "certificate");
    let ran = place
        .run(&format!("setup relay --targets mine {SERVER} --apply"))
        .good();
    assert!(ran.stderr.contains("in place: "), "{ran:#?}");
    assert!(place.read("installed/relay.conf").starts_with("certificate /"));
    assert!(
        place.path("installed/relay.conf.taken").exists(),
        "it was reloaded"
    );
}

#[test]
fn a_trial_never_writes_into_a_folder_with_something_in_it() {
    let place = place();
    let ran = place.run("setup verify python-http --dir client");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("HF-801"), "{ran:#?}");
    assert_eq!(place.read("client/ca.crt"), place.read("server/ca.crt"));
}

#[test]
fn a_configuration_that_the_software_refuses_leaves_everything_as_it_was() {
    let place = place();
    relay(&place, "nobody-writes-this");
    let line = format!("setup relay --targets mine {SERVER} --apply");
    let ran = place.run(&line);
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("everything is as it was before"), "{ran:#?}");
    assert!(!place.path("installed/relay.conf").exists());
    place.write("installed/relay.conf", "the old one\n");
    let ran = place.run(&line);
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("HF-801"), "{ran:#?}");
    assert_eq!(place.read("installed/relay.conf"), "the old one\n");
    assert_eq!(place.run(&format!("{line} --force")).exit, 2);
    assert_eq!(place.read("installed/relay.conf"), "the old one\n");
    assert!(
        !place.path("installed/relay.conf.taken").exists(),
        "it was not reloaded"
    );
}
