//! Something between client and server, or in the server's place, that cuts, delays or speaks another protocol.

use handfast_pki::code;

use super::{CERTAIN, GUESS, LIKELY, Must, NETWORK, SERVER, https, special};
use crate::{
    Case, Error, Folder,
    Program::{Nginx, Python},
    Running, Scene, Setup, Speaks, free_port, programs, serve,
};

struct Between {
    variant: &'static str,
    description: &'static str,
    /// The arguments of `box.py`.
    what: &'static [&'static str],
    speaks: Speaks,
    must: Must,
}

const CUT: Must = Must::Say(code::CUT_SHORT, NETWORK, LIKELY);
const PLAIN: Must = Must::Say(code::NOT_TLS, SERVER, CERTAIN);

const fn between(
    variant: &'static str,
    description: &'static str,
    what: &'static [&'static str],
    must: Must,
) -> Between {
    Between {
        variant,
        description,
        what,
        speaks: Speaks::Both,
        must,
    }
}

const BOXES: &[Between] = &[
    between(
        "reset",
        "something in between resets the connection when it has seen the ClientHello",
        &["reset"],
        CUT,
    ),
    between(
        "closed",
        "something in between closes when it has seen the ClientHello, without a word",
        &["close-after-hello"],
        CUT,
    ),
    between(
        "closed-at-once",
        "a balancer without a server behind it accepts and closes at once",
        &["close"],
        CUT,
    ),
    between(
        "silent",
        "something accepts the connection and never says a word",
        &["silent"],
        CUT,
    ),
    between(
        "certificate",
        "something in between resets the connection when the client sends its certificate",
        &["second-flight"],
        Must::Suspect(code::CUT_SHORT),
    ),
    Between {
        speaks: Speaks::Only12,
        ..between(
            "certificate-12",
            "something in between resets the connection of TLS 1.2 when the client sends its certificate",
            &["second-flight"],
            Must::Suspect(code::CUT_SHORT),
        )
    },
    Between {
        speaks: Speaks::Only12,
        ..between(
            "lost-12",
            "of the server's certificates in TLS 1.2 only the first packet arrives",
            &["keep-back", "900"],
            CUT,
        )
    },
    between(
        "lost-hello",
        "of the ClientHello only the first packet arrives",
        &["swallow", "300"],
        CUT,
    ),
    between(
        "lost-certificate",
        "the client's certificate does not arrive at the server, for packets of that size are lost",
        &["swallow", "1900"],
        Must::Say(code::CUT_SHORT, SERVER, GUESS),
    ),
    between(
        "delayed",
        "the path takes a second, which is slow and good",
        &["late", "1"],
        Must::Rest,
    ),
    between(
        "gateway",
        "a gateway answers in plain HTTP that the server is down",
        &[
            "answer",
            "HTTP/1.1 502 Bad Gateway\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n",
        ],
        PLAIN,
    ),
    between(
        "ssh",
        "an SSH server listens at the port",
        &["greet", "SSH-2.0-OpenSSH_9.2p1 Debian-2\\r\\n"],
        PLAIN,
    ),
    between(
        "smtp",
        "a mail server that begins in the clear listens at the port",
        &["greet", "220 mail.lab.example ESMTP Postfix\\r\\n"],
        PLAIN,
    ),
    between(
        "garbage",
        "what answers speaks an unknown protocol",
        &["answer", "\\x01\\x00\\x00\\x00\\x09hello\\x00\\xff"],
        PLAIN,
    ),
    between(
        "internal-error",
        "the server answers the ClientHello with the alert internal_error, and says no more",
        &["answer", "\\x15\\x03\\x03\\x00\\x02\\x02\\x50"],
        Must::Suspect(code::VAGUE_ALERT),
    ),
    between(
        "handshake-failure",
        "the server answers every ClientHello with the alert handshake_failure, and says no more",
        &["answer", "\\x15\\x03\\x03\\x00\\x02\\x02\\x28"],
        Must::Suspect(code::VAGUE_ALERT),
    ),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = BOXES
        .iter()
        .map(|row| {
            special(
                (Nginx, &format!("box-{}", row.variant)),
                row.description,
                &[Nginx, Python],
                row.must,
                |folder| stand_between(folder, row),
            )
        })
        .collect();
    cases.push(special(
        (Nginx, "nothing-listens"),
        "nothing listens at the port",
        &[],
        Must::Say(code::CANNOT_CONNECT, NETWORK, CERTAIN),
        |_| Ok(Scene::https(Vec::new(), free_port()?, Some("client"), &[])),
    ));
    cases.push(special(
        (Nginx, "no-name"),
        "the name of the host is not in DNS",
        &[],
        Must::Say(code::CANNOT_CONNECT, NETWORK, CERTAIN),
        |_| {
            let scene = Scene::https(Vec::new(), free_port()?, Some("client"), &[]);
            Ok(scene.instead_of("localhost", "nowhere.invalid"))
        },
    ));
    cases.extend(proxy_lines());
    cases
}

