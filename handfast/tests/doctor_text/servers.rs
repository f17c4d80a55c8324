//! Servers that refuse a client, that are refused by one, and that cannot start: what stands in their logs.

use crate::{
    assert_among, assert_first,
    cast::cast,
    clients::trusted,
    others::{Other, is_here, line},
    program::{Place, service::closed_port},
};

fn curl(place: &Place, name: Option<&str>, port: u16, more: &str) -> String {
    let pair = name.map_or(String::new(), |name| {
        format!("--cert {name}.crt --key {}.key", name.trim_end_matches("-full"))
    });
    let ca = if more.contains("--cacert") {
        ""
    } else {
        "--cacert ca.crt"
    };
    line(
        place,
        &format!("curl -sS {ca} {pair} {more} https://localhost:{port}/"),
    )
    .stdout
}

fn folder(place: &Place) -> String {
    place
        .path("")
        .display()
        .to_string()
        .trim_end_matches('/')
        .to_owned()
}

/// Everybody meets `server`, and its log names the fault.
#[track_caller]
fn assert_logged(place: &Place, server: &mut Other<'_>, faults: &[(Option<&str>, &str)]) {
    for (name, code) in faults {
        let what = format!("{name:?}");
        let said = curl(place, *name, server.port, "");
        assert!(!said.is_empty(), "{what} is let in: {}", server.logged());
        let logged = server.says(&what, code);
        assert_first(place, &what, &logged, code);
    }
}

// --- nginx ------------------------------------------------------------------------------------------------

