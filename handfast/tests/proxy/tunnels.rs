//! Many tunnels in one process, from a file: what it says, and what a new one changes.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixStream,
    },
    time::Duration,
};

use handfast_pki::Profile;

use crate::program::{
    Place,
    daemon::{Daemon, until},
    pki::{DOOR, Wanted, cast},
    service::{closed_port, listen},
};

/// Repeats every byte.
fn repeats() -> u16 {
    listen(|_, mut stream| {
        let mut buffer = [0; 1024];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
    })
}

/// A proxy in front of what repeats every byte, for `web` and `api`.
fn far(place: &Place) -> Daemon {
    place.open(&format!(
        "{DOOR} --to tcp://127.0.0.1:{} --allow uri:spiffe://acme/web --allow uri:spiffe://acme/api",
        repeats()
    ))
}

/// A table `[[tunnel]]` that shows the certificate of `web`.
fn table(listen: &str, to: u16, more: &str) -> String {
    format!(
        "[[tunnel]]\nlisten = \"{listen}\"\nto = \"localhost:{to}\"\ncert = \"web/tls.crt\"\nkey = \"web/tls.key\"\n\
         ca = \"web/ca.crt\"\n{more}\n"
    )
}

fn open(place: &Place, text: &str) -> Daemon {
    place.write("tunnel.toml", text);
    place.open("tunnel --config tunnel.toml")
}

fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// An open connection through which `word` came back.
fn talk(port: u16, word: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connected");
    talk_over(&mut stream, word).expect("repeated");
    stream
}

fn talk_over(stream: &mut (impl Read + Write), word: &[u8]) -> std::io::Result<()> {
    stream.write_all(word)?;
    let mut back = vec![0; word.len()];
    stream.read_exact(&mut back)?;
    assert_eq!(back, word);
    Ok(())
}

fn patient(stream: TcpStream) -> TcpStream {
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience).expect("set");
    stream
}

/// Whether nothing more comes over it, but its end.
fn is_cut(stream: &mut TcpStream) -> bool {
    !matches!(stream.read(&mut [0; 1]), Ok(1..))
}

#[test]
fn one_process_has_many_tunnels_and_each_leads_to_its_own_server() {
    let place = Place::new();
    cast(&place);
    let (one, other) = (far(&place), far(&place));
    let (first, second) = (closed_port(), closed_port());
    let text = [
        table(&local(first), one.port, ""),
        table(&local(second), other.port, ""),
    ]
    .concat();
    let tunnels = open(&place, &text);
    let ran = place.run("check tunnel.toml").good();
    assert!(
        ran.stderr.contains("handfast tunnel --config tunnel.toml"),
        "{ran:?}"
    );
    talk(first, b"to the first");
    talk(second, b"to the second");
    assert_eq!(one.connection(1)["bytes_in"], 12);
    assert_eq!(other.connection(1)["bytes_in"], 13);
    let ids: Vec<_> = tunnels
        .connections(2)
        .iter()
        .map(|record| record["id"].clone())
        .collect();
    assert!(ids[0] != ids[1], "{ids:?}");
    assert_eq!(tunnels.stop().exit, 0);
}

#[test]
fn a_reload_opens_what_is_new_closes_what_is_gone_and_keeps_what_is_as_it_was() {
    let place = Place::new();
    cast(&place);
    let far = far(&place);
    let [kept, gone, new] = [closed_port(), closed_port(), closed_port()];
    let table = |port| table(&local(port), far.port, "");
    let tunnels = open(&place, &[table(kept), table(gone)].concat());
    let mut stays = patient(talk(kept, b"before"));
    let mut goes = patient(talk(gone, b"before"));
    place.write("tunnel.toml", [table(new), table(kept)].concat());
    tunnels.signal("HUP");
    assert_eq!(tunnels.reload_after(0)["taken"], true);
    assert!(is_cut(&mut goes));
    let record = tunnels.connection(1);
    assert_eq!(
        (&record["code"], &record["verdict"]),
        (&"HF-730".into(), &"allowed".into())
    );
    until("the closed listener", || {
        TcpStream::connect(("127.0.0.1", gone)).err()
    });
    talk_over(&mut stays, b"after").expect("it lives");
    talk(new, b"after");
}

