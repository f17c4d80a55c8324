//! CA keys in a token: SoftHSM, and a module in front of it that is slow or loses the login.

mod program;

use program::{Place, Ran};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Hands everything to SoftHSM but C_Sign, which SHIM makes slow, or lets fail once or always as if nobody were logged in.
const SHIM: &str = r#"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
struct list { unsigned char version[2]; void *functions[68]; };
typedef unsigned long (*sign_t)(unsigned long, unsigned char *, unsigned long, unsigned char *, unsigned long *);
static struct list ours;
static sign_t theirs;
static unsigned long c_sign(unsigned long session, unsigned char *data, unsigned long size, unsigned char *out,
                            unsigned long *length) {
    static int calls;
    const char *how = getenv("SHIM");
    if (how && !strcmp(how, "slow")) sleep(5);
    if (how && (!strcmp(how, "lost") || (!strcmp(how, "lost-once") && calls++ == 0))) return 0x101;
    return theirs(session, data, size, out, length);
}
unsigned long C_GetFunctionList(struct list **out) {
    void *module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
    unsigned long (*get)(struct list **) = (unsigned long (*)(struct list **))dlsym(module, "C_GetFunctionList");
    struct list *list;
    unsigned long code = get(&list);
    if (code) return code;
    ours = *list;
    theirs = (sign_t)ours.functions[43];
    ours.functions[43] = (void *)c_sign;
    *out = &ours;
    return 0;
}
"#;

/// With a token "acme" of PIN 4711, in a folder of its own.
fn place() -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path("tokens")).expect("a folder");
    place.write(
        "softhsm2.conf",
        format!("directories.tokendir = {}\n", place.path("tokens").display()),
    );
    place.write("pin", "4711\n");
    place.write("wrong", "4712\n");
    token(
        &place,
        "softhsm2-util --init-token --free --label acme --so-pin 12345678 --pin 4711",
    )
    .good();
    place
}

/// Runs a line with this place's tokens.
fn token(place: &Place, line: &str) -> Ran {
    let conf = place.path("softhsm2.conf");
    place.shell(&format!("export SOFTHSM2_CONF={}; {line}", conf.display()))
}

fn uri(place: &Place, object: &str, pin: &str) -> String {
    let pin = place.path(pin);
    format!(
        "'pkcs11:token=acme;object={object}?module-path={MODULE}&pin-source={}'",
        pin.display()
    )
}

