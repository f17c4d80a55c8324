//! `env`: programs of others, run with what was printed and nothing else.

mod program;

use program::{
    Place, Ran,
    daemon::Daemon,
    pki::{Ca, Wanted},
    servers::start,
    service::{Service, closed_port},
};

use handfast_pki::Profile;

/// A proxy for "web" alone, its files in folders whose names have to be quoted.
struct Stage {
    place: Place,
    proxy: Daemon,
    _service: Service,
}

/// Runs something when it is not quoted.
const ODD: &str = "it's $(touch hacked) here";

fn cast() -> Place {
    let place = Place::new();
    let ca = Ca::new(&place, "acme");
    let server = Wanted::now(Profile::Server);
    ca.issue(
        &place,
        "server",
        &server,
        &["uri:spiffe://acme/proxy", "dns:localhost", "ip:127.0.0.1"],
    );
    let client = Wanted::now(Profile::Client);
    ca.issue(&place, "web", &client, &["cn:web", "uri:spiffe://acme/web"]);
    place.shell("chmod 600 */tls.key").good();
    place
        .shell(&format!("cp -r web \"{}\"", ODD.replace('$', "\\$")))
        .good();
    place
}

fn stage() -> Stage {
    let service = Service::hello();
    let place = cast();
    let proxy = place.open_with(&service.url(), "");
    Stage {
        place,
        proxy,
        _service: service,
    }
}

/// The words for the files in the odd folder, for a shell.
fn files() -> String {
    let folder = format!("\"{}\"", ODD.replace('$', "\\$"));
    format!("--cert {folder}/tls.crt --key {folder}/tls.key --ca {folder}/ca.crt")
}

impl Stage {
    /// `line` in a shell that has evaluated what is printed for `program`, PORT filled in.
    fn with(&self, program: &str, line: &str) -> Ran {
        let line = line.replace("PORT", &self.proxy.port.to_string());
        self.place.shell(&format!(
            "unset SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS; export HOME=$PWD \
             no_proxy=localhost; eval \"$(handfast env --for {program} {} 2>said)\" && {line}",
            files()
        ))
    }

    /// The code or configuration that was shown for `program`: the first indented line, and those after it.
    fn said(&self) -> Vec<String> {
        let said = self.place.read("said");
        said.lines()
            .filter_map(|line| line.strip_prefix("  "))
            .map(str::to_owned)
            .collect()
    }
}

#[track_caller]
fn is_hello(ran: Ran) {
    let ran = ran.good();
    assert!(ran.stdout.contains("hello"), "{ran:#?}");
}

#[test]
fn node_believes_the_ca_and_takes_the_certificate_in_the_code_that_was_shown() {
    let stage = stage();
    stage.with("node", "true").good();
    let agent = stage.said().remove(0);
    let script = |agent: &str| {
        format!(
            "const https = require('https'), fs = require('fs'); \
             https.get('https://localhost:PORT/', {{ agent: {agent} }}, r => r.pipe(process.stdout)) \
             .on('error', e => {{ console.error(e.code); process.exitCode = 3 }});"
        )
        .replace("PORT", &stage.proxy.port.to_string())
    };
    stage.place.write("with.js", script(&agent));
    is_hello(stage.with("node", "node with.js"));
    let ran = stage.place.shell("unset NODE_EXTRA_CA_CERTS; node with.js");
    assert_eq!(
        ran.exit, 3,
        "without the variable the proxy is not believed: {ran:#?}"
    );
}

#[test]
fn python_believes_the_ca_and_takes_the_certificate_in_the_code_that_was_shown() {
    let stage = stage();
    stage.with("python", "true").good();
    let load = stage
        .said()
        .into_iter()
        .find(|line| line.starts_with("context."))
        .expect("a line");
    let script = format!(
        "import ssl, urllib.request\ncontext = ssl.create_default_context()\n{load}\n\
         print(urllib.request.urlopen('https://localhost:{}/', context=context).read().decode())\n",
        stage.proxy.port
    );
    stage.place.write("with.py", script);
    is_hello(stage.with("python", "python3 with.py"));
    let ran = stage
        .place
        .shell("env -u SSL_CERT_FILE -u SSL_CERT_DIR python3 with.py");
    assert!(ran.stderr.contains("CERTIFICATE_VERIFY_FAILED"), "{ran:#?}");
}

