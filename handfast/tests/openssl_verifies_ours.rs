//! What Handfast makes, judged by OpenSSL and curl: certificates, containers, and the faults of CAs.

mod program;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use program::Place;

/// Every kind of key that `--key` takes.
const KINDS: [&str; 6] = ["p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096"];

#[test]
fn openssl_trusts_every_kind_of_key_for_the_right_purpose_only() {
    for kind in KINDS {
        let place = Place::new();
        place.run(&format!("init --name Acme --key {kind}")).good();
        place
            .run(&format!("issue server --dns a.example --key {kind} --out s"))
            .good();
        place
            .run(&format!(
                "issue client --uri spiffe://acme/web --email me@acme.example --name web --key {kind} --out c"
            ))
            .good();
        let verify = "openssl verify -x509_strict -CAfile s/ca.crt -untrusted s/tls.crt";
        place
            .shell(&format!(
                "{verify} -purpose sslserver -verify_hostname a.example s/tls.crt"
            ))
            .good();
        assert_ne!(
            place
                .shell(&format!("{verify} -purpose sslclient s/tls.crt"))
                .exit,
            0
        );
        assert_ne!(
            place
                .shell(&format!("{verify} -verify_hostname b.example s/tls.crt"))
                .exit,
            0
        );
        place.shell("openssl verify -x509_strict -CAfile c/ca.crt -untrusted c/tls.crt -purpose sslclient c/tls.crt").good();
        let text = place
            .shell("openssl x509 -in s/tls.crt -noout -text")
            .good()
            .stdout;
        for said in [
            "Version: 3",
            "Subject Alternative Name: critical",
            "DNS:a.example",
            "Digital Signature",
            "CA:FALSE",
        ] {
            assert!(text.contains(said), "{kind}: {said}: {text}");
        }
        place.shell("openssl pkey -in s/tls.key -noout -check").good();
    }
}

#[test]
fn openssl_opens_our_containers_and_we_open_its() {
    let place = Place::with_authority();
    for kind in KINDS {
        place
            .run(&format!(
                "issue client --dns c --key {kind} --out {kind} --p12 {kind}.p12"
            ))
            .good();
        let opened = place
            .shell(&format!(
                "openssl pkcs12 -in {kind}.p12 -passin file:{kind}.p12.password -nodes"
            ))
            .good();
        assert_eq!(opened.stdout.matches("BEGIN CERTIFICATE").count(), 3, "{kind}");
        assert_eq!(opened.stdout.matches("BEGIN PRIVATE KEY").count(), 1, "{kind}");
        place.shell(&format!(
            "openssl pkcs12 -export -in {kind}/tls.crt -inkey {kind}/tls.key -passout pass:secret -out theirs-{kind}.p12"
        ))
        .good();
        place.write("secret", "secret\n");
        let ours = place
            .run(&format!("inspect theirs-{kind}.p12 --password-file secret"))
            .good();
        assert!(
            ours.stdout.contains("dns:c") && ours.stdout.contains("private key, not shown"),
            "{ours:#?}"
        );
    }
}

/// `openssl s_server` on a port of its own choice, stopped when the test ends.
struct Server(Child, u16);

impl Server {
    fn start(place: &Place, arguments: &str) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www"])
            .args(arguments.split_whitespace())
            .current_dir(place.path("."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit(':').next()?.parse().ok());
        Self(child, port.expect("s_server says its port"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn curl_and_openssl_shake_hands_with_leaves_that_have_an_empty_subject() {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    place
        .run("issue client --uri spiffe://acme/web --out client")
        .good();
    let server = Server::start(
        &place,
        "-cert server/tls.crt -cert_chain handfast/issuing.crt -key server/tls.key -CAfile server/ca.crt -Verify 2 -verify_return_error",
    );
    let curl = format!(
        "curl -sS --max-time 10 --resolve localhost:{0}:127.0.0.1 --cacert client/ca.crt https://localhost:{0}/",
        server.1
    );
    let page = place
        .shell(&format!("{curl} --cert client/tls.crt --key client/tls.key"))
        .good();
    assert!(page.stdout.contains("Client certificate"), "{page:#?}");
    assert_ne!(place.shell(&curl).exit, 0, "without a certificate it stays out");
    let looked = place
        .run(&format!("inspect https://localhost:{}", server.1))
        .good();
    assert!(
        looked.stdout.contains("dns:localhost") && looked.stdout.contains("(2 of 2)"),
        "{looked:#?}"
    );
}

/// What `openssl verify` says of the path that a client sends, and what we say.
#[test]
fn openssl_agrees_about_the_faults_of_cas() {
    use handfast_pki::certificate::chain_to_pem;
    use handfast_testkit::forge::{Forge, Usages, dns};
    let place = Place::new();
    let ca = || Forge::ca("Issuing");
    let cases: [(&str, Forge, Forge, Option<&str>); 7] = [
        (
            "good",
            Forge::ca("Root").path_length(1),
            ca().path_length(0),
            None,
        ),
        (
            "keyusage",
            Forge::ca("Root"),
            ca().usages(Usages::DigitalSignature),
            Some("HF-209"),
        ),
        (
            "crlsign",
            Forge::ca("Root"),
            ca().usages(Usages::CRLSign),
            Some("HF-209"),
        ),
        (
            "pathlength",
            Forge::ca("Root").path_length(0),
            ca(),
            Some("HF-210"),
        ),
        (
            "early",
            Forge::ca("Root"),
            Forge {
                not_before: ca().not_after,
                ..ca()
            },
            Some("HF-203"),
        ),
        (
            "old",
            Forge::ca("Root"),
            Forge { version: 1, ..ca() },
            Some("HF-207"),
        ),
        ("critical", Forge::ca("Root").critical(), ca(), Some("HF-214")),
    ];
    for (name, root, issuing, code) in cases {
        let root = root.root();
        let issuing = issuing.by(&root);
        let leaf = Forge::client("web", vec![dns("web.acme.example")]).by(&issuing);
        let file = |part: &str| format!("{name}-{part}.crt");
        place.write(&file("root"), root.certificate.to_pem());
        place.write(&file("issuing"), issuing.certificate.to_pem());
        place.write(&file("leaf"), leaf.certificate.to_pem());
        place.write(
            &file("chain"),
            chain_to_pem([&leaf.certificate, &issuing.certificate]),
        );
        let theirs = place.shell(&format!(
            "openssl verify -purpose sslclient -CAfile {name}-root.crt -untrusted {name}-issuing.crt {name}-leaf.crt"
        ));
        let ours = place.run(&format!(
            "verify {name}-chain.crt --ca {name}-root.crt --purpose client"
        ));
        assert_eq!(theirs.exit == 0, ours.exit == 0, "{name}: {theirs:#?} {ours:#?}");
        match code {
            None => drop(ours.good()),
            Some(code) => drop(ours.refused(5, code)),
        }
    }
}