fn count(place: &Place, state: &str) -> usize {
    let listed = place
        .run(&format!("ca list --state {state} --json"))
        .good()
        .json();
    listed["certificates"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_ca_with_its_keys_in_a_token_signs_with_every_kind_and_no_key_is_in_a_file() {
    for kind in ["p256", "p384", "rsa2048"] {
        let place = place();
        let key = uri(&place, "ca", "pin");
        token(
            &place,
            &format!("handfast init --name Acme --key {key} --kind {kind}"),
        )
        .good();
        for name in ["root.key", "issuing.key"] {
            assert!(!place.path("handfast").join(name).exists(), "{kind}: {name}");
        }
        for round in 0..3 {
            token(
                &place,
                &format!("handfast issue server --dns a.example --out s{round}"),
            )
            .good();
            place
                .shell(&format!(
                    "openssl verify -x509_strict -CAfile handfast/root.crt -untrusted s{round}/tls.crt s{round}/tls.crt"
                ))
                .good();
        }
        token(&place, "handfast ca crl --out ca.crl").good();
        place
            .shell("openssl verify -crl_check_all -CRLfile ca.crl -CAfile s0/ca.crt -untrusted s0/tls.crt s0/tls.crt")
            .good();
        token(
            &place,
            &format!("handfast ca rotate --key {}", uri(&place, "next", "pin")),
        )
        .good();
        token(&place, "handfast issue server --dns b.example --out b").good();
        place
            .run("verify b/tls.crt --ca handfast/root.crt --purpose server")
            .good();
        // What others see of the keys: they can never be taken out.
        let objects = token(
            &place,
            &format!("pkcs11-tool --module {MODULE} --token-label acme --login --pin 4711 -O"),
        )
        .good()
        .stdout;
        assert_eq!(objects.matches("Private Key Object").count(), 3, "{objects}");
        assert_eq!(objects.matches("never extractable").count(), 3, "{objects}");
    }
}

#[test]
fn a_pin_in_the_uri_is_not_kept_and_one_in_the_environment_is_taken() {
    let place = place();
    let key = format!("'pkcs11:token=acme;object=ca?module-path={MODULE}&pin-value=4711'");
    let ran = token(&place, &format!("handfast init --name Acme --key {key} --json")).good();
    assert!(
        !ran.stdout.contains("4711") && !ran.stderr.contains("4711"),
        "{ran:#?}"
    );
    let listed = place.run("ca issuer list --json").good();
    assert!(!listed.stdout.contains("4711"), "{listed:#?}");
    token(&place, "handfast issue server --dns a.example --out a").refused(2, "HF-835");
    token(
        &place,
        "HANDFAST_TOKEN_PIN=4711 handfast issue server --dns a.example --out a",
    )
    .good();
}

#[test]
fn whatever_a_token_lacks_has_a_code_and_nothing_is_half_issued() {
    let place = place();
    let module = format!("pkcs11:token=acme;object=ca?module-path={MODULE}");
    token(
        &place,
        &format!("HANDFAST_TOKEN_PIN=4711 handfast init --name Acme --key '{module}'"),
    )
    .good();
    let issue = "handfast issue server --dns a.example --out a";
    let refused = |line: &str, code: &str| {
        token(&place, line).refused(2, code);
        assert!(!place.path("a").exists(), "{line}");
        assert_eq!(
            (count(&place, "planned"), count(&place, "valid")),
            (0, 2),
            "{line}"
        );
    };
    refused(issue, "HF-835");
    refused(&format!("HANDFAST_TOKEN_PIN=4712 {issue}"), "HF-835");
    place.shell("mv tokens away && mkdir tokens").good();
    refused(&format!("HANDFAST_TOKEN_PIN=4711 {issue}"), "HF-834");
    place.shell("rmdir tokens && mv away tokens").good();
    token(
        &place,
        &format!("pkcs11-tool --module {MODULE} --token-label acme --login --pin 4711 --delete-object --type privkey --label ca"),
    )
    .good();
    refused(&format!("HANDFAST_TOKEN_PIN=4711 {issue}"), "HF-410");
    let other = "HANDFAST_TOKEN_PIN=4711 handfast init --name Other --dir other --key";
    token(
        &place,
        &format!("{other} 'pkcs11:token=none;object=ca?module-path={MODULE}'"),
    )
    .refused(2, "HF-834");
    token(
        &place,
        &format!("{other} 'pkcs11:token=acme;object=ca?module-path=/nowhere.so'"),
    )
    .refused(2, "HF-834");
    token(
        &place,
        &format!("{other} 'pkcs11:token=acme?module-path={MODULE}'"),
    )
    .refused(2, "HF-901");
    assert!(!place.path("other").exists());
}

#[test]
fn a_lost_login_is_had_again_once_and_a_slow_token_is_waited_for_until_its_deadline() {
    let place = place();
    place.write("shim.c", SHIM);
    place.shell("cc -shared -fPIC -o shim.so shim.c -ldl").good();
    let shim = place.path("shim.so");
    let key = format!(
        "pkcs11:token=acme;object=ca?module-path={}&x-deadline=2",
        shim.display()
    );
    token(
        &place,
        &format!("HANDFAST_TOKEN_PIN=4711 handfast init --name Acme --key '{key}'"),
    )
    .good();
    let issue = "HANDFAST_TOKEN_PIN=4711 handfast issue server --dns a.example --out";
    token(&place, &format!("SHIM=lost-once {issue} once")).good();
    token(&place, &format!("SHIM=lost {issue} lost")).refused(2, "HF-836");
    token(&place, &format!("SHIM=slow {issue} slow")).refused(2, "HF-837");
    for name in ["lost", "slow"] {
        assert!(!place.path(name).exists(), "{name}");
    }
    // The key may have been used: what was planned is in the records, and can be revoked.
    assert_eq!(count(&place, "planned"), 2);
    token(&place, &format!("{issue} after")).good();
}