fn stand_between(folder: &Folder, row: &Between) -> Result<Scene, Error> {
    folder.write("box.py", include_str!("box.py"))?;
    let setup = Setup {
        speaks: row.speaks,
        ..Setup::default()
    };
    let behind = serve(Nginx, folder, &setup)?;
    let port = behind.port.to_string();
    let words: Vec<&str> = std::iter::once(port.as_str())
        .chain(row.what.iter().copied())
        .collect();
    let between = programs::python_with(folder, "box.py", &words)?;
    Ok(https(vec![between, behind], Some("client")))
}

/// nginx that wants a line of the PROXY protocol first.
fn wants_line(folder: &Folder) -> Result<Running, Error> {
    let port = free_port()?;
    let server = format!(
        "    server {{\n        listen 127.0.0.1:{port} ssl proxy_protocol;\n        ssl_certificate {};\n        \
         ssl_certificate_key {};\n        ssl_client_certificate {};\n        ssl_verify_client on;\n        return 200 \
         \"hello\\n\";\n    }}\n",
        folder.file("server/tls.crt"),
        folder.file("server/tls.key"),
        folder.file("ca.crt"),
    );
    programs::nginx_with(folder, port, &server)
}

fn proxy_lines() -> Vec<Case> {
    let apache = special(
        (crate::Program::Apache, "proxy-line"),
        "Apache expects a line of the PROXY protocol before TLS, and none is sent",
        &[crate::Program::Apache],
        PLAIN,
        |folder| {
            let port = free_port()?;
            let hosts = format!(
                "LoadModule remoteip_module /usr/lib/apache2/modules/mod_remoteip.so\n<VirtualHost \
                 127.0.0.1:{port}>\nRemoteIPProxyProtocol On\nSSLEngine on\nSSLCertificateFile {}\nSSLCertificateKeyFile \
                 {}\nSSLCACertificateFile {}\nSSLVerifyClient require\nSSLVerifyDepth 2\n<Location />\nRequire all \
                 granted\n</Location>\n</VirtualHost>\n",
                folder.file("server/tls.crt"),
                folder.file("server/tls.key"),
                folder.file("ca.crt"),
            );
            let running = programs::apache_with(folder, port, &hosts)?;
            Ok(https(vec![running], Some("client")))
        },
    );
    let missing = special(
        (Nginx, "proxy-line"),
        "nginx expects a line of the PROXY protocol before TLS, and none is sent",
        &[Nginx],
        PLAIN,
        |folder| Ok(https(vec![wants_line(folder)?], Some("client"))),
    );
    let sent = special(
        (Nginx, "proxy-line"),
        "nginx expects a line of the PROXY protocol before TLS, and the balancer before it sends one",
        &[Nginx, crate::Program::Haproxy],
        Must::Rest,
        |folder| {
            let behind = wants_line(folder)?;
            let port = free_port()?;
            let configuration = format!(
                "defaults\n    mode tcp\n    timeout client 10s\n    timeout connect 5s\n    timeout server 10s\nfrontend \
                 lab\n    bind 127.0.0.1:{port}\n    default_backend lab\nbackend lab\n    server one 127.0.0.1:{} \
                 send-proxy\n",
                behind.port
            );
            let running = programs::haproxy_with(folder, port, &configuration)?;
            Ok(https(vec![running, behind], Some("client")))
        },
    );
    vec![apache, missing, sent]
}
