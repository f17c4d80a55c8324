//! The system, Java and the browsers: stores of others, changed with the tools of others.

use crate::stage;

#[test]
fn a_system_of_debian_believes_after_install_and_not_after_remove() {
    let stage = stage();
    let place = &stage.place;
    place
        .shell("mkdir -p image/etc/ssl/certs image/usr/share/ca-certificates image/usr/local/share/ca-certificates image/hooks; : > image/etc/ca-certificates.conf")
        .good();
    // Somebody else's, which has to stay.
    place.run("init --name Other --dir other").good();
    place
        .shell("cp other/root.crt image/usr/local/share/ca-certificates/mine.crt")
        .good();
    // What runs inside of the image, from outside: the same program with the folders moved.
    let update = "update-ca-certificates --fresh --certsconf $PWD/image/etc/ca-certificates.conf --certsdir \
                  $PWD/image/usr/share/ca-certificates --localcertsdir $PWD/image/usr/local/share/ca-certificates \
                  --etccertsdir $PWD/image/etc/ssl/certs --hooksdir $PWD/image/hooks";
    let update = format!("PATH=$PATH:/usr/sbin; {update}");
    let call = "curl -sS --cacert image/etc/ssl/certs/ca-certificates.crt https://localhost:PORT/ -o page";
    let ran = stage
        .shell("handfast trust install --for system --ca server/ca.crt --root image")
        .good();
    assert!(
        ran.stdout.contains("chroot image update-ca-certificates"),
        "{ran:#?}"
    );
    stage.shell(&update).good();
    stage.shell(call).good();
    stage.shell(&ran.next()).good();
    let left = place.shell("ls image/usr/local/share/ca-certificates").good();
    assert_eq!(left.stdout, "mine.crt\n", "nothing of others is taken away");
    stage.shell(&update).good();
    assert_ne!(stage.shell(call).exit, 0);
}

#[test]
fn each_system_keeps_the_ca_where_its_own_command_looks() {
    let stage = stage();
    for (layout, folder, command) in [
        (
            "debian",
            "usr/local/share/ca-certificates",
            "update-ca-certificates",
        ),
        (
            "fedora",
            "etc/pki/ca-trust/source/anchors",
            "update-ca-trust extract",
        ),
        (
            "arch",
            "etc/ca-certificates/trust-source/anchors",
            "trust extract-compat",
        ),
    ] {
        stage.place.shell(&format!("mkdir -p {layout}/{folder}")).good();
        let line = format!("--for system --ca server/ca.crt --root {layout}");
        // The layout is found by its folder.
        let ran = stage.shell(&format!("handfast trust install {line}")).good();
        assert!(ran.stdout.contains(command), "{ran:#?}");
        let files = stage
            .place
            .shell(&format!("cat {layout}/{folder}/handfast-*.crt"))
            .good();
        assert_eq!(files.stdout, stage.place.read("server/ca.crt"));
        assert_eq!(
            stage
                .shell(&format!("handfast trust install {line} --json"))
                .good()
                .json()["changed"],
            false
        );
        stage.shell(&format!("handfast trust remove {line}")).good();
        assert_eq!(
            stage.place.shell(&format!("ls {layout}/{folder}")).good().stdout,
            ""
        );
    }
    stage.place.shell("mkdir bare").good();
    stage
        .shell("handfast trust install --for system --ca server/ca.crt --root bare")
        .refused(2, "HF-408");
    stage
        .shell("handfast trust install --for system --ca server/ca.crt --root bare --layout fedora")
        .good();
}

