//! The names that the CA may speak for, as they were given and as others read them.

use handfast_ca::Authority;
use handfast_finding::shell::shell;
use handfast_pki::{NamePattern, constraints};

use super::Args;
use crate::{
    commands::{
        again::{free, passphrase_flag},
        leaf::dir_flag,
    },
    words::Words,
};

/// The names that the CA may speak for.
pub(super) struct Limits {
    /// As they were given.
    pub(super) names: Vec<String>,
    /// As others read them.
    pub(super) read_as: Vec<String>,
}

impl Limits {
    pub(super) fn of(args: &Args, authority: &Authority) -> Self {
        // The topmost certificate that was made says the most.
        let topmost = match args.from_cert {
            Some(_) => authority.chain().first(),
            None => authority.root(),
        };
        Self {
            names: args.names.iter().map(ToString::to_string).collect(),
            read_as: topmost.and_then(constraints::permitted).unwrap_or_default(),
        }
    }

    /// A command that issues a certificate which this CA may sign.
    pub(super) fn first_certificate(&self, args: &Args) -> String {
        let dir = dir_flag(&args.dir);
        let example = match args.names.as_slice() {
            [] if self.read_as.is_empty() => Some(("server", "--dns localhost".to_owned())),
            // What an imported CA may speak for is written more widely than we know.
            [] => None,
            names => names.iter().find_map(example),
        };
        match example {
            None => format!("handfast ca profiles{dir}"),
            Some((profile, name)) => format!(
                "handfast issue {profile} {name} --out {}{dir}{}",
                free(profile, ""),
                passphrase_flag(args.passphrase_file.as_deref())
            ),
        }
    }

    pub(super) fn tell(&self, words: &Words) {
        if self.names.is_empty() {
            return;
        }
        words.data(format_args!(
            "  speaks for   {} and nothing else",
            self.names.join(", ")
        ));
        words.data(format_args!(
            "               others read that as {}",
            self.read_as.join(", ")
        ));
    }
}

/// A profile, and the flag of a name that fits `pattern`.
fn example(pattern: &NamePattern) -> Option<(&'static str, String)> {
    use NamePattern as P;
    let (profile, flag, name) = match pattern {
        P::Any => ("server", "--dns", "localhost".to_owned()),
        P::Dns(name) => ("server", "--dns", name.clone()),
        P::DnsChild(suffix) | P::DnsBelow(suffix) => ("server", "--dns", format!("www.{suffix}")),
        // Its first address.
        P::Ip(network) => (
            "server",
            "--ip",
            network.to_string().split('/').next()?.to_owned(),
        ),
        P::Uri(uri) => ("client", "--uri", uri.clone()),
        P::UriChild(prefix) | P::UriBelow(prefix) => ("client", "--uri", format!("{prefix}web")),
        P::Email(address) => ("client", "--email", address.clone()),
        P::EmailAt(host) => ("client", "--email", format!("me@{host}")),
        P::CommonName(_) | P::Fingerprint(_) => return None,
    };
    Some((profile, format!("{flag} {}", shell(name))))
}
