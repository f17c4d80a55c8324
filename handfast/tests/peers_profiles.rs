//! Every profile and every kind of key, read by software that is not ours: pkilint finds no error in them, and OpenSSL,
//! GnuTLS, Python's cryptography and Java read the same.
//!
//! Names have two labels at least, since pkilint calls `localhost` an error.

mod program;

use program::Place;

const KINDS: [&str; 7] = [
    "p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096", "mldsa65",
];

const CONFIG: &str = r#"
[profile.server]
crl = ["http://pki.example.com/issuing.crl"]
ca-issuers = ["http://pki.example.com/issuing.crt"]
ocsp = ["http://ocsp.example.com"]
policies = ["2.23.140.1.2.2 http://pki.example.com/cps"]

[profile.job]
like = "client"
lifetime = "1h"
max-lifetime = "24h"
no-rev-avail = true

[profile.psd2]
nca-name = "Federal Financial Supervisory Authority"
nca-id = "DE-BAFIN"
qc-disclosures = ["en https://pki.example.com/pds-en.pdf"]
policies = ["0.4.0.194112.1.6 http://pki.example.com/cps"]
crl = ["http://pki.example.com/issuing.crl"]
ca-issuers = ["http://pki.example.com/issuing.crt"]
ocsp = ["http://ocsp.example.com"]

[profile.seal]
like = "psd2"
qc-type = "seal"
policies = ["0.4.0.2042.1.1 http://pki.example.com/cps"]
key-usage = ["contentCommitment"]
nca-name = "Federal Financial Supervisory Authority"
nca-id = "DE-BAFIN"
qc-disclosures = ["en https://pki.example.com/pds-en.pdf"]
crl = ["http://pki.example.com/issuing.crl"]
ca-issuers = ["http://pki.example.com/issuing.crt"]
ocsp = ["http://ocsp.example.com"]
"#;

/// A program of PyPI that `scripts/test` has installed.
fn of_pypi(name: &str) -> String {
    format!("$(dirname $(command -v lint_crl))/{name}")
}

/// A CA in Germany, as qualified certificates need one, with the profiles above.
fn place() -> Place {
    let place = Place::new();
    place
        .shell(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -keyout ca.key -out ca.crt \
             -subj '/C=DE/O=Acme Trust/organizationIdentifier=VATDE-123456789/CN=Acme Root CA' \
             -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign && chmod 600 ca.key",
        )
        .good();
    place.run("init --from-cert ca.crt --from-key ca.key").good();
    place.write("handfast/ca.toml", CONFIG);
    place
}

fn issue(place: &Place, profile: &str, kind: &str, out: &str) {
    let names = match profile {
        "spiffe" | "job" => "--uri spiffe://acme.example/jobs/one",
        "client" | "device" => "--uri spiffe://acme.example/web --email me@acme.example --ip 192.0.2.7",
        _ => "--dns www.acme.example",
    };
    let line = format!("issue {profile} {names} --key {kind} --out {out}");
    place.run(&line).good();
}

fn issue_to_a_bank(place: &Place, profile: &str, kind: &str, out: &str) {
    let mut command = place.handfast(&format!(
        "issue {profile} --dns bank.example.com --key {kind} --out {out}"
    ));
    command.args([
        "--name",
        "bank.example.com",
        "--country",
        "DE",
        "--organization",
        "Acme Bank AG",
    ]);
    for part in ["organizationIdentifier=PSDDE-BAFIN-123456", "L=Kiel"] {
        command.args(["--attribute", part]);
    }
    command.args(["--psd2-role", "PSP_PI", "--psd2-role", "PSP_AI"]);
    program::Ran::new("issue to a bank", command).good();
}

/// The findings of severity ERROR or worse.
fn errors(place: &Place, linter: &str, more: &str, file: &str) -> String {
    place
        .shell(&format!("openssl x509 -in {file} -out first.pem"))
        .good();
    let line = format!("{} lint {more} -s ERROR first.pem", of_pypi(linter));
    let ran = place.shell(&line);
    assert!(!ran.stderr.contains("Traceback"), "{}", ran.stderr);
    // The library that it asks about URIs knows a list of schemes, and "spiffe" is none of them.
    let unknown_scheme = "(ERROR): Invalid URI syntax: \"spiffe://";
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let is_of_scheme = |at: usize| lines.get(at).is_some_and(|line| line.contains(unknown_scheme));
    let rest = (0..lines.len()).filter(|at| !is_of_scheme(*at) && !is_of_scheme(at + 1));
    rest.map(|at| lines[at]).collect::<Vec<_>>().join("\n")
}

