//! A CA that is bound to names makes no identity of another's, and what was verified is judged again by what is trusted
//! now.

use handfast_pki::{
    Anchors, ClientUsage, Code, NamePattern, Profile, Purpose, Refusal, Trust, TrustError, TrustedCa,
    VerifiedChain, code, name::AltName, verify::verify,
};
use handfast_testkit::{
    Ca, Leaf, Pair,
    forge::{Forge, dns, registered, uri},
};
use jiff::{SignedDuration, Timestamp};
use x509_cert::ext::pkix::ExtendedKeyUsage;

fn anchors(ca: &Ca) -> Anchors {
    Anchors::new(vec![ca.certificate.clone()], Timestamp::now()).expect("an anchor")
}

fn bound(name: &str, ca: &Ca, names: &[&str]) -> TrustedCa {
    let names = names
        .iter()
        .map(|text| text.parse::<NamePattern>().expect(text))
        .collect();
    TrustedCa::bound(name, anchors(ca), names)
}

fn trust(cas: Vec<TrustedCa>) -> Trust {
    Trust::new(cas, 1).expect("trust")
}

fn judge(pair: &Pair, trust: &Trust) -> Result<VerifiedChain, Refusal> {
    let ders: Vec<_> = pair.chain.iter().map(|one| one.der().clone()).collect();
    verify(&ders, trust, Purpose::Client, Timestamp::now())
}

#[track_caller]
fn refused(pair: &Pair, trust: &Trust) -> (Code, String) {
    let refusal = judge(pair, trust).expect_err("must be refused");
    (refusal.code(Purpose::Client), refusal.to_string())
}

fn client(uri: &str) -> Leaf {
    Leaf::of(Profile::Client, uri)
}

#[test]
fn one_partners_ca_cannot_make_the_identities_of_the_other() {
    let (acme, beta) = (Ca::root("Acme"), Ca::root("Beta"));
    let both = trust(vec![
        bound("acme", &acme, &["uri:spiffe://acme/**"]),
        bound("beta", &beta, &["dns:*.beta.example", "uri:spiffe://beta/**"]),
    ]);
    let good = judge(&acme.issue(&client("spiffe://acme/web")), &both).expect("its own name");
    assert_eq!(good.ca().name(), "acme");
    let (code, text) = refused(&beta.issue(&client("spiffe://acme/web")), &both);
    assert_eq!(code, code::FOREIGN_NAME);
    assert!(
        text.contains("uri:spiffe://acme/web")
            && text.contains("\"beta\"")
            && text.contains("dns:*.beta.example"),
        "{text}"
    );
    // Below an intermediate it is the same.
    let (code, _) = refused(&beta.below("Issuing").issue(&client("spiffe://acme/web")), &both);
    assert_eq!(code, code::FOREIGN_NAME);
}

#[test]
fn one_good_name_does_not_carry_a_foreign_one() {
    let beta = Ca::root("Beta");
    let only = trust(vec![bound("beta", &beta, &["dns:*.beta.example"])]);
    let mut leaf = client("spiffe://acme/web").dns("a.beta.example");
    assert_eq!(refused(&beta.issue(&leaf), &only).0, code::FOREIGN_NAME);
    leaf.names = vec![AltName::dns("a.beta.example").expect("a name")];
    assert!(judge(&beta.issue(&leaf), &only).is_ok());
    for foreign in [
        AltName::dns("a.b.beta.example").expect("a name"),
        AltName::dns("beta.example").expect("a name"),
        AltName::dns("a.acme.example").expect("a name"),
        AltName::email("a@beta.example").expect("a name"),
        AltName::ip("10.0.0.1").expect("a name"),
        AltName::uri("https://a.beta.example/").expect("a name"),
    ] {
        leaf.names = vec![AltName::dns("a.beta.example").expect("a name"), foreign.clone()];
        let (code, text) = refused(&beta.issue(&leaf), &only);
        assert_eq!(code, code::FOREIGN_NAME, "{foreign}");
        assert!(text.contains(&foreign.to_string()), "{text}");
    }
}

#[test]
fn each_type_of_name_can_be_vouched_for() {
    let ca = Ca::root("Acme");
    for (pattern, name) in [
        ("uri:spiffe://acme/*", AltName::uri("spiffe://acme/web")),
        ("dns:**.acme.example", AltName::dns("a.b.acme.example")),
        ("email:*@acme.example", AltName::email("ann@acme.example")),
        ("ip:10.0.0.0/8", AltName::ip("10.1.2.3")),
        ("ip:2001:db8::/32", AltName::ip("2001:db8::1")),
        ("any", AltName::ip("10.1.2.3")),
    ] {
        let mut leaf = client("spiffe://acme/web");
        leaf.names = vec![name.expect("a name")];
        let pair = ca.issue(&leaf);
        assert!(
            judge(&pair, &trust(vec![bound("acme", &ca, &[pattern])])).is_ok(),
            "{pattern}"
        );
        assert_eq!(
            refused(&pair, &trust(vec![bound("acme", &ca, &["cn:x"])])).0,
            code::FOREIGN_NAME,
            "{pattern}"
        );
        assert_eq!(
            refused(&pair, &trust(vec![bound("acme", &ca, &[])])).0,
            code::FOREIGN_NAME
        );
    }
}

