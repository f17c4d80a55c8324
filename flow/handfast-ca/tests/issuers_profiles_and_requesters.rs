//! Several issuers, profiles of the owner's own, and requesters that may not have everything.

mod place;

use std::fs;

use handfast_ca::{
    AccountId, Applicant, Authority, CertRequest, Error, FileKey, Issuer, OfferedProfile, ProfileRefusal,
    Query, Reason, Requester, RequesterKind, TokenId,
};
use handfast_pki::{
    Certificate, Identity, KeyKind, PrivateKey, Profile, Request, code, lint,
    name::AltName,
    profile::{ID_KP_CLIENT_AUTH, KeyUsage, KeyUsages, NameKind, ProfileRules},
};
use handfast_testkit::{Ca, Leaf, factorable};
use jiff::SignedDuration;

use crate::place::{Scratch, authority, days, now, request};

/// A profile that is like none of the built-in ones.
fn sensor() -> ProfileRules {
    let name = "sensor".parse().expect("a name");
    let mut rules = ProfileRules::end_entity(name, vec![ID_KP_CLIENT_AUTH]);
    rules.key_usage = KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyAgreement);
    rules.lifetime.usual = days(7);
    rules.lifetime.longest = Some(days(14));
    rules.names.kinds = vec![NameKind::Uri];
    rules.names.most = 1;
    rules
}

/// The authority with a second issuing CA, below another root, which signs sensors alone.
fn with_sensors(scratch: &Scratch) -> (Authority, Certificate) {
    let place = scratch.at("sensors");
    let second = authority(&place);
    let pem = fs::read(place.join("issuing.key")).expect("a file");
    let key = handfast_pki::pem::private_key(&pem).expect("a key");
    let rules = sensor();
    let issuer = Issuer::new(
        Box::new(FileKey::new(key)),
        second.chain().to_vec(),
        [rules.name.clone()],
    )
    .expect("an issuer");
    let both = authority(&scratch.at("ca"))
        .with_profile(OfferedProfile::new(
            rules,
            vec![RequesterKind::Owner, RequesterKind::Operator],
        ))
        .with_issuer(issuer)
        .expect("one more issuer");
    (both, second.chain()[0].clone())
}

fn sensor_request(uri: &str) -> CertRequest {
    CertRequest {
        profile: sensor().name,
        names: vec![AltName::uri(uri).expect("a name")],
        ..request(Profile::Client, "a.example")
    }
}

#[test]
fn two_issuers_sign_with_two_profiles_and_lint_compares_with_the_data_of_each() {
    let scratch = Scratch::new();
    let (authority, second) = with_sensors(&scratch);
    let first = authority.chain()[0].clone();
    let of_both = vec![
        (Requester::Owner, request(Profile::Client, "a.example")),
        (Requester::Owner, sensor_request("urn:sensor:1")),
    ];
    let issued: Vec<_> = authority
        .issue_batch(of_both, now())
        .expect("a store")
        .into_iter()
        .map(|answer| answer.expect("issued"))
        .collect();
    let (client, sensor_certificate) = (issued[0].certificate(), issued[1].certificate());
    assert!(client.is_signed_by(&first.public_key()) && !client.is_signed_by(&second.public_key()));
    assert!(sensor_certificate.is_signed_by(&second.public_key()));
    assert_eq!(issued[1].chain()[1], second);
    assert_eq!(sensor_certificate.key_usage(), Some(sensor().key_usage));
    assert_eq!(sensor_certificate.not_after(), now() + days(7));

    let (of_client, of_sensor) = (Profile::Client.rules(), sensor());
    let none: [String; 0] = [];
    assert_eq!(lint::problems(client, &of_client, Some(&first)), none);
    assert_eq!(
        lint::problems(sensor_certificate, &of_sensor, Some(&second)),
        none
    );
    assert_eq!(
        lint::problems(client, &of_sensor, Some(&first)),
        [
            "key usage must follow the profile",
            "the lifetime must be within the profile's",
            "names must be of the profile's types and number, and with a SPIFFE ID exactly one URI",
        ]
    );
    assert_eq!(
        lint::problems(sensor_certificate, &of_client, Some(&second)),
        ["key usage must follow the profile"]
    );
    // The records say who signed what.
    let by = |issuer: &Certificate| {
        let query = Query {
            issuer: Some(handfast_pki::text::hex(&issuer.public_key().key_id())),
            ..Query::default()
        };
        authority.find(&query).expect("a store").rows
    };
    let sensors = by(&second);
    assert_eq!(sensors.len(), 1);
    assert_eq!(sensors[0].serial, sensor_certificate.serial());
}