#[test]
fn a_bad_new_configuration_changes_nothing_and_says_why() {
    let place = Place::new();
    cast(&place);
    let far = far(&place);
    let (kept, new) = (closed_port(), closed_port());
    let good = table(&local(kept), far.port, "");
    let tunnels = open(&place, &good);
    let mut stays = patient(talk(kept, b"before"));
    let occupied = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = occupied.local_addr().expect("bound").port();
    for (count, (bad, code)) in [
        (format!("{good}nothing = 1\n"), "HF-701"),
        (
            good.replace("web/tls.key", "api/tls.key") + &table(&local(new), far.port, ""),
            "HF-401",
        ),
        // The first is good by itself, and another: it must not be taken over without the second.
        (
            table(&local(new), far.port, "") + &table(&local(taken), far.port, ""),
            "HF-704",
        ),
        ("[[tunnel]\n".to_owned(), "HF-701"),
        (String::new(), "HF-701"),
    ]
    .into_iter()
    .enumerate()
    {
        place.write("tunnel.toml", &bad);
        let event = tunnels.reload_after(count);
        assert_eq!(
            (&event["taken"], &event["code"]),
            (&false.into(), &code.into()),
            "{bad}{event}"
        );
        assert!(
            event["reason"].as_str().is_some_and(|reason| !reason.is_empty()),
            "{event}"
        );
        talk_over(&mut stays, b"after").expect("it lives");
        talk(kept, b"and takes more");
        assert!(TcpStream::connect(("127.0.0.1", new)).is_err(), "{bad}");
    }
    drop(occupied);
    place.write("tunnel.toml", good + &table(&local(new), far.port, ""));
    assert_eq!(tunnels.reload_after(5)["taken"], true);
    talk(new, b"at last");
    talk_over(&mut stays, b"and still").expect("it lives");
}

#[test]
fn a_tunnel_that_is_changed_cuts_what_was_allowed_before() {
    let place = Place::new();
    cast(&place);
    let (one, other) = (far(&place), far(&place));
    let (changed, kept) = (closed_port(), closed_port());
    let beside = table(&local(kept), one.port, "");
    let tunnels = open(&place, &(table(&local(changed), one.port, "") + &beside));
    let mut goes = patient(talk(changed, b"before"));
    let mut stays = patient(talk(kept, b"before"));
    place.write("tunnel.toml", table(&local(changed), other.port, "") + &beside);
    assert_eq!(tunnels.reload_after(0)["taken"], true);
    assert!(is_cut(&mut goes));
    assert_eq!(tunnels.connection(1)["code"], "HF-730");
    talk(changed, b"elsewhere");
    assert_eq!(other.connection(1)["bytes_in"], 9);
    talk_over(&mut stays, b"after").expect("it lives");
}

#[test]
fn a_renewed_certificate_is_shown_at_once_and_a_server_that_lost_its_ca_is_left() {
    let place = Place::new();
    let (ours, _) = cast(&place);
    let far = far(&place);
    let port = closed_port();
    let tunnels = open(&place, &table(&local(port), far.port, ""));
    let mut stays = patient(talk(port, b"before"));
    let client = Wanted::now(Profile::Client);
    ours.issue(&place, "web", &client, &["uri:spiffe://acme/api"]);
    until("the renewal", || {
        tunnels
            .events("reload")
            .into_iter()
            .find(|event| event["taken"] == true)
    });
    talk(port, b"as another");
    let identity = far.connection(1)["identity"]["called"].clone();
    assert_eq!(identity, "uri:spiffe://acme/api");
    talk_over(&mut stays, b"after").expect("it lives");
    let seen = tunnels.events("reload").len();
    std::fs::copy(place.path("stranger/ca.crt"), place.path("web/ca.crt")).expect("another CA");
    assert_eq!(tunnels.reload_after(seen)["taken"], true);
    assert!(is_cut(&mut stays));
    let record = tunnels.connection(2);
    assert_eq!(record["code"], "HF-301", "{record}");
}

