//! curl over tunnels: as a proxy (CONNECT), over unix sockets, and as another user of this machine.

mod program;

use std::{os::unix::process::CommandExt, process::Command};

use program::{
    Place, Ran,
    daemon::Daemon,
    pki::{DOOR, cast},
    service::{Service, closed_port},
};

/// A folder with a proxy for everybody, and tunnels to it: a forward proxy, and a socket for everybody.
struct Tunnels {
    place: Place,
    far: Daemon,
    tunnels: Daemon,
}

impl Tunnels {
    fn open(more: &str) -> Self {
        let (place, service) = (Place::new(), Service::hello());
        cast(&place);
        let far = place.open(&format!("{DOOR} --to {} --allow any", service.url()));
        let text = format!(
            "[[tunnel]]\nlisten = \"127.0.0.1:{}\"\nforward-proxy = true\nto = [\"localhost:{to}\"]\ncert = \"web/tls.crt\"\n\
             key = \"web/tls.key\"\nca = \"web/ca.crt\"\n[[tunnel]]\nlisten = \"unix:web.sock\"\nmode = \"0666\"\n\
             to = \"localhost:{to}\"\ncert = \"web/tls.crt\"\nkey = \"web/tls.key\"\nca = \"web/ca.crt\"\n{more}",
            closed_port(),
            to = far.port,
        );
        place.write("tunnel.toml", text);
        let tunnels = place.open("tunnel --config tunnel.toml");
        Self { place, far, tunnels }
    }

    fn curl(&self, line: &str) -> Ran {
        let mut command = Command::new("curl");
        command
            .args(line.split_whitespace())
            .current_dir(self.place.path(""));
        Ran::new(line, command)
    }

    /// The exit code, and what stands on stdout.
    fn said(&self, line: &str) -> (i32, String) {
        let ran = self.curl(line);
        (ran.exit, ran.stdout)
    }
}

#[test]
fn curl_reaches_a_listed_server_through_the_forward_proxy() {
    let all = Tunnels::open("");
    let (near, to) = (all.tunnels.port, all.far.port);
    let proxied = format!("-sS --proxytunnel -x http://127.0.0.1:{near}");
    assert_eq!(
        all.said(&format!("{proxied} http://localhost:{to}/")),
        (0, "hello\n".into())
    );
    // Twice over one tunnel.
    let twice = format!("{proxied} http://localhost:{to}/a http://localhost:{to}/b");
    assert_eq!(all.said(&twice), (0, "hello\nhello\n".into()));
    assert_eq!(all.far.connections(2).len(), 2);
    let codes = "-o /dev/null -w %{http_connect}/%{http_code}";
    let refused = all.said(&format!("{proxied} {codes} http://localhost:{near}/"));
    assert_eq!(refused, (56, "403/000".into()));
    let plain = all.said(&format!(
        "-sS {codes} -x http://127.0.0.1:{near} http://localhost:{to}/"
    ));
    assert_eq!(plain, (0, "000/405".into()));
    let own_tls = all.said(&format!(
        "-sS {codes} -x http://127.0.0.1:{near} https://localhost:{to}/"
    ));
    assert_eq!(own_tls, (35, "200/000".into()));
    let records = all.tunnels.connections(5);
    let codes: Vec<_> = records.iter().map(|record| record["code"].as_str()).collect();
    assert_eq!(
        codes,
        [None, None, Some("HF-732"), Some("HF-733"), Some("HF-734")]
    );
}

#[test]
fn curl_reaches_a_server_over_a_unix_socket_as_whom_its_user_is() {
    let by_user = "[[tunnel.route]]\nusers = [\"65534\"]\ncert = \"api/tls.crt\"\nkey = \"api/tls.key\"\n\
                   [[tunnel.route]]\nusers = [\"0\"]\n";
    let all = Tunnels::open(by_user);
    if all.place.shell("id -u").good().stdout.trim() != "0" {
        // Only root can be two users.
        return;
    }
    let line = "-sS --unix-socket web.sock http://localhost/";
    assert_eq!(all.said(line), (0, "hello\n".into()));
    let as_user = |uid: u32| {
        let mut command = Command::new("curl");
        command
            .args(line.split_whitespace())
            .current_dir(all.place.path(""))
            .uid(uid)
            .gid(uid);
        Ran::new(line, command)
    };
    assert_eq!(as_user(65534).good().stdout, "hello\n");
    // The connection is closed; whether curl has looked at it before is chance.
    assert_ne!(as_user(65533).exit, 0);
    let identities: Vec<_> = all
        .far
        .connections(2)
        .iter()
        .map(|record| record["identity"]["called"].clone())
        .collect();
    assert_eq!(identities, ["uri:spiffe://acme/web", "uri:spiffe://acme/api"]);
    let record = all.tunnels.connection(3);
    assert_eq!(record["code"], "HF-731", "{record}");
    assert!(
        record["peer"].to_string().contains("uid 65533, gid 65533"),
        "{record}"
    );
}
