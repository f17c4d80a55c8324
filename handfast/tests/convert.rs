//! `convert`: every form into every other, read and written by OpenSSL and Java as well.

mod program;

#[path = "convert/chains.rs"]
mod chains;
#[path = "convert/containers.rs"]
mod containers;
#[path = "convert/forms.rs"]
mod forms;
#[path = "convert/others.rs"]
mod others;
#[path = "convert/refusals.rs"]
mod refusals;

use program::Place;

/// An authority, and a client's pair below its intermediate in `client`, alone in its folder with its key.
fn cast() -> Place {
    let place = Place::with_authority();
    place
        .run("issue client --uri spiffe://acme/web --name web --out client")
        .good();
    place.write("secret", "se cret'\n");
    place
}

/// The public key of a private key or certificate, by openssl.
#[track_caller]
fn public(place: &Place, file: &str) -> String {
    place
        .shell(&format!("openssl pkey -in {file} -pubout"))
        .good()
        .stdout
}

/// The subjects in a PEM file, by openssl, in order.
#[track_caller]
fn subjects(place: &Place, file: &str) -> Vec<String> {
    let line = format!("openssl storeutl -noout -text -certs {file} | sed -n 's/^ *Subject: //p'");
    place
        .shell(&line)
        .good()
        .stdout
        .lines()
        .map(str::to_owned)
        .collect()
}
