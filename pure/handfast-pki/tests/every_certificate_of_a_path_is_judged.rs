//! RFC 5280 sections 6.1.3 to 6.1.5, rule by rule: on the issuer of the leaf, on a CA further up, and on the anchor
//! where it counts there. Each refusal names the certificate at fault, and the same path without the fault is good.
//!
//! Longer than a file should be, because the rules stand in the order of the RFC and of the table in SECURITY.md.

use der::{
    Encode,
    asn1::{Null, ObjectIdentifier},
};
use handfast_pki::{
    Anchors, Certificate, Code, KeyKind, PrivateKey, Purpose, Refusal, Role, Trust, VerifiedChain, code,
    name::distinguished, verify,
};
use handfast_testkit::forge::{Forge, Forged, dns, email, extension, raw, uri};
use jiff::{SignedDuration, Timestamp};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, NameConstraints, PolicyConstraints,
    constraints::name::GeneralSubtree, name::GeneralName,
};

const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const ANY_PURPOSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const PRIVATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.1");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");

/// What the four certificates of a path shall be: root, upper CA, the leaf's issuer, leaf.
#[derive(Clone)]
struct Cast {
    root: Forge,
    upper: Forge,
    issuing: Forge,
    leaf: Forge,
}

impl Cast {
    fn good() -> Self {
        Self {
            root: Forge::ca("Root"),
            upper: Forge::ca("Upper"),
            issuing: Forge::ca("Issuing"),
            leaf: Forge::client("web", vec![dns("web.acme.example")]),
        }
    }

    fn root(mut self, spoil: impl Fn(Forge) -> Forge) -> Self {
        self.root = spoil(self.root);
        self
    }

    fn upper(mut self, spoil: impl Fn(Forge) -> Forge) -> Self {
        self.upper = spoil(self.upper);
        self
    }

    fn issuing(mut self, spoil: impl Fn(Forge) -> Forge) -> Self {
        self.issuing = spoil(self.issuing);
        self
    }

    fn leaf(mut self, spoil: impl Fn(Forge) -> Forge) -> Self {
        self.leaf = spoil(self.leaf);
        self
    }

    /// What is presented, and what is trusted.
    fn made(&self) -> (Vec<Certificate>, Certificate) {
        let root = self.root.root();
        let upper = self.upper.by(&root);
        let issuing = self.issuing.by(&upper);
        let leaf = self.leaf.by(&issuing);
        (
            vec![leaf.certificate, issuing.certificate, upper.certificate],
            root.certificate,
        )
    }

    fn verdict(&self) -> Result<VerifiedChain, Refusal> {
        let (presented, root) = self.made();
        judge(&presented, &[&root])
    }

    /// The code, whose certificate it is, and the sentence.
    #[track_caller]
    fn refused(&self) -> (Code, Role, String) {
        let refusal = self.verdict().expect_err("must be refused");
        (refusal.code(Purpose::Client), refusal.role(), refusal.to_string())
    }

    #[track_caller]
    fn accepted(&self) {
        if let Err(refusal) = self.verdict() {
            panic!("must be accepted: {refusal}");
        }
    }
}

fn judge(presented: &[Certificate], roots: &[&Certificate]) -> Result<VerifiedChain, Refusal> {
    let ders: Vec<_> = presented.iter().map(|one| one.der().clone()).collect();
    let roots = roots.iter().map(|root| (*root).clone()).collect();
    let trust = Trust::from(Anchors::new(roots, Timestamp::now()).expect("anchors"));
    verify::verify(&ders, &trust, Purpose::Client, Timestamp::now())
}

/// Spoils the leaf's issuer, then the CA above it; both are refused with `code` and named, and the good twin is not.
#[track_caller]
fn refused_on_every_issuer(spoil: impl Fn(Forge) -> Forge, code: Code, says: &str) {
    Cast::good().accepted();
    for (cast, name) in [
        (Cast::good().issuing(&spoil), "CN=Issuing"),
        (Cast::good().upper(&spoil), "CN=Upper"),
    ] {
        let (found, role, text) = cast.refused();
        assert_eq!((found, role), (code, Role::Issuer), "{text}");
        assert!(text.contains(&format!("the CA \"{name}\"")), "{text}");
        assert!(text.contains(says), "{text}");
        assert!(!text.contains("CN=web"), "the leaf is good: {text}");
    }
}

