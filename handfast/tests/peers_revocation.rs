// long: the same lists and answers, by one program of others after another
//! What others learn of a revocation, by their own programs: lists by OpenSSL, GnuTLS, Java, Python, nginx, HAProxy and
//! Envoy; answers of OCSP by OpenSSL, GnuTLS and Python; and all of it by pkilint, beside which Python has its modules.

mod program;

use base64::{Engine, engine::general_purpose::STANDARD};
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
    for name in ["web", "db"] {
        place
            .shell(&format!(
                "cp {name}/tls.crt {name}.crt; cat {name}/tls.crt {name}/tls.key > {name}.pem"
            ))
            .good();
    }
    place
}

/// Beside that, clients `good0`, `bad0`, `good1` and `bad1` of the same CA, half of them with one distribution point and
/// half with another, and in `shards.crl` a list for each point and that of the root, as OpenSSL makes them.
fn place_with_shards() -> Place {
    let place = place();
    place.write("shards.sh", SHARDS);
    place.shell("sh -e shards.sh").good();
    place
}

const SHARDS: &str = r#"
openssl x509 -in handfast/issuing.crt -out ca.pem
for n in 0 1; do
  printf '[ca]\ndefault_ca=x\n[x]\ndatabase=db%s.txt\ncrlnumber=number%s\ndefault_md=sha256\ndefault_crl_days=7\n' $n $n > shard$n.cnf
  printf 'crl_extensions=ext\n[ext]\nauthorityKeyIdentifier=keyid\nissuingDistributionPoint=critical,@point\n' >> shard$n.cnf
  printf '[point]\nfullname=URI:http://crl.example/%s.crl\n' $n >> shard$n.cnf
  : > db$n.txt
  echo 01 > number$n
  for name in bad good; do
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name$n.key -subj /CN=$name$n -out $name$n.csr
    printf 'subjectAltName=URI:spiffe://acme/%s\nextendedKeyUsage=clientAuth\n' $name$n > $name$n.ext
    printf 'keyUsage=critical,digitalSignature\ncrlDistributionPoints=URI:http://crl.example/%s.crl\n' $n >> $name$n.ext
    openssl x509 -req -in $name$n.csr -CA ca.pem -CAkey handfast/issuing.key -days 2 -extfile $name$n.ext -out $name$n.one
    cat $name$n.one ca.pem > $name$n.crt
    cat $name$n.crt $name$n.key > $name$n.pem
  done
  openssl ca -config shard$n.cnf -cert ca.pem -keyfile handfast/issuing.key -revoke bad$n.one
  openssl ca -config shard$n.cnf -cert ca.pem -keyfile handfast/issuing.key -gencrl -out shard$n.crl
done
cat shard0.crl shard1.crl list2.crl > shards.crl
"#;

/// A file of lists, whom it names and whom it does not.
struct Lists {
    file: &'static str,
    good: &'static [&'static str],
    revoked: &'static [&'static str],
}

const FULL: Lists = Lists {
    file: "ca.crl",
    good: &["db"],
    revoked: &["web"],
};

const SPLIT: Lists = Lists {
    file: "shards.crl",
    good: &["good0", "good1"],
    revoked: &["bad0", "bad1"],
};

/// What a program says of every certificate: a shell line with `{}` for the name and `{crl}` for the file of lists.
#[track_caller]
fn judges_rightly(place: &Place, line: &str, lists: &Lists) {
    let of = |name: &str| place.shell(&line.replace("{crl}", lists.file).replace("{}", name));
    for name in lists.good {
        of(name).good();
    }
    for name in lists.revoked {
        let refused = of(name);
        assert_ne!(refused.exit, 0, "{refused:#?}");
        let said = format!("{}{}", refused.stdout, refused.stderr).to_lowercase();
        assert!(said.contains("revoked"), "{refused:#?}");
    }
}

#[test]
fn openssl_judges_by_full_and_split_lists() {
    let place = place_with_shards();
    let line = "openssl verify -crl_check_all -CRLfile {crl} -CAfile handfast/root.crt -untrusted handfast/issuing.crt {}.crt";
    judges_rightly(&place, line, &FULL);
    judges_rightly(&place, line, &SPLIT);
}