#[test]
fn a_socket_in_the_file_system_is_for_whom_its_mode_says_and_goes_with_its_tunnel() {
    let place = Place::new();
    cast(&place);
    let far = far(&place);
    let port = closed_port();
    let text = table(&local(port), far.port, "") + &table("unix:a.sock", far.port, "");
    // Of a process that is gone.
    drop(std::os::unix::net::UnixListener::bind(place.path("a.sock")).expect("bound"));
    let tunnels = open(
        &place,
        &(text.clone() + &table("unix:b.sock", far.port, "mode = \"0660\"")),
    );
    assert_eq!((place.mode("a.sock"), place.mode("b.sock")), (0o600, 0o660));
    for name in ["a.sock", "b.sock"] {
        let mut stream = UnixStream::connect(place.path(name)).expect("connected");
        talk_over(&mut stream, b"over a file").expect("repeated");
        stream.shutdown(Shutdown::Both).expect("closed");
    }
    let peer = tunnels.connections(2)[0]["peer"].to_string();
    assert!(peer.contains("uid ") && peer.contains("pid "), "{peer}");
    // A second process must not take it away.
    place.write("second.toml", table("unix:a.sock", far.port, ""));
    place.run("tunnel --config second.toml").refused(2, "HF-704");
    place.write("a-file", "of others");
    place.write("second.toml", table("unix:a-file", far.port, ""));
    place.run("tunnel --config second.toml").refused(2, "HF-704");
    assert_eq!(place.read("a-file"), "of others");
    // Another mode is taken over; what is gone is removed.
    place.write(
        "tunnel.toml",
        text.replace("unix:a.sock\"", "unix:a.sock\"\nmode = \"0666\""),
    );
    assert_eq!(tunnels.reload_after(0)["taken"], true);
    assert_eq!(place.mode("a.sock"), 0o666);
    until("its end", || std::fs::metadata(place.path("b.sock")).err());
    tunnels.stop();
    assert!(
        !place.names().contains(&"a.sock".to_owned()),
        "{:?}",
        place.names()
    );
    assert!(
        !place.names().iter().any(|name| name.starts_with('.')),
        "{:?}",
        place.names()
    );
}

#[test]
fn a_caller_that_no_route_is_for_is_refused_and_nothing_is_connected() {
    let place = Place::new();
    cast(&place);
    let far = far(&place);
    let own = place.shell("id -u").good().stdout.trim().to_owned();
    let group = place.shell("id -g").good().stdout.trim().to_owned();
    let other: u32 = own.parse::<u32>().expect("a number") + 77;
    let port = closed_port();
    let for_users = |file: &str, more: String| table(&format!("unix:{file}"), far.port, &more);
    let by_route = format!(
        "[[tunnel.route]]\nusers = [\"{other}\"]\ncert = \"stranger/tls.crt\"\nkey = \"stranger/tls.key\"\n\
         [[tunnel.route]]\nusers = [\"{own}\"]\ncert = \"api/tls.crt\"\nkey = \"api/tls.key\"\n"
    );
    let text = [
        table(&local(port), far.port, ""),
        for_users(
            "others.sock",
            format!("users = [\"{other}\"]\ngroups = [\"{other}\"]"),
        ),
        for_users("users.sock", format!("users = [\"{own}\"]")),
        for_users(
            "groups.sock",
            format!("users = [\"{other}\"]\ngroups = [\"{group}\"]"),
        ),
        for_users("route.sock", by_route),
    ];
    let tunnels = open(&place, &text.concat());
    let mut refused = UnixStream::connect(place.path("others.sock")).expect("connected");
    assert!(talk_over(&mut refused, b"let me in").is_err());
    let record = tunnels.connection(1);
    assert_eq!(
        (&record["code"], &record["verdict"]),
        (&"HF-731".into(), &"denied".into()),
        "{record}"
    );
    assert!(
        record["reason"].to_string().contains(&format!("uid {own}")),
        "{record}"
    );
    assert_eq!(far.events("connection").len(), 0);
    for (file, who) in [
        ("users.sock", "web"),
        ("groups.sock", "web"),
        ("route.sock", "api"),
    ] {
        let before = far.events("connection").len();
        let mut stream = UnixStream::connect(place.path(file)).expect("connected");
        talk_over(&mut stream, b"hello").expect(file);
        drop(stream);
        let record = far.connection(before + 1);
        assert_eq!(
            record["identity"]["called"],
            format!("uri:spiffe://acme/{who}"),
            "{file}"
        );
    }
}

