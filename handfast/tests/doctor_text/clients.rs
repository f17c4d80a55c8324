//! Clients that refuse a server, or are refused by one.

use crate::{
    assert_among, assert_first,
    cast::cast,
    others::{Other, is_here, line},
    program::Place,
};

/// A client of another language, in a file of its own.
const PYTHON: &str = "
import ssl, sys, urllib.request
url, ca = sys.argv[1:3]
context = ssl.create_default_context(cafile=ca)
if len(sys.argv) > 3:
    context.load_cert_chain(sys.argv[3], sys.argv[4])
urllib.request.urlopen(url, context=context, timeout=20)
";

const NODE: &str = "
const [url, ca, cert, key] = process.argv.slice(2);
const read = (name) => name && require('fs').readFileSync(name);
require('https').get(url, { ca: read(ca), cert: read(cert), key: read(key) }, (answer) => answer.resume());
";

const JAVA: &str = "
import java.net.*;
public class Get {
    public static void main(String[] arguments) throws Exception {
        HttpsURLConnection connection = (HttpsURLConnection) new URL(arguments[0]).openConnection();
        connection.setReadTimeout(20000);
        System.out.println(connection.getResponseCode());
    }
}
";

/// The line of the shell by which a client asks a URL, believing a CA.
type Ask = fn(&str, &str) -> String;

/// Every client that is here.
fn clients(place: &Place) -> Vec<(&'static str, Ask)> {
    place.write("get.py", PYTHON);
    place.write("get.js", NODE);
    place.write("Get.java", format!("import javax.net.ssl.*;{JAVA}"));
    let mut clients: Vec<(&str, Ask)> = vec![
        ("curl", |url, ca| format!("curl -sS --cacert {ca}.crt {url}")),
        ("openssl", |url, ca| {
            let place = url.trim_start_matches("https://").trim_end_matches('/');
            let host = place.split(':').next().unwrap_or_default();
            let check = if host == "localhost" {
                "-verify_hostname"
            } else {
                "-verify_ip"
            };
            format!("openssl s_client -connect {place} -CAfile {ca}.crt {check} {host} -verify_return_error")
        }),
        ("gnutls-cli", |url, ca| {
            let place = url.trim_start_matches("https://").trim_end_matches('/');
            let (host, port) = place.split_once(':').expect("a port");
            format!("gnutls-cli --x509cafile {ca}.crt --port {port} {host}")
        }),
        ("python3", |url, ca| format!("python3 get.py {url} {ca}.crt")),
    ];
    if is_here("node") {
        clients.push(("node", |url, ca| format!("node get.js {url} {ca}.crt")));
    }
    if is_here("javac") && is_here("keytool") {
        line(place, "javac Get.java").good();
        for ca in ["ca", "other"] {
            trusted(place, ca);
        }
        clients.push(("java", |url, ca| {
            format!(
                "java -Djavax.net.ssl.trustStore={ca}.trust -Djavax.net.ssl.trustStorePassword=changeit Get {url}"
            )
        }));
    }
    clients
}

/// The key store `CA.trust` of Java with the CA in it.
pub(crate) fn trusted(place: &Place, ca: &str) {
    if place.path(&format!("{ca}.trust")).exists() {
        return;
    }
    let import = format!(
        "keytool -importcert -noprompt -alias ca -file {ca}.crt -keystore {ca}.trust -storepass changeit \
         -storetype PKCS12"
    );
    line(place, &import).good();
}

/// A server that shows the certificate `name` and asks nobody for one.
fn shows<'a>(place: &'a Place, name: &str) -> Other<'a> {
    Other::start(
        place,
        &format!("openssl s_server -accept PORT -www -cert {name}.crt -key {name}.key"),
    )
}

