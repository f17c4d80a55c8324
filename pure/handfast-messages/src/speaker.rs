//! Who speaks in a line: which program, and whether it was the client or the server of the connection.

use handfast_finding::Refuser;

use super::{lines::Line, meaning::Speech};

/// A program, by what stands in its lines.
struct Mark {
    /// All of them, in normal form.
    fragments: &'static [&'static str],
    name: &'static str,
    role: Option<Role>,
}

/// Which side of the connection the speaker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

impl Role {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

const fn client(name: &'static str, fragments: &'static [&'static str]) -> Mark {
    Mark {
        fragments,
        name,
        role: Some(Role::Client),
    }
}

const fn server(name: &'static str, fragments: &'static [&'static str]) -> Mark {
    Mark {
        fragments,
        name,
        role: Some(Role::Server),
    }
}

const fn either(name: &'static str, fragments: &'static [&'static str]) -> Mark {
    Mark {
        fragments,
        name,
        role: None,
    }
}

/// The more specific first: a proxy is a client towards what stands behind it.
const MARKS: &[Mark] = &[
    client("nginx", &["ssl handshaking to upstream"]),
    client("nginx", &["upstream ssl certificate"]),
    server("nginx", &["while ssl handshaking, client:"]),
    server("nginx", &["client ssl certificate verify error"]),
    server("nginx", &["while reading client request"]),
    client("Apache", &["ssl proxy"]),
    client("Apache", &["[proxy:"]),
    server("Apache", &["[ssl:info]", "[client "]),
    server("Apache", &["[ssl:error]", "[client "]),
    server("Apache", &["[ssl:warn]", "[client "]),
    server("Apache", &["certificate verification: error ("]),
    server("Apache", &["ssl library error: error:"]),
    either("Apache", &["[ssl:info]"]),
    either("Apache", &["[ssl:error]"]),
    either("Apache", &["[ssl:warn]"]),
    either("Apache", &["[ssl:emerg]"]),
    either("Apache", &["[ssl:notice]"]),
    either("Apache", &["[ssl:debug]"]),
    client("HAProxy", &["layer6 invalid response"]),
    server("HAProxy", &["ssl fc err="]),
    server("HAProxy", &[": ssl handshake failure ("]),
    client("Envoy", &["transport failure reason"]),
    client("Envoy", &["upstream connect error"]),
    client("Envoy", &["upstream", "tls error:|"]),
    either("Envoy", &["tls error:"]),
    either("Envoy", &["envoy"]),
    either("gRPC", &["ssl transport security.cc"]),
    client("Chrome", &["ssl client socket impl.cc"]),
    server("IIS", &["http error 403."]),
    server("PostgreSQL", &["could not accept ssl connection"]),
    server("PostgreSQL", &["client certificate verification failed"]),
    client("PostgreSQL", &["connection to server at"]),
    client("PostgreSQL", &["psql: "]),
    client("MongoDB", &["[js]", "peer certificate validation failed"]),
    server("MongoDB", &["[conn", "peer certificate validation failed"]),
    server(
        "MongoDB",
        &[
            "peer certificate validation failed",
            "error receiving request from client",
        ],
    ),
    either("MongoDB", &["peer certificate validation failed"]),
    server("Redis", &["error accepting a client connection"]),
    client("Caddy", &["reverse proxy", "upstream roundtrip"]),
    client("Caddy", &["http.log.error"]),
    client("Go", &["transport: authentication handshake failed"]),
    server("Go", &["tls handshake error from"]),
    server("Go", &["server.serve failed to complete security handshake"]),
    client("Go", &["get \"https://"]),
    client("Go", &["post \"https://"]),
    client("Go", &["unable to connect to the server"]),
    server("Node", &["tlsclienterror"]),
    client("Node", &["tlssocket.onconnectsecure"]),
    client("Python", &["urlopen error"]),
    client("Python", &["httpsconnectionpool("]),
    client("Python", &["httpx."]),
    client("Python", &["aiohttp.client"]),
    client("Python", &["cannot connect to host", "ssl:"]),
    server("Python", &["wrap socket", "server side=true"]),
    either("Python", &[" ssl.c:"]),
    either("Python", &["[ssl: ", "] "]),
    server("Java", &["certificatemessage", "checkclientcerts"]),
    client("Java", &["certificatemessage", "checkservercerts"]),
    server("Java", &["checkclienttrusted"]),
    client("Java", &["checkservertrusted"]),
    server("Java", &["sslserversocket"]),
    server("Java", &["tls client authentication"]),
    client("Java", &["tls server authentication"]),
    client("Java", &["httpsurlconnection"]),
    client("Java", &["sun.net.www.protocol.https"]),
    client("Java", &["java.net.http."]),
    client("Java", &["i/o error on get request"]),
    server("Java", &["socketserver"]),
    either("Java", &["javax.net.ssl"]),
    either("Java", &["sun.security"]),
    client("curl", &["curl: ("]),
    client("curl", &["ssl certificate problem:"]),
    client("wget", &["wget: "]),
    client("wget", &["cannot verify ", " certificate, issued by"]),
    client("git", &["fatal: unable to access"]),
    client("npm", &["npm err!"]),
    client("yarn", &["registry.yarnpkg.com"]),
    client("Node", &["tlssocket.<anonymous>", "tls wrap.js"]),
    client("Dart", &["handshake error in client"]),
    server("Dart", &["handshake error in server"]),
    client("Ruby", &["ssl connect returned="]),
    server("Ruby", &["ssl accept returned="]),
    server("Postfix", &["postfix/smtpd["]),
    client("Postfix", &["postfix/smtp["]),
    server("Dovecot", &["dovecot: ", " login: "]),
    server("etcd", &["rejected connection from"]),
    server("a server", &["ssl accept error"]),
    server("a server", &["ssl accept() failed"]),
    client("OpenSSL s_client", &["tls post process server certificate"]),
    server("OpenSSL", &["tls process client certificate"]),
    server("OpenSSL", &["verify depth is ", "must return a certificate"]),
    client("OpenSSL s_client", &["connected(0000"]),
    client("OpenSSL s_client", &["verify return code:"]),
    client("GnuTLS", &["pki verification of server certificate failed"]),
    client("GnuTLS", &["server has terminated the connection abnormally"]),
    server("Mosquitto", &["new connection from ", " on port "]),
    client("Mosquitto", &["unable to connect ("]),
    server("Erlang", &["tls server:"]),
    client("Erlang", &["tls client:"]),
    client("a browser", &["net::err "]),
    either("Node", &["node:internal"]),
    either("Node", &["code: 'err "]),
    either("Node", &["node. tls"]),
    either("BoringSSL", &["openssl internal:"]),
];

/// What is known of a speaker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Speaker {
    pub(super) name: Option<&'static str>,
    pub(super) role: Option<Role>,
}

/// Who speaks in `line`, as far as the line tells.
fn of_line(line: &Line) -> Speaker {
    let fits = |mark: &&Mark| mark.fragments.iter().all(|fragment| line.has(fragment));
    let mut found = Speaker::default();
    for mark in MARKS.iter().filter(fits) {
        found.name = found.name.or(Some(mark.name));
        found.role = found.role.or(mark.role);
    }
    found
}

/// The speaker of each of `lines`. What a line does not tell is taken from the others, where they agree.
pub(super) fn speakers(lines: &[Line]) -> Vec<Speaker> {
    let each: Vec<Speaker> = lines.iter().map(of_line).collect();
    let name = only(each.iter().filter_map(|speaker| speaker.name));
    let role = only(each.iter().filter_map(|speaker| speaker.role));
    each.into_iter()
        .map(|speaker| Speaker {
            name: speaker.name.or(name),
            role: speaker.role.or(role),
        })
        .collect()
}

/// The one value that all of `values` have.
fn only<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// How a line says that a client's certificate was judged.
const CLIENTS: [&str; 8] = [
    "verify client certificate",
    "client certificate verif",
    "client certificate validation",
    "client certificate is ",
    "client certificate not ",
    "client certificate has ",
    "client's certificate ",
    "client certificate chain",
];

/// The same of a server's.
const SERVERS: [&str; 8] = [
    "verify server certificate",
    "server certificate verif",
    "server certificate validation",
    "server certificate is ",
    "server certificate not ",
    "server certificate has ",
    "server's certificate ",
    "server certificate chain",
];

/// Who refused, where the line, the speech or the speaker's role tells.
pub(super) fn refuser(line: &Line, speech: Speech, role: Option<Role>) -> Option<Refuser> {
    let has = |fragments: &[&str]| fragments.iter().any(|fragment| line.has(fragment));
    if let Speech::By(side) = speech {
        return Some(side);
    }
    // Erlang names the side whose alert it is.
    if has(&["client alert:"]) {
        return Some(Refuser::Client);
    }
    if has(&["server alert:"]) {
        return Some(Refuser::Server);
    }
    // curl -v shows the alerts of both directions.
    if has(&["(out), tls alert"]) {
        return Some(Refuser::Client);
    }
    if has(&["(in), tls alert"]) {
        return Some(Refuser::Server);
    }
    // Whose certificate was judged tells who judged it.
    if speech == Speech::Own && role.is_none() {
        if has(&CLIENTS) {
            return Some(Refuser::Server);
        }
        if has(&SERVERS) {
            return Some(Refuser::Client);
        }
    }
    // openssl -msg shows both directions as well, on either side.
    let went_out = has(&[">>> tls", ">>> ssl"]);
    match (role?, speech == Speech::Own || went_out) {
        (Role::Client, true) | (Role::Server, false) => Some(Refuser::Client),
        (Role::Server, true) | (Role::Client, false) => Some(Refuser::Server),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::{lines, normal};

    fn refused(text: &str, speech: Speech) -> Option<Refuser> {
        let lines = lines(text);
        let last = lines.last().expect("a line");
        refuser(last, speech, speakers(&lines).last().expect("a speaker").role)
    }

    #[test]
    fn every_mark_is_in_normal_form() {
        for mark in MARKS {
            for fragment in mark.fragments {
                assert_eq!(*fragment, normal(fragment));
            }
        }
    }

    #[test]
    fn an_alert_in_a_servers_log_is_the_clients() {
        let nginx =
            "SSL_do_handshake() failed (SSL: tlsv1 alert unknown ca) while SSL handshaking, client: 10.0.0.1";
        assert_eq!(refused(nginx, Speech::Received), Some(Refuser::Client));
        let curl = "curl: (56) tlsv1 alert unknown ca";
        assert_eq!(refused(curl, Speech::Received), Some(Refuser::Server));
        assert_eq!(refused("tlsv1 alert unknown ca", Speech::Received), None);
        let out = "* TLSv1.3 (OUT), TLS alert, unknown CA (560):";
        assert_eq!(refused(out, Speech::Received), Some(Refuser::Client));
        let arrived = out.replace("OUT", "IN");
        assert_eq!(refused(&arrived, Speech::Received), Some(Refuser::Server));
    }

    #[test]
    fn a_proxy_is_a_client_towards_its_backend() {
        let upstream = "SSL_do_handshake() failed while SSL handshaking to upstream, client: 10.0.0.1";
        assert_eq!(refused(upstream, Speech::Received), Some(Refuser::Server));
        assert_eq!(refused(upstream, Speech::Own), Some(Refuser::Client));
    }

    #[test]
    fn a_stack_trace_says_which_side_java_was() {
        let at = "sun.security.ssl.CertificateMessage$T13CertificateConsumer.checkClientCerts(A.java:1)";
        let trace = format!("javax.net.ssl.SSLHandshakeException: x\n\tat {at}");
        assert_eq!(refused(&trace, Speech::Own), Some(Refuser::Server));
        let trace = trace.replace("checkClientCerts", "checkServerCerts");
        assert_eq!(refused(&trace, Speech::Own), Some(Refuser::Client));
    }

    #[test]
    fn lines_of_both_sides_tell_nothing_about_a_third() {
        let both = "curl: (56) x\nhttp: TLS handshake error from 127.0.0.1:1: y\ntlsv1 alert unknown ca";
        assert_eq!(refused(both, Speech::Received), None);
    }
}
