//! Every way in which `verify` says no, each beside a chain to which it says yes.

use handfast_pki::{
    Anchors, Certificate, Code, Profile, Purpose, Refusal, VerifiedChain, candidates, code, verify,
};
use handfast_testkit::{Ca, Leaf, Pair, trust};
use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::ServerName;

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn judge(
    chain: &[Certificate],
    roots: &[&Ca],
    purpose: Purpose,
    at: Timestamp,
) -> Result<VerifiedChain, Refusal> {
    let ders: Vec<_> = chain
        .iter()
        .map(|certificate| certificate.der().clone())
        .collect();
    verify::verify(&ders, &trust(roots), purpose, at)
}

fn refused(chain: &[Certificate], roots: &[&Ca], purpose: Purpose, at: Timestamp) -> (Code, String) {
    let refusal = judge(chain, roots, purpose, at).expect_err("must be refused");
    (refusal.code(purpose), refusal.to_string())
}

fn client(ca: &Ca) -> Pair {
    ca.issue(&Leaf::of(Profile::Client, "spiffe://acme/web"))
}

#[test]
fn a_good_chain_is_believed_through_its_intermediate() {
    let root = Ca::root("Root");
    let pair = client(&root.below("Issuing"));
    let verified = judge(&pair.chain, &[&root], Purpose::Client, Timestamp::now()).expect("good");
    assert_eq!(verified.identity().spiffe_id(), Some("spiffe://acme/web"));
    assert_eq!(verified.path().len(), 2);
    assert_eq!(verified.not_after(), pair.certificate.not_after());
}

#[test]
fn nothing_sent_is_refused() {
    let root = Ca::root("Root");
    assert_eq!(
        refused(&[], &[&root], Purpose::Client, Timestamp::now()).0,
        code::NO_CERTIFICATE
    );
}

#[test]
fn another_ca_is_refused_and_both_names_are_told() {
    let (ours, theirs) = (Ca::root("Ours"), Ca::root("Theirs"));
    let (found, text) = refused(
        &client(&theirs).chain,
        &[&ours],
        Purpose::Client,
        Timestamp::now(),
    );
    assert_eq!(found, code::UNKNOWN_ISSUER);
    assert!(text.contains("CN=Theirs") && text.contains("CN=Ours"), "{text}");
    let as_server = theirs.issue(&Leaf::of(Profile::Server, "spiffe://acme/api"));
    assert_eq!(
        refused(&as_server.chain, &[&ours], Purpose::Server, Timestamp::now()).0,
        code::SERVER_UNTRUSTED
    );
}

#[test]
fn a_missing_intermediate_is_refused_and_its_name_told() {
    let root = Ca::root("Root");
    let pair = client(&root.below("Issuing"));
    let (found, text) = refused(&pair.chain[..1], &[&root], Purpose::Client, Timestamp::now());
    assert_eq!(found, code::UNKNOWN_ISSUER);
    assert!(text.contains("CN=Issuing"), "{text}");
}

#[test]
fn time_is_on_both_sides_of_validity() {
    let root = Ca::root("Root");
    let pair = client(&root);
    let (from, to) = (pair.certificate.not_before(), pair.certificate.not_after());
    assert!(judge(&pair.chain, &[&root], Purpose::Client, from).is_ok());
    assert!(judge(&pair.chain, &[&root], Purpose::Client, to).is_ok());
    let second = SignedDuration::from_secs(1);
    assert_eq!(
        refused(&pair.chain, &[&root], Purpose::Client, to + second).0,
        code::EXPIRED
    );
    assert_eq!(
        refused(&pair.chain, &[&root], Purpose::Client, from - second).0,
        code::NOT_YET_VALID
    );
}

#[test]
fn an_anchor_that_has_expired_since_carries_nothing_any_more() {
    let root = Ca::root("Root");
    let now = Timestamp::now();
    // A leaf that outlives its root, as no authority of ours would make it.
    let pair = root.issue(&Leaf::of(Profile::Client, "spiffe://acme/web").valid(now, now + hours(24 * 300)));
    assert!(judge(&pair.chain, &[&root], Purpose::Client, now).is_ok());
    let (found, text) = refused(&pair.chain, &[&root], Purpose::Client, now + hours(24 * 101));
    assert_eq!(found, code::EXPIRED);
    assert!(text.contains("CN=Root"), "{text}");
    let late = Anchors::new(vec![root.certificate.clone()], now + hours(24 * 101)).expect_err("expired");
    assert_eq!(late.code(), code::EXPIRED);
}

#[test]
fn each_purpose_needs_its_own_usage() {
    let root = Ca::root("Root");
    let now = Timestamp::now();
    let server = root.issue(&Leaf::of(Profile::Server, "spiffe://acme/api"));
    assert!(judge(&server.chain, &[&root], Purpose::Server, now).is_ok());
    assert_eq!(
        refused(&server.chain, &[&root], Purpose::Client, now).0,
        code::WRONG_PURPOSE
    );
    assert_eq!(
        refused(&client(&root).chain, &[&root], Purpose::Server, now).0,
        code::WRONG_PURPOSE
    );
    let peer = root.issue(&Leaf::of(Profile::Peer, "spiffe://acme/mesh"));
    assert!(judge(&peer.chain, &[&root], Purpose::Server, now).is_ok());
    assert!(judge(&peer.chain, &[&root], Purpose::Client, now).is_ok());
}

