//! Further issuing CAs, rotations, and the root away from its CA.

use handfast_pki::{Certificate, pem};
use serde_json::Value;

use crate::{certificates, program::Place};

fn state(place: &Place, name: &str) -> String {
    let listed = place.run("ca issuer list --json").good().json();
    let cas = listed["cas"].as_array().cloned().unwrap_or_default();
    let found = cas.iter().find(|ca| ca["name"] == name);
    found.map_or_else(
        || "not listed".into(),
        |ca| ca["state"].as_str().unwrap_or_default().to_owned(),
    )
}

fn issuer_of(place: &Place, file: &str) -> String {
    handfast_pki::name::shown(certificates(place, file)[0].issuer())
}

#[test]
fn a_further_ca_signs_its_profiles_and_leaves_the_others() {
    let place = Place::with_authority();
    place
        .run("ca issuer add --name partners --profiles client")
        .good();
    place.run("issue client --uri spiffe://acme/a --out a").good();
    place.run("issue server --dns a.example --out s").good();
    assert!(issuer_of(&place, "a/tls.crt").contains("partners"));
    assert!(issuer_of(&place, "s/tls.crt").contains("Issuing CA"));
    for (out, purpose) in [("a", "client"), ("s", "server")] {
        place
            .run(&format!(
                "verify {out}/tls.crt --ca handfast/root.crt --purpose {purpose}"
            ))
            .good();
    }
    assert_eq!(place.mode("handfast/ca"), 0o700);
    assert_eq!(place.mode("handfast/ca/partners.key"), 0o600);
    // A name is given once, and has to fit into a file name.
    for name in ["partners", "issuing", "../partners", "A"] {
        place
            .run(&format!("ca issuer add --name {name}"))
            .refused(2, "HF-803");
    }
    place
        .run("ca issuer add --name other --names any")
        .refused(2, "HF-830");
    assert_eq!(state(&place, "other"), "not listed");
}

#[test]
fn a_further_ca_below_a_limited_root_has_limits_within_its() {
    let place = Place::new();
    place
        .run("init --name Acme --names dns:**.acme.example --names uri:spiffe://acme/**")
        .good();
    place
        .run("ca issuer add --name wide --names dns:**.other.example")
        .refused(2, "HF-830");
    place
        .run("ca issuer add --name eu --names dns:*.eu.acme.example")
        .good();
    place.run("issue server --dns a.eu.acme.example --out a").good();
    place
        .run("issue server --dns a.us.acme.example --out b")
        .refused(2, "HF-211");
    place.run("ca issuer add --name same").good();
    place.run("issue server --dns a.us.acme.example --out b").good();
    place
        .run("verify b/tls.crt --ca handfast/root.crt --purpose server")
        .good();
}

#[test]
fn after_a_rotation_the_new_ca_signs_and_the_old_one_goes_when_nobody_needs_it() {
    let place = Place::with_authority();
    place
        .run("issue server --dns a.example --lifetime 2h --out a")
        .good();
    let rotated = place.run("ca rotate --json").good().json();
    assert_eq!(rotated["successors"][0]["new"], "issuing-2");
    assert_eq!(rotated["successors"][0]["old"], "issuing");
    place.run("issue server --dns b.example --out b").good();
    assert_ne!(issuer_of(&place, "a/tls.crt"), issuer_of(&place, "b/tls.crt"));
    for out in ["a", "b"] {
        place
            .run(&format!(
                "verify {out}/tls.crt --ca handfast/root.crt --purpose server"
            ))
            .good();
    }
    // Both have lists, and what the old one has issued can still be revoked.
    place.run("ca revoke a/tls.crt --reason superseded --yes").good();
    let lists = place.run("ca crl --out ca.crl --json").good().json();
    let entries: Vec<&Value> = lists["lists"]
        .as_array()
        .expect("lists")
        .iter()
        .map(|list| &list["entries"])
        .collect();
    assert_eq!(entries, [0, 1, 0]);
    place
        .shell(
            "openssl verify -crl_check_all -CRLfile ca.crl -CAfile b/ca.crt -untrusted b/tls.crt b/tls.crt",
        )
        .good();
    let revoked = place.shell(
        "openssl verify -crl_check_all -CRLfile ca.crl -CAfile a/ca.crt -untrusted a/tls.crt a/tls.crt",
    );
    assert!(revoked.stderr.contains("revoked"), "{revoked:#?}");
    // What is revoked needs no CA.
    place.run("issue server --dns c.example --out c").good();
    let finished = place.run("ca rotate --finish --json").good().json();
    assert_eq!(finished["retired"][0], "issuing");
    assert_eq!(state(&place, "issuing"), "not listed");
    place.run("ca issuer retire issuing-2").refused(2, "HF-832");
    place.run("issue server --dns d.example --out d").good();
}

