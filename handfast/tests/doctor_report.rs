//! What `handfast doctor HOST:PORT` says of real servers, in all its forms, and that none of them obeys a stranger.

mod program;

#[path = "doctor_report/folders.rs"]
mod folders;
#[path = "doctor_report/forms.rs"]
mod forms;
#[path = "doctor_report/hostile.rs"]
mod hostile;
#[path = "doctor_report/names.rs"]
mod names;
#[path = "doctor_report/spoken.rs"]
mod spoken;
#[path = "doctor_report/starttls.rs"]
mod starttls;
#[path = "doctor_report/two_sides.rs"]
mod two_sides;
#[path = "doctor_report/verdict.rs"]
mod verdict;

use handfast_pki::Profile;
use program::{
    Place, Ran,
    pki::{Ca, Wanted},
    servers::{Other, nginx},
    service::closed_port,
};

/// A server's certificate in `server/`, a client of its CA in `web/`, one of another CA in `stranger/`.
fn cast() -> Place {
    let place = Place::new();
    let (ours, others) = (Ca::new(&place, "acme"), Ca::new(&place, "other"));
    let (server, client) = (Wanted::now(Profile::Server), Wanted::now(Profile::Client));
    ours.issue(
        &place,
        "server",
        &server,
        &["dns:localhost", "dns:secret.acme.example"],
    );
    ours.issue(&place, "web", &client, &["uri:spiffe://acme/web"]);
    others.issue(&place, "stranger", &client, &["uri:spiffe://acme/web"]);
    place
        .shell("chmod 600 server/tls.key web/tls.key stranger/tls.key")
        .good();
    place
}

/// nginx that requires a certificate of the CA of `server/`.
#[track_caller]
fn serve(place: &Place) -> (Other, u16) {
    let port = closed_port();
    let http = format!(
        "server {{ listen 127.0.0.1:{port} ssl; server_name localhost; ssl_certificate server/tls.crt; \
         ssl_certificate_key server/tls.key; ssl_client_certificate server/ca.crt; ssl_verify_client on; \
         ssl_protocols TLSv1.2 TLSv1.3; location / {{ return 200 \"hello\\n\"; }} }}"
    );
    (nginx(place, &http, port), port)
}

/// The doctor's look at `https://localhost`, as `pair`.
fn doctor(place: &Place, port: u16, pair: Option<&str>, more: &str) -> Ran {
    let pair = pair
        .map(|pair| format!("--cert {pair}/tls.crt --key {pair}/tls.key"))
        .unwrap_or_default();
    place.run(&format!(
        "doctor https://localhost:{port}/ --ca server/ca.crt {pair} {more}"
    ))
}