// Section 6.1.3 (a)(1): the signature.

#[test]
fn a_signature_by_another_key_is_said_of_the_certificate_that_carries_it() {
    let cast = Cast::good();
    let (root, again) = (cast.root.root(), cast.root.root());
    let upper = cast.upper.by(&again);
    let issuing = cast.issuing.by(&upper);
    let leaf = cast.leaf.by(&issuing);
    let sent = [leaf.certificate, issuing.certificate, upper.certificate];
    let refusal = judge(&sent, &[&root.certificate]).expect_err("another key");
    assert_eq!(
        refusal,
        Refusal::BadSignature {
            role: Role::Issuer,
            subject: "CN=Upper".into(),
            issuer: "CN=Root".into()
        }
    );
    assert!(judge(&sent, &[&root.certificate, &again.certificate]).is_ok());
}

#[test]
fn two_signature_algorithms_in_one_certificate_are_refused() {
    let other = |forge: Forge| Forge {
        inner_algorithm: Some(AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
            parameters: None,
        }),
        ..forge
    };
    refused_on_every_issuer(other, code::WRONG_FORMAT, "two signature algorithms");
    assert!(Cast::good().leaf(other).refused().2.contains("CN=web"));
}

#[test]
fn a_broken_digest_is_said_of_the_certificate_that_is_signed_with_it() {
    let sha1 = |forge: Forge| Forge {
        algorithm: Some(AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"),
            parameters: None,
        }),
        ..forge
    };
    refused_on_every_issuer(sha1, code::WEAK_KEY, "ecdsa-with-SHA1");
    let (found, role, text) = Cast::good().leaf(sha1).refused();
    assert_eq!((found, role), (code::WEAK_KEY, Role::Leaf), "{text}");
    // Nobody looks at the signature that a trusted root made on itself.
    let md5 = |forge: Forge| Forge {
        algorithm: Some(AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4"),
            parameters: Some(der::Any::encode_from(&Null).expect("NULL")),
        }),
        ..forge
    };
    Cast::good().root(md5).accepted();
}

#[test]
fn a_weak_key_of_a_ca_is_said_of_the_ca() {
    let weak = handfast_testkit::forge::rsa_public(&[0xff; 128], &[1, 0, 1]);
    let cast = Cast::good();
    let root = cast.root.root();
    let upper = cast.upper.for_key(&weak, &root);
    // Whoever signed it, the key above can make no signature that is looked at.
    let posing = Forged {
        certificate: upper.clone(),
        key: PrivateKey::generate(KeyKind::P256).expect("a key").into(),
    };
    let issuing = cast.issuing.by(&posing);
    let leaf = cast.leaf.by(&issuing);
    let sent = [leaf.certificate, issuing.certificate, upper];
    let refusal = judge(&sent, &[&root.certificate]).expect_err("weak");
    assert_eq!(refusal.role(), Role::Issuer, "{refusal}");
    let text = refusal.to_string();
    assert!(
        text.contains("the CA \"CN=Upper\" is too weak: RSA-1024"),
        "{text}"
    );
    let anchor = cast.root.for_key(&weak, &root);
    let below = cast.issuing.by(&Forged {
        certificate: anchor.clone(),
        key: root.key.clone(),
    });
    let leaf = cast.leaf.by(&below);
    let refusal = judge(&[leaf.certificate, below.certificate], &[&anchor]).expect_err("weak");
    assert_eq!(refusal.role(), Role::Anchor, "{refusal}");
    assert!(refusal.to_string().contains("RSA-1024"), "{refusal}");
}

// Section 6.1.3 (a)(2): validity.

#[test]
fn a_ca_that_has_expired_or_is_not_valid_yet_is_named() {
    let day = SignedDuration::from_hours(24);
    let ended = |forge: Forge| Forge {
        not_before: forge.not_before - day * 2,
        not_after: forge.not_before,
        ..forge
    };
    let early = |forge: Forge| Forge {
        not_before: forge.not_after,
        not_after: forge.not_after + day,
        ..forge
    };
    refused_on_every_issuer(ended, code::EXPIRED, "expired at");
    refused_on_every_issuer(early, code::NOT_YET_VALID, "is valid from");
    let (found, role, text) = Cast::good().root(early).refused();
    assert_eq!((found, role), (code::NOT_YET_VALID, Role::Anchor), "{text}");
}

// Section 6.1.3 (a)(4): the issuer's name.

