//! Captures of real conversations of OpenSSL: what the doctor decodes is what tshark decodes.
//!
//! dumpcap has to be allowed to capture on the loopback interface: as root, or in the group of Wireshark.

mod program;

#[path = "doctor_pcap/capture.rs"]
mod capture;
#[path = "doctor_pcap/sequence.rs"]
mod sequence;

use capture::Scene;
use program::{Place, Ran, pki};
use serde_json::Value;

/// The usual cast, and what both sides of a conversation of this kind did.
fn scene(version: &str, client: &str) -> (Place, Scene) {
    let place = Place::new();
    pki::cast(&place);
    let scene = capture::scene(&place, version, client);
    (place, scene)
}

#[track_caller]
fn codes(json: &Value) -> Vec<&str> {
    let findings = json["findings"].as_array().expect("findings");
    findings
        .iter()
        .map(|finding| finding["code"].as_str().expect("a code"))
        .collect()
}

/// Both decoders on the same file, and what the doctor said.
#[track_caller]
fn compared(place: &Place, scene: &Scene) -> Ran {
    let ran = place.run("doctor pcap capture.pcapng --keylog keys.log --json");
    let ours = sequence::ours(&ran.json());
    let theirs = sequence::theirs(place, "capture.pcapng", "keys.log", scene.port);
    assert!(!theirs.is_empty(), "tshark saw nothing");
    assert_eq!(ours, theirs);
    ran
}

#[track_caller]
fn assert_has(said: &[String], start: &str) {
    assert!(
        said.iter().any(|line| line.starts_with(start)),
        "no \"{start}\" in {said:#?}"
    );
}

#[test]
fn an_accepted_client_in_tls_1_3_is_decoded_as_tshark_does() {
    let (place, scene) = scene("-tls1_3", "web");
    let ran = compared(&place, &scene).good();
    let said = sequence::ours(&ran.json());
    assert_has(&said, "client ClientHello sni=localhost alpn=h2,http/1.1");
    assert_has(&said, "server ServerHello TLS_AES_256_GCM_SHA384");
    assert_has(&said, "server CertificateRequest");
    assert_has(&said, "client Certificate 2 ");
    assert_has(&said, "client CertificateVerify");
    assert_eq!(codes(&ran.json()), [""; 0]);
}

#[test]
fn an_accepted_client_in_tls_1_2_is_decoded_as_tshark_does() {
    let (place, scene) = scene("-tls1_2", "web");
    let ran = compared(&place, &scene).good();
    let said = sequence::ours(&ran.json());
    assert_has(&said, "server ServerHelloDone");
    assert_has(&said, "client Certificate 2 ");
    // Under the key of the key log.
    assert_has(&said, "server Finished");
    assert_eq!(codes(&ran.json()), [""; 0]);
}

#[test]
fn a_refused_client_in_tls_1_3_is_decoded_as_tshark_does() {
    let (place, scene) = scene("-tls1_3", "stranger");
    let ran = compared(&place, &scene);
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let said = sequence::ours(&ran.json());
    assert_has(&said, "server Alert 48");
    assert_eq!(codes(&ran.json()).first(), Some(&"HF-103"), "{ran:#?}");
    assert_eq!(ran.json()["findings"][0]["side"], "server");
}

#[test]
fn a_refused_client_in_tls_1_2_is_decoded_as_tshark_does() {
    let (place, scene) = scene("-tls1_2", "stranger");
    let ran = compared(&place, &scene);
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let said = sequence::ours(&ran.json());
    assert_has(&said, "server Alert 48");
    assert_eq!(codes(&ran.json()).first(), Some(&"HF-103"), "{ran:#?}");
}

#[test]
fn a_capture_that_carries_its_key_log_needs_no_other() {
    let (place, _) = scene("-tls1_3", "stranger");
    place
        .shell("editcap --inject-secrets tls,keys.log capture.pcapng with.pcapng")
        .good();
    let without = place.run("doctor pcap capture.pcapng --json");
    let with = place.run("doctor pcap with.pcapng --json");
    assert_has(&sequence::ours(&with.json()), "server Alert 48");
    assert_eq!(with.json()["trace"], given(&place)["trace"]);
    let locked = sequence::ours(&without.json());
    assert!(!locked.iter().any(|line| line.contains("Alert")), "{locked:#?}");
}

/// The report with the key log beside the capture.
fn given(place: &Place) -> Value {
    place
        .run("doctor pcap capture.pcapng --keylog keys.log --json")
        .json()
}

#[test]
fn the_older_format_and_a_file_without_a_handshake_of_tcp_are_read_too() {
    let (place, scene) = scene("-tls1_2", "stranger");
    let whole = sequence::ours(&given(&place));
    // The first packets are those in which TCP finds its numbers.
    let line = format!(
        "tshark -r capture.pcapng -Y 'tcp.len > 0 and tcp.port == {}' -F pcap -w bare.pcap",
        scene.port
    );
    place.shell(&line).good();
    let bare = place.run("doctor pcap bare.pcap --keylog keys.log --json");
    assert_eq!(sequence::ours(&bare.json()), whole);
}

