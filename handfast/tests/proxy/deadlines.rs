//! Nobody may wait for ever, nobody may take every place, and the proxy always closes.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use crate::program::{
    Place,
    caller::Call,
    daemon::{Daemon, until},
    pki::cast,
    service::{Service, listen},
};

const SHORT: &str =
    "[proxy.limits]\nhandshake = \"500ms\"\nheaders = \"500ms\"\nidle = \"500ms\"\ndrain = \"500ms\"";

/// The first bytes that a client of ours sends.
fn client_hello(place: &Place) -> Vec<u8> {
    let (sends, sent) = std::sync::mpsc::channel();
    let sends = std::sync::Mutex::new(sends);
    let port = listen(move |_, mut stream| {
        let mut buffer = [0; 8192];
        let read = stream.read(&mut buffer).unwrap_or(0);
        let _ = sends
            .lock()
            .expect("no panic while locked")
            .send(buffer[..read].to_vec());
    });
    assert!(Call::of(place, "web").knock(port).is_err());
    sent.recv_timeout(Duration::from_secs(20)).expect("a ClientHello")
}

/// Waits until the other side has closed, however it does.
#[track_caller]
fn assert_closed(stream: &mut TcpStream, what: &str) {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("set");
    let mut rest = Vec::new();
    if let Err(error) = stream.read_to_end(&mut rest) {
        assert_eq!(
            error.kind(),
            std::io::ErrorKind::ConnectionReset,
            "{what}: {error}"
        );
    }
}

#[test]
fn a_handshake_that_stalls_anywhere_is_cut() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let hello = client_hello(&place);
    assert!(hello.len() > 100, "{}", hello.len());
    let proxy = place.open_with(&service.url(), SHORT);
    let stalls = [0, 1, 5, hello.len() / 2, hello.len()];
    let mut streams: Vec<TcpStream> = stalls
        .iter()
        .map(|stall| {
            let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).expect("accepted");
            stream.write_all(&hello[..*stall]).expect("sent");
            stream
        })
        .collect();
    // Meanwhile others come in.
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
    for (stream, stall) in streams.iter_mut().zip(stalls) {
        assert_closed(stream, &format!("after {stall} bytes"));
    }
    let records = proxy.connections(1 + stalls.len());
    let cut: Vec<_> = records
        .iter()
        .filter(|record| record["code"] == "HF-708")
        .collect();
    assert_eq!(cut.len(), stalls.len(), "{records:#?}");
    assert!(
        cut.iter().all(|record| record["verdict"] == "refused"),
        "{cut:#?}"
    );
}

#[test]
fn a_handshake_that_trickles_is_cut() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let hello = client_hello(&place);
    let proxy = place.open_with(&service.url(), SHORT);
    let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).expect("accepted");
    let begun = Instant::now();
    for byte in &hello {
        if stream.write_all(&[*byte]).is_err() || begun.elapsed() > Duration::from_secs(10) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(proxy.connection(1)["code"], "HF-708");
}

#[test]
fn headers_that_trickle_are_cut() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), SHORT);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    let begun = Instant::now();
    while caller.send(b"G").is_ok() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let record = proxy.connection(1);
    assert_eq!(
        (&record["code"], &record["verdict"]),
        (&"HF-709".into(), &"allowed".into())
    );
    assert!(service.heard().is_empty());
}

#[test]
fn who_is_idle_is_cut_and_who_is_not_is_kept() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), SHORT);
    let mut lively = Call::of(&place, "web").knock(proxy.port).expect("let in");
    let mut idle = Call::of(&place, "web").knock(proxy.port).expect("let in");
    assert_eq!(idle.get().expect("an answer").status, 200);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2500) {
        assert_eq!(lively.get().expect("an answer").status, 200);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(idle.get().is_err());
    let record = proxy.connection(1);
    assert_eq!(
        (&record["code"], &record["verdict"]),
        (&"HF-710".into(), &"allowed".into())
    );
}

