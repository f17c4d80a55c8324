//! The handshake went well, and who is let in or told of is not who should be.

use handfast_pki::code;

use super::{
    healthy::{needs, postgres},
    named_case,
};
use crate::{
    Asks, Case, Error, Folder, Look, Program,
    Program::{Caddy, Envoy, GnutlsServer, Haproxy, Nginx, Node, Openssl, Ourselves, Postgres, Python},
    Scene, Setup, Speaks, serve,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        told(),
        not_told(),
        forgeable(),
        other_form(),
        other_user(),
        other_user_in_psql(),
        public_cas(),
        any_of_ca(Nginx),
        any_of_ca(Haproxy),
        for_years(),
        denied(),
        vague(),
        old_process(),
        several_instances(),
    ];
    for program in [Nginx, Haproxy, Envoy, Caddy, Node, Openssl, GnutlsServer] {
        cases.push(unverified(program));
    }
    cases
}

/// nginx in front of a service that answers with the headers it saw.
fn behind(folder: &Folder, inside: &str, more: &[&str]) -> Result<Scene, Error> {
    folder.write("echo.py", include_str!("echo.py"))?;
    let service = crate::programs::python_script(folder, "echo.py")?;
    let setup = Setup {
        inside: format!("{inside}proxy_pass http://127.0.0.1:{};\n", service.port),
        ..Setup::default()
    };
    let running = serve(Nginx, folder, &setup)?;
    let port = running.port;
    Ok(Scene::https(vec![running, service], port, Some("client"), more))
}

/// The twin of the next two: told, and nothing can be made up.
fn told() -> Case {
    Case::new(
        "healthy/nginx-forwarding",
        "the proxy tells the application who the client is, and no client can",
        &[Nginx, Python],
        |folder| {
            let headers = "proxy_set_header X-SSL-Client-Verify $ssl_client_verify;\nproxy_set_header \
                           X-SSL-Client-S-DN $ssl_client_s_dn;\n";
            // nginx drops names with other characters by itself.
            let is_plain = |name: &&str| {
                name.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            };
            let own = ["x-ssl-client-verify", "x-ssl-client-s-dn"];
            let cleared: String = handfast_headers::forgeries()
                .filter(is_plain)
                .filter(|name| !own.contains(name))
                .map(|name| format!("proxy_set_header {name} \"\";\n"))
                .collect();
            behind(folder, &format!("{headers}{cleared}"), &["--echo", "--active"])
        },
    )
}

fn not_told() -> Case {
    let case = Case::new(
        named_case(code::NOT_FORWARDED, Nginx, ""),
        "the proxy verifies the certificate and tells the application nothing of it",
        &[Nginx, Python],
        |folder| behind(folder, "", &["--echo"]),
    );
    case.expect(code::NOT_FORWARDED, "server", "certain")
}

fn forgeable() -> Case {
    let case = Case::new(
        named_case(code::FORGEABLE, Nginx, ""),
        "the proxy hands on identity headers as the client sends them",
        &[Nginx, Python],
        |folder| {
            behind(
                folder,
                "proxy_set_header X-SSL-Client-Verify $ssl_client_verify;\n",
                &["--active"],
            )
        },
    );
    case.expect(code::FORGEABLE, "server", "certain")
}

fn other_form() -> Case {
    let case = Case::new(
        named_case(code::NAME_FORM, Nginx, ""),
        "the rule names the subject as OpenSSL writes it on one line, nginx compares with RFC 2253",
        &[Nginx],
        |folder| {
            let setup = Setup {
                inside: "if ($ssl_client_s_dn != \"/O=Handfast Lab/CN=client\") { return 403; }\n".into(),
                ..Setup::default()
            };
            let running = serve(Nginx, folder, &setup)?;
            let port = running.port;
            let more = ["--expect-dn", "/O=Handfast Lab/CN=client"];
            Ok(Scene::https(vec![running], port, Some("client"), &more))
        },
    );
    case.expect(code::NAME_FORM, "server", "certain")
}

fn other_user() -> Case {
    let case = Case::new(
        named_case(code::UNMAPPED, Postgres, ""),
        "the certificate's common name is not the database user that is asked for",
        &[Postgres],
        |folder| postgres(folder, Speaks::Both, "postgres", Some("client")),
    );
    case.expect(code::UNMAPPED, "server", "certain")
}

fn other_user_in_psql() -> Case {
    let case = Case::new(
        named_case(code::UNMAPPED, Program::Psql, "text"),
        "psql says why the database does not take the certificate",
        &[Postgres, Program::Psql],
        |folder| {
            let running = serve(Postgres, folder, &Setup::default())?;
            let line = format!(
                "psql \"host=localhost port={} user=postgres sslmode=verify-full sslrootcert=ca.crt \
                 sslcert=client/tls.crt sslkey=client/tls.key\" -c 'select 1'",
                running.port
            );
            Ok(Scene {
                running: vec![running],
                ..Scene::only(Look::Text(line))
            })
        },
    );
    case.expect(code::UNMAPPED, "server", "certain")
}

