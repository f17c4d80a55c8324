//! What `setup` refuses, with certificates that OpenSSL made.

mod program;

use program::Place;

#[test]
fn an_expired_and_a_version_1_certificate_are_refused() {
    let place = Place::with_authority();
    let extensions = "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n";
    place.write("extensions", extensions);
    let openssl = "openssl req -new -newkey rsa:2048 -nodes -keyout own.key -subj /CN=localhost -out own.csr 2>/dev/null && \
                   openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -subj /CN=Root -out root.crt 2>/dev/null && \
                   openssl x509 -req -in own.csr -CA root.crt -CAkey root.key -set_serial 7 -days -1 -extfile extensions \
                   -out old.crt 2>/dev/null; openssl x509 -req -in own.csr -CA root.crt -CAkey root.key -set_serial 8 -days 9 \
                   -out v1.crt 2>/dev/null";
    place.shell(openssl).good();
    for (cert, code) in [("old.crt", "HF-202"), ("v1.crt", "HF-207")] {
        let ran = place.run(&format!(
            "setup nginx --cert {cert} --key own.key --ca root.crt --out door"
        ));
        assert_eq!(ran.exit, 1, "{ran:#?}");
        assert!(ran.stderr.contains(code), "{ran:#?}");
        assert!(!place.path("door").exists(), "nothing may be written");
    }
}
