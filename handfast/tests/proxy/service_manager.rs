//! What a service manager hands over and is told; and that the proxy gives up the rights that it does not need.

use std::{os::unix::net::UnixDatagram, process::Command, time::Duration};

use crate::program::{
    Place,
    caller::Call,
    daemon::{Daemon, configuration, until},
    pki::{DOOR, cast},
    service::Service,
};

/// A service manager that hears.
struct Manager {
    socket: UnixDatagram,
    heard: String,
}

impl Manager {
    fn new(place: &Place) -> Self {
        let socket = UnixDatagram::bind(place.path("notify.sock")).expect("a socket");
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a timeout");
        Self {
            socket,
            heard: String::new(),
        }
    }

    /// Waits until `what` was heard after everything that was asked for before.
    #[track_caller]
    fn hears(&mut self, what: &str) {
        until(what, || {
            let mut buffer = [0; 4096];
            if let Ok(read) = self.socket.recv(&mut buffer) {
                self.heard.push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
            let (_, rest) = self.heard.split_once(what)?;
            self.heard = rest.to_owned();
            Some(())
        });
    }
}

#[test]
fn the_service_manager_is_told_of_start_reload_life_and_end() {
    let place = Place::new();
    cast(&place);
    let mut manager = Manager::new(&place);
    let service = Service::hello();
    let tunnel =
        "tunnel --listen 127.0.0.1:0 --to localhost:1 --cert web/tls.crt --key web/tls.key --ca web/ca.crt";
    for line in [
        format!("{DOOR} --to {} --allow any", service.url()),
        tunnel.to_owned(),
    ] {
        let mut command = place.handfast(&line);
        command
            .env("NOTIFY_SOCKET", place.path("notify.sock"))
            .env("WATCHDOG_USEC", "200000");
        let daemon = Daemon::start(command);
        manager.hears("READY=1\n");
        manager.hears("WATCHDOG=1\n");
        daemon.signal("HUP");
        manager.hears("RELOADING=1\nMONOTONIC_USEC=");
        manager.hears("READY=1\n");
        manager.hears("WATCHDOG=1\n");
        daemon.signal("TERM");
        manager.hears("STOPPING=1\n");
        assert_eq!(daemon.end().exit, 0);
    }
}

#[test]
fn a_socket_that_is_handed_over_is_used_and_one_that_nobody_listens_to_is_refused() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    // An inheritable socket: made by a process that becomes the proxy.
    let open = |listen: &str| {
        let program = env!("CARGO_BIN_EXE_handfast");
        let words = DOOR
            .replace("127.0.0.1:0", listen)
            .replace("--workers 1", "--workers 2");
        let script = format!(
            "import os, socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen(64)\nport = s.getsockname()[1]\n\
             os.dup2(s.fileno(), 3)\nos.set_inheritable(3, True)\n\
             os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n\
             words = {words:?}.replace('PORT', str(port)).split() + ['--to', {to:?}, '--allow', 'any']\n\
             os.execv({program:?}, [{program:?}] + words)\n",
            to = service.url()
        );
        let mut command = Command::new("python3");
        command.args(["-c", &script]).current_dir(place.path(""));
        command
    };
    let proxy = Daemon::start(open("127.0.0.1:PORT"));
    for _ in 0..10 {
        assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
    }
    assert_eq!(proxy.stop().exit, 0);
    let refused = open("127.0.0.1:0").output().expect("it runs");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("has handed over a socket"), "{said}");
}