#[test]
fn a_certificate_without_an_issuer_is_refused() {
    let nameless = |forge: Forge| Forge {
        subject: handfast_pki::name::Name::default(),
        ..forge
    };
    let (found, _, text) = Cast::good().issuing(nameless).refused();
    assert_eq!(found, code::WRONG_FORMAT);
    assert!(text.contains("names no issuer"), "{text}");
    Cast::good().accepted();
}

// Section 6.1.3 (b) and (c): name constraints.

fn constraints(permitted: Vec<GeneralName>, excluded: Vec<GeneralName>) -> NameConstraints {
    let subtrees = |names: Vec<GeneralName>| {
        let subtree = |base| GeneralSubtree {
            base,
            minimum: 0,
            maximum: None,
        };
        (!names.is_empty()).then(|| names.into_iter().map(subtree).collect())
    };
    NameConstraints {
        permitted_subtrees: subtrees(permitted),
        excluded_subtrees: subtrees(excluded),
    }
}

fn limited(permitted: &[&str], excluded: &[&str]) -> impl Fn(Forge) -> Forge + use<> {
    let permitted: Vec<_> = permitted.iter().map(|name| dns(name)).collect();
    let excluded: Vec<_> = excluded.iter().map(|name| dns(name)).collect();
    move |forge: Forge| forge.with(extension(true, &constraints(permitted.clone(), excluded.clone())))
}

/// The cast with the constraint on each CA in turn, the anchor among them.
fn constrained(spoil: impl Fn(Forge) -> Forge) -> [(Cast, &'static str); 3] {
    [
        (Cast::good().issuing(&spoil), "CN=Issuing"),
        (Cast::good().upper(&spoil), "CN=Upper"),
        (Cast::good().root(&spoil), "CN=Root"),
    ]
}

#[test]
fn a_name_outside_what_any_ca_may_sign_is_refused_and_the_ca_named() {
    for (cast, ca) in constrained(limited(&["other.example"], &[])) {
        let (found, _, text) = cast.refused();
        assert_eq!(found, code::NAME_CONSTRAINTS);
        assert!(text.contains("CN=web") && text.contains(ca), "{text}");
    }
    for (cast, _) in constrained(limited(&[], &["acme.example"])) {
        assert_eq!(cast.refused().0, code::NAME_CONSTRAINTS);
    }
    for (cast, _) in constrained(limited(&["acme.example"], &["other.example"])) {
        cast.accepted();
    }
}

#[test]
fn a_common_name_that_is_a_host_name_obeys_name_constraints() {
    let called = |common_name: &'static str| {
        move |forge: Forge| Forge {
            subject: distinguished(common_name, None).expect("a name"),
            ..forge
        }
    };
    for (cast, ca) in constrained(limited(&["acme.example"], &["secret.acme.example"])) {
        for outside in [
            "db.other.example",
            "acme.example.evil.example",
            "db.secret.acme.example",
        ] {
            let (found, _, text) = cast.clone().leaf(called(outside)).refused();
            assert_eq!(found, code::NAME_CONSTRAINTS, "{outside}");
            assert!(text.contains(ca), "{text}");
        }
        for inside in ["db.acme.example", "acme.example", "the web team", "web"] {
            cast.clone().leaf(called(inside)).accepted();
        }
    }
}

#[test]
fn an_email_address_in_the_subject_obeys_name_constraints() {
    let with_email = |forge: Forge| Forge {
        subject: "emailAddress=ann@other.example,CN=ann".parse().expect("a name"),
        ..forge
    };
    let limited = |forge: Forge| {
        forge.with(extension(
            true,
            &constraints(vec![email("acme.example")], Vec::new()),
        ))
    };
    for (cast, _) in constrained(limited) {
        assert_eq!(cast.clone().leaf(with_email).refused().0, code::NAME_CONSTRAINTS);
        cast.accepted();
    }
    Cast::good().leaf(with_email).accepted();
}

