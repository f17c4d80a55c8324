//! What a stranger's names may not do to the looks of a report.

use crate::program::{
    Place,
    servers::{Other, start},
    service::closed_port,
};

/// A server of OpenSSL whose certificate, believed by nobody else, has this subject.
#[track_caller]
fn serve(place: &Place, subject: &str) -> (Other, u16) {
    place.write("subject", subject);
    place
        .shell(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -utf8 -days 2 -keyout tls.key \
             -out tls.crt -subj \"$(cat subject)\" -addext subjectAltName=DNS:localhost",
        )
        .good();
    let port = closed_port();
    let server = format!("s_server -accept 127.0.0.1:{port} -cert tls.crt -key tls.key -www -quiet");
    (start(place, "openssl", &server, port), port)
}

#[test]
fn a_name_that_fills_lines_is_masked_in_every_file_of_a_bundle() {
    let place = Place::new();
    let unit = "Department of Very Long Names in the Northern Branch Office";
    let subject = format!("/O=Sesquipedalian Holding and Sons/OU={unit}/CN=The Signing Service of Acme");
    let (_server, port) = serve(&place, &subject);
    place.write(
        "unzip.py",
        "import sys, zipfile\nz = zipfile.ZipFile('report.zip')\n\
         for n in z.namelist(): sys.stdout.write(z.read(n).decode())\n",
    );
    let bundle = |more: &str| {
        let line = format!("doctor https://localhost:{port}/ --ca tls.crt --bundle report.zip {more}");
        // A certificate that signed itself is no leaf, so there is a finding, which names it.
        assert_eq!(place.run(&line).exit, 1);
        let text = place.shell("python3 unzip.py").good().stdout;
        // However the lines are broken.
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let bare = bundle("");
    let masked = bundle("--mask");
    for words in ["Sesquipedalian Holding", "Northern Branch", "Signing Service of"] {
        assert!(bare.contains(words), "{words}: {bare}");
        assert!(!masked.contains(words), "{words}: {masked}");
    }
    assert!(
        masked.contains("ClientHello") && masked.contains("name-1"),
        "{masked}"
    );
}

#[test]
fn a_diagram_holds_no_tag_that_a_server_wrote() {
    let place = Place::new();
    let (_server, port) = serve(&place, "/CN=<img src=x onerror=alert(1)>; end # note");
    let ran = place.run(&format!(
        "doctor https://localhost:{port}/ --ca tls.crt --mermaid"
    ));
    assert!(ran.stdout.contains("onerror=alert(1)"), "{ran:#?}");
    let ours = ran.stdout.replace("<br/>", "");
    assert!(!ours.contains('<'), "{ours}");
    // Arrows point with it, and nothing else does.
    let arrows = ours.replace("->>", "");
    assert!(!arrows.contains('>'), "{ours}");
}
