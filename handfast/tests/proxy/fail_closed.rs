//! What cannot be read or does not fit never lets anybody in: at the start there is no proxy, on a reload the
//! last good state serves on and says so.

use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
    process::Command,
    time::Duration,
};

use handfast_pki::Profile;

use crate::program::{
    Place, Ran,
    caller::Call,
    daemon::{Daemon, PATIENCE, configuration, until},
    pki::{Ca, DOOR, Wanted, ago, cast},
    service::{Service, closed_port},
};

/// What is wrong with a file.
#[derive(Debug, Clone, Copy)]
enum Bad {
    Missing,
    Empty,
    /// A socket: it is there and cannot be opened. Permission bits do not stop root, under which tests run.
    Unreadable,
    DanglingLink,
    Folder,
    /// Cut off in its first block.
    Truncated,
    /// The first block is whole, a later one is cut off.
    TruncatedLater,
    Text(&'static str),
    /// The contents of another file.
    Of(&'static str),
}

impl Bad {
    fn put(self, place: &Place, target: &str) {
        let path = place.path(target);
        let good = fs::read(&path).expect("the good file");
        let bytes = match self {
            Self::Missing | Self::Unreadable | Self::DanglingLink | Self::Folder => Vec::new(),
            Self::Empty => Vec::new(),
            Self::Truncated => good[..good.len() / 4].to_vec(),
            Self::TruncatedLater => good[..good.len() * 3 / 4].to_vec(),
            Self::Text(text) => text.into(),
            Self::Of(other) => fs::read(place.path(other)).expect("another file"),
        };
        let staged = place.path("staged");
        match self {
            Self::Missing => return fs::remove_file(&path).expect("removed"),
            Self::Folder => {
                fs::remove_file(&path).expect("removed");
                return fs::create_dir(&path).expect("a folder");
            }
            Self::Unreadable => drop(UnixListener::bind(&staged).expect("a socket")),
            Self::DanglingLink => symlink("nowhere", &staged).expect("a link"),
            _ => fs::write(&staged, bytes).expect("written"),
        }
        fs::rename(&staged, &path).expect("replaced at once");
    }
}

fn restore(place: &Place, target: &str, good: &[u8]) {
    let path = place.path(target);
    if path.is_dir() {
        fs::remove_dir(&path).expect("removed");
    }
    place.write("staged", good);
    fs::rename(place.path("staged"), &path).expect("replaced at once");
}

const JUNK_CERTIFICATE: &str =
    "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
const JUNK_KEY: &str = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n";

/// Every file, everything that can be wrong with it, and the code that says so.
const MATRIX: [(&str, &[(Bad, &str)]); 4] = [
    (
        "server/ca.crt",
        &[
            (Bad::Missing, "HF-408"),
            (Bad::Empty, "HF-409"),
            (Bad::Unreadable, "HF-408"),
            (Bad::DanglingLink, "HF-408"),
            (Bad::Folder, "HF-408"),
            (Bad::Truncated, "HF-409"),
            (Bad::Text(JUNK_CERTIFICATE), "HF-409"),
            (Bad::Text("no PEM at all\n"), "HF-409"),
            (Bad::Of("half-bundle.crt"), "HF-409"),
            (Bad::Of("server/tls.key"), "HF-409"),
            (Bad::Of("web/tls.crt"), "HF-309"),
            (Bad::Of("old/ca.crt"), "HF-202"),
        ],
    ),
    (
        "server/tls.crt",
        &[
            (Bad::Missing, "HF-408"),
            (Bad::Empty, "HF-409"),
            (Bad::Unreadable, "HF-408"),
            (Bad::DanglingLink, "HF-408"),
            (Bad::Folder, "HF-408"),
            (Bad::Truncated, "HF-409"),
            (Bad::TruncatedLater, "HF-409"),
            (Bad::Text(JUNK_CERTIFICATE), "HF-409"),
            (Bad::Text("no PEM at all\n"), "HF-409"),
            (Bad::Of("server/tls.key"), "HF-409"),
            (Bad::Of("second/tls.crt"), "HF-401"),
            (Bad::Of("server/ca.crt"), "HF-401"),
            (Bad::Of("expired-same-key.crt"), "HF-202"),
            (Bad::Of("client-same-key.crt"), "HF-201"),
        ],
    ),
    (
        "server/tls.key",
        &[
            (Bad::Missing, "HF-408"),
            (Bad::Empty, "HF-409"),
            (Bad::Unreadable, "HF-408"),
            (Bad::DanglingLink, "HF-408"),
            (Bad::Folder, "HF-408"),
            (Bad::Truncated, "HF-409"),
            (Bad::Text(JUNK_KEY), "HF-409"),
            (Bad::Text("no PEM at all\n"), "HF-409"),
            (Bad::Of("server/tls.crt"), "HF-409"),
            (Bad::Of("second/tls.key"), "HF-401"),
        ],
    ),
    (
        "handfast.toml",
        &[
            (Bad::Missing, "HF-408"),
            (Bad::Empty, "HF-701"),
            (Bad::Unreadable, "HF-408"),
            (Bad::DanglingLink, "HF-408"),
            (Bad::Folder, "HF-408"),
            (Bad::Truncated, "HF-701"),
            (Bad::Text("[proxy\n\u{1}"), "HF-701"),
            (Bad::Of("server/tls.crt"), "HF-701"),
            (Bad::Of("no-rules.toml"), "HF-702"),
            (Bad::Of("empty-rules.toml"), "HF-701"),
            (Bad::Of("unlisted-rule.toml"), "HF-701"),
            (Bad::Of("unknown-rule.toml"), "HF-703"),
            (Bad::Of("unknown-key.toml"), "HF-701"),
        ],
    ),
];

/// Everything that the matrix is made of.
fn prepared(service: &Service) -> Place {
    let place = Place::new();
    let (ours, _) = cast(&place);
    ours.issue(
        &place,
        "second",
        &Wanted::now(Profile::Server),
        &["dns:localhost"],
    );
    let old = Ca::founded(&place, "old", ago(4000));
    old.issue(
        &place,
        "old",
        &Wanted {
            issued: ago(3990),
            ..Wanted::now(Profile::Server)
        },
        &["dns:localhost"],
    );
    same_key(
        &place,
        &ours,
        "expired-same-key.crt",
        &Wanted::expired(Profile::Server),
    );
    same_key(
        &place,
        &ours,
        "client-same-key.crt",
        &Wanted::now(Profile::Client),
    );
    let bundle = place.read("server/ca.crt") + &place.read("stranger/ca.crt");
    place.write("half-bundle.crt", &bundle[..bundle.len() * 3 / 4]);
    let good = configuration(&service.url(), "");
    let rule = "[\"uri:spiffe://acme/web\"]";
    place.write("no-rules.toml", good.replace(&format!("allow = {rule}"), ""));
    place.write("empty-rules.toml", good.replace(rule, "[]"));
    place.write(
        "unlisted-rule.toml",
        good.replace(rule, "\"uri:spiffe://acme/web\""),
    );
    place.write("unknown-rule.toml", good.replace(rule, "[\"everybody\"]"));
    place.write("unknown-key.toml", good.clone() + "alow = [\"any\"]\n");
    place.write("handfast.toml", good);
    place
}

/// A certificate for the key of the proxy, which fits it and is still not good for it.
fn same_key(place: &Place, ca: &Ca, file: &str, wanted: &Wanted) {
    let key =
        handfast_pki::pem::private_key(place.read("server/tls.key").as_bytes()).expect("the proxy's key");
    place.write(file, ca.certify(&key, wanted, &["dns:localhost"]));
}

#[test]
fn at_the_start_nothing_unreadable_or_unfit_opens_a_proxy() {
    let service = Service::hello();
    let place = prepared(&service);
    let mut cells = 0;
    for (target, bads) in MATRIX {
        let good = fs::read(place.path(target)).expect("the good file");
        for (bad, code) in bads {
            bad.put(&place, target);
            let config = place.run("proxy --config handfast.toml");
            assert_start_refused(config, target, *bad, code);
            if target != "handfast.toml" {
                let flags = format!("{DOOR} --to {} --allow any", service.url());
                assert_start_refused(place.run(&flags), target, *bad, code);
            }
            restore(&place, target, &good);
            cells += 1;
        }
    }
    assert!(cells >= 45, "{cells}");
    // And the same proxy opens when everything is good.
    let proxy = place.open("proxy --config handfast.toml");
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
}

#[track_caller]
fn assert_start_refused(ran: Ran, target: &str, bad: Bad, code: &str) {
    assert_eq!(ran.exit, 2, "{target} {bad:?}: {ran:#?}");
    assert!(
        ran.stderr.contains(&format!("[{code}]")),
        "{target} {bad:?}, expected {code}: {ran:#?}"
    );
    assert!(!ran.stderr.contains("listening"), "{target} {bad:?}: {ran:#?}");
    let file = Path::new(target).file_name().and_then(|name| name.to_str());
    let named = ran.stderr.contains(file.expect("a name")) || ran.stderr.contains("tls.key");
    assert!(named, "{target} {bad:?} is not named: {ran:#?}");
}

#[test]
fn on_a_reload_nothing_unreadable_or_unfit_changes_who_gets_in() {
    // One proxy per file, so that the four run side by side.
    std::thread::scope(|scope| {
        for (target, bads) in MATRIX {
            scope.spawn(move || {
                let service = Service::hello();
                let place = prepared(&service);
                let proxy = place.open("proxy --config handfast.toml");
                let good = fs::read(place.path(target)).expect("the good file");
                assert_good_and_bad(&place, &proxy, target, Bad::Empty);
                for (bad, code) in bads {
                    let seen = proxy.events("reload").len();
                    bad.put(&place, target);
                    let refused = until(format!("{target} {bad:?}: a reload refused with {code}"), || {
                        let events = proxy.events("reload");
                        events.into_iter().skip(seen).find(|event| event["code"] == *code)
                    });
                    assert_eq!(refused["taken"], false, "{target} {bad:?}");
                    assert!(
                        refused["reason"]
                            .as_str()
                            .is_some_and(|reason| !reason.is_empty()),
                        "{refused}"
                    );
                    assert_good_and_bad(&place, &proxy, target, *bad);
                    restore(&place, target, &good);
                    until(format!("{target} after {bad:?}: taken again"), || {
                        proxy
                            .events("reload")
                            .into_iter()
                            .skip(seen)
                            .find(|event| event["taken"] == true)
                    });
                }
                let left = proxy.stop();
                assert_eq!(left.exit, 0, "{left:#?}");
                let told = left.stderr.matches("the last good state stays active").count();
                assert!(told >= bads.len(), "{left:#?}");
            });
        }
    });
}

#[track_caller]
fn assert_good_and_bad(place: &Place, proxy: &Daemon, target: &str, bad: Bad) {
    // The good folder may be the one that is broken now; clients have their own CA file.
    let call = |pair: Option<&'static str>| Call {
        pair,
        ca: "web/ca.crt",
        ..Call::of(place, "web")
    };
    let why = format!("{target} {bad:?}: {}", proxy.stdout());
    assert_eq!(call(Some("web")).get(proxy.port), Ok(200), "{why}");
    for stranger in [None, Some("stranger"), Some("api")] {
        assert!(
            call(stranger).get(proxy.port).is_err(),
            "{stranger:?} came in: {why}"
        );
    }
}

#[test]
fn a_pipe_in_the_place_of_a_file_does_not_hang_the_start() {
    let service = Service::hello();
    let place = prepared(&service);
    fs::remove_file(place.path("server/tls.key")).expect("removed");
    place.shell("mkfifo server/tls.key").good();
    let mut child = place
        .handfast("proxy --config handfast.toml")
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let begun = std::time::Instant::now();
    let status = loop {
        match child.try_wait().expect("it is ours") {
            Some(status) => break Some(status),
            None if begun.elapsed() > PATIENCE / 4 => break None,
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let _ = child.kill();
    let output = child.wait_with_output().expect("it ended");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        status.and_then(|status| status.code()),
        Some(2),
        "it waits for a writer of the pipe: {said}"
    );
    assert!(said.contains("[HF-408]"), "{said}");
}

#[test]
fn without_a_rule_there_is_no_proxy() {
    let service = Service::hello();
    let place = prepared(&service);
    place
        .run(&format!("{DOOR} --to {}", service.url()))
        .refused(2, "HF-702");
    let mut command = Command::new(env!("CARGO_BIN_EXE_handfast"));
    command
        .args(DOOR.split_whitespace())
        .args(["--to", &service.url(), "--allow", ""])
        .current_dir(place.path(""));
    Ran::new("--allow ''", command).refused(2, "HF-703");
}

#[test]
fn the_tunnel_does_not_start_with_what_the_proxy_would_not_take() {
    let service = Service::hello();
    let place = prepared(&service);
    let words =
        "tunnel --listen 127.0.0.1:0 --to localhost:1 --cert web/tls.crt --key web/tls.key --ca web/ca.crt";
    for (target, bad, code) in [
        ("web/ca.crt", Bad::Missing, "HF-408"),
        ("web/ca.crt", Bad::Empty, "HF-409"),
        ("web/ca.crt", Bad::Of("web/tls.crt"), "HF-309"),
        ("web/tls.crt", Bad::Of("api/tls.crt"), "HF-401"),
        ("web/tls.key", Bad::Truncated, "HF-409"),
    ] {
        let good = fs::read(place.path(target)).expect("the good file");
        bad.put(&place, target);
        assert_start_refused(place.run(words), target, bad, code);
        restore(&place, target, &good);
    }
    place
        .run(&format!("{words} --expect everybody"))
        .refused(2, "HF-703");
    place.open(words);
}

#[test]
fn check_says_of_a_place_to_listen_what_the_start_says_and_no_file_gives_way_to_a_socket() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let key = place.read("server/tls.key");
    let port = closed_port();
    let configured = |listen: &[&str], admin: &str| {
        let listeners = listen.iter().map(|listen| {
            format!(
                "[[listener]]\nlisten = \"{listen}\"\n[[listener.host]]\ndefault = true\ncert = \"server/tls.crt\"\n\
                 key = \"server/tls.key\"\nclients = [\"acme\"]\n[[listener.host.route]]\npath = \"/\"\nallow = [\"any\"]\n\
                 to = \"{}\"\n",
                service.url()
            )
        });
        let listeners: String = listeners.collect();
        format!(
            "[proxy]\nworkers = 1\nadmin = \"{admin}\"\n[[clients]]\nname = \"acme\"\nca = \"server/ca.crt\"\n{listeners}"
        )
    };
    let (here, everywhere) = (format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}"));
    let any = "127.0.0.1:0";
    for (listen, admin, both, of_check) in [
        (&[any][..], "unix:server/tls.key", "is no socket", ""),
        (&[any], "unix:server", "is no socket", ""),
        (&[any], "unix:gone/admin.sock", "its folder", ""),
        (
            &["192.0.2.1:4711"],
            "unix:admin.sock",
            "cannot be listened on",
            "",
        ),
        (
            &[&here, &here],
            "unix:admin.sock",
            "cannot be listened on",
            "another listener",
        ),
        (
            &[&here, &everywhere],
            "unix:admin.sock",
            "cannot be listened on",
            "another listener",
        ),
        (
            &[&everywhere],
            &here,
            "cannot be listened on",
            "the admin port, has it",
        ),
    ] {
        place.write("handfast.toml", configured(listen, admin));
        let checked = place.run("check handfast.toml").refused(1, "HF-704");
        assert!(
            checked.stdout.contains(of_check),
            "{listen:?} {admin}: {checked:#?}"
        );
        let started = place.run("proxy --config handfast.toml").refused(2, "HF-704");
        for said in [&checked.stdout, &started.stderr] {
            assert!(said.contains(both), "{listen:?} {admin}: {said}");
        }
    }
    assert_eq!(place.read("server/tls.key"), key);
    place.write("handfast.toml", configured(&[any, any], "unix:admin.sock"));
    place.run("check handfast.toml").good();
    let proxy = place.open("proxy --config handfast.toml");
    // The socket of a proxy that runs is in nobody's way.
    place.run("check handfast.toml").good();
    drop(proxy);
}
