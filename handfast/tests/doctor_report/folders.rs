//! Folders as people have them: what is chosen among several, what is silent, what is not.

use crate::{cast, program::Place};

/// A CA, a server and a client in one folder, as guides for OpenSSL make them.
fn of_a_guide() -> Place {
    let place = cast();
    for line in [
        "mkdir all",
        "cp server/ca.crt all/ca.crt && cp server/tls.crt all/server.crt && cp server/tls.key all/server.key",
        "cp web/tls.crt all/client.crt && cp web/tls.key all/client.key",
        // A CA of its own with its key, and a leaf of each kind below it.
        "mkdir own && cd own && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=ca \
         -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.crt",
        "cd own && for who in server client; do openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$who \
         -keyout $who.key -out $who.csr && printf \"subjectAltName=DNS:localhost\\nextendedKeyUsage=${who}Auth\\n\" > $who.ext && \
         openssl x509 -req -in $who.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile $who.ext -out $who.crt; done; \
         rm *.csr *.ext *.srl; chmod 600 *.key",
    ] {
        place.shell(line).good();
    }
    place
}

#[test]
fn in_the_folder_of_a_guide_the_leaf_is_taken_and_the_choice_is_told() {
    let place = of_a_guide();
    for (side, own, not) in [
        ("server", "server.crt", "client.crt"),
        ("client", "client.crt", "server.crt"),
    ] {
        let said = place.run(&format!("doctor --{side}-files own")).good().stdout;
        assert!(
            said.contains(&format!("the {side}: own/{own} with own/{side}.key")),
            "{said}"
        );
        assert!(
            said.contains("own/ca.crt is the CA that issued what lies beside it"),
            "{said}"
        );
        assert!(
            said.contains(&format!("own/{not} is not for a {side} (extended key usage)")),
            "{said}"
        );
        assert!(!said.contains("HF-208"), "{said}");
    }
    let said = place
        .run("doctor what-if --client own --server own --host localhost")
        .good()
        .stdout;
    assert!(
        said.contains("own/server.crt; ") && said.contains("own/client.crt; "),
        "{said}"
    );
    // A CA that is used as a leaf is still one.
    place.shell("mkdir alone && cp own/ca.* alone").good();
    let said = place.run("doctor --server-files alone").stdout;
    assert!(said.contains("HF-208"), "{said}");
}

#[test]
fn files_are_taken_by_name() {
    let place = of_a_guide();
    let said = place
        .run("doctor --server-files own/server.crt own/server.key own/ca.crt")
        .good()
        .stdout;
    assert!(
        said.contains("the server: own/server.crt with own/server.key") && !said.contains("not taken"),
        "{said}"
    );
    let files = |who: &str| format!("own/{who}.crt own/{who}.key own/ca.crt");
    place
        .run(&format!(
            "doctor what-if --client {} --server {} --host localhost",
            files("client"),
            files("server")
        ))
        .good();
    let other = place
        .run("doctor --server-files own/server.crt own/client.key")
        .stdout;
    assert!(other.contains("HF-401"), "{other}");
}

#[test]
fn the_folder_of_certbot_is_fine() {
    let place = cast();
    place
        .shell(
            "mkdir le && cp server/tls.crt le/fullchain.pem && cp server/tls.key le/privkey.pem && \
             openssl x509 -in server/tls.crt -out le/cert.pem && sed '1,/END/d' server/tls.crt > le/chain.pem",
        )
        .good();
    let said = place.run("doctor --server-files le").good().stdout;
    assert!(
        said.contains("the server: le/fullchain.pem with le/privkey.pem"),
        "{said}"
    );
    // Without the whole chain the intermediate is missing where it has to be sent.
    place.shell("rm le/fullchain.pem").good();
    assert!(place.run("doctor --server-files le").stdout.contains("HF-104"));
}

#[test]
fn a_container_that_the_given_password_does_not_open_is_told() {
    let place = cast();
    place.write("pw", "secret\n");
    place.write("wrong", "wrong\n");
    place
        .shell("mkdir box && openssl pkcs12 -export -in web/tls.crt -inkey web/tls.key -passout pass:secret -out box/c.p12")
        .good();
    let ran = place.run("doctor --client-files box --password-file wrong");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(
        ran.stdout.contains("HF-409") && ran.stdout.contains("the password does not open"),
        "{ran:#?}"
    );
    let ran = place.run("doctor --client-files box --password-file pw").good();
    assert!(
        ran.stdout.contains("the client: box/c.p12 with box/c.p12"),
        "{ran:#?}"
    );
    // Without one nobody can tell, and nothing is said to be wrong.
    let ran = place.run("doctor --client-files box").good();
    assert!(ran.stdout.contains("not opened"), "{ran:#?}");
}

#[test]
fn a_leaf_in_the_place_of_the_ca_and_an_unrelated_intermediate_are_told() {
    let place = cast();
    place
        .shell("mkdir mine && cp web/tls.crt web/tls.key mine && openssl x509 -in server/tls.crt -out mine/ca.crt")
        .good();
    let said = place.run("doctor --client-files mine").stdout;
    assert!(
        said.contains("HF-309") && said.contains("holds the leaf"),
        "{said}"
    );
    place.shell("cp server/ca.crt mine/ca.crt").good();
    place.run("doctor --client-files mine").good();

    place
        .shell(
            "openssl x509 -in web/tls.crt > mine/tls.crt && sed '1,/END/d' stranger/tls.crt >> mine/tls.crt",
        )
        .good();
    let ran = place.run("doctor --client-files mine");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(
        ran.stdout.contains("HF-104") && ran.stdout.contains("which did not issue it"),
        "{ran:#?}"
    );
}
