//! Places are for those who proved who they are, connections to the service are shared fairly, and nobody waits for ever
//! because somebody else is slow.

use std::{
    net::TcpStream,
    process::Command,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::program::{
    Place,
    caller::Call,
    daemon::{Daemon, configuration, until},
    pki::cast,
    service::{Service, listen},
};

#[test]
fn strangers_who_prove_nothing_give_way_to_clients_who_do() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "limits = { connections = 20 }");
    let strangers: Vec<_> = (0..60)
        .map(|_| TcpStream::connect(("127.0.0.1", proxy.port)).expect("connected"))
        .collect();
    let mut clients: Vec<_> = (0..15)
        .map(|_| Call::of(&place, "web").knock(proxy.port).expect("accepted"))
        .collect();
    for client in &mut clients {
        assert_eq!(client.get().expect("an answer").status, 200);
    }
    let gone = proxy.connections(55);
    assert!(gone.iter().all(|record| record["code"] == "HF-722"), "{gone:#?}");
    assert!(
        gone.iter().all(|record| record["verdict"] == "refused"),
        "{gone:#?}"
    );
    // More strangers do not take a place of those who proved themselves.
    let more: Vec<_> = (0..60)
        .map(|_| TcpStream::connect(("127.0.0.1", proxy.port)).expect("connected"))
        .collect();
    for client in &mut clients {
        assert_eq!(client.get().expect("an answer").status, 200);
    }
    until("a line about it", || {
        proxy.stderr().contains("every place is taken").then_some(())
    });
    until("an event about it", || {
        let events = proxy.events("shortage");
        events.iter().any(|event| event["code"] == "HF-707").then_some(())
    });
    drop((strangers, more));
}

#[test]
fn the_soft_limit_of_descriptors_is_raised_and_a_low_hard_one_is_said() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let limits = "limits = { connections = 1000, backend-connections = 500 }";
    place.write("handfast.toml", configuration(&service.url(), limits));
    let start = |limits: &str| {
        let program = env!("CARGO_BIN_EXE_handfast");
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                &format!("{limits}; exec '{program}' proxy --config handfast.toml"),
            ])
            .current_dir(place.path(""));
        Daemon::start(command)
    };
    let said = |proxy: &Daemon| {
        until("a line about descriptors", || {
            let stderr = proxy.stderr();
            stderr
                .lines()
                .find(|line| line.contains("descriptors:"))
                .map(str::to_owned)
        })
    };
    let proxy = start("ulimit -Sn 100; ulimit -Hn 1700");
    assert_eq!(said(&proxy), "  descriptors: 1700 (raised from 100)");
    let held: Vec<_> = (0..150)
        .map(|_| TcpStream::connect(("127.0.0.1", proxy.port)).expect("connected"))
        .collect();
    assert_eq!(
        Call::of(&place, "web").get(proxy.port),
        Ok(200),
        "a hundred would not do"
    );
    drop(held);
    let proxy = start("ulimit -n 1000");
    let line = said(&proxy);
    assert!(line.contains("warning") && line.contains("1000"), "{line}");
}

/// A service that answers nobody until it is told to, and counts who waits at a time.
struct Slow {
    service: Service,
    waiting: Arc<AtomicUsize>,
    gate: Arc<(Mutex<bool>, Condvar)>,
}

