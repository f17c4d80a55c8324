//! A server whose certificate and answer want to be more than text.

use crate::{
    forms::{browse, unzipped},
    program::{Place, Ran, servers::start, service::closed_port},
};

/// Answers one request after the other with what is hostile, over TLS, by a certificate that is.
const SERVER: &str = r#"
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("hostile/tls.crt", "hostile/tls.key")
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
answer = open(sys.argv[2], "rb").read()
while True:
    connection, _ = listener.accept()
    try:
        connection.settimeout(10)
        with context.wrap_socket(connection, server_side=True) as tls:
            while not tls.recv(65536).endswith(b"\r\n\r\n"):
                pass
            tls.sendall(answer)
    except OSError:
        pass
"#;

/// A subject with markup, escape sequences and a new line in it, longer than anybody reads.
fn cast() -> Place {
    let place = Place::new();
    let long = "n".repeat(60);
    let more: String = (0..40).map(|number| format!("{number}.OU={long}\n")).collect();
    place.write(
        "hostile.cnf",
        format!(
            "[req]\ndistinguished_name=dn\nprompt=no\nutf8=yes\nstring_mask=utf8only\nx509_extensions=x\n\
             [dn]\n{more}CN=<script>alert(1)</script>\u{1b}[31mred\\nHF-000 \u{202e}; end #x\n\
             [x]\nbasicConstraints=critical,CA:TRUE\n\
             [y]\nsubjectAltName=DNS:localhost,DNS:\u{1b}[31m<b>.example\nextendedKeyUsage=serverAuth\n"
        ),
    );
    place
        .shell(
            "mkdir hostile && cd hostile && make='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes' && \
             $make -x509 -days 30 -config ../hostile.cnf -keyout ca.key -out ca.crt && \
             $make -config ../hostile.cnf -keyout tls.key -out tls.csr && \
             openssl x509 -req -days 20 -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile ../hostile.cnf \
             -extensions y -out tls.crt",
        )
        .good();
    place.write("server.py", SERVER);
    place
}

/// The doctor in a terminal, where colours of strangers would be shown.
fn doctor(place: &Place, port: u16, more: &str) -> Ran {
    let line = format!("doctor https://localhost:{port}/ --no-probe {more}");
    let mut command = place.handfast(&line);
    command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
    Ran::new(&line, command)
}

/// None of what is hostile stands in `text` as it was sent.
#[track_caller]
fn assert_tame(what: &str, text: &str) {
    for bad in [
        "\u{1b}[31mred",
        "\u{1b}[31m<b>",
        "\u{1b}]0;",
        "\u{7}",
        "\u{202e}",
        "\u{9b}",
        "\nHF-000",
    ] {
        assert!(!text.contains(bad), "{what}: {bad:?}: {text}");
    }
    // A page has no lines to speak of.
    if !["html", "bundle"].contains(&what) {
        let longest = text.lines().map(str::len).max().unwrap_or(0);
        assert!(longest < 5000, "{what}: {longest}");
    }
    // A page repeats each name a few times; a thousand bytes of every one would be many.
    assert!(text.matches("nnnnnnnnnn").count() < 1000, "{what}");
}

fn answer(status: &str) -> Vec<u8> {
    let body = "<script>alert(2)</script>\u{1b}[31mred\u{1b}]0;title\u{7}\u{202e}\nHF-000 all is well\n"
        .to_owned()
        + &"b".repeat(100_000);
    format!(
        "HTTP/1.1 {status} <script>alert(3)</script>\r\nserver: <script>alert(4)</script>\r\n\
         www-authenticate: <b>\r\nlocation: https://<script>/\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn no_form_of_the_report_obeys_a_certificate_or_an_answer() {
    let place = cast();
    for (status, ca) in [
        ("200", "--ca hostile/ca.crt"),
        ("400", "--ca hostile/ca.crt"),
        ("403", "--ca hostile/ca.crt"),
        ("495", "--ca hostile/ca.crt"),
        ("200", ""),
    ] {
        let port = closed_port();
        place.write("answer", answer(status));
        let _server = start(&place, "python3", &format!("server.py {port} answer"), port);
        let files = "--html page.html --bundle report.zip";
        let text = doctor(&place, port, &format!("{ca} --explain -vv {files}")).stdout;
        assert!(text.contains("alert(1)"), "{status}: {text}");
        assert!(text.contains("\u{1b}["), "ours are there: {text}");
        assert_tame("text", &text);
        let json = doctor(&place, port, &format!("{ca} --json"));
        let report = json.json();
        assert!(report.to_string().contains("alert(1)"), "{json:#?}");
        // Where the server is believed, its answer was read.
        let read = (!ca.is_empty()).then(|| status.to_owned());
        assert_eq!(
            report["status"].as_u64().map(|status| status.to_string()),
            read,
            "{json:#?}"
        );
        assert!(
            json.stdout.contains("\\u{1b}") || json.stdout.contains("\\\\1b"),
            "{json:#?}"
        );
        assert_tame("json", &json.stdout);
        let mermaid = doctor(&place, port, &format!("{ca} --mermaid")).stdout;
        assert!(mermaid.starts_with("sequenceDiagram\n"), "{mermaid}");
        assert!(
            mermaid.lines().skip(1).all(|line| line.starts_with("    ")),
            "{mermaid}"
        );
        assert_tame("mermaid", &mermaid);
        let page = place.read("page.html");
        assert!(page.contains("alert(1)") && !page.contains("<script"), "{page}");
        assert_tame("html", &page);
        let bundle = unzipped(&place);
        assert!(
            bundle.contains("alert(1)") && !bundle.contains("bbbbbbbbbbbbbbbb"),
            "{bundle}"
        );
        assert_tame("bundle", &bundle);
    }
}

#[test]
fn a_browser_runs_nothing_that_a_server_wrote() {
    let place = cast();
    let port = closed_port();
    place.write("answer", answer("403"));
    let _server = start(&place, "python3", &format!("server.py {port} answer"), port);
    doctor(&place, port, "--ca hostile/ca.crt --html page.html");
    let shown = browse(&place, "--dump-dom");
    assert!(
        shown.contains("alert(1)") && !shown.contains("<script"),
        "{shown}"
    );
}

#[test]
fn an_answer_that_is_not_http_is_no_success() {
    let place = cast();
    for bytes in [
        &b"\x1b[31mhello <script>\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nx: \x1b[31mred\x07\r\ncontent-length: 0\r\n\r\n",
        b"",
    ] {
        let port = closed_port();
        place.write("answer", bytes);
        let _server = start(&place, "python3", &format!("server.py {port} answer"), port);
        let ran = doctor(&place, port, "--ca hostile/ca.crt");
        assert_ne!(ran.exit, 0, "{ran:#?}");
        assert_tame("text", &ran.stdout);
    }
    // What is well-formed is one.
    let port = closed_port();
    place.write("answer", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let _server = start(&place, "python3", &format!("server.py {port} answer"), port);
    doctor(&place, port, "--ca hostile/ca.crt").good();
}
