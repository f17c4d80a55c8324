//! What others learn of a revocation, by their own programs: lists by OpenSSL, GnuTLS, Java, Python, nginx, HAProxy and
//! Envoy; answers of OCSP by OpenSSL, GnuTLS and Python; and all of it by pkilint, beside which Python has its modules.

mod program;

use program::{
    Place,
    servers::{self, Other},
    service::closed_port,
};

/// A CA that has revoked the client `web` and not `db`, with `ca.crl` and the lists in it as `list1.crl`, `list2.crl`;
/// `all.crt` is the path of the CA.
fn place() -> Place {
    let place = Place::with_authority();
    for name in ["web", "db"] {
        place
            .run(&format!("issue client --uri spiffe://acme/{name} --out {name}"))
            .good();
    }
    place
        .run("issue server --dns localhost --ip 127.0.0.1 --out server")
        .good();
    place
        .run("ca revoke web/tls.crt --yes --reason keyCompromise")
        .good();
    place.run("ca crl --out ca.crl").good();
    place
        .shell("awk '/BEGIN X509/{n++} {print > \"list\" n \".crl\"}' ca.crl")
        .good();
    place
        .shell("cat handfast/issuing.crt handfast/root.crt > all.crt")
        .good();
    place
}

/// What a program says of the revoked certificate and of the other; exit codes of a shell line with `{}` for the name.
#[track_caller]
fn judges_rightly(place: &Place, line: &str) {
    let of = |name: &str| place.shell(&line.replace("{}", name));
    of("db").good();
    let refused = of("web");
    assert_ne!(refused.exit, 0, "{refused:#?}");
    let said = format!("{}{}", refused.stdout, refused.stderr).to_lowercase();
    assert!(said.contains("revoked"), "{refused:#?}");
}

#[test]
fn openssl_judges_by_the_full_list() {
    let place = place();
    judges_rightly(
        &place,
        "openssl verify -crl_check_all -CRLfile ca.crl -CAfile handfast/root.crt -untrusted handfast/issuing.crt {}/tls.crt",
    );
}

#[test]
fn gnutls_judges_by_the_full_list() {
    let place = place();
    judges_rightly(
        &place,
        "certtool --verify --infile {}/tls.crt --load-ca-certificate handfast/root.crt --load-crl ca.crl > said; \
         cat said; ! grep -q 'NOT trusted' said",
    );
}

#[test]
fn java_judges_by_the_full_list() {
    let place = place();
    place.write(
        "Check.java",
        r#"
import java.io.*; import java.security.cert.*; import java.util.*;
class Check {
    public static void main(String[] args) throws Exception {
        var factory = CertificateFactory.getInstance("X.509");
        List<Certificate> chain = new ArrayList<>();
        for (var one : factory.generateCertificates(new FileInputStream(args[0]))) chain.add(one);
        var root = (X509Certificate) factory.generateCertificate(new FileInputStream("handfast/root.crt"));
        var lists = factory.generateCRLs(new FileInputStream("ca.crl"));
        if (lists.size() != 2) throw new IllegalStateException("lists: " + lists.size());
        var parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
        var validator = CertPathValidator.getInstance("PKIX");
        var checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        checker.setOptions(EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK));
        parameters.addCertPathChecker(checker);
        validator.validate(factory.generateCertPath(chain), parameters);
    }
}
"#,
    );
    judges_rightly(&place, "java Check.java {}/tls.crt");
}

#[test]
fn python_reads_the_full_list_and_its_signature() {
    let place = place();
    place.write(
        "check.py",
        r#"
import sys
from cryptography import x509
pem = lambda name: open(name, "rb").read()
crl = x509.load_pem_x509_crl(pem("list1.crl"))
issuing = x509.load_pem_x509_certificate(pem("handfast/issuing.crt"))
assert crl.is_signature_valid(issuing.public_key())
assert crl.issuer == issuing.subject
certificate = x509.load_pem_x509_certificates(pem(sys.argv[1]))[0]
entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
if entry is not None:
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    sys.exit(f"revoked: {reason.value}")
"#,
    );
    judges_rightly(
        &place,
        "$(dirname $(command -v lint_crl))/python check.py {}/tls.crt",
    );
    let said = place
        .shell("$(dirname $(command -v lint_crl))/python check.py web/tls.crt")
        .stderr;
    assert_eq!(said.trim(), "revoked: keyCompromise");
}

/// A request with the certificate of a client; what the server answers, and curl's exit code.
fn asked(place: &Place, name: &str, port: u16) -> (i32, String) {
    let ran = place.shell(&format!(
        "curl -sS --cacert handfast/root.crt --cert {name}/tls.crt --key {name}/tls.key https://localhost:{port}/ 2>&1"
    ));
    (ran.exit, ran.stdout)
}

