//! What our CAs may and may not do, judged by OpenSSL, GnuTLS, Java, Python and curl.

mod program;

use program::{Place, Ran};

/// A certificate that whoever has stolen the issuing CA's key makes with it; in `NAME.crt` with its key beside.
fn stolen(place: &Place, name: &str, alt_name: &str) {
    place.write(
        "ext",
        format!("subjectAltName={alt_name}\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=critical,digitalSignature\n"),
    );
    place
        .shell(&format!(
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -subj /O=Acme -out {name}.csr \
             && openssl x509 -req -in {name}.csr -CA handfast/issuing.crt -CAkey handfast/issuing.key -days 5 \
             -extfile ext -out leaf.crt && cat leaf.crt handfast/issuing.crt > {name}.crt"
        ))
        .good();
}

/// Validates the chain in the second file up to the CA in the first.
const JAVA: &str = r#"
import java.io.*; import java.security.cert.*; import java.util.*;
public class Check {
    public static void main(String[] given) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        X509Certificate root = (X509Certificate) factory.generateCertificate(new FileInputStream(given[0]));
        List<Certificate> chain = new ArrayList<>(factory.generateCertificates(new FileInputStream(given[1])));
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        parameters.setRevocationEnabled(false);
        CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(chain), parameters);
    }
}
"#;

/// A handshake of Python's own in memory, and one of curl's over a socket; of the certificate, its key, the CA and a host.
const PYTHON: &str = r#"
import socket, ssl, subprocess, sys, threading
program, cert, key, ca, host = sys.argv[1:]
server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server.load_cert_chain(cert, key)
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
def serve():
    try:
        with server.wrap_socket(listener.accept()[0], server_side=True) as one:
            one.recv(4096)
            one.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
    except OSError:
        pass
threading.Thread(target=serve, daemon=True).start()
if program == "curl":
    sys.exit(subprocess.run(["curl", "-sS", "--noproxy", "*", "--cacert", ca, "--resolve", f"{host}:{port}:127.0.0.1",
                             f"https://{host}:{port}/"]).returncode)
client = ssl.create_default_context(cafile=ca)
with client.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname=host) as one:
    one.sendall(b"GET / HTTP/1.0\r\n\r\n")
    one.recv(4096)
"#;

/// What each of them says to the server certificate in `NAME.crt`.
fn judged(place: &Place, name: &str, host: &str) -> Vec<(&'static str, Ran)> {
    place.write("Check.java", JAVA);
    place.write("handshake.py", PYTHON);
    let root = "handfast/root.crt";
    let lines = [
        (
            "OpenSSL",
            format!("openssl verify -x509_strict -CAfile {root} -untrusted {name}.crt {name}.crt"),
        ),
        (
            "GnuTLS",
            format!("certtool --verify --load-ca-certificate {root} --infile {name}.crt"),
        ),
        ("Java", format!("java Check.java {root} {name}.crt")),
        (
            "Python",
            format!("python3 handshake.py python {name}.crt {name}.key {root} {host}"),
        ),
        (
            "curl",
            format!("python3 handshake.py curl {name}.crt {name}.key {root} {host}"),
        ),
        (
            "Handfast",
            format!("handfast verify {name}.crt --ca {root} --purpose server"),
        ),
    ];
    lines
        .into_iter()
        .map(|(who, line)| (who, place.shell(&line)))
        .collect()
}

#[test]
fn a_stolen_key_of_a_limited_ca_makes_no_name_of_others() {
    let place = Place::new();
    place.run("init --name Acme --names dns:*.acme.example").good();
    stolen(&place, "own", "DNS:api.acme.example");
    for (who, ran) in judged(&place, "own", "api.acme.example") {
        assert_eq!(ran.exit, 0, "{who}: {ran:#?}");
    }
    for (alt_name, host) in [
        ("DNS:api.other.example", "api.other.example"),
        ("DNS:api.acme.example,DNS:api.other.example", "api.acme.example"),
        ("DNS:api.acme.example,IP:127.0.0.1", "api.acme.example"),
        ("DNS:api.acme.example,URI:spiffe://other/web", "api.acme.example"),
        ("DNS:api.acme.example,email:me@other.example", "api.acme.example"),
    ] {
        stolen(&place, "foreign", alt_name);
        for (who, ran) in judged(&place, "foreign", host) {
            // It looks at no limits of URIs; docs/ca.md says so.
            if who == "GnuTLS" && alt_name.contains("URI:") {
                assert_eq!(ran.exit, 0, "GnuTLS has learned it: {ran:#?}");
                continue;
            }
            assert_ne!(ran.exit, 0, "{who} accepts {alt_name}: {ran:#?}");
            let said = format!("{}{}", ran.stdout, ran.stderr).to_lowercase();
            let reason = match who {
                "Java" => "name constraints",
                "GnuTLS" => "constraints",
                "Handfast" => "hf-211",
                _ => "subtree violation",
            };
            assert!(said.contains(reason), "{who}, {alt_name}: {ran:#?}");
        }
    }
}

/// Of these only OpenSSL judges limits of URIs; docs/ca.md has the table.
#[test]
fn a_stolen_key_of_a_trust_domain_makes_no_identity_of_another() {
    let place = Place::new();
    place.run("init --name Acme --names uri:spiffe://acme/**").good();
    let verify = "openssl verify -x509_strict -CAfile handfast/root.crt -untrusted";
    stolen(&place, "own", "URI:spiffe://acme/web");
    place.shell(&format!("{verify} own.crt own.crt")).good();
    place
        .run("verify own.crt --ca handfast/root.crt --purpose client")
        .good();
    for alt_name in [
        "URI:spiffe://other/web",
        "URI:spiffe://acme/web,DNS:api.acme.example",
    ] {
        stolen(&place, "foreign", alt_name);
        let ran = place.shell(&format!("{verify} foreign.crt foreign.crt"));
        assert!(
            ran.exit != 0 && ran.stderr.contains("subtree violation"),
            "{ran:#?}"
        );
        place
            .run("verify foreign.crt --ca handfast/root.crt --purpose client")
            .refused(5, "HF-211");
    }
}
