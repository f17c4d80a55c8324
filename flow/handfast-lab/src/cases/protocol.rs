//! The peers do not come to speak TLS with each other, or speak past each other.

use handfast_pki::code;

use super::{healthy::needs, named_case};
use crate::{
    Case, Error, Folder, Look, Program,
    Program::{Apache, Curl, GnutlsServer, Haproxy, Nginx, Node, Openssl, Postgres, Python},
    Scene, Setup, Speaks, serve,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        https_to_http(),
        tls_to_postgres(),
        proxy_line(),
        http_to_https(),
        old_server(Openssl),
        old_server(GnutlsServer),
        old_client(),
        only_rsa_key_exchange(),
        nothing_shared(),
        cut_by_name(),
        cut_in_the_middle(),
        resumed_unchecked(),
        old_pool(),
    ];
    for program in [Nginx, Node] {
        cases.push(alpn(program));
    }
    for program in [Nginx, Apache] {
        cases.push(misdirected(program));
    }
    cases
}

fn https_to_http() -> Case {
    let case = Case::new(
        named_case(code::NOT_TLS, Python, "http"),
        "the client speaks TLS to a port of plain HTTP",
        &[Python],
        |folder| {
            let running = crate::programs::plain_http(folder)?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    );
    case.expect(code::NOT_TLS, "server", "certain")
}

fn tls_to_postgres() -> Case {
    let case = Case::new(
        named_case(code::NOT_TLS, Postgres, "starttls"),
        "the client speaks TLS at once to a server that wants to be asked first",
        &[Postgres],
        |folder| {
            let running = serve(Postgres, folder, &Setup::default())?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    );
    case.expect(code::NOT_TLS, "server", "certain")
}

fn proxy_line() -> Case {
    let case = Case::new(
        named_case(code::NOT_TLS, Haproxy, "proxy-line"),
        "the server expects a line of the PROXY protocol before TLS",
        &[Haproxy],
        |folder| {
            let setup = Setup {
                more: " accept-proxy".into(),
                ..Setup::default()
            };
            let running = serve(Haproxy, folder, &setup)?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    );
    case.expect(code::NOT_TLS, "server", "certain")
}

fn http_to_https() -> Case {
    let case = Case::new(
        named_case(code::NOT_TLS, Curl, "plain-client"),
        "the client speaks plain HTTP to a port of TLS",
        &[Curl],
        |_| {
            Ok(Scene::only(Look::Listen {
                arguments: crate::case::listen(&["--once"]),
                client: "curl -s http://localhost:$PORT/".into(),
            }))
        },
    );
    case.expect(code::NOT_TLS, "client", "certain")
}

fn old_server(program: Program) -> Case {
    let case = Case::new(
        named_case(code::NO_COMMON_VERSION, program, ""),
        "the server speaks TLS 1.1 and nothing newer",
        &needs(program),
        move |folder| {
            let more = match program {
                Openssl => "-tls1_1 -cipher DEFAULT@SECLEVEL=0",
                _ => "--priority LEGACY:-VERS-ALL:+VERS-TLS1.1",
            };
            let setup = Setup {
                pair: "server-rsa".into(),
                more: more.into(),
                ..Setup::default()
            };
            let running = serve(program, folder, &setup)?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    );
    case.expect(code::NO_COMMON_VERSION, "server", "certain")
}

fn old_client() -> Case {
    let case = Case::new(
        named_case(code::NO_COMMON_VERSION, Openssl, "client"),
        "the client speaks TLS 1.1 and nothing newer",
        &[Openssl],
        |_| {
            Ok(Scene::only(Look::Listen {
                arguments: crate::case::listen(&["--once"]),
                client: "openssl s_client -connect localhost:$PORT -tls1_1 -cipher DEFAULT@SECLEVEL=0".into(),
            }))
        },
    );
    case.expect(code::NO_COMMON_VERSION, "server", "certain")
}

fn openssl_with(folder: &Folder, pair: &str, more: &str) -> Result<Scene, Error> {
    let setup = Setup {
        pair: pair.into(),
        speaks: Speaks::Only12,
        more: more.into(),
        ..Setup::default()
    };
    let running = serve(Openssl, folder, &setup)?;
    let port = running.port;
    Ok(Scene::https(vec![running], port, Some("client"), &[]))
}

fn only_rsa_key_exchange() -> Case {
    let case = Case::new(
        named_case(code::NO_COMMON_CIPHER, Openssl, ""),
        "the server knows nothing but RSA key exchange",
        &[Openssl],
        |folder| openssl_with(folder, "server-rsa", "-cipher AES128-SHA:AES128-GCM-SHA256"),
    );
    case.expect(code::NO_COMMON_CIPHER, "server", "certain")
}

fn nothing_shared() -> Case {
    let case = Case::new(
        named_case(code::NO_COMMON_CIPHER, Openssl, "mismatch"),
        "the server has an ECDSA key and is told to use suites for RSA keys",
        &[Openssl],
        |folder| openssl_with(folder, "server", "-cipher ECDHE-RSA-AES128-GCM-SHA256"),
    );
    case.expect(code::NO_COMMON_CIPHER, "server", "likely")
}

/// One that says no when it shares no protocol with the client; HAProxy and Envoy go on without one.
fn alpn(program: Program) -> Case {
    let case = Case::new(
        named_case(code::NO_COMMON_ALPN, program, ""),
        "the client offers h2 alone, the server speaks HTTP/1.1",
        &[program],
        move |folder| {
            let running = serve(program, folder, &Setup::default())?;
            let port = running.port;
            Ok(Scene::https(
                vec![running],
                port,
                Some("client"),
                &["--alpn", "h2"],
            ))
        },
    );
    case.expect(code::NO_COMMON_ALPN, "server", "certain")
}

/// HAProxy as a firewall in front of a server.
fn firewall(folder: &Folder, rules: &str) -> Result<Scene, Error> {
    let behind = serve(Nginx, folder, &Setup::default())?;
    let port = crate::free_port()?;
    let configuration = format!(
        "global\n    log stderr local0 info\ndefaults\n    mode tcp\n    timeout client 10s\n    timeout connect 5s\n    \
         timeout server 10s\nfrontend firewall\n    bind 127.0.0.1:{port}\n{rules}    default_backend server\nbackend \
         server\n    server one 127.0.0.1:{}\n",
        behind.port
    );
    let running = crate::programs::haproxy_with(folder, port, &configuration)?;
    Ok(Scene::https(vec![running, behind], port, Some("client"), &[]))
}

fn cut_by_name() -> Case {
    let case = Case::new(
        named_case(code::CUT_SHORT, Haproxy, ""),
        "a firewall reads SNI and cuts connections to this name",
        &[Haproxy, Nginx],
        |folder| {
            firewall(
                folder,
                "    tcp-request inspect-delay 2s\n    tcp-request content reject if { req.ssl_sni -i localhost }\n    \
                 tcp-request content accept if { req.ssl_hello_type 1 }\n",
            )
        },
    );
    case.expect(code::CUT_SHORT, "network", "likely")
}

fn cut_in_the_middle() -> Case {
    let case = Case::new(
        named_case(code::CUT_SHORT, Haproxy, "hello"),
        "something in between cuts every connection when it has seen the ClientHello",
        &[Haproxy, Nginx],
        |folder| {
            firewall(
                folder,
                "    tcp-request inspect-delay 2s\n    tcp-request content reject if { req.ssl_hello_type 1 }\n",
            )
        },
    );
    case.expect(code::CUT_SHORT, "network", "likely")
}

/// HAProxy with one name that asks for certificates and one that does not, behind one address.
fn resumed_unchecked() -> Case {
    let case = Case::new(
        named_case(code::RESUMED_UNCHECKED, Haproxy, ""),
        "a session begun under the name that asks for nothing is good under the name that asks for certificates",
        &[Haproxy],
        |folder| {
            let port = crate::free_port()?;
            folder.join("pair.pem", &["server/tls.crt", "server/tls.key"])?;
            let pair = folder.file("pair.pem");
            folder.write(
                "crt-list",
                format!(
                    "{pair} [verify none] proxy.lab.example\n{pair} [ca-file {} verify required] localhost\n",
                    folder.file("ca.crt")
                ),
            )?;
            let configuration = format!(
                "global\n    log stderr local0 info\ndefaults\n    mode http\n    timeout client 10s\n    timeout connect 5s\n    \
                 timeout server 10s\nfrontend lab\n    bind 127.0.0.1:{port} ssl crt-list {} strict-sni\n    http-request \
                 return status 200 content-type text/plain string \"hello\\n\"\n",
                folder.file("crt-list")
            );
            let running = crate::programs::haproxy_with(folder, port, &configuration)?;
            let more = ["--other-name", "proxy.lab.example"];
            Ok(Scene::https(vec![running], port, Some("client"), &more))
        },
    );
    case.expect(code::RESUMED_UNCHECKED, "server", "certain")
}

fn misdirected(program: Program) -> Case {
    let case = Case::new(
        named_case(code::MISDIRECTED, program, ""),
        "the handshake is for one name, the request for another that has its own client CAs",
        &[program],
        move |folder| {
            let port = crate::free_port()?;
            let running = match program {
                Nginx => crate::programs::nginx_with(folder, port, &nginx_sites(folder, port))?,
                _ => crate::programs::apache_with(folder, port, &apache_sites(folder, port))?,
            };
            let more = ["--host", "proxy.lab.example"];
            Ok(Scene::https(vec![running], port, Some("client"), &more))
        },
    );
    case.expect(code::MISDIRECTED, "server", "certain")
}

fn nginx_sites(folder: &Folder, port: u16) -> String {
    [("localhost", "ca.crt"), ("proxy.lab.example", "stranger.crt")]
        .iter()
        .map(|(name, ca)| {
            format!(
                "    server {{\n        listen 127.0.0.1:{port} ssl;\n        server_name {name};\n        ssl_certificate \
                 {};\n        ssl_certificate_key {};\n        ssl_client_certificate {};\n        ssl_verify_client on;\n        \
                 return 200 \"hello\\n\";\n    }}\n",
                folder.file("server/tls.crt"),
                folder.file("server/tls.key"),
                folder.file(ca),
            )
        })
        .collect()
}

fn apache_sites(folder: &Folder, port: u16) -> String {
    [("localhost", "ca.crt"), ("proxy.lab.example", "stranger.crt")]
        .iter()
        .map(|(name, ca)| {
            format!(
                "<VirtualHost 127.0.0.1:{port}>\nServerName {name}\nSSLEngine on\nSSLCertificateFile {}\n\
                 SSLCertificateKeyFile {}\nSSLCACertificateFile {}\nSSLVerifyClient require\nSSLVerifyDepth 2\n\
                 <Location />\nRequire all granted\n</Location>\n</VirtualHost>\n",
                folder.file("server/tls.crt"),
                folder.file("server/tls.key"),
                folder.file(ca),
            )
        })
        .collect()
}

/// Python requests keeps its connection while the file is renewed.
fn old_pool() -> Case {
    let case = Case::new(
        named_case(code::OLD_POOL, Python, ""),
        "a client keeps its connections when its certificate is renewed",
        &[Python],
        |folder| {
            folder.write("pool.py", include_str!("pool.py"))?;
            Ok(Scene::only(Look::Listen {
                arguments: crate::case::listen(&["--client-ca", "ca.crt", "--connections", "3"]),
                client: "python3 pool.py $PORT".into(),
            }))
        },
    );
    case.expect(code::OLD_POOL, "client", "certain")
}
