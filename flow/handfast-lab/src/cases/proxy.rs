//! Handfast's own proxy says why: a route that denies, a token that is missing, a host that explains its refusals. And what
//! it does not say: a name that no host has, a host that only observes.

use handfast_pki::{Code, code};

use super::named_case;
use crate::{
    Case, Error, Folder, Look,
    Program::{self, Curl, Openssl, Ourselves, Python},
    Running, Scene, Stands, programs,
};

/// What must be found.
enum Must {
    Rest,
    Say(Code, &'static str),
    /// With any certainty.
    SayAny(Code),
}

/// One host, one client.
struct Row {
    variant: &'static str,
    description: &'static str,
    /// Keys of the host, and its routes, with `@BEHIND@` for a backend that nobody serves, or `@SERVED@` for one.
    host: &'static str,
    path: &'static str,
    pair: Option<&'static str>,
    more: &'static [&'static str],
    must: Must,
}

const EXPLAINS: &str = "default = true\non-refusal = \"explain\"\n\n[[listener.host.route]]\npath = \"/\"\nallow = \
                        [\"dns:client.lab.example\"]\nto = \"@BEHIND@\"\n";

const TOKENS: &str = "default = true\n\n[[listener.host.route]]\npath = \"/\"\nallow = [\"dns:client.lab.example\"]\nto = \
                      \"@BEHIND@\"\nbound-tokens = { jwks = \"jwks.json\", issuer = \"https://id.lab.example\", audience = \
                      \"orders\" }\n";

const ROW: Row = Row {
    variant: "",
    description: "",
    host: EXPLAINS,
    path: "",
    pair: Some("client"),
    more: &[],
    must: Must::Rest,
};

const ROWS: &[Row] = &[
    Row {
        variant: "explains",
        description: "the host explains refusals, and the client is good",
        ..ROW
    },
    Row {
        variant: "explained",
        description: "the client has no certificate, and the proxy explains its refusal",
        pair: None,
        must: Must::Say(code::NO_CERTIFICATE, "certain"),
        ..ROW
    },
    Row {
        variant: "explained",
        description: "the client's certificate comes from another CA, and the proxy explains its refusal",
        pair: Some("client-stranger"),
        must: Must::Say(code::UNKNOWN_ISSUER, "certain"),
        ..ROW
    },
    Row {
        variant: "explained",
        description: "the client's intermediate was not sent, and the proxy explains that it does not know the issuer",
        pair: Some("client-forgotten"),
        must: Must::Say(code::MISSING_INTERMEDIATE, "certain"),
        ..ROW
    },
    Row {
        variant: "explained",
        description: "the client's certificate has expired, and the proxy explains its refusal",
        pair: Some("client-expired"),
        must: Must::Say(code::EXPIRED, "certain"),
        ..ROW
    },
    Row {
        variant: "explained",
        description: "the client's certificate is revoked, which the proxy says of one that its CA has not issued, too",
        pair: Some("client-revoked"),
        must: Must::Say(code::REVOKED, "likely"),
        ..ROW
    },
    Row {
        variant: "explained",
        description: "no rule names the client, which the proxy says of names that the CA may not vouch for, too",
        pair: Some("client-other-name"),
        must: Must::Say(code::NOT_ALLOWED, "likely"),
        ..ROW
    },
    Row {
        variant: "route",
        description: "the client is accepted, and the route that it asks for is for another one",
        host: "default = true\n\n[[listener.host.route]]\npath = \"/\"\nallow = [\"dns:client.lab.example\"]\nto = \
               \"@BEHIND@\"\n\n[[listener.host.route]]\npath = \"/orders\"\nallow = [\"dns:other.lab.example\"]\nto = \
               \"@BEHIND@\"\n",
        path: "orders",
        must: Must::Say(code::NOT_ALLOWED, "certain"),
        ..ROW
    },
    Row {
        variant: "",
        description: "the host accepts clients without a certificate, and the route that is asked for does not",
        host: "default = true\nclient-certificate = \"optional\"\n\n[[listener.host.route]]\npath = \"/health\"\nallow = \
               [\"anonymous\"]\nto = \"@BEHIND@\"\n\n[[listener.host.route]]\npath = \"/\"\nallow = \
               [\"dns:client.lab.example\"]\nto = \"@BEHIND@\"\n",
        path: "orders",
        pair: None,
        must: Must::Say(code::NEEDS_CERTIFICATE, "certain"),
        ..ROW
    },
    Row {
        variant: "",
        description: "the request is for another host than the connection",
        host: "names = [\"localhost\"]\n\n[[listener.host.route]]\npath = \"/\"\nallow = [\"dns:client.lab.example\"]\nto = \
               \"@BEHIND@\"\n",
        more: &["--host", "other.lab.example"],
        must: Must::Say(code::MISDIRECTED, "certain"),
        ..ROW
    },
    Row {
        variant: "",
        description: "no host of the listener has the name that the client asks for",
        host: "names = [\"other.lab.example\"]\n\n[[listener.host.route]]\npath = \"/\"\nallow = \
               [\"dns:client.lab.example\"]\nto = \"@BEHIND@\"\n",
        must: Must::SayAny(code::WRONG_SNI),
        ..ROW
    },
    Row {
        variant: "observes",
        description: "the host only observes, so that a client of an unknown CA is served",
        host: "default = true\nmode = \"observe\"\n\n[[listener.host.route]]\npath = \"/\"\nallow = \
               [\"dns:client.lab.example\"]\nto = \"@SERVED@\"\n",
        pair: Some("client-stranger"),
        must: Must::SayAny(code::UNVERIFIED),
        ..ROW
    },
    Row {
        variant: "",
        description: "the route demands an access token, and the request has none",
        host: TOKENS,
        must: Must::Say(code::TOKEN_MISSING, "certain"),
        ..ROW
    },
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = ROWS.iter().map(of_row).collect();
    cases.extend([
        with_token(
            code::TOKEN_REFUSED,
            "the access token is no JSON Web Token",
            "a.b.c",
        ),
        with_token(
            code::TOKEN_NOT_BOUND,
            "the access token is valid and bound to no certificate",
            "$(cat token)",
        ),
    ]);
    cases
}

