//! Looks at a case of the lab with our own program, as a user would run it, and with the tools of others.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use handfast_finding::Problem;
use handfast_lab::{Folder, Look, Scene, held};
use handfast_pki::text::printable;
use serde_json::Value;

/// How long a tool of others may take, in seconds.
const PATIENCE: &str = "20";

/// What our own program said.
pub struct Found {
    pub exit: i32,
    /// The findings of the JSON report.
    pub findings: Vec<Value>,
    /// The report as people read it, where it was asked for.
    pub text: String,
    pub milliseconds: u128,
    /// How many connections the doctor made; nothing where it looked at something else.
    pub connections: Option<usize>,
}

impl Found {
    /// The finding that stands first.
    pub fn first(&self) -> Option<handfast_lab::Found> {
        self.all().into_iter().next()
    }

    /// All of them, as a case compares them.
    pub fn all(&self) -> Vec<handfast_lab::Found> {
        let found = |finding: &Value| {
            let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            handfast_lab::Found {
                code: text("code"),
                side: text("side"),
                certainty: text("certainty"),
            }
        };
        self.findings.iter().map(found).collect()
    }
}

/// Runs the look of `scene`; once more for people, when `in_words`.
pub fn look(scene: &Scene, folder: &Folder, in_words: bool) -> Result<Found, Problem> {
    let begun = Instant::now();
    let ran = run(&scene.look, folder, true)?;
    let milliseconds = begun.elapsed().as_millis();
    let stdout = String::from_utf8_lossy(&ran.stdout);
    let report: Value = serde_json::from_str(&stdout).map_err(|error| {
        let said = String::from_utf8_lossy(&ran.stderr);
        Problem::bug(format!("no report: {error}: {stdout}{said}"))
    })?;
    let text = if in_words {
        let ran = run(&scene.look, folder, false)?;
        String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr)
    } else {
        String::new()
    };
    Ok(Found {
        exit: ran.status.code().unwrap_or(-1),
        findings: report["findings"].as_array().cloned().unwrap_or_default(),
        text,
        milliseconds,
        connections: connections(&scene.look, &report),
    })
}

fn connections(look: &Look, report: &Value) -> Option<usize> {
    let is_made = matches!(look, Look::Command(_)) && report["handshake"].is_string();
    is_made.then(|| 1 + report["probes"].as_array().map_or(0, Vec::len))
}

fn ourselves(folder: &Folder) -> Result<Command, Problem> {
    let program = std::env::current_exe().map_err(Problem::bug)?;
    let mut command = Command::new(program);
    command.current_dir(folder.path()).stdin(Stdio::null());
    Ok(command)
}

