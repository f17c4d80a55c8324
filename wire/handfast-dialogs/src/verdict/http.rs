//! What an answer over HTTP says of the client.

use http::StatusCode;

use super::{Pending, Reply, Verdict};
use crate::Answer;

/// The words of a path that leads to a login, or to a page that says why there is none.
const LOGIN: [&str; 27] = [
    "login",
    "logon",
    "signin",
    "signon",
    "auth",
    "authn",
    "authenticate",
    "authentication",
    "authorize",
    "oauth",
    "oauth2",
    "oidc",
    "openid",
    "sso",
    "saml",
    "saml2",
    "cas",
    "adfs",
    "idp",
    "unauthorized",
    "forbidden",
    "denied",
    "nocert",
    "cert",
    "certificate",
    "certerror",
    "noaccess",
];

/// What `answer` of `host` says; `host` as it was asked for, with or without a port.
pub fn of_answer(answer: &Answer, host: &str) -> Verdict {
    let status = answer.status.as_u16();
    let reply = |text: String| Reply::new("HTTP", status, text);
    let reason = answer.status.canonical_reason().unwrap_or_default();
    match status {
        300..=399 if status != 304 => redirected(answer, host),
        // 495 and 496 are nginx's own, for a bad certificate and for none.
        401 | 403 | 407 | 421 | 495 | 496 => Verdict::Refused(reply(reason.into())),
        // "No required SSL certificate was sent", "The SSL certificate error".
        400 if front(answer).to_lowercase().contains("certificate") => {
            Verdict::Refused(reply("about the certificate".into()))
        }
        400 | 408 | 429 | 500.. => Verdict::Undecided(Pending::Unrelated, reply(reason.into())),
        _ => Verdict::Accepted(reply(reason.into())),
    }
}

fn redirected(answer: &Answer, host: &str) -> Verdict {
    let location = answer
        .headers
        .get(http::header::LOCATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if location.is_empty() {
        // nginx answers so where `error_page 495 =302 /login` leads to a page of its own.
        let reply = Reply::new("HTTP", answer.status.as_u16(), "without a Location");
        return Verdict::Refused(reply);
    }
    let reply = Reply::new("HTTP", answer.status.as_u16(), format!("to {location}"));
    let (there, path) = split(location);
    if leads_to_login(path) {
        return Verdict::Refused(reply);
    }
    if there.is_some_and(|there| !same_host(there, host)) {
        return Verdict::Undecided(Pending::Elsewhere, reply);
    }
    Verdict::Accepted(reply)
}

/// The authority of `location`, where it has one, and the path.
fn split(location: &str) -> (Option<&str>, &str) {
    let rest = match location.split_once("://") {
        Some((_, rest)) => rest,
        None => match location.strip_prefix("//") {
            Some(rest) => rest,
            None => return (None, location),
        },
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.split_at_checked(end)
        .map_or((Some(rest), ""), |(host, path)| (Some(host), path))
}

/// Ports may differ: a login often stands behind another one of the same host.
fn same_host(one: &str, other: &str) -> bool {
    let name = |text: &str| {
        let text = text.rsplit_once('@').map_or(text, |(_, host)| host);
        let end = match text.find(']') {
            Some(end) => end + 1,
            None => text.find(':').unwrap_or(text.len()),
        };
        text.get(..end).unwrap_or(text).to_ascii_lowercase()
    };
    name(one) == name(other)
}

/// Whether a word of the path, without its query, is one of [`LOGIN`]; `sign-in` and `sign_in` are `signin`.
fn leads_to_login(path: &str) -> bool {
    let path = path
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_login = |word: &str| LOGIN.contains(&word);
    path.split('/').any(|segment| {
        let segment = segment.split('.').next().unwrap_or_default();
        let whole: String = segment.chars().filter(char::is_ascii_alphanumeric).collect();
        let mut words = segment.split(|c: char| !c.is_ascii_alphanumeric());
        is_login(&whole) || words.any(is_login)
    })
}

/// The beginning of the answer, as text.
fn front(answer: &Answer) -> String {
    const MOST: usize = 4096;
    let start = answer.body.get(..MOST.min(answer.body.len()));
    String::from_utf8_lossy(start.unwrap_or_default()).into_owned()
}

/// Pages that a server writes by itself when it denies a request, and not an application behind it.
const DENIALS: [(&str, &str); 7] = [
    ("RBAC: access denied", "Envoy's RBAC filter"),
    ("ext_authz", "Envoy's external authorization"),
    ("Request forbidden by administrative rules", "HAProxy"),
    ("<hr><center>nginx", "nginx"),
    ("<hr><center>openresty", "OpenResty"),
    ("<address>Apache", "Apache"),
    ("You don't have permission to access", "Apache"),
];

/// Which server denied the request in its own words, and not an application behind it.
pub fn is_front(answer: &Answer) -> Option<&'static str> {
    if answer.status == StatusCode::OK {
        return None;
    }
    let front = front(answer);
    DENIALS
        .iter()
        .find(|(page, _)| front.contains(page))
        .map(|(_, who)| *who)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn answer(status: u16, location: &str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        if !location.is_empty() {
            headers.insert(http::header::LOCATION, location.parse().expect("a header"));
        }
        Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            headers,
            body: body.as_bytes().to_vec().into(),
        }
    }

    fn name(status: u16, location: &str) -> &'static str {
        of_answer(&answer(status, location, ""), "shop.example:8443").name()
    }

    #[test]
    fn a_redirect_to_a_login_is_a_refusal() {
        for location in [
            "/login",
            "/users/sign_in?next=/",
            "https://shop.example/sso/start",
            "https://id.example/oauth2/authorize?client=1",
            "/errors/no-cert.html",
        ] {
            assert_eq!(name(302, location), "refused", "{location}");
        }
    }

    #[test]
    fn a_redirect_on_the_same_host_is_an_acceptance() {
        for location in [
            "/app/",
            "https://shop.example/app",
            "//SHOP.example:443/",
            "/author/1",
            "/blogin",
        ] {
            assert_eq!(name(301, location), "accepted", "{location}");
        }
    }

    #[test]
    fn a_redirect_that_leads_nowhere_is_no_acceptance() {
        assert_eq!(name(302, ""), "refused");
        assert_eq!(name(304, ""), "accepted");
    }

    #[test]
    fn a_redirect_to_another_host_decides_nothing() {
        assert_eq!(name(302, "https://www.other.example/"), "undecided");
        assert_eq!(name(307, "//other.example"), "undecided");
    }

    #[test]
    fn the_refusals_of_http_are_told_from_answers_about_something_else() {
        for status in [401, 403, 421, 495, 496] {
            assert_eq!(name(status, ""), "refused", "{status}");
        }
        for status in [200, 204, 404, 405] {
            assert_eq!(name(status, ""), "accepted", "{status}");
        }
        for status in [400, 500, 503] {
            assert_eq!(name(status, ""), "undecided", "{status}");
        }
        let page = answer(400, "", "<center>The SSL certificate error</center>");
        assert_eq!(of_answer(&page, "shop.example").name(), "refused");
    }

    #[test]
    fn a_servers_own_page_is_told_from_an_applications() {
        let denied = answer(403, "", "RBAC: access denied");
        assert_eq!(is_front(&denied), Some("Envoy's RBAC filter"));
        assert_eq!(is_front(&answer(403, "", "{\"error\":\"forbidden\"}")), None);
    }
}
