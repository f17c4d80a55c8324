//! Backends that fold the names of headers learn the identity from the proxy and from nobody else; and the doctor, who
//! tries the same on every proxy, finds nothing on ours.

mod program;

use program::{
    Place,
    caller::Call,
    daemon::Daemon,
    pki::{DOOR, cast},
    servers::{Other, start},
    service::{Service, closed_port},
};

/// Names by which a folding backend could be told who somebody is: each known one with every separator.
fn names() -> Vec<String> {
    let mut names: Vec<String> = handfast_headers::KNOWN
        .iter()
        .flat_map(|known| known.examples)
        .flat_map(|example| {
            "-_.~!#$%&'*+^`|".chars().map(|separator| {
                let folded = handfast_headers::fold(example);
                folded.replace('-', &separator.to_string())
            })
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Sends all of them, in headers and in trailers, and looks at what the backend says that it was told.
#[track_caller]
fn assert_nothing_arrives(place: &Place, backend: &str, port: u16, path: &str) {
    let proxy = open(place, port);
    let mut caller = Call::of(place, "web").knock(proxy.port).expect("accepted");
    for some in names().chunks(40) {
        let lines: String = some.iter().map(|name| format!("{name}: forged\r\n")).collect();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nx-kept: seen\r\n{lines}transfer-encoding: chunked\r\n\r\n\
             4\r\nbody\r\n0\r\n{lines}\r\n"
        );
        // Some backends take no chunks, and are asked without a body.
        let mut answer = caller.ask(&request).expect("an answer");
        if answer.status != 200 {
            caller = Call::of(place, "web").knock(proxy.port).expect("accepted");
            let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nx-kept: seen\r\n{lines}\r\n");
            answer = caller.ask(&request).expect("an answer");
        }
        let text = answer.text();
        assert_eq!(answer.status, 200, "{backend}: {text}");
        assert!(!text.contains("forged"), "{backend}: {some:?}: {text}");
        assert!(text.contains("seen"), "{backend}: other headers arrive: {text}");
        assert!(
            text.contains(":MII"),
            "{backend}: the certificate arrives: {text}"
        );
        if answer.head.to_lowercase().contains("connection: close") {
            caller = Call::of(place, "web").knock(proxy.port).expect("accepted");
        }
    }
}

fn open(place: &Place, port: u16) -> Daemon {
    place.open(&format!("{DOOR} --to http://127.0.0.1:{port} --allow any --xfcc"))
}

fn stage() -> Place {
    let place = Place::new();
    cast(&place);
    place
}

const CGI: &str = "#!/usr/bin/env python3\nimport os\nprint('Content-Type: text/plain\\n')\n\
    for key, value in sorted(os.environ.items()):\n    print(key, '=', value)\n";

const WSGI: &str = "def application(environ, start_response):\n    environ['wsgi.input'].read()\n\
    \x20   text = '\\n'.join(f'{k} = {v}' for k, v in sorted(environ.items())).encode()\n\
    \x20   start_response('200 OK', [('Content-Length', str(len(text)))])\n    return [text]\n";

fn script(place: &Place, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::create_dir(place.path("htdocs"));
    place.write(name, text);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path(name), mode).expect("a mode");
}

fn lighttpd(place: &Place, more: &str) -> (Other, u16) {
    let port = closed_port();
    let root = place.path("htdocs");
    place.write(
        "lighttpd.conf",
        format!(
            "server.port = {port}\nserver.bind = \"127.0.0.1\"\nserver.document-root = \"{}\"\n\
             index-file.names = ( \"x\" )\n{more}\n",
            root.display()
        ),
    );
    (start(place, "lighttpd", "-D -f lighttpd.conf", port), port)
}

#[test]
fn lighttpd_with_cgi_is_told_nothing_forged() {
    let place = stage();
    script(&place, "htdocs/show.py", CGI);
    let (_server, port) = lighttpd(
        &place,
        "server.modules = ( \"mod_cgi\" )\ncgi.assign = ( \".py\" => \"\" )\nserver.stream-request-body = 0",
    );
    assert_nothing_arrives(&place, "lighttpd CGI", port, "/show.py");
}

#[test]
fn php_fpm_is_told_nothing_forged() {
    let place = stage();
    script(
        &place,
        "htdocs/show.php",
        "<?php foreach ($_SERVER as $key => $value) { if (is_string($value)) { echo \"$key = $value\\n\"; } }",
    );
    let socket = place.path("php.sock");
    place.write(
        "php-fpm.conf",
        format!(
            "[global]\nerror_log = {}\ndaemonize = no\n[www]\nlisten = {}\npm = static\npm.max_children = 1\n\
             user = root\ngroup = root\n",
            place.path("php.log").display(),
            socket.display()
        ),
    );
    let _fpm = background(&place, &php_fpm(), "-R -F -y php-fpm.conf");
    program::daemon::until("php-fpm", || socket.exists().then_some(()));
    let (_server, port) = lighttpd(
        &place,
        &format!(
            "server.modules = ( \"mod_fastcgi\" )\nfastcgi.server = ( \".php\" => (( \"socket\" => \"{}\" )) )",
            socket.display()
        ),
    );
    assert_nothing_arrives(&place, "PHP-FPM", port, "/show.php");
}

/// Debian puts the version into the name.
fn php_fpm() -> String {
    let found = std::fs::read_dir("/usr/sbin")
        .expect("a folder")
        .flatten()
        .find_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with("php-fpm").then_some(name)
        });
    found.expect("php-fpm is installed")
}

