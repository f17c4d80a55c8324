//! What to do about a cause, which command looks at it, and how several causes are told apart.

use handfast_finding::{Certainty, Refuser};
use handfast_pki::{Code, code};

use super::{Hit, endpoint};

/// A test that separates the causes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// What to look at, and what it would mean.
    pub what: String,
    /// A command that does it.
    pub command: Option<String>,
}

/// Who refused whom, in words.
pub(super) fn direction(code: Code, side: Refuser) -> &'static str {
    let is_file = (code::KEY_MISMATCH..=code::TOKEN).contains(&code)
        || code == code::BAD_TRUST_FILE
        || code == code::CONFIG_INVALID;
    match side {
        _ if code == code::CANNOT_CONNECT => "no connection came about",
        _ if is_file => "it refused its own file",
        _ if code == code::NOT_TLS => "one side speaks TLS and the other does not",
        _ if (code::NO_COMMON_VERSION..=code::NO_COMMON_ALPN).contains(&code) => {
            "they found nothing in common"
        }
        Refuser::Server => "the server refused the client",
        Refuser::Client => "the client refused the server",
        Refuser::Network => "neither side says why",
    }
}

const AS_CLIENT: &str = "handfast doctor HOST:PORT --cert tls.crt --key tls.key --ca ca.crt";
const LOOK: &str = "handfast doctor HOST:PORT --ca ca.crt";
const BY_FILES: &str = "handfast verify tls.crt --ca client-ca.crt --purpose client";
const FILE: &str = "handfast inspect tls.crt";
const KEY: &str = "handfast inspect tls.key";

/// One thing to do about `code`, and the command that shows it; the command may be empty.
pub(super) fn of(code: Code, side: Refuser) -> (&'static str, &'static str) {
    let is_clients = side == Refuser::Server;
    match code {
        code::NO_CERTIFICATE => (
            "give the client its certificate and its key, both, and see that they are set for this host",
            AS_CLIENT,
        ),
        code::HELD_BACK => (
            "put the intermediates into the client's file: none of the CAs that the server names is in it",
            AS_CLIENT,
        ),
        code::UNKNOWN_ISSUER => (
            "add the issuing CA to the server's file of client CAs, or use a certificate of another CA",
            BY_FILES,
        ),
        code::MISSING_INTERMEDIATE => (
            "put the intermediates behind the leaf in the client's file",
            "handfast inspect tls.crt",
        ),
        code::BAD_CLIENT_CAS => (
            "put the root and the intermediates into one file of client CAs on the server",
            "handfast inspect client-ca.crt",
        ),
        code::VERIFY_DEPTH => (
            "raise the depth to the length of the chain: ssl_verify_depth, SSLVerifyDepth, max_verify_depth",
            FILE,
        ),
        code::NOT_ASKED => (
            "switch mutual TLS on where TLS ends (proxy, CDN, ingress), and check port and name",
            AS_CLIENT,
        ),
        code::ASKED_LATE => (
            "ask for the certificate for the whole virtual host: move SSLVerifyClient out of <Location>",
            AS_CLIENT,
        ),
        code::PREFLIGHT => (
            "serve both from one origin, or demand the certificate on everything but OPTIONS",
            "handfast doctor https://HOST:PORT/ --origin https://app.example --cert tls.crt --key tls.key",
        ),
        code::INSPECTED => ("ask for a bypass for this host, and name it in NO_PROXY", LOOK),
        _ if code < code::SERVER_UNTRUSTED => certificate(code, is_clients),
        _ if code < code::KEY_MISMATCH => server(code),
        _ if code < code::NOT_TLS => file(code),
        _ if code < code::NOT_FORWARDED => protocol(code),
        _ => identity(code),
    }
}

