//! The pages of section 5: our configuration files, made of what their keys say of themselves.

use std::io;

use clap_mangen::roff::{Roff, bold, italic, roman};
use handfast_settings::{Entry, Part};

/// A configuration file.
struct File {
    name: &'static str,
    what: &'static str,
    describes: &'static str,
    example: &'static str,
    files: &'static [(&'static str, &'static str)],
    related: &'static str,
    parts: fn() -> Vec<Part>,
}

const FILES: [File; 2] = [
    File {
        name: "handfast.toml",
        what: "configuration of the reverse proxy of Handfast",
        describes: "handfast proxy reads this file, which is TOML. Relative paths start from its folder. An unknown key is \
                    an error. It is read again on SIGHUP and when it changes; if it is wrong then, the last good state \
                    stays active. handfast check finds everything that is wrong, with its line, and starts nothing.",
        example: "[proxy]\nlisten = \"127.0.0.1:8443\"\nto = \"http://127.0.0.1:9000\"\ncert = \"server/tls.crt\"\nkey = \
                  \"server/tls.key\"\nclient-ca = \"server/ca.crt\"\nallow = [\"uri:spiffe://acme/web\"]",
        files: &[
            (
                "/etc/handfast/handfast.toml",
                "what root and system users read where neither --config nor flags are given",
            ),
            (
                "~/.config/handfast/handfast.toml",
                "the same for everybody else; XDG_CONFIG_HOME names another folder",
            ),
        ],
        related: "handfast-proxy(1), handfast-check(1), handfast-schema(1), ca.toml(5)",
        parts: handfast_proxy::config::manual,
    },
    File {
        name: "ca.toml",
        what: "profiles of a certificate authority of Handfast",
        describes: "The file ca.toml in a CA directory says which profiles the CA issues, and in what they differ from the \
                    built-in ones. It is TOML, and an unknown key is an error. Every command that issues reads it.",
        example: "[profile.web]\nlike = \"server\"\nnames = [\"dns:**.acme.example\"]\nlifetime = \"30d\"",
        files: &[(
            "ca.toml",
            "in the CA directory; handfast init writes one in which everything is a comment",
        )],
        related: "handfast-issue(1), handfast-ca-profiles(1), handfast-schema(1), handfast.toml(5)",
        parts: handfast_ca::config::manual,
    },
];

/// Every page by the name of the file that it describes.
pub(super) fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    FILES
        .iter()
        .map(|file| Ok((file.name.to_owned(), page(file)?)))
        .collect()
}

fn page(file: &File) -> io::Result<Vec<u8>> {
    let mut roff = Roff::new();
    let version = concat!("handfast ", env!("CARGO_PKG_VERSION"));
    roff.control("TH", [file.name, "5", "", version, "Handfast"]);
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("{} - {}", file.name, file.what))]);
    roff.control("SH", ["DESCRIPTION"]).text([roman(file.describes)]);
    for part in (file.parts)() {
        add(&part, &mut roff);
    }
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in file.example.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []).control("SH", ["FILES"]);
    for (name, what) in file.files {
        roff.control("TP", []).text([bold(*name)]).text([roman(*what)]);
    }
    roff.control("SH", ["SEE ALSO"]).text([roman(file.related)]);
    let mut out = Vec::new();
    roff.to_writer(&mut out)?;
    Ok(out)
}

fn add(part: &Part, roff: &mut Roff) {
    roff.control(
        "SH",
        [if part.heading.is_empty() {
            "KEYS"
        } else {
            part.heading.as_str()
        }],
    );
    if !part.what.is_empty() {
        roff.text([roman(format!("{}.", sentence(&part.what)))]);
    }
    for Entry {
        name,
        value,
        what,
        without,
    } in &part.keys
    {
        roff.control("TP", []);
        roff.text([bold(*name), roman(" = "), italic(value.as_str())]);
        roff.text([roman(format!("{}. Without it: {without}.", sentence(what)))]);
    }
}

/// `text` with a capital letter in front, unless it begins with a word of the file.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
