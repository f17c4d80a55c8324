//! Two hosts on one listener: what is shown, who is trusted and what is decided belongs to one of them alone.

use handfast_pki::{NamePattern, Profile};
use handfast_testkit::{Ca, Leaf, Pair, trust};
use handfast_tls::{
    Client, Credentials, HandshakeError,
    client::{self, Versions},
    server::{self, Hello},
};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

struct Lab {
    ca: Ca,
    shown: Pair,
}

fn lab() -> Lab {
    let ca = Ca::root("Acme");
    let leaf = Leaf::of(Profile::Server, "spiffe://acme/proxy");
    let shown = ca.issue(&leaf.dns("a.example").dns("b.example").dns("c.example"));
    Lab { ca, shown }
}

fn any_name() -> HostName {
    HostName {
        names: Vec::new(),
        is_default: true,
    }
}

fn names_of(names: Vec<String>) -> HostName {
    HostName {
        names,
        is_default: false,
    }
}

fn credentials(pair: &Pair) -> Credentials {
    Credentials::new(pair.chain.clone(), &pair.key).expect("a pair")
}

fn route(path: &str, methods: Option<Vec<Method>>, rule: &str) -> Route {
    let rules = vec![rule.parse::<NamePattern>().expect(rule)];
    Route {
        path: path.to_owned(),
        methods,
        policy: Policy::new(rules).expect("a policy"),
        to: "to".into(),
        tokens: None,
    }
}

impl Lab {
    fn host(&self, name: HostName, trust: &Arc<Trust>, routes: Vec<Route>) -> Host {
        let rules = Rules::new(routes, false, false);
        let server = Server::new(server::Settings {
            credentials: credentials(&self.shown),
            trust: trust.clone(),
            admission: rules.clone(),
            alpn: Vec::new(),
            sessions: None,
        });
        Host {
            name,
            server: server.expect("a server"),
            trust: trust.clone(),
            rules,
            is_optional: false,
            own: self.shown.certificate.clone(),
            sessions: None,
            speaks_http: false,
        }
    }

    /// `a.example` is for `web`, `b.example` for `api`; both trust the same CA.
    fn two_hosts(&self) -> Listener {
        let trust = Arc::new(trust(&[&self.ca]));
        let host = |name: &str, rule: &str| {
            let names = names_of(vec![name.to_owned()]);
            self.host(names, &trust, vec![route("", None, rule)])
        };
        Listener::new(vec![
            host("a.example", "uri:spiffe://acme/web"),
            host("b.example", "uri:spiffe://acme/api"),
        ])
    }

    fn client(&self, who: &str) -> Pair {
        self.ca.issue(&Leaf::of(Profile::Client, who))
    }

    /// One connection of `pair` to `asked`: what it was given, or why it was rejected.
    async fn visit(&self, listener: &Listener, pair: &Pair, asked: &str) -> Result<Standing, HandshakeError> {
        let client = Client::new(client::Settings {
            trust: Arc::new(trust(&[&self.ca])),
            credentials: Some(credentials(pair)),
            admission: None,
            alpn: Vec::new(),
            versions: Versions::Both,
            secrets: None,
            probing: Default::default(),
        })
        .expect("a client");
        let (near, far) = duplex(64 << 10);
        let serving = async {
            let hello = Hello::read(far).await?;
            let Some(host) = listener.host(hello.server_name().as_deref()).cloned() else {
                return Err(hello.refuse_name().await);
            };
            let mut accepted = host.server.answer(hello).await.map_err(|failed| failed.error)?;
            let _ = accepted.stream.shutdown().await;
            Ok(listener.standing(0, host, accepted.peer, accepted.pass))
        };
        let calling = async {
            let name = ServerName::try_from(asked.to_owned()).expect("a name");
            if let Ok(mut connected) = client.connect(name, near).await {
                let _ = connected.stream.read_to_end(&mut Vec::new()).await;
            }
        };
        tokio::join!(serving, calling).0
    }
}

fn is_denied(result: Result<Standing, HandshakeError>) -> bool {
    matches!(result, Err(HandshakeError::NotAdmitted { .. }))
}

#[tokio::test]
async fn two_hosts_with_different_rules_never_share_a_decision() {
    let lab = lab();
    let listener = lab.two_hosts();
    let (web, api) = (lab.client("spiffe://acme/web"), lab.client("spiffe://acme/api"));
    // Twice: the second time each chain is remembered, by each host for itself.
    for _ in 0..2 {
        let standing = lab.visit(&listener, &web, "a.example").await.expect("allowed");
        assert_eq!(standing.admission.rule.as_deref(), Some("uri:spiffe://acme/web"));
        assert!(is_denied(lab.visit(&listener, &web, "b.example").await));
        let standing = lab.visit(&listener, &api, "b.example").await.expect("allowed");
        assert_eq!(standing.admission.rule.as_deref(), Some("uri:spiffe://acme/api"));
        assert!(is_denied(lab.visit(&listener, &api, "a.example").await));
    }
}

