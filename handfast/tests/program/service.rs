//! A backend that writes down what really arrives.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// One request as it stood on the wire.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// Which connection it came on, from 1.
    pub(crate) connection: usize,
    /// Request line and headers, as sent.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: String,
}

impl Heard {
    /// All values of the header `name`.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }

    pub(crate) fn value(&self, name: &str) -> String {
        let values = self.values(name);
        assert_eq!(values.len(), 1, "{name}: {self:#?}");
        values.into_iter().next().unwrap_or_default()
    }
}

/// A service on a free port, until the test is over.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Service {
    /// Answers every request with "hello".
    pub(crate) fn hello() -> Self {
        Self::start(|_, stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello\n");
        })
    }

    /// Repeats the head of every request.
    pub(crate) fn echo() -> Self {
        Self::start(|heard, stream| {
            let head = &heard.head;
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{head}",
                head.len()
            );
        })
    }

    /// Lets `answer` write whatever it wants. When it shuts the stream down, the connection is over.
    pub(crate) fn start(answer: impl Fn(&Heard, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = heard.clone();
        let answer = Arc::new(answer);
        let port = listen(move |connection, stream| {
            let mut writer = stream.try_clone().expect("a second handle");
            let mut reader = BufReader::new(stream);
            while let Some(request) = read_request(&mut reader, connection) {
                kept.lock().expect("no panic while locked").push(request.clone());
                answer(&request, &mut writer);
            }
        });
        Self { port, heard }
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("no panic while locked").clone()
    }

    pub(crate) fn last(&self) -> Heard {
        self.heard().last().expect("a request arrived").clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Serves every connection on a thread; connections are counted from 1. Returns the port.
pub(crate) fn listen(serve: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for (index, stream) in listener.incoming().flatten().enumerate() {
            let serve = serve.clone();
            std::thread::spawn(move || serve(index + 1, stream));
        }
    });
    port
}

/// A port on which nothing listens.
pub(crate) fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}

fn read_request(reader: &mut BufReader<TcpStream>, connection: usize) -> Option<Heard> {
    let head = read_block(reader)?;
    if head.is_empty() {
        return None;
    }
    let mut heard = Heard {
        connection,
        head,
        ..Heard::default()
    };
    if heard
        .values("transfer-encoding")
        .iter()
        .any(|value| value == "chunked")
    {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            if size == 0 {
                heard.trailers = read_block(reader)?;
                break;
            }
            let begin = heard.body.len();
            heard.body.resize(begin + size, 0);
            reader.read_exact(&mut heard.body[begin..]).ok()?;
            reader.read_exact(&mut [0; 2]).ok()?;
        }
    } else if let Some(length) = heard.values("content-length").first() {
        heard.body = vec![0; length.parse().ok()?];
        reader.read_exact(&mut heard.body).ok()?;
    }
    Some(heard)
}

/// Lines up to an empty one, which is left out.
fn read_block(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut block = String::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).ok()? == 0 {
            return (!block.is_empty()).then_some(block);
        }
        if line == b"\r\n" {
            return Some(block);
        }
        block.push_str(&String::from_utf8_lossy(&line));
    }
}
