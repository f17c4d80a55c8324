//! Addresses of listeners and backends in one spelling, so that two that are the same are known to be.

/// Where programs write the port after a scheme and mean the usual one.
const PORTS: [(&str, &str); 6] = [
    ("http", "80"),
    ("h2c", "80"),
    ("grpc", "80"),
    ("https", "443"),
    ("grpcs", "443"),
    ("ajp", "8009"),
];

/// Names of this machine.
const HERE: [&str; 5] = ["", "localhost", "[::1]", "0.0.0.0", "[::]"];

/// The address of a backend: `http://LOCALHOST:9000/api` and `127.0.0.1:9000` are one. Nothing for what is only known
/// while the program runs.
pub(super) fn of_backend(written: &str) -> Option<String> {
    let written = written.trim().trim_start_matches("proxy:");
    let (scheme, rest) = written.split_once("://").unwrap_or(("", written));
    if let Some(path) = ["unix:", "unix@", "unix/"]
        .iter()
        .find_map(|sign| rest.strip_prefix(sign))
    {
        let path = path.split([':', '|']).next().unwrap_or_default();
        return Some(format!("unix:/{}", path.trim_start_matches('/')));
    }
    let rest = ["ipv4@", "ipv6@", "tcp4@", "tcp6@", "tcp/"]
        .iter()
        .find_map(|family| rest.strip_prefix(family))
        .unwrap_or(rest);
    let authority = rest.split(['/', '?', '$']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default().to_lowercase();
    if authority.is_empty() || authority.contains(['%', '{']) {
        return None;
    }
    let (host, port) = split(&authority);
    let usual = PORTS.iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known));
    let port = if port.is_empty() {
        usual.map_or("", |(_, port)| port)
    } else {
        port
    };
    let host = if HERE.contains(&host) && !port.is_empty() {
        "127.0.0.1"
    } else {
        host
    };
    Some(match port {
        "" => host.to_owned(),
        port => format!("{host}:{port}"),
    })
}

/// Host and port; one of the two may be empty.
fn split(address: &str) -> (&str, &str) {
    match address.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (host, port)
        }
        _ if address.bytes().all(|byte| byte.is_ascii_digit()) => ("", address),
        _ => (address, ""),
    }
}

/// Whether only this machine can connect to the address that a listener was given.
pub(super) fn is_local(listener: &str) -> bool {
    let listener = listener.trim();
    let is_socket = ["unix", "abns@", "fd@", "sockpair@", "/", "@"]
        .iter()
        .any(|sign| listener.starts_with(sign));
    let bare = listener.rsplit('@').next().unwrap_or_default();
    let host = split(bare).0.to_lowercase();
    is_socket || host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

/// Whether who connects to `backend` comes to this listener.
pub(super) fn takes(listener: &str, backend: &str) -> bool {
    let bare = listener.rsplit('@').next().unwrap_or_default();
    let (host, port) = split(bare);
    let (wanted, at) = split(backend);
    let is_any = ["", "*", "0.0.0.0", "[::]", "_default_"].contains(&host);
    !port.is_empty() && port == at && (is_any && wanted == "127.0.0.1" || host.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_backend_is_known_in_every_spelling() {
        for written in [
            "127.0.0.1:9000",
            "http://127.0.0.1:9000",
            "http://LOCALHOST:9000/api/",
            "h2c://localhost:9000",
            "http://[::1]:9000$request_uri",
            ":9000",
            "proxy:http://127.0.0.1:9000/",
            "ipv4@127.0.0.1:9000",
        ] {
            assert_eq!(
                of_backend(written).as_deref(),
                Some("127.0.0.1:9000"),
                "{written}"
            );
        }
        assert_eq!(of_backend("https://app").as_deref(), Some("app:443"));
        assert_eq!(
            of_backend("http://unix:/run/a.sock:/x").as_deref(),
            Some("unix:/run/a.sock")
        );
        assert_eq!(
            of_backend("unix//run/a.sock").as_deref(),
            Some("unix:/run/a.sock")
        );
        assert_eq!(of_backend("app").as_deref(), Some("app"));
        for unknown in ["http://$backend", "", "http://{env.APP}:1"] {
            assert_eq!(of_backend(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn listeners_of_this_machine_alone_are_told_from_open_ones() {
        for local in [
            "127.0.0.1:80",
            "localhost:80",
            "[::1]:80",
            "unix:/run/x",
            "unix@/run/x",
            "/run/x",
        ] {
            assert!(is_local(local), "{local}");
        }
        for open in ["80", "*:80", ":80", "0.0.0.0:80", "[::]:80", "10.0.0.1:80"] {
            assert!(!is_local(open), "{open}");
        }
        assert!(takes("*:9000", "127.0.0.1:9000") && takes("10.0.0.1:1", "10.0.0.1:1"));
        assert!(!takes("*:9000", "app:9000") && !takes("*:9001", "127.0.0.1:9000"));
    }
}
