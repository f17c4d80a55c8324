//! What software of others makes of us in operation: systemd of our units, Prometheus of our metrics, an HTTP/2 library of
//! our good-bye.

mod program;

use std::{
    path::Path,
    process::{Command, Output},
};

use program::{
    Place,
    caller::Call,
    pki::{DOOR, cast},
    servers::python,
    service::Service,
};

fn said_by(place: &Place, script: &str, arguments: &[&str]) -> Output {
    place.write("script.py", script);
    let mut command = Command::new(python());
    command
        .arg("script.py")
        .args(arguments)
        .current_dir(place.path(""));
    command.output().expect("Python runs")
}

#[track_caller]
fn assert_says(ran: &Output, expected: &str) {
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(String::from_utf8_lossy(&ran.stdout), expected, "{errors}");
}

#[test]
fn systemd_accepts_the_units_of_the_packages() {
    let place = Place::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd");
    let mut units = Vec::new();
    for name in [
        "handfast-proxy.service",
        "handfast-proxy.socket",
        "handfast-tunnel.service",
    ] {
        let text = std::fs::read_to_string(folder.join(name)).expect("a unit");
        // systemd looks for the program where the unit says that it is.
        place.write(
            name,
            text.replace("/usr/bin/handfast", env!("CARGO_BIN_EXE_handfast")),
        );
        units.push(place.path(name));
    }
    let verify = |place: &Place| {
        let ran = Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .args(&units)
            .current_dir(place.path(""))
            .output()
            .expect("systemd-analyze runs");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        // What it says of units of the machine is not ours.
        let of_ours = said.lines().filter(|line| line.contains("handfast-"));
        // Before version 253 it keeps the type that stands above.
        let known = "Failed to parse service type, ignoring: notify-reload";
        of_ours
            .filter(|line| !line.ends_with(known))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(verify(&place), Vec::<String>::new());
    let wrong = place
        .read("handfast-proxy.service")
        .replace("WatchdogSec=30", "WatchdogSec=soon");
    place.write("handfast-proxy.service", wrong);
    assert!(!verify(&place).is_empty(), "what is wrong is found");
}

#[test]
fn prometheus_reads_our_metrics() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web --admin 127.0.0.1:0",
        service.url()
    ));
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
    assert!(Call::of(&place, "api").get(proxy.port).is_err());
    proxy.connections(2);
    let script = r##"
import sys, urllib.request
from prometheus_client.parser import text_string_to_metric_families

text = urllib.request.urlopen(sys.argv[1] + "/metrics").read().decode()
families = {family.name: family for family in text_string_to_metric_families(text)}
assert all(family.documentation and family.type != "unknown" for family in families.values()), families
named = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
assert {name.removesuffix("_total") for name in named} == set(families), (named, set(families))
requests = families["handfast_requests"].samples
assert [(s.labels, s.value) for s in requests] == [({"host": "default", "route": "/", "status": "2xx"}, 1.0)], requests
times = families["handfast_request_duration_seconds"]
assert times.type == "histogram"
buckets = [s.value for s in times.samples if s.name.endswith("_bucket")]
assert buckets == sorted(buckets) and buckets[-1] == 1.0, times
print("read", sum(float(s.value) for s in families["handfast_handshakes"].samples))
"##;
    assert_says(&said_by(&place, script, &[&proxy.admin()]), "read 2.0\n");
}

#[test]
fn a_proxy_that_stops_says_goaway_twice_and_serves_what_has_begun() {
    let place = Place::new();
    cast(&place);
    let service = Service::start(|_, stream| {
        use std::io::Write;
        std::thread::sleep(std::time::Duration::from_secs(1));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nlate\n");
    });
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web",
        service.url()
    ));
    let script = r#"
import os, signal, socket, ssl, sys
import h2.config, h2.connection, h2.events

context = ssl.create_default_context(cafile="server/ca.crt")
context.load_cert_chain("web/tls.crt", "web/tls.key")
context.set_alpn_protocols(["h2"])
sock = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
sock.settimeout(20)
# The library takes the first GOAWAY for the end, so the frames are looked at as they come.
conn = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
conn.initiate_connection()
conn.send_headers(1, [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost")], end_stream=True)
sock.sendall(conn.data_to_send())
wire, frames, asked = b"", [], False
while True:
    more = sock.recv(65536)
    if not more:
        break
    wire += more
    while len(wire) >= 9 and len(wire) >= 9 + int.from_bytes(wire[:3], "big"):
        length, kind, flags = int.from_bytes(wire[:3], "big"), wire[3], wire[4]
        payload, wire = wire[9:9 + length], wire[9 + length:]
        if kind == 7:
            frames.append(("GOAWAY", int.from_bytes(payload[:4], "big"), int.from_bytes(payload[4:8], "big")))
        elif kind == 0:
            frames.append(("DATA", payload.decode()))
        elif kind == 6 and not flags & 1:
            sock.sendall(b"\x00\x00\x08\x06\x01\x00\x00\x00\x00" + payload)
        elif kind == 4 and not flags & 1 and not asked:
            sock.sendall(b"\x00\x00\x00\x04\x01\x00\x00\x00\x00")
            asked = True
            os.kill(int(sys.argv[2]), signal.SIGTERM)
print(frames)
"#;
    let ran = said_by(
        &place,
        script,
        &[&proxy.port.to_string(), &proxy.id().to_string()],
    );
    let said = String::from_utf8_lossy(&ran.stdout);
    let frames = said.trim();
    assert!(
        frames.starts_with("[('GOAWAY', 2147483647, 0), "),
        "{frames} {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(frames.contains("('GOAWAY', 1, 0)"), "{frames}");
    assert!(frames.contains("('DATA', 'late\\n')"), "{frames}");
    assert_eq!(proxy.end().exit, 0);
}
