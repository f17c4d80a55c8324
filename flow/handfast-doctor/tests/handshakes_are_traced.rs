//! Connections of ours over a pipe, and their traces: every message of both sides in its order, decrypted.

use std::sync::Arc;

use handfast_pki::Profile;
use handfast_testkit::{Ca, Leaf, Pair, trust};
use handfast_tls::{
    ByCondition, Client, Credentials, SecretLog, Server,
    client::{self, Versions},
    server,
};
use handfast_trace::{Kind, Message, Secrets, Side, Tap, decode};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

struct Lab {
    root: Ca,
    proxy: Pair,
}

fn lab() -> Lab {
    let root = Ca::root("Root");
    let proxy = root.issue(&Leaf::of(Profile::Server, "spiffe://acme/proxy").dns("localhost"));
    Lab { root, proxy }
}

fn credentials(pair: &Pair) -> Credentials {
    Credentials::new(pair.chain.clone(), &pair.key).expect("a pair")
}

impl Lab {
    fn server(&self) -> Server<ByCondition> {
        Server::new(server::Settings {
            credentials: credentials(&self.proxy),
            trust: Arc::new(trust(&[&self.root])),
            admission: ByCondition(None),
            alpn: vec!["h2", "http/1.1"],
            sessions: None,
        })
        .expect("a server")
    }

    fn client(&self, pair: Option<&Pair>, versions: Versions, secrets: Arc<Secrets>) -> Client {
        Client::new(client::Settings {
            trust: Arc::new(trust(&[&self.root])),
            credentials: pair.map(credentials),
            admission: None,
            alpn: vec!["http/1.1".to_owned()],
            versions,
            secrets: Some(SecretLog::new(move |label, random, secret| {
                secrets.log(label, random, secret)
            })),
            probing: Default::default(),
        })
        .expect("a client")
    }

    fn member(&self) -> Pair {
        self.root.issue(&Leaf::of(Profile::Client, "spiffe://acme/web"))
    }
}

/// What was said on one connection, whose client heard `welcome` to its end.
async fn meet(
    server: &Server<ByCondition>,
    lab: &Lab,
    pair: Option<&Pair>,
    versions: Versions,
) -> Vec<Message> {
    let secrets = Arc::new(Secrets::default());
    let client = lab.client(pair, versions, secrets.clone());
    let (near, far): (DuplexStream, DuplexStream) = duplex(64 << 10);
    let (near, recording) = Tap::new(near, Side::Client);
    let serving = async {
        let Ok(mut accepted) = server.accept(far).await else {
            panic!("refused")
        };
        let _ = accepted.stream.write_all(b"welcome").await;
        let _ = accepted.stream.shutdown().await;
    };
    let calling = async {
        let name = ServerName::try_from("localhost").expect("a name");
        let Ok(mut connected) = client.connect(name, near).await else {
            panic!("refused")
        };
        let mut heard = Vec::new();
        connected.stream.read_to_end(&mut heard).await.expect("read");
        assert_eq!(heard, b"welcome");
    };
    tokio::join!(serving, calling);
    decode(&recording.chunks(), &secrets)
}

fn names(messages: &[Message]) -> Vec<(Side, Kind)> {
    messages
        .iter()
        .map(|message| (message.from, message.kind.clone()))
        .collect()
}

#[tokio::test]
async fn tls_13_is_traced_to_its_last_encrypted_message_and_no_ticket_is_among_them() {
    let lab = lab();
    let messages = meet(&lab.server(), &lab, Some(&lab.member()), Versions::Both).await;
    use Kind::*;
    use Side::{Client as C, Server as S};
    let expected = [
        (C, ClientHello),
        (S, ServerHello),
        (S, EncryptedExtensions),
        (S, CertificateRequest),
        (S, Certificate),
        (S, CertificateVerify),
        (S, Finished),
        (C, Certificate),
        (C, CertificateVerify),
        (C, Finished),
        (S, ApplicationData),
        (S, Alert(0)),
    ];
    let found: Vec<_> = names(&messages)
        .into_iter()
        .filter(|(_, kind)| *kind != ChangeCipherSpec)
        .collect();
    assert_eq!(found, expected);
    let sent = messages
        .iter()
        .find(|message| message.kind == Certificate)
        .expect("sent")
        .certificates();
    assert_eq!(sent[0], lab.proxy.certificate);
}

#[tokio::test]
async fn tls_12_is_the_nine_steps_of_the_textbook() {
    let lab = lab();
    let messages = meet(&lab.server(), &lab, Some(&lab.member()), Versions::OnlyTls12).await;
    use Kind::*;
    use Side::{Client as C, Server as S};
    let expected = [
        (C, ClientHello),
        (S, ServerHello),
        (S, Certificate),
        (S, ServerKeyExchange),
        (S, CertificateRequest),
        (S, ServerHelloDone),
        (C, Certificate),
        (C, ClientKeyExchange),
        (C, CertificateVerify),
        (C, Finished),
        (S, Finished),
    ];
    let handshake: Vec<_> = names(&messages)
        .into_iter()
        .filter(|(_, kind)| !matches!(kind, ChangeCipherSpec | ApplicationData | Alert(0)))
        .collect();
    assert_eq!(handshake, expected);
    // Decrypted, and not guessed from its place: twelve bytes behind the header (RFC 5246 section 7.4.9).
    let finished = |message: &&Message| message.kind == Finished;
    assert!(
        messages
            .iter()
            .filter(finished)
            .all(|message| message.raw.len() == 16 && message.encrypted)
    );
}
