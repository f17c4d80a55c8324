//! What the CA promises, on real state folders with a clock that the test sets.
//! How it is made, imported and opened again is in `folders_and_imports.rs`.

mod place;

use std::{
    collections::HashSet,
    fs,
    panic::AssertUnwindSafe,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use handfast_ca::{
    Applicant, Authority, CertRequest, FileKey, Issuer, Requester, Signer, SignerError, State, StoreError,
    Tbs,
};
use handfast_pki::{
    Anchors, PrivateKey, Profile, PublicKey, Purpose, Request, Trust, code,
    name::AltName,
    verify::{self, verify},
};
use handfast_testkit::factorable;
use jiff::SignedDuration;

use crate::place::{Scratch, Step, around, authority, days, is_trusted, now, request};

#[test]
fn a_new_authority_issues_leaves_that_are_trusted_for_their_purpose_and_no_other() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let root = authority.root().expect("a root");
    for (profile, server, client) in [
        (Profile::Server, true, false),
        (Profile::Client, false, true),
        (Profile::Peer, true, true),
    ] {
        let issued = authority
            .issue(request(profile, "a.example"), now())
            .expect("issued");
        assert_eq!(
            is_trusted(&issued, root, Purpose::Server, now()),
            server,
            "{profile:?}"
        );
        assert_eq!(
            is_trusted(&issued, root, Purpose::Client, now()),
            client,
            "{profile:?}"
        );
        assert_eq!(issued.certificate().not_after(), now() + days(90));
        assert_eq!(
            issued.certificate().not_before(),
            now() - SignedDuration::from_mins(5)
        );
        let row = authority
            .find_serial(&issued.certificate().serial())
            .expect("a store")
            .expect("a row");
        assert_eq!(
            (row.state, row.der.as_deref()),
            (State::Issued, Some(issued.certificate().der().as_ref()))
        );
        assert_eq!(row.tbs.as_deref(), Some(issued.certificate().tbs_der()));
    }
}

#[test]
fn a_lifetime_beyond_the_issuer_is_refused_and_the_usual_one_is_cut() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let issuer_end = authority.chain()[0].not_after();
    let late = issuer_end - days(10);
    let asked = |lifetime| CertRequest {
        lifetime,
        ..request(Profile::Server, "a.example")
    };
    let cut = authority.issue(asked(None), late).expect("issued");
    assert!(cut.cut_short());
    assert_eq!(cut.certificate().not_after(), issuer_end);
    let short = authority.issue(asked(Some(days(9))), late).expect("issued");
    assert!(!short.cut_short());
    let error = authority
        .issue(asked(Some(days(11))), late)
        .expect_err("too long");
    assert_eq!(error.code(), code::BEYOND_ISSUER);
    let error = authority
        .issue(asked(Some(SignedDuration::ZERO)), late)
        .expect_err("too short");
    assert_eq!(error.code(), code::OUTSIDE_PROFILE);
}

#[test]
fn an_authority_that_has_expired_or_not_begun_signs_nothing() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let end = authority.chain()[0].not_after();
    assert!(
        authority
            .issue(
                request(Profile::Server, "a.example"),
                end - SignedDuration::from_hours(1)
            )
            .is_ok()
    );
    let after = authority
        .issue(request(Profile::Server, "a.example"), end + days(1))
        .expect_err("expired");
    assert_eq!(after.code(), code::EXPIRED);
    let earlier = now() - days(1);
    let behind = authority
        .issue(request(Profile::Server, "a.example"), earlier)
        .expect_err("the clock is behind");
    assert_eq!(behind.code(), code::CLOCK);
    authority
        .accept_clock(&Requester::Owner, earlier)
        .expect("the owner says that it is right");
    let before = authority
        .issue(request(Profile::Server, "a.example"), earlier)
        .expect_err("not begun");
    assert_eq!(before.code(), code::NOT_YET_VALID);
}

#[test]
fn a_request_without_name_for_a_ca_or_with_two_spiffe_ids_is_refused() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let good = request(Profile::Client, "a.example");
    let refused = |request| authority.issue(request, now()).expect_err("refused").code();
    let nameless = CertRequest {
        names: Vec::new(),
        common_name: Some("web".into()),
        ..good.clone()
    };
    assert_eq!(refused(nameless), code::NO_NAMES);
    assert_eq!(
        refused(CertRequest {
            profile: Profile::Intermediate.into(),
            ..good.clone()
        }),
        code::OUTSIDE_PROFILE
    );
    let uri = |text| AltName::uri(text).expect("a URI");
    let two = vec![uri("spiffe://acme/a"), uri("spiffe://acme/b")];
    assert_eq!(
        refused(CertRequest {
            names: two,
            ..good.clone()
        }),
        code::BAD_NAME
    );
    let one = vec![uri("spiffe://acme/a")];
    assert!(
        authority
            .issue(
                CertRequest {
                    names: one,
                    ..good.clone()
                },
                now()
            )
            .is_ok()
    );
    assert!(authority.issue(good, now()).is_ok());
}

