//! Who is let in without a proven identity: by a rule for clients without a certificate, and by a host that only observes.
//! Nothing of it names anybody, and no session of it becomes another's.

use std::sync::Arc;

use handfast_pki::{Profile, Purpose, Refusal, VerifiedChain, code};
use handfast_testkit::{Ca, Leaf, Pair, forge::Forge, forge::uri, trust};
use handfast_tls::{Admit, Credentials, Server, Sessions, server};
use rustls::{
    ClientConfig, HandshakeKind, RootCertStore, SignatureScheme, SupportedProtocolVersion,
    client::{ResolvesClientCert, Resumption},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::TlsConnector;

const BOTH: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// What a host does with clients of whom no identity is proven.
#[derive(Clone, Copy)]
enum Host {
    Demands,
    Asks,
    Observes,
}

impl Admit for Host {
    /// Why no identity is proven.
    type Pass = Option<Refusal>;
    type Denial = ();

    fn admit(&self, _chain: &VerifiedChain) -> Result<Self::Pass, ()> {
        Ok(None)
    }

    fn without_identity(&self, refusal: &Refusal) -> Option<Self::Pass> {
        match (self, refusal) {
            (Self::Observes, _) | (Self::Asks, Refusal::NoCertificate) => Some(Some(refusal.clone())),
            _ => None,
        }
    }
}

struct Lab {
    root: Ca,
    other: Ca,
    shown: Pair,
}

fn lab() -> Lab {
    let root = Ca::root("Acme");
    let leaf = Leaf::of(Profile::Server, "spiffe://acme/proxy");
    let shown = root.issue(&leaf.dns("a.example"));
    Lab {
        root,
        other: Ca::root("Beta"),
        shown,
    }
}

/// Shows what it is told to show, also with a key that is another's.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

type Chain = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn of(pair: &Pair) -> Chain {
    let chain = pair.chain.iter().map(|one| one.der().clone()).collect();
    (chain, pair.key.to_pki_type())
}

impl Lab {
    fn server(&self, host: Host, sessions: Option<&Arc<Sessions>>) -> Server<Host> {
        Server::new(server::Settings {
            credentials: Credentials::new(self.shown.chain.clone(), &self.shown.key).expect("a pair"),
            trust: Arc::new(trust(&[&self.root])),
            admission: host,
            alpn: Vec::new(),
            sessions: sessions.cloned(),
        })
        .expect("a server")
    }

    fn client(&self, version: &'static SupportedProtocolVersion, chain: Option<Chain>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.certificate.der().clone()).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let loader = provider.key_provider;
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_root_certificates(roots);
        let mut config = match chain {
            Some((chain, key)) => {
                let key = loader.load_private_key(key).expect("a key");
                config.with_client_cert_resolver(Arc::new(Shows(Arc::new(CertifiedKey::new(chain, key)))))
            }
            None => config.with_no_client_auth(),
        };
        config.resumption = Resumption::in_memory_sessions(16);
        Arc::new(config)
    }

    fn web(&self) -> Chain {
        of(&self.root.issue(&Leaf::of(Profile::Client, "spiffe://acme/web")))
    }

    fn stranger(&self) -> Chain {
        of(&self.other.issue(&Leaf::of(Profile::Client, "spiffe://acme/web")))
    }
}

/// Who came in.
#[derive(Debug, PartialEq)]
enum Came {
    Named(String),
    /// Without a name, for the reason with this code.
    Unnamed(String),
    Not,
}

fn unnamed(code: handfast_pki::Code) -> Came {
    Came::Unnamed(code.to_string())
}

/// Says of one connection who came in, and whether by a session.
async fn meet(server: &Server<Host>, client: &Arc<ClientConfig>) -> (Came, bool) {
    let (near, far) = duplex(64 << 10);
    let serving = async {
        let Ok(mut accepted) = server.accept(far).await else {
            return Came::Not;
        };
        let _ = accepted.stream.write_all(b"welcome").await;
        let _ = accepted.stream.shutdown().await;
        match (accepted.peer, accepted.pass) {
            (Some(peer), None) => Came::Named(peer.identity().called()),
            (None, Some(refusal)) => unnamed(refusal.code(Purpose::Client)),
            (peer, pass) => panic!("{peer:?} with {pass:?}"),
        }
    };
    let calling = async {
        let name = ServerName::try_from("a.example").expect("a name");
        let connected = TlsConnector::from(client.clone()).connect(name, near).await;
        let Ok(mut stream) = connected else { return false };
        // Tickets come after the handshake.
        let _ = stream.read_to_end(&mut Vec::new()).await;
        stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed)
    };
    tokio::join!(serving, calling)
}