#[tokio::test]
async fn a_name_that_no_host_has_is_refused_and_a_default_takes_it() {
    let lab = lab();
    let web = lab.client("spiffe://acme/web");
    let refused = lab.visit(&lab.two_hosts(), &web, "c.example").await;
    let Err(error @ HandshakeError::UnknownHost { .. }) = refused else {
        panic!("c.example is no host")
    };
    assert_eq!(error.code(), code::WRONG_SNI);
    assert!(error.to_string().contains("\"c.example\""), "{error}");
    let trust = Arc::new(trust(&[&lab.ca]));
    let only = lab.host(any_name(), &trust, vec![route("", None, "any")]);
    assert!(
        lab.visit(&Listener::new(vec![only]), &web, "c.example")
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_request_stays_with_the_host_of_its_connection() {
    let lab = lab();
    let listener = lab.two_hosts();
    let standing = lab
        .visit(&listener, &lab.client("spiffe://acme/web"), "a.example")
        .await
        .expect("allowed");
    for (asked, is_its) in [
        ("a.example", true),
        ("A.Example.", true),
        ("a.example:8443", true),
        ("b.example", false),
        ("c.example", false),
        ("x.a.example", false),
        ("", false),
    ] {
        assert_eq!(listener.is_of(&standing.host, asked), is_its, "{asked}");
    }
}

#[tokio::test]
async fn a_wildcard_is_one_label_and_an_exact_name_wins() {
    let lab = lab();
    let trust = Arc::new(trust(&[&lab.ca]));
    let host = |name: &str| {
        let names = names_of(vec![name.to_owned()]);
        lab.host(names, &trust, vec![route("", None, "any")])
    };
    let listener = Listener::new(vec![host("*.example"), host("a.example")]);
    let meant = |asked: &str| listener.host(Some(asked)).map(|host| host.name.clone());
    let names = |name: &str| Some(names_of(vec![name.to_owned()]));
    assert_eq!(meant("a.example"), names("a.example"));
    assert_eq!(meant("b.example"), names("*.example"));
    assert_eq!(meant("x.b.example"), None);
    assert_eq!(meant("example"), None);
    assert!(listener.host(None).is_none());
}

#[tokio::test]
async fn each_request_is_decided_by_the_longest_path_and_its_method() {
    let lab = lab();
    let trust = Arc::new(trust(&[&lab.ca]));
    let routes = || {
        vec![
            route("", None, "uri:spiffe://acme/web"),
            route("/reports", Some(vec![Method::GET]), "uri:spiffe://acme/api"),
            route("/reports/open", None, "any"),
        ]
    };
    let listener = Listener::new(vec![lab.host(any_name(), &trust, routes())]);
    let standing = |who: &str| {
        let (client, listener) = (lab.client(who), &listener);
        let lab = &lab;
        async move { lab.visit(listener, &client, "a.example").await.expect("allowed") }
    };
    let (web, api) = (
        standing("spiffe://acme/web").await,
        standing("spiffe://acme/api").await,
    );
    assert!(!web.has_one_answer());
    let may = |standing: &Standing, path: &str, method: &Method| {
        let route = standing.route(path, method);
        route.is_some_and(|(place, _)| standing.decision(place).is_some_and(Result::is_ok))
    };
    for (path, method, web_may, api_may) in [
        ("/", Method::GET, true, false),
        ("/reportsx", Method::GET, true, false),
        ("/reports", Method::GET, false, true),
        ("/reports/a", Method::GET, false, true),
        // The route of GET is not for POST, so the one above decides.
        ("/reports/a", Method::POST, true, false),
        ("/reports/open/a", Method::POST, true, true),
    ] {
        assert_eq!(may(&web, path, &method), web_may, "web {method} {path}");
        assert_eq!(may(&api, path, &method), api_may, "api {method} {path}");
    }
    let only = Listener::new(vec![lab.host(any_name(), &trust, routes().split_off(1))]);
    let client = lab.client("spiffe://acme/web");
    let narrow = lab.visit(&only, &client, "a.example").await.expect("allowed");
    assert!(narrow.route("/", &Method::GET).is_none(), "no route means no");
}

#[tokio::test]
async fn a_change_ends_what_it_takes_away_and_nothing_else() {
    let lab = lab();
    let trusted = Arc::new(trust(&[&lab.ca]));
    let with =
        |trust: &Arc<Trust>, routes: Vec<Route>| Listener::new(vec![lab.host(any_name(), trust, routes)]);
    let any = || route("", None, "any");
    let before = with(&trusted, vec![any()]);
    let (web, api) = (lab.client("spiffe://acme/web"), lab.client("spiffe://acme/api"));
    let web = lab.visit(&before, &web, "a.example").await.expect("allowed");
    let api = lab.visit(&before, &api, "a.example").await.expect("allowed");
    let judged = |listener: &Listener, standing: &Standing| {
        listener
            .judge_again(standing, Timestamp::now())
            .map_err(|(code, _)| code)
    };
    assert_eq!(judged(&with(&trusted, vec![any()]), &web), Ok(()));
    let web_alone = with(&trusted, vec![route("", None, "uri:spiffe://acme/web")]);
    assert_eq!(judged(&web_alone, &web), Ok(()));
    assert_eq!(judged(&web_alone, &api), Err(code::NOT_ALLOWED));
    let another_ca = Arc::new(trust(&[&Ca::root("Beta")]));
    assert_eq!(
        judged(&with(&another_ca, vec![any()]), &web),
        Err(code::UNKNOWN_ISSUER)
    );
    let more_routes = with(
        &trusted,
        vec![any(), route("/admin", None, "uri:spiffe://acme/admin")],
    );
    assert_eq!(judged(&more_routes, &web), Err(code::NOT_ALLOWED));
    assert_eq!(judged(&lab.two_hosts(), &web), Err(code::MISDIRECTED));
    // A host that comes beside the default one takes a name from it.
    let beside = |default: Route| {
        let named = names_of(vec!["b.example".to_owned()]);
        let hosts = vec![
            lab.host(any_name(), &trusted, vec![default]),
            lab.host(named, &trusted, vec![any()]),
        ];
        Listener::new(hosts)
    };
    assert_eq!(judged(&beside(any()), &web), Err(code::MISDIRECTED));
}