#[test]
fn curl_is_let_in_with_the_variable_and_the_lines_of_its_configuration() {
    let stage = stage();
    stage.with("curl", "true").good();
    stage.place.write(".curlrc", stage.said().join("\n"));
    is_hello(stage.with("curl", "curl -sS https://localhost:PORT/"));
    stage.place.shell("rm .curlrc").good();
    let ran = stage.with("curl", "curl -sS https://localhost:PORT/");
    assert_ne!(ran.exit, 0, "without the certificate it is not let in: {ran:#?}");
}

#[test]
fn git_is_let_in_by_its_variables_alone() {
    let place = cast();
    let port = closed_port();
    place
        .shell("git init -q --bare r.git && git -C r.git update-server-info")
        .good();
    let _service = start(
        &place,
        "python3",
        &format!("-m http.server {port} --bind 127.0.0.1"),
        port,
    );
    let proxy = place.open_with(&format!("http://127.0.0.1:{port}"), "");
    let stage = Stage {
        place,
        proxy,
        _service: Service::hello(),
    };
    stage
        .with("git", "git ls-remote https://localhost:PORT/r.git")
        .good();
    let ran = stage.place.shell(&format!(
        "git ls-remote https://localhost:{}/r.git",
        stage.proxy.port
    ));
    assert_ne!(ran.exit, 0, "{ran:#?}");
}

#[test]
fn psql_is_let_in_by_its_variables_alone() {
    let place = cast();
    place.write("postgres.sh", include_str!("doctor_report/postgres.sh"));
    let port = closed_port();
    let _postgres = start(&place, "sh", &format!("postgres.sh {port}"), port);
    // Logged in with the certificate's common name, which the server maps; refused is the unknown user, not us.
    let ask = format!("psql -w -h localhost -p {port} -U web -d postgres -c 'select 1'");
    let evaluate = format!("eval \"$(handfast env --for psql {} 2>/dev/null)\"", files());
    let ran = place.shell(&format!("{evaluate} && {ask}"));
    assert!(ran.stderr.contains("role \"web\" does not exist"), "{ran:#?}");
    let ran = place.shell(&ask);
    assert!(
        ran.stderr.contains("certificate") && !ran.stderr.contains("role"),
        "{ran:#?}"
    );
}

#[test]
fn java_is_let_in_by_its_options_alone() {
    let stage = stage();
    let place = &stage.place;
    place
        .shell(&format!(
            "cp -r web 'a b' && {}",
            "for f in key trust; do echo \"pass word$f\" > $f.password; done"
        ))
        .good();
    place
        .run("convert web/tls.crt --key web/tls.key --to p12 --new-password-file key.password --out key.p12")
        .good();
    place
        .run("convert web/ca.crt --to p12 --new-password-file trust.password --out trust.p12")
        .good();
    place.shell("mv key.p12 'a b/'").good();
    place.write(
        "Get.java",
        format!(
            "public class Get {{ public static void main(String[] a) throws Exception {{ System.out.write(\
             new java.net.URL(\"https://localhost:{}/\").openStream().readAllBytes()); System.out.flush(); }} }}",
            stage.proxy.port
        ),
    );
    place.shell("javac Get.java").good();
    let line = "handfast env --for java --keystore 'a b/key.p12' --password-file key.password --truststore trust.p12 \
                --truststore-password-file trust.password";
    is_hello(place.shell(&format!("eval \"$({line} 2>/dev/null)\" && java Get")));
    assert_ne!(place.shell("java Get").exit, 0);
    place
        .shell(&line.replace("--password-file key.password", "--password-file trust.password"))
        .refused(2, "HF-409");
    place
        .shell("handfast env --for java --keystore trust.p12 --password-file trust.password")
        .refused(2, "HF-406");
    let ran = place
        .run("env --for java --cert web/tls.crt --key web/tls.key")
        .refused(2, "HF-409");
    assert!(ran.stderr.contains("handfast convert"), "{ran:#?}");
}

