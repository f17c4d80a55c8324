//! What clap does not know of a command: its files, the environment, exit codes, and what belongs to it.

use clap::Command;

/// Commands, and the files that they read or write where no flag says otherwise.
const FILES: &[(&str, &str, &str)] = &[
    (
        "quickstart",
        "./handfast-quickstart",
        "the CAs, certificates and log of the demonstration",
    ),
    (
        "init issue sign",
        "./handfast",
        "the CA, where none is there that of the system or the user (/var/lib/handfast/ca, ~/.local/share/handfast/ca): root.crt, root.key, issuing.crt, issuing.key, authority.db, audit.key, audit.pub; --dir names another",
    ),
    (
        "issue",
        "tls.crt, tls.key, ca.crt",
        "the certificate with its chain, its key (mode 600), and the CA, in the folder --out",
    ),
    (
        "csr",
        "tls.csr, tls.key",
        "the request, and the key (mode 600), in the folder --out",
    ),
    (
        "proxy check",
        "/etc/handfast/handfast.toml, ~/.config/handfast/handfast.toml",
        "the configuration of root and system users, and of everybody else, where none is given; see handfast.toml(5)",
    ),
    (
        "setup",
        "tls.crt, tls.key, ca.crt",
        "the files that a configuration is made for, in the present folder; flags name others",
    ),
    (
        "trust",
        "~/.config/handfast/trust",
        "the CAs that curl, python and node are told of",
    ),
    (
        "doctor inspect",
        "/etc/ssl/certs/ca-certificates.crt",
        "the CAs of the system, where --ca is not given",
    ),
];

/// Commands that belong together.
const RELATED: &[&[&str]] = &[
    &["init", "issue", "csr", "sign", "inspect", "verify", "convert"],
    &["proxy", "clients", "health", "tunnel", "check", "get", "doctor"],
    &["setup", "verify-config", "env", "trust", "convert"],
    &["doctor", "explain", "lab", "inspect", "verify"],
    &["schema", "completions", "man"],
];

pub(super) fn files(path: &[&str]) -> Vec<(String, String)> {
    let of = path.get(1).copied().unwrap_or_default();
    FILES
        .iter()
        .filter(|(commands, ..)| commands.split(' ').any(|command| command == of))
        .map(|(_, file, what)| ((*file).to_owned(), (*what).to_owned()))
        .collect()
}

/// The variables of the command's flags, and those of every command.
pub(super) fn environment(command: &Command) -> Vec<(String, String)> {
    let of_flags = command.get_arguments().filter_map(|arg| {
        let name = arg.get_env()?.to_string_lossy().into_owned();
        Some((
            name,
            format!("the same as --{}", arg.get_long().unwrap_or_default()),
        ))
    });
    let of_all = [
        (
            "NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM",
            "whether text has colours",
        ),
        (
            "LC_ALL, LC_CTYPE, LANG",
            "where these name no UTF-8, pictures are drawn in ASCII",
        ),
        (
            "COLUMNS",
            "the width of pictures, where the output is no terminal",
        ),
        (
            "SSL_CERT_FILE",
            "the CAs of the system, for commands that use these",
        ),
    ];
    let of_all = of_all.map(|(name, what)| (name.to_owned(), what.to_owned()));
    of_flags.chain(of_all).collect()
}

pub(super) fn exit_status() -> Vec<(String, String)> {
    let codes = [
        ("0", "yes, or done"),
        ("1", "no, or a problem was found"),
        ("2", "misuse or bad configuration"),
        ("3", "could not connect or find out"),
        ("4", "the peer refused us"),
        ("5", "we do not trust the peer"),
        ("6", "a policy refused"),
        ("70", "a bug of ours"),
        ("130", "broken off by Ctrl-C"),
        ("143", "broken off by SIGTERM"),
    ];
    codes
        .map(|(code, what)| (code.to_owned(), what.to_owned()))
        .into()
}

pub(super) fn related(path: &[&str]) -> impl Iterator<Item = &'static str> {
    let own = path.get(1).map(|name| (*name).to_owned()).unwrap_or_default();
    let is_below = path.len() > 2;
    let groups = RELATED.iter().filter({
        let own = own.clone();
        move |group| !is_below && group.contains(&own.as_str())
    });
    let mut names: Vec<&str> = groups
        .flat_map(|group| group.iter().copied())
        .filter(|name| *name != own)
        .collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter()
}