#[test]
fn limits_of_uris_and_addresses_are_judged_of_a_root_and_refuse_every_such_name_below_it() {
    let with = |name: GeneralName| {
        move |forge: Forge| Forge {
            extensions: Forge::client("web", vec![name.clone()]).extensions,
            ..forge
        }
    };
    let limited = |name: GeneralName| {
        move |forge: Forge| forge.with(extension(true, &constraints(vec![name.clone()], Vec::new())))
    };
    for (inside, outside, base) in [
        (uri("spiffe://acme/web"), uri("spiffe://other/web"), uri("acme")),
        (
            email("ann@acme.example"),
            email("ann@other.example"),
            email("acme.example"),
        ),
    ] {
        for (cast, ca) in constrained(limited(base)) {
            let refused = |name: &GeneralName| cast.clone().leaf(with(name.clone())).refused().0;
            assert_eq!(refused(&outside), code::NAME_CONSTRAINTS, "{ca}");
            if ca == "CN=Root" {
                cast.clone().leaf(with(inside.clone())).accepted();
            } else {
                assert_eq!(refused(&inside), code::NAME_CONSTRAINTS, "{ca}");
            }
            cast.accepted();
        }
        Cast::good().leaf(with(outside)).accepted();
    }
    // A limit on distinguished names refuses everything, for everything has a subject.
    let directory = GeneralName::DirectoryName(
        der::Decode::from_der(&distinguished("Acme", None).expect("a name").der()).expect("a name"),
    );
    for (cast, _) in constrained(limited(directory)) {
        assert_eq!(cast.refused().0, code::NAME_CONSTRAINTS);
    }
}

// Section 6.1.4 (i) and 6.1.5: policies.

#[test]
fn whoever_demands_a_policy_is_refused_critical_or_not() {
    let demands = |critical: bool| {
        move |forge: Forge| {
            let constraints = PolicyConstraints {
                require_explicit_policy: Some(0),
                inhibit_policy_mapping: None,
            };
            forge.with(extension(critical, &constraints))
        }
    };
    refused_on_every_issuer(
        demands(false),
        code::CRITICAL_EXTENSION,
        "demands certificate policies",
    );
    refused_on_every_issuer(demands(true), code::CRITICAL_EXTENSION, "2.5.29.36");
    for critical in [true, false] {
        let (found, role, _) = Cast::good().root(demands(critical)).refused();
        assert_eq!((found, role), (code::CRITICAL_EXTENSION, Role::Anchor));
        assert_eq!(
            Cast::good().leaf(demands(critical)).refused().0,
            code::CRITICAL_EXTENSION
        );
    }
    let demands_nothing = |forge: Forge| {
        let constraints = PolicyConstraints {
            require_explicit_policy: None,
            inhibit_policy_mapping: Some(0),
        };
        forge.with(extension(false, &constraints))
    };
    Cast::good()
        .issuing(demands_nothing)
        .upper(demands_nothing)
        .accepted();
}

#[test]
fn a_critical_inhibit_any_policy_is_refused() {
    let inhibits = |forge: Forge| {
        forge.with(raw(
            ObjectIdentifier::new_unwrap("2.5.29.54"),
            true,
            &0_u8.to_der().expect("a number"),
        ))
    };
    refused_on_every_issuer(inhibits, code::CRITICAL_EXTENSION, "2.5.29.54");
}

// Section 6.1.4 (k): version 3 and basicConstraints.

#[test]
fn a_ca_of_version_1_is_refused_as_an_intermediate() {
    let old = |forge: Forge| Forge { version: 1, ..forge };
    refused_on_every_issuer(old, code::VERSION_1, "X.509 version 1");
    // A root of version 1 is trusted because it was configured, and carries no limits.
    Cast::good().root(old).accepted();
}

#[test]
fn a_ca_that_does_not_say_so_is_refused() {
    let silent = |forge: Forge| forge.without::<BasicConstraints>();
    let denies = |forge: Forge| {
        forge.with(extension(
            true,
            &BasicConstraints {
                ca: false,
                path_len_constraint: None,
            },
        ))
    };
    refused_on_every_issuer(silent, code::NOT_A_CA, "basicConstraints");
    refused_on_every_issuer(denies, code::NOT_A_CA, "basicConstraints");
}

// Section 6.1.4 (l) and (m): path length.

#[test]
fn too_many_cas_below_one_are_refused_and_it_is_named() {
    let none_below = |forge: Forge| forge.path_length(0);
    let one_below = |forge: Forge| forge.path_length(1);
    let (found, role, text) = Cast::good().upper(none_below).refused();
    assert_eq!((found, role), (code::PATH_LENGTH, Role::Issuer));
    assert!(
        text.contains("the CA \"CN=Upper\" allows 0 CAs below it, the chain has 1"),
        "{text}"
    );
    let (found, role, text) = Cast::good().root(one_below).refused();
    assert_eq!((found, role), (code::PATH_LENGTH, Role::Anchor));
    assert!(text.contains("the trusted CA \"CN=Root\" allows 1"), "{text}");
    Cast::good()
        .root(|forge| forge.path_length(2))
        .upper(one_below)
        .issuing(none_below)
        .accepted();
}

