//! Conversations of OpenSSL with itself, captured by dumpcap.

use std::{
    fs::File,
    net::{TcpListener, TcpStream, UdpSocket},
    process::{Child, Command, Stdio},
};

use crate::program::{Place, daemon::until, servers, service::closed_port};

/// A capture `capture.pcapng` with its key log `keys.log`.
pub(crate) struct Scene {
    pub(crate) port: u16,
}

/// A client with the certificate in the folder `client` calls a server that demands one of its own CA.
#[track_caller]
pub(crate) fn scene(place: &Place, version: &str, client: &str) -> Scene {
    let port = closed_port();
    // OpenSSL takes the leaf from one file and what follows it from another.
    for pair in ["server", client] {
        place
            .shell(&format!(
                "sed '1,/END CERTIFICATE/d' {pair}/tls.crt > {pair}/rest.crt"
            ))
            .good();
    }
    let server = format!(
        "s_server -accept 127.0.0.1:{port} -cert server/tls.crt -cert_chain server/rest.crt -key server/tls.key \
         -CAfile server/ca.crt -Verify 3 -verify_return_error -alpn http/1.1 -www"
    );
    let _server = servers::start(place, "openssl", &server, port);
    // Whether it listens was asked with a connection, and its alert on that one is not to be in the capture.
    until("the server is done with the first connection", || {
        place.read("server.log").contains("error:").then_some(())
    });
    let recorder = Recorder::start(place, port);
    // It waits for the server's last word, and may be refused. The keys are the client's: a server that refuses
    // in TLS 1.2 has none yet.
    place.shell(&format!(
        "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client -connect 127.0.0.1:{port} {version} -ign_eof \
         -servername localhost -alpn h2,http/1.1 -CAfile server/ca.crt -cert {client}/tls.crt \
         -cert_chain {client}/rest.crt -key {client}/tls.key -keylogfile keys.log"
    ));
    recorder.end();
    Scene { port }
}

/// A conversation without TLS.
#[track_caller]
pub(crate) fn plain_words(place: &Place) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let recorder = Recorder::start(place, port);
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let (mut server, _) = listener.accept().expect("a client");
    std::io::Write::write_all(&mut client, b"HELO there\r\n").expect("sent");
    std::io::Write::write_all(&mut server, b"220 hello\r\n").expect("sent");
    drop((client, server));
    recorder.end();
}

/// dumpcap on the loopback interface, writing `capture.pcapng`.
struct Recorder {
    child: Child,
    /// Where it listens for the word that all is over; on the same port, but UDP.
    last: UdpSocket,
    file: std::path::PathBuf,
}

/// What nobody says in TLS.
const LAST_WORD: &[u8] = b"this is the end of the capture";

impl Recorder {
    #[track_caller]
    fn start(place: &Place, port: u16) -> Self {
        let file = place.path("capture.pcapng");
        let log = File::create(place.path("dumpcap.log")).expect("a log");
        let filter = format!("tcp port {port} or udp port {port}");
        let child = Command::new("dumpcap")
            .args(["-i", "lo", "-f", &filter, "-w"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("dumpcap starts");
        let last = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
        last.connect(("127.0.0.1", port)).expect("an address");
        let mut recorder = Self { child, last, file };
        until("dumpcap captures", || {
            let said = place.read("dumpcap.log");
            if let Ok(Some(status)) = recorder.child.try_wait() {
                panic!("dumpcap ended with {status}: {said}");
            }
            said.contains("File:").then_some(())
        });
        recorder
    }

    /// Ends it when it has written everything that came before.
    #[track_caller]
    fn end(mut self) {
        until("the last word in the capture", || {
            // Nobody listens there, which the next call may be told.
            let _ = self.last.send(LAST_WORD);
            let bytes = std::fs::read(&self.file).ok()?;
            bytes
                .windows(LAST_WORD.len())
                .any(|window| window == LAST_WORD)
                .then_some(())
        });
        let interrupt = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        assert!(interrupt.expect("kill runs").success());
        self.child.wait().expect("it is ours");
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