#[test]
fn a_common_name_is_an_identity_only_where_the_ca_may_vouch_for_it() {
    let root = Forge::ca("Acme").root();
    let leaf = Forge::client("web", vec![uri("spiffe://acme/web")])
        .by(&root)
        .certificate;
    let anchors = Anchors::new(vec![root.certificate.clone()], Timestamp::now()).expect("an anchor");
    let name = |trust: Trust| {
        verify(&[leaf.der().clone()], &trust, Purpose::Client, Timestamp::now())
            .expect("accepted")
            .identity()
            .common_name
    };
    let seen = |names: &[&str]| {
        let names = names.iter().map(|text| text.parse().expect(text)).collect();
        name(trust(vec![TrustedCa::bound("acme", anchors.clone(), names)]))
    };
    assert_eq!(seen(&["uri:spiffe://acme/**"]), None);
    assert_eq!(seen(&["uri:spiffe://acme/**", "cn:somebody"]), None);
    let web = Some("web".to_owned());
    assert_eq!(seen(&["uri:spiffe://acme/**", "cn:web"]), web);
    assert_eq!(seen(&["any"]), web);
    assert_eq!(name(Trust::from(anchors.clone())), web);
}

#[test]
fn two_cas_are_trusted_together_only_with_names_and_a_ca_belongs_to_one() {
    let (acme, beta) = (Ca::root("Acme"), Ca::root("Beta"));
    let unbound = || TrustedCa::for_every_name("beta", anchors(&beta));
    let acme_bound = || bound("acme", &acme, &["uri:spiffe://acme/**"]);
    let refused = Trust::new(vec![acme_bound(), unbound()], 1).expect_err("one of them is not bound");
    assert!(
        matches!(&refused, TrustError::Unbound { ca } if ca == "beta"),
        "{refused}"
    );
    assert!(Trust::new(vec![unbound()], 1).is_ok(), "alone it need not be");
    let twice = Trust::new(vec![acme_bound(), bound("other", &acme, &["any"])], 1).expect_err("twice");
    assert!(
        matches!(&twice, TrustError::Shared { one, other, .. } if one == "acme" && other == "other"),
        "{twice}"
    );
}

#[test]
fn a_chain_holds_as_long_as_its_ca_its_names_and_its_time_do() {
    let (acme, beta) = (Ca::root("Acme"), Ca::root("Beta"));
    let now = Timestamp::now();
    let names = ["uri:spiffe://acme/**"];
    let before = trust(vec![bound("acme", &acme, &names)]);
    let chain = judge(
        &acme.below("Issuing").issue(&client("spiffe://acme/web")),
        &before,
    )
    .expect("good");
    let again = |cas: Vec<TrustedCa>| {
        chain
            .still_holds(&Trust::new(cas, 2).expect("trust"), now)
            .map(|chain| chain.generation())
            .map_err(|refusal| refusal.code(Purpose::Client))
    };
    assert_eq!(again(vec![bound("acme", &acme, &names)]), Ok(2));
    assert_eq!(
        again(vec![bound("beta", &beta, &["any"])]),
        Err(code::UNKNOWN_ISSUER)
    );
    assert_eq!(
        again(vec![bound("acme", &acme, &["uri:spiffe://acme/api/**"])]),
        Err(code::FOREIGN_NAME)
    );
    let late = chain.still_holds(&before, now + SignedDuration::from_hours(25));
    assert_eq!(late.expect_err("expired").code(Purpose::Client), code::EXPIRED);
}

#[test]
fn a_chain_whose_root_left_holds_where_its_issuing_ca_is_trusted_itself() {
    let root = Ca::root("Root");
    let issuing = root.below("Issuing");
    let chain = judge(
        &issuing.issue(&client("spiffe://acme/web")),
        &Trust::from(anchors(&root)),
    )
    .expect("good");
    let now = Timestamp::now();
    assert!(chain.still_holds(&Trust::from(anchors(&issuing)), now).is_ok());
    assert!(chain.still_holds(&Trust::nobody(), now).is_err());
}

#[test]
fn a_client_without_extended_key_usage_is_accepted_unless_its_ca_always_sets_it() {
    let root = Forge::ca("Acme").root();
    let silent = Forge::client("web", vec![uri("spiffe://acme/web")]).without::<ExtendedKeyUsage>();
    let silent = silent.by(&root);
    let anchors = Anchors::new(vec![root.certificate.clone()], Timestamp::now()).expect("an anchor");
    let judge = |usage| {
        let ca = TrustedCa::for_every_name("acme", anchors.clone()).with_client_usage(usage);
        verify(
            &[silent.certificate.der().clone()],
            &trust(vec![ca]),
            Purpose::Client,
            Timestamp::now(),
        )
    };
    assert!(judge(ClientUsage::IfPresent).is_ok());
    let refusal = judge(ClientUsage::Required).expect_err("it does not say what it is for");
    assert_eq!(refusal.code(Purpose::Client), code::WRONG_PURPOSE);
}

#[test]
fn a_kind_of_name_that_no_pattern_is_of_is_foreign() {
    let root = Forge::ca("Beta").root();
    let anchors = Anchors::new(vec![root.certificate.clone()], Timestamp::now()).expect("an anchor");
    let names = vec!["dns:*.beta.example".parse().expect("a pattern")];
    let only = trust(vec![TrustedCa::bound("beta", anchors.clone(), names)]);
    let every: Trust = anchors.into();
    let (good, other) = (dns("a.beta.example"), registered("1.2.3"));
    let judged = |names: Vec<_>, trust: &Trust| {
        let leaf = Forge::client("a", names).by(&root);
        let ders = [leaf.certificate.der().clone()];
        verify(&ders, trust, Purpose::Client, Timestamp::now())
    };
    assert!(judged(vec![good.clone()], &only).is_ok());
    assert!(judged(vec![good.clone(), other.clone()], &every).is_ok());
    let refusal = judged(vec![good, other], &only).expect_err("must be refused");
    assert_eq!(refusal.code(Purpose::Client), code::FOREIGN_NAME);
    assert!(refusal.to_string().contains("registeredID"), "{refusal}");
}