fn nginx(place: &Place, port: u16, more: &str) -> String {
    let folder = folder(place);
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {folder}/tmp;\n"))
        .collect();
    let conf = format!("nginx-{port}.conf");
    place.write(
        &conf,
        format!(
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr info;\nevents {{}}\nhttp {{\naccess_log off;\n\
             {temporary}server {{\nlisten 127.0.0.1:{port} ssl;\nserver_name localhost;\n{more}\n\
             location / {{ return 200 \"hello\\n\"; }}\n}}\n}}\n"
        ),
    );
    format!("nginx -p {folder} -e stderr -c {conf}")
}

const NGINX: &str = "ssl_certificate server.crt;\nssl_certificate_key server.key;\nssl_client_certificate ca.crt;\n\
                     ssl_verify_client on;\nssl_protocols TLSv1.2 TLSv1.3;\n";

#[test]
fn nginx_names_the_fault_in_its_log_and_hides_it_in_its_answer() {
    let place = cast();
    let port = closed_port();
    let mut server = Other::on(&place, port, &nginx(&place, port, NGINX));
    assert_logged(
        &place,
        &mut server,
        &[
            (None, "HF-101"),
            (Some("stranger"), "HF-103"),
            (Some("purpose"), "HF-201"),
            (Some("expired"), "HF-202"),
            (Some("notyet"), "HF-203"),
            (Some("selfsigned"), "HF-208"),
            (Some("path-full"), "HF-210"),
            (Some("outside-full"), "HF-211"),
            (Some("critical"), "HF-214"),
        ],
    );
    // The page names no fault, but the one of no certificate.
    assert_first(&place, "page", &curl(&place, None, port, ""), "HF-101");
    let page = curl(&place, Some("expired"), port, "");
    for code in ["HF-103", "HF-105", "HF-202", "HF-206"] {
        assert_among(&place, "page", &page, code);
    }
    server.forget();
    line(&place, &format!("curl -sS http://localhost:{port}/"));
    let logged = server.says("plain", "HF-501");
    assert_first(&place, "plain", &logged, "HF-501");
    // A client that does not believe nginx leaves an alert in nginx's log.
    curl(&place, Some("client"), port, "--cacert other.crt");
    let logged = server.says("distrust", "HF-301");
    assert_first(&place, "distrust", &logged, "HF-301");

    for (more, name, code) in [
        ("ssl_crl revoked.crl;", "client", "HF-205"),
        ("ssl_crl old.crl;", "client", "HF-206"),
        ("ssl_crl empty.crl;", "below-full", "HF-206"),
    ] {
        let port = closed_port();
        let mut server = Other::on(&place, port, &nginx(&place, port, &format!("{NGINX}{more}\n")));
        assert_logged(&place, &mut server, &[(Some(name), code)]);
    }
    let port = closed_port();
    let inter = NGINX.replace("ca.crt", "inter.crt");
    let mut server = Other::on(&place, port, &nginx(&place, port, &inter));
    assert_logged(&place, &mut server, &[(Some("below-full"), "HF-105")]);
}

#[test]
fn nginx_that_does_not_start_says_which_file_is_to_blame() {
    let place = cast();
    for (old, new, code) in [
        ("server.key", "client.key", "HF-401"),
        (
            "ssl_certificate server.crt",
            "ssl_certificate order.crt",
            "HF-401",
        ),
        ("server.key", "encrypted.key", "HF-403"),
        ("server.crt", "nobody.crt", "HF-408"),
        ("server.crt", "der.crt", "HF-409"),
        ("ca.crt", "empty.pem", "HF-309"),
        (
            "ssl_verify_client on;",
            "ssl_client_certificate other.crt;",
            "HF-105",
        ),
    ] {
        let command = nginx(&place, closed_port(), &NGINX.replace(old, new));
        let ran = line(&place, &format!("{command} -t </dev/null"));
        assert_first(&place, new, &ran.stdout, code);
    }
}

// --- Apache -----------------------------------------------------------------------------------------------

fn apache(place: &Place, port: u16, more: &str) -> String {
    let folder = folder(place);
    let modules: String = ["mpm_event", "authz_core", "ssl"]
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let conf = format!("httpd-{port}.conf");
    place.write(
        &conf,
        format!(
            "{modules}ServerRoot {folder}\nServerName localhost\nPidFile {folder}/{port}.pid\nErrorLog {folder}/{port}.log\n\
             LogLevel warn ssl:info\nDefaultRuntimeDir {folder}\nMutex file:{folder}\nUser www-data\nGroup www-data\n\
             DocumentRoot {folder}\nListen 127.0.0.1:{port}\nSSLSessionCache none\n<VirtualHost 127.0.0.1:{port}>\n\
             ServerName localhost\nSSLEngine on\nSSLCertificateFile {folder}/server.crt\n\
             SSLCertificateKeyFile {folder}/server.key\nSSLCACertificateFile {folder}/ca.crt\n{more}\n</VirtualHost>\n"
        ),
    );
    format!("apache2 -f {folder}/{conf} -DFOREGROUND")
}

const REQUIRE: &str = "SSLVerifyClient require\nSSLVerifyDepth 5\n";

#[test]
fn apache_names_the_fault_of_its_client() {
    let place = cast();
    let port = closed_port();
    let mut server = Other::on(&place, port, &apache(&place, port, REQUIRE));
    assert_logged(
        &place,
        &mut server,
        &[
            (None, "HF-101"),
            (Some("stranger"), "HF-103"),
            (Some("purpose"), "HF-201"),
            (Some("expired"), "HF-202"),
            (Some("notaca-full"), "HF-209"),
            (Some("path-full"), "HF-210"),
        ],
    );
    line(&place, &format!("curl -sS http://localhost:{port}/"));
    let logged = server.says("plain", "HF-501");
    assert_first(&place, "plain", &logged, "HF-501");

    let port = closed_port();
    let depth = REQUIRE.replace("Depth 5", "Depth 1");
    let mut server = Other::on(&place, port, &apache(&place, port, &depth));
    assert_logged(&place, &mut server, &[(Some("below-full"), "HF-106")]);
    assert_among(
        &place,
        "alert",
        &curl(&place, Some("below-full"), port, ""),
        "HF-106",
    );

    let port = closed_port();
    let list = format!(
        "{REQUIRE}SSLCARevocationFile {}/old.crl\nSSLCARevocationCheck chain\n",
        folder(&place)
    );
    let mut server = Other::on(&place, port, &apache(&place, port, &list));
    assert_logged(&place, &mut server, &[(Some("client"), "HF-206")]);
    assert_among(&place, "alert", &curl(&place, Some("client"), port, ""), "HF-206");
}

#[test]
fn apache_that_asks_too_late_or_serves_another_name_says_so() {
    let place = cast();
    let port = closed_port();
    let late = "<Location />\nSSLVerifyClient require\n</Location>\n";
    let mut server = Other::on(&place, port, &apache(&place, port, late));
    let get = "
import http.client, ssl, sys
context = ssl.create_default_context(cafile='ca.crt')
context.load_cert_chain('client.crt', 'client.key')
connection = http.client.HTTPSConnection('localhost', int(sys.argv[1]), context=context)
connection.request('GET', '/')
print(connection.getresponse().read().decode())
";
    place.write("get.py", get);
    let ran = line(&place, &format!("python3 get.py {port}"));
    assert_first(&place, "page", &ran.stdout, "HF-108");
    let logged = server.says("log", "HF-108");
    assert_first(&place, "log", &logged, "HF-108");
    // In TLS 1.2 it asks for another handshake, in which there is no certificate.
    curl(&place, None, port, "--tls-max 1.2");
    let logged = server.says("renegotiation", "HF-108");
    assert_among(&place, "renegotiation", &logged, "HF-101");

    let port = closed_port();
    let other = format!(
        "SSLStrictSNIVHostCheck on\n</VirtualHost>\n<VirtualHost 127.0.0.1:{port}>\nServerName other.example\nSSLEngine on\n\
         SSLCertificateFile {0}/server.crt\nSSLCertificateKeyFile {0}/server.key\nSSLCACertificateFile {0}/ca.crt\n{REQUIRE}",
        folder(&place)
    );
    let mut server = Other::on(&place, port, &apache(&place, port, &other));
    let ran = line(&place, &format!("curl -sSk https://127.0.0.1:{port}/"));
    assert_first(&place, "no SNI", &ran.stdout, "HF-307");
    let logged = server.says("no SNI", "HF-307");
    assert_first(&place, "no SNI", &logged, "HF-307");
    let ran = line(
        &place,
        &format!("curl -sSk -H 'Host: other.example' https://localhost:{port}/"),
    );
    assert_first(&place, "another Host", &ran.stdout, "HF-507");
    let logged = server.says("another Host", "HF-307");
    assert_first(&place, "another Host", &logged, "HF-307");
}

#[test]
fn apache_that_does_not_start_says_which_file_is_to_blame() {
    let place = cast();
    for (old, new, code) in [
        ("server.key", "client.key", "HF-401"),
        ("server.key", "encrypted.key", "HF-403"),
        ("server.crt", "nobody.crt", "HF-408"),
        ("server.crt", "der.crt", "HF-409"),
        ("ca.crt", "empty.pem", "HF-309"),
    ] {
        let port = closed_port();
        let command = apache(&place, port, REQUIRE);
        let conf = format!("httpd-{port}.conf");
        place.write(&conf, place.read(&conf).replace(old, new));
        let ran = line(&place, &format!("{command} </dev/null"));
        let log = std::fs::read_to_string(place.path(&format!("{port}.log"))).unwrap_or_default();
        assert_first(&place, new, &format!("{}{log}", ran.stdout), code);
    }
}

// --- HAProxy ----------------------------------------------------------------------------------------------

fn haproxy(place: &Place, port: u16, bind: &str) -> String {
    place.write(
        "haproxy.pem",
        place.read("server.crt") + &place.read("server.key"),
    );
    let conf = format!("haproxy-{port}.cfg");
    place.write(
        &conf,
        format!(
            "global\n  log stdout format raw local0 info\ndefaults\n  mode http\n  timeout connect 3s\n  timeout client 5s\n  \
             timeout server 5s\n  log global\n  option httplog\nfrontend f\n  bind 127.0.0.1:{port} ssl crt haproxy.pem {bind}\n  \
             http-request return status 200\n"
        ),
    );
    format!("haproxy -f {conf}")
}

#[test]
fn haproxy_says_little_and_the_doctor_names_what_it_may_mean() {
    if !is_here("haproxy") {
        return;
    }
    let place = cast();
    let port = closed_port();
    let mut server = Other::on(
        &place,
        port,
        &haproxy(&place, port, "ca-file ca.crt verify required"),
    );
    assert_logged(
        &place,
        &mut server,
        &[(Some("stranger"), "HF-103"), (None, "HF-216")],
    );
    for (name, code) in [
        ("expired", "HF-202"),
        ("purpose", "HF-201"),
        ("path-full", "HF-210"),
        ("notaca-full", "HF-209"),
    ] {
        curl(&place, Some(name), port, "");
        let logged = server.says(name, code);
        assert_among(&place, name, &logged, "HF-103");
    }
    for (bind, code) in [
        ("ca-file empty.pem verify required", "HF-309"),
        ("crt nobody.pem", "HF-408"),
    ] {
        let command = haproxy(&place, closed_port(), bind);
        let ran = line(&place, &format!("{command} -c"));
        assert_first(&place, bind, &ran.stdout, code);
    }
    let command = haproxy(&place, closed_port(), "");
    place.write(
        "haproxy.pem",
        place.read("server.crt") + &place.read("client.key"),
    );
    assert_first(
        &place,
        "key",
        &line(&place, &format!("{command} -c")).stdout,
        "HF-401",
    );
    place.write("haproxy.pem", place.read("server.crt"));
    assert_first(
        &place,
        "no key",
        &line(&place, &format!("{command} -c")).stdout,
        "HF-406",
    );
}

// --- Envoy ------------------------------------------------------------------------------------------------

fn envoy(place: &Place, port: u16, key: &str, more: &str) -> String {
    let folder = folder(place);
    let tls = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
    let manager = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
    let router = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
    let log = "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog";
    let conf = format!("envoy-{port}.yaml");
    place.write(
        &conf,
        format!(
            r#"
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    access_log:
    - name: log
      typed_config:
        "@type": {log}
        log_format: {{text_format_source: {{inline_string: "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%\n"}}}}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": {manager}
          stat_prefix: x
          route_config:
            virtual_hosts: [{{name: a, domains: ["*"], routes: [{{match: {{prefix: "/"}}, direct_response: {{status: 200}}}}]}}]
          http_filters: [{{name: router, typed_config: {{"@type": {router}}}}}]
      transport_socket:
        name: tls
        typed_config:
          "@type": {tls}
          require_client_certificate: true
          common_tls_context:
            tls_certificates: [{{certificate_chain: {{filename: {folder}/server.crt}}, private_key: {{filename: {folder}/{key}}}}}]
            validation_context: {{trusted_ca: {{filename: {folder}/ca.crt}}{more}}}
"#
        ),
    );
    format!("envoy -c {conf} --disable-hot-restart --concurrency 1 -l error --file-flush-interval-msec 50")
}

#[test]
fn envoy_names_the_fault_with_underscores_for_blanks() {
    if !is_here("envoy") {
        return;
    }
    let place = cast();
    let port = closed_port();
    let mut server = Other::on(&place, port, &envoy(&place, port, "server.key", ""));
    assert_logged(
        &place,
        &mut server,
        &[
            (None, "HF-101"),
            (Some("expired"), "HF-202"),
            (Some("notyet"), "HF-203"),
            (Some("purpose"), "HF-201"),
            (Some("selfsigned"), "HF-208"),
            (Some("notaca-full"), "HF-209"),
            (Some("outside-full"), "HF-211"),
        ],
    );
    // Envoy writes the same of its clients and of its backends.
    curl(&place, Some("stranger"), port, "");
    let logged = server.says("stranger", "HF-103");
    assert_among(&place, "stranger", &logged, "HF-103");
    for (more, code) in [
        (
            ", match_typed_subject_alt_names: [{san_type: URI, matcher: {exact: spiffe://acme/api}}]"
                .to_owned(),
            "HF-306",
        ),
        (
            format!(", crl: {{filename: {}/old.crl}}", folder(&place)),
            "HF-206",
        ),
        (
            format!(", crl: {{filename: {}/revoked.crl}}", folder(&place)),
            "HF-205",
        ),
    ] {
        let port = closed_port();
        let mut server = Other::on(&place, port, &envoy(&place, port, "server.key", &more));
        assert_logged(&place, &mut server, &[(Some("client"), code)]);
    }
    for (key, code) in [
        ("client.key", "HF-401"),
        ("encrypted.key", "HF-403"),
        ("nobody.key", "HF-408"),
    ] {
        let command = envoy(&place, closed_port(), key, "");
        assert_first(&place, key, &line(&place, &command).stdout, code);
    }
}

// --- Caddy, which is Go -----------------------------------------------------------------------------------

fn caddy(place: &Place, port: u16, pair: &str, backend: &str) -> String {
    let folder = folder(place);
    let conf = format!("Caddyfile-{port}");
    place.write(
        &conf,
        format!(
            "{{\n\tadmin off\n\tauto_https off\n\tdebug\n\tstorage file_system {folder}/caddy\n}}\nhttps://localhost:{port} {{\n\
             \ttls {pair} {{\n\t\tclient_auth {{\n\t\t\tmode require_and_verify\n\t\t\ttrust_pool file {{\n\
             \t\t\t\tpem_file ca.crt\n\t\t\t}}\n\t\t}}\n\t}}\n\t{backend}\n}}\n"
        ),
    );
    format!("caddy run --adapter caddyfile --config {conf}")
}

#[test]
fn go_names_the_fault_of_its_client() {
    if !is_here("caddy") {
        return;
    }
    let place = cast();
    let port = closed_port();
    let mut server = Other::on(
        &place,
        port,
        &caddy(&place, port, "server.crt server.key", "respond ok"),
    );
    assert_logged(
        &place,
        &mut server,
        &[
            (None, "HF-101"),
            (Some("stranger"), "HF-103"),
            (Some("purpose"), "HF-201"),
            (Some("expired"), "HF-202"),
            (Some("notyet"), "HF-203"),
            (Some("notaca-full"), "HF-209"),
            (Some("path-full"), "HF-210"),
            (Some("outside-full"), "HF-211"),
            (Some("critical"), "HF-214"),
            (Some("signature"), "HF-215"),
        ],
    );
    for (words, code) in [
        (format!("curl -sS http://localhost:{port}/"), "HF-501"),
        (
            format!("openssl s_client -connect localhost:{port} -tls1_1 -cipher ALL:@SECLEVEL=0 </dev/null"),
            "HF-502",
        ),
        (
            format!("openssl s_client -connect localhost:{port} -tls1_2 -cipher AES128-SHA256 </dev/null"),
            "HF-503",
        ),
        (
            format!("openssl s_client -connect localhost:{port} -alpn foo </dev/null"),
            "HF-504",
        ),
        (
            format!("openssl s_client -connect localhost:{port} -servername foo.example </dev/null"),
            "HF-307",
        ),
    ] {
        let ran = line(&place, &words);
        assert_among(&place, &words, &ran.stdout, code);
        let logged = server.says(&words, code);
        assert_first(&place, &words, &logged, code);
    }
}

#[test]
fn go_names_what_it_has_against_a_server() {
    if !is_here("caddy") {
        return;
    }
    let place = cast();
    let wants = "-CAfile ca.crt -Verify 2 -verify_return_error";
    for (name, more, ca, host, code) in [
        ("server", "", "other", "", "HF-301"),
        ("server", wants, "ca", "", "HF-101"),
        ("server-name", "", "ca", "", "HF-303"),
        ("server-noname", "", "ca", "", "HF-304"),
        ("server-noip", "", "ca", "tls_server_name 127.0.0.1", "HF-305"),
        ("server-expired", "", "ca", "", "HF-202"),
        ("server-signature", "", "ca", "", "HF-215"),
    ] {
        let what = format!("{name} {ca}");
        let behind = Other::start(
            &place,
            &format!("openssl s_server -accept PORT -www -cert {name}.crt -key {name}.key {more}"),
        );
        let backend = format!(
            "reverse_proxy https://localhost:{} {{\n\t\ttransport http {{\n\t\t\ttls_trust_pool file {}/{ca}.crt\n\
             \t\t\t{host}\n\t\t}}\n\t}}",
            behind.port,
            folder(&place)
        );
        let port = closed_port();
        let mut server = Other::on(
            &place,
            port,
            &caddy(&place, port, "server.crt server.key", &backend),
        );
        curl(&place, Some("client"), port, "");
        let logged = server.says(&what, code);
        assert_first(&place, &what, &logged, code);
    }
    for (pair, code) in [
        ("server.crt client.key", "HF-401"),
        ("order.crt below.key", "HF-401"),
        ("server.crt encrypted.key", "HF-403"),
        ("der.crt client.key", "HF-409"),
        ("server.key server.crt", "HF-409"),
    ] {
        let command = caddy(&place, closed_port(), pair, "respond ok");
        assert_first(&place, pair, &line(&place, &command).stdout, code);
    }
}

// --- Node, Python and Java as servers ---------------------------------------------------------------------

const NODE: &str = "
const read = require('fs').readFileSync;
const files = { cert: read('server.crt'), key: read('server.key'), ca: read('ca.crt') };
const server = require('https').createServer({ ...files, requestCert: true, rejectUnauthorized: true }, (_, answer) => answer.end());
server.on('tlsClientError', (error) => console.log('tlsClientError', error));
server.listen(Number(process.argv[2]), '127.0.0.1');
";

const PYTHON: &str = "
import http.server, socketserver, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('server.crt', 'server.key')
context.load_verify_locations('ca.crt')
context.verify_mode = ssl.CERT_REQUIRED
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    def get_request(self):
        stream, address = self.socket.accept()
        return context.wrap_socket(stream, server_side=True, do_handshake_on_connect=False), address
Server(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
";

const JAVA: &str = "
import java.io.*;
import java.security.*;
import javax.net.ssl.*;
public class Serve {
    static KeyStore store(String name, String password) throws Exception {
        KeyStore store = KeyStore.getInstance(\"PKCS12\");
        store.load(new FileInputStream(name), password.toCharArray());
        return store;
    }
    public static void main(String[] arguments) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(\"SunX509\");
        keys.init(store(\"server.p12\", \"secret\"), \"secret\".toCharArray());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(\"PKIX\");
        trust.init(store(\"ca.trust\", \"changeit\"));
        SSLContext context = SSLContext.getInstance(\"TLS\");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        int port = Integer.parseInt(arguments[0]);
        SSLServerSocket socket = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(port);
        socket.setNeedClientAuth(true);
        while (true) {
            SSLSocket stream = (SSLSocket) socket.accept();
            new Thread(() -> {
                try {
                    stream.startHandshake();
                } catch (Exception error) {
                    error.printStackTrace();
                }
                try {
                    stream.close();
                } catch (Exception error) {
                }
            }).start();
        }
    }
}
";

#[test]
fn node_as_a_server_says_no_more_than_that_it_hung_up() {
    if !is_here("node") {
        return;
    }
    let place = cast();
    place.write("serve.js", NODE);
    let mut server = Other::start(&place, "node serve.js PORT");
    assert_logged(
        &place,
        &mut server,
        &[(None, "HF-101"), (Some("expired"), "HF-216")],
    );
    curl(&place, Some("client"), server.port, "--cacert other.crt");
    let logged = server.says("distrust", "HF-301");
    assert_first(&place, "distrust", &logged, "HF-301");
    // And the client sees a connection that ends.
    let said = curl(&place, Some("expired"), server.port, "");
    assert_among(&place, "expired", &said, "HF-216");
}

#[test]
fn python_as_a_server_names_the_fault_of_its_client() {
    let place = cast();
    place.write("serve.py", PYTHON);
    let mut server = Other::start(&place, "python3 -u serve.py PORT");
    assert_logged(
        &place,
        &mut server,
        &[
            (None, "HF-101"),
            (Some("expired"), "HF-202"),
            (Some("purpose"), "HF-201"),
        ],
    );
    // Its words are those of a Python client; the traceback of its own code tells nothing.
    curl(&place, Some("stranger"), server.port, "");
    let logged = server.says("stranger", "HF-103");
    assert_among(&place, "stranger", &logged, "HF-103");
}

#[test]
fn java_as_a_server_names_the_fault_of_its_client() {
    if !is_here("javac") || !is_here("keytool") {
        return;
    }
    let place = cast();
    trusted(&place, "ca");
    place.write("Serve.java", JAVA);
    let mut server = Other::start(&place, "java Serve.java PORT");
    assert_logged(
        &place,
        &mut server,
        &[
            (None, "HF-101"),
            (Some("stranger"), "HF-103"),
            (Some("purpose"), "HF-201"),
            (Some("expired"), "HF-202"),
            (Some("notyet"), "HF-203"),
            (Some("notaca-full"), "HF-209"),
            (Some("path-full"), "HF-210"),
            (Some("outside-full"), "HF-211"),
            (Some("critical"), "HF-214"),
        ],
    );
    curl(&place, Some("signature"), server.port, "");
    let logged = server.says("signature", "HF-215");
    assert_among(&place, "signature", &logged, "HF-215");
    let port = server.port;
    for (words, code) in [
        (
            format!("openssl s_client -connect localhost:{port} -tls1_3 -sigalgs ed25519 </dev/null"),
            "HF-213",
        ),
        (
            format!("openssl s_client -connect localhost:{port} -tls1_1 -cipher ALL:@SECLEVEL=0 </dev/null"),
            "HF-502",
        ),
        (
            format!("openssl s_client -connect localhost:{port} -tls1_2 -cipher AES128-SHA256 </dev/null"),
            "HF-503",
        ),
    ] {
        line(&place, &words);
        let logged = server.says(&words, code);
        assert_first(&place, &words, &logged, code);
    }
}

// --- PostgreSQL and Mosquitto -----------------------------------------------------------------------------

#[test]
fn postgres_and_its_client_name_the_fault() {
    if !is_here("initdb") || !is_here("psql") || !is_here("setpriv") {
        return;
    }
    let place = cast();
    let folder = folder(&place);
    // PostgreSQL refuses to run as root.
    let as_nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    let prepare = format!(
        "mkdir pg && chmod 755 . && chown -R 65534:65534 pg && \
         {as_nobody} env HOME={folder}/pg initdb -D pg/data -A trust -U web && \
         cp server.crt server.key ca.crt pg/ && chown 65534:65534 pg/* && chmod 600 pg/server.key && \
         printf 'hostssl all all 127.0.0.1/32 cert\\n' > pg/data/pg_hba.conf"
    );
    line(&place, &format!("sh -c \"{}\"", prepare.replace('"', "\\\""))).good();
    let command = format!(
        "{as_nobody} postgres -D pg/data -p PORT -c ssl=on -c ssl_cert_file={folder}/pg/server.crt \
         -c ssl_key_file={folder}/pg/server.key -c ssl_ca_file={folder}/pg/ca.crt -c listen_addresses=127.0.0.1 \
         -c unix_socket_directories={folder}/pg"
    );
    let mut server = Other::start(&place, &command);
    let port = server.port;
    line(
        &place,
        "chmod 600 client.key stranger.key expired.key encrypted.key",
    )
    .good();
    let psql = |user: &str, more: &str| {
        let pair = if more.contains("sslrootcert") {
            ""
        } else {
            "sslrootcert=ca.crt"
        };
        line(
            &place,
            &format!(
                "psql -w 'host=localhost hostaddr=127.0.0.1 port={port} dbname=postgres user={user} sslmode=verify-full \
                 {pair} {more}' -c 'select 1' </dev/null"
            ),
        )
        .stdout
    };
    let ours = "sslcert=client.crt sslkey=client.key";
    for (user, more, code, logged) in [
        ("web", "", "HF-101", Some("HF-101")),
        ("api", ours, "HF-604", Some("HF-604")),
        (
            "web",
            "sslcert=stranger.crt sslkey=stranger.key",
            "HF-103",
            Some("HF-103"),
        ),
        ("web", "sslcert=expired.crt sslkey=expired.key", "HF-202", None),
        (
            "web",
            &format!("sslrootcert=other.crt {ours}"),
            "HF-301",
            Some("HF-301"),
        ),
        ("web", &format!("sslrootcert=nobody.crt {ours}"), "HF-309", None),
        ("web", "sslcert=client.crt sslkey=stranger.key", "HF-401", None),
        ("web", "sslcert=client.crt sslkey=encrypted.key", "HF-403", None),
        ("web", "sslcert=client.crt sslkey=nobody.key", "HF-408", None),
        ("web", "sslcert=der.crt sslkey=client.key", "HF-409", None),
    ] {
        let what = format!("{user} {more}");
        server.forget();
        assert_first(&place, &what, &psql(user, more), code);
        if let Some(code) = logged {
            let logged = server.says(&what, code);
            assert_first(&place, &what, &logged, code);
        }
    }
    line(&place, "chmod 644 client.key").good();
    assert_first(&place, "mode", &psql("web", ours), "HF-408");
    line(&place, &format!("curl -sS http://localhost:{port}/"));
    let logged = server.says("plain", "HF-501");
    assert_first(&place, "plain", &logged, "HF-501");
}

#[test]
fn mosquitto_says_in_its_log_what_it_does_not_tell_its_client() {
    if !is_here("mosquitto") || !is_here("mosquitto_pub") {
        return;
    }
    let place = cast();
    let conf = |port: u16, key: &str, ca: &str| {
        let name = format!("mosquitto-{port}.conf");
        place.write(
            &name,
            format!(
                "listener {port} 127.0.0.1\nallow_anonymous true\ncafile {ca}\ncertfile server.crt\nkeyfile {key}\n\
                 require_certificate true\nlog_type all\nlog_dest stderr\nuser root\n"
            ),
        );
        format!("mosquitto -c {name}")
    };
    let port = closed_port();
    let mut server = Other::on(&place, port, &conf(port, "server.key", "ca.crt"));
    let publish = |words: &str| {
        line(
            &place,
            &format!("mosquitto_pub -h localhost -p {port} -t a -m b {words}"),
        )
        .stdout
    };
    for (words, code) in [
        ("--cafile ca.crt", "HF-101"),
        ("--cafile ca.crt --cert stranger.crt --key stranger.key", "HF-103"),
        ("--cafile other.crt --cert client.crt --key client.key", "HF-301"),
    ] {
        publish(words);
        let logged = server.says(words, code);
        assert_first(&place, words, &logged, code);
    }
    assert_among(&place, "client", &publish("--cafile other.crt"), "HF-301");
    assert_first(&place, "file", &publish("--cafile nobody.pem"), "HF-408");
    for (key, ca, code) in [
        ("client.key", "ca.crt", "HF-401"),
        ("server.key", "empty.pem", "HF-309"),
    ] {
        let ran = line(&place, &conf(closed_port(), key, ca));
        assert_first(&place, key, &ran.stdout, code);
    }
}
