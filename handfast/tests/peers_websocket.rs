//! WebSocket over HTTP/2 (RFC 8441) and over HTTP/1.1, by software of others on both sides of the proxy.

mod program;

use std::process::Command;

use program::{
    Place,
    pki::{DOOR, cast},
    servers::{python, start},
    service::closed_port,
};

/// Repeats every message, and says first who it was told the client is.
const APP: &str = r#"
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
    assert scope["type"] == "websocket", scope
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "echo"})
    told = [v for k, v in scope["headers"] if k == b"client-cert"]
    await send({"type": "websocket.send", "text": f"{len(told)} {told[0][:3].decode()}"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            break
        await send({"type": "websocket.send", "text": "re " + message["text"]})
"#;

/// Two WebSockets on one connection of HTTP/2, by the libraries h2 and wsproto.
const CLIENT: &str = r#"
import socket, ssl, sys
import h2.config, h2.connection, h2.events, h2.settings
import wsproto.frame_protocol as fp

context = ssl.create_default_context(cafile="server/ca.crt")
context.load_cert_chain("web/tls.crt", "web/tls.key")
context.set_alpn_protocols(["h2"])
sock = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
sock.settimeout(20)
conn = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
conn.initiate_connection()
sock.sendall(conn.data_to_send())
settled, heads, data = False, {}, {}


def step():
    global settled
    for event in conn.receive_data(sock.recv(65536)):
        if isinstance(event, h2.events.RemoteSettingsChanged):
            changed = event.changed_settings.get(h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL)
            settled = settled or bool(changed and changed.new_value == 1)
        elif isinstance(event, h2.events.ResponseReceived):
            heads[event.stream_id] = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            data[event.stream_id] += event.data
            conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
    sock.sendall(conn.data_to_send())


while not settled:
    step()
parsers, heard = {}, {}
for stream in (1, 3):
    data[stream], heard[stream] = b"", []
    conn.send_headers(stream, [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/chat"),
        (":authority", "localhost"), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "echo"),
    ])
    parsers[stream] = fp.FrameProtocol(client=True, extensions=[])
sock.sendall(conn.data_to_send())


def messages(stream, count):
    while len(heard[stream]) < count:
        parsers[stream].receive_bytes(data[stream])
        data[stream] = b""
        heard[stream] += [frame.payload for frame in parsers[stream].received_frames()]
        if len(heard[stream]) < count:
            step()
    return heard[stream]


for stream in (1, 3):
    assert messages(stream, 1) == ["1 :MI"], heard
    head = heads[stream]
    assert head[":status"] == "200" and head["sec-websocket-protocol"] == "echo", head
    assert not {"sec-websocket-accept", "upgrade", "connection"} & set(head), head
for number in range(20):
    for stream in (1, 3):
        conn.send_data(stream, parsers[stream].send_data(f"{stream} {number}", True))
    sock.sendall(conn.data_to_send())
    for stream in (1, 3):
        assert messages(stream, number + 2)[-1] == f"re {stream} {number}", heard
print("done")
"#;

#[test]
fn two_websockets_share_a_connection_of_http2() {
    let place = Place::new();
    cast(&place);
    let port = closed_port();
    place.write("app.py", APP);
    place.write("client.py", CLIENT);
    let _server = start(
        &place,
        "hypercorn",
        &format!("app:app --bind 127.0.0.1:{port}"),
        port,
    );
    let proxy = place.open(&format!(
        "{DOOR} --to http://127.0.0.1:{port} --allow uri:spiffe://acme/web"
    ));
    let ran = Command::new(python())
        .args(["client.py", &proxy.port.to_string()])
        .current_dir(place.path(""))
        .output()
        .expect("Python runs");
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(
        String::from_utf8_lossy(&ran.stdout),
        "done\n",
        "{errors}\n{}",
        place.read("server.log")
    );
    let record = proxy.connection(1);
    assert_eq!((&record["alpn"], &record["requests"]), (&"h2".into(), &2.into()));
}