#[test]
fn a_ca_that_is_needed_is_not_retired_and_the_count_is_that_of_the_records() {
    let place = Place::with_authority();
    for name in ["a", "b"] {
        place
            .run(&format!("issue server --dns {name}.example --out {name}"))
            .good();
    }
    place.run("ca rotate").good();
    let refused = place.run("ca rotate --finish").refused(2, "HF-832");
    assert!(
        refused.stderr.contains("needed by 2 valid certificates"),
        "{refused:#?}"
    );
    assert_eq!(state(&place, "issuing"), "leaving");
    for name in ["a", "b"] {
        place.run(&format!("renew --cert {name}/tls.crt")).good();
        place.run("ca rotate --finish").refused(2, "HF-832");
        let serial = certificates(&place, &format!("{name}/tls.crt"))[0].serial();
        place.run(&format!("ca show {serial}")).good();
    }
    let old: Vec<String> = old_serials(&place);
    for serial in old {
        place
            .run(&format!("ca revoke {serial} --reason superseded --yes"))
            .good();
    }
    place.run("ca rotate --finish").good();
}

/// Of the leaves that the first CA has issued.
fn old_serials(place: &Place) -> Vec<String> {
    let listed = place
        .run("ca list --issuer issuing --state valid --json")
        .good()
        .json();
    listed["certificates"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["serial"].as_str().expect("a number").to_owned())
        .collect()
}

#[test]
fn a_new_root_and_the_old_one_vouch_for_each_other_until_the_old_one_goes() {
    let place = Place::with_authority();
    place.run("issue server --dns a.example --out a").good();
    let rotated = place.run("ca rotate --root --json").good().json();
    assert_eq!(rotated["successors"][0]["new"], "root-2");
    place.run("issue server --dns b.example --out b").good();
    let (old, new, both) = (
        "handfast/root.crt",
        "handfast/ca/root-2.crt",
        "handfast/trust.crt",
    );
    assert_eq!(
        pem::certificates(place.read(both).as_bytes())
            .expect("roots")
            .len(),
        2
    );
    assert_eq!(place.read("b/ca.crt"), place.read(both));
    // By the old root, by the new one, and by both; by us and by OpenSSL.
    for ca in [old, new, both] {
        place
            .run(&format!("verify b/tls.crt --ca {ca} --purpose server"))
            .good();
        place
            .shell(&format!(
                "openssl verify -CAfile {ca} -untrusted b/tls.crt b/tls.crt"
            ))
            .good();
    }
    place
        .run(&format!("verify a/tls.crt --ca {both} --purpose server"))
        .good();
    place
        .run(&format!("verify a/tls.crt --ca {new} --purpose server"))
        .refused(5, "HF-301");
    // Who trusts the new root alone takes old chains with the certificate that it has signed for the old one.
    place
        .shell(&format!(
            "openssl verify -CAfile {new} -untrusted handfast/ca/root-by-root-2.crt -untrusted a/tls.crt a/tls.crt"
        ))
        .good();
    place.run("ca rotate --root").refused(2, "HF-832");
    place.run("ca rotate --finish").refused(2, "HF-832");
    let lists = place.run("ca crl --out ca.crl --json").good().json();
    assert_eq!(lists["lists"].as_array().map(Vec::len), Some(4), "{lists:#}");
    place.run("ca revoke a/tls.crt --reason superseded --yes").good();
    place.run("ca rotate --finish").good();
    assert_eq!(place.read(both), place.read(new));
    let issued = place.run("issue server --dns c.example --out c").good();
    place.shell(&issued.next()).good();
    let chain: Vec<Certificate> = certificates(&place, "c/tls.crt");
    assert_eq!(chain.len(), 2, "the old root is in no chain any more");
    place
        .run(&format!("verify c/tls.crt --ca {old} --purpose server"))
        .refused(5, "HF-301");
}

