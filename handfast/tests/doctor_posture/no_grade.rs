//! What could not be found out, and is never good.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

use crate::{
    cast, posture,
    program::service::{closed_port, listen},
};

#[test]
fn a_port_that_nobody_listens_on_is_unreachable() {
    let place = cast();
    let ran = place
        .run(&format!("doctor posture localhost:{}", closed_port()))
        .refused(3, "HF-713");
    assert!(ran.stderr.contains("help:") && ran.stdout.is_empty(), "{ran:#?}");
}

/// Whatever `serve` does instead of TLS is no success.
#[track_caller]
fn assert_no_grade(what: &str, serve: impl Fn(TcpStream) + Send + Sync + 'static) {
    let place = cast();
    let port = listen(move |_, stream| {
        stream
            .set_read_timeout(Some(Duration::from_secs(15)))
            .expect("a limit");
        serve(stream);
    });
    let files = "--sarif posture.sarif --junit posture.xml";
    let ran = posture(&place, port, files);
    assert_eq!(ran.exit, 3, "{what}: {ran:#?}");
    let report = ran.json();
    assert_eq!(report["grade"], Value::Null, "{what}: {report:#}");
    for check in report["checks"].as_array().expect("checks") {
        assert_eq!(check["verdict"], "unknown", "{what}: {report:#}");
        let says = check["says"].as_str().expect("text");
        assert!(
            !says.contains("is served") && !says.contains("is asked for"),
            "{what}: {says}"
        );
    }
    assert!(!place.read("posture.sarif").contains("\"pass\""), "{what}");
    let skipped = "import sys, xml.etree.ElementTree as e; s = e.parse('posture.xml').getroot()[0]; \
                   assert len(s.findall('testcase')) == len(s.findall('testcase/skipped')) == int(s.get('skipped'))";
    place.shell(&format!("python3 -c \"{skipped}\"")).good();
}

#[test]
fn a_server_that_repeats_what_it_hears_has_no_grade() {
    assert_no_grade("echo", |mut stream| {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
    });
}

#[test]
fn a_server_of_plain_http_has_no_grade() {
    assert_no_grade("http", |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
}

#[test]
fn a_server_that_hangs_up_has_no_grade() {
    assert_no_grade("closed", drop);
}

#[test]
fn a_server_that_says_nothing_has_no_grade() {
    assert_no_grade(
        "silent",
        |mut stream| while let Ok(1..) = stream.read(&mut [0; 4096]) {},
    );
}