#[test]
fn a_ca_that_renews_its_own_key_does_not_count_towards_the_limit_of_an_anchor() {
    let root = Forge::ca("Root").path_length(0).root();
    let again = Forge::ca("Root").by(&root);
    let leaf = Forge::client("web", vec![dns("web.acme.example")]).by(&again);
    let sent = [leaf.certificate, again.certificate.clone()];
    assert!(judge(&sent, &[&root.certificate]).is_ok());
    let other = Forge::ca("Other").by(&root);
    let leaf = Forge::client("web", vec![dns("web.acme.example")]).by(&other);
    let refusal = judge(&[leaf.certificate, other.certificate], &[&root.certificate]).expect_err("too long");
    assert_eq!(refusal.code(Purpose::Client), code::PATH_LENGTH);
}

// Section 6.1.4 (n): key usage.

#[test]
fn a_ca_whose_key_usage_leaves_key_cert_sign_out_is_refused() {
    for usages in [
        KeyUsages::DigitalSignature.into(),
        KeyUsages::CRLSign.into(),
        KeyUsages::DigitalSignature | KeyUsages::CRLSign | KeyUsages::KeyEncipherment,
    ] {
        refused_on_every_issuer(
            |forge| forge.usages(usages),
            code::NOT_A_CA,
            "without keyCertSign",
        );
    }
    // Without the extension nothing is limited (section 4.2.1.3).
    Cast::good()
        .root(|forge| forge.without::<KeyUsage>())
        .upper(|forge| forge.without::<KeyUsage>())
        .issuing(|forge| forge.without::<KeyUsage>())
        .accepted();
    let among_others = KeyUsages::KeyCertSign | KeyUsages::DigitalSignature;
    Cast::good()
        .issuing(|forge| forge.usages(among_others))
        .accepted();
}

#[test]
fn a_trusted_ca_that_may_not_sign_is_no_anchor() {
    let now = Timestamp::now();
    let root = Forge::ca("Root").usages(KeyUsages::CRLSign).root().certificate;
    let refused =
        Anchors::new(vec![Forge::ca("Good").root().certificate, root], now).expect_err("may not sign");
    assert_eq!(refused.code(), code::NOT_A_CA);
    let text = refused.to_string();
    assert!(
        text.contains("CN=Root") && text.contains("without keyCertSign"),
        "{text}"
    );
    let unreadable = Forge::ca("Root")
        .with(raw(KEY_USAGE, true, &[5, 0]))
        .root()
        .certificate;
    let refused = Anchors::new(vec![unreadable], now).expect_err("unreadable");
    assert_eq!(refused.code(), code::NOT_A_CA);
    let silent = Forge::ca("Root").without::<KeyUsage>().root().certificate;
    assert!(Anchors::new(vec![silent], now).is_ok());
}

#[test]
fn a_key_usage_that_cannot_be_read_is_not_the_same_as_none() {
    let spoiled = |forge: Forge| forge.with(raw(KEY_USAGE, true, &[3, 2, 9, 6]));
    refused_on_every_issuer(spoiled, code::NOT_A_CA, "cannot be read");
    let (found, _, text) = Cast::good().leaf(spoiled).refused();
    assert_eq!(found, code::WRONG_FORMAT);
    assert!(text.contains("keyUsage"), "{text}");
}

// Section 4.2.1.12: extended key usage, of the CAs as well.

#[test]
fn a_ca_for_another_purpose_is_refused_and_named() {
    let for_servers = |forge: Forge| forge.with(extension(false, &ExtendedKeyUsage(vec![SERVER_AUTH])));
    refused_on_every_issuer(for_servers, code::WRONG_PURPOSE, "may be used for serverAuth");
    let (found, role, _) = Cast::good().root(for_servers).refused();
    assert_eq!((found, role), (code::WRONG_PURPOSE, Role::Anchor));
    let for_both = |forge: Forge| {
        forge.with(extension(
            false,
            &ExtendedKeyUsage(vec![SERVER_AUTH, CLIENT_AUTH]),
        ))
    };
    Cast::good()
        .root(for_both)
        .upper(for_both)
        .issuing(for_both)
        .accepted();
    let for_any = |forge: Forge| forge.with(extension(false, &ExtendedKeyUsage(vec![ANY_PURPOSE])));
    Cast::good().root(for_any).accepted();
}