fn run(look: &Look, folder: &Folder, as_json: bool) -> Result<Output, Problem> {
    let mut command = ourselves(folder)?;
    if as_json {
        command.arg("--json");
    }
    match look {
        Look::Command(arguments) => held::output(command.args(arguments)).map_err(Problem::bug),
        Look::Text(line) => {
            let said = shell(line, folder).map_err(Problem::bug)?;
            command
                .args(["doctor", "text"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let (mut child, _held) = held::spawn(&mut command).map_err(Problem::bug)?;
            if let Some(mut stdin) = child.stdin.take() {
                // A reader that has read enough is no failure.
                let _ = stdin
                    .write_all(&said.stdout)
                    .and_then(|()| stdin.write_all(&said.stderr));
            }
            child.wait_with_output().map_err(Problem::bug)
        }
        Look::Listen { arguments, client } => listen(command.args(arguments), client, folder),
    }
}

/// Runs `client` once `command` says where it listens.
fn listen(command: &mut Command, client: &str, folder: &Folder) -> Result<Output, Problem> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let (mut child, _held) = held::spawn(command).map_err(Problem::bug)?;
    let mut said = String::new();
    let mut stderr = child.stderr.take().map(BufReader::new);
    let mut port = None;
    while let Some(reader) = &mut stderr
        && port.is_none()
        && reader.read_line(&mut said).is_ok_and(|read| read > 0)
    {
        port = said.rsplit_once("listening on ").and_then(|(_, rest)| {
            let address = rest.split([',', '\n']).next()?;
            address.rsplit_once(':')?.1.trim().parse::<u16>().ok()
        });
    }
    let Some(port) = port else {
        let _ = child.kill();
        return Err(Problem::bug(format!("it does not listen: {said}")));
    };
    let line = format!("PORT={port}; {client}");
    let ran = shell(&line, folder).map_err(Problem::bug)?;
    end(&mut child);
    let mut output = child.wait_with_output().map_err(Problem::bug)?;
    if let Some(reader) = &mut stderr {
        let _ = reader.read_to_string(&mut said);
    }
    output.stderr = said.into_bytes();
    output.stderr.extend(ran.stderr);
    Ok(output)
}

/// Lets it end by itself for a moment, and then as Ctrl-C would.
fn end(child: &mut std::process::Child) {
    const MOMENT: Duration = Duration::from_secs(3);
    let begun = Instant::now();
    let is_running = |child: &mut std::process::Child| matches!(child.try_wait(), Ok(None));
    while is_running(child) && begun.elapsed() < MOMENT {
        std::thread::sleep(Duration::from_millis(10));
    }
    if is_running(child) {
        let id = child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
    }
}

fn shell(line: &str, folder: &Folder) -> std::io::Result<Output> {
    let mut command = Command::new("timeout");
    command
        .args([PATIENCE, "sh", "-c", line])
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env_remove("SSL_CERT_FILE")
        .env_remove("CURL_CA_BUNDLE");
    held::output(&mut command)
}

/// What the tools of others say of a case, in their own last words.
#[derive(Default)]
pub struct Others {
    pub curl: Option<String>,
    pub openssl: Option<String>,
}

pub fn compare(scene: &Scene, folder: &Folder) -> Others {
    let run = |line: &Option<String>, words: fn(&str) -> String| {
        let ran = shell(line.as_ref()?, folder).ok()?;
        let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
        Some(words(&said))
    };
    // A moment after the handshake, so that s_client hears a late alert; and one for the answer.
    let openssl = scene
        .openssl
        .as_ref()
        .map(|line| format!("(sleep 0.4; printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 0.8) | {line}"));
    Others {
        curl: run(&scene.curl, of_curl),
        openssl: run(&openssl, of_openssl),
    }
}

/// The line with curl's verdict, else the status of the answer.
fn of_curl(said: &str) -> String {
    let verdict = said.lines().find(|line| line.starts_with("curl: ("));
    let line = verdict.map(str::to_owned).or_else(|| status(said, "< HTTP/"));
    short(&line.unwrap_or_else(|| "nothing".into()))
}

/// The line of the status, which begins with `start`, and the title of a page: nginx writes its reason there.
fn status(said: &str, start: &str) -> Option<String> {
    let line = said.lines().find(|line| line.starts_with(start))?.trim();
    let title = said
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"));
    Some(title.map_or(line.to_owned(), |(title, _)| format!("{line} ({title})")))
}

/// The lines with OpenSSL's errors, else the status of the answer.
fn of_openssl(said: &str) -> String {
    let error = said.lines().find_map(|line| {
        let (_, rest) = line.split_once(":error:")?;
        // Number and library say nothing to people.
        rest.split(':').nth(3).map(str::to_owned)
    });
    let verify = said
        .lines()
        .find(|line| line.starts_with("Verify return code: ") && !line.contains("0 (ok)"));
    let line = error
        .or_else(|| verify.map(str::to_owned))
        .or_else(|| status(said, "HTTP/"));
    short(&line.unwrap_or_else(|| "nothing".into()))
}

fn short(line: &str) -> String {
    const LONGEST: usize = 300;
    printable(line.trim()).chars().take(LONGEST).collect()
}
