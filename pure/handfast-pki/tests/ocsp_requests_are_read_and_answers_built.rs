//! OCSP: what is refused of a request, and what an answer repeats. Whether others read the answers is tested with them.

use handfast_pki::{
    Profile, code,
    ocsp::{self, CertId, Plan, Refused, Request, Status},
};
use handfast_testkit::{Ca, Leaf};
use jiff::{SignedDuration, Timestamp};

/// DER of one value, shorter than 64 KiB.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).expect("short");
    let mut out = vec![tag];
    match length {
        0..=0x7f => out.push(length as u8),
        0x80..=0xff => out.extend([0x81, length as u8]),
        _ => {
            out.push(0x82);
            out.extend(length.to_be_bytes());
        }
    }
    out.extend(content);
    out
}

/// The certificate's identifier as clients write it, with SHA-1.
fn cert_id(ca: &Ca, serial: &[u8]) -> Vec<u8> {
    let now = Timestamp::now();
    let plan = Plan {
        signer: &ca.certificate,
        this_update: now,
        next_update: now,
        nonce: None,
    };
    // The identifier of an answer is that of the request.
    let tbs =
        ocsp::to_be_signed(&plan, &[(CertId::of(&ca.certificate, serial), Status::Good)]).expect("built");
    let id: &[u8] = &[0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0];
    let at = tbs
        .windows(id.len())
        .position(|window| window == id)
        .expect("SHA-1");
    // The header before it has two octets.
    let length = usize::from(tbs[at - 1]);
    tbs[at - 2..at + length].to_vec()
}

const NONCE: &[u8] = &[6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2];

fn nonce(octets: &[u8]) -> Vec<u8> {
    tlv(0x30, &[NONCE, &tlv(4, &[&tlv(4, &[octets])])])
}

fn request(ids: &[&[u8]], extensions: &[&[u8]]) -> Vec<u8> {
    let list: Vec<_> = ids.iter().map(|id| tlv(0x30, &[id])).collect();
    let list: Vec<&[u8]> = list.iter().map(Vec::as_slice).collect();
    let mut parts = tlv(0x30, &list);
    if !extensions.is_empty() {
        parts.extend(tlv(0xa2, &[&tlv(0x30, extensions)]));
    }
    tlv(0x30, &[&tlv(0x30, &[&parts])])
}

#[test]
fn a_request_says_what_is_asked_for_and_with_which_nonce() {
    let (ca, other) = (Ca::root("Acme"), Ca::root("Acme"));
    let id = cert_id(&ca, &[0x2f; 20]);
    let read = Request::from_der(&request(&[&id], &[])).expect("a request");
    assert_eq!((read.asked.len(), read.nonce), (1, None));
    assert_eq!(read.asked[0].serial(), [0x2f; 20]);
    assert!(read.asked[0].is_of(&ca.certificate));
    assert!(
        !read.asked[0].is_of(&other.certificate),
        "the same name and another key"
    );
    for length in [1, 16, 32, 128] {
        let octets = vec![7; length];
        let read = Request::from_der(&request(&[&id, &id], &[&nonce(&octets)])).expect("a request");
        assert_eq!((read.asked.len(), read.nonce), (2, Some(octets)));
    }
}

#[test]
fn a_request_that_breaks_a_rule_is_malformed() {
    let id = cert_id(&Ca::root("Acme"), &[1]);
    let good = request(&[&id], &[&nonce(&[7; 32])]);
    assert!(Request::from_der(&good).is_ok());
    let critical = tlv(0x30, &[&[6, 3, 0x2a, 3, 4], &[1, 1, 0xff], &tlv(4, &[])]);
    let ignored = tlv(0x30, &[&[6, 3, 0x2a, 3, 4], &tlv(4, &[])]);
    assert!(Request::from_der(&request(&[&id], &[&ignored])).is_ok());
    let many = vec![&id[..]; 101];
    for (bad, why) in [
        (request(&[], &[]), "nothing asked"),
        (request(&many, &[]), "too many"),
        (request(&[&id], &[&nonce(&[])]), "an empty nonce"),
        (request(&[&id], &[&nonce(&[7; 129])]), "a nonce that is too long"),
        (
            request(&[&id], &[&nonce(&[7; 32]), &nonce(&[7; 32])]),
            "two nonces",
        ),
        (request(&[&id], &[&critical]), "an unknown critical extension"),
        (
            request(&[&cert_id(&Ca::root("Acme"), &[1; 41])], &[]),
            "a serial number of 41 octets",
        ),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "no DER"),
    ] {
        assert_eq!(Request::from_der(&bad), Err(Refused::Malformed), "{why}");
    }
    for length in 0..good.len() {
        assert_eq!(
            Request::from_der(&good[..length]),
            Err(Refused::Malformed),
            "cut at {length}"
        );
    }
}

#[test]
fn a_refusal_is_its_status_and_nothing_else() {
    for (refused, status) in [
        (Refused::Malformed, 1),
        (Refused::Internal, 2),
        (Refused::Later, 3),
        (Refused::Unauthorized, 6),
    ] {
        assert_eq!(ocsp::refusal(refused), [0x30, 3, 0x0a, 1, status]);
    }
}

#[test]
fn only_the_ca_and_whom_it_has_certified_for_it_may_answer() {
    let (ca, now) = (Ca::root("Acme"), Timestamp::now());
    assert_eq!(
        ocsp::may_answer_for(&ca.certificate, &ca.certificate, now),
        Ok(())
    );
    let leaf = ca.issue(&Leaf::of(Profile::Client, "spiffe://acme/web"));
    let refused = ocsp::may_answer_for(&leaf.certificate, &ca.certificate, now).expect_err("a leaf");
    assert_eq!(refused.0, code::WRONG_PURPOSE);
    assert!(refused.1.contains("OCSPSigning"), "{refused:?}");
    let mut rules = Profile::Server.rules();
    rules.extended_key_usage = vec![ocsp::OCSP_SIGNING];
    let hour = SignedDuration::from_hours(1);
    let signer = ca.issue_by(
        &rules,
        &Leaf::of(Profile::Server, "spiffe://acme/ocsp").valid(now - hour, now + hour),
    );
    assert_eq!(
        ocsp::may_answer_for(&signer.certificate, &ca.certificate, now),
        Ok(())
    );
    let late = ocsp::may_answer_for(&signer.certificate, &ca.certificate, now + hour + hour);
    assert_eq!(late.expect_err("expired").0, code::EXPIRED);
    let early = ocsp::may_answer_for(&signer.certificate, &ca.certificate, now - hour - hour);
    assert_eq!(early.expect_err("not valid yet").0, code::NOT_YET_VALID);
    let other = Ca::root("Acme");
    let refused =
        ocsp::may_answer_for(&signer.certificate, &other.certificate, now).expect_err("another key");
    assert_eq!(refused.0, code::UNKNOWN_ISSUER);
    assert!(refused.1.contains("has not issued it"), "{refused:?}");
}
