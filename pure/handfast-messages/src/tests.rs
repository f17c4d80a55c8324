//! Every text of the catalogue and every recorded line comes to its cause; innocent lines come to nothing.

use std::fmt::Write as _;

use handfast_pki::{Code, code};
use proptest::prelude::*;

use super::{TABLES, causes, lines::normal, meaning::Speech, read};

/// One line of `recorded.txt`: the text, and the first cause that is expected of it.
struct Row {
    text: &'static str,
    first: (Code, String, String),
}

fn recorded() -> impl Iterator<Item = Row> {
    let lines = include_str!("recorded.txt").lines();
    let rows = lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    rows.map(|line| {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let [code, side, certainty, text] = words[..] else {
            panic!("not a row: {line}");
        };
        Row {
            text,
            first: (
                Code::parse(code).expect("a code"),
                side.to_owned(),
                certainty.to_owned(),
            ),
        }
    })
}

#[test]
fn every_recorded_text_comes_to_its_cause_first() {
    let mut wrong = String::new();
    for Row { text, first } in recorded() {
        let found = causes(text);
        let found = found.first().map(|first| {
            let (side, certainty) = (first.side.name().to_owned(), first.certainty.name().to_owned());
            (first.code, side, certainty)
        });
        if found.as_ref() != Some(&first) {
            let _ = write!(wrong, "\n{text}\n  expected {first:?}, found {found:?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_code_of_the_catalogue_that_has_a_text_is_recorded() {
    // These show themselves in what happens, not in what is said.
    const SILENT: [Code; 17] = [
        // What we cannot judge or do not do ourselves; others say nothing of it.
        code::CANNOT_VERIFY,
        code::INSTANCES,
        code::MISSING_INTERMEDIATE,
        code::OLD_PROCESS,
        // Said by a proxy of ours alone, whose code is taken at its word.
        code::FOREIGN_NAME,
        code::NOT_ISSUED,
        code::CHAIN_ORDER,
        code::OLD_POOL,
        code::NOT_FORWARDED,
        code::FORGEABLE,
        code::NAME_FORM,
        code::PUBLIC_CAS,
        code::ANY_OF_CA,
        code::LONG_LIVED,
        code::NOT_ALLOWED,
        code::REVOCATION_OFF,
        code::WAY_AROUND,
    ];
    let codes: Vec<Code> = recorded().map(|row| row.first.0).collect();
    let catalogue = code::ALL
        .iter()
        .map(|(code, _)| *code)
        .filter(|code| *code < code::CONFIG_INVALID);
    let missing: Vec<Code> = catalogue
        .filter(|code| !codes.contains(code) && !SILENT.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_stands_around_a_text_does_not_disturb_it() {
    let mut wrong = String::new();
    for Row {
        text,
        first: (code, ..),
    } in recorded()
    {
        let dressed = [
            format!("2026-11-25T03:05:17.123Z web-7f9 \u{1b}[31mERROR\u{1b}[0m {text}\u{1b}[0m"),
            format!("service starts\r\nlistening on :8443\r\n\t{text}\r\n\tat Foo.bar(Foo.java:17)\r\n"),
            text.to_uppercase(),
        ];
        for dressed in dressed {
            if !causes(&dressed).iter().any(|finding| finding.code == code) {
                let _ = write!(wrong, "\n{code} is lost in {dressed}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_name_that_is_the_whole_text_is_known_and_within_another_it_is_not() {
    for (name, code) in [
        ("handshake_failure", code::VAGUE_ALERT),
        ("bad_certificate", code::VAGUE_ALERT),
        ("unknown certificate authority", code::UNKNOWN_ISSUER),
        ("  permission denied\n", code::UNREADABLE),
        ("no application protocol", code::NO_COMMON_ALPN),
    ] {
        assert_eq!(causes(name).first().map(|first| first.code), Some(code), "{name}");
        assert!(causes(&format!("rsync: {name} in /srv")).is_empty(), "{name}");
    }
}

#[test]
fn a_text_that_a_terminal_broke_is_put_together() {
    for broken in [
        "psql: error: SSL error: tlsv1 alert unkn\nown ca",
        "curl: (60) SSL certificate problem: unable to get local issuer\n    certificate",
    ] {
        assert!(!causes(broken).is_empty(), "{broken}");
    }
}

/// What programs say when all is well, and what merely sounds like it.
const INNOCENT: &[&str] = &[
    "Verify return code: 0 (ok)",
    "    Verify return code: 0 (ok)\n    Extended master secret: no\nno client certificate available",
    "No client certificate CA names sent",
    "* TLSv1.3 (IN), TLS handshake, Request CERT (13):",
    "* SSL certificate verify ok.",
    "* TLSv1.3 (OUT), TLS alert, close notify (256):",
    "127.0.0.1 - - [25/Nov/2026:03:01:30 +0000] \"GET / HTTP/1.1\" 200 403",
    "127.0.0.1:41762 [25/Nov/2026:03:02:31.915] f~ b/<NOSRV> 0/-1/-1/-1/0 200 73 - - LR-- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"",
    "[ssl:info] AH02568: Certificate and private key localhost:22004:0 configured from /tmp/server.crt and /tmp/server.key",
    "[ssl:info] AH01914: Configuring server localhost:22004 for SSL protocol",
    "[ssl:warn] AH01873: Init: Session Cache is not configured [hint: SSLSessionCache]",
    "{\"level\":\"debug\",\"logger\":\"tls\",\"msg\":\"stapling OCSP\",\"error\":\"no OCSP stapling for [localhost]: no OCSP server specified in certificate\"}",
    "1795576130: New client connected from 127.0.0.1:47060 as auto-DE7D (p2, c1, k60, u'web').",
    "LOG:  database system is ready to accept connections",
    "- Status: The certificate is trusted.",
    "- Successfully sent 1 certificate(s) to server.",
    "certificate will expire in 30 days",
    "Generating a self-signed certificate for localhost",
    "creating self-signed certificate in /etc/ssl",
    "{\"event\":\"connection\",\"verdict\":\"allowed\",\"code\":null}",
    "alert manager: 3 alerts, none about certificates",
    "unsupported protocol scheme \"\"",
    "the issuer is CN=Acme Root",
    "user 4403 read 421 rows and 116 certificates",
    "SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384",
    "ssl_verify_client on;",
    "tls: server listening on :8443",
    "npm warn deprecated x@1.0.0: no longer supported",
    // JSSE says so of every scheme of its peer that it does not have, in every handshake that goes well.
    "javax.net.ssl|WARNING|10|main|2026-11-30 08:06:08.071 UTC|SignatureScheme.java:446|Unsupported signature scheme: ecdsa_sha224",
    "",
    "   \n\t\n",
];

#[test]
fn innocent_lines_come_to_nothing() {
    let guilty: Vec<String> = INNOCENT
        .iter()
        .filter(|text| !causes(text).is_empty())
        .map(|text| format!("\n{text}: {:?}", causes(text).first().map(|first| first.code)))
        .collect();
    assert!(guilty.is_empty(), "{}", guilty.concat());
}

#[test]
fn a_line_that_says_more_silences_the_vague_ones() {
    let log = "error:0A000086:SSL routines:tls_process_client_certificate:certificate verify failed\n\
               verify error:num=10:certificate has expired\n\
               SSL handshake failure";
    let codes: Vec<Code> = causes(log).iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [code::EXPIRED]);
}

#[test]
fn several_certain_causes_of_one_log_are_all_named() {
    let log = "client SSL certificate verify error: (10:certificate has expired) while\n\
               client SSL certificate verify error: (26:unsuitable certificate purpose) while\n\
               client SSL certificate verify error: (10:certificate has expired) while";
    let reading = read(log);
    let codes: Vec<Code> = reading.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [code::EXPIRED, code::WRONG_PURPOSE]);
    assert_eq!(
        reading.said.iter().map(|said| said.line).collect::<Vec<_>>(),
        [1, 2]
    );
    assert!(
        reading
            .said
            .iter()
            .all(|said| said.program == "nginx" && said.role == Some("server"))
    );
}

#[test]
fn a_text_that_both_sides_say_names_the_test_that_tells_them_apart() {
    let reading = read("x509: certificate signed by unknown authority");
    let codes: Vec<Code> = reading.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes.first(), Some(&code::SERVER_UNTRUSTED));
    assert!(codes.contains(&code::UNKNOWN_ISSUER));
    assert!(
        reading
            .tests
            .iter()
            .any(|test| test.what.contains("client, or of the server"))
    );
    assert!(
        reading
            .tests
            .iter()
            .any(|test| test.command.as_deref() == Some("handfast doctor HOST:PORT --ca ca.crt"))
    );
}

#[test]
fn what_is_certain_needs_no_test() {
    assert!(read("verify error:num=23:certificate revoked").tests.is_empty());
}

#[test]
fn a_command_names_the_place_that_failed() {
    let found = causes("Get \"https://api.acme:8443/\": x509: certificate signed by unknown authority");
    let command = found.first().and_then(|first| first.command.clone());
    assert_eq!(
        command.as_deref(),
        Some("handfast doctor api.acme:8443 --ca ca.crt")
    );
}

#[test]
fn foreign_text_is_repeated_without_its_control_characters() {
    let found = causes("tlsv1 alert unknown ca \u{7}\u{202e}\u{9b}31m");
    let because = &found.first().expect("a finding").because;
    assert!(
        because.chars().all(|c| !c.is_control() && c != '\u{202e}'),
        "{because}"
    );
}

#[test]
fn every_pattern_is_in_normal_form_and_has_causes() {
    for pattern in TABLES.into_iter().flatten() {
        let mut fragments = pattern.fragments().peekable();
        assert!(fragments.peek().is_some(), "{pattern:?}");
        for fragment in fragments {
            assert_eq!(fragment, normal(fragment));
            assert!(fragment.len() > 2, "{fragment:?} is found everywhere");
        }
        assert!(pattern.meaning.every_cause().next().is_some(), "{pattern:?}");
        if let Speech::By(side) = pattern.meaning.speech {
            assert_eq!(
                pattern.meaning.otherwise_or(handfast_finding::Refuser::Network),
                side,
                "{pattern:?}"
            );
        }
    }
}

#[test]
fn what_is_said_about_a_cause_has_no_full_stop() {
    for cause in TABLES
        .into_iter()
        .flatten()
        .flat_map(|pattern| pattern.meaning.every_cause().collect::<Vec<_>>())
    {
        assert!(!cause.why.ends_with('.'), "{}", cause.why);
    }
}

#[test]
fn a_large_log_is_read_in_no_time() {
    let log = "2026-11-25 03:07:27 UTC [1] LOG:  nothing of interest happened here at all\n".repeat(13_000);
    let begun = std::time::Instant::now();
    assert!(causes(&format!("{log}verify error:num=23:certificate revoked")).len() == 1);
    assert!(
        begun.elapsed() < std::time::Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|(.|\n|\u{1b}\\[|tlsv1 alert unknown ca|https://|host='|\\[HF-10\\]|\"HF-){0,40}") {
        let reading = read(&text);
        prop_assert_eq!(reading.said.is_empty(), reading.findings.is_empty());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&super::decode(&bytes));
    }
}