/// A program that listens on no port.
fn background(place: &Place, program: &str, arguments: &str) -> Killed {
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    let child = std::process::Command::new(program)
        .args(arguments.split_whitespace())
        .current_dir(place.path(""))
        .env("PATH", path)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    Killed(child.unwrap_or_else(|error| panic!("{program}: {error}")))
}

struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // Asked first, so that it takes its children along.
        let _ = std::process::Command::new("kill")
            .arg(self.0.id().to_string())
            .status();
        let _ = self.0.wait();
    }
}

#[test]
fn apache_with_cgi_is_told_nothing_forged() {
    let place = stage();
    script(&place, "htdocs/show.py", CGI);
    let port = closed_port();
    let folder = place.path("").display().to_string();
    let folder = folder.trim_end_matches('/');
    let modules: String = ["mpm_prefork", "authz_core", "cgi", "dir"]
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    std::fs::set_permissions(
        place.path(""),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .expect("a mode");
    place.write(
        "httpd.conf",
        format!(
            "{modules}ServerRoot {folder}\nServerName localhost\nPidFile httpd.pid\nErrorLog error.log\n\
             DefaultRuntimeDir {folder}\nMutex file:{folder}\nUser www-data\nGroup www-data\nStartServers 1\n\
             DocumentRoot {folder}/htdocs\nListen 127.0.0.1:{port}\nLimitRequestFields 200\n\
             <Directory {folder}/htdocs>\nOptions +ExecCGI\nSetHandler cgi-script\n</Directory>\n"
        ),
    );
    let _server = start(
        &place,
        // When it ends, Apache asks its whole process group to end.
        "setsid",
        &format!("apache2 -f {folder}/httpd.conf -DFOREGROUND"),
        port,
    );
    assert_nothing_arrives(&place, "Apache CGI", port, "/show.py");
}

#[test]
fn uwsgi_is_told_nothing_forged() {
    let place = stage();
    place.write("app.py", WSGI);
    let port = closed_port();
    let arguments = format!(
        "--http-socket 127.0.0.1:{port} --plugin python3 --wsgi-file app.py --need-app --buffer-size 65535 \
         --die-on-term --http-chunked-input"
    );
    let arguments = arguments.replace(" --http-chunked-input", "");
    let _server = start(&place, "uwsgi", &arguments, port);
    assert_nothing_arrives(&place, "uWSGI", port, "/");
}

#[test]
fn gunicorn_is_told_nothing_forged() {
    let place = stage();
    place.write("app.py", WSGI);
    let port = closed_port();
    let arguments = format!("-b 127.0.0.1:{port} --header-map dangerous app:application");
    let _server = start(&place, "gunicorn", &arguments, port);
    assert_nothing_arrives(&place, "gunicorn", port, "/");
}

#[test]
fn node_is_told_nothing_forged() {
    let place = stage();
    let port = closed_port();
    place.write(
        "app.js",
        format!(
            "require('http').createServer((request, response) => {{ request.resume().on('end', () => \
             response.end(JSON.stringify([request.rawHeaders, request.rawTrailers]))); }}).listen({port}, '127.0.0.1');"
        ),
    );
    let _server = start(&place, "node", "app.js", port);
    assert_nothing_arrives(&place, "Node", port, "/");
}

#[test]
fn the_doctor_finds_no_forgeable_header_on_our_own_proxy() {
    let place = stage();
    let service = Service::echo();
    let proxy = open(&place, service.port);
    let line = |active: &str| {
        format!(
            "doctor https://localhost:{}/ --ca server/ca.crt --cert web/tls.crt --key web/tls.key {active} --json",
            proxy.port
        )
    };
    for active in ["", "--active --probe always"] {
        let report = place.run(&line(active)).good().json();
        assert!(!report.to_string().contains("HF-602"), "{report:#}");
    }
    let heard = service.heard();
    // It was tried: the request with the forged headers arrived, without any of them.
    assert!(heard.len() >= 3, "{heard:#?}");
    assert!(
        heard
            .iter()
            .all(|heard| !heard.head.contains("handfast-forged-identity")),
        "{heard:#?}"
    );
    // Without the proxy in between, the same service repeats what it is told.
    let forged = handfast_headers::forgeries().next().expect("a name");
    let text = place
        .shell(&format!(
            "curl -s -H '{forged}: forged' http://127.0.0.1:{}/",
            service.port
        ))
        .good();
    assert!(text.stdout.contains("forged"), "{text:#?}");
}
