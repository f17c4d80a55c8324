//! Whatever file a private key is given in the place of, and in whatever shape, nothing of it comes out again.
//!
//! Every command that reads a file is given a key instead ([`commands`]), in every shape ([`shapes`]), as text and as
//! JSON; then stdout, stderr and all files that were written are searched ([`leaks`]).

mod program;

#[path = "no_key_material/commands.rs"]
mod commands;
#[path = "no_key_material/leaks.rs"]
mod leaks;
#[path = "no_key_material/shapes.rs"]
mod shapes;

use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use handfast_ca::{Authority, NewAuthority};
use handfast_formats::{
    container::{self, Age, Lock},
    gather::{Opening, gather},
};
use handfast_pki::{KeyKind, MlDsa, PrivateKey, Profile};

use crate::{
    commands::TABLE,
    leaks::Secret,
    program::{
        Place,
        pki::{Ca, Wanted},
        service::closed_port,
    },
    shapes::{Pair, Shape},
};

/// Names under which a key lies in the folder of its shape: some commands go by the ending.
const NAMES: [&str; 5] = ["tls.key", "tls.conf", "tls.yaml", "tls.toml", "files/tls.key"];

fn pair(ca: &Ca, kind: KeyKind) -> Pair {
    let key = PrivateKey::generate(kind).expect("a key");
    let wanted = Wanted::now(Profile::Client);
    let pem = ca.certify(&key, &wanted, &["uri:spiffe://acme/web"]);
    let chain = gather(pem.as_bytes(), Opening::default())
        .expect("a chain")
        .certificates;
    Pair { kind, key, chain }
}

/// `good/`, with everything that is not the key, and `handfast/`, an authority.
fn cast(place: &Place) -> Ca {
    let ca = Ca::new(place, "acme");
    ca.issue(
        place,
        "good",
        &Wanted::now(Profile::Peer),
        &["uri:spiffe://acme/api", "dns:localhost"],
    );
    let root = PrivateKey::generate(KeyKind::P256).expect("a key");
    place.write("good/ca.key", root.to_pem().as_bytes());
    place.write("good/password", "changeit\n");
    let client = pair(&ca, KeyKind::P256);
    let lock = Lock {
        password: "changeit",
        age: Age::Modern,
    };
    let container = container::write(&client.key, &client.chain, "web", lock).expect("a container");
    place.write("good/client.p12", &container[..]);
    place.write("good/empty.log", "");
    place.write(
        "good/report.json",
        "{\"target\": \"x\", \"handshake\": \"00\", \"trace\": [], \"messages\": []}",
    );
    // The head of a capture of Ethernet, and no packet.
    place.write(
        "good/capture.pcap",
        b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0",
    );
    place.write(
        "good/nginx.conf",
        "server {\n  listen 443 ssl;\n  ssl_certificate NOW/tls.key;\n  ssl_certificate_key tls.crt;\n  \
         ssl_client_certificate NOW/tls.key;\n  ssl_crl NOW/tls.key;\n  ssl_verify_client on;\n  include NOW/tls.conf;\n}\n",
    );
    place.write(
        "good/names-the-key.toml",
        "[proxy]\nlisten = \"127.0.0.1:0\"\nto = \"http://127.0.0.1:1\"\ncert = \"NOW/tls.key\"\nkey = \"tls.crt\"\n\
         client-ca = \"NOW/tls.key\"\nallow = [\"any\"]\n",
    );
    let new = NewAuthority {
        name: "acme".into(),
        key: KeyKind::P256.into(),
        bounds: None,
    };
    Authority::create(&place.path("handfast"), &new, jiff::Timestamp::now()).expect("an authority");
    ca
}

/// One run of the program in the folder of a shape.
struct Run<'a> {
    place: &'a Place,
    folder: PathBuf,
    port: u16,
}