/// Certificates of a profile with `crl-shards`: `first` in the first part and revoked, `second` and `third` in the next one, of
/// which `third` is revoked. Their lists are in `parts` and in `ours.crl`, with that of the root.
fn place_with_parts() -> Place {
    let place = place();
    place.write(
        "handfast/ca.toml",
        "[profile.client]\ncrl-shards = \"http://pki.acme.example/crl\"\n",
    );
    let issue = |name: &str| {
        place
            .run(&format!("issue client --uri spiffe://acme/{name} --out {name}"))
            .good();
        place.shell(&format!("cp {name}/tls.crt {name}.crt")).good();
    };
    issue("first");
    // As after 65,536 certificates.
    let database = rusqlite::Connection::open(place.path("handfast/authority.db")).expect("records");
    let skip = "UPDATE issuer SET head_index = 65536 WHERE head_index IS NOT NULL";
    assert_eq!(database.execute(skip, []), Ok(1));
    drop(database);
    issue("second");
    issue("third");
    for name in ["first", "third"] {
        place.run(&format!("ca revoke {name}/tls.crt --yes")).good();
    }
    let made = place
        .run("ca crl --out ca.crl --shards parts --json")
        .good()
        .json();
    assert_eq!(
        made["shards"][0]["parts"].as_array().map(Vec::len),
        Some(2),
        "{made:#}"
    );
    place
        .shell(
            "for part in parts/*/*.crl; do openssl crl -inform DER -in $part; done > ours.crl && cat list2.crl >> ours.crl",
        )
        .good();
    place
}

#[test]
fn a_list_in_parts_is_what_certificates_point_to_and_each_part_is_about_its_own() {
    let place = place_with_parts();
    let text = |line: &str| place.shell(line).good().stdout;
    let key_id = text("ls parts").trim().to_owned();
    assert_eq!(text("ls parts/*"), "00000000.crl\n00000001.crl\n");
    for (name, part) in [("first", 0), ("second", 1), ("third", 1)] {
        let address = format!("http://pki.acme.example/crl/{key_id}/{part:08}.crl");
        let shown = text(&format!("openssl x509 -in {name}.crt -noout -text"));
        assert!(shown.contains(&address), "{address}: {shown}");
        let file = format!("parts/{key_id}/{part:08}.crl");
        let list = text(&format!("openssl crl -inform DER -in {file} -noout -text"));
        assert!(
            list.contains("X509v3 Issuing Distribution Point: critical"),
            "{list}"
        );
        assert!(list.contains(&address), "{list}");
        let lint = place.shell(&format!("lint_crl lint -t CRL -p PKIX -s ERROR {file}"));
        assert_eq!(lint.exit, 0, "{lint:#?}");
    }
    let line = "openssl verify -crl_check_all -CRLfile {crl} -CAfile handfast/root.crt -untrusted handfast/issuing.crt {}.crt";
    let parts = Lists {
        file: "ours.crl",
        good: &["second"],
        revoked: &["first", "third"],
    };
    judges_rightly(&place, line, &parts);
    // The whole list stays right for all of them, and another part says nothing.
    judges_rightly(
        &place,
        line,
        &Lists {
            file: "ca.crl",
            ..parts
        },
    );
    judges_rightly(
        &place,
        CERTTOOL,
        &Lists {
            file: "ca.crl",
            good: &["second"],
            revoked: &["first", "third"],
        },
    );
    place
        .shell(&format!(
            "openssl crl -inform DER -in parts/{key_id}/00000000.crl > other.crl && cat list2.crl >> other.crl"
        ))
        .good();
    let other = place.shell(&line.replace("{crl}", "other.crl").replace("{}", "second"));
    assert!(
        other.exit != 0 && other.stderr.contains("different CRL scope"),
        "{other:#?}"
    );
}

#[test]
fn parts_without_an_address_are_not_written_and_one_ca_has_one_address() {
    let place = place();
    let refused = place.run("ca crl --out x.crl --shards parts");
    assert_ne!(refused.exit, 0, "{refused:#?}");
    assert!(refused.stderr.contains("crl-shards"), "{refused:#?}");
    assert!(!place.path("parts").exists() && !place.path("x.crl").exists());
    for (config, says) in [
        (
            "[profile.client]\ncrl-shards = \"http://a.example/crl/\"\n",
            "the address of a folder",
        ),
        (
            "[profile.intermediate]\ncrl-shards = \"http://a.example/crl\"\n",
            "is for leaves",
        ),
        (
            "[profile.client]\ncrl-shards = \"http://a.example/crl\"\n[profile.server]\ncrl-shards = \"http://b.example/crl\"\n",
            "expected one for all",
        ),
    ] {
        place.write("handfast/ca.toml", config);
        let refused = place.run("ca profiles");
        assert_eq!(refused.exit, 2, "{refused:#?}");
        assert!(refused.stderr.contains(says), "{says}: {refused:#?}");
    }
}