#[track_caller]
fn serves_rightly(place: &Place, _server: &Other, port: u16) {
    let (exit, said) = asked(place, "db", port);
    assert_eq!((exit, said.trim()), (0, "hello"));
    let (exit, said) = asked(place, "web", port);
    assert!(exit != 0 || said.contains("400"), "{exit}: {said}");
    assert!(!said.contains("hello"), "{said}");
}

#[test]
fn nginx_judges_by_the_full_list() {
    let place = place();
    let port = closed_port();
    let http = format!(
        "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate server/tls.crt; ssl_certificate_key server/tls.key; \
         ssl_client_certificate handfast/root.crt; ssl_verify_client on; ssl_verify_depth 3; ssl_crl ca.crl; \
         location / {{ return 200 \"hello\\n\"; }} }}"
    );
    let server = servers::nginx(&place, &http, port);
    serves_rightly(&place, &server, port);
}

#[test]
fn haproxy_judges_by_the_full_list() {
    let place = place();
    let port = closed_port();
    place
        .shell("cat server/tls.crt server/tls.key > server.pem")
        .good();
    let rest = format!(
        "frontend front\nbind 127.0.0.1:{port} ssl crt server.pem ca-file handfast/root.crt verify required crl-file ca.crl\n\
         http-request return status 200 content-type text/plain string hello\n"
    );
    let server = servers::haproxy(&place, &rest, port);
    serves_rightly(&place, &server, port);
}

#[test]
fn envoy_judges_by_the_full_list() {
    let place = place();
    let port = closed_port();
    let text = format!(
        r#"
static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          require_client_certificate: true
          common_tls_context:
            tls_certificates:
            - certificate_chain: {{ filename: server/tls.crt }}
              private_key: {{ filename: server/tls.key }}
            validation_context: {{ trusted_ca: {{ filename: handfast/root.crt }}, crl: {{ filename: ca.crl }} }}
      filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: test
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{ "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
          route_config:
            virtual_hosts:
            - name: test
              domains: ["*"]
              routes:
              - match: {{ prefix: / }}
                direct_response: {{ status: 200, body: {{ inline_string: "hello\n" }} }}
"#
    );
    let server = servers::envoy(&place, &text, port);
    serves_rightly(&place, &server, port);
}

/// Answers to the questions of OpenSSL, in `NAME.ocsp`.
fn answered(place: &Place) {
    for name in ["web", "db"] {
        place
            .shell(&format!(
                "openssl ocsp -issuer handfast/issuing.crt -cert {name}/tls.crt -reqout {name}.ask && \
                 handfast ca ocsp --respond {name}.ask --out {name}.ocsp"
            ))
            .good();
    }
}

/// What OpenSSL says of an answer, its nonce and signature among it.
fn read_by_openssl(place: &Place, name: &str) -> String {
    let ran = place.shell(&format!(
        "openssl ocsp -issuer handfast/issuing.crt -cert {name}/tls.crt -reqin {name}.ask -respin {name}.ocsp \
         -CAfile handfast/root.crt -verify_other handfast/issuing.crt 2>&1"
    ));
    ran.good().stdout
}

#[test]
fn openssl_takes_the_answers_to_its_questions() {
    let place = place();
    answered(&place);
    let good = read_by_openssl(&place, "db");
    assert!(good.contains("Response verify OK"), "{good}");
    assert!(good.contains("db/tls.crt: good"), "{good}");
    assert!(!good.contains("no nonce"), "the nonce is repeated: {good}");
    let revoked = read_by_openssl(&place, "web");
    assert!(revoked.contains("Response verify OK"), "{revoked}");
    assert!(revoked.contains("web/tls.crt: revoked"), "{revoked}");
    assert!(revoked.contains("Reason: keyCompromise"), "{revoked}");
}

#[test]
fn gnutls_and_python_take_them_too() {
    let place = place();
    answered(&place);
    for (name, expected) in [("db", "good"), ("web", "revoked")] {
        let said = place
            .shell(&format!(
                "ocsptool --verify-response --load-response {name}.ocsp --load-signer handfast/issuing.crt && \
                 ocsptool --response-info --load-response {name}.ocsp"
            ))
            .good()
            .stdout;
        assert!(said.contains("Success"), "{said}");
        assert!(
            said.contains(&format!("Certificate Status: {expected}")),
            "{said}"
        );
    }
    place.write(
        "check.py",
        r#"
import sys
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.hazmat.primitives.asymmetric import ec
read = lambda name: open(name, "rb").read()
issuing = x509.load_pem_x509_certificate(read("handfast/issuing.crt"))
for name, status in [("db", "GOOD"), ("web", "REVOKED")]:
    answer = ocsp.load_der_ocsp_response(read(name + ".ocsp"))
    asked = ocsp.load_der_ocsp_request(read(name + ".ask"))
    issuing.public_key().verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(answer.signature_hash_algorithm))
    assert answer.certificate_status.name == status, answer.certificate_status
    assert answer.serial_number == asked.serial_number
    nonce = lambda of: of.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    assert nonce(answer) == nonce(asked)
"#,
    );
    place
        .shell("$(dirname $(command -v lint_crl))/python check.py")
        .good();
}

