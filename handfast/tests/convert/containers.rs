//! What other programs write is read by every command alike, and what is not read is named for what it is.

use crate::{cast, program::Place};

/// Keys and containers in `in/`, as older programs, Java and Windows write them.
fn theirs() -> Place {
    let place = cast();
    place.write("pw", "secret\n");
    let lines = [
        "mkdir in",
        "openssl pkcs12 -export -in client/tls.crt -inkey client/tls.key -passout pass:secret -out in/a.p12",
        "openssl crl2pkcs7 -nocrl -certfile client/tls.crt -out in/pem.p7b",
        "openssl crl2pkcs7 -nocrl -certfile client/tls.crt -outform der -out in/der.p7b",
        "sed 's/PKCS7/CERTIFICATE/' in/pem.p7b > in/certnew.p7b",
        "grep -v ^- in/pem.p7b > in/bare.p7b",
        "iconv -f UTF-8 -t UTF-16 in/certnew.p7b > in/sixteen.p7b",
        "keytool -importkeystore -srckeystore in/a.p12 -srcstorepass secret -destkeystore in/a.jks -deststoretype JKS \
         -deststorepass secret -destkeypass secret -noprompt",
        "(echo apiVersion: v1; echo kind: Secret; echo data:; echo \"  ca.crt: $(base64 -w0 client/ca.crt)\"; \
         echo \"  user.crt: $(base64 -w0 client/tls.crt)\"; echo \"  user.key: $(base64 -w0 client/tls.key)\") > in/user.yaml",
    ];
    for line in lines {
        place.shell(line).good();
    }
    place
}

#[test]
fn inspect_and_doctor_read_whatever_convert_reads() {
    let place = theirs();
    for file in [
        "a.p12",
        "pem.p7b",
        "der.p7b",
        "certnew.p7b",
        "bare.p7b",
        "sixteen.p7b",
        "a.jks",
        "user.yaml",
    ] {
        place
            .run(&format!(
                "convert in/{file} --password-file pw --to pem --out out/{file}.pem"
            ))
            .good();
        let written = place.read(&format!("out/{file}.pem"));
        assert!(
            written.starts_with(&place.read("client/tls.crt")),
            "{file}: {written}"
        );
        let shown = place
            .run(&format!("inspect in/{file} --password-file pw"))
            .good()
            .stdout;
        assert!(shown.contains("spiffe://acme/web"), "{file}: {shown}");
        let judged = place
            .run(&format!("doctor --client-files in/{file} --password-file pw"))
            .stdout;
        assert!(judged.contains("a certificate"), "{file}: {judged}");
    }
}

#[test]
fn a_secret_of_another_operator_gives_its_users_certificate_and_not_the_ca_alone() {
    let place = theirs();
    place
        .run("convert in/user.yaml --to pem --key-out k.pem --out c.pem")
        .good();
    assert_eq!(place.read("c.pem"), place.read("client/tls.crt"));
    assert_eq!(place.read("k.pem"), place.read("client/tls.key"));
    place.write("other.yaml", place.read("in/user.yaml") + "  notes: eA==\n");
    let ran = place.run("convert other.yaml --to pem --out d.pem").good();
    assert!(ran.stderr.contains("left out: the entry \"notes\""), "{ran:#?}");
}

#[test]
fn keys_locked_by_older_programs_are_opened_and_those_that_are_not_are_named() {
    let place = theirs();
    place.write("wrong", "wrong\n");
    for how in [
        "-v2 aes-256-cbc -v2prf hmacWithSHA1",
        "-v2 des3 -v2prf hmacWithSHA1",
        "-v2 des3",
        "-v2 aes-128-cbc -v2prf hmacWithSHA512",
        "-scrypt",
        "-v1 PBE-SHA1-3DES",
        "-provider legacy -provider default -v1 PBE-SHA1-RC2-40",
        "-provider legacy -provider default -v2 des-cbc",
    ] {
        place
            .shell(&format!(
                "openssl pkcs8 -topk8 -in client/tls.key -passout pass:secret {how} -out l.key"
            ))
            .good();
        let line = "convert client/tls.crt --key l.key --to pem --key-out k.pem --out c.pem --force";
        place.run(&format!("{line} --password-file pw")).good();
        assert_eq!(place.read("k.pem"), place.read("client/tls.key"), "{how}");
        let ran = place
            .run(&format!("{line} --password-file wrong"))
            .refused(2, "HF-409");
        assert!(
            ran.stderr.contains("the password does not open"),
            "{how}: {ran:#?}"
        );
    }
    for (how, name) in [
        ("-v1 PBE-MD5-DES", "PBE-MD5-DES"),
        ("-v1 PBE-SHA1-DES", "PBE-SHA1-DES"),
        ("-v1 PBE-SHA1-RC2-128", "PBE-SHA1-RC2-128"),
        ("-v2 rc2-cbc", "RC2-CBC"),
    ] {
        place
            .shell(&format!(
                "openssl pkcs8 -topk8 -provider legacy -provider default -in client/tls.key -passout pass:secret {how} -out l.key"
            ))
            .good();
        let ran = place
            .run("convert client/tls.crt --key l.key --password-file pw --to pem --out n.pem")
            .refused(2, "HF-409");
        assert!(
            ran.stderr.contains(name) && !ran.stderr.contains("malformed"),
            "{how}: {ran:#?}"
        );
        // The way that is named goes there.
        place
            .shell("openssl pkey -provider legacy -provider default -in l.key -passin pass:secret -aes256 -passout pass:secret -out new.key")
            .good();
        place
            .run("convert client/tls.crt --key new.key --password-file pw --to pem --out n.pem")
            .good();
        place.shell("rm n.pem").good();
    }
    place
        .shell("openssl ec -in client/tls.key -aes128 -passout pass:secret -out old.key")
        .good();
    let ran = place
        .run("convert client/tls.crt --key old.key --password-file pw --to pem --out n.pem")
        .refused(2, "HF-409");
    assert!(ran.stderr.contains("Proc-Type: 4,ENCRYPTED"), "{ran:#?}");
}