const CERTTOOL: &str = "certtool --verify --infile {}.crt --load-ca-certificate handfast/root.crt --load-crl {crl} > said; \
                        cat said; ! grep -q 'NOT trusted' said";

#[test]
fn gnutls_judges_by_the_full_list() {
    judges_rightly(&place(), CERTTOOL, &FULL);
}

/// Why `ca crl` writes full lists, and docs/ca.md warns of others. When GnuTLS learns it, this test says so.
#[test]
fn gnutls_accepts_what_is_revoked_on_another_part_of_a_split_list() {
    let place = place_with_shards();
    let accepts = |name: &str| {
        let line = CERTTOOL.replace("{crl}", SPLIT.file).replace("{}", name);
        place.shell(&line).exit == 0
    };
    let accepted = SPLIT.revoked.iter().filter(|name| accepts(name)).count();
    assert_eq!(accepted, 1, "one of the two lists counts");
}

#[test]
fn handfast_judges_by_full_and_split_lists() {
    use handfast_pki::{
        Certificate, pem,
        revocation::list::{CrlIndex, ListAnswer},
    };
    let place = place_with_shards();
    let certificates = |name: &str| pem::certificates(place.read(name).as_bytes()).expect("certificates");
    let issuers: Vec<Certificate> = [
        certificates("handfast/issuing.crt"),
        certificates("handfast/root.crt"),
    ]
    .concat();
    for lists in [FULL, SPLIT] {
        let text = place.read(lists.file);
        let blocks = text.split("-----BEGIN X509 CRL-----").skip(1);
        let ders: Vec<Vec<u8>> = blocks
            .map(|block| {
                let lines = block.lines().take_while(|line| !line.starts_with('-'));
                STANDARD.decode(lines.collect::<String>()).expect("base64")
            })
            .collect();
        assert!(ders.len() >= 2);
        let now = jiff::Timestamp::now();
        let index = CrlIndex::read(ders.iter().map(Vec::as_slice), &issuers, now).expect("lists");
        let answer = |name: &str| {
            let leaf = &certificates(&format!("{name}.crt"))[0];
            index.answer(leaf, &issuers[0].public_key(), now)
        };
        for name in lists.good {
            assert_eq!(answer(name), ListAnswer::Good, "{name}");
        }
        for name in lists.revoked {
            assert_eq!(answer(name), ListAnswer::Revoked, "{name}");
        }
    }
}

#[test]
fn java_judges_by_full_and_split_lists() {
    let place = place_with_shards();
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
        var lists = factory.generateCRLs(new FileInputStream(args[1]));
        if (lists.size() < 2) throw new IllegalStateException("lists: " + lists.size());
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
    let line = "java Check.java {}.crt {crl}";
    judges_rightly(&place, line, &FULL);
    judges_rightly(&place, line, &SPLIT);
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
        &FULL,
    );
    let said = place
        .shell("$(dirname $(command -v lint_crl))/python check.py web.crt")
        .stderr;
    assert_eq!(said.trim(), "revoked: keyCompromise");
}

/// A request with the certificate of a client; what the server answers, and curl's exit code.
fn asked(place: &Place, name: &str, port: u16) -> (i32, String) {
    let ran = place.shell(&format!(
        "curl -sS --cacert handfast/root.crt --cert {name}.pem https://localhost:{port}/ 2>&1"
    ));
    (ran.exit, ran.stdout)
}

#[track_caller]
fn serves_rightly(place: &Place, _server: &Other, port: u16, lists: &Lists) {
    for name in lists.good {
        let (exit, said) = asked(place, name, port);
        assert_eq!((exit, said.trim()), (0, "hello"), "{name}");
    }
    for name in lists.revoked {
        let (exit, said) = asked(place, name, port);
        assert!(exit != 0 || said.contains("400"), "{name}: {exit}: {said}");
        assert!(!said.contains("hello"), "{name}: {said}");
    }
}

