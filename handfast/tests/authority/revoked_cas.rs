//! A CA that was taken back signs nothing any more, and its root says so, wherever that is.

use crate::{certificates, program::Place};

/// The states of CAs by their names.
fn states(place: &Place) -> Vec<(String, String)> {
    let answer = place.run("ca issuer list --json").good().json();
    let cas = answer["cas"].as_array().expect("CAs").iter();
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    cas.map(|ca| (text(&ca["name"]), text(&ca["state"]))).collect()
}

fn has(place: &Place, name: &str, state: &str) -> bool {
    states(place).contains(&(name.to_owned(), state.to_owned()))
}

#[test]
fn a_revoked_issuing_ca_signs_nothing_and_a_rotation_helps() {
    let place = Place::with_authority();
    place.run("issue client --uri spiffe://acme/web --out web").good();
    place.run("ca check").good();
    assert!(has(&place, "issuing", "active"));
    place
        .run("ca revoke handfast/issuing.crt --reason cACompromise --yes")
        .good();
    for line in [
        "issue client --uri spiffe://acme/db --out db",
        "renew --cert web/tls.crt",
    ] {
        let refused = place.run(line).refused(2, "HF-205");
        assert!(
            refused.stderr.contains("was revoked") && refused.stderr.contains("handfast ca rotate"),
            "{refused:#?}"
        );
    }
    assert!(!place.path("db").exists());
    let check = place.run("ca check").refused(1, "HF-205");
    assert!(check.stdout.contains("cACompromise"), "{check:#?}");
    assert!(has(&place, "issuing", "revoked"), "{:?}", states(&place));
    assert!(has(&place, "root", "active"), "{:?}", states(&place));
    place.run("ca rotate").good();
    place.run("issue client --uri spiffe://acme/db --out db").good();
    place.run("renew --cert web/tls.crt").good();
    assert!(!place.run("ca check").stdout.contains("HF-205"));
}

#[test]
fn a_root_that_was_taken_away_revokes_what_it_has_signed() {
    let place = Place::with_authority();
    place.run("issue client --uri spiffe://acme/web --out web").good();
    place.run("ca root export --to safe").good();
    let entries = |line: &str| {
        let answer = place.run(line).good().json();
        answer["lists"][0]["entries"].as_u64().expect("a number")
    };
    assert_eq!(entries("ca crl --dir safe --out safe.crl --json"), 0);
    place
        .run("ca revoke handfast/issuing.crt --reason cACompromise --yes --dir safe")
        .good();
    assert_eq!(entries("ca crl --dir safe --out safe.crl --json"), 1);
    let serial = certificates(&place, "handfast/issuing.crt")[0].serial();
    let text = place.shell("openssl crl -in safe.crl -noout -text").good().stdout;
    assert!(
        text.to_lowercase().contains(&serial) && text.contains("CA Compromise"),
        "{text}"
    );
    // What the issuing CA has signed is not the root's.
    place
        .run("ca revoke web/tls.crt --yes --dir safe")
        .refused(2, "HF-103");
    place.run("ca audit verify --dir safe").good();
    let away = place.run("ca rotate").refused(2, "HF-833");
    assert!(away.stderr.contains("--root-at DIR"), "{away:#?}");
    place.run("ca rotate --root-at safe").good();
}

#[test]
fn a_ca_that_is_revoked_is_on_the_next_list_whenever_the_root_went_away() {
    let place = Place::with_authority();
    for name in ["before", "after"] {
        place.run(&format!("ca issuer add --name {name}")).good();
    }
    let revoke = |name: &str| {
        let line = format!("ca revoke handfast/ca/{name}.crt --reason keyCompromise --yes");
        place.run(&line).good();
        certificates(&place, &format!("handfast/ca/{name}.crt"))[0].serial()
    };
    let listed = |line: &str| {
        let ran = place.run(line).good();
        let lists = "awk '/BEGIN X509 CRL/{n++} {print > (\"list\" n)}' all.crl; \
                     for list in list*; do openssl crl -in $list -noout -text; done; rm list*";
        (ran.stderr, place.shell(lists).good().stdout.to_lowercase())
    };
    let before = revoke("before");
    place.run("ca root export --to safe").good();
    let (said, text) = listed("ca crl --out all.crl");
    assert!(
        text.contains(&before) && !said.contains("warning"),
        "{said}{text}"
    );

    let after = revoke("after");
    let (said, text) = listed("ca crl --out all.crl");
    assert!(said.contains("ca crl --root-at DIR makes a new one"), "{said}");
    assert!(!text.contains(&after), "{text}");
    let (said, text) = listed("ca crl --root-at safe --out all.crl");
    assert!(!said.contains("warning"), "{said}");
    assert!(text.contains(&before) && text.contains(&after), "{text}");
    for dir in ["handfast", "safe"] {
        place.run(&format!("ca audit verify --dir {dir}")).good();
    }
}

