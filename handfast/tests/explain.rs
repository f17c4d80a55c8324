//! What `handfast explain` says about a code, an error text, nothing, and what is neither.

mod program;

use program::Place;

#[test]
fn a_code_in_every_spelling_shows_its_page() {
    let place = Place::new();
    for spelling in ["HF-103", "hf-103", "103"] {
        let ran = place.run(&format!("explain {spelling}")).good();
        let first = "HF-103: the certificate's issuer is not among those trusted";
        assert_eq!(ran.stdout.lines().next(), Some(first), "{spelling}");
        for part in ["Who refused:", "What you see:", "How to check:", "Fix:"] {
            assert!(ran.stdout.contains(part), "{part}: {ran:#?}");
        }
    }
}

#[test]
fn a_page_is_text_for_a_terminal_and_no_markdown() {
    let place = Place::new();
    for (code, _) in handfast_pki::code::ALL {
        let ran = place.run(&format!("explain {code}")).good();
        for line in ran.stdout.lines() {
            let is_code = line.starts_with("    ");
            assert!(
                is_code || !(line.contains("](") || line.contains("**") || line.contains("```")),
                "{code}: {line}"
            );
            let words = line.split_whitespace().count();
            assert!(
                is_code || line.chars().count() <= 100 || words <= 2,
                "{code}: {line}"
            );
            assert!(!line.contains('\u{1b}'), "{code}: {line}");
        }
    }
}

#[test]
fn a_page_as_json_has_code_title_and_markdown() {
    let place = Place::new();
    let page = place.run("explain 206 --json").good().json();
    assert_eq!(page["code"], "HF-206");
    assert_eq!(page["title"], handfast_pki::code::CRL_UNUSABLE.title());
    let markdown = page["page"].as_str().expect("a page");
    assert!(markdown.starts_with("# HF-206: ") && markdown.contains("```sh no-run"));
}

#[test]
fn without_a_code_all_are_listed() {
    let place = Place::new();
    let ran = place.run("explain").good();
    assert_eq!(ran.stdout.lines().count(), handfast_pki::code::ALL.len());
    assert!(
        ran.stdout
            .contains("HF-101 the server asked for a client certificate and none was sent\n")
    );
    let listed = place.run("explain --json").good().json();
    assert_eq!(
        listed["codes"].as_array().map(Vec::len),
        Some(handfast_pki::code::ALL.len())
    );
    assert_eq!(listed["codes"][0]["code"], "HF-101");
}

#[test]
fn an_error_text_is_diagnosed_as_doctor_text_does() {
    let place = Place::new();
    let text = "x509: certificate has expired or is not yet valid: current time is after 2021-01-01";
    let explained = place.run(&format!("explain {text}"));
    assert_eq!(explained.exit, 1, "{explained:#?}");
    assert!(
        explained
            .stdout
            .starts_with("HF-202 the certificate has expired\n"),
        "{explained:#?}"
    );
    place.write("said", text);
    let doctored = place.run("doctor text said");
    assert_eq!((doctored.exit, &doctored.stdout), (1, &explained.stdout));
    // And from a pipe.
    let piped = place.shell("handfast doctor text < said; handfast explain - < said");
    assert_eq!(piped.stdout, explained.stdout.repeat(2));
}

#[test]
fn a_text_as_json_carries_the_line_the_program_and_the_tests() {
    let place = Place::new();
    place.write(
        "error.log",
        "all is well\ncurl: (56) OpenSSL SSL_read: tlsv1 alert unknown ca, errno 0\n",
    );
    let ran = place.run("doctor text error.log --json");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let report = ran.json();
    assert_eq!(report["schema"], "handfast-doctor/1");
    assert_eq!(report["target"], "text");
    assert_eq!(report["findings"][0]["code"], "HF-103");
    assert_eq!(report["findings"][0]["side"], "server");
    assert_eq!(report["said"][0]["line"], 2);
    assert_eq!(report["said"][0]["program"], "curl");
    assert_eq!(report["said"][0]["role"], "client");
    let test = report["tests"][0]["command"].as_str().expect("a command");
    assert!(test.starts_with("handfast doctor "), "{test}");
}

#[test]
fn what_is_not_known_ends_with_3_and_says_what_to_do() {
    let place = Place::new();
    place.write("innocent.log", "server started\nlistening on :8443\n");
    place.write("empty.log", "");
    for words in [
        "doctor text innocent.log",
        "doctor text empty.log",
        "explain all is well",
    ] {
        let ran = place.run(words);
        assert_eq!(ran.exit, 3, "{words}: {ran:#?}");
        assert!(ran.stdout.is_empty(), "{words}: {ran:#?}");
        assert!(
            ran.stderr
                .contains("help: let the doctor look for itself: handfast doctor HOST:PORT"),
            "{ran:#?}"
        );
    }
    let json = place.run("doctor text innocent.log --json").json();
    assert_eq!(json["error"]["exit"], 3);
}

#[test]
fn an_unknown_code_and_a_missing_file_are_misuse() {
    let place = Place::new();
    for words in ["explain HF-998", "explain 7", "doctor text nowhere.log"] {
        let ran = place.run(words);
        assert_eq!(ran.exit, 2, "{words}: {ran:#?}");
    }
}

#[test]
fn a_log_beyond_a_mebibyte_is_cut_and_that_is_said() {
    let place = Place::new();
    let noise = "2026-11-25 03:07:27 nothing of interest\n".repeat(30_000);
    place.write("late.log", format!("{noise}sslv3 alert certificate revoked\n"));
    place.write("early.log", format!("sslv3 alert certificate revoked\n{noise}"));
    let early = place.run("doctor text early.log");
    assert_eq!(early.exit, 1, "{}", early.stderr);
    assert!(
        early.stderr.contains("only its beginning is read"),
        "{}",
        early.stderr
    );
    assert_eq!(place.run("doctor text late.log").exit, 3);
}

#[test]
fn bytes_that_are_no_text_and_escape_sequences_reach_no_terminal() {
    let place = Place::new();
    let mut bytes = b"tlsv1 alert unknown ca \x1b[31m\x07\xff\xfe \xe2\x80\xae evil".to_vec();
    bytes.extend((0..=255).cycle().take(2000));
    place.write("said", bytes);
    for words in ["doctor text said", "doctor text said --json"] {
        let ran = place.run(words);
        assert_eq!(ran.exit, 1, "{ran:#?}");
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!ran.stdout.contains(bad), "{ran:#?}");
    }
}