#[test]
fn nginx_judges_by_full_and_split_lists() {
    let place = place_with_shards();
    for lists in [FULL, SPLIT] {
        let port = closed_port();
        let crl = lists.file;
        let http = format!(
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate server/tls.crt; ssl_certificate_key server/tls.key; \
         ssl_client_certificate handfast/root.crt; ssl_verify_client on; ssl_verify_depth 3; ssl_crl {crl}; \
         location / {{ return 200 \"hello\\n\"; }} }}"
        );
        let server = servers::nginx(&place, &http, port);
        serves_rightly(&place, &server, port, &lists);
    }
}

#[test]
fn haproxy_judges_by_full_and_split_lists() {
    let place = place_with_shards();
    for lists in [FULL, SPLIT] {
        let port = closed_port();
        let crl = lists.file;
        place
            .shell("cat server/tls.crt server/tls.key > server.pem")
            .good();
        let rest = format!(
            "frontend front\nbind 127.0.0.1:{port} ssl crt server.pem ca-file handfast/root.crt verify required crl-file {crl}\n\
         http-request return status 200 content-type text/plain string hello\n"
        );
        let server = servers::haproxy(&place, &rest, port);
        serves_rightly(&place, &server, port, &lists);
    }
}

#[test]
fn envoy_judges_by_full_and_split_lists() {
    let place = place_with_shards();
    for lists in [FULL, SPLIT] {
        let port = closed_port();
        let crl = lists.file;
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
            validation_context: {{ trusted_ca: {{ filename: handfast/root.crt }}, crl: {{ filename: {crl} }} }}
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
        serves_rightly(&place, &server, port, &lists);
    }
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

/// What OpenSSL says of an answer, its signature and the nonce of the question among it; it adds no other nonce.
fn read_by_openssl(place: &Place, name: &str) -> String {
    let ran = place.shell(&format!(
        "openssl ocsp -issuer handfast/issuing.crt -cert {name}/tls.crt -no_nonce -reqin {name}.ask -respin {name}.ocsp \
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
    let other = place.shell("openssl ocsp -reqin db.ask -respin web.ocsp -CAfile handfast/root.crt -verify_other handfast/issuing.crt 2>&1");
    assert!(other.stdout.contains("Nonce Verify error"), "{other:#?}");
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
fn openssl_takes_the_answers_of_a_signer_that_was_made_here_and_the_key_of_the_ca_stays_away() {
    let place = place();
    let made = place
        .run("ca issuer ocsp-signer --lifetime 2d --json")
        .good()
        .json();
    assert_eq!(made["certificate_file"], "ca/ocsp-issuing-1.crt");
    let text = place
        .shell("openssl x509 -in handfast/ca/ocsp-issuing-1.crt -noout -text")
        .good()
        .stdout;
    for part in ["OCSP Signing", "OCSP No Check", "CA:FALSE", "Digital Signature"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    place.shell("mv handfast/issuing.key kept.key").good();
    answered(&place);
    for (name, expected) in [("db", "good"), ("web", "revoked")] {
        // The signer is in the answer; nothing but the root and the issuing CA is trusted.
        let said = place
            .shell(&format!(
                "openssl ocsp -issuer handfast/issuing.crt -cert {name}/tls.crt -no_nonce -reqin {name}.ask \
                 -respin {name}.ocsp -CAfile handfast/root.crt 2>&1"
            ))
            .good()
            .stdout;
        assert!(
            said.contains("Response verify OK") && said.contains(&format!("{name}/tls.crt: {expected}")),
            "{said}"
        );
    }
    // One that is revoked signs no more, and the next one does.
    place.run("ca revoke handfast/ca/ocsp-issuing-1.crt --yes").good();
    place
        .run("ca ocsp --respond db.ask --out none.ocsp")
        .refused(2, "HF-845");
    place.shell("mv kept.key handfast/issuing.key").good();
    place.run("ca issuer ocsp-signer").good();
    place.shell("mv handfast/issuing.key kept.key").good();
    place.run("ca ocsp --respond db.ask --out db.ocsp").good();
    place
        .run("ca issuer ocsp-signer --lifetime 31d")
        .refused(2, "HF-845");
    place.shell("mv kept.key handfast/issuing.key").good();
    place
        .run("ca issuer ocsp-signer --lifetime 31d")
        .refused(2, "HF-820");
    place
        .run("ca issuer ocsp-signer --issuer unknown")
        .refused(2, "HF-831");
    // Nobody asks for a certificate of this kind.
    place
        .run("issue ocsp-signer --name x --out x")
        .refused(2, "HF-820");
    let lint = "lint_pkix_cert lint -s ERROR handfast/ca/ocsp-issuing-1.crt";
    place.shell(lint).good();
    place.run("ca audit verify").good();
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
                "openssl ocsp -issuer handfast/issuing.crt -cert {name}/tls.crt -no_nonce -respin answers/{serial}.ocsp \
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
