//! A session is resumed only by a client that would be let in now: in TLS 1.2 and 1.3, after a change of CAs, of rules, of
//! time, and at another host. Who is refused makes a full handshake, and that decides.

use std::sync::Arc;

use handfast_pki::Profile;
use handfast_testkit::{Ca, Leaf, Pair, trust};
use handfast_tls::{ByCondition, Credentials, Server, Sessions, server};
use rustls::{
    ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion,
    client::Resumption,
    version::{TLS12, TLS13},
};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::TlsConnector;

const BOTH: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

struct Lab {
    root: Ca,
    other: Ca,
    shown: Pair,
}

/// Another CA, which is trusted beside ours.
fn lab() -> Lab {
    let root = Ca::root("Acme");
    let leaf = Leaf::of(Profile::Server, "spiffe://acme/proxy");
    let shown = root.issue(&leaf.dns("a.example").dns("b.example"));
    Lab {
        root,
        other: Ca::root("Beta"),
        shown,
    }
}

/// Who is trusted, and whether anybody is allowed.
#[derive(Clone)]
struct State<'a> {
    cas: Vec<&'a Ca>,
    allows: bool,
}

impl Lab {
    fn open(&self) -> State<'_> {
        State {
            cas: vec![&self.root, &self.other],
            allows: true,
        }
    }

    fn server(&self, state: &State<'_>, sessions: Option<&Arc<Sessions>>) -> Server<ByCondition> {
        let allows = state.allows;
        Server::new(server::Settings {
            credentials: Credentials::new(self.shown.chain.clone(), &self.shown.key).expect("a pair"),
            trust: Arc::new(trust(&state.cas)),
            admission: ByCondition(Some(Arc::new(move |_| allows))),
            alpn: Vec::new(),
            sessions: sessions.cloned(),
        })
        .expect("a server")
    }

    fn client(&self, version: &'static SupportedProtocolVersion, pair: &Pair) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.certificate.der().clone()).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let chain = pair.chain.iter().map(|one| one.der().clone()).collect();
        let key = pair.key.to_pki_type();
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .expect("a client");
        config.resumption = Resumption::in_memory_sessions(16);
        Arc::new(config)
    }
}

/// Says of one connection whether the client came in, and whether it resumed.
async fn meet(
    server: &Server<ByCondition>,
    client: &Arc<ClientConfig>,
    asked: &str,
) -> (Option<String>, Option<HandshakeKind>) {
    let (near, far) = duplex(64 << 10);
    let serving = async {
        let mut accepted = server.accept(far).await.ok()?;
        let _ = accepted.stream.write_all(b"welcome").await;
        let _ = accepted.stream.shutdown().await;
        Some((
            accepted.peer.expect("proven").identity().called(),
            accepted.established.resumed,
        ))
    };
    let calling = async {
        let name = ServerName::try_from(asked.to_owned()).expect("a name");
        let mut stream = TlsConnector::from(client.clone())
            .connect(name, near)
            .await
            .ok()?;
        // Tickets come after the handshake.
        let _ = stream.read_to_end(&mut Vec::new()).await;
        stream.get_ref().1.handshake_kind()
    };
    let (served, kind) = tokio::join!(serving, calling);
    if let Some((_, resumed)) = &served {
        assert_eq!(
            *resumed,
            kind == Some(HandshakeKind::Resumed),
            "both say the same"
        );
    }
    (served.map(|(who, _)| who), kind)
}

const RESUMED: Option<HandshakeKind> = Some(HandshakeKind::Resumed);

#[tokio::test]
async fn a_client_that_is_still_let_in_resumes_over_a_reload_and_is_who_it_was() {
    for version in BOTH {
        let lab = lab();
        let web = lab.root.issue(&Leaf::of(Profile::Client, "spiffe://acme/web"));
        let client = lab.client(version, &web);
        let sessions = Sessions::new();
        let before = lab.server(&lab.open(), Some(&sessions));
        assert_ne!(meet(&before, &client, "a.example").await.1, RESUMED);
        for server in [before, lab.server(&lab.open(), Some(&sessions))] {
            let (who, kind) = meet(&server, &client, "a.example").await;
            assert_eq!(
                (who.as_deref(), kind),
                (Some("uri:spiffe://acme/web"), RESUMED),
                "{version:?}"
            );
        }
        let none = lab.server(&lab.open(), None);
        assert_ne!(
            meet(&none, &client, "a.example").await.1,
            RESUMED,
            "without a store there is none"
        );
    }
}

#[tokio::test]
async fn a_client_whose_ca_or_rule_is_gone_does_not_resume_and_does_not_come_in() {
    for version in BOTH {
        let lab = lab();
        let beta = lab.other.issue(&Leaf::of(Profile::Client, "spiffe://beta/web"));
        let without_ca = State {
            cas: vec![&lab.root],
            ..lab.open()
        };
        let without_rule = State {
            allows: false,
            ..lab.open()
        };
        for after in [without_ca, without_rule] {
            let client = lab.client(version, &beta);
            let sessions = Sessions::new();
            let before = lab.server(&lab.open(), Some(&sessions));
            assert!(meet(&before, &client, "a.example").await.0.is_some());
            assert_eq!(meet(&before, &client, "a.example").await.1, RESUMED);
            let after = lab.server(&after, Some(&sessions));
            let (who, kind) = meet(&after, &client, "a.example").await;
            assert_eq!(who, None, "{version:?}");
            assert_ne!(kind, RESUMED);
        }
    }
}

#[tokio::test]
async fn a_session_of_one_host_is_none_of_another() {
    for version in BOTH {
        let lab = lab();
        let beta = lab.other.issue(&Leaf::of(Profile::Client, "spiffe://beta/web"));
        let client = lab.client(version, &beta);
        let one = lab.server(&lab.open(), Some(&Sessions::new()));
        assert!(meet(&one, &client, "a.example").await.0.is_some());
        let only_ours = State {
            cas: vec![&lab.root],
            ..lab.open()
        };
        let other = lab.server(&only_ours, Some(&Sessions::new()));
        // The client offers what it got from the other host, as a hostile one would.
        let (who, kind) = meet(&other, &client, "a.example").await;
        assert_eq!(who, None, "{version:?}");
        assert_ne!(kind, RESUMED);
    }
}

#[tokio::test]
async fn a_client_that_was_refused_leaves_no_session() {
    for version in BOTH {
        let lab = lab();
        let web = lab.root.issue(&Leaf::of(Profile::Client, "spiffe://acme/web"));
        let client = lab.client(version, &web);
        let sessions = Sessions::new();
        let closed = State {
            allows: false,
            ..lab.open()
        };
        let denied = lab.server(&closed, Some(&sessions));
        assert_eq!(meet(&denied, &client, "a.example").await.0, None);
        let open = lab.server(&lab.open(), Some(&sessions));
        let (who, kind) = meet(&open, &client, "a.example").await;
        assert!(who.is_some());
        assert_ne!(kind, RESUMED, "{version:?}");
    }
}
