//! nginx, which takes every certificate in TLS and answers what it does not like with HTTP 400.

use super::{Asks, Place, Running, Setup, Speaks};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    // `return` would come before whatever else the location does.
    let answer = if setup.inside.contains("proxy_pass") {
        ""
    } else {
        "            default_type text/plain;\n            return 200 \"hello\\n\";\n"
    };
    let server = format!(
        "    server {{\n        listen 127.0.0.1:{port} ssl;\n{tls}        location / {{\n{inside}{answer}        }}\n    \
         }}\n",
        port = place.port,
        tls = tls(place, setup),
        inside = setup.inside,
    );
    start(place, &server)
}

/// With these `server` blocks.
pub(super) fn start(place: &Place<'_>, servers: &str) -> Result<Running, Error> {
    let port = place.port;
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("    {name}_temp_path {};\n", place.file("nginx-temporary")))
        .collect();
    let configuration = format!(
        "daemon off;\nmaster_process off;\npid {pid};\nerror_log stderr info;\nevents {{}}\nhttp {{\n    access_log \
         off;\n{temporary}{servers}}}\n",
        pid = place.file(&format!("nginx-{port}.pid")),
    );
    let name = format!("nginx-{port}.conf");
    place.folder.write(&name, configuration)?;
    let prefix = place.folder.path().display().to_string();
    place.start(&["-p", &prefix, "-e", "stderr", "-c", &name])
}

fn tls(place: &Place<'_>, setup: &Setup) -> String {
    let mut lines = vec![
        format!(
            "ssl_certificate {};",
            place.file(&format!("{}/tls.crt", setup.pair))
        ),
        format!(
            "ssl_certificate_key {};",
            place.file(&format!("{}/tls.key", setup.pair))
        ),
        match setup.speaks {
            Speaks::Both => "ssl_protocols TLSv1.2 TLSv1.3;".into(),
            Speaks::Only12 => "ssl_protocols TLSv1.2;".into(),
            Speaks::Only13 => "ssl_protocols TLSv1.3;".into(),
        },
    ];
    if setup.asks != Asks::Never {
        lines.push(format!(
            "ssl_client_certificate {};",
            place.file(&setup.client_ca)
        ));
        lines.push(match setup.asks {
            Asks::Optionally => "ssl_verify_client optional;".into(),
            Asks::AndTakesAnything => "ssl_verify_client optional_no_ca;".into(),
            _ => "ssl_verify_client on;".into(),
        });
    }
    lines.extend(setup.depth.map(|depth| format!("ssl_verify_depth {depth};")));
    lines.extend(
        setup
            .crl
            .as_ref()
            .map(|crl| format!("ssl_crl {};", place.file(crl))),
    );
    lines.extend(setup.more.lines().map(str::to_owned));
    lines.iter().map(|line| format!("        {line}\n")).collect()
}