#[test]
fn what_is_outside_of_a_profile_is_refused_with_the_rule_that_says_no() {
    let scratch = Scratch::new();
    let (authority, _) = with_sensors(&scratch);
    let refused = |request| authority.issue(request, now()).expect_err("refused");
    let one = || sensor_request("urn:sensor:1");
    let other_kind = refused(CertRequest {
        names: vec![AltName::dns("a.example").expect("a name")],
        ..one()
    });
    assert!(
        matches!(
            other_kind,
            Error::Profile(ProfileRefusal::NameKind {
                kind: NameKind::Dns,
                ..
            })
        ),
        "{other_kind}"
    );
    let mut two_names = one();
    two_names
        .names
        .push(AltName::uri("urn:sensor:2").expect("a name"));
    let too_many = refused(two_names);
    assert!(
        matches!(
            too_many,
            Error::Profile(ProfileRefusal::TooManyNames {
                found: 2,
                most: 1,
                ..
            })
        ),
        "{too_many}"
    );
    let too_long = refused(CertRequest {
        lifetime: Some(days(15)),
        ..one()
    });
    assert!(
        matches!(too_long, Error::Profile(ProfileRefusal::Lifetime { .. })),
        "{too_long}"
    );
    let unknown = refused(CertRequest {
        profile: "toaster".parse().expect("a name"),
        ..one()
    });
    assert!(
        matches!(unknown, Error::Profile(ProfileRefusal::Unknown { .. })),
        "{unknown}"
    );
    assert_eq!(unknown.code(), code::OUTSIDE_PROFILE);
    assert!(authority.issue(one(), now()).is_ok());
}

/// An identity as a client certificate with the common name "web" proves it.
fn identity(uri: &str) -> Identity {
    let leaf = Ca::root("Acme").issue(&Leaf::of(Profile::Client, uri));
    Identity {
        common_name: Some("web".into()),
        ..leaf.certificate.identity()
    }
}

/// A certificate request with the common name "web" for `names`, whose signature proves the key.
fn requested(names: Vec<AltName>) -> CertRequest {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let csr = factorable::request(&key);
    CertRequest {
        profile: Profile::Client.into(),
        applicant: Applicant::from_request(&Request::from_der(&csr).expect("a request")),
        names,
        common_name: None,
        lifetime: None,
        roles: Vec::new(),
    }
}

/// Every kind of requester that is not the owner.
fn others() -> Vec<Requester> {
    let web = identity("spiffe://acme/web");
    vec![
        Requester::Operator(web.clone()),
        Requester::Token(TokenId::new("4711").expect("an identifier")),
        Requester::Acme(AccountId::new("a1").expect("an identifier")),
        Requester::Est(web),
    ]
}

fn offered_to(kinds: &[RequesterKind], scratch: &Scratch) -> Authority {
    authority(&scratch.at("ca")).with_profile(OfferedProfile::new(Profile::Client.rules(), kinds.to_vec()))
}

const EVERY_KIND: [RequesterKind; 5] = [
    RequesterKind::Owner,
    RequesterKind::Operator,
    RequesterKind::Token,
    RequesterKind::Acme,
    RequesterKind::Est,
];

fn dns(name: &str) -> AltName {
    AltName::dns(name).expect("a name")
}

fn uri(name: &str) -> AltName {
    AltName::uri(name).expect("a name")
}

#[track_caller]
fn answer(authority: &Authority, requester: &Requester, request: CertRequest) -> Result<(), Error> {
    let answers = authority
        .issue_batch(vec![(requester.clone(), request)], now())
        .expect("a store");
    answers.into_iter().next().expect("one answer").map(|_| ())
}

#[track_caller]
fn may_not(authority: &Authority, requester: &Requester, request: CertRequest) {
    let error = answer(authority, requester, request).expect_err("refused");
    assert!(matches!(error, Error::MayNotAsk { .. }), "{requester}: {error}");
    assert_eq!(error.code(), code::MAY_NOT_ASK);
}

#[test]
fn only_owner_and_operator_may_ask_for_the_built_in_profiles_and_the_journal_says_who_asked() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    for requester in others() {
        let asked = requested(vec![uri("spiffe://acme/web")]);
        if requester.kind() == RequesterKind::Operator {
            answer(&authority, &requester, asked).expect("an operator may");
        } else {
            may_not(&authority, &requester, asked);
        }
    }
    let database = rusqlite::Connection::open(scratch.at("ca/authority.db")).expect("a database");
    let lines = |event: &str, requester: &str| -> i64 {
        let sql = "SELECT count(*) FROM journal WHERE event = ?1 AND requester = ?2";
        database
            .query_row(sql, [event, requester], |row| row.get(0))
            .expect("a number")
    };
    assert_eq!(lines("issued", "operator uri:spiffe://acme/web"), 1);
    assert_eq!(lines("refused", "token 4711"), 1);
    assert_eq!(lines("refused", "acme account a1"), 1);
    assert_eq!(lines("refused", "est client uri:spiffe://acme/web"), 1);
}