/// A certificate that was read and refused.
fn certificate(code: Code, is_clients: bool) -> (&'static str, &'static str) {
    match code {
        code::WRONG_PURPOSE if is_clients => ("issue it for clients: handfast issue client", FILE),
        code::WRONG_PURPOSE => ("issue it for servers: handfast issue server", LOOK),
        code::EXPIRED if is_clients => ("renew the client's certificate, and reload what uses it", FILE),
        code::EXPIRED => ("renew the server's certificate, and reload the server", LOOK),
        code::NOT_YET_VALID => (
            "set the clock of the side that refused, or backdate a little",
            FILE,
        ),
        code::OLD_PROCESS => (
            "reload every instance that still uses the old certificate",
            "handfast doctor HOST:PORT --served tls.crt --probe always",
        ),
        code::REVOKED => (
            "make a new key and certificate, and find out why this one was revoked",
            FILE,
        ),
        code::CRL_UNUSABLE => (
            "publish a new revocation list for every CA of the chain, and have the server load it",
            "handfast inspect ca.crl",
        ),
        code::VERSION_1 => ("issue it again as version 3, with names and usages", FILE),
        code::CA_AS_LEAF => ("make a CA and a leaf: two certificates instead of one", FILE),
        code::NOT_A_CA => (
            "issue the CA's certificate again with the same key, as a CA with keyCertSign",
            "handfast inspect ca.crt",
        ),
        code::PATH_LENGTH => ("issue from a CA that may have such a chain below it", FILE),
        code::NAME_CONSTRAINTS => ("ask the CA that may sign this name", FILE),
        code::WEAK_KEY => (
            "make a new key: P-256, or RSA of 2048 bits, signed with SHA-256",
            FILE,
        ),
        code::NO_COMMON_SCHEME => ("use a key that every stack takes: ECDSA P-256", AS_CLIENT),
        code::CRITICAL_EXTENSION => (
            "issue it without the private extension, or with it not critical",
            FILE,
        ),
        code::BAD_SIGNATURE => (
            "trust both CA certificates while a CA key changes, and never reuse a CA's name",
            "handfast verify tls.crt --ca ca.crt",
        ),
        _ if is_clients => (
            "look at the server's log at this time, and let the doctor connect as this client",
            AS_CLIENT,
        ),
        _ => ("look at the client's log at this time: it knows the reason", LOOK),
    }
}

/// What a client has against a server.
fn server(code: Code) -> (&'static str, &'static str) {
    match code {
        code::SERVER_UNTRUSTED => (
            "give this client the server's CA, in the store that it reads: --cacert, verify=, \
             NODE_EXTRA_CA_CERTS, javax.net.ssl.trustStore",
            LOOK,
        ),
        code::SERVER_INTERMEDIATE => (
            "configure the server with the full chain: leaf first, then the intermediates",
            LOOK,
        ),
        code::NAME_MISMATCH => (
            "use one of the certificate's names, or issue it with this one",
            LOOK,
        ),
        code::NO_NAMES => ("issue it with a subject alternative name", LOOK),
        code::NO_IP_NAME => ("connect by name, or issue it with the address: --ip", LOOK),
        code::IDENTITY_MISMATCH => (
            "change the identity that is expected, or the one that this workload is issued",
            "handfast doctor HOST:PORT --ca ca.crt --expect-id spiffe://acme/api",
        ),
        code::WRONG_SNI => (
            "connect by a name that the server knows, and send it as SNI",
            "handfast doctor HOST:PORT --ca ca.crt --sni NAME",
        ),
        code::PIN_CHANGED => (
            "pin the CA or the key, with the next one beside it",
            "handfast doctor HOST:PORT --ca ca.crt --pin sha256//PIN",
        ),
        _ => (
            "name a PEM file with the root of the server's CA",
            "handfast inspect ca.crt",
        ),
    }
}

/// Files and keys.
fn file(code: Code) -> (&'static str, &'static str) {
    match code {
        code::KEY_MISMATCH => (
            "use the key that was made together with this certificate",
            "handfast doctor --client-files .",
        ),
        code::CHAIN_ORDER => ("write the file again: leaf first, then the intermediates", FILE),
        code::KEY_ENCRYPTED => (
            "give the password, or decrypt the key into a file for its owner alone",
            KEY,
        ),
        code::P12_TOO_OLD => (
            "write the container again with today's algorithms: openssl pkcs12 -legacy, then -export",
            "handfast inspect client.p12",
        ),
        code::P12_TOO_NEW => (
            "write it for the old reader: openssl pkcs12 -export -legacy -macalg sha1",
            "handfast inspect client.p12",
        ),
        code::P12_WITHOUT_KEY => (
            "export it again together with its private key",
            "handfast inspect client.p12",
        ),
        code::KEY_IN_MEMORY => ("load the key from a PKCS#12 file, so that Windows keeps it", ""),
        code::UNREADABLE => (
            "correct the path, the owner or the mode: chmod 600 tls.key",
            "ls -l tls.key",
        ),
        code::TOKEN => (
            "check module, slot, PIN and object: pkcs11:token=…;object=…",
            "pkcs11-tool --module MODULE --list-slots",
        ),
        _ => ("name the right file, or convert it to PEM", FILE),
    }
}