#[test]
fn without_a_key_log_it_is_said_what_cannot_be_seen_and_a_refusal_is_only_suspected() {
    let (place, _) = scene("-tls1_3", "stranger");
    let ran = place.run("doctor pcap capture.pcapng --json");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let json = ran.json();
    let note = json["notes"]["encrypted"].as_str().expect("a note");
    assert!(note.contains("--keylog"), "{note}");
    assert_eq!(codes(&json), ["HF-216"]);
    assert_ne!(json["findings"][0]["certainty"], "certain", "{json:#}");
    let read = given(&place);
    assert_eq!(
        read["notes"]["encrypted"],
        Value::Null,
        "with a key log it is open"
    );
    assert_eq!(read["findings"][0]["certainty"], "certain");
}

#[test]
fn an_accepted_client_is_not_suspected_of_a_refusal_without_a_key_log() {
    let (place, _) = scene("-tls1_3", "web");
    let ran = place.run("doctor pcap capture.pcapng --json").good();
    assert!(ran.json()["notes"]["encrypted"].is_string(), "{ran:#?}");
}

#[test]
fn a_capture_that_breaks_off_is_read_as_far_as_it_goes_and_is_no_success() {
    let (place, _) = scene("-tls1_2", "web");
    let bytes = std::fs::read(place.path("capture.pcapng")).expect("a capture");
    let whole = place
        .run("doctor pcap capture.pcapng --keylog keys.log --json")
        .good()
        .json();
    assert_eq!(whole["notes"]["unfinished"], Value::Null, "{whole:#}");
    let messages = sequence::ours(&whole);
    // In the middle of the packet with the client's certificate.
    let serial = whole["trace"]
        .as_array()
        .expect("a trace")
        .iter()
        .find(|message| message["from"] == "client" && message["message"] == "Certificate")
        .expect("the client's")["certificates"][0]["serial"]
        .as_str()
        .expect("a serial")
        .to_owned();
    let serial: Vec<u8> = (0..serial.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&serial[at..at + 2], 16).expect("hex"))
        .collect();
    let cut = bytes
        .windows(serial.len())
        .position(|window| window == serial)
        .expect("TLS 1.2 sends certificates in the clear");
    place.write("cut.pcapng", &bytes[..cut]);
    let ran = place.run("doctor pcap cut.pcapng --keylog keys.log --json");
    assert_eq!(ran.exit, 3, "{ran:#?}");
    let json = ran.json();
    assert!(json["notes"]["unfinished"].is_string(), "{json:#}");
    assert_eq!(codes(&json), [""; 0]);
    let read = sequence::ours(&json);
    assert_has(&read, "server ServerHelloDone");
    assert!(messages.starts_with(&read), "{read:#?} of {messages:#?}");
}

#[test]
fn from_packets_that_were_cut_short_nothing_is_concluded() {
    let (place, _) = scene("-tls1_2", "stranger");
    place.shell("editcap -s 200 capture.pcapng short.pcapng").good();
    let ran = place.run("doctor pcap short.pcapng --keylog keys.log --json");
    assert_eq!(ran.exit, 3, "{ran:#?}");
    let json = ran.json();
    let note = &json["notes"]["gaps"];
    assert!(
        note.as_str().is_some_and(|note| note.contains("missing")),
        "{json:#}"
    );
    assert_eq!(codes(&json), [""; 0]);
    let whole = given(&place);
    assert_eq!(codes(&whole).first(), Some(&"HF-103"));
    assert_eq!(
        whole["notes"]["gaps"],
        Value::Null,
        "nothing is missing in the whole"
    );
}

#[test]
fn a_capture_that_begins_in_the_middle_blames_nobody() {
    let (place, scene) = scene("-tls1_2", "web");
    // From the client's last words on.
    let line = format!(
        "tshark -r capture.pcapng -d tcp.port=={},tls -Y 'tls.record.content_type == 23' -w late.pcapng",
        scene.port
    );
    place.shell(&line).good();
    let ran = place.run("doctor pcap late.pcapng --json");
    assert_eq!(ran.exit, 3, "{ran:#?}");
    let json = ran.json();
    assert!(json["notes"]["begins late"].is_string(), "{json:#}");
    assert_eq!(codes(&json), [""; 0]);
    let whole = place.run("doctor pcap capture.pcapng --json").good().json();
    assert_eq!(whole["notes"]["begins late"], Value::Null);
}

#[test]
fn a_file_that_is_no_capture_is_a_misuse() {
    let place = Place::new();
    place.write("notes.txt", "this is no capture\n");
    let ran = place.run("doctor pcap notes.txt");
    let ran = ran.refused(2, "HF-409");
    assert!(ran.stderr.contains("pcap"), "{ran:#?}");
    place.write("empty.pcap", "");
    place.run("doctor pcap empty.pcap").refused(2, "HF-409");
}

#[test]
fn a_capture_without_tls_finds_nothing_out() {
    let place = Place::new();
    capture::plain_words(&place);
    place.run("doctor pcap capture.pcapng").refused(3, "HF-501");
}
