//! What `setup` refuses, with certificates that OpenSSL made, and what it puts into a server that runs.

mod program;

use handfast_lab::{Process, Started, free_port, is_here};
use handfast_setup::{Role, Target};
use program::Place;

#[test]
fn an_expired_and_a_version_1_certificate_are_refused() {
    let place = Place::with_authority();
    let extensions = "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n";
    place.write("extensions", extensions);
    let openssl = "openssl req -new -newkey rsa:2048 -nodes -keyout own.key -subj /CN=localhost -out own.csr 2>/dev/null && \
                   openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -subj /CN=Root -out root.crt 2>/dev/null && \
                   openssl x509 -req -in own.csr -CA root.crt -CAkey root.key -set_serial 7 -days -1 -extfile extensions \
                   -out old.crt 2>/dev/null; openssl x509 -req -in own.csr -CA root.crt -CAkey root.key -set_serial 8 -days 9 \
                   -out v1.crt 2>/dev/null";
    place.shell(openssl).good();
    for (cert, code) in [("old.crt", "HF-202"), ("v1.crt", "HF-207")] {
        let ran = place.run(&format!(
            "setup nginx --cert {cert} --key own.key --ca root.crt --out proxy"
        ));
        assert_eq!(ran.exit, 2, "{ran:#?}");
        assert!(ran.stderr.contains(code), "{ran:#?}");
        assert!(!place.path("proxy").exists(), "nothing may be written");
    }
}

/// The nginx of this place, whose configuration lies in `etc`, and the target that knows it there.
fn an_nginx_that_runs(place: &Place) -> (Started, u16) {
    for folder in ["etc/conf.d", "mine/nginx"] {
        std::fs::create_dir_all(place.path(folder)).expect("a folder");
    }
    let etc = place.path("etc").display().to_string();
    let plain = free_port().expect("a port");
    place.write(
        "etc/nginx.conf",
        format!(
            "pid {etc}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n  access_log off;\n  client_body_temp_path \
             {etc}/body;\n  proxy_temp_path {etc}/proxy;\n  fastcgi_temp_path {etc}/fastcgi;\n  uwsgi_temp_path \
             {etc}/uwsgi;\n  scgi_temp_path {etc}/scgi;\n  server {{\n    listen 127.0.0.1:{plain};\n    return 200 \
             here;\n  }}\n  include {etc}/conf.d/*.conf;\n}}\n"
        ),
    );
    let ours = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../pure/handfast-setup/targets/nginx"
    );
    for file in ["target.toml", "test.toml", "handfast.conf", "nginx.conf"] {
        let text = std::fs::read_to_string(format!("{ours}/{file}")).expect("a file of the target");
        let text = text
            .replace("/etc/nginx/conf.d", &format!("{etc}/conf.d"))
            .replace(
                "\"nginx -t\"",
                &format!("\"nginx -t -e stderr -c {etc}/nginx.conf\""),
            )
            .replace(
                "\"nginx -s reload\"",
                &format!("\"nginx -s reload -e stderr -c {etc}/nginx.conf\""),
            );
        place.write(&format!("mine/nginx/{file}"), text);
    }
    let nginx = Process {
        name: "nginx".into(),
        line: format!("nginx -e stderr -c {etc}/nginx.conf -g 'daemon off;'"),
        folder: place.path("etc"),
        ..Process::default()
    };
    (nginx.start(&[plain]).expect("nginx starts"), plain)
}

#[test]
fn a_running_nginx_takes_the_configuration_and_keeps_its_own_when_that_is_not_good() {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    place
        .run("issue client --uri spiffe://acme/bob --out client")
        .good();
    let (_nginx, plain) = an_nginx_that_runs(&place);
    let port = free_port().expect("a port");
    let setup =
        "setup nginx --targets mine --cert server/tls.crt --key server/tls.key --ca server/ca.crt --apply";
    // An address of documentation, which this machine does not have.
    let ran = place.run(&format!("{setup} --listen 192.0.2.1:{port}"));
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("everything is as it was before"), "{ran:#?}");
    assert!(!place.path("etc/conf.d/handfast.conf").exists());
    place
        .shell(&format!("curl -sSf http://127.0.0.1:{plain}/"))
        .good();

    place.run(&format!("{setup} --listen 127.0.0.1:{port}")).good();
    let curl = format!(
        "curl -sS -o body -w '%{{http_code}}' --cacert server/ca.crt --resolve \
         localhost:{port}:127.0.0.1 https://localhost:{port}/"
    );
    // Its port opens a moment after the reload; nobody waits for an answer of 502 to become another.
    let ran = place
        .shell(&format!("{curl} --retry 5 --retry-connrefused"))
        .good();
    assert_eq!(ran.stdout, "400", "without a certificate: {ran:#?}");
    let ran = place
        .shell(&format!("{curl} --cert client/tls.crt --key client/tls.key"))
        .good();
    assert_eq!(
        ran.stdout, "502",
        "let in, to a backend that is not here: {ran:#?}"
    );
    place
        .shell(&format!("curl -sSf http://127.0.0.1:{plain}/"))
        .good();
}

/// What a printed line cannot be run without here: a database that somebody has made, a Python with the modules, a port
/// that the configuration cannot choose.
const NOT_ALONE: [&str; 5] = ["envoy", "etcd", "grpc-python", "hypercorn", "uvicorn"];

/// Whether the lines of the server can be run as they are printed.
fn runs_alone(target: &Target) -> bool {
    let Ok(part) = target.part(Role::Server) else {
        return false;
    };
    let needs_more = part
        .trial
        .as_ref()
        .is_none_or(|trial| trial.prepare.is_some() || trial.user.is_some());
    !needs_more
        && !NOT_ALONE.contains(&target.name.as_str())
        && part.needs.keys().all(|program| is_here(program))
}

#[test]
fn every_printed_line_of_a_server_runs_as_it_is_printed() {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    let targets = handfast_setup::all().expect("the targets can be read");
    let alone: Vec<&Target> = targets.iter().filter(|target| runs_alone(target)).collect();
    let names: Vec<&str> = alone.iter().map(|target| target.name.as_str()).collect();
    for known in ["apache", "haproxy", "nginx", "stunnel"] {
        assert!(names.contains(&known), "{names:?}");
    }
    let mut wrong = Vec::new();
    for name in names {
        let port = free_port().expect("a port");
        let files = "--cert server/tls.crt --key server/tls.key --ca server/ca.crt";
        let made = place.run(&format!(
            "setup {name} --role server {files} --listen 127.0.0.1:{port} --out out/{name} --json"
        ));
        let report = made.good().json();
        // Of a person who is somewhere else.
        let line = |what: &str| {
            report[what].as_str().map(|line| Process {
                name: name.to_owned(),
                line: line.to_owned(),
                folder: place.path("server"),
                ..Process::default()
            })
        };
        if let Some(Err(error)) = line("check").map(|check| check.run()) {
            wrong.push(format!("check of {name}: {error:?}"));
        }
        let running = match line("start").map(|start| start.start(&[port])) {
            Some(Err(error)) => {
                wrong.push(format!("start of {name}: {error:?}"));
                continue;
            }
            running => running,
        };
        if let Some(Err(error)) = line("reload").map(|reload| reload.run()) {
            wrong.push(format!("reload of {name}: {error:?}"));
        }
        drop(running);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
