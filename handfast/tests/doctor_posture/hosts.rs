//! Several hosts behind one address.

use crate::{
    HELLO, MODERN, VERIFY, assert_hole, assert_no_hole, cast, check,
    program::{
        servers::{haproxy, nginx},
        service::closed_port,
    },
};

/// Two hosts on one port, of which one asks for no certificate.
const HOSTS: [&str; 2] = ["other.example", "localhost"];

#[test]
fn a_host_without_a_lock_beside_the_locked_one_is_a_hole_where_it_opens_both() {
    let place = cast();
    let pem = place.read("server/tls.crt") + &place.read("server/tls.key");
    place.write("server.pem", pem);
    let [open, locked] = HOSTS;
    place.write(
        "hosts",
        format!(
            "server.pem [verify none] {open}\nserver.pem [ca-file server/ca.crt verify required] {locked}\n"
        ),
    );
    let port = closed_port();
    // HAProxy compares neither the host of the request nor that of a session with the one that was asked for.
    let rest = format!(
        "frontend proxy\nbind 127.0.0.1:{port} ssl crt-list hosts\n\
         http-request return status 200 content-type text/plain string hello\n"
    );
    let _haproxy = haproxy(&place, &rest, port);
    let report = assert_hole(&place, port, "host", "F", Some("HF-507"));
    assert_hole(&place, port, "resumption-across-names", "F", Some("HF-506"));
    assert_eq!(check(&report, "client-certificate")["verdict"], "good");
}

#[test]
fn a_host_without_a_lock_beside_the_locked_one_is_none_where_the_server_keeps_them_apart() {
    let place = cast();
    let port = closed_port();
    let server = |name: &str, verify: &str| {
        format!(
            "server {{ listen 127.0.0.1:{port} ssl; server_name {name}; ssl_certificate server/tls.crt; \
             ssl_certificate_key server/tls.key; {MODERN} {verify} {HELLO} }}\n"
        )
    };
    let [open, locked] = HOSTS;
    let _nginx = nginx(&place, &(server(locked, VERIFY) + &server(open, "")), port);
    let report = assert_no_hole(&place, port);
    for name in ["host", "resumption-across-names"] {
        assert_eq!(check(&report, name)["verdict"], "good", "{report:#}");
    }
}