/// A proxy refuses a list whose number is not greater than that of the one it has.
#[test]
fn the_lists_of_a_root_count_on_wherever_they_are_signed_and_none_forgets_a_revocation() {
    let place = Place::with_authority();
    place.run("ca root export --to safe").good();
    // The list of the root is the last one: its number and its entries.
    let root_list = |line: &str| {
        let answer = place.run(&format!("ca crl {line} --json")).good().json();
        let list = answer["lists"]
            .as_array()
            .and_then(|lists| lists.last())
            .expect("a list")
            .clone();
        let number = |key: &str| list[key].as_u64().expect("a number");
        (number("number"), number("entries"))
    };
    place.run("ca issuer add --name p1 --root safe").good();
    place.run("ca issuer add --name p2 --root safe").good();
    let (handed_out, entries) = root_list("--out h.crl");
    assert_eq!(entries, 0);
    place.run("ca revoke handfast/ca/p1.crt --dir safe --yes").good();
    let (safe, entries) = root_list("--dir safe --out s.crl");
    assert!(safe > handed_out, "{safe} after {handed_out}");
    assert_eq!(entries, 1);

    // The authority does not know of that revocation, and its records say another one.
    place.run("ca revoke handfast/ca/p2.crt --yes").good();
    place.run("ca rotate --root-at safe").good();
    let (rotated, entries) = root_list("--out h.crl");
    assert!(rotated > safe, "{rotated} after {safe}");
    assert_eq!(entries, 2);
    let (last, entries) = root_list("--dir safe --out s.crl");
    assert!(last > rotated, "{last} after {rotated}");
    assert_eq!(entries, 2);
    let serials =
        ["p1", "p2"].map(|name| certificates(&place, &format!("handfast/ca/{name}.crt"))[0].serial());
    let text = place
        .shell("openssl crl -in s.crl -noout -text")
        .good()
        .stdout
        .to_lowercase();
    assert!(serials.iter().all(|serial| text.contains(serial)), "{text}");
    for dir in ["handfast", "safe"] {
        place.run(&format!("ca audit verify --dir {dir}")).good();
    }
}

/// Verifiers could not tell two CAs of one name apart.
#[test]
fn a_root_signs_no_second_ca_with_the_name_of_another() {
    let place = Place::with_authority();
    place.run("ca root export --to safe").good();
    place.run("ca issuer add --name p1 --root safe").good();
    let mut count = 0;
    let mut asked = |subject: &str| {
        count += 1;
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout asked.key";
        place
            .shell(&format!(
                "openssl req -new {key} -subj '{subject}' -out asked{count}.csr"
            ))
            .good();
        place.run(&format!(
            "ca root sign asked{count}.csr --root safe --out signed{count}.crt"
        ))
    };
    for file in ["root.crt", "issuing.crt", "ca/p1.crt"] {
        let certificate = &certificates(&place, &format!("handfast/{file}"))[0];
        let shown = handfast_pki::name::shown(certificate.subject());
        let subject: String = shown.rsplit(',').map(|part| format!("/{part}")).collect();
        let ran = asked(&subject).refused(2, "HF-801");
        assert!(
            ran.stderr.contains("is that of") && ran.stderr.contains("--csr FILE"),
            "{file}: {ran:#?}"
        );
    }
    asked("/O=Acme/CN=Acme Other CA").good();
    asked("/O=Acme/CN=Acme Other CA").refused(2, "HF-801");
    // The same request can be signed again: it has the same key.
    place
        .run("ca root sign asked4.csr --root safe --out again.crt")
        .good();
    place.run("ca check --dir safe").good();
}

#[test]
fn a_ca_is_added_for_profiles_that_there_are() {
    let place = Place::with_authority();
    for profile in ["nosuch", "intermediate"] {
        place
            .run(&format!("ca issuer add --name payments --profiles {profile}"))
            .refused(2, "HF-820");
    }
    place
        .run("ca issuer add --name payments --profiles client")
        .good();
}