#[test]
fn what_is_not_known_is_unknown_and_what_cannot_be_answered_is_refused_with_its_status() {
    let place = place();
    place.run("init --name Other --dir other").good();
    let ask = |question: &str| {
        place
            .shell(&format!("openssl ocsp {question} -reqout ask"))
            .good();
        place.run("ca ocsp --respond ask --out answer")
    };
    // A number of our CA that it has never given.
    ask("-issuer handfast/issuing.crt -serial 0x4711").good();
    let said = place
        .shell("openssl ocsp -respin answer -noverify -text")
        .good()
        .stdout;
    assert!(said.contains("Cert Status: unknown"), "{said}");
    let foreign = ask("-issuer other/issuing.crt -serial 0x4711");
    assert_eq!(foreign.exit, 1, "{foreign:#?}");
    let said = place.shell("openssl ocsp -respin answer -noverify -text 2>&1");
    assert!(said.stdout.contains("unauthorized (6)"), "{said:#?}");
    place.write("ask", "no request");
    assert_eq!(place.run("ca ocsp --respond ask --out answer").exit, 1);
    let said = place.shell("openssl ocsp -respin answer -noverify -text 2>&1");
    assert!(said.stdout.contains("malformedrequest (1)"), "{said:#?}");
}

#[test]
fn a_signer_that_the_ca_has_certified_may_answer_and_another_may_not() {
    let place = place();
    place.write(
        "ocsp.cnf",
        "extendedKeyUsage=OCSPSigning\nnoCheck=ignored\nkeyUsage=critical,digitalSignature\n",
    );
    place
        .shell(
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout signer.key -subj /CN=ocsp -out signer.csr && \
             openssl x509 -req -in signer.csr -CA handfast/issuing.crt -CAkey handfast/issuing.key -days 2 -extfile ocsp.cnf -out signer.crt",
        )
        .good();
    place
        .shell("openssl ocsp -issuer handfast/issuing.crt -cert db/tls.crt -reqout db.ask")
        .good();
    place
        .run("ca ocsp --respond db.ask --out db.ocsp --signer signer.crt --signer-key signer.key")
        .good();
    let said = read_by_openssl(&place, "db");
    assert!(
        said.contains("Response verify OK") && said.contains("db/tls.crt: good"),
        "{said}"
    );
    let refused = place.run("ca ocsp --respond db.ask --out x --signer db/tls.crt --signer-key db/tls.key");
    assert!(refused.stderr.contains("OCSPSigning"), "{refused:#?}");
    assert_eq!(refused.exit, 2, "{refused:#?}");
}

#[test]
fn answers_in_advance_are_one_for_every_certificate_that_has_not_expired() {
    let place = place();
    let made = place.run("ca ocsp --out answers --json").good().json();
    assert_eq!(made["count"], 3);
    for (name, expected) in [("db", "good"), ("web", "revoked"), ("server", "good")] {
        let serial = place.run(&format!("inspect {name}/tls.crt --json")).good().json();
        let serial = serial["items"][0]["serial"]
            .as_str()
            .expect("a serial number")
            .to_owned();
        let said = place
            .shell(&format!(
                "openssl ocsp -issuer handfast/issuing.crt -cert {name}/tls.crt -respin answers/{serial}.ocsp \
                 -CAfile handfast/root.crt -verify_other handfast/issuing.crt 2>&1"
            ))
            .good()
            .stdout;
        assert!(said.contains("Response verify OK"), "{said}");
        assert!(said.contains(&format!("tls.crt: {expected}")), "{said}");
    }
}

#[test]
fn pkilint_finds_no_error_in_lists_and_answers() {
    let place = place();
    answered(&place);
    for (line, file) in [
        ("lint_crl lint -t CRL -p PKIX -s ERROR", "list1.crl"),
        ("lint_crl lint -t ARL -p PKIX -s ERROR", "list2.crl"),
        ("lint_ocsp_response lint -s ERROR", "db.ocsp"),
        ("lint_ocsp_response lint -s ERROR", "web.ocsp"),
    ] {
        let said = place.shell(&format!("{line} {file}")).good();
        assert_eq!(said.stdout.trim(), "", "{file}");
    }
}