#[test]
fn a_root_is_taken_away_signs_where_it_is_and_what_it_signed_comes_back() {
    let place = Place::with_authority();
    let key = place.read("handfast/root.key");
    place.run("ca root export --to safe").good();
    assert!(!place.path("handfast/root.key").exists());
    assert_eq!(place.read("safe/root.key"), key);
    assert_eq!((place.mode("safe"), place.mode("safe/root.key")), (0o700, 0o600));
    place.run("issue server --dns a.example --out a").good();
    for line in ["ca rotate", "ca issuer add --name x", "ca root export --to again"] {
        place.run(line).refused(2, "HF-833");
    }
    assert!(!place.path("again").exists());
    place
        .run("ca issuer add --name payments --csr payments.csr")
        .good();
    assert_eq!(state(&place, "payments"), "waiting");
    place
        .run("ca root sign payments.csr --root handfast --out no.crt")
        .refused(2, "HF-833");
    place
        .run("ca root sign payments.csr --root safe --out payments.crt")
        .good();
    let transcript = place.read("payments.crt.transcript");
    let signed = &certificates(&place, "payments.crt")[0];
    for said in [signed.serial(), signed.fingerprint().to_string(), "uid ".into()] {
        assert!(transcript.contains(&said), "{said}: {transcript}");
    }
    // A certificate of another key is no answer to the request.
    place
        .run("ca issuer add --name other --csr other.csr --dir handfast")
        .good();
    place.run("ca issuer add --cert a/tls.crt").refused(2, "HF-831");
    place.run("ca issuer add --cert payments.crt").good();
    assert_eq!(state(&place, "payments"), "active");
    place.run("issue server --dns b.example --out b").good();
    assert!(issuer_of(&place, "b/tls.crt").contains("payments"));
    place
        .run("verify b/tls.crt --ca handfast/root.crt --purpose server")
        .good();
    place.run("ca rotate --root-at safe").good();
}

#[test]
fn a_foreign_root_is_cross_signed_with_its_limits_and_its_chains_lead_to_ours() {
    let place = Place::with_authority();
    place
        .run("init --name Partner --names dns:*.partner.example --dir partner")
        .good();
    place
        .run("issue server --dns a.partner.example --dir partner --out a")
        .good();
    place
        .run("ca cross-sign partner/root.crt --out crossed.crt")
        .good();
    let crossed = &certificates(&place, "crossed.crt")[0];
    let own = &certificates(&place, "partner/root.crt")[0];
    assert_eq!(crossed.public_key(), own.public_key());
    assert_eq!(
        handfast_pki::constraints::permitted(crossed),
        handfast_pki::constraints::permitted(own)
    );
    place
        .shell("openssl verify -x509_strict -CAfile handfast/root.crt -untrusted crossed.crt -untrusted a/tls.crt a/tls.crt")
        .good();
    place.write("chain.crt", place.read("a/tls.crt") + &place.read("crossed.crt"));
    place
        .run("verify chain.crt --ca handfast/root.crt --purpose server")
        .good();
    // Made by OpenSSL, with an identifier of its key that is not ours.
    place
        .shell(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout o.key -subj /CN=Other -days 30 -out o.crt \
             -addext basicConstraints=critical,CA:TRUE,pathlen:1 -addext keyUsage=critical,keyCertSign,cRLSign",
        )
        .good();
    place.run("ca cross-sign o.crt --out o2.crt").good();
    let (other, crossed) = (
        &certificates(&place, "o.crt")[0],
        &certificates(&place, "o2.crt")[0],
    );
    assert_eq!(crossed.subject_key_id(), other.subject_key_id());
    assert_eq!(crossed.path_length(), Some(1));
    assert!(crossed.not_after() <= other.not_after());
    place
        .run("ca cross-sign a/tls.crt --out no.crt")
        .refused(2, "HF-209");
    assert!(!place.path("no.crt").exists());
}