#[test]
fn docker_is_shown_its_folder_and_the_names_that_it_wants() {
    let place = cast();
    let ran = place
        .shell(&format!("handfast env --for docker {} --json", files()))
        .good();
    let json = ran.json();
    let folder = place.path(ODD);
    assert_eq!(
        json["variables"]["DOCKER_CERT_PATH"],
        folder.to_str().expect("text")
    );
    assert_eq!(json["variables"]["DOCKER_TLS_VERIFY"], "1");
    let lines = json["lines"]["lines"].as_array().expect("lines").clone();
    for line in &lines {
        place.shell(line.as_str().expect("text")).good();
    }
    for (name, from) in [
        ("ca.pem", "ca.crt"),
        ("cert.pem", "tls.crt"),
        ("key.pem", "tls.key"),
    ] {
        assert_eq!(
            place.read(&format!("{ODD}/{name}")),
            place.read(&format!("web/{from}"))
        );
    }
    assert_eq!(place.mode(&format!("{ODD}/key.pem")), 0o600);
}

#[test]
fn no_value_is_run_by_the_shell_and_stdout_is_nothing_but_variables() {
    let place = cast();
    for program in [
        "git", "psql", "vault", "etcdctl", "consul", "nats", "aws", "cargo", "deno", "go", "rust", "ruby",
        "openssl", "grpc",
    ] {
        let ran = place
            .shell(&format!("handfast env --for {program} {}", files()))
            .good();
        assert!(!ran.stdout.is_empty(), "{program}");
        assert!(
            ran.stdout.lines().all(|line| line.starts_with("export ")),
            "{ran:#?}"
        );
        place.write("lines", &ran.stdout);
        let ran = place.shell(". ./lines; env | grep -c \"touch hacked\"").good();
        assert_ne!(ran.stdout.trim(), "0");
    }
    for program in ["wget", "mysql", "redis", "kubectl"] {
        let ran = place
            .shell(&format!("handfast env --for {program} {}", files()))
            .good();
        assert!(
            ran.stdout.is_empty() && ran.stderr.contains("tls.crt"),
            "{ran:#?}"
        );
    }
    assert!(!place.path("hacked").exists());
    let ran = place
        .run("env --for git --ca web/ca.crt --shell powershell")
        .good();
    assert!(ran.stdout.starts_with("$env:GIT_SSL_CAINFO = '/"), "{ran:#?}");
    let ran = place.run("env --for git --ca web/ca.crt --shell fish").good();
    assert!(ran.stdout.starts_with("set -gx GIT_SSL_CAINFO '/"), "{ran:#?}");
}

#[test]
fn files_that_do_not_hold_what_they_should_are_refused() {
    let place = cast();
    for (flags, code) in [
        ("--cert web/tls.crt --key server/tls.key", "HF-401"),
        ("--cert web/tls.key --key web/tls.key", "HF-409"),
        ("--ca web/tls.crt", "HF-309"),
        ("--ca missing", "HF-408"),
    ] {
        place.run(&format!("env --for git {flags}")).refused(2, code);
    }
    for words in [
        "env --for git",
        "env --for nobody --ca web/ca.crt",
        "env --for git --cert web/tls.crt",
        "env --ca web/ca.crt",
    ] {
        assert_eq!(place.run(words).exit, 2, "{words}");
    }
    place.shell("chmod 644 web/tls.key").good();
    let ran = place
        .run("env --for psql --cert web/tls.crt --key web/tls.key")
        .good();
    assert!(ran.stderr.contains("chmod 600"), "{ran:#?}");
}

#[test]
fn without_a_program_all_of_them_are_listed() {
    let place = Place::new();
    let ran = place.run("env").good();
    for said in [
        "NODE_EXTRA_CA_CERTS",
        "GIT_SSL_CERT",
        "~/.curlrc",
        "PGSSLROOTCERT",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {ran:#?}");
    }
    let json = place.run("env --json").good().json();
    assert!(json["programs"].as_array().is_some_and(|all| all.len() > 15));
}

#[test]
fn a_form_that_we_read_and_the_program_does_not_is_refused() {
    let place = cast();
    place
        .shell("openssl crl2pkcs7 -nocrl -certfile web/tls.crt -out web/tls.p7b")
        .good();
    let line = |cert: &str| format!("env --for python --cert {cert} --key web/tls.key --ca web/ca.crt");
    let ran = place.run(&line("web/tls.p7b")).refused(2, "HF-409");
    assert!(
        ran.stderr.contains("found PKCS#7") && ran.stderr.contains("handfast convert web/tls.p7b"),
        "{ran:#?}"
    );
    place.run(&line("web/tls.crt")).good();
}