#[test]
fn the_authoritys_own_key_is_not_certified_as_a_leaf() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let authority = authority(&place);
    let pem = fs::read(place.join("issuing.key")).expect("a file");
    let key = handfast_pki::pem::private_key(&pem).expect("a key");
    let asked = CertRequest {
        applicant: Applicant::holding(&key),
        ..request(Profile::Server, "a.example")
    };
    assert_eq!(
        authority.issue(asked, now()).expect_err("refused").code(),
        code::CA_AS_LEAF
    );
}

#[test]
fn a_key_whose_primes_anybody_finds_is_not_certified_and_the_refusal_is_all_that_is_recorded() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let requested = |key: &PrivateKey| {
        let csr = Request::from_der(&factorable::request(key)).expect("a request");
        CertRequest {
            applicant: Applicant::from_request(&csr),
            ..request(Profile::Client, "a.example")
        }
    };
    let weak = factorable::close_primes_key();
    let held = CertRequest {
        applicant: Applicant::holding(&weak),
        ..request(Profile::Client, "a.example")
    };
    let before = authority.count().expect("a count");
    for refused in [requested(&weak), held] {
        let error = authority.issue(refused, now()).expect_err("refused");
        assert_eq!(error.code(), code::WEAK_KEY);
        assert!(
            error.to_string().contains("RSA-2048 with two close primes"),
            "{error}"
        );
    }
    assert_eq!(authority.count().expect("a count"), before);
    assert!(authority.issue(requested(&factorable::good_key()), now()).is_ok());
    assert_eq!(authority.count().expect("a count"), before + 1);
}

#[test]
fn many_threads_and_handles_issue_at_once_without_a_double_serial_and_all_is_stored() {
    const HANDLES: usize = 4;
    const EACH: usize = 10;
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let first = authority(&place);
    // Two threads share each handle; every handle has its own connection, as another process would.
    let serials: Vec<String> = thread::scope(|scope| {
        let mut running = Vec::new();
        for _ in 0..HANDLES {
            let authority = std::sync::Arc::new(Authority::open(&place).expect("open"));
            for _ in 0..2 {
                let authority = authority.clone();
                running.push(scope.spawn(move || {
                    let one = || {
                        authority
                            .issue(request(Profile::Server, "a.example"), now())
                            .expect("issued")
                    };
                    (0..EACH)
                        .map(|_| one().certificate().serial())
                        .collect::<Vec<_>>()
                }));
            }
        }
        running
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    assert_eq!(serials.len(), HANDLES * 2 * EACH);
    assert_eq!(serials.iter().collect::<HashSet<_>>().len(), serials.len());
    for serial in &serials {
        assert_eq!(
            first.find_serial(serial).expect("a store").expect("a row").state,
            State::Issued
        );
    }
    // Root and issuing CA walked the same road.
    assert_eq!(first.count().expect("a store"), serials.len() as u64 + 2);
    assert!(first.unfinished(now() + days(1)).expect("a store").is_empty());
}

#[test]
fn a_crash_or_fault_at_any_step_leaves_a_record_and_hands_out_nothing() {
    const BATCH: usize = 3;
    // What the records say afterwards of each certificate of the batch: unfinished, or nothing that could be signed.
    let steps = [
        ("begin", false, 0),
        ("begin", true, BATCH),
        ("finish", false, BATCH),
        ("finish", true, 0),
    ];
    let scratch = Scratch::new();
    for (index, (step, after, unfinished)) in steps.into_iter().enumerate() {
        for dies in [false, true] {
            let place = scratch.at(&format!("{index}-{dies}"));
            let fault = move |at| {
                if at != (step, after) {
                    return Ok(());
                }
                assert!(!dies, "the process dies here");
                Err(StoreError::Other("no space left on device".into()))
            };
            let broken = authority(&place).with_store(|store| around(store, fault));
            let asked = || (Requester::Owner, request(Profile::Server, "a.example"));
            let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
                broken.issue_batch((0..BATCH).map(|_| asked()).collect(), now())
            }));
            match outcome {
                Err(_) => assert!(dies, "{step}"),
                Ok(answer) => assert_eq!(
                    answer.expect_err("nothing is handed out").code(),
                    code::STORE,
                    "{step}"
                ),
            }
            drop(broken);
            let again = Authority::open(&place).expect("reopens");
            let left = again.unfinished(now() + days(1)).expect("a store");
            assert_eq!(left.len(), unfinished, "{step} {after} {dies}");
            for row in left {
                assert_eq!(row.state, State::Planned);
                assert!(
                    row.tbs.is_some_and(|tbs| !tbs.is_empty()),
                    "the exact bytes are known"
                );
            }
            assert!(
                again.issue(request(Profile::Server, "a.example"), now()).is_ok(),
                "and it goes on"
            );
        }
    }
}

/// A key that refuses from the second signature on, as a token does that was taken out.
struct TakenOut {
    key: FileKey,
    signed: Arc<AtomicU32>,
}