#[test]
fn check_finds_everything_that_is_wrong_with_tunnels_each_with_its_line() {
    let place = Place::new();
    cast(&place);
    let lines = [
        ("listen = \"0.0.0.0:1\"\n", "HF-723", 2),
        ("listen = \"127.0.0.1:1\"\nmode = \"0600\"\n", "HF-701", 3),
        ("listen = \"127.0.0.1:1\"\nusers = [\"root\"]\n", "HF-701", 3),
        ("listen = \"unix:s\"\nmode = \"0999\"\n", "HF-701", 3),
        (
            "listen = \"unix:s\"\nusers = [\"nobody-has-this-name\"]\n",
            "HF-701",
            3,
        ),
        ("listen = \"unix:\"\n", "HF-701", 2),
        (
            "listen = \"127.0.0.1:1\"\nforward-proxy = true\nto = [\"*:443\"]\n",
            "HF-701",
            4,
        ),
        (
            "listen = \"127.0.0.1:1\"\nto = [\"a.example:1\", \"b.example:1\"]\n",
            "HF-701",
            3,
        ),
        (
            "listen = \"127.0.0.1:1\"\nexpect = [\"everybody\"]\n",
            "HF-703",
            3,
        ),
        (
            "listen = \"127.0.0.1:1\"\n[[tunnel.route]]\ncert = \"api/tls.crt\"\n",
            "HF-701",
            3,
        ),
    ];
    let usual = "cert = \"web/tls.crt\"\nkey = \"web/tls.key\"\nca = \"web/ca.crt\"\n";
    for (text, code, line) in lines {
        let to = if text.contains("to =") {
            ""
        } else {
            "to = \"localhost:1\"\n"
        };
        let (own, routes) = text
            .split_once("[[")
            .map_or((text, String::new()), |(own, routes)| {
                (own, format!("[[{routes}"))
            });
        place.write("tunnel.toml", format!("[[tunnel]]\n{own}{to}{usual}{routes}"));
        let ran = place.run("check tunnel.toml").refused(1, code);
        let line = if routes.is_empty() { line } else { 7 };
        assert!(
            ran.stdout.contains(&format!("tunnel.toml:{line}"))
                || ran.stdout.contains(&format!("line {line}")),
            "{text}{ran:#?}"
        );
    }
    place.write(
        "tunnel.toml",
        format!("[[tunnel]]\nlisten = \"0.0.0.0:1\"\nunsafe-listen = true\nto = \"localhost:1\"\n{usual}"),
    );
    let ran = place.run("check tunnel.toml").good();
    assert!(ran.stdout.contains("[HF-723]"), "{ran:?}");
    place.write(
        "tunnel.toml",
        format!("[[tunnel]]\nlisten = \"127.0.0.1:1\"\nto = \"localhost:1\"\n{usual}")
            .replace("web/tls.key", "api/tls.key"),
    );
    place.run("check tunnel.toml").refused(1, "HF-401");
}

#[test]
fn check_says_of_a_place_to_listen_what_the_start_says_of_it() {
    let place = Place::new();
    cast(&place);
    place.write("file", "somebody's");
    std::fs::create_dir(place.path("folder")).expect("a folder");
    std::os::unix::fs::symlink("file", place.path("link")).expect("a link");
    let long = format!("unix:{}", "a".repeat(108));
    let cases = [
        ("unix:file", "is no socket"),
        ("unix:folder", "is no socket"),
        ("unix:link", "is no socket"),
        ("unix:gone/s.sock", "its folder"),
        ("unix:file/s.sock", "is no folder"),
        (&long, "SUN_LEN"),
        // Of a network for documentation (RFC 5737), so that no machine has it.
        ("192.0.2.1:4711", "cannot be listened on"),
    ];
    for (listen, reason) in cases {
        place.write("tunnel.toml", table(listen, 1, "unsafe-listen = true\n"));
        let checked = place.run("check tunnel.toml").refused(1, "HF-704");
        let started = place.run("tunnel --config tunnel.toml").refused(2, "HF-704");
        for said in [&checked.stdout, &started.stderr] {
            assert!(said.contains(reason), "{listen}: {said}");
        }
    }
    assert_eq!(place.read("file"), "somebody's");
    place.write(
        "tunnel.toml",
        table("unix:s.sock", 1, "") + &table("unix:./folder/../s.sock", 1, ""),
    );
    place.run("check tunnel.toml").refused(1, "HF-701");
    let first = table(&local(0), 1, "");
    place.write("tunnel.toml", first + &table("unix:folder/s.sock", 1, ""));
    place.run("check tunnel.toml").good();
    let tunnel = place.open("tunnel --config tunnel.toml");
    place.run("check tunnel.toml").good();
    drop(tunnel);
}

#[test]
fn a_socket_is_never_open_to_more_than_its_mode_says() {
    let place = Place::new();
    cast(&place);
    let far = far(&place);
    place.write(
        "tunnel.toml",
        table(&local(closed_port()), far.port, "") + &table("unix:s.sock", far.port, ""),
    );
    let mut tunnels = None;
    std::thread::scope(|scope| {
        let watched = scope.spawn(|| {
            until("a socket", || {
                let found = std::fs::symlink_metadata(place.path("s.sock")).ok()?;
                Some((found.file_type().is_socket(), found.permissions().mode() & 0o777))
            })
        });
        tunnels = Some(place.open("tunnel --config tunnel.toml"));
        assert_eq!(watched.join().expect("no panic"), (true, 0o600));
    });
}
