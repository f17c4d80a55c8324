//! TLS is content, and the protocol within it is not; and servers that do not agree among themselves.

use handfast_pki::code;

use super::{healthy::mosquitto_scene, named_case};
use crate::{
    Asks, Case, Error, Folder, Look,
    Program::{Apache, Envoy, Haproxy, Mosquitto, Nginx, Openssl, Python, Redis},
    Running, Scene, Setup, Speaks, free_port, programs, serve,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        nameless_user(),
        named_user(),
        login_page(),
        login_page_of_its_own(),
        login_page_for_others(),
        password_wanted(),
        redis(),
        redis_of_old_version(),
        plain_redis(),
        instances(),
        instances_that_agree(),
        matcher(),
        filter(),
        expression(),
        depth_of_none(),
        judged_by_rule(),
        flight_lost(),
        expired_root(),
        key_of_another_curve("Ed448", "ed448", ("server", "likely")),
    ]
}

/// `scene` with more words for `handfast`.
fn with(mut scene: Scene, more: &[&str]) -> Scene {
    if let Look::Command(words) = &mut scene.look {
        words.extend(more.iter().map(|word| (*word).to_owned()));
    }
    scene
}

fn https(running: Running, pair: &str) -> Scene {
    let port = running.port;
    Scene::https(vec![running], port, Some(pair), &[])
}

fn broker(folder: &Folder, pair: &str) -> Result<Scene, Error> {
    let setup = Setup {
        more: "use_identity_as_username true\n".into(),
        ..Setup::default()
    };
    let running = serve(Mosquitto, folder, &setup)?;
    Ok(with(mosquitto_scene(running, Some(pair)), &["--speak", "mqtt"]))
}

fn nameless_user() -> Case {
    let case = Case::new(
        named_case(code::UNMAPPED, Mosquitto, ""),
        "the broker takes the common name as the user, and the certificate has none: it refuses in CONNACK",
        &[Mosquitto],
        |folder| broker(folder, "client-nameless"),
    );
    case.expect(code::UNMAPPED, "server", "likely")
}

fn named_user() -> Case {
    Case::new(
        "healthy/mosquitto-identity",
        "the broker takes the common name as the user, and the certificate has one",
        &[Mosquitto],
        |folder| broker(folder, "client"),
    )
}

/// nginx that sends to a login whoever has no good certificate.
fn to_login(folder: &Folder, pair: &str, login: &str) -> Result<Scene, Error> {
    let setup = Setup {
        more: format!("error_page 495 496 =302 {login};\n"),
        ..Setup::default()
    };
    Ok(https(serve(Nginx, folder, &setup)?, pair))
}

fn login_page() -> Case {
    let case = Case::new(
        named_case(code::UNKNOWN_ISSUER, Nginx, "login"),
        "the client's certificate comes from another CA, and the server answers with a redirect to its login",
        &[Nginx],
        |folder| to_login(folder, "client-stranger", "https://id.lab.example/login"),
    );
    case.expect(code::UNKNOWN_ISSUER, "server", "likely")
}

fn login_page_of_its_own() -> Case {
    let case = Case::new(
        named_case(code::UNKNOWN_ISSUER, Nginx, "login-page"),
        "the same, and the page is nginx's own, so that the redirect leads nowhere",
        &[Nginx],
        |folder| to_login(folder, "client-stranger", "/login"),
    );
    case.expect(code::UNKNOWN_ISSUER, "server", "likely")
}

fn login_page_for_others() -> Case {
    Case::new(
        "healthy/nginx-login",
        "a good client is served, and others are sent to a login",
        &[Nginx],
        |folder| to_login(folder, "client", "https://id.lab.example/login"),
    )
}

fn redis_scene(running: Running, more: &[&str]) -> Scene {
    let port = running.port;
    let scene = https(running, "client");
    let (old, new) = (format!("https://localhost:{port}/"), format!("localhost:{port}"));
    Scene {
        curl: None,
        ..with(scene.instead_of(&old, &new), more)
    }
}

