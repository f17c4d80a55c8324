//! Protocols that speak in the clear before TLS, each with a server that can and one that cannot.

use crate::{
    cast,
    program::{Place, Ran, servers::start, service::closed_port},
};

/// A server of PROTOCOL that begins TLS, and demands a certificate, or with "no" as the last word declines.
const SERVER: &str = r#"
import socket, ssl, struct, sys
port, protocol, will = sys.argv[1:4]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server/tls.crt", "server/tls.key")
context.load_verify_locations("server/ca.crt")
context.verify_mode = ssl.CERT_REQUIRED
will = will == "yes"

def line(c):
    said = b""
    while not said.endswith(b"\n"):
        said += c.recv(1) or sys.exit()
    return said

def some(c, most):
    return c.recv(most) or sys.exit()

def until(c, end):
    said = b""
    while end not in said:
        said += c.recv(1) or sys.exit()
    return said

def smtp(c):
    c.sendall(b"220 mail ready\r\n")
    assert line(c).startswith(b"EHLO ")
    c.sendall(b"250-mail\r\n250-SIZE 1\r\n" + (b"250-STARTTLS\r\n" if will else b"") + b"250 HELP\r\n")
    if will:
        assert line(c) == b"STARTTLS\r\n"
        c.sendall(b"220 go ahead\r\n")

def imap(c):
    c.sendall(b"* OK ready\r\n")
    tag = line(c).split()[0]
    c.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + (b" OK begin\r\n" if will else b" BAD \x1b[31munknown\r\n"))

def ldap(c):
    assert b"1.3.6.1.4.1.1466.20037" in some(c, 64)
    c.sendall(bytes([0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, 0 if will else 2, 4, 0, 4, 0]))

def xmpp(c):
    until(c, b"version='1.0'>")
    tls = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" if will else b""
    c.sendall(b"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
              b"<stream:features>" + tls + b"</stream:features>")
    if will:
        until(c, b"xmpp-tls'/>")
        c.sendall(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")

def mysql(c):
    flags = 0xffff if will else 0xf7ff
    greeting = b"\x0a8.0\0" + struct.pack("<I", 1) + b"saltsalt\0" + struct.pack("<HBHHB", flags, 45, 2, 0xc1ff, 21)
    greeting += bytes(10) + b"saltsaltsalt\0mysql_native_password\0"
    c.sendall(struct.pack("<I", len(greeting))[:3] + b"\0" + greeting)
    if will:
        request = some(c, 36)
        assert len(request) == 36 and struct.unpack("<I", request[4:8])[0] & 0x0800

def postgres(c):
    assert some(c, 8) == struct.pack(">II", 8, 80877103)
    c.sendall(b"S" if will else b"N")

listener = socket.create_server(("127.0.0.1", int(port)))
while True:
    c, _ = listener.accept()
    c.settimeout(10)
    try:
        globals()[protocol](c)
        if will:
            with context.wrap_socket(c, server_side=True) as tls:
                while tls.recv(4096):
                    pass
        else:
            c.recv(1)
    except (OSError, SystemExit):
        pass
    c.close()
"#;

#[track_caller]
fn look(place: &Place, protocol: &str, will: &str, who: &str) -> Ran {
    place.write("server.py", SERVER);
    let port = closed_port();
    let _server = start(
        place,
        "python3",
        &format!("server.py {port} {protocol} {will}"),
        port,
    );
    let ran = place.run(&format!(
        "doctor localhost:{port} --starttls {protocol} --ca server/ca.crt {who} --no-probe --json"
    ));
    assert!(
        !place.read("server.log").contains("AssertionError"),
        "{}",
        place.read("server.log")
    );
    ran
}

const OURS: &str = "--cert web/tls.crt --key web/tls.key";

#[track_caller]
fn assert_spoken(protocol: &str) {
    let place = cast();
    let refused = look(&place, protocol, "yes", "");
    assert_eq!(refused.exit, 1, "{refused:#?}");
    assert_eq!(refused.json()["findings"][0]["code"], "HF-101", "{refused:#?}");
    let let_in = look(&place, protocol, "yes", OURS).json();
    let messages = let_in["trace"].as_array().expect("a trace");
    assert!(
        messages
            .iter()
            .any(|message| message["message"] == "CertificateRequest"),
        "{let_in:#}"
    );
    assert!(let_in["tls"]["version"].is_string(), "{let_in:#}");
    assert!(!let_in.to_string().contains("HF-1"), "{let_in:#}");
    let declined = look(&place, protocol, "no", OURS);
    assert_ne!(declined.exit, 0, "{declined:#?}");
    let report = declined.json();
    assert_eq!(report["tls"], serde_json::Value::Null);
    let because = report["findings"][0]["because"].as_str().expect("a reason");
    assert!(because.contains(protocol), "{report:#}");
    assert!(!because.contains('\u{1b}'), "{report:#}");
}

#[test]
fn smtp_begins_tls_when_asked_and_is_told_when_it_does_not() {
    assert_spoken("smtp");
}

#[test]
fn imap_begins_tls_when_asked_and_is_told_when_it_does_not() {
    assert_spoken("imap");
}

#[test]
fn ldap_begins_tls_when_asked_and_is_told_when_it_does_not() {
    assert_spoken("ldap");
}

#[test]
fn xmpp_begins_tls_when_asked_and_is_told_when_it_does_not() {
    assert_spoken("xmpp");
}

#[test]
fn mysql_begins_tls_when_asked_and_is_told_when_it_does_not() {
    assert_spoken("mysql");
}

#[test]
fn postgres_begins_tls_when_asked_and_is_told_when_it_does_not() {
    assert_spoken("postgres");
}