impl Run<'_> {
    fn new<'a>(place: &'a Place, number: usize, shape: &Shape, port: u16) -> Run<'a> {
        let folder = place.path(&format!("shape-{number}"));
        fs::create_dir_all(folder.join("files")).expect("a folder");
        for name in NAMES {
            fs::write(folder.join(name), &shape.bytes).expect("a file");
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).expect("its mode");
        }
        fs::copy(place.path("good/tls.crt"), folder.join("files/tls.crt")).expect("a file");
        for name in ["nginx.conf", "names-the-key.toml"] {
            let text = fs::read_to_string(place.path("good").join(name)).expect("a text");
            let own = text.replace("NOW", &folder.display().to_string());
            fs::write(folder.join(name), own.replace("tls.crt", "../good/tls.crt")).expect("a file");
        }
        Run { place, folder, port }
    }

    fn run(&self, line: &str) -> Output {
        let line = line
            .replace("PORT", &self.port.to_string())
            .replace("../good/nginx.conf", "nginx.conf")
            .replace("../good/names-the-key.toml", "names-the-key.toml");
        let mut command = self.place.handfast(&line);
        command
            .current_dir(&self.folder)
            .env("HOME", &self.folder)
            .env("HANDFAST_DIR", self.place.path("handfast"))
            .stdin(fs::File::open(self.folder.join("tls.key")).expect("the key"));
        finish(command)
    }

    /// Every file that was not there before, and removes it.
    fn written(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        collect(&self.folder, &mut found);
        let ours = |path: &Path| {
            let name = path
                .strip_prefix(&self.folder)
                .unwrap_or(path)
                .display()
                .to_string();
            NAMES.contains(&&name[..])
                || ["files/tls.crt", "nginx.conf", "names-the-key.toml"].contains(&&name[..])
        };
        found.retain(|path| !ours(path));
        let written = found.into_iter().filter_map(|path| {
            // What is for its owner alone may be the key itself.
            let is_private =
                fs::symlink_metadata(&path).is_ok_and(|data| data.permissions().mode() & 0o077 == 0);
            let bytes = fs::read(&path).ok()?;
            fs::remove_file(&path).ok()?;
            (!is_private).then_some((path, bytes))
        });
        let written: Vec<_> = written.collect();
        for name in ["made", "quick"] {
            let _ = fs::remove_dir_all(self.folder.join(name));
        }
        written
    }
}

/// Runs `command` to its end: none of them begins to serve with a key in a wrong place.
fn finish(mut command: Command) -> Output {
    const LONGEST: Duration = Duration::from_secs(20);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if begun.elapsed() > LONGEST {
            let _ = child.kill();
            panic!("still running: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let all = |reading: JoinHandle<Vec<u8>>| reading.join().expect("no panic");
    Output {
        status,
        stdout: all(stdout),
        stderr: all(stderr),
    }
}

fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    let mut pipe = pipe.expect("piped");
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("its output");
        bytes
    })
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// What of `shape` comes out again.
fn leaks_of(run: &Run<'_>, shape: &Shape, number: usize) -> Vec<String> {
    let secret = Secret::of(&shape.secrets);
    let mut leaks = Vec::new();
    // JSON is made of the same texts, so some of the shapes do for it.
    let forms: &[&str] = if number.is_multiple_of(3) {
        &["", " --json"]
    } else {
        &[""]
    };
    for row in TABLE.iter().filter(|row| number < row.shapes) {
        for line in row.lines {
            for form in forms {
                let line = format!("{} {line}{form}", row.command);
                let output = run.run(&line);
                let mut outputs = vec![
                    (PathBuf::from("stdout"), output.stdout),
                    (PathBuf::from("stderr"), output.stderr),
                ];
                outputs.extend(run.written());
                for (name, bytes) in outputs {
                    if let Some(shown) = secret.shown_in(&bytes) {
                        leaks.push(format!(
                            "{}: handfast {line}: {}: {shown}",
                            shape.name,
                            name.display()
                        ));
                    }
                }
            }
        }
    }
    leaks
}