impl Signer for TakenOut {
    fn algorithm(&self) -> spki::AlgorithmIdentifierOwned {
        self.key.algorithm()
    }
    fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }
    fn sign(&self, tbs: &Tbs<'_>) -> Result<Vec<u8>, SignerError> {
        if self.signed.fetch_add(1, Ordering::Relaxed) == 0 {
            return self.key.sign(tbs);
        }
        Err(SignerError::Unavailable("the token is gone".into()))
    }
}

#[test]
fn a_key_that_is_out_of_reach_leaves_a_record_and_the_rest_of_the_batch_is_handed_out() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let chain = authority(&place).chain().to_vec();
    let root = chain[1..].to_vec();
    let pem = fs::read(place.join("root.key")).expect("a file");
    let signed = Arc::new(AtomicU32::new(0));
    let token = TakenOut {
        key: FileKey::new(handfast_pki::pem::private_key(&pem).expect("a key")),
        signed: signed.clone(),
    };
    let mut rules = Profile::Client.rules();
    rules.name = "token".parse().expect("a name");
    let issuer = Issuer::new(Box::new(token), root, [rules.name.clone()]).expect("an issuer");
    let authority = Authority::open(&place)
        .expect("opens")
        .with_profile(handfast_ca::OfferedProfile::new(
            rules.clone(),
            vec![handfast_ca::RequesterKind::Owner],
        ))
        .with_issuer(issuer)
        .expect("one more issuer");
    let asked = || {
        let asked = CertRequest {
            profile: rules.name.clone(),
            ..request(Profile::Client, "a.example")
        };
        (Requester::Owner, asked)
    };
    let answers = authority
        .issue_batch(vec![asked(), asked()], now())
        .expect("a store");
    assert!(answers[0].is_ok());
    assert_eq!(answers[1].as_ref().expect_err("no key").code(), code::TOKEN);
    assert_eq!(signed.load(Ordering::Relaxed), 2);
    let left = authority.unfinished(now() + days(1)).expect("a store");
    assert_eq!(left.len(), 1, "what could have been signed is known");
}

#[test]
fn every_request_has_exactly_one_answer_in_the_journal_even_after_a_crash() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let dies = |step: Step| {
        assert!(step != ("finish", true), "the process dies here");
        Ok(())
    };
    let broken = authority(&place).with_store(|store| around(store, dies));
    let crashed = std::panic::catch_unwind(AssertUnwindSafe(|| {
        broken.issue(request(Profile::Server, "a.example"), now())
    }));
    assert!(crashed.is_err());
    let again = Authority::open(&place).expect("reopens");
    again
        .issue(request(Profile::Client, "b.example"), now())
        .expect("issued");
    let nameless = CertRequest {
        names: Vec::new(),
        ..request(Profile::Client, "c.example")
    };
    again.issue(nameless, now()).expect_err("refused");
    drop(again);
    let database = rusqlite::Connection::open(place.join("authority.db")).expect("a database");
    let count = |sql: &str| -> i64 { database.query_row(sql, [], |row| row.get(0)).expect("a number") };
    assert_eq!(
        count("SELECT count(*) FROM certificate WHERE state = 'issued'"),
        4
    );
    for event in ["planned", "issued"] {
        let lines = format!("FROM journal WHERE event = '{event}' AND requester = 'owner'");
        assert_eq!(count(&format!("SELECT count(*) {lines}")), 4, "{event}");
        assert_eq!(
            count(&format!("SELECT count(DISTINCT serial) {lines}")),
            4,
            "{event}"
        );
    }
    assert_eq!(
        count("SELECT count(*) FROM journal WHERE event = 'refused' AND code = 'HF-304'"),
        1
    );
}

#[test]
fn one_place_in_the_crate_calls_sign() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut callers = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("text");
            callers.extend(std::iter::repeat_n(path, text.matches(".sign(").count()));
        }
    }
    callers.sort();
    // One verb calls the issuer, which hands on to its signer, which has the key; and keys to which a CA has delegated.
    let names: Vec<_> = callers.iter().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["issuer.rs", "sign.rs", "sign.rs", "signer.rs"]);
}

#[test]
fn a_host_must_be_among_the_names() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let issued = authority
        .issue(request(Profile::Server, "*.a.example"), now())
        .expect("issued");
    let chain: Vec<_> = issued
        .chain()
        .iter()
        .map(|certificate| certificate.der().clone())
        .collect();
    let anchors = Anchors::new(vec![authority.root().expect("a root").clone()], now()).expect("anchors");
    let chain = verify(&chain, &Trust::from(anchors), Purpose::Server, now()).expect("good");
    let asked = |host: &str| verify::for_host(&chain, &verify::host(host).expect("a host"));
    assert!(asked("b.a.example").is_ok());
    assert_eq!(
        asked("c.b.a.example")
            .expect_err("two labels")
            .code(Purpose::Server),
        code::NAME_MISMATCH
    );
}
