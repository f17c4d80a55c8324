//! What stands behind `next:` is a command that works as it is printed, whatever folder and passphrase were given.

use crate::program::Place;

/// Each is run with a folder that is not the default one and a passphrase in a file, and then what it names as the next.
/// Exit codes of the two: 1 is a no, which answers as well.
fn both_work(place: &Place, line: &str, exits: (i32, i32)) {
    let ran = place.shell(line);
    assert_eq!(ran.exit, exits.0, "{ran:#?}");
    let next = ran.next();
    let after = place.shell(&next);
    assert_eq!(after.exit, exits.1, "{line}\n{after:#?}");
}

#[test]
fn what_is_named_as_next_works_with_another_folder_and_a_passphrase() {
    let place = Place::new();
    place.write("phrase", "open sesame\n");
    place.write("other phrase", "shut sesame\n");
    let ca = "--dir 'a ca'";
    let opened = format!("{ca} --passphrase-file phrase");
    let good = (0, 0);
    let line = |text: &str| text.replace("CA", ca).replace("OPEN", &opened);
    both_work(&place, &line("handfast init --name Acme --encrypt OPEN"), good);
    assert!(place.path("server/tls.crt").exists());
    for (text, exits) in [
        (
            "handfast issue client --uri spiffe://acme/web --out web OPEN",
            good,
        ),
        ("handfast renew --cert web/tls.crt OPEN", (0, 1)),
        ("handfast needs-renewal web/tls.crt", (1, 0)),
        ("handfast csr --dns b.example --out b", (0, 2)),
        ("handfast sign b/tls.csr server --out b.crt OPEN", good),
        ("handfast ca list CA", good),
        ("handfast ca list --limit 1 CA", good),
        ("handfast ca show web/tls.crt CA", good),
        ("handfast ca profiles CA", good),
        ("handfast ca clock CA", good),
        ("handfast ca set --out revoked.set OPEN", good),
        ("handfast ca crl --out ca.crl OPEN", good),
        ("handfast ca issuer ocsp-signer OPEN", good),
        ("handfast ca ocsp --out 'some answers' OPEN", good),
        ("handfast ca issuer list CA", good),
        ("handfast ca issuer add --name one OPEN", good),
        ("handfast ca issuer add --name two --csr two.csr OPEN", good),
        ("handfast ca issuer retire one OPEN", good),
        ("handfast ca rotate --status CA", good),
        ("handfast ca rotate OPEN", good),
        ("handfast ca rotate --status CA", good),
        ("handfast ca audit verify CA", good),
        ("handfast ca audit checkpoint --out kept.txt CA", good),
        ("handfast ca audit prove web/tls.crt --out proof CA", good),
        ("handfast ca export --since 1d --out export.json CA", good),
        ("handfast ca backup --out kept.backup CA", good),
        ("handfast ca restore kept.backup --dir again", good),
        ("handfast ca key decrypt OPEN", good),
        (
            "handfast ca backup --out full.backup --passphrase-file 'other phrase' CA",
            good,
        ),
        ("handfast ca reconcile ca.crl --dir restored-2", good),
        (
            "handfast ca key encrypt --passphrase-file 'other phrase' CA",
            good,
        ),
        (
            "handfast ca key decrypt --passphrase-file 'other phrase' CA",
            good,
        ),
        ("handfast ca check CA", good),
        ("handfast ca root export --to safe CA", good),
        ("handfast ca root sign two.csr --root safe --out two.crt", good),
        ("handfast ca issuer add --cert two.crt CA", good),
        (
            "handfast ca revoke web/tls.crt --reason superseded --yes CA",
            good,
        ),
    ] {
        if text.contains("ca revoke ") {
            // The same without --dry-run, which asks on a terminal.
            let dry = place.shell(&line(&text.replace("--yes", "--dry-run"))).good();
            assert_eq!(
                dry.next(),
                line("handfast ca revoke web/tls.crt --reason superseded CA")
            );
        }
        both_work(&place, &line(text), exits);
    }
}

#[test]
fn the_first_certificate_that_init_names_is_one_that_its_ca_may_sign() {
    for (names, issued) in [
        ("--names 'dns:*.acme.example'", "dns:www.acme.example"),
        ("--names dns:acme.example", "dns:acme.example"),
        ("--names 'dns:**.acme.example'", "dns:www.acme.example"),
        ("--names 'uri:spiffe://acme/**'", "uri:spiffe://acme/web"),
        ("--names ip:10.0.0.0/8", "ip:10.0.0.0"),
        ("--names 'email:*@acme.example'", "email:me@acme.example"),
        ("", "dns:localhost"),
    ] {
        let place = Place::new();
        // The usual folder is in use already.
        place
            .shell("mkdir server client && touch server/tls.crt client/tls.key")
            .good();
        let made = place
            .shell(&format!("handfast init --name Acme --dir other {names}"))
            .good();
        let next = place.shell(&made.next()).good();
        assert!(
            next.stdout.contains(&format!("for {issued}\n")),
            "{names}: {next:#?}"
        );
    }
}

#[test]
fn an_imported_ca_that_is_limited_in_its_names_names_a_command_that_works() {
    let place = Place::new();
    place
        .shell(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj '/CN=Limited' -days 30 \
             -addext 'nameConstraints=critical,permitted;DNS:acme.example' -addext 'keyUsage=critical,keyCertSign,cRLSign'",
        )
        .good();
    both_work(
        &place,
        "handfast init --from-cert ca.crt --from-key ca.key --dir other",
        (0, 0),
    );
}