/// Frames between requests (PING, SETTINGS, WINDOW_UPDATE) are no request that has begun.
#[test]
fn an_http_2_connection_that_pings_is_not_cut_for_late_headers() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let limits = "limits = { headers = \"500ms\", idle = \"60s\" }";
    let proxy = place.open_with(&service.url(), limits);
    let call = Call {
        alpn: "h2",
        ..Call::of(&place, "web")
    };
    let (runtime, stream) = call.knock(proxy.port).expect("let in").into_parts();
    runtime.block_on(async {
        let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_millis(200))
            .keep_alive_while_idle(true)
            .handshake(TokioIo::new(stream))
            .await
            .expect("HTTP/2");
        tokio::spawn(connection);
        for round in 0..2 {
            let request = http::Request::get("https://localhost/").body(String::new());
            let answer = sender.send_request(request.expect("a request")).await;
            let log = proxy.stdout();
            assert!(answer.is_ok(), "round {round}: {answer:?} {log}");
            tokio::time::sleep(Duration::from_millis(1500)).await;
        }
    });
}

/// One byte of the ClientHello per TLS record, as no library does it and the standard allows.
#[test]
fn a_client_hello_in_many_records_is_answered() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let hello = client_hello(&place);
    assert_eq!(
        usize::from(hello[3]) << 8 | usize::from(hello[4]),
        hello.len() - 5,
        "one record"
    );
    let proxy = place.open_with(&service.url(), SHORT);
    let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).expect("accepted");
    for byte in &hello[5..] {
        stream.write_all(&[22, 3, 1, 0, 1, *byte]).expect("sent");
    }
    let mut header = [0; 5];
    stream.read_exact(&mut header).expect("an answer");
    assert_eq!(header[0], 22, "a handshake message and no alert");
    // And a record without a byte in it is none of a handshake.
    let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).expect("accepted");
    stream.write_all(&[22, 3, 1, 0, 0]).expect("sent");
    stream.read_exact(&mut header).expect("an answer");
    assert_eq!(header[0], 21, "an alert");
}

#[test]
fn an_idle_tunnel_is_cut() {
    let port = listen(|_, mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&format!("tcp://127.0.0.1:{port}"), SHORT);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    let _ = caller.read_to_end();
    assert_eq!(proxy.connection(1)["code"], "HF-710");
}

#[test]
fn connections_above_the_limit_are_dropped_and_places_come_free_again() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "limits = { connections = 3 }");
    let open: Vec<_> = (0..3)
        .map(|_| {
            let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
            assert_eq!(caller.get().expect("an answer").status, 200);
            caller
        })
        .collect();
    assert!(Call::of(&place, "web").get(proxy.port).is_err());
    let record = proxy.connection(1);
    assert_eq!(
        (&record["code"], &record["verdict"]),
        (&"HF-707".into(), &"refused".into())
    );
    drop(open);
    proxy.connections(4);
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
}

/// Seconds of processor time that the process has used, in clock ticks of 10 ms.
fn ticks(proxy: &Daemon) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", proxy.id())).expect("it runs");
    let after_name = stat.rsplit_once(") ").expect("a name in brackets").1;
    let field = |index: usize| -> u64 {
        let text = after_name.split(' ').nth(index).expect("a field");
        text.parse().expect("a number")
    };
    field(11) + field(12)
}

#[test]
fn running_out_of_descriptors_slows_the_proxy_down_and_does_not_end_it() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    place.write(
        "handfast.toml",
        crate::program::daemon::configuration(&service.url(), "limits = { handshake = \"2s\" }"),
    );
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_handfast");
    command
        .args([
            "-c",
            &format!("ulimit -n 64; exec '{program}' proxy --config handfast.toml"),
        ])
        .current_dir(place.path(""));
    let proxy = Daemon::start(command);
    let flood: Vec<TcpStream> = (0..200)
        .map(|_| TcpStream::connect(("127.0.0.1", proxy.port)).expect("the kernel's queue takes it"))
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    let before = ticks(&proxy);
    std::thread::sleep(Duration::from_secs(1));
    let used = ticks(&proxy) - before;
    assert!(used < 50, "it spins: {used} of 100 ticks");
    drop(flood);
    until("an answer after the flood", || {
        Call::of(&place, "web")
            .get(proxy.port)
            .ok()
            .filter(|status| *status == 200)
    });
    let left = proxy.stop();
    assert_eq!(left.exit, 0, "{left:#?}");
}