#[test]
fn a_client_that_does_not_believe_the_server_says_why() {
    let place = cast();
    let faults = [
        ("server", "other", "localhost", "HF-301"),
        ("server-name", "ca", "localhost", "HF-303"),
        ("server-noip", "ca", "127.0.0.1", "HF-305"),
        ("server-expired", "ca", "localhost", "HF-202"),
        ("server-notyet", "ca", "localhost", "HF-203"),
        ("server-purpose", "ca", "localhost", "HF-201"),
        ("server-critical", "ca", "localhost", "HF-214"),
        ("server-below", "ca", "localhost", "HF-302"),
        ("server-signature", "ca", "localhost", "HF-215"),
        ("selfsigned", "ca", "localhost", "HF-208"),
    ];
    let clients = clients(&place);
    for (name, ca, host, code) in faults {
        let server = shows(&place, name);
        let url = format!("https://{host}:{}/", server.port);
        for (client, ask) in &clients {
            let what = format!("{client} and {name}");
            let ran = line(&place, &format!("{} </dev/null", ask(&url, ca)));
            match (code, *client) {
                // Node says of every server that sends one certificate what others say of a missing intermediate.
                ("HF-301", "node") => assert_among(&place, &what, &ran.stdout, code),
                // For these the text says less than the cause: the plain reading comes first.
                ("HF-302" | "HF-215", "gnutls-cli") => assert_first(&place, &what, &ran.stdout, "HF-301"),
                ("HF-208", "gnutls-cli" | "java") => assert_first(&place, &what, &ran.stdout, "HF-301"),
                ("HF-302" | "HF-215" | "HF-208", _) => assert_among(&place, &what, &ran.stdout, code),
                // An address is looked for among the names, and most say no more than that.
                ("HF-305", "gnutls-cli") => assert_first(&place, &what, &ran.stdout, "HF-303"),
                ("HF-305", "curl" | "java") => assert_among(&place, &what, &ran.stdout, code),
                _ => assert_first(&place, &what, &ran.stdout, code),
            }
        }
    }
}

#[test]
fn a_pin_that_does_not_fit_and_a_name_that_is_missing_are_told() {
    let place = cast();
    let server = shows(&place, "server");
    let pin = "A".repeat(43);
    let curl = format!(
        "curl -sS --cacert ca.crt --pinnedpubkey sha256//{pin}= https://localhost:{}/",
        server.port
    );
    assert_first(&place, "pin", &line(&place, &curl).stdout, "HF-308");
}

/// A server that wants a certificate, and what a client with `name` says of it.
fn refused_by<'a>(place: &'a Place, more: &str) -> Other<'a> {
    Other::start(
        place,
        &format!(
            "openssl s_server -accept PORT -www -cert server.crt -key server.key -CAfile ca.crt -Verify 5 \
             -verify_return_error {more}"
        ),
    )
}

fn curl(name: Option<&str>, port: u16, more: &str) -> String {
    let pair = name.map_or(String::new(), |name| {
        format!("--cert {name}.crt --key {}.key", name.trim_end_matches("-full"))
    });
    format!("curl -sS --cacert ca.crt {pair} {more} https://localhost:{port}/")
}

/// The fault, the code in the server's words, and whether the alert alone names it first.
const REFUSED: &[(Option<&str>, &str, bool)] = &[
    (None, "HF-101", true),
    (Some("stranger"), "HF-103", true),
    (Some("below"), "HF-104", false),
    (Some("purpose"), "HF-201", true),
    (Some("expired"), "HF-202", true),
    (Some("notyet"), "HF-203", false),
    (Some("selfsigned"), "HF-208", false),
    (Some("notaca-full"), "HF-209", false),
    (Some("path-full"), "HF-210", false),
    (Some("outside-full"), "HF-211", false),
    (Some("critical"), "HF-214", false),
    (Some("signature"), "HF-215", false),
];

#[test]
fn openssl_as_a_server_names_the_fault_of_its_client_and_curl_names_the_alert() {
    let place = cast();
    let mut server = refused_by(&place, "");
    for (name, code, is_told) in REFUSED {
        let what = format!("{name:?}");
        let ran = line(&place, &curl(*name, server.port, ""));
        if *is_told {
            assert_first(&place, &what, &ran.stdout, code);
        } else {
            // What curl hears is not enough; that it was refused is said at least.
            assert!(!crate::codes(&place, &what, &ran.stdout).is_empty());
        }
        let logged = server.says(&what, code);
        match *code {
            "HF-104" | "HF-215" => assert_among(&place, &what, &logged, code),
            _ => assert_first(&place, &what, &logged, code),
        }
    }
    for (lists, code, alert) in [
        ("-crl_check -CRL revoked.crl", "HF-205", "HF-205"),
        ("-crl_check -CRL old.crl", "HF-206", "HF-202"),
        ("-crl_check", "HF-206", "HF-103"),
    ] {
        let mut server = refused_by(&place, lists);
        let ran = line(&place, &curl(Some("client"), server.port, ""));
        assert_first(&place, lists, &ran.stdout, alert);
        assert_among(&place, lists, &ran.stdout, code);
        let logged = server.says(lists, code);
        assert_first(&place, lists, &logged, code);
    }
}

