//! What holds a password or the bytes of a key can be printed for debugging without showing them.

use handfast_formats::{
    container::{Age, Lock},
    gather::Opening,
    jks, kubernetes,
};
use handfast_pki::{KeyKind, PrivateKey, pem::Item};

const SECRET: &str = "correct horse";

#[test]
fn no_debug_print_shows_a_password() {
    let opening = Opening {
        password: Some(SECRET),
        alias: Some("web"),
    };
    let lock = Lock {
        password: SECRET,
        age: Age::Modern,
    };
    for shown in [format!("{opening:?}"), format!("{lock:?}")] {
        assert!(!shown.contains(SECRET), "{shown}");
        assert!(shown.contains("web") || shown.contains("Modern"), "{shown}");
    }
}

#[test]
fn no_debug_print_shows_bytes_of_a_key() {
    let key = PrivateKey::generate(KeyKind::Ed25519).expect("a key");
    let mut store = [0xfeed_feed_u32, 2, 1, 1].map(u32::to_be_bytes).concat();
    store.extend_from_slice(b"\0\x03web\0\0\0\0\0\0\0\0");
    store.extend_from_slice(&[0, 0, 0, 48]);
    store.extend_from_slice(key.pkcs8());
    store.extend_from_slice(&[0; 4]);
    let store = jks::read(&store).expect("a store");
    let manifest = format!("kind: Secret\nstringData: {{tls.key: {:?}}}", &**key.to_pem());
    let secret = kubernetes::read(manifest.as_bytes()).expect("a Secret");
    let item = Item::Pkcs12(key.pkcs8().to_vec().into());
    let numbers = format!("{:?}", &key.pkcs8()[16..24]);
    let numbers = numbers.trim_matches(['[', ']']);
    for shown in [
        format!("{store:?}"),
        format!("{secret:?}"),
        format!("{item:?}"),
        format!("{key:?}"),
    ] {
        assert!(!shown.contains(numbers), "{shown}");
    }
    assert!(format!("{store:?}").contains("web"));
}
