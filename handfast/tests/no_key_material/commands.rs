// long: one table, of every command
//! Every command that reads a file, with a file of a key in each place where one can be given.

use std::collections::BTreeSet;

use crate::program::Place;

/// A command, and the command lines that are tried. Words that begin with `tls.` are names of the file with the key;
/// `files` is a folder with it, `../good` one with what is good, and `PORT` one on which nobody listens.
pub(crate) struct Row {
    pub(crate) command: &'static str,
    pub(crate) lines: &'static [&'static str],
    /// With how many of the shapes; the readers of files are few, and the places where one is used many.
    pub(crate) shapes: usize,
}

const fn all(command: &'static str, lines: &'static [&'static str]) -> Row {
    Row {
        command,
        lines,
        shapes: usize::MAX,
    }
}

const fn few(command: &'static str, lines: &'static [&'static str]) -> Row {
    Row {
        command,
        lines,
        shapes: 4,
    }
}

/// For what starts other programs.
const fn one(command: &'static str, lines: &'static [&'static str]) -> Row {
    Row {
        command,
        lines,
        shapes: 1,
    }
}

pub(crate) const TABLE: &[Row] = &[
    one(
        "quickstart",
        &["--once --dir quick --to https://127.0.0.1:PORT --to-ca tls.key"],
    ),
    few(
        "init",
        &[
            "--dir made --name Acme --encrypt --passphrase-file tls.key",
            "--dir made --from-cert tls.key --from-key ../good/ca.key",
            "--dir made --from-cert ../good/ca.crt --from-key tls.key",
        ],
    ),
    few(
        "issue",
        &[
            "client --uri spiffe://acme/y --out made --passphrase-file tls.key --dir ../handfast",
            "client --uri spiffe://acme/x --out made --p12 made/x.p12 --p12-password-file tls.key",
        ],
    ),
    few(
        "csr",
        &["--dns tls.key --out made", "--dns web.example --out tls.key"],
    ),
    all(
        "sign",
        &[
            "../good/tls.crt client --out made.crt --passphrase-file tls.key --dir ../handfast",
            "tls.key client --out made.crt",
        ],
    ),
    few(
        "renew",
        &[
            "--cert ../good/tls.crt --key ../good/tls.key --passphrase-file tls.key --dir ../handfast",
            "--cert tls.key --key ../good/tls.key --dir ../handfast",
            "--cert ../good/tls.crt --key tls.key --dir ../handfast",
        ],
    ),
    all("needs-renewal", &["tls.key"]),
    few("ca show", &["tls.key --dir ../handfast"]),
    few(
        "ca ocsp",
        &[
            "--out made --passphrase-file tls.key --dir ../handfast",
            "--respond tls.key --dir ../handfast",
            "--out made --signer tls.key --signer-key ../good/tls.key --dir ../handfast",
            "--out made --signer ../good/tls.crt --signer-key tls.key --dir ../handfast",
        ],
    ),
    few("ca revoke", &["tls.key --dry-run --dir ../handfast"]),
    few("ca audit verify", &["--since tls.key --dir ../handfast"]),
    few("ca audit prove", &["tls.key --dir ../handfast"]),
    few(
        "ca audit check",
        &[
            "tls.key --log-key ../handfast/audit.pub",
            "../handfast/audit.pub --log-key tls.key",
            "../handfast/audit.pub --log-key ../handfast/audit.pub --cert tls.key",
        ],
    ),
    few(
        "ca issuer add",
        &[
            "--name Other --passphrase-file tls.key --dir made",
            "--cert tls.key --dir ../handfast",
        ],
    ),
    few(
        "ca cross-sign",
        &[
            "../good/ca.crt --out made.crt --passphrase-file tls.key --dir ../handfast",
            "tls.key --out made.crt --dir ../handfast",
        ],
    ),
    few("ca key encrypt", &["--passphrase-file tls.key --dir made"]),
    few(
        "ca backup",
        &["--out made.backup --passphrase-file tls.key --dir ../handfast"],
    ),
    few(
        "ca restore",
        &[
            "tls.key --dir made",
            "../good/ca.crt --passphrase-file tls.key --dir made",
        ],
    ),
    few(
        "ca crl",
        &["--out made.crl --passphrase-file tls.key --dir ../handfast"],
    ),
    few("ca check", &["--passphrase-file tls.key --dir ../handfast"]),
    few(
        "ca set",
        &["--out made.set --passphrase-file tls.key --dir ../handfast"],
    ),
    few(
        "ca approve",
        &["4711 --out made.crt --passphrase-file tls.key --dir ../handfast"],
    ),
    few(
        "ca issuer retire",
        &["4711 --passphrase-file tls.key --dir ../handfast"],
    ),
    few("ca issuer ocsp-signer", &["--passphrase-file tls.key --dir made"]),
    few("ca rotate", &["--passphrase-file tls.key --dir made"]),
    few(
        "ca root export",
        &["--out made --passphrase-file tls.key --dir made"],
    ),
    few("ca key decrypt", &["--passphrase-file tls.key --dir made"]),
    few(
        "policy test",
        &[
            "tls.key --config ../good/tls.crt",
            "tls.key --config tls.key",
            "tls.key --policy tls.key",
        ],
    ),
    few(
        "policy explain",
        &[
            "--config tls.key --cert tls.key",
            "--policy tls.key --cert ../good/tls.crt",
        ],
    ),
    few(
        "policy diff",
        &["tls.key tls.key --cert tls.key", "tls.key tls.key --log tls.key"],
    ),
    few("readiness", &["tls.key"]),
    few("ca reconcile", &["tls.key --dir ../handfast"]),
    few(
        "ca root sign",
        &[
            "../good/tls.crt --root ../handfast --out made.crt --passphrase-file tls.key",
            "tls.key --root ../handfast --out made.crt",
        ],
    ),
    all("inspect", &["tls.key"]),
    few(
        "inspect",
        &[
            "-",
            "../good/client.p12 --password-file tls.key",
            "tls.key --password-file ../good/password",
        ],
    ),
    all("verify", &["tls.key --ca ../good/ca.crt"]),
    few("verify", &["../good/tls.crt --ca tls.key"]),
    all(
        "convert",
        &["tls.key --to pem --out made.pem --password-file ../good/password"],
    ),
    few(
        "convert",
        &[
            "tls.key --to p12 --out made.p12",
            "../good/tls.crt --key tls.key --to pem --out made.pem",
            "../good/tls.crt --chain tls.key --to pem --out made.pem",
            "../good/client.p12 --password-file tls.key --to pem --out made.pem",
            "../good/client.p12 --password-file ../good/password --to p12 --out made.p12 --new-password-file tls.key",
        ],
    ),
    few(
        "trust install",
        &[
            "--for curl --ca tls.key --dir made --curlrc made.rc",
            "--for curl --ca ../good/ca.crt --dir made --curlrc tls.key",
        ],
    ),
    one(
        "trust install",
        &[
            "--for java --ca ../good/ca.crt --truststore tls.key --password-file ../good/password",
            "--for java --ca ../good/ca.crt --truststore made.jks --password-file tls.key --dry-run",
        ],
    ),
    few(
        "trust remove",
        &[
            "--for python --ca tls.key --dir made",
            "--for curl --ca ../good/ca.crt --dir made --curlrc tls.key",
        ],
    ),
    one(
        "trust remove",
        &[
            "--for java --ca ../good/ca.crt --truststore tls.key --password-file ../good/password",
            "--for java --ca ../good/ca.crt --truststore ../good/client.p12 --password-file tls.key --dry-run",
        ],
    ),
    all(
        "env",
        &["--for java --keystore ../good/client.p12 --password-file tls.key"],
    ),
    few(
        "env",
        &[
            "--for psql --cert tls.key --key ../good/tls.crt --ca ../good/ca.crt",
            "--for psql --cert ../good/tls.crt --key tls.key --ca ../good/ca.crt",
            "--for psql --ca tls.key",
            "--for java --keystore tls.key --password-file ../good/password",
            "--for java --truststore tls.key --truststore-password-file ../good/password",
            "--for java --truststore ../good/client.p12 --truststore-password-file tls.key",
        ],
    ),
    all("proxy", &["--config tls.key"]),
    few(
        "proxy",
        &[
            "--config tls.toml",
            "--listen 127.0.0.1:0 --to http://127.0.0.1:PORT --allow any --cert tls.key --key ../good/tls.crt --client-ca ../good/ca.crt",
            "--listen 127.0.0.1:0 --to http://127.0.0.1:PORT --allow any --cert ../good/ca.crt --key tls.key --client-ca ../good/ca.crt",
            "--listen 127.0.0.1:0 --to http://127.0.0.1:PORT --allow any --cert ../good/tls.crt --key ../good/tls.key --client-ca tls.key",
            "--listen 127.0.0.1:0 --to https://127.0.0.1:PORT --to-ca tls.key --allow any --cert ../good/tls.crt --key ../good/tls.key --client-ca ../good/ca.crt",
            "--listen 127.0.0.1:0 --to https://127.0.0.1:PORT --to-ca ../good/ca.crt --to-cert tls.key --to-key ../good/tls.crt --allow any --cert ../good/tls.crt --key ../good/tls.key --client-ca ../good/ca.crt",
            "--listen 127.0.0.1:0 --to https://127.0.0.1:PORT --to-ca ../good/ca.crt --to-cert ../good/ca.crt --to-key tls.key --allow any --cert ../good/tls.crt --key ../good/tls.key --client-ca ../good/ca.crt",
        ],
    ),
    few(
        "tunnel",
        &[
            "--config tls.key",
            "--listen 127.0.0.1:0 --to localhost:PORT --cert tls.key --key ../good/tls.crt --ca ../good/ca.crt",
            "--listen 127.0.0.1:0 --to localhost:PORT --cert ../good/ca.crt --key tls.key --ca ../good/ca.crt",
            "--listen 127.0.0.1:0 --to localhost:PORT --cert ../good/tls.crt --key ../good/tls.key --ca tls.key",
        ],
    ),
    few(
        "get",
        &[
            "https://localhost:PORT/ --cert tls.key --key ../good/tls.crt --ca ../good/ca.crt --verbose",
            "https://localhost:PORT/ --cert ../good/tls.crt --key tls.key --ca ../good/ca.crt --verbose",
            "https://localhost:PORT/ --ca tls.key --data @tls.key",
        ],
    ),
    all(
        "setup",
        &["nginx --cert ../good/tls.crt --key tls.key --ca ../good/ca.crt --out made"],
    ),
    few(
        "setup",
        &[
            "nginx --cert tls.key --key ../good/tls.crt --ca ../good/ca.crt",
            "curl --cert ../good/tls.crt --key ../good/tls.key --ca tls.key",
            "nginx --cert ../good/tls.crt --key ../good/tls.key --ca ../good/ca.crt --crl tls.key",
        ],
    ),
    one(
        "verify-config",
        &["tls.key", "tls.conf --target nginx", "tls.yaml --target envoy"],
    ),
    all(
        "doctor",
        &[
            "--client-files files",
            "localhost:PORT --cert tls.key --key ../good/tls.crt --ca ../good/ca.crt --bundle made.zip --html made.html -vv --explain",
        ],
    ),
    few(
        "doctor",
        &[
            "--server-files files --password-file tls.key",
            "localhost:PORT --cert ../good/tls.crt --key tls.key --ca tls.key --bundle made.zip --mask",
            "localhost:PORT --cert tls.key --key ../good/tls.crt --mermaid",
            "localhost:PORT --served tls.key --crl ../good/ca.crt",
            "localhost:PORT --crl tls.key",
            "localhost:PORT --must-refuse tls.key --must-refuse-key ../good/tls.crt",
            "localhost:PORT --must-refuse ../good/tls.crt --must-refuse-key tls.key",
        ],
    ),
    few(
        "doctor what-if",
        &[
            "--client files --server ../good",
            "--client ../good --server files",
        ],
    ),
    few(
        "doctor listen",
        &[
            "127.0.0.1:0 --once --cert tls.key --key ../good/tls.crt",
            "127.0.0.1:0 --once --cert ../good/ca.crt --key tls.key",
            "127.0.0.1:0 --once --cert ../good/ca.crt --key ../good/tls.key --client-ca tls.key",
            "127.0.0.1:0 --once --cert ../good/ca.crt --key ../good/tls.key --expect-cert tls.key",
        ],
    ),
    all("doctor pcap", &["tls.key --bundle made.zip"]),
    few(
        "doctor pcap",
        &[
            "../good/capture.pcap --keylog tls.key --client-ca ../good/ca.crt",
            "../good/capture.pcap --client-ca tls.key",
        ],
    ),
    all("doctor text", &["tls.key"]),
    few("doctor text", &[""]),
    all(
        "doctor config",
        &[
            "tls.key",
            "tls.conf --kind nginx",
            "tls.conf --kind apache",
            "tls.conf --kind haproxy",
            "tls.yaml --kind envoy",
            "tls.conf --kind caddy",
            "../good/nginx.conf",
        ],
    ),
    few(
        "doctor posture",
        &[
            "localhost:PORT --cert tls.key --key ../good/tls.crt --ca ../good/ca.crt --sarif made.sarif --junit made.xml",
            "localhost:PORT --cert ../good/tls.crt --key tls.key --ca tls.key --sarif made.sarif --junit made.xml",
        ],
    ),
    few(
        "doctor join",
        &["tls.key ../good/empty.log", "../good/report.json tls.key"],
    ),
    few("explain", &["-"]),
    all(
        "check",
        &["--config tls.toml", "--config ../good/names-the-key.toml"],
    ),
    few("check", &["--config tls.key", "tls.key"]),
];

/// Commands that read no file, and those that only choose another.
const WITHOUT_FILES: [&str; 29] = [
    "clients",
    "health",
    "bench",
    "bench ca",
    "ca",
    "ca list",
    "ca journal",
    "ca audit",
    "ca audit checkpoint",
    "ca export",
    "ca profiles",
    "ca requests",
    "ca clock",
    "ca key",
    "ca issuer",
    "ca issuer list",
    "ca root",
    "trust",
    "setup list",
    "setup show",
    "setup verify",
    "setup certificates",
    "lab",
    "lab list",
    "lab run",
    "completions",
    "man",
    "schema",
    "policy",
];
/// Flags with a file that is written and never read.
const WRITTEN: [&str; 9] = [
    "--csr",
    "--out",
    "--p12",
    "--key-out",
    "--html",
    "--sarif",
    "--junit",
    "--bundle",
    "--dir",
];
/// Arguments without a flag that are files.
const FILES: [&str; 13] = [
    "<CASES>",
    "<OLD>",
    "<NEW>",
    "<LOG>...",
    "<SERIAL|SHA256|FILE>",
    "<SERIAL|FILE|--identity",
    "<FILE>",
    "[FILE]",
    "<REQUEST>",
    "<CERT>",
    "<CLIENT.JSON>",
    "<ACCESS.LOG>",
    "[WHAT]...",
];

/// Every command of the program, as its help has them.
fn commands(place: &Place, above: &str, found: &mut Vec<(String, String)>) {
    let help = place.run(&format!("{above} --help")).good().stdout;
    let mut lines = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .peekable();
    while let Some(line) = lines.next_if(|line| line.starts_with(' ') || line.is_empty()) {
        let name = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '));
        let Some(name) = name.and_then(|rest| rest.split_whitespace().next()) else {
            continue;
        };
        if name != "help" {
            let command = format!("{above} {name}").trim().to_owned();
            commands(place, &command, found);
        }
    }
    if !above.is_empty() {
        found.push((above.to_owned(), help));
    }
}

/// The places in `help` where a file is given.
fn wanted(help: &str) -> BTreeSet<String> {
    let usage = help
        .lines()
        .find(|line| line.starts_with("Usage:"))
        .unwrap_or_default();
    let mut wanted: BTreeSet<String> = help
        .lines()
        .filter(|line| line.trim_start().starts_with('-') && line.contains("<FILE>"))
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")))
        .filter(|flag| !WRITTEN.contains(flag))
        .map(str::to_owned)
        .collect();
    let mut words = usage.split_whitespace().peekable();
    while let Some(word) = words.next() {
        if word.starts_with("--") {
            words.next();
        } else if FILES.contains(&word) {
            wanted.insert(word.to_owned());
        }
    }
    wanted
}

/// The places in which `lines` give the key.
fn tried(lines: &[&str]) -> BTreeSet<String> {
    let mut tried = BTreeSet::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let mut at = 0;
        for (index, word) in words.iter().enumerate() {
            let before = index
                .checked_sub(1)
                .and_then(|before| words.get(before))
                .unwrap_or(&"");
            let is_argument = !word.starts_with("--") && !before.starts_with("--");
            if word.starts_with("tls.") && before.starts_with("--") {
                tried.insert((*before).to_owned());
            } else if word.starts_with("tls.") || *word == "-" {
                tried.insert(format!("argument {at}"));
            }
            at += usize::from(is_argument);
        }
    }
    tried
}

#[test]
fn every_command_and_every_file_that_it_reads_is_tried_with_a_key() {
    let place = Place::new();
    let mut found = Vec::new();
    commands(&place, "", &mut found);
    assert!(found.len() > 30, "{found:?}");
    for (command, help) in found {
        let rows: Vec<&Row> = TABLE.iter().filter(|row| row.command == command).collect();
        if WITHOUT_FILES.contains(&&command[..]) {
            assert!(rows.is_empty() && wanted(&help).is_empty(), "{command}");
            continue;
        }
        assert!(
            !rows.is_empty(),
            "\"{command}\" is not in the table: add a line for each file that it reads"
        );
        let lines: Vec<&str> = rows.iter().flat_map(|row| row.lines).copied().collect();
        let tried = tried(&lines);
        let wanted = wanted(&help);
        let arguments = wanted.iter().filter(|name| !name.starts_with("--")).count();
        let given = tried.iter().filter(|name| !name.starts_with("--")).count();
        assert!(given >= arguments, "{command}: of {wanted:?} is tried {tried:?}");
        let flags = wanted.iter().filter(|name| name.starts_with("--"));
        for flag in flags {
            assert!(
                tried.contains(flag),
                "{command} {flag} is not tried with a key: {tried:?}"
            );
        }
    }
}