fn password_wanted() -> Case {
    let case = Case::new(
        named_case(code::UNMAPPED, Redis, ""),
        "the server wants a password beside the certificate, and says NOAUTH",
        &[Redis],
        |folder| {
            let setup = Setup {
                more: "--requirepass secret".into(),
                ..Setup::default()
            };
            Ok(redis_scene(serve(Redis, folder, &setup)?, &["--speak", "redis"]))
        },
    );
    case.expect(code::UNMAPPED, "server", "guess")
}

fn redis() -> Case {
    Case::new("healthy/redis", "the server answers PING", &[Redis], |folder| {
        Ok(redis_scene(
            serve(Redis, folder, &Setup::default())?,
            &["--speak", "redis"],
        ))
    })
}

fn redis_of_old_version() -> Case {
    let case = Case::new(
        named_case(code::NO_COMMON_VERSION, Redis, ""),
        "the server speaks TLS 1.2 alone, the client asks for TLS 1.3",
        &[Redis],
        |folder| {
            let setup = Setup {
                speaks: Speaks::Only12,
                ..Setup::default()
            };
            Ok(redis_scene(serve(Redis, folder, &setup)?, &["--tls", "1.3"]))
        },
    );
    case.expect(code::NO_COMMON_VERSION, "server", "certain")
}

fn plain_redis() -> Case {
    let case = Case::new(
        named_case(code::NOT_TLS, Redis, ""),
        "the client speaks TLS to a Redis without TLS, which waits for the end of a line",
        &[Redis],
        |folder| Ok(redis_scene(programs::plain_redis(folder)?, &[])),
    );
    case.expect(code::NOT_TLS, "server", "certain")
}

/// Two servers behind one address, the second of which trusts `client_ca`.
fn behind_balancer(folder: &Folder, client_ca: &str) -> Result<Scene, Error> {
    let of = |client_ca: &str| Setup {
        client_ca: client_ca.into(),
        ..Setup::default()
    };
    let one = serve(Nginx, folder, &of("ca.crt"))?;
    let two = serve(Nginx, folder, &of(client_ca))?;
    let port = free_port()?;
    let configuration = format!(
        "global\n    log stderr local0 info\ndefaults\n    mode tcp\n    timeout client 10s\n    timeout connect 5s\n    \
         timeout server 10s\nfrontend both\n    bind 127.0.0.1:{port}\n    default_backend both\nbackend both\n    balance \
         roundrobin\n    server one 127.0.0.1:{}\n    server two 127.0.0.1:{}\n",
        one.port, two.port
    );
    let running = programs::haproxy_with(folder, port, &configuration)?;
    Ok(Scene::https(vec![running, one, two], port, Some("client"), &[]))
}

fn instances() -> Case {
    let case = Case::new(
        named_case(code::INSTANCES, Haproxy, ""),
        "two servers share an address, and one of them trusts another CA for clients",
        &[Haproxy, Nginx],
        |folder| behind_balancer(folder, "stranger.crt"),
    );
    case.expect(code::INSTANCES, "server", "certain")
}

fn instances_that_agree() -> Case {
    Case::new(
        "healthy/haproxy-instances",
        "two servers share an address, and are set up alike",
        &[Haproxy, Nginx],
        |folder| behind_balancer(folder, "ca.crt"),
    )
}

fn matcher() -> Case {
    let case = Case::new(
        named_case(code::NOT_ALLOWED, Envoy, "matcher"),
        "the certificate is trusted, and no matcher takes one of its names",
        &[Envoy],
        |folder| {
            let setup = Setup {
                allowed: Some("other.lab.example".into()),
                ..Setup::default()
            };
            Ok(https(serve(Envoy, folder, &setup)?, "client"))
        },
    );
    case.expect(code::NOT_ALLOWED, "server", "likely")
}

fn filter() -> Case {
    let case = Case::new(
        named_case(code::NOT_ALLOWED, Envoy, "rbac"),
        "the certificate is trusted, and the RBAC filter denies the request",
        &[Envoy],
        |folder| {
            let setup = Setup {
                inside: "          - name: envoy.filters.http.rbac\n            typed_config:\n              \"@type\": \
                         type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC\n              rules: { action: ALLOW, \
                         policies: { lab: { permissions: [{ any: true }], principals: [{ authenticated: { principal_name: { \
                         exact: \"spiffe://lab.example/other\" } } }] } } }\n"
                    .into(),
                ..Setup::default()
            };
            Ok(https(serve(Envoy, folder, &setup)?, "client"))
        },
    );
    case.expect(code::NOT_ALLOWED, "server", "likely")
}

