//! Keys and CAs of ML-DSA (FIPS 204, RFC 9881): Python's cryptography verifies all that they sign, and they prove who is there
//! in TLS 1.3.

mod program;

use program::{Place, pki::DOOR, servers::python, service::Service};

const SETS: [&str; 3] = ["mldsa44", "mldsa65", "mldsa87"];

/// Verifies the chain, the request, the revocation lists and the answer of OCSP in the folder of the first argument.
const VERIFY: &str = r#"
import sys
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import ocsp

def read(name):
    with open(f"{sys.argv[1]}/{name}", "rb") as file:
        return file.read()

def spki(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

chain = x509.load_pem_x509_certificates(read("tls.crt")) + x509.load_pem_x509_certificates(read("ca.crt"))
leaf, issuing, root = chain
for below, above in [(leaf, issuing), (issuing, root), (root, root)]:
    below.verify_directly_issued_by(above)
key = load_pem_private_key(read("tls.key"), None)
assert spki(key.public_key()) == spki(leaf.public_key())
request = x509.load_pem_x509_csr(read("tls.csr"))
assert request.is_signature_valid and spki(request.public_key()) == spki(leaf.public_key())
crls = read("ca.crl").replace(b"-----END X509 CRL-----\n", b"-----END X509 CRL-----\n\0").split(b"\0")
crls = [x509.load_pem_x509_crl(crl) for crl in crls if b"BEGIN" in crl]
for crl in crls:
    above = issuing if crl.issuer == issuing.subject else root
    assert crl.is_signature_valid(above.public_key())
    assert not crl.is_signature_valid(leaf.public_key())
assert any(crl.get_revoked_certificate_by_serial_number(leaf.serial_number) for crl in crls)
answer = ocsp.load_der_ocsp_response(read(f"../answers/{leaf.serial_number:040x}.ocsp"))
issuing.public_key().verify(answer.signature, answer.tbs_response_bytes)
print(leaf.signature_algorithm_oid._name, type(issuing.public_key()).__name__, answer.certificate_status.name, len(crls))
"#;

#[test]
fn python_verifies_all_that_a_ca_of_ml_dsa_signs() {
    for set in SETS {
        let place = Place::new();
        place.write("verify.py", VERIFY);
        place.run(&format!("init --name Acme --key {set}")).good();
        place
            .run(&format!("csr --uri spiffe://acme/web --key {set} --out web"))
            .good();
        place.run("sign web/tls.csr client --out web/tls.crt").good();
        place.shell("cp handfast/root.crt web/ca.crt").good();
        place.run("ca revoke web/tls.crt --yes").good();
        place.run("ca crl --out web/ca.crl").good();
        place.run("ca ocsp --out answers").good();
        let said = place.shell(&format!("{} verify.py web", python())).good().stdout;
        let number = &set[5..];
        assert_eq!(
            said.trim(),
            format!("ML-DSA-{number} MLDSA{number}PublicKey REVOKED 2")
        );
    }
}

#[test]
fn clients_and_servers_of_ml_dsa_prove_who_they_are_and_another_ca_of_the_same_name_does_not() {
    let (place, service) = (Place::new(), Service::hello());
    for (dir, set) in [("ours", "mldsa65"), ("theirs", "mldsa87")] {
        place
            .run(&format!("init --name Acme --dir {dir} --key {set}"))
            .good();
        place
            .run(&format!(
                "issue client --dir {dir} --uri spiffe://acme/web --key {set} --out {dir}-web"
            ))
            .good();
    }
    place
        .run("issue server --dir ours --dns localhost --key mldsa44 --out server")
        .good();
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web",
        service.url()
    ));
    let get = |pair: &str| {
        place.run(&format!(
            "get https://localhost:{}/ --cert {pair}/tls.crt --key {pair}/tls.key --ca server/ca.crt",
            proxy.port
        ))
    };
    get("ours-web").good();
    assert_eq!(service.heard().len(), 1);
    // The names are the same down to the root, and another key has signed.
    let refused = get("theirs-web").refused(4, "HF-215");
    assert!(!refused.stderr.contains("HF-213"), "{refused:#?}");
    assert_eq!(service.heard().len(), 1);
    assert_eq!(proxy.connections(2)[1]["code"], "HF-215");
}

#[test]
fn tokens_are_not_asked_for_keys_of_ml_dsa() {
    let place = Place::new();
    let module = "/usr/lib/softhsm/libsofthsm2.so";
    let refused = place.run(&format!(
        "init --name Acme --key pkcs11:token=none;object=ca?module-path={module}&pin-value=1234 --kind mldsa65"
    ));
    assert_ne!(refused.exit, 0, "{refused:#?}");
    assert!(!place.path("handfast/root.crt").exists());
}