// Section 4.2, 6.1.4 (o) and 6.1.5 (f): other extensions.

#[test]
fn a_critical_extension_that_nobody_knows_is_refused_wherever_it_stands() {
    let private = |critical| move |forge: Forge| forge.with(raw(PRIVATE, critical, &[5, 0]));
    refused_on_every_issuer(private(true), code::CRITICAL_EXTENSION, "1.3.6.1.4.1.99999.1");
    let (found, role, _) = Cast::good().root(private(true)).refused();
    assert_eq!((found, role), (code::CRITICAL_EXTENSION, Role::Anchor));
    let (found, role, _) = Cast::good().leaf(private(true)).refused();
    assert_eq!((found, role), (code::CRITICAL_EXTENSION, Role::Leaf));
    Cast::good()
        .root(private(false))
        .upper(private(false))
        .issuing(private(false))
        .leaf(private(false))
        .accepted();
}

#[test]
fn an_extension_that_stands_twice_is_refused() {
    let twice = |forge: Forge| {
        forge
            .and(raw(PRIVATE, false, &[5, 0]))
            .and(raw(PRIVATE, false, &[5, 0]))
    };
    refused_on_every_issuer(twice, code::WRONG_FORMAT, "twice");
    assert_eq!(Cast::good().leaf(twice).refused().0, code::WRONG_FORMAT);
    assert_eq!(Cast::good().root(twice).refused().0, code::WRONG_FORMAT);
    let usage_twice = |forge: Forge| forge.and(extension(true, &KeyUsage(KeyUsages::CRLSign.into())));
    refused_on_every_issuer(usage_twice, code::WRONG_FORMAT, "twice");
}

#[test]
fn unique_identifiers_are_refused() {
    let unique = |forge: Forge| Forge {
        unique_id: true,
        ..forge
    };
    assert_eq!(Cast::good().leaf(unique).refused().0, code::WRONG_FORMAT);
    assert_eq!(Cast::good().issuing(unique).refused().0, code::WRONG_FORMAT);
}

// Path building.

#[test]
fn a_good_path_is_found_beside_one_that_our_rules_alone_refuse() {
    let root = Forge::ca("Root").root();
    let key = std::sync::Arc::new(PrivateKey::generate(KeyKind::P256).expect("a key"));
    let bad = Forge::ca("Issuing")
        .usages(KeyUsages::DigitalSignature)
        .by_of(&root, key.clone());
    let good = Forge::ca("Issuing").by_of(&root, key);
    let leaf = Forge::client("web", vec![dns("web.acme.example")]).by(&good);
    let [leaf, bad, good] = [leaf.certificate, bad.certificate, good.certificate];
    for sent in [
        vec![leaf.clone(), bad.clone(), good.clone()],
        vec![leaf.clone(), good.clone(), bad.clone()],
    ] {
        let verified = judge(&sent, &[&root.certificate]).expect("there is a good path");
        assert_eq!(verified.path()[0], good);
    }
    let refusal = judge(&[leaf, bad], &[&root.certificate]).expect_err("the bad path alone");
    assert_eq!(refusal.code(Purpose::Client), code::NOT_A_CA);
    assert!(refusal.to_string().contains("CN=Issuing"), "{refusal}");
}

#[test]
fn of_two_certificates_of_one_trusted_ca_the_good_one_counts() {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let again = PrivateKey::from_der(key.pkcs8()).expect("the same key");
    let short = Forge::ca("Root").path_length(0).root_of(key);
    let long = Forge::ca("Root").root_of(again);
    let issuing = Forge::ca("Issuing").by(&long);
    let leaf = Forge::client("web", vec![dns("web.acme.example")]).by(&issuing);
    let sent = [leaf.certificate, issuing.certificate];
    for roots in [
        [&short.certificate, &long.certificate],
        [&long.certificate, &short.certificate],
    ] {
        let verified = judge(&sent, &roots).expect("one of them allows it");
        assert_eq!(verified.path().last(), Some(&long.certificate));
    }
    let refusal = judge(&sent, &[&short.certificate]).expect_err("too long");
    assert_eq!(refusal.code(Purpose::Client), code::PATH_LENGTH);
}