#[test]
fn a_confined_proxy_reads_its_own_folders_and_no_other() {
    let (place, elsewhere) = (Place::new(), Place::new());
    cast(&place);
    for name in ["tls.crt", "tls.key"] {
        elsewhere.write(name, place.read(&format!("server/{name}")));
    }
    let service = Service::hello();
    let proxy = place.open_with(&service.url(), "");
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
    let said = until("a line about it", || {
        let said = proxy.stderr();
        said.lines()
            .find(|line| line.starts_with("  files: "))
            .map(str::to_owned)
    });
    let has_landlock = said.contains("confined by Landlock to");
    assert!(has_landlock || said.contains("not confined"), "{said}");
    let other = elsewhere.path("tls.crt");
    let moved = configuration(&service.url(), "").replace("server/tls.crt", &other.display().to_string());
    place.write(
        "handfast.toml",
        moved.replace("server/tls.key", &elsewhere.path("tls.key").display().to_string()),
    );
    let event = proxy.reload_after(0);
    assert_eq!(event["taken"], !has_landlock, "{event}");
    if has_landlock {
        let reason = event["reason"].as_str().unwrap_or_default().to_lowercase();
        assert!(reason.contains("permission denied"), "{event}");
    }
    // What lies below its own folder is read, also where it is new.
    std::fs::create_dir_all(place.path("new")).expect("a folder");
    place.write("new/tls.crt", place.read("server/tls.crt"));
    place.write("new/tls.key", place.read("server/tls.key"));
    place.write(
        "handfast.toml",
        configuration(&service.url(), "").replace("server/tls", "new/tls"),
    );
    until("the new certificate", || {
        let reloads = proxy.events("reload");
        reloads[1..]
            .iter()
            .any(|event| event["taken"] == true)
            .then_some(())
    });

    let free = place.open_with(&service.url(), "dangerously-unconfined = true");
    until("a warning", || {
        free.stderr()
            .contains("warning: files are not confined")
            .then_some(())
    });
}

#[test]
fn a_confined_tunnel_has_its_sockets_and_reads_its_own_folders_and_no_other() {
    let (place, elsewhere) = (Place::new(), Place::new());
    cast(&place);
    for name in ["tls.crt", "tls.key"] {
        elsewhere.write(name, place.read(&format!("web/{name}")));
    }
    std::fs::create_dir_all(place.path("run")).expect("a folder");
    let table = |socket: &str, pair: &str| {
        format!(
            "[[tunnel]]\nlisten = \"127.0.0.1:0\"\nto = \"localhost:1\"\ncert = \"web/tls.crt\"\nkey = \"web/tls.key\"\n\
             ca = \"web/ca.crt\"\n[[tunnel]]\nlisten = \"unix:run/{socket}\"\nto = \"localhost:1\"\ncert = \"{pair}/tls.crt\"\nkey = \"{pair}/tls.key\"\n\
             ca = \"web/ca.crt\"\n"
        )
    };
    place.write("tunnel.toml", table("one", "web"));
    let tunnel = place.open("tunnel --config tunnel.toml");
    let said = until("a line about it", || {
        let said = tunnel.stderr();
        let line = said.lines().find(|line| line.starts_with("  files: "));
        line.map(str::to_owned)
    });
    let has_landlock = said.contains("confined by Landlock to");
    assert!(has_landlock || said.contains("not confined"), "{said}");
    let is_there = |socket: &str| std::os::unix::net::UnixStream::connect(place.path(socket)).is_ok();
    assert!(is_there("run/one"));
    // A reload opens a socket beside it, removes the old one, and confines no less than before.
    place.write(
        "tunnel.toml",
        format!("dangerously-unconfined = true\n{}", table("two", "web")),
    );
    let event = tunnel.reload_after(0);
    assert_eq!(
        (&event["taken"], &event["restart_for"]),
        (&true.into(), &serde_json::json!(["dangerously-unconfined"])),
        "{event}"
    );
    assert!(is_there("run/two") && !place.path("run/one").exists());
    place.write(
        "tunnel.toml",
        table("two", &elsewhere.path("").display().to_string()),
    );
    let event = tunnel.reload_after(1);
    assert_eq!(event["taken"], !has_landlock, "{event}");
    if has_landlock {
        let reason = event["reason"].as_str().unwrap_or_default().to_lowercase();
        assert!(reason.contains("permission denied"), "{event}");
    }
    assert_eq!(tunnel.stop().exit, 0);
    place.write(
        "tunnel.toml",
        format!("dangerously-unconfined = true\n{}", table("three", "web")),
    );
    let free = place.open("tunnel --config tunnel.toml");
    until("a warning", || {
        let said = free.stderr();
        said.contains("warning: files are not confined").then_some(())
    });
}