impl Slow {
    fn start() -> Self {
        use std::io::Write;
        let waiting = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let (counts, opens) = (waiting.clone(), gate.clone());
        let service = Service::start(move |heard, stream| {
            if heard.head.starts_with("GET /slow") {
                counts.fetch_add(1, SeqCst);
                let open = opens.0.lock().expect("no panic while locked");
                drop(opens.1.wait_while(open, |open| !*open).expect("no panic"));
                counts.fetch_sub(1, SeqCst);
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello\n");
        });
        Self {
            service,
            waiting,
            gate,
        }
    }

    fn release(&self) {
        *self.gate.0.lock().expect("no panic while locked") = true;
        self.gate.1.notify_all();
    }
}

#[test]
fn one_client_cannot_take_every_connection_to_the_service() {
    let slow = Slow::start();
    let place = Place::new();
    cast(&place);
    let more = "allow = [\"any\"]\nlog = \"requests\"\n[proxy.limits]\nbackend-connections = 10\n";
    let proxy = place.open_with(&slow.service.url(), more);
    let mut greedy: Vec<_> = (0..8)
        .map(|_| Call::of(&place, "web").knock(proxy.port).expect("accepted"))
        .collect();
    for caller in &mut greedy {
        caller
            .send(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .expect("sent");
    }
    until("half of them", || (slow.waiting.load(SeqCst) == 5).then_some(()));
    // Another client is served meanwhile.
    assert_eq!(Call::of(&place, "api").get(proxy.port), Ok(200));
    assert_eq!(
        slow.waiting.load(SeqCst),
        5,
        "the others of the first wait in the proxy"
    );
    until("a line about it", || {
        proxy.stderr().contains("[HF-720]").then_some(())
    });
    slow.release();
    for caller in &mut greedy {
        assert_eq!(caller.answer().expect("an answer").status, 200);
    }
}

#[test]
fn a_request_that_waits_too_long_for_a_connection_is_answered_503() {
    let slow = Slow::start();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&slow.service.url(), "[proxy.limits]\nbackend-connections = 1\n");
    let mut first = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    first
        .send(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .expect("sent");
    until("the first", || (slow.waiting.load(SeqCst) == 1).then_some(()));
    let mut second = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    let answer = second.get().expect("an answer");
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("HF-720"), "{}", answer.text());
    assert!(
        answer.head.to_lowercase().contains("retry-after: 1"),
        "{}",
        answer.head
    );
    slow.release();
    assert_eq!(first.answer().expect("an answer").status, 200);
    assert_eq!(second.get().expect("an answer").status, 200);
}

#[test]
fn a_silent_service_is_a_504_also_while_the_client_pings() {
    let slow = Slow::start();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&slow.service.url(), "[proxy.limits]\nresponse = \"500ms\"\n");
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    let answer = caller
        .ask("GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .expect("an answer");
    assert_eq!(answer.status, 504);
    assert!(answer.text().contains("HF-719"), "{}", answer.text());
    assert_eq!(
        caller.get().expect("an answer").status,
        200,
        "the connection goes on"
    );

    let call = Call {
        alpn: "h2",
        ..Call::of(&place, "web")
    };
    let (runtime, stream) = call.knock(proxy.port).expect("accepted").into_parts();
    let status = runtime.block_on(async {
        let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
            .timer(hyper_util::rt::TokioTimer::new())
            .keep_alive_interval(Duration::from_millis(50))
            .handshake(TokioIo::new(stream))
            .await
            .expect("HTTP/2");
        tokio::spawn(connection);
        let request = Request::get("https://localhost/slow")
            .body(String::new())
            .expect("a request");
        sender.send_request(request).await.expect("an answer").status()
    });
    assert_eq!(status, 504);
    slow.release();
}

#[test]
fn an_upload_that_lasts_longer_than_the_deadline_of_the_answer_is_not_cut() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(
        &service.url(),
        "[proxy.limits]\nresponse = \"400ms\"\nmin-rate = 0\n",
    );
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    caller
        .send(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n")
        .expect("sent");
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(100));
        caller.send(b"x").expect("sent");
    }
    assert_eq!(caller.answer().expect("an answer").status, 200);
}

#[test]
fn a_body_below_the_least_rate_is_a_408_and_a_faster_one_arrives() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "[proxy.limits]\nidle = \"4s\"\nmin-rate = 100\n");
    let upload = |each: &[u8]| {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n",
            each.len() * 15
        );
        caller.send(head.as_bytes()).expect("sent");
        for _ in 0..15 {
            std::thread::sleep(Duration::from_millis(100));
            if caller.send(each).is_err() {
                break;
            }
        }
        caller.answer().map(|answer| (answer.status, answer.text()))
    };
    let (status, text) = upload(b"x").expect("an answer");
    assert_eq!(status, 408, "{text}");
    assert!(text.contains("HF-718"), "{text}");
    assert_eq!(upload(&[b'x'; 40]).expect("an answer").0, 200);
}

#[test]
fn who_does_not_read_an_answer_is_cut_and_that_is_recorded() {
    let place = Place::new();
    cast(&place);
    let port = listen(|_, mut stream| {
        use std::io::{Read, Write};
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n");
        while stream.write_all(&[0; 65536]).is_ok() {}
    });
    let proxy = place.open_with(
        &format!("http://127.0.0.1:{port}"),
        "[proxy.limits]\nidle = \"2s\"\n",
    );
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    caller
        .send(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .expect("sent");
    let begun = Instant::now();
    let record = proxy.connection(1);
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(
        (&record["code"], &record["verdict"]),
        (&"HF-718".into(), &"allowed".into())
    );
}
