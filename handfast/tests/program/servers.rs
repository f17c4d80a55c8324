//! Servers of others, with a configuration in the folder of the test.

use std::{
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use super::{Place, daemon::until};

/// A server of others, killed when the test is over.
pub(crate) struct Other(Child);

impl Drop for Other {
    fn drop(&mut self) {
        // Not SIGKILL: a server with children takes them along when it is asked.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// The Python that has the packages which the tests need, beside the programs that came with them.
pub(crate) fn python() -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folder = std::env::split_paths(&path).find(|folder| folder.join("lint_crl").is_file());
    let folder = folder.expect("scripts/test installs pkilint");
    folder.join("python").display().to_string()
}

/// Runs `program` until it listens on `port`.
#[track_caller]
pub(crate) fn start(place: &Place, program: &str, arguments: &str, port: u16) -> Other {
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    let log = std::fs::File::create(place.path("server.log")).expect("a log");
    let mut other = Other(
        Command::new(program)
            .args(arguments.split_whitespace())
            .current_dir(place.path(""))
            .env("PATH", path)
            // Some keep files at home.
            .env("HOME", place.path(""))
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}")),
    );
    until(format!("{program} listens"), || {
        if let Ok(Some(status)) = other.0.try_wait() {
            panic!("{program} ended with {status}: {}", place.read("server.log"));
        }
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
    other
}

/// nginx with `http`, the inside of its block, in `nginx.conf` from line 9.
#[track_caller]
pub(crate) fn nginx(place: &Place, http: &str, port: u16) -> Other {
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path tmp; "))
        .collect();
    place.write(
        "nginx.conf",
        format!(
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n\
             {folders}\n{http}\n}}\n"
        ),
    );
    let folder = place.path("");
    start(
        place,
        "nginx",
        &format!("-p {} -e stderr -c nginx.conf", folder.display()),
        port,
    )
}

/// Apache with `rest` in `httpd.conf` from line 20, serving "hello".
#[track_caller]
pub(crate) fn apache(place: &Place, rest: &str, port: u16) -> Other {
    const MODULES: [&str; 8] = [
        "mpm_event",
        "authz_core",
        "dir",
        "ssl",
        "headers",
        "proxy",
        "proxy_http",
        "socache_shmcb",
    ];
    let _ = std::fs::create_dir(place.path("htdocs"));
    place.write("htdocs/index.html", "hello\n");
    let modules: String = MODULES
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let folder = place.path("");
    let folder = folder.display().to_string();
    let folder = folder.trim_end_matches('/');
    place.write(
        "httpd.conf",
        format!(
            "{modules}ServerRoot {folder}\nServerName localhost\nPidFile httpd.pid\nErrorLog error.log\n\
             DefaultRuntimeDir {folder}\nMutex file:{folder}\nUser www-data\nGroup www-data\nStartServers 1\n\
             DocumentRoot htdocs\nListen 127.0.0.1:{port}\n{rest}"
        ),
    );
    start(
        place,
        "apache2",
        &format!("-f {folder}/httpd.conf -DFOREGROUND"),
        port,
    )
}

/// HAProxy with `rest` in `haproxy.cfg` from line 6.
#[track_caller]
pub(crate) fn haproxy(place: &Place, rest: &str, port: u16) -> Other {
    place.write(
        "haproxy.cfg",
        format!("defaults\nmode http\ntimeout connect 9s\ntimeout client 9s\ntimeout server 9s\n{rest}"),
    );
    start(place, "haproxy", "-f haproxy.cfg -db", port)
}

/// Envoy with the bootstrap `text`.
#[track_caller]
pub(crate) fn envoy(place: &Place, text: &str, port: u16) -> Other {
    place.write("envoy.yaml", text);
    let arguments = "-c envoy.yaml --concurrency 1 --disable-hot-restart -l error";
    start(place, "envoy", arguments, port)
}

/// Caddy with a `Caddyfile` or, when it begins as such, JSON.
#[track_caller]
pub(crate) fn caddy(place: &Place, text: &str, port: u16) -> Other {
    let (file, adapter) = if text.starts_with("{\"") {
        ("caddy.json", "")
    } else {
        ("Caddyfile", "--adapter caddyfile")
    };
    place.write(file, text);
    start(place, "caddy", &format!("run --config {file} {adapter}"), port)
}