#[test]
fn what_a_refused_client_says_names_the_server_as_the_one_who_refused() {
    let place = cast();
    clients(&place);
    let server = refused_by(&place, "");
    let port = server.port;
    let url = format!("https://localhost:{port}/");
    let mut words = vec![
        ("python3 none", format!("python3 get.py {url} ca.crt"), "HF-101"),
        (
            "python3 stranger",
            format!("python3 get.py {url} ca.crt stranger.crt stranger.key"),
            "HF-103",
        ),
        (
            "gnutls-cli none",
            format!("gnutls-cli --x509cafile ca.crt --port {port} localhost </dev/null"),
            "HF-101",
        ),
        (
            "gnutls-cli stranger",
            format!(
                "gnutls-cli --x509cafile ca.crt --x509certfile stranger.crt --x509keyfile stranger.key --port {port} \
                 localhost </dev/null"
            ),
            "HF-103",
        ),
        ("curl 1.2", curl(None, port, "--tls-max 1.2"), "HF-216"),
        ("curl -v", curl(Some("stranger"), port, "-v"), "HF-103"),
    ];
    if is_here("node") {
        words.push(("node none", format!("node get.js {url} ca.crt"), "HF-101"));
        words.push((
            "node stranger",
            format!("node get.js {url} ca.crt stranger.crt stranger.key"),
            "HF-103",
        ));
    }
    if is_here("javac") && is_here("keytool") {
        let java = "java -Djavax.net.ssl.trustStore=ca.trust -Djavax.net.ssl.trustStorePassword=changeit \
                    -Djavax.net.ssl.keyStorePassword=secret";
        // Java holds back what is below none of the CAs that the server names.
        words.push((
            "java debug",
            format!("{java} -Djavax.net.ssl.keyStore=stranger.p12 -Djavax.net.debug=ssl:handshake Get {url}"),
            "HF-102",
        ));
    }
    for (what, words, code) in words {
        let ran = line(&place, &words);
        if what == "java debug" {
            assert_among(&place, what, &ran.stdout, code);
        } else {
            assert_first(&place, what, &ran.stdout, code);
        }
        let side = &place.run("doctor text said --json").json()["findings"][0]["side"];
        assert_eq!(side, "server", "{what}: {ran:#?}");
    }
}

#[test]
fn two_sides_with_nothing_in_common_are_told_what_is_missing() {
    let place = cast();
    clients(&place);
    let serve = |more: &str| {
        Other::start(
            &place,
            &format!("openssl s_server -accept PORT -www -cert server.crt -key server.key {more}"),
        )
    };
    let old = serve("-tls1_1 -cipher ALL:@SECLEVEL=0");
    let ran = line(
        &place,
        &format!("python3 get.py https://localhost:{}/ ca.crt", old.port),
    );
    assert_first(&place, "TLS 1.1", &ran.stdout, "HF-502");

    let mut suites = serve("-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA");
    let ran = line(
        &place,
        &curl(None, suites.port, "--ciphers ECDHE-ECDSA-AES256-GCM-SHA384"),
    );
    assert_among(&place, "suites", &ran.stdout, "HF-503");
    let logged = suites.says("suites", "HF-503");
    assert_first(&place, "suites", &logged, "HF-503");

    let plain = Other::start(&place, "python3 -u -m http.server PORT --bind 127.0.0.1");
    for (client, ask) in clients(&place) {
        let url = format!("https://localhost:{}/", plain.port);
        let ran = line(&place, &format!("{} </dev/null", ask(&url, "ca")));
        assert_first(&place, client, &ran.stdout, "HF-501");
    }
    let mut plain = plain;
    line(&place, &curl(None, plain.port, ""));
    let logged = plain.says("a server in plain text", "HF-501");
    assert_first(&place, "a server in plain text", &logged, "HF-501");

    let closed = crate::program::service::closed_port();
    assert_first(
        &place,
        "nobody",
        &line(&place, &curl(None, closed, "")).stdout,
        "HF-713",
    );
}