#[test]
fn a_password_file_is_read_whichever_editor_wrote_it() {
    let place = theirs();
    let utf16 = |text: &str| -> Vec<u8> {
        format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect()
    };
    for (name, bytes) in [
        ("bom", b"\xef\xbb\xbfsecret\r\n".to_vec()),
        ("crlf", b"secret\r\nmore\r\n".to_vec()),
        ("cr", b"secret\r".to_vec()),
        ("bare", b"secret".to_vec()),
        ("utf16", utf16("secret\r\n")),
    ] {
        std::fs::write(place.path(name), bytes).expect("written");
        place
            .run(&format!(
                "convert in/a.p12 --password-file {name} --to pem --out out/{name}.pem"
            ))
            .good();
    }
    for (name, bytes, told) in [
        ("latin", &b"gehe\xefm\n"[..], "found no UTF-8"),
        ("empty", b"\xef\xbb\xbf\r\n", "found nothing"),
    ] {
        std::fs::write(place.path(name), bytes).expect("written");
        let ran = place
            .run(&format!(
                "convert in/a.p12 --password-file {name} --to pem --out n.pem"
            ))
            .refused(2, "HF-409");
        assert!(ran.stderr.contains(told), "{name}: {ran:#?}");
    }
}

#[test]
fn a_keystore_that_is_not_read_to_its_end_is_not_called_empty() {
    let place = theirs();
    for line in [
        "mkdir f",
        "keytool -genseckey -keystore f/k.jceks -storetype JCEKS -storepass secret -alias a1 -keyalg AES -keysize 128",
        "keytool -genkeypair -keystore f/k.jceks -storetype JCEKS -storepass secret -alias b2 -dname CN=dev-1 -keyalg EC",
    ] {
        place.shell(line).good();
    }
    let ran = place.run("doctor --client-files f --password-file pw");
    assert!(!ran.stdout.contains("no private key"), "{ran:#?}");
    assert!(ran.stdout.contains("which are not read"), "{ran:#?}");
    let ran = place
        .run("convert f/k.jceks --password-file pw --to pem --out n.pem")
        .refused(2, "HF-409");
    assert!(ran.stderr.contains("JCEKS"), "{ran:#?}");
    // A key of JCEKS is locked in a way of its own, and keytool writes it anew.
    place
        .shell("keytool -genkeypair -keystore f/only.jceks -storetype JCEKS -storepass secret -alias b2 -dname CN=dev-1 -keyalg EC")
        .good();
    let ran = place
        .run("convert f/only.jceks --password-file pw --to pem --out n.pem")
        .refused(2, "HF-409");
    assert!(
        ran.stderr.contains("MD5 and triple DES of Java") && ran.stderr.contains("keytool -importkeystore"),
        "{ran:#?}"
    );
}

#[test]
fn inspect_names_an_old_pkcs_12_and_the_way_to_a_new_one() {
    let place = theirs();
    place
        .shell("openssl pkcs12 -export -legacy -in client/tls.crt -inkey client/tls.key -passout pass:secret -out old.p12")
        .good();
    for flags in ["", "--password-file pw"] {
        let ran = place.run(&format!("inspect old.p12 {flags}")).good();
        assert!(
            ran.stdout.contains("HF-404") && ran.stdout.contains("handfast convert"),
            "{ran:#?}"
        );
        let ran = place.run(&format!("inspect in/a.p12 {flags}")).good();
        assert!(!ran.stdout.contains("HF-"), "{ran:#?}");
    }
}
