//! `trust`: real programs believe after install, and not before it nor after remove. The machine's own stores are
//! never touched: HOME is the folder of the test, and every store has a flag that says where it is.

mod program;

#[path = "trust/refusals.rs"]
mod refusals;
#[path = "trust/runtimes.rs"]
mod runtimes;
#[path = "trust/stores.rs"]
mod stores;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use program::{Place, Ran};

/// A place with an authority and a TLS server of openssl that has a certificate of it.
struct Stage {
    place: Place,
    server: Child,
    port: u16,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn stage() -> Stage {
    let place = Place::with_authority();
    place
        .run("issue server --dns localhost --ip 127.0.0.1 --out server")
        .good();
    let mut server = Command::new("openssl")
        .args([
            "s_server",
            "-accept",
            "127.0.0.1:0",
            "-www",
            "-cert",
            "server/tls.crt",
        ])
        .args(["-cert_chain", "server/tls.crt", "-key", "server/tls.key"])
        .current_dir(place.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl starts");
    let mut lines = BufReader::new(server.stdout.take().expect("piped")).lines();
    let port = lines.by_ref().find_map(|line| {
        let line = line.ok()?;
        line.strip_prefix("ACCEPT ")?.rsplit_once(':')?.1.parse().ok()
    });
    // Read on, so that the server never writes into a closed pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Stage {
        place,
        server,
        port: port.expect("a port"),
    }
}

impl Stage {
    /// A shell line at home in the folder, without what the machine's owner set; PORT is filled in.
    #[track_caller]
    fn shell(&self, line: &str) -> Ran {
        at_home(&self.place, &line.replace("PORT", &self.port.to_string()))
    }
}

/// A shell line whose HOME is the folder of the test.
fn at_home(place: &Place, line: &str) -> Ran {
    place.shell(&format!(
        "unset SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS XDG_CONFIG_HOME CURL_HOME \
         JAVA_HOME JAVA_TOOL_OPTIONS; export HOME=$PWD no_proxy=localhost,127.0.0.1; {line}"
    ))
}

/// Everything below the folder, with its contents, for "nothing was changed".
fn everything(place: &Place) -> String {
    place
        .shell("find . -type f -not -name '*.db-journal' | sort | xargs -d '\\n' sha256sum")
        .good()
        .stdout
}
