//! An address is read in one way by every command, and refused in one form.

mod program;

use program::Place;

#[test]
fn a_wrong_address_is_told_in_one_form_by_every_command() {
    let place = Place::new();
    for (address, why) in [
        (
            "::1:1",
            "more than one colon; an IPv6 address stands in brackets: [::1]:1",
        ),
        ("localhost:65536", "found \"65536\""),
        ("localhost:1$", "found \"1$\""),
        (
            "[localhost]:1",
            "expected an IPv6 address in brackets, found \"localhost\"",
        ),
        (
            "bücher.example:1",
            "\"bücher.example\" is not ASCII; write the form that begins with \"xn--\"",
        ),
        ("me@localhost:1", "expected only host and port, found \"@\""),
    ] {
        for line in [
            // The doctor asks for the form that begins with "xn--" itself.
            format!("doctor {}", if address.is_ascii() { address } else { "::1:1" }),
            format!("inspect https://{address}"),
            format!("get https://{address}/ --ca ca.crt"),
            format!("tunnel --listen 127.0.0.1:0 --to {address} --cert c --key k --ca ca.crt"),
            format!("tunnel --listen {address} --to localhost:1 --cert c --key k --ca ca.crt"),
            format!(
                "proxy --listen 127.0.0.1:0 --to http://{address} --cert c --key k --client-ca ca.crt --allow any"
            ),
            format!(
                "proxy --listen {address} --to tcp://localhost:1 --cert c --key k --client-ca ca.crt --allow any"
            ),
        ] {
            let ran = place.run(&line);
            assert_eq!(ran.exit, 2, "{ran:#?}");
            let is_translated = line.starts_with("doctor") && !address.is_ascii();
            assert!(is_translated || ran.stderr.contains(why), "{line}: {ran:#?}");
            assert!(ran.stderr.contains("help: write "), "{line}: {ran:#?}");
        }
    }
}

#[test]
fn port_0_is_for_listeners_alone() {
    let place = Place::new();
    for line in [
        "doctor localhost:0",
        "inspect https://localhost:0",
        "tunnel --listen 127.0.0.1:0 --to localhost:0 --cert c --key k --ca ca.crt",
    ] {
        let ran = place.run(line);
        assert_eq!(ran.exit, 2, "{ran:#?}");
        assert!(
            ran.stderr
                .contains("expected a port from 1 to 65535, found \"0\""),
            "{ran:#?}"
        );
    }
    // The files are what is missing here, not the port.
    let ran = place.run("tunnel --listen 127.0.0.1:0 --to localhost:1 --cert c --key k --ca ca.crt");
    assert!(ran.stderr.contains("\"ca.crt\" cannot be read"), "{ran:#?}");
}