fn of_row(row: &'static Row) -> Case {
    let name = match row.must {
        Must::Rest => format!("healthy/ourselves-{}", row.variant),
        Must::Say(code, _) | Must::SayAny(code) => named_case(code, Ourselves, row.variant),
    };
    let case = Case::new(name, row.description, &[Ourselves, Openssl, Python], |folder| {
        let mut host = row.host.to_owned();
        let mut behind = Vec::new();
        if host.contains("@SERVED@") {
            let served = programs::plain_http(folder)?;
            host = host.replace("@SERVED@", &format!("http://127.0.0.1:{}", served.port));
            behind.push(served);
        }
        let running = serve(folder, &host)?;
        let port = running.port;
        let (old, new) = (
            format!("localhost:{port}/"),
            format!("localhost:{port}/{}", row.path),
        );
        let all = std::iter::once(running).chain(behind).collect();
        Ok(Scene::https(all, port, row.pair, row.more).instead_of(&old, &new))
    });
    match row.must {
        Must::Rest => case,
        Must::Say(code, certainty) => case.expect(code, "server", certainty),
        Must::SayAny(code) => case.find(code, Stands::First),
    }
}

/// What curl shows of the answer to a request with `token`.
fn with_token(code: Code, description: &'static str, token: &'static str) -> Case {
    const NEEDS: &[Program] = &[Ourselves, Openssl, Curl];
    let name = named_case(code, Curl, "text");
    let case = Case::new(name, description, NEEDS, move |folder| {
        let running = serve(folder, TOKENS)?;
        let line = format!(
            "curl -sS --cacert ca.crt --cert client/tls.crt --key client/tls.key -H \"Authorization: Bearer {token}\" \
             https://localhost:{}/",
            running.port
        );
        Ok(Scene {
            running: vec![running],
            ..Scene::only(Look::Text(line))
        })
    });
    case.expect(code, "server", "certain")
}

fn serve(folder: &Folder, host: &str) -> Result<Running, Error> {
    folder.shell(include_str!("token.sh"))?;
    let behind = format!("http://127.0.0.1:{}", crate::free_port()?);
    let host = host.replace("@BEHIND@", &behind);
    programs::ourselves_with(folder, |port| {
        format!(
            "[[clients]]\nname = \"lab\"\nca = \"ca.crt\"\nnames = [\"dns:*.lab.example\"]\ncrl = [\"good.crl\"]\n\n[[listener]]\n\
             listen = \"127.0.0.1:{port}\"\n\n[[listener.host]]\ncert = \"server/tls.crt\"\nkey = \"server/tls.key\"\nclients = \
             [\"lab\"]\n{host}"
        )
    })
}