#[test]
fn a_key_in_the_place_of_an_argument_is_not_repeated() {
    const LINES: [&str; 40] = [
        "KEY",
        "inspect KEY",
        "inspect https://KEY",
        "inspect good/tls.crt KEY",
        "inspect good/tls.crt --KEY",
        "verify KEY --ca good/ca.crt",
        "verify good/tls.crt --ca good/ca.crt --host KEY",
        "verify good/tls.crt --ca good/ca.crt --purpose KEY",
        "verify good/tls.crt --ca good/ca.crt --at KEY",
        "init --dir made --name KEY",
        "init --dir made --key KEY",
        "issue KEY --out made",
        "issue client --out made --dns KEY",
        "issue client --out made --ip KEY",
        "issue client --out made --uri KEY",
        "issue client --out made --email KEY",
        "issue client --out made --name KEY",
        "issue client --out made --uri spiffe://acme/x --lifetime KEY",
        "sign good/tls.crt client --out KEY",
        "convert good/client.p12 --to KEY --out made",
        "convert good/client.p12 --to pem --out made --password-file good/password --alias KEY",
        "proxy --listen KEY --to http://127.0.0.1:1 --cert good/tls.crt --key good/tls.key --client-ca good/ca.crt",
        "proxy --listen 127.0.0.1:0 --to KEY --cert good/tls.crt --key good/tls.key --client-ca good/ca.crt",
        "proxy --listen 127.0.0.1:0 --to http://127.0.0.1:1 --cert KEY --key KEY --client-ca KEY --allow KEY --log KEY",
        "tunnel --listen 127.0.0.1:0 --to KEY --cert good/tls.crt --key good/tls.key --ca good/ca.crt",
        "tunnel --listen KEY --to localhost:1 --cert good/tls.crt --key KEY --ca good/ca.crt --expect KEY",
        "get KEY --ca good/ca.crt",
        "get https://localhost:PORT/ --ca good/ca.crt --header KEY --method KEY",
        "doctor KEY",
        "doctor localhost:PORT --sni KEY --pin KEY --expect-id KEY --no-probe",
        "doctor localhost:PORT --cert good/tls.crt --key KEY --no-probe",
        "doctor localhost:PORT --cert KEY --key KEY --json --no-probe",
        "doctor localhost:PORT --ca KEY --expect-id KEY --html made.html",
        "doctor localhost:PORT --ca good/ca.crt --alpn KEY --expect-id KEY --bundle made.zip",
        "setup KEY",
        "lab run KEY",
        "env --for KEY",
        "check --config KEY",
        "explain KEY",
        "explain HF-KEY",
    ];
    let place = Place::new();
    let ca = cast(&place);
    let port = closed_port();
    let key = pair(&ca, KeyKind::P256);
    let shapes = key.all_shapes();
    let text = |wanted: &str| {
        let shape = shapes
            .iter()
            .find(|shape| shape.name.ends_with(wanted))
            .expect("a shape");
        String::from_utf8(shape.bytes.clone()).expect("text")
    };
    let secret = Secret::of(&shapes[0].secrets);
    for line in LINES {
        let blank = format!(" {}", text("PKCS#8"));
        for given in [
            text("PKCS#8"),
            blank,
            text(" one line"),
            text("base64 on one line"),
        ] {
            let line = line.replace("PORT", &port.to_string());
            // A value that begins with dashes is one only behind an equals sign.
            let mut parts = line.split(" --");
            let first = parts.next().unwrap_or_default().to_owned();
            let line = parts.fold(first, |line, part| match part.strip_suffix(" KEY") {
                Some(flag) => format!("{line} --{flag}=KEY"),
                None => format!("{line} --{part}"),
            });
            let words = line.split(' ').map(|word| word.replace("KEY", &given));
            let mut command = place.handfast("");
            command.args(words).env("HANDFAST_DIR", place.path("handfast"));
            let output = finish(command);
            for bytes in [&output.stdout, &output.stderr] {
                let shown = secret.shown_in(bytes);
                assert_eq!(shown, None, "handfast {line}: {}", String::from_utf8_lossy(bytes));
            }
        }
    }
    // And the rest of the message stays.
    let mut command = place.handfast("convert good/client.p12 --out made");
    command.arg(format!("--to={}", text("PKCS#8")));
    let said = String::from_utf8(finish(command).stderr).expect("text");
    assert!(
        said.contains("invalid value") && said.contains("[not shown: could be a private key]"),
        "{said}"
    );
}

#[test]
fn no_output_of_any_command_holds_a_part_of_a_key_that_it_was_given() {
    let place = Place::new();
    let ca = cast(&place);
    let port = closed_port();
    let first = pair(&ca, KeyKind::P256);
    let mut shapes = first.all_shapes();
    for kind in [KeyKind::Ed25519, KeyKind::Rsa2048, KeyKind::MlDsa(MlDsa::MlDsa65)] {
        shapes.extend(pair(&ca, kind).common_shapes());
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut leaks = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(shape) = shapes.get(number) else {
                return leaks;
            };
            let run = Run::new(&place, number, shape, port);
            leaks.extend(leaks_of(&run, shape, number));
        }
    };
    let leaks: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("no panic"))
            .collect()
    });
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}
