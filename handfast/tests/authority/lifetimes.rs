//! What ends with its issuer.

use handfast_pki::{KeyKind, PrivateKey};
use jiff::SignedDuration;

use crate::{Odd, certificates, program::Place};

#[test]
fn a_short_lived_authority_cuts_the_usual_lifetime_and_says_so() {
    let place = Place::new();
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let root = Odd {
        profile: handfast_pki::Profile::Root,
        subject: "short",
        issuer: "short",
        dns: "",
        ends: SignedDuration::from_hours(24 * 10),
        holder: key.public_key(),
        signer: &key,
    };
    let made = root.make();
    place.write("ca.crt", made.to_pem());
    place.write("ca.key", key.to_pem().as_bytes());
    place.run("init --from-cert ca.crt --from-key ca.key").good();
    let ran = place.run("issue server --dns a --out server").good();
    assert!(ran.stdout.contains("cut short"), "{ran:#?}");
    assert_eq!(
        certificates(&place, "server/tls.crt")[0].not_after(),
        made.not_after()
    );
    place
        .run("issue server --dns a --lifetime 11d --out other")
        .refused(2, "HF-805");
    place.run("issue server --dns a --lifetime 9d --out other").good();
    let ended = Odd {
        ends: SignedDuration::from_hours(-1),
        ..root
    };
    place.write("ended.crt", ended.make().to_pem());
    place
        .run("init --from-cert ended.crt --from-key ca.key --dir ended")
        .refused(2, "HF-202");
    place
        .run("init --from-cert ca.crt --from-key server/tls.key --dir ended")
        .refused(2, "HF-401");
    place
        .run("init --from-cert server/tls.crt --from-key server/tls.key --dir ended")
        .refused(2, "HF-209");
}