#[test]
fn no_requester_but_the_owner_gets_a_ca_whatever_the_profile_says() {
    let scratch = Scratch::new();
    let mut rules = Profile::Intermediate.rules();
    rules.name = "sub-ca".parse().expect("a name");
    let place = scratch.at("ca");
    let chain = authority(&place).chain()[1..].to_vec();
    let pem = fs::read(place.join("root.key")).expect("a file");
    let key = handfast_pki::pem::private_key(&pem).expect("a key");
    let issuer = Issuer::new(Box::new(FileKey::new(key)), chain, [rules.name.clone()]).expect("an issuer");
    let authority = Authority::open(&place)
        .expect("opens")
        .with_profile(OfferedProfile::new(rules.clone(), EVERY_KIND.to_vec()))
        .with_issuer(issuer)
        .expect("one more issuer");
    for requester in others() {
        let asked = CertRequest {
            profile: rules.name.clone(),
            ..requested(Vec::new())
        };
        may_not(&authority, &requester, asked);
    }
}

#[test]
fn an_acme_account_gets_hosts_an_est_client_its_own_names_and_both_prove_their_key() {
    let scratch = Scratch::new();
    let authority = offered_to(&EVERY_KIND, &scratch);
    let all = others();
    let (token, acme, est) = (&all[1], &all[2], &all[3]);
    let web = || uri("spiffe://acme/web");
    answer(&authority, acme, requested(vec![dns("web")])).expect("a host");
    may_not(&authority, acme, requested(vec![dns("web"), web()]));
    may_not(&authority, acme, requested(vec![dns("a.example")]));
    answer(&authority, est, requested(vec![web()])).expect("its own name");
    may_not(&authority, est, requested(vec![web(), dns("web")]));
    may_not(&authority, est, requested(vec![uri("spiffe://acme/admin")]));
    answer(&authority, token, requested(vec![dns("web")])).expect("with a proof of the key");
    for requester in [token, acme, est] {
        let names = if requester.kind() == RequesterKind::Est {
            vec![web()]
        } else {
            vec![dns("web")]
        };
        let unproven = CertRequest {
            names: names.clone(),
            ..request(Profile::Client, "a.example")
        };
        may_not(&authority, requester, unproven);
        let with_common_name = CertRequest {
            common_name: Some("admin".into()),
            ..requested(names)
        };
        may_not(&authority, requester, with_common_name);
    }
}

#[test]
fn one_refusal_in_a_batch_stops_no_other() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let token = Requester::Token(TokenId::new("4711").expect("an identifier"));
    let batch = vec![
        (Requester::Owner, request(Profile::Server, "a.example")),
        (token, requested(vec![dns("b.example")])),
        (Requester::Owner, request(Profile::Server, "c.example")),
    ];
    let answers = authority.issue_batch(batch, now()).expect("a store");
    let names: Vec<_> = answers
        .iter()
        .map(|answer| {
            answer
                .as_ref()
                .map(|issued| issued.certificate().identity().dns.clone())
        })
        .collect();
    assert_eq!(names[0].as_ref().expect("issued"), &["a.example"]);
    assert_eq!(names[1].as_ref().expect_err("refused").code(), code::MAY_NOT_ASK);
    assert_eq!(names[2].as_ref().expect("issued"), &["c.example"]);
}

#[test]
fn only_owner_and_operator_revoke() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    for requester in others() {
        let issued = authority
            .issue(request(Profile::Server, "a.example"), now())
            .expect("issued");
        let serials = [issued.certificate().serial()];
        let outcome = authority.revoke(&serials, Reason::Superseded, &requester, now());
        let row = authority
            .find_serial(&serials[0])
            .expect("a store")
            .expect("a row");
        if requester.kind() == RequesterKind::Operator {
            outcome.expect("an operator may");
            assert!(row.revoked.is_some());
        } else {
            assert_eq!(outcome.expect_err("refused").code(), code::MAY_NOT_ASK);
            assert_eq!(row.revoked, None);
        }
    }
}

#[test]
fn the_journal_cannot_be_broken_by_what_a_requester_is_called() {
    for bad in ["", "a b", "a\nb", "\u{1b}[31m", &"x".repeat(65)] {
        assert!(TokenId::new(bad).is_err(), "{bad:?}");
        assert!(AccountId::new(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_usual_lifetime_is_of_the_profile() {
    let scratch = Scratch::new();
    let (authority, _) = with_sensors(&scratch);
    let issued = authority
        .issue(sensor_request("urn:sensor:1"), now())
        .expect("issued");
    let lasts = issued
        .certificate()
        .not_after()
        .duration_since(issued.certificate().not_before());
    assert_eq!(lasts, days(7) + SignedDuration::from_mins(5));
}