#[test]
fn pkilint_finds_no_error_in_any_profile_with_any_kind_of_key() {
    let place = place();
    for profile in ["server", "client", "peer", "spiffe", "device", "job"] {
        for kind in KINDS {
            let out = format!("{profile}-{kind}");
            issue(&place, profile, kind, &out);
            let found = errors(&place, "lint_pkix_cert", "", &format!("{out}/tls.crt"));
            assert_eq!(found.trim(), "", "{out}");
        }
    }
    // What it would say of a certificate that is wrong.
    place
        .shell("openssl req -x509 -new -key ca.key -days 1 -subj / -addext keyUsage=digitalSignature,keyCertSign -out bad.crt")
        .good();
    assert!(errors(&place, "lint_pkix_cert", "", "bad.crt").contains("ERROR"));
}

#[test]
fn lint_etsi_cert_finds_no_error_in_the_certificates_of_payment_service_providers() {
    let place = place();
    for kind in ["p256", "p384", "rsa3072"] {
        issue_to_a_bank(&place, "psd2", kind, &format!("qwac-{kind}"));
        let file = format!("qwac-{kind}/tls.crt");
        let website = "-t QNCP-W-GEN-LEGAL-PERSON-EIDAS-FINAL-CERTIFICATE";
        assert_eq!(
            errors(&place, "lint_etsi_cert", website, &file).trim(),
            "",
            "{kind}"
        );
        assert_eq!(errors(&place, "lint_pkix_cert", "", &file).trim(), "", "{kind}");
        issue_to_a_bank(&place, "seal", kind, &format!("seal-{kind}"));
        let seal = format!("seal-{kind}/tls.crt");
        let legal = "-t NCP-LEGAL-PERSON-CERTIFICATE";
        assert_eq!(
            errors(&place, "lint_etsi_cert", legal, &seal).trim(),
            "",
            "{kind}"
        );
    }
    // The statements are judged: those of a seal are none of a website.
    let crossed = errors(
        &place,
        "lint_etsi_cert",
        "-t QNCP-W-GEN-LEGAL-PERSON-EIDAS-FINAL-CERTIFICATE",
        "seal-p256/tls.crt",
    );
    assert!(crossed.contains("ERROR"), "{crossed}");
    let text = place
        .shell("openssl asn1parse -in qwac-p256/tls.crt -strictpem")
        .good()
        .stdout;
    for said in [
        "qcStatements",
        "X509v3 CRL Distribution Points",
        "Authority Information Access",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

const READ_BY_PYTHON: &str = r#"
import sys
from cryptography import x509
cert = x509.load_pem_x509_certificates(open(sys.argv[1], "rb").read())[0]
names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
print("%x" % cert.serial_number)
print(cert.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"))
print(" ".join(str(name.value) for name in names))
print(" ".join(sorted(extension.oid.dotted_string for extension in cert.extensions)))
"#;

#[test]
fn openssl_gnutls_python_and_java_read_every_profile_alike() {
    let place = place();
    place.write("read.py", READ_BY_PYTHON);
    for (profile, kind) in [
        ("server", "p256"),
        ("client", "rsa2048"),
        ("spiffe", "ed25519"),
        ("job", "p384"),
        ("psd2", "p256"),
    ] {
        if profile == "psd2" {
            issue_to_a_bank(&place, profile, kind, profile);
        } else {
            issue(&place, profile, kind, profile);
        }
        let file = format!("{profile}/tls.crt");
        let ours = place
            .run(&format!("inspect {file} --json"))
            .good()
            .json()
            .to_string();
        let python = place
            .shell(&format!("{} read.py {file}", of_pypi("python")))
            .good()
            .stdout;
        let lines: Vec<&str> = python.lines().collect();
        let (serial, until, names, extensions) = (lines[0], lines[1], lines[2], lines[3]);
        assert!(
            ours.contains(&format!("\"{serial}\"")) || ours.contains(&format!("\"0{serial}\"")),
            "{serial}: {ours}"
        );
        assert!(ours.contains(until), "{until}: {ours}");
        for name in names.split(' ') {
            assert!(ours.contains(name), "{name}: {ours}");
        }
        assert!(extensions.contains("2.5.29.17"), "{extensions}");
        let openssl = place
            .shell(&format!("openssl x509 -in {file} -noout -serial -text"))
            .good()
            .stdout;
        assert!(
            openssl.to_lowercase().contains(&format!("serial={serial:0>40}")),
            "{openssl}"
        );
        let gnutls = place
            .shell(&format!("certtool --certificate-info --infile {file}"))
            .good()
            .stdout;
        assert!(gnutls.contains(&format!("{serial:0>40}")), "{serial}: {gnutls}");
        let java = place
            .shell(&format!("keytool -printcert -file {file}"))
            .good()
            .stdout;
        assert!(
            java.contains(&format!("Serial number: {serial}")),
            "{serial}: {java}"
        );
        let first = names.split(' ').next().expect("a name");
        for (who, text) in [("OpenSSL", &openssl), ("GnuTLS", &gnutls), ("Java", &java)] {
            assert!(text.contains(first), "{who}: {first}: {text}");
        }
        if profile == "job" {
            assert!(extensions.contains("2.5.29.56"), "{extensions}");
        }
    }
}