/// Protocol and path.
fn protocol(code: Code) -> (&'static str, &'static str) {
    match code {
        code::NOT_TLS => (
            "use the right scheme and port, or say which protocol comes before TLS: --starttls",
            "handfast doctor HOST:PORT",
        ),
        code::NO_COMMON_VERSION => (
            "upgrade the old side, or allow it TLS 1.2",
            "handfast doctor HOST:PORT --tls 1.2",
        ),
        code::NO_COMMON_CIPHER => (
            "enable ECDHE with AES-GCM on both sides, for the kind of key that the server has",
            "handfast doctor HOST:PORT --no-pq",
        ),
        code::NO_COMMON_ALPN => (
            "offer a protocol that the other side has: h2, http/1.1",
            "handfast doctor HOST:PORT --alpn h2",
        ),
        code::CUT_SHORT => (
            "look at the other side's log at this time, then at firewalls between",
            LOOK,
        ),
        code::RESUMED_UNCHECKED => (
            "update the server, and separate the session tickets of its hosts",
            "handfast doctor posture HOST:PORT",
        ),
        code::MISDIRECTED => (
            "use one connection per name, and the same name in SNI and Host",
            "handfast doctor HOST:PORT --ca ca.crt --host NAME",
        ),
        _ => (
            "make a new pool of connections when the certificate was renewed",
            AS_CLIENT,
        ),
    }
}

/// The handshake was good, the identity was not; and what stands beyond the catalogue.
fn identity(code: Code) -> (&'static str, &'static str) {
    match code {
        code::NOT_FORWARDED => (
            "have the proxy hand the certificate on: Client-Cert (RFC 9440) or X-Forwarded-Client-Cert",
            AS_CLIENT,
        ),
        code::NAME_FORM => (
            "compare with all forms of the subject, or with a name of the SAN",
            FILE,
        ),
        code::UNMAPPED => (
            "ask for the user that the certificate names, or map the name: pg_ident.conf, \
             ssl.principal.mapping.rules",
            FILE,
        ),
        code::UNVERIFIED => (
            "switch verification on, and give the CA instead",
            "handfast doctor posture HOST:PORT --active",
        ),
        code::NOT_ALLOWED => ("ask for a rule for one of its names", FILE),
        code::CONFIG_INVALID => (
            "correct the directive that it names: this server has no certificate, or no CAs, where it needs them",
            "",
        ),
        code::LINT => (
            "issue it again with the extensions of RFC 5280: key identifiers, and CA flags that are critical",
            FILE,
        ),
        code::CANNOT_CONNECT => (
            "check host and port, and that the server runs and is not behind a firewall",
            "handfast doctor HOST:PORT",
        ),
        _ => ("read the page of the code", ""),
    }
}

/// How the causes of `hits` are told apart; nothing where one is certain or stands alone.
pub(super) fn tests(hits: &[Hit<'_>]) -> Vec<Test> {
    let mut tests: Vec<Test> = Vec::new();
    for hit in hits {
        let causes = hit.causes();
        let is_open = causes.len() > 1
            && causes
                .iter()
                .all(|(_, cause)| cause.certainty != Certainty::Certain);
        let Some(meaning) = hit.by.meaning().filter(|_| is_open) else {
            continue;
        };
        let place = endpoint::of_line(hit.line).unwrap_or_else(|| endpoint::UNKNOWN.to_owned());
        let test = |what: &str, command: &str| Test {
            what: what.to_owned(),
            command: (!command.is_empty()).then(|| command.replace(endpoint::UNKNOWN, &place)),
        };
        let mut add = |test: Test| {
            if !tests.contains(&test) {
                tests.push(test);
            }
        };
        if !hit.is_known {
            add(test(WHICH_SIDE, ""));
        }
        add(match causes.first().map(|(_, cause)| cause.code) {
            _ if !meaning.test.is_empty() => test(meaning.test, ""),
            Some(code) if (code::KEY_MISMATCH..=code::TOKEN).contains(&code) => {
                test(FILES, "handfast doctor --client-files .")
            }
            _ if hit.refuser == Refuser::Client => test(CHAIN, LOOK),
            _ => test(CONNECT, AS_CLIENT),
        });
    }
    tests
}

const WHICH_SIDE: &str = "is it a line of the client, or of the server's log? In a server's log it is about \
                          the client's certificate, and an alert there was sent by the client";
const FILES: &str =
    "the doctor looks at certificate, key and CAs together and names the file that does not fit";
const CHAIN: &str =
    "the doctor shows the chain that the server sends and compares it with the CAs that are trusted";
const CONNECT: &str = "the doctor connects with this certificate, without one and with a throw-away one, \
                       and compares the answers; the server's log has the number of the error";

#[cfg(test)]
mod checks {
    use super::*;

    #[test]
    fn every_code_of_the_catalogue_has_something_to_do() {
        for (code, _) in handfast_pki::code::ALL
            .iter()
            .filter(|(code, _)| *code < code::CONFIG_INVALID)
        {
            for side in [Refuser::Server, Refuser::Client] {
                let (help, command) = of(*code, side);
                assert!(!help.is_empty() && !help.ends_with('.'), "{code}: {help}");
                assert!(!command.contains('\n'), "{code}");
            }
        }
    }
}