/// The codes of the refusal and of everything that stands against it, with `twin` before and behind `real`.
#[track_caller]
fn refused_beside_a_twin(sent: &[Certificate], roots: &[&Certificate], code: Code) {
    let trust = |roots: &[&Certificate]| {
        let roots = roots.iter().map(|root| (*root).clone()).collect();
        Trust::from(Anchors::new(roots, Timestamp::now()).expect("anchors"))
    };
    let refusal = judge(sent, roots).expect_err("must be refused");
    assert_eq!(refusal.code(Purpose::Client), code, "{refusal}");
    let all = verify::faults(sent, &trust(roots), Purpose::Client, Timestamp::now());
    let codes: Vec<Code> = all.iter().map(|fault| fault.code(Purpose::Client)).collect();
    assert_eq!(codes, [code], "{all:?}");
}

#[test]
fn a_trusted_ca_with_the_name_alone_hides_no_fault_below_the_one_that_signed() {
    let elsewhere = limited(&[], &["acme.example"]);
    let old = Forge::ca("Root").root().certificate;
    let real = elsewhere(Forge::ca("Root")).root();
    let leaf = Forge::client("web", vec![dns("web.acme.example")])
        .by(&real)
        .certificate;
    for roots in [[&old, &real.certificate], [&real.certificate, &old]] {
        refused_beside_a_twin(std::slice::from_ref(&leaf), &roots, code::NAME_CONSTRAINTS);
    }
    let other = Forge::client("other", vec![dns("web.other.example")]).by(&real);
    judge(&[other.certificate], &[&old, &real.certificate]).expect("the name is within the limits");
    let refusal = judge(&[leaf], &[&old]).expect_err("the old root alone");
    assert_eq!(refusal.code(Purpose::Client), code::BAD_SIGNATURE);
}

#[test]
fn an_intermediate_with_the_name_alone_hides_no_fault_of_the_one_that_signed() {
    let root = Forge::ca("Root").root();
    let last = Forge::ca("Last").path_length(0).by(&root);
    let real = Forge::ca("Issuing").by(&last);
    let leaf = Forge::client("web", vec![dns("web.acme.example")])
        .by(&real)
        .certificate;
    let above = Forge::ca("Issuing").by(&root);
    let short_leaf = Forge::client("web", vec![dns("web.acme.example")])
        .by(&above)
        .certificate;
    let above = above.certificate;
    let twins = [
        Forge::ca("Issuing").by(&last).certificate,
        Forge::ca("Issuing").by(&root).certificate,
        Forge::ca("Issuing").root().certificate,
    ];
    let (real, last) = (real.certificate, last.certificate);
    for twin in twins {
        for sent in [
            [leaf.clone(), twin.clone(), real.clone(), last.clone()],
            [leaf.clone(), real.clone(), last.clone(), twin.clone()],
        ] {
            refused_beside_a_twin(&sent, &[&root.certificate], code::PATH_LENGTH);
        }
        // Above the limit of length there is nothing against the chain.
        let short = [short_leaf.clone(), twin, above.clone()];
        judge(&short, &[&root.certificate]).expect("one of the two has signed");
    }
}

#[test]
fn all_faults_of_a_path_are_told_at_once() {
    let cast = Cast::good()
        .upper(|forge| forge.usages(KeyUsages::CRLSign))
        .issuing(|forge| forge.with(raw(PRIVATE, true, &[5, 0])));
    let (presented, root) = cast.made();
    let faults = |presented: &[Certificate]| {
        let trust = Trust::from(Anchors::new(vec![root.clone()], Timestamp::now()).expect("an anchor"));
        verify::faults(presented, &trust, Purpose::Client, Timestamp::now())
    };
    let codes: Vec<Code> = faults(&presented)
        .iter()
        .map(|fault| fault.code(Purpose::Client))
        .collect();
    assert_eq!(codes, [code::CRITICAL_EXTENSION, code::NOT_A_CA]);
    let (presented, root) = Cast::good().made();
    let trust = Trust::from(Anchors::new(vec![root], Timestamp::now()).expect("an anchor"));
    assert!(verify::faults(&presented, &trust, Purpose::Client, Timestamp::now()).is_empty());
}