#[test]
fn java_believes_after_install_and_not_after_remove() {
    let stage = stage();
    stage.place.write(
        "Get.java",
        "public class Get { public static void main(String[] a) throws Exception { \
         new java.net.URL(\"https://localhost:\" + a[0] + \"/\").openStream().readAllBytes(); } }",
    );
    stage.shell("javac Get.java").good();
    // A store with a CA of somebody else, and a password of its own.
    stage.place.run("init --name Other --dir other").good();
    stage.place.write("secret", "se cret\n");
    stage
        .shell("keytool -importcert -noprompt -storetype JKS -alias mine -file other/root.crt -keystore t.jks -storepass:file secret")
        .good();
    let call =
        "java -Djavax.net.ssl.trustStore=t.jks \"-Djavax.net.ssl.trustStorePassword=se cret\" Get PORT";
    assert_ne!(stage.shell(call).exit, 0);
    let line = "--for java --ca server/ca.crt --truststore t.jks --password-file secret";
    stage.shell(&format!("handfast trust install {line}")).good();
    stage.shell(call).good();
    assert_eq!(
        stage
            .shell(&format!("handfast trust install {line} --json"))
            .good()
            .json()["changed"],
        false
    );
    stage.shell(&format!("handfast trust remove {line}")).good();
    assert_ne!(stage.shell(call).exit, 0);
    let left = stage
        .shell("keytool -list -keystore t.jks -storepass:file secret")
        .good();
    assert!(
        left.stdout.contains("mine,") && left.stdout.contains("contains 1 entry"),
        "{left:#?}"
    );
    stage
        .shell("handfast trust install --for java --ca server/ca.crt --truststore t.jks")
        .refused(2, "HF-409");
    // A store that is not there is made, for Java 8 and later.
    let ran = stage
        .shell("handfast trust install --for java --ca server/ca.crt --truststore new.p12")
        .good();
    assert!(ran.stderr.contains("no others"), "{ran:#?}");
    stage
        .shell("java -Djavax.net.ssl.trustStore=new.p12 -Djavax.net.ssl.trustStorePassword=changeit Get PORT")
        .good();
}

#[test]
fn a_browser_believes_after_install_and_not_after_remove() {
    let stage = stage();
    // Chromium reads the same kind of database as Firefox, in this place.
    stage.place.shell("mkdir -p .pki/nssdb").good();
    let browse = "timeout 60 chromium --headless --no-sandbox --disable-gpu --dump-dom https://localhost:PORT/ 2>/dev/null";
    let is_shown = || stage.shell(browse).stdout.contains("s_server");
    let line = "--for firefox --ca server/ca.crt --profile .pki/nssdb";
    assert!(!is_shown());
    stage.shell(&format!("handfast trust install {line}")).good();
    let listed = stage.shell("certutil -L -d sql:.pki/nssdb").good();
    assert!(
        listed.stdout.contains("handfast-") && listed.stdout.contains("C,,"),
        "{listed:#?}"
    );
    assert!(is_shown());
    assert_eq!(
        stage
            .shell(&format!("handfast trust install {line} --json"))
            .good()
            .json()["changed"],
        false
    );
    stage.shell(&format!("handfast trust remove {line}")).good();
    let listed = stage.shell("certutil -L -d sql:.pki/nssdb").good();
    assert!(!listed.stdout.contains("handfast-"), "{listed:#?}");
    assert!(!is_shown());
}

#[test]
fn every_profile_of_firefox_at_home_is_found() {
    let stage = stage();
    let profiles = [
        ".mozilla/firefox/a.default",
        "snap/firefox/common/.mozilla/firefox/b.default",
    ];
    for profile in profiles {
        stage
            .shell(&format!(
                "mkdir -p {profile} && certutil -N --empty-password -d sql:{profile}"
            ))
            .good();
    }
    stage
        .shell("handfast trust install --for firefox --ca server/ca.crt")
        .good();
    for profile in profiles {
        let listed = stage.shell(&format!("certutil -L -d sql:{profile}")).good();
        assert!(listed.stdout.contains("C,,"), "{listed:#?}");
    }
    stage
        .shell("handfast trust remove --for firefox --ca server/ca.crt")
        .good();
    stage.shell("rm -r .mozilla snap").good();
    stage
        .shell("handfast trust install --for firefox --ca server/ca.crt")
        .refused(2, "HF-408");
}