fn expression() -> Case {
    let case = Case::new(
        named_case(code::NOT_ALLOWED, Apache, "expression"),
        "the certificate is trusted, and Require expr denies the request",
        &[Apache],
        |folder| {
            let setup = Setup {
                inside: "Require expr %{SSL_CLIENT_S_DN_CN} == 'other'\n".into(),
                ..Setup::default()
            };
            Ok(https(serve(Apache, folder, &setup)?, "client"))
        },
    );
    case.expect(code::NOT_ALLOWED, "server", "likely")
}

fn depth_of_none() -> Case {
    let case = Case::new(
        named_case(code::VERIFY_DEPTH, Apache, "none"),
        "SSLVerifyDepth 0 takes no certificate that a CA signed",
        &[Apache],
        |folder| {
            let setup = Setup {
                depth: Some(0),
                ..Setup::default()
            };
            Ok(https(serve(Apache, folder, &setup)?, "client"))
        },
    );
    case.expect(code::VERIFY_DEPTH, "server", "likely")
}

/// HAProxy that takes any certificate in TLS, and judges it by a rule.
fn judged_by_rule() -> Case {
    let case = Case::new(
        named_case(code::UNKNOWN_ISSUER, Haproxy, "rule"),
        "the client's certificate comes from another CA, which HAProxy takes in TLS and denies with 403",
        &[Haproxy],
        |folder| {
            let setup = Setup {
                asks: Asks::AndTakesAnything,
                inside: "    http-request deny if { ssl_c_verify gt 0 }\n".into(),
                ..Setup::default()
            };
            Ok(https(serve(Haproxy, folder, &setup)?, "client-stranger"))
        },
    );
    case.expect(code::UNKNOWN_ISSUER, "server", "likely")
}

fn flight_lost() -> Case {
    let case = Case::new(
        named_case(code::CUT_SHORT, Nginx, "lost-flight"),
        "of the server's certificates only the first packet arrives",
        &[Nginx, Python],
        |folder| {
            folder.write("relay.py", include_str!("relay.py"))?;
            let behind = serve(Nginx, folder, &Setup::default())?;
            let relay = programs::python_with(folder, "relay.py", &[&behind.port.to_string(), "1400"])?;
            let port = relay.port;
            Ok(Scene::https(vec![relay, behind], port, Some("client"), &[]))
        },
    );
    case.expect(code::CUT_SHORT, "network", "likely")
}

fn expired_root() -> Case {
    let case = Case::new(
        named_case(code::EXPIRED, Haproxy, "store"),
        "the root in the client's store has expired",
        &[Haproxy],
        |folder| {
            let setup = Setup {
                pair: "server-of-ended-root".into(),
                ..Setup::default()
            };
            let scene = https(serve(Haproxy, folder, &setup)?, "client");
            Ok(scene.instead_of("ca.crt", "ended-root.crt"))
        },
    );
    case.expect(code::EXPIRED, "client", "certain")
}

/// A server with a key that our own library does not verify.
fn key_of_another_curve(
    called: &'static str,
    key: &'static str,
    (side, certainty): (&'static str, &'static str),
) -> Case {
    let case = Case::new(
        named_case(code::NO_COMMON_SCHEME, Openssl, &called.to_lowercase()),
        format!("the server's key is {called}, which we do not offer"),
        &[Openssl],
        move |folder| {
            let make = match key.split_once(':') {
                Some((kind, curve)) => format!("-newkey {kind} -pkeyopt ec_paramgen_curve:{curve}"),
                None => format!("-newkey {key}"),
            };
            folder.write("server-other-curve/.keep", "")?;
            folder.shell(&format!(
                "openssl req -x509 {make} -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout \
                 server-other-curve/tls.key -out server-other-curve/tls.crt 2>&1"
            ))?;
            let setup = Setup {
                pair: "server-other-curve".into(),
                ..Setup::default()
            };
            Ok(https(serve(Openssl, folder, &setup)?, "client"))
        },
    );
    case.expect(code::NO_COMMON_SCHEME, side, certainty)
}
