//! Both sides of this crate against each other, over a pipe: who is accepted, and what each side is told.

use std::sync::Arc;

use handfast_pki::{Profile, code};
use handfast_testkit::{Ca, Leaf, Pair, trust};
use handfast_tls::{
    ByCondition, Client, Condition, Credentials, HandshakeError, Server,
    client::{self, Versions},
    server,
};
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
    fn server(&self, admission: Option<Condition>) -> Server<ByCondition> {
        Server::new(server::Settings {
            credentials: credentials(&self.proxy),
            trust: Arc::new(trust(&[&self.root])),
            admission: ByCondition(admission),
            alpn: vec!["h2", "http/1.1"],
            sessions: None,
        })
        .expect("a server")
    }

    fn client(&self, pair: Option<&Pair>, versions: Versions) -> Client {
        Client::new(client::Settings {
            trust: Arc::new(trust(&[&self.root])),
            credentials: pair.map(credentials),
            admission: None,
            alpn: vec!["http/1.1".to_owned()],
            versions,
            secrets: None,
            probing: Default::default(),
        })
        .expect("a client")
    }

    fn member(&self) -> Pair {
        self.root.issue(&Leaf::of(Profile::Client, "spiffe://acme/web"))
    }
}

/// What both sides say of one connection.
struct Seen {
    server: Result<String, HandshakeError>,
    client: Result<(), HandshakeError>,
}

async fn meet(server: &Server<ByCondition>, lab: &Lab, pair: Option<&Pair>, versions: Versions) -> Seen {
    let client = lab.client(pair, versions);
    let (near, far): (DuplexStream, DuplexStream) = duplex(64 << 10);
    let serving = async {
        let mut accepted = server.accept(far).await.map_err(|failed| failed.error)?;
        let _ = accepted.stream.write_all(b"welcome").await;
        let _ = accepted.stream.shutdown().await;
        Ok(accepted.peer.expect("proven").identity().called())
    };
    let calling = async {
        let name = ServerName::try_from("localhost").expect("a name");
        let mut connected = client
            .connect(name, near)
            .await
            .map_err(|refused| refused.error)?;
        let mut heard = Vec::new();
        match connected.stream.read_to_end(&mut heard).await {
            Ok(_) => Ok(()),
            Err(error) => Err(HandshakeError::late_alert(&error).expect("an alert")),
        }
    };
    let (server, client) = tokio::join!(serving, calling);
    Seen { server, client }
}

#[tokio::test]
async fn each_refusal_is_named_on_both_sides_in_both_versions() {
    let lab = lab();
    let server = lab.server(None);
    let stranger = Ca::root("Stranger").issue(&Leaf::of(Profile::Client, "spiffe://acme/web"));
    let wrong = lab.root.issue(&Leaf::of(Profile::Server, "spiffe://acme/api"));
    for versions in [Versions::OnlyTls12, Versions::OnlyTls13] {
        for (pair, expected) in [
            (None, code::NO_CERTIFICATE),
            (Some(&stranger), code::UNKNOWN_ISSUER),
            (Some(&wrong), code::WRONG_PURPOSE),
        ] {
            let seen = meet(&server, &lab, pair, versions).await;
            assert_eq!(seen.server.expect_err("refused").code(), expected, "{versions:?}");
            assert_eq!(seen.client.expect_err("told").code(), expected, "{versions:?}");
        }
        assert!(
            meet(&server, &lab, Some(&lab.member()), versions)
                .await
                .client
                .is_ok()
        );
    }
}

#[tokio::test]
async fn who_is_not_admitted_is_told_access_denied() {
    let lab = lab();
    let server = lab.server(Some(Arc::new(|chain| {
        chain.identity().spiffe_id() == Some("spiffe://acme/web")
    })));
    let guest = lab.root.issue(&Leaf::of(Profile::Client, "spiffe://acme/guest"));
    for versions in [Versions::OnlyTls12, Versions::OnlyTls13] {
        // Twice: the second time the chain is remembered, and the answer must be the same.
        for _ in 0..2 {
            let seen = meet(&server, &lab, Some(&guest), versions).await;
            assert!(matches!(seen.server, Err(HandshakeError::NotAdmitted { .. })));
            assert!(matches!(
                seen.client,
                Err(HandshakeError::Alert { number: 49, .. })
            ));
        }
        assert!(
            meet(&server, &lab, Some(&lab.member()), versions)
                .await
                .client
                .is_ok()
        );
    }
}

#[tokio::test]
async fn a_key_that_is_not_the_certificates_proves_nothing() {
    let lab = lab();
    let member = lab.member();
    let other = lab.member();
    let refused = Credentials::new(member.chain.clone(), &other.key).expect_err("no pair");
    assert_eq!(refused.code(), code::KEY_MISMATCH);
    Credentials::new(member.chain.clone(), &member.key).expect("a pair");
}