fn web() -> Came {
    Came::Named("uri:spiffe://acme/web".to_owned())
}

#[tokio::test]
async fn a_host_that_asks_takes_who_shows_nothing_and_rejects_who_shows_something_bad() {
    for version in BOTH {
        let lab = lab();
        let server = lab.server(Host::Asks, None);
        let none = lab.client(version, None);
        assert_eq!(meet(&server, &none).await, (unnamed(code::NO_CERTIFICATE), false));
        assert_eq!(
            meet(&server, &lab.client(version, Some(lab.web()))).await.0,
            web()
        );
        let stranger = lab.client(version, Some(lab.stranger()));
        assert_eq!(meet(&server, &stranger).await.0, Came::Not, "{version:?}");
        let demands = lab.server(Host::Demands, None);
        assert_eq!(meet(&demands, &none).await.0, Came::Not);
    }
}

#[tokio::test]
async fn a_session_without_a_certificate_is_resumed_as_that_and_only_where_it_would_be_let_in_now() {
    for version in BOTH {
        let lab = lab();
        let sessions = Sessions::new();
        let none = lab.client(version, None);
        let anonymous = || unnamed(code::NO_CERTIFICATE);
        let asks = lab.server(Host::Asks, Some(&sessions));
        assert_eq!(meet(&asks, &none).await, (anonymous(), false));
        assert_eq!(meet(&asks, &none).await, (anonymous(), true), "{version:?}");
        let demands = lab.server(Host::Demands, Some(&sessions));
        assert_eq!(meet(&demands, &none).await, (Came::Not, false));
        // Whose session names somebody is that one, at a host that asks as well.
        let named = lab.client(version, Some(lab.web()));
        assert_eq!(meet(&asks, &named).await, (web(), false));
        assert_eq!(meet(&asks, &named).await, (web(), true), "{version:?}");
        assert_eq!(meet(&demands, &named).await, (web(), true), "{version:?}");
    }
}

#[tokio::test]
async fn a_host_that_observes_takes_who_is_refused_and_names_nobody() {
    for version in BOTH {
        let lab = lab();
        let sessions = Sessions::new();
        let observes = lab.server(Host::Observes, Some(&sessions));
        let stranger = lab.client(version, Some(lab.stranger()));
        for _ in 0..2 {
            let met = meet(&observes, &stranger).await;
            assert_eq!(met, (unnamed(code::UNKNOWN_ISSUER), false), "{version:?}");
        }
        // Nothing that it has left behind lets it in when the host is in earnest again.
        let demands = lab.server(Host::Demands, Some(&sessions));
        assert_eq!(meet(&demands, &stranger).await, (Came::Not, false));
        let named = lab.client(version, Some(lab.web()));
        assert_eq!(meet(&observes, &named).await, (web(), false));
        assert_eq!(meet(&demands, &named).await, (web(), true));
        let none = lab.client(version, None);
        let met = meet(&observes, &none).await;
        assert_eq!(met.0, unnamed(code::NO_CERTIFICATE));
        assert_eq!(meet(&demands, &none).await, (Came::Not, false));
    }
}

#[tokio::test]
async fn who_does_not_hold_the_key_of_its_certificate_comes_in_nowhere() {
    for version in BOTH {
        let lab = lab();
        for (shown, held) in [(lab.web(), lab.stranger()), (lab.stranger(), lab.web())] {
            let forged = (shown.0, held.1);
            for host in [Host::Demands, Host::Asks, Host::Observes] {
                let server = lab.server(host, None);
                let client = lab.client(version, Some((forged.0.clone(), forged.1.clone_key())));
                assert_eq!(meet(&server, &client).await.0, Came::Not, "{version:?}");
            }
        }
    }
}

/// What OpenSSL makes where nobody says otherwise, and rustls cannot read.
#[tokio::test]
async fn a_certificate_of_version_1_is_observed_too_and_its_key_is_asked_for() {
    let lab = lab();
    let root = Forge::ca("Old").root();
    let old = Forge {
        version: 1,
        extensions: Vec::new(),
        ..Forge::client("web", vec![uri("spiffe://acme/web")])
    };
    let old = old.by(&root);
    let shown = (vec![old.certificate.der().clone()], old.key.to_pki_type());
    let forged = (shown.0.clone(), lab.web().1);
    let observes = lab.server(Host::Observes, None);
    let came = meet(&observes, &lab.client(&TLS13, Some(shown))).await.0;
    assert!(matches!(came, Came::Unnamed(_)), "{came:?}");
    let came = meet(&observes, &lab.client(&TLS13, Some(forged))).await.0;
    assert_eq!(came, Came::Not);
}
