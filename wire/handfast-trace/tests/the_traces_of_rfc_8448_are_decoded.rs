//! The five handshakes that RFC 8448 spells out, records and secrets, as our decoder reads them.

use std::time::Duration;

use handfast_trace::{Chunk, Kind, Message, Said, Secrets, Side, decode};

/// The records of `text` with the secrets after them, decoded; `piece` is how many bytes come at a time.
fn decoded(text: &str, secrets: &Secrets, piece: usize) -> Vec<Message> {
    let mut chunks = Vec::new();
    for line in text.lines() {
        let (from, hex) = match line.split_once(' ') {
            Some(("client", hex)) => (Side::Client, hex),
            Some(("server", hex)) => (Side::Server, hex),
            _ => continue,
        };
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
            .collect();
        chunks.extend(bytes.chunks(piece).map(|bytes| Chunk {
            at: Duration::ZERO,
            from,
            bytes: bytes.to_vec(),
        }));
    }
    decode(&chunks, secrets)
}

fn names(messages: &[Message]) -> String {
    let one = |message: &Message| {
        let from = if message.from == Side::Client { '>' } else { '<' };
        format!("{from}{}", message.kind.name())
    };
    messages.iter().map(one).collect::<Vec<_>>().join(" ")
}

const SIMPLE: &str = include_str!("rfc8448/simple.txt");
const EARLY: &str = include_str!("rfc8448/resumed_with_early_data.txt");
const RETRY: &str = include_str!("rfc8448/retry.txt");
const CLIENT: &str = include_str!("rfc8448/client_authentication.txt");
const COMPATIBLE: &str = include_str!("rfc8448/compatibility.txt");

const FLIGHT: &str = "<ServerHello <EncryptedExtensions <Certificate <CertificateVerify <Finished";

#[test]
fn every_message_of_every_trace_is_found_in_order_however_it_is_cut() {
    let expected = [
        (
            SIMPLE,
            format!(
                ">ClientHello {FLIGHT} >Finished <NewSessionTicket >application data <application data >Alert \
                 close_notify <Alert close_notify"
            ),
        ),
        (
            EARLY,
            ">ClientHello >application data <ServerHello <EncryptedExtensions <Finished >EndOfEarlyData \
             >Finished >application data <application data >Alert close_notify <Alert close_notify"
                .to_owned(),
        ),
        (
            RETRY,
            format!(
                ">ClientHello <HelloRetryRequest >ClientHello {FLIGHT} >Finished >Alert close_notify <Alert \
                 close_notify"
            ),
        ),
        (
            CLIENT,
            ">ClientHello <ServerHello <EncryptedExtensions <CertificateRequest <Certificate \
             <CertificateVerify <Finished >Certificate >CertificateVerify >Finished >Alert close_notify <Alert \
             close_notify"
                .to_owned(),
        ),
        (
            COMPATIBLE,
            format!(
                ">ClientHello {} >ChangeCipherSpec >Finished >Alert close_notify <Alert close_notify",
                FLIGHT.replace("<ServerHello", "<ServerHello <ChangeCipherSpec")
            ),
        ),
    ];
    for (text, names_in_order) in expected {
        for piece in [1, 7, 100_000] {
            let messages = decoded(text, &Secrets::from_key_log(text), piece);
            assert_eq!(
                names(&messages),
                names_in_order,
                "{} in pieces of {piece}",
                text.lines().next().unwrap_or_default()
            );
        }
    }
}

#[test]
fn without_the_secrets_nothing_encrypted_is_guessed() {
    for text in [SIMPLE, CLIENT] {
        let messages = decoded(text, &Secrets::default(), 100_000);
        assert!(
            messages[2..]
                .iter()
                .all(|message| message.kind == Kind::ApplicationData),
            "{}",
            names(&messages)
        );
        // A secret of another connection opens nothing, either.
        let other = Secrets::from_key_log(COMPATIBLE);
        assert_eq!(names(&decoded(text, &other, 100_000)), names(&messages));
    }
}

#[test]
fn what_the_hellos_say_is_what_the_rfc_prints() {
    let messages = decoded(SIMPLE, &Secrets::from_key_log(SIMPLE), 100_000);
    let hello = messages[0].client_hello().expect("a ClientHello");
    assert_eq!(hello.server_name().as_deref(), Some("server"));
    assert_eq!(hello.suites, [0x1301, 0x1303, 0x1302]);
    assert_eq!(hello.versions(), [0x0304]);
    assert_eq!(hello.key_shares(), [(0x001d, 32)]);
    assert_eq!(hello.groups(), [29, 23, 24, 25, 256, 257, 258, 259, 260]);
    assert_eq!(hello.schemes().len(), 15);
    assert!(
        hello.offers_resumption()
            == messages[1]
                .server_hello()
                .is_some_and(|hello| hello.is_resumption())
    );
    let chosen = messages[1].server_hello().expect("a ServerHello");
    assert_eq!(
        (chosen.version(), chosen.suite, chosen.group()),
        (0x0304, 0x1301, Some(0x001d))
    );
    let early = decoded(EARLY, &Secrets::from_key_log(EARLY), 100_000);
    assert!(
        early[0]
            .client_hello()
            .expect("a ClientHello")
            .offers_resumption()
    );
    assert!(early[2].server_hello().expect("a ServerHello").is_resumption());
}

#[test]
fn the_request_and_both_chains_of_client_authentication_are_read() {
    let messages = decoded(CLIENT, &Secrets::from_key_log(CLIENT), 100_000);
    let of = |kind: &Kind, from: Side| {
        messages
            .iter()
            .find(|message| message.kind == *kind && message.from == from)
            .expect("sent")
    };
    let Said::CertificateRequest(request) = &of(&Kind::CertificateRequest, Side::Server).said else {
        panic!("no request");
    };
    assert!(request.issuers.is_empty() && !request.is_late);
    assert!(request.schemes.contains(&0x0804), "{:?}", request.schemes);
    let chain = |from| of(&Kind::Certificate, from).certificates();
    assert_eq!(chain(Side::Server)[0].called(), "CN=ecdsa256");
    assert_eq!(chain(Side::Client)[0].called(), "CN=client");
    let scheme = |from| of(&Kind::CertificateVerify, from).said.clone();
    assert_eq!(scheme(Side::Client), Said::Signature(Some(0x0804)));
}