#[test]
fn a_ca_that_is_leaving_may_lose_its_key_and_the_lists_say_what_is_missing() {
    let place = Place::with_authority();
    place.run("issue server --dns a.example --out a").good();
    place.run("ca rotate").good();
    std::fs::remove_file(place.path("handfast/issuing.key")).expect("removed");
    place.run("issue server --dns b.example --out b").good();
    let lists = place.run("ca crl --out ca.crl --json").good().json();
    assert_eq!(lists["missing"].as_array().map(Vec::len), Some(1), "{lists:#}");
    assert!(
        lists["missing"][0]["issuer"]
            .as_str()
            .is_some_and(|ca| ca.contains("Acme Issuing CA,"))
    );
    place.run("ca check").refused(1, "HF-845");
    // One that signs may not.
    std::fs::remove_file(place.path("handfast/ca/issuing-2.key")).expect("removed");
    place
        .run("issue server --dns c.example --out c")
        .refused(2, "HF-845");
}

#[test]
fn of_rotations_at_once_each_is_whole_or_refused_and_the_ca_works() {
    let place = Place::with_authority();
    let program = env!("CARGO_BIN_EXE_handfast");
    let all: Vec<String> = (1..=6)
        .map(|number| format!("({program} ca rotate --json > {number}.json; echo $? > {number}.exit) &"))
        .collect();
    place.shell(&format!("{} wait", all.join(" "))).good();
    let exits: Vec<String> = (1..=6)
        .map(|number| place.read(&format!("{number}.exit")).trim().to_owned())
        .collect();
    let done = exits.iter().filter(|exit| *exit == "0").count();
    assert!(
        done >= 1 && exits.iter().all(|exit| exit == "0" || exit == "1"),
        "{exits:?}"
    );
    let listed = place.run("ca issuer list --json").good().json();
    let states: Vec<&str> = listed["cas"]
        .as_array()
        .expect("CAs")
        .iter()
        .filter(|ca| ca["role"] == "issuing")
        .filter_map(|ca| ca["state"].as_str())
        .collect();
    assert_eq!(states.len(), 1 + done, "{states:?}");
    assert_eq!(states.iter().filter(|state| **state == "active").count(), 1);
    let issued = place.run("issue server --dns a.example --out a").good();
    place.shell(&issued.next()).good();
    place.run("ca check").good();
}

#[test]
fn what_ca_toml_says_of_roots_and_issuing_cas_holds_for_those_that_are_made_later() {
    let place = Place::with_authority();
    place.write(
        "handfast/ca.toml",
        "[profile.root]\nlifetime = \"1000d\"\n[profile.intermediate]\nlifetime = \"100d\"\n\
         crl = [\"http://pki.acme.example/root.crl\"]\nkeys = [\"p256\", \"p384\"]\n",
    );
    let lasts = |file: &str| {
        let own = &certificates(&place, file)[0];
        own.not_after().duration_since(own.not_before()).as_hours() / 24
    };
    let text = |file: &str| {
        place
            .shell(&format!("openssl x509 -in {file} -noout -text"))
            .good()
            .stdout
    };
    place.run("ca issuer add --name payments").good();
    assert_eq!(lasts("handfast/ca/payments.crt"), 100);
    assert!(text("handfast/ca/payments.crt").contains("http://pki.acme.example/root.crl"));
    place
        .run("ca issuer add --name other --key rsa2048")
        .refused(2, "HF-820");
    assert!(!place.path("handfast/ca/other.crt").exists());
    assert!(!place.path("handfast/ca/other.key").exists());
    place.run("ca rotate").good();
    assert_eq!(lasts("handfast/ca/payments-2.crt"), 100);
    // Where the root is away its folder knows the rules too.
    place.run("ca root export --to safe").good();
    place.run("ca issuer add --name waits --csr waits.csr").good();
    place
        .run("ca root sign waits.csr --root safe --out waits.crt")
        .good();
    assert_eq!(lasts("waits.crt"), 100);
    place.run("ca rotate --root --root-at safe").good();
    assert_eq!(lasts("handfast/ca/root-2.crt"), 1000);
    place.run("ca audit verify").good();
    place.run("ca check").good();
}
