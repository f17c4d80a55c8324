//! Identity headers of our own making, and who is asked before they are sent.

use handfast_pki::Profile;

use crate::{
    MODERN, VERIFY, cast, check, posture,
    program::{
        Place,
        pki::{Ca, Wanted},
        servers::Other,
        service::Service,
    },
    serve,
};

/// A service that repeats what it was sent, behind nginx with `more` in its location.
fn echo(place: &Place, more: &str) -> (Other, u16, Service) {
    let service = Service::echo();
    let lines = format!(
        "{VERIFY} {MODERN} location / {{ proxy_pass {}; {more} }}",
        service.url()
    );
    let (nginx, port) = serve(place, &lines);
    (nginx, port, service)
}

const OWN: &str = "--cert web/tls.crt --key web/tls.key";
const FORGED: &str = "handfast-forged-identity";

#[test]
fn a_forged_header_that_is_passed_on_is_a_hole() {
    let place = cast();
    let (_nginx, port, service) = echo(&place, "");
    let ran = posture(&place, port, &format!("{OWN} --active --yes"));
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let report = ran.json();
    let hole = check(&report, "identity-headers");
    assert_eq!(
        (&hole["grade"], &hole["code"]),
        (&"F".into(), &"HF-602".into()),
        "{report:#}"
    );
    assert!(service.heard().iter().any(|heard| heard.head.contains(FORGED)));
}

#[test]
fn without_active_no_forged_header_is_sent_and_no_certificate_shown() {
    let place = cast();
    let (_nginx, port, service) = echo(&place, "");
    let report = posture(&place, port, OWN).good().json();
    assert!(!report.to_string().contains("identity-headers"), "{report:#}");
    assert!(service.heard().is_empty(), "{:#?}", service.heard());
}

#[test]
fn active_asks_first_and_without_somebody_to_ask_it_is_misuse() {
    let place = cast();
    let (_nginx, port, service) = echo(&place, "");
    let ran = posture(&place, port, &format!("{OWN} --active"));
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("help: add --yes"), "{ran:#?}");
    assert!(service.heard().is_empty(), "{:#?}", service.heard());
    let ran = posture(&place, port, "--yes");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    posture(&place, port, "").good();
}

#[test]
fn at_a_terminal_nothing_is_sent_before_somebody_says_yes() {
    let place = cast();
    let (_nginx, port, service) = echo(&place, "");
    let answered = |answer: &str| {
        let asked =
            format!("handfast doctor posture https://localhost:{port}/ --ca server/ca.crt {OWN} --active");
        let ran = place.shell(&format!("echo {answer} | script -qec '{asked}' /dev/null"));
        assert!(ran.stdout.contains("Is this server yours to attack?"), "{ran:#?}");
        ran
    };
    let no = answered("n");
    assert!(no.exit == 2 && no.stdout.contains("nothing was sent"), "{no:#?}");
    assert!(service.heard().is_empty(), "{:#?}", service.heard());
    let yes = answered("y");
    assert!(yes.exit == 1 && yes.stdout.contains("HF-602"), "{yes:#?}");
    assert!(service.heard().iter().any(|heard| heard.head.contains(FORGED)));
}

#[test]
fn a_server_that_is_not_believed_sees_no_certificate_and_no_forged_header() {
    let place = cast();
    let others = Ca::new(&place, "other");
    others.issue(
        &place,
        "stranger",
        &Wanted::now(Profile::Client),
        &["uri:spiffe://acme/web"],
    );
    let (_nginx, port, service) = echo(&place, "");
    let ran = place.run(&format!(
        "doctor posture https://localhost:{port}/ --ca stranger/ca.crt {OWN} --active --yes --json"
    ));
    let report = ran.json();
    assert_eq!(
        check(&report, "identity-headers")["verdict"],
        "unknown",
        "{report:#}"
    );
    let says = check(&report, "server-certificate")["says"].to_string();
    assert!(says.contains("not signed by a CA that is trusted here"), "{says}");
    assert!(service.heard().is_empty(), "{:#?}", service.heard());
}

#[test]
fn a_missing_page_says_nothing_of_forged_headers() {
    let place = cast();
    for (answer, verdict) in [("404", "unknown"), ("503", "unknown"), ("403", "good")] {
        let (_nginx, port) = serve(
            &place,
            &format!("{VERIFY} {MODERN} location / {{ return {answer}; }}"),
        );
        let report = posture(&place, port, &format!("{OWN} --active --yes")).json();
        assert_eq!(
            check(&report, "identity-headers")["verdict"],
            verdict,
            "{answer}: {report:#}"
        );
    }
}