/// Whatever is sent is taken.
fn unverified(program: Program) -> Case {
    let case = Case::new(
        named_case(code::UNVERIFIED, program, ""),
        "the server asks for a certificate and takes any",
        &needs(program),
        move |folder| {
            let setup = Setup {
                asks: Asks::AndTakesAnything,
                ..Setup::default()
            };
            let running = serve(program, folder, &setup)?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    );
    case.expect(code::UNVERIFIED, "server", "certain")
}

fn public_cas() -> Case {
    let case = Case::new(
        named_case(code::PUBLIC_CAS, Nginx, ""),
        "the server trusts every public CA of its system for clients",
        &[Nginx],
        |folder| {
            let system = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").map_err(|source| {
                Error::File {
                    what: "/etc/ssl/certs/ca-certificates.crt".into(),
                    source,
                }
            })?;
            let ours = folder.read("ca.crt")?;
            folder.write("all.crt", format!("{system}\n{ours}"))?;
            let setup = Setup {
                client_ca: "all.crt".into(),
                ..Setup::default()
            };
            let running = serve(Nginx, folder, &setup)?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    );
    case.expect(code::PUBLIC_CAS, "server", "likely")
}

fn any_of_ca(program: Program) -> Case {
    let case = Case::new(
        named_case(code::ANY_OF_CA, program, ""),
        "every certificate of the CA is accepted, whatever its name",
        &[program],
        move |folder| {
            let running = serve(program, folder, &Setup::default())?;
            let port = running.port;
            let more = [
                "--must-refuse",
                "client-other-name/tls.crt",
                "--must-refuse-key",
                "client-other-name/tls.key",
            ];
            Ok(Scene::https(vec![running], port, Some("client"), &more))
        },
    );
    case.expect(code::ANY_OF_CA, "server", "certain")
}

fn for_years() -> Case {
    let case = Case::new(
        format!("{}/files", code::LONG_LIVED),
        "the client's certificate lives for years",
        &[],
        |folder| {
            // What stands above it has to live as long.
            folder.copy("issuing-and-root.crt", "client-for-years/cas.crt")?;
            Ok(Scene::only(Look::Command(
                ["doctor", "--client-files", "client-for-years"]
                    .map(str::to_owned)
                    .to_vec(),
            )))
        },
    );
    case.expect(code::LONG_LIVED, "server", "certain")
}

fn denied() -> Case {
    let case = Case::new(
        named_case(code::NOT_ALLOWED, Ourselves, ""),
        "the certificate is trusted, and no rule of the proxy names it",
        &[Ourselves],
        |folder| {
            let running = serve(Ourselves, folder, &Setup::default())?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client-other-name"), &[]))
        },
    );
    case.expect(code::NOT_ALLOWED, "server", "likely")
}

/// HAProxy verifies and then closes on whom a rule of its own does not let in.
fn vague() -> Case {
    let case = Case::new(
        named_case(code::VAGUE_ALERT, Haproxy, ""),
        "the server trusts the certificate and closes the connection for a reason of its own",
        &[Haproxy],
        |folder| {
            let setup = Setup {
                inside: "    tcp-request session reject if { ssl_c_used }\n".into(),
                ..Setup::default()
            };
            let running = serve(Haproxy, folder, &setup)?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    );
    case.expect(code::VAGUE_ALERT, "server", "guess")
}

fn old_process() -> Case {
    let case = Case::new(
        named_case(code::OLD_PROCESS, Nginx, ""),
        "the server's certificate was renewed, and the server was not told",
        &[Nginx],
        |folder| {
            let setup = Setup {
                pair: "live".into(),
                ..Setup::default()
            };
            folder.copy("server/tls.crt", "live/tls.crt")?;
            folder.copy("server/tls.key", "live/tls.key")?;
            let running = serve(Nginx, folder, &setup)?;
            folder.copy("server-renewed/tls.crt", "live/tls.crt")?;
            folder.copy("server-renewed/tls.key", "live/tls.key")?;
            let port = running.port;
            let more = ["--served", "live/tls.crt"];
            Ok(Scene::https(vec![running], port, Some("client"), &more))
        },
    );
    case.expect(code::OLD_PROCESS, "client", "certain")
}

/// Two servers behind one address, one of which still has the expired certificate.
fn several_instances() -> Case {
    let case = Case::new(
        named_case(code::OLD_PROCESS, Haproxy, "instances"),
        "two servers share an address, and one of them still shows its expired certificate",
        &[Haproxy, Nginx],
        |folder| {
            let of = |pair: &str| Setup {
                pair: pair.into(),
                ..Setup::default()
            };
            let new = serve(Nginx, folder, &of("server"))?;
            let old = serve(Nginx, folder, &of("server-expired"))?;
            let port = crate::free_port()?;
            let configuration = format!(
                "global\n    log stderr local0 info\ndefaults\n    mode tcp\n    timeout client 10s\n    timeout connect \
                 5s\n    timeout server 10s\nfrontend both\n    bind 127.0.0.1:{port}\n    default_backend both\nbackend \
                 both\n    balance roundrobin\n    server old 127.0.0.1:{}\n    server new 127.0.0.1:{}\n",
                old.port, new.port
            );
            let running = crate::programs::haproxy_with(folder, port, &configuration)?;
            let more = ["--served", "server/tls.crt"];
            Ok(Scene::https(vec![running, new, old], port, Some("client"), &more))
        },
    );
    case.expect(code::OLD_PROCESS, "client", "certain")
}
