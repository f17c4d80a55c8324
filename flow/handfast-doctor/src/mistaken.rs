//! A file in the place of a server: which look it is for.

use std::path::Path;

use handfast_finding::{Problem, shell::shell};
use handfast_pki::code;

/// The refusal of `named` where it is a file or a folder, or can be nothing else, with the command that looks at it.
pub fn taken_for_a_server(named: &str) -> Option<Problem> {
    let path = Path::new(named);
    let is_here = path.exists();
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    let look = Look::of(&ending.to_ascii_lowercase());
    let has_folder = named.contains('/') && !named.contains("://") && !named.contains(':');
    // `localhost` may be a folder, too; what has the form of an address is one.
    if named.contains("://") || named.contains(':') || !(is_here || has_folder && look.is_some()) {
        return None;
    }
    if path.is_dir() && !has_folder && !named.starts_with('.') {
        return None;
    }
    let what = match (is_here, path.is_dir()) {
        (false, _) => "has the form of a file, and is not there",
        (true, true) => "is a folder",
        (true, false) => "is a file",
    };
    let problem = Problem::new(
        code::USAGE,
        format!("\"{named}\" {what}, expected a server: HOST:PORT"),
    );
    let word = shell(named);
    Some(match look.unwrap_or(Look::Files) {
        Look::Files => problem
            .help("the doctor looks at the files of one side without a connection; what one holds: handfast inspect")
            .command(format!("handfast doctor --client-files {word}")),
        Look::Config => problem
            .help("the configuration of another server has a look of its own")
            .command(format!("handfast doctor config {word}")),
        Look::Capture => problem
            .help("a capture has a look of its own")
            .command(format!("handfast doctor pcap {word}")),
        Look::Text => problem
            .help("the text of an error or a log has a look of its own")
            .command(format!("handfast doctor text {word}")),
    })
}

/// What looks at a file of this kind.
enum Look {
    Files,
    Config,
    Capture,
    Text,
}

impl Look {
    fn of(ending: &str) -> Option<Self> {
        Some(match ending {
            "crt" | "cer" | "pem" | "der" | "key" | "p12" | "pfx" | "p7b" | "jks" | "csr" => Self::Files,
            "conf" | "cfg" | "yaml" | "yml" => Self::Config,
            "pcap" | "pcapng" => Self::Capture,
            "log" | "txt" => Self::Text,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(named: &str) -> Option<String> {
        taken_for_a_server(named)?.command
    }

    #[test]
    fn what_has_the_form_of_a_file_is_told_which_look_is_for_it() {
        let look = |named: &str| command(named).unwrap_or_default();
        assert_eq!(
            look("client/tls.crt"),
            "handfast doctor --client-files client/tls.crt"
        );
        assert_eq!(
            look("/etc/nginx/none.conf"),
            "handfast doctor config /etc/nginx/none.conf"
        );
        assert_eq!(look("./trouble.pcap"), "handfast doctor pcap ./trouble.pcap");
        assert_eq!(
            look("/var/log/none.log"),
            "handfast doctor text /var/log/none.log"
        );
        assert_eq!(look("/tmp"), "handfast doctor --client-files /tmp");
    }

    #[test]
    fn a_server_is_none() {
        for named in [
            "localhost",
            "localhost:8443",
            "https://a.example/tls.crt",
            "a.example",
            "[::1]:443",
            "web.conf",
        ] {
            assert_eq!(command(named), None, "{named}");
        }
    }
}