/// Resident memory in KiB.
fn resident(proxy: &Daemon) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", proxy.id())).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let words = line.and_then(|line| line.split_whitespace().nth(1));
    words.and_then(|word| word.parse().ok()).expect("a number")
}

#[test]
fn a_service_that_does_not_read_holds_the_client_back() {
    let place = Place::new();
    cast(&place);
    let port = listen(|_, stream| {
        std::thread::sleep(Duration::from_secs(30));
        drop(stream);
    });
    for scheme in ["http", "tcp"] {
        let proxy = place.open_with(&format!("{scheme}://127.0.0.1:{port}"), "");
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
        let length = 64 << 20;
        caller
            .send(
                format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n").as_bytes(),
            )
            .expect("sent");
        let before = resident(&proxy);
        let sent = caller.send_within(Duration::from_secs(2), &vec![b'x'; length]);
        assert_eq!(
            sent.map_err(|error| error.kind()),
            Err(std::io::ErrorKind::TimedOut),
            "{scheme}: all was taken"
        );
        let grown = resident(&proxy).saturating_sub(before);
        assert!(grown < 8 << 10, "{scheme}: {grown} KiB are kept");
    }
}

#[test]
fn sigterm_lets_a_request_finish() {
    let service = Service::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(700));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nlate\n");
    });
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let mut idle = Call::of(&place, "web").knock(proxy.port).expect("let in");
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    caller
        .send(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .expect("sent");
    until("the request at the service", || {
        (!service.heard().is_empty()).then_some(())
    });
    proxy.signal("TERM");
    until("the listener is closed", || {
        TcpStream::connect(("127.0.0.1", proxy.port)).err()
    });
    assert_eq!(caller.answer().expect("an answer").text(), "late\n");
    assert!(
        idle.read().is_ok_and(|more| more.is_empty()),
        "an idle one is closed in order"
    );
    let left = proxy.end();
    assert_eq!(left.exit, 0, "{left:#?}");
    assert!(
        left.stderr.contains("every connection ended by itself"),
        "{left:#?}"
    );
    assert!(!left.stdout.contains("HF-712"), "{left:#?}");
}

#[test]
fn what_does_not_end_after_sigterm_is_cut_and_that_is_said() {
    let silent = Service::start(|_, _| std::thread::sleep(Duration::from_secs(60)));
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&silent.url(), "limits = { drain = \"500ms\" }");
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    caller
        .send(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .expect("sent");
    until("the request at the service", || {
        (!silent.heard().is_empty()).then_some(())
    });
    let left = proxy.stop();
    assert_eq!(left.exit, 0, "{left:#?}");
    assert!(left.stderr.contains("1 connections were cut"), "{left:#?}");
    assert_eq!(left.stdout.matches("\"HF-712\"").count(), 1, "{left:#?}");
    assert!(caller.read_to_end().is_err() || silent.heard().len() == 1);
}

/// What a second signal cuts short is written down as well.
#[test]
fn a_second_sigterm_ends_at_once_and_no_record_is_lost() {
    let silent = Service::start(|_, _| std::thread::sleep(Duration::from_secs(60)));
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&silent.url(), "");
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    caller
        .send(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .expect("sent");
    until("the request at the service", || {
        (!silent.heard().is_empty()).then_some(())
    });
    proxy.signal("TERM");
    until("the listener is closed", || {
        TcpStream::connect(("127.0.0.1", proxy.port)).err()
    });
    // Within the patience of the test, which is shorter than the proxy's own 30 seconds.
    let left = proxy.stop();
    assert_eq!(left.exit, 0, "{left:#?}");
    // Asking whether the listener is closed may have been a connection, too, with a record of its own.
    assert_eq!(left.stdout.matches("\"HF-712\"").count(), 1, "{left:#?}");
}

#[test]
fn an_open_tunnel_is_cut_after_the_drain_deadline() {
    let port = listen(|_, mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(
        &format!("tcp://127.0.0.1:{port}"),
        "limits = { drain = \"500ms\" }",
    );
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    caller.send(b"x").expect("sent");
    let left = proxy.stop();
    assert_eq!(left.exit, 0, "{left:#?}");
    assert!(left.stderr.contains("1 connections were cut"), "{left:#?}");
    assert_eq!(left.stdout.matches("\"HF-712\"").count(), 1, "{left:#?}");
}