#[test]
fn a_ca_certificate_is_no_leaf() {
    let root = Ca::root("Root");
    let issuing = root.below("Issuing");
    let chain = [issuing.certificate.clone()];
    assert_eq!(
        refused(&chain, &[&root], Purpose::Client, Timestamp::now()).0,
        code::CA_AS_LEAF
    );
}

#[test]
fn a_leaf_cannot_issue_and_an_issuing_ca_cannot_make_another() {
    let root = Ca::root("Root");
    let now = Timestamp::now();
    let leaf = client(&root);
    let above = [&leaf.certificate]
        .into_iter()
        .chain(&root.above)
        .cloned()
        .collect();
    let posing = Ca {
        certificate: leaf.certificate,
        key: leaf.key,
        above,
    };
    let (found, text) = refused(&client(&posing).chain, &[&root], Purpose::Client, now);
    assert_eq!(found, code::WRONG_FORMAT);
    assert!(text.contains("names no issuer"), "{text}");
    let too_deep = root.below("Issuing").below("Deeper");
    assert_eq!(
        refused(&client(&too_deep).chain, &[&root], Purpose::Client, now).0,
        code::PATH_LENGTH
    );
}

#[test]
fn a_ca_of_the_same_name_and_another_key_is_told_from_a_stranger() {
    let (ours, again) = (Ca::root("Root"), Ca::root("Root"));
    assert!(judge(&client(&ours).chain, &[&ours], Purpose::Client, Timestamp::now()).is_ok());
    let (found, _) = refused(&client(&again).chain, &[&ours], Purpose::Client, Timestamp::now());
    assert_eq!(found, code::BAD_SIGNATURE);
    assert!(
        judge(
            &client(&again).chain,
            &[&ours, &again],
            Purpose::Client,
            Timestamp::now()
        )
        .is_ok()
    );
}

#[test]
fn the_identity_is_that_of_the_first_certificate_whatever_else_is_sent() {
    let root = Ca::root("Root");
    let own = client(&root);
    let victim = root.issue(&Leaf::of(Profile::Client, "spiffe://acme/admin"));
    let sent = [own.certificate.clone(), victim.certificate.clone()];
    let verified = judge(&sent, &[&root], Purpose::Client, Timestamp::now()).expect("good");
    assert_eq!(verified.identity().uris, ["spiffe://acme/web"]);
    let sent = [victim.certificate, own.certificate];
    let verified = judge(&sent, &[&root], Purpose::Client, Timestamp::now()).expect("good");
    assert_eq!(verified.identity().uris, ["spiffe://acme/admin"]);
}

#[test]
fn a_spiffe_certificate_has_one_uri() {
    let root = Ca::root("Root");
    let mut leaf = Leaf::of(Profile::Client, "spiffe://acme/web");
    leaf.names
        .extend(Leaf::of(Profile::Client, "spiffe://acme/admin").names);
    let (found, text) = refused(
        &root.issue(&leaf).chain,
        &[&root],
        Purpose::Client,
        Timestamp::now(),
    );
    assert_eq!(found, code::IDENTITY_MISMATCH);
    assert!(text.contains("2 URI names"), "{text}");
}

#[test]
fn a_host_must_be_among_the_names() {
    let root = Ca::root("Root");
    let server = root.issue(&Leaf::of(Profile::Server, "spiffe://acme/api").dns("*.acme.example"));
    let verified = judge(&server.chain, &[&root], Purpose::Server, Timestamp::now()).expect("good");
    let asked = |host: &str| {
        let name = ServerName::try_from(host.to_owned()).expect("a name");
        verify::for_host(&verified, &name).map_err(|refusal| refusal.code(Purpose::Server))
    };
    assert_eq!(asked("api.acme.example"), Ok(()));
    assert_eq!(asked("API.acme.example"), Ok(()));
    assert_eq!(asked("a.b.acme.example"), Err(code::NAME_MISMATCH));
    assert_eq!(asked("acme.example"), Err(code::NAME_MISMATCH));
    assert_eq!(asked("127.0.0.1"), Err(code::NO_IP_NAME));
}

#[test]
fn only_ca_certificates_become_anchors() {
    let root = Ca::root("Root");
    let leaf = client(&root).certificate;
    let refused =
        Anchors::new(vec![root.certificate, leaf], Timestamp::now()).expect_err("a leaf is no anchor");
    assert_eq!(refused.code(), code::BAD_TRUST_FILE);
    assert_eq!(
        Anchors::new(Vec::new(), Timestamp::now())
            .expect_err("nothing")
            .code(),
        code::BAD_TRUST_FILE
    );
}

#[test]
fn every_way_to_an_anchor_is_tried_and_told() {
    let (root, other) = (Ca::root("Root"), Ca::root("Root"));
    let pair = client(&root.below("Issuing"));
    let found = candidates::candidates(
        &pair.chain,
        &trust(&[&root, &other]),
        Purpose::Client,
        Timestamp::now(),
    );
    assert_eq!(found.len(), 2);
    assert_eq!(
        found.iter().filter(|candidate| candidate.verdict.is_ok()).count(),
        1
    );
    let none = candidates::candidates(
        &pair.chain[..1],
        &trust(&[&root]),
        Purpose::Client,
        Timestamp::now(),
    );
    assert!(none.len() == 1 && !none[0].reaches_anchor && none[0].verdict.is_err());
}
