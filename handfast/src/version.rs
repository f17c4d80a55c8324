//! What `--version` says, and with `-v` all that is known of the build.

use handfast_report::{pages, schema::Schema};
use serde_json::json;

use crate::words::Words;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `text` is what stands there without `-v`.
pub fn tell(text: &str, words: &Words) {
    let parts = parts();
    let features: Vec<&str> = env!("HANDFAST_FEATURES").split_whitespace().collect();
    words.json(
        Schema::Version,
        json!({
            "version": VERSION,
            "commit": env!("HANDFAST_BUILT_COMMIT"),
            "date": env!("HANDFAST_BUILT_DATE"),
            "features": features,
            "target": env!("HANDFAST_TARGET"),
            "compiler": env!("HANDFAST_COMPILER"),
            "libraries": parts.iter().map(|(name, version)| json!({ "name": name, "version": version })).collect::<Vec<_>>(),
            "documentation": pages::site(),
        }),
    );
    words.data(text);
    if !is_long() {
        return;
    }
    let commit = format!(
        "{} ({})",
        env!("HANDFAST_BUILT_COMMIT"),
        env!("HANDFAST_BUILT_DATE")
    );
    let features = if features.is_empty() {
        "none".to_owned()
    } else {
        features.join(", ")
    };
    let facts = [
        ("commit", commit.as_str()),
        ("features", &features),
        ("target", env!("HANDFAST_TARGET")),
        ("compiler", env!("HANDFAST_COMPILER")),
    ];
    let documentation = pages::site().map(|site| ("documentation", site));
    for (name, fact) in facts.into_iter().chain(parts).chain(documentation) {
        words.data(format_args!("{:15}{fact}", format!("{name}:")));
    }
}

/// Libraries by name and version.
fn parts() -> [(&'static str, &'static str); 5] {
    [
        ("rustls", env!("HANDFAST_RUSTLS")),
        ("rustls-webpki", env!("HANDFAST_WEBPKI")),
        ("aws-lc-rs", env!("HANDFAST_AWS_LC_RS")),
        ("aws-lc-sys", env!("HANDFAST_AWS_LC_SYS")),
        ("SQLite", handfast_ca::sqlite_version()),
    ]
}

/// The parser ends at `--version`, so that what follows it is not parsed.
fn is_long() -> bool {
    std::env::args_os().any(|argument| argument == "-v" || argument == "--verbose")
}
