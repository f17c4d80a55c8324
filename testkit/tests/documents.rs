// long: what runs the pages, and the tests of that
//! Runs every shell command of README.md, CONTRIBUTING.md and docs/**/*.md, so that what we show works.
//!
//! A page is written for its reader; the word after the three backticks tells this test what to do:
//!
//! - `sh`: run, and every command has to succeed. No `$ ` prompts.
//! - `sh exit=4`: the last command has to end with this exit code, those before it succeed.
//! - `sh background`: one command that stays. The page goes on once it has printed a line with "listening", or
//!   once every port that the block mentions answers; it is killed at the end of the page.
//! - `sh no-run`: only read.
//! - `toml file=handfast.toml` (any language): the block is written to that file, for the blocks that follow.
//!
//! The blocks of a page run in order, in one temporary folder which is their `HOME`, with our `handfast` first on
//! the path (the built one: `cargo build --release` comes first); variables, `cd` and what was started with `&` end
//! with their block. A page writes ports as a reader would, `localhost:8443`: each number from 8000 to 9999 that
//! stands alone is exchanged for a free port, the same one in the whole page.
//!
//! Shells other than `sh` (`bash`, `console`, …) are refused, so that no command escapes this test by its name.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// A block that takes longer hangs.
const BLOCK_LIMIT: Duration = Duration::from_secs(60);
/// From the start of a command in the background until it listens.
const READY_LIMIT: Duration = Duration::from_secs(20);
/// From asking a command in the background to end until it is made to.
const GOODBYE_LIMIT: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// The numbers in a page that stand for a port.
const PORTS: Range<u16> = 8000..10_000;

#[test]
fn every_command_in_the_documents_works() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let documents = documents(&root);
    assert!(
        !documents.is_empty(),
        "there is no README.md, no CONTRIBUTING.md and no docs/"
    );
    let mut failures = String::new();
    for name in documents {
        let text = fs::read_to_string(root.join(&name)).expect("a document is readable text");
        if let Err(failure) = run_page(&name, &text) {
            let _ = writeln!(failures, "{failure}\n");
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

fn run_page(name: &str, text: &str) -> Result<(), String> {
    let blocks = read_blocks(name, text)?;
    let ports = free_ports(&blocks);
    let mut page = Page {
        name,
        ports,
        folder: Folder::new(),
        background: Vec::new(),
    };
    blocks.iter().try_for_each(|block| page.run(block))
}

fn documents(root: &Path) -> Vec<String> {
    let mut found: Vec<String> = ["README.md", "CONTRIBUTING.md"]
        .map(String::from)
        .into_iter()
        .filter(|name| root.join(name).exists())
        .collect();
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root.join(&folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = folder.join(entry.file_name());
            if root.join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path.display().to_string());
            }
        }
    }
    found.sort();
    found
}

// --- what a page says --------------------------------------------------------------------------------------

#[derive(Debug, PartialEq, Eq)]
struct Block {
    /// Of the first line inside of the fence, counted from one.
    line: usize,
    text: String,
    what: What,
}

#[derive(Debug, PartialEq, Eq)]
enum What {
    Run { exit: i32 },
    Background,
    Write { file: String },
}

/// The blocks that have to be acted upon, in order.
fn read_blocks(name: &str, text: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, opening)) = lines.next() {
        let Some((fence, info)) = split_fence(opening) else {
            continue;
        };
        let indent = opening.len() - opening.trim_start().len();
        let mut body = String::new();
        loop {
            let Some((_, line)) = lines.next() else {
                return Err(format!("{name}:{}: this block has no end", at + 1));
            };
            if line.trim() == fence {
                break;
            }
            // A block inside of a list is indented with it.
            let spaces = line.len() - line.trim_start().len();
            body.push_str(&line[spaces.min(indent)..]);
            body.push('\n');
        }
        if let Some(what) = what(info).map_err(|why| format!("{name}:{}: {why}", at + 1))? {
            blocks.push(Block {
                line: at + 2,
                text: body,
                what,
            });
        }
    }
    Ok(blocks)
}

/// ` ```sh exit=4` is "```" and "sh exit=4".
fn split_fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let ticks = line.len() - line.trim_start_matches('`').len();
    (ticks >= 3).then(|| (&line[..ticks], line[ticks..].trim()))
}

fn what(info: &str) -> Result<Option<What>, String> {
    let mut words = info.split_whitespace();
    let language = words.next().unwrap_or("");
    let words: Vec<&str> = words.collect();
    match (language, words.as_slice()) {
        ("sh", []) => Ok(Some(What::Run { exit: 0 })),
        ("sh", ["no-run"]) => Ok(None),
        ("sh", ["background"]) => Ok(Some(What::Background)),
        ("sh", [word]) if word.starts_with("exit=") => match word["exit=".len()..].parse() {
            Ok(exit) => Ok(Some(What::Run { exit })),
            Err(_) => Err(format!("\"{word}\" has no exit code")),
        },
        ("sh", _) => Err(format!(
            "\"{info}\" is not known; there is no-run, background and exit=N"
        )),
        ("bash" | "shell" | "zsh" | "console" | "shell-session" | "terminal", _) => {
            Err(format!("write \"sh\" for \"{language}\", so that it is run"))
        }
        (_, words) => match words.iter().find_map(|word| word.strip_prefix("file=")) {
            Some(file)
                if Path::new(file)
                    .components()
                    .all(|part| matches!(part, std::path::Component::Normal(_))) =>
            {
                Ok(Some(What::Write { file: file.into() }))
            }
            Some(file) => Err(format!("\"{file}\" would be outside of the page's folder")),
            None => Ok(None),
        },
    }
}

/// The line, counted from one, on which the last command begins.
fn last_command(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let speaks = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let mut at = lines.iter().rposition(|line| speaks(line)).unwrap_or(0);
    while at > 0 && lines[at - 1].ends_with('\\') {
        at -= 1;
    }
    at + 1
}

// --- ports -------------------------------------------------------------------------------------------------

/// Where in the text a number stands that means a port.
fn port_places(text: &str) -> Vec<(Range<usize>, u16)> {
    let bytes = text.as_bytes();
    let mut places = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits == 0 {
            at += 1;
            continue;
        }
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let after = bytes.get(at + digits);
        let alone = before.is_none_or(|byte| b" \t\n:=\"'".contains(&byte))
            && !after.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if let Some(port) = text[at..at + digits]
            .parse()
            .ok()
            .filter(|port| alone && PORTS.contains(port))
        {
            places.push((at..at + digits, port));
        }
        at += digits;
    }
    places
}

/// A free port for each that the page mentions; all are held until the last is chosen, so that none comes twice.
fn free_ports(blocks: &[Block]) -> BTreeMap<u16, u16> {
    let mut held = BTreeMap::new();
    for (_, port) in blocks.iter().flat_map(|block| port_places(&block.text)) {
        held.entry(port)
            .or_insert_with(|| TcpListener::bind("127.0.0.1:0").expect("loopback has a free port"));
    }
    let number = |listener: TcpListener| listener.local_addr().expect("it is bound").port();
    held.into_iter()
        .map(|(written, listener)| (written, number(listener)))
        .collect()
}

/// The text with its ports exchanged, and those that it uses.
fn with_ports(text: &str, ports: &BTreeMap<u16, u16>) -> (String, Vec<u16>) {
    let (mut exchanged, mut used, mut from) = (String::new(), Vec::new(), 0);
    for (place, written) in port_places(text) {
        let port = ports.get(&written).copied().unwrap_or(written);
        exchanged.push_str(&text[from..place.start]);
        exchanged.push_str(&port.to_string());
        from = place.end;
        used.push(port);
    }
    exchanged.push_str(&text[from..]);
    (exchanged, used)
}

// --- running a page ----------------------------------------------------------------------------------------

struct Page<'a> {
    name: &'a str,
    ports: BTreeMap<u16, u16>,
    // Declared before the folder, so that they are gone when their files go.
    background: Vec<Background>,
    folder: Folder,
}

impl Page<'_> {
    fn run(&mut self, block: &Block) -> Result<(), String> {
        let (text, ports) = with_ports(&block.text, &self.ports);
        match &block.what {
            What::Run { exit } => self.run_to_the_end(block, &text, *exit),
            What::Background => self.start(block, &text, &ports),
            What::Write { file } => {
                let path = self.folder.work().join(file);
                fs::create_dir_all(path.parent().expect("it is inside of the folder"))
                    .and_then(|()| fs::write(&path, text))
                    .map_err(|error| format!("{}:{}: {file}: {error}", self.name, block.line))
            }
        }
    }

    fn run_to_the_end(&self, block: &Block, text: &str, exit: i32) -> Result<(), String> {
        let output = self.folder.own("output");
        let sink = fs::File::create(&output).expect("the folder is ours");
        let mut shell = self.shell(text);
        // Not a pipe: what a block leaves behind might hold it open for ever.
        shell
            .stdout(sink.try_clone().expect("a file can be cloned"))
            .stderr(sink);
        let mut child = shell
            .process_group(0)
            .spawn()
            .map_err(|error| format!("bash: {error}"))?;
        let code = wait(&mut child, BLOCK_LIMIT).map(|status| status.code().unwrap_or(-1));
        signal_group(&child, "KILL");
        let _ = child.wait();

        let failed_at = fs::read_to_string(self.folder.own("failed-at"))
            .ok()
            .and_then(|line| line.trim().parse().ok());
        let last = last_command(text);
        let why = match code {
            Some(code) if code != exit => format!("ended with {code}, not with {exit}"),
            Some(_) if exit != 0 && failed_at.is_some_and(|line: usize| line < last) => {
                format!("ended with {exit}, which only the last command may")
            }
            Some(_) => return Ok(()),
            None => format!("was not done after {} s", BLOCK_LIMIT.as_secs()),
        };
        let line = failed_at.unwrap_or(last).min(text.lines().count());
        Err(self.failure(
            block,
            text,
            line,
            &why,
            &fs::read_to_string(output).unwrap_or_default(),
        ))
    }

    fn start(&mut self, block: &Block, text: &str, ports: &[u16]) -> Result<(), String> {
        let mut started = Background::start(self.shell(text))?;
        let outcome = started.until_ready(ports);
        let (why, said) = match outcome {
            Ok(()) => {
                self.background.push(started);
                return Ok(());
            }
            Err(why) => (why, std::mem::take(&mut started.said)),
        };
        Err(self.failure(block, text, last_command(text), why, &said))
    }

    /// The failing command with its place, what it said, and what those in the background said meanwhile.
    fn failure(&self, block: &Block, text: &str, line: usize, why: &str, said: &str) -> String {
        let command = text.lines().nth(line.saturating_sub(1)).unwrap_or("").trim();
        let mut words = format!(
            "{}:{}: {why}\n    {command}\n",
            self.name,
            block.line + line.saturating_sub(1)
        );
        let mut quote = |title: &str, said: &str| {
            let _ = writeln!(words, "  {title}:");
            for line in said.lines() {
                let _ = writeln!(words, "    | {line}");
            }
        };
        quote("it said", said);
        self.background
            .iter()
            .for_each(|one| quote("in the background", &one.all_said()));
        words
    }

    /// A shell for this text, in the page's world.
    fn shell(&self, text: &str) -> Command {
        // Sourced before the block, which so keeps its own line numbers.
        let prelude = self.folder.own("prelude");
        let failed_at = self.folder.own("failed-at");
        let _ = fs::remove_file(&failed_at);
        let watch = format!(
            "unset BASH_ENV\nset -eE -o pipefail\ntrap 'echo $LINENO >\"{}\"' ERR\n",
            failed_at.display()
        );
        fs::write(&prelude, watch).expect("the folder is ours");
        let script = self.folder.own("block");
        fs::write(&script, text).expect("the folder is ours");

        let mut shell = Command::new("bash");
        shell
            .arg(script)
            .current_dir(self.folder.work())
            .stdin(Stdio::null());
        shell
            .env("BASH_ENV", prelude)
            .env("HOME", self.folder.work())
            .env("PATH", search_path());
        // A proxy of the machine is not for loopback, and one of a page is.
        for name in [
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "ALL_PROXY",
            "no_proxy",
        ] {
            shell.env_remove(name);
        }
        // What the machine's owner set must not decide whom a client of the page trusts.
        for name in [
            "HANDFAST_DIR",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "CURL_CA_BUNDLE",
            "REQUESTS_CA_BUNDLE",
        ] {
            shell.env_remove(name);
        }
        shell
    }
}

/// Our program, the Python that has `requests`, then the machine's own.
fn search_path() -> OsString {
    let built = std::env::current_exe()
        .ok()
        .and_then(|test| test.parent()?.parent().map(Path::to_path_buf));
    let beside = built.clone().filter(|folder| folder.join("handfast").exists());
    let named =
        std::env::var_os("HANDFAST").and_then(|file| PathBuf::from(file).parent().map(Path::to_path_buf));
    let python = built.map(|folder| folder.join("../peers/venv/bin"));
    let machine = std::env::var_os("PATH").unwrap_or_default();
    let folders = beside
        .or(named)
        .into_iter()
        .chain(python)
        .chain(std::env::split_paths(&machine));
    std::env::join_paths(folders.chain([PathBuf::from("/usr/sbin")]))
        .expect("no folder here has a colon in its name")
}

fn wait(child: &mut Child, limit: Duration) -> Option<std::process::ExitStatus> {
    let latest = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < latest => std::thread::sleep(LOOK_AGAIN / 5),
            _ => return None,
        }
    }
}

/// The shell and everything that it started; the standard library can only reach the shell.
fn signal_group(child: &Child, signal: &str) {
    let command = format!("kill -{signal} -- -{}", child.id());
    let _ = Command::new("bash")
        .args(["-c", &command])
        .stderr(Stdio::null())
        .status();
}

/// A command that stays until the end of the page.
struct Background {
    child: Child,
    lines: Receiver<String>,
    said: String,
}

impl Background {
    fn start(mut shell: Command) -> Result<Self, String> {
        shell
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = shell.spawn().map_err(|error| format!("bash: {error}"))?;
        let (sender, lines) = mpsc::channel();
        let stdout: Option<Box<dyn Read + Send>> = child.stdout.take().map(|pipe| Box::new(pipe) as _);
        let stderr: Option<Box<dyn Read + Send>> = child.stderr.take().map(|pipe| Box::new(pipe) as _);
        for pipe in [stdout, stderr].into_iter().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    // Read on when nobody listens any more: a full pipe would stop the command.
                    let _ = sender.send(line);
                }
            });
        }
        Ok(Self {
            child,
            lines,
            said: String::new(),
        })
    }

    fn until_ready(&mut self, ports: &[u16]) -> Result<(), &'static str> {
        let latest = Instant::now() + READY_LIMIT;
        while Instant::now() < latest {
            match self.lines.recv_timeout(LOOK_AGAIN) {
                Ok(line) => {
                    self.said.push_str(&line);
                    self.said.push('\n');
                    if line.to_lowercase().contains("listening") {
                        return Ok(());
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                // Both pipes closed: it ended, or it talks to a file.
                Err(RecvTimeoutError::Disconnected) => {
                    if wait(&mut self.child, LOOK_AGAIN).is_some() {
                        return Err("ended instead of staying");
                    }
                }
            }
            let answers = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
            if !ports.is_empty() && ports.iter().all(answers) {
                return Ok(());
            }
        }
        Err("neither said \"listening\" nor answered on its ports")
    }

    fn all_said(&self) -> String {
        self.lines
            .try_iter()
            .fold(self.said.clone(), |said, line| said + &line + "\n")
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        signal_group(&self.child, "TERM");
        let _ = wait(&mut self.child, GOODBYE_LIMIT);
        signal_group(&self.child, "KILL");
        let _ = self.child.wait();
    }
}

/// A temporary folder: one half for the page, one for us.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("handfast-page-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("work")).expect("the temporary folder can be written");
        Self(path)
    }

    fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    fn own(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

// --- the runner itself: it says no -------------------------------------------------------------------------

fn page(text: &str) -> Result<(), String> {
    run_page("page.md", text)
}

fn complaint(text: &str) -> String {
    page(text).expect_err("this page has to fail")
}

#[test]
fn a_failing_command_is_named_with_its_line() {
    let said = complaint("# Title\n\n```sh\ntrue\necho on the way\nls ./no-such-file\necho never\n```\n");
    assert!(
        said.starts_with("page.md:6: ended with 2, not with 0\n    ls ./no-such-file\n"),
        "{said}"
    );
    assert!(said.contains("| on the way"), "{said}");
    assert!(!said.contains("| never"), "{said}");
}

#[test]
fn the_blocks_of_a_page_share_a_folder_and_run_in_order() {
    let text = "```sh\necho hello >here\n```\ntext\n```toml file=sub/a.toml\nx = 1\n```\n```sh\ngrep hello here\ngrep 'x = 1' sub/a.toml\n\
                test \"$HOME\" = \"$PWD\"\ntest -z \"${HANDFAST_DIR-}\"\n```\n";
    assert_eq!(page(text), Ok(()));
}

#[test]
fn an_expected_exit_code_holds_for_the_last_command_only() {
    assert_eq!(page("```sh exit=4\ntrue\nbash -c \\\n  'exit 4'\n```\n"), Ok(()));
    assert!(complaint("```sh exit=4\ntrue\n```\n").contains("page.md:2: ended with 0, not with 4"));
    assert!(
        complaint("```sh exit=4\nbash -c 'exit 4'\ntrue\n```\n")
            .contains("page.md:2: ended with 4, which only")
    );
    assert!(
        complaint("```sh exit=4\nbash -c 'exit 5'\n```\n").contains("page.md:2: ended with 5, not with 4")
    );
}

#[test]
fn a_failure_inside_of_a_pipe_is_seen() {
    assert!(complaint("```sh\nfalse | cat\n```\n").contains("page.md:2: ended with 1"));
}

#[test]
fn a_block_that_is_only_read_is_not_run() {
    assert_eq!(
        page("```sh no-run\nfalse\n```\n```text\nfalse\n```\n```toml\nfalse\n```\n"),
        Ok(())
    );
}

#[test]
fn a_command_in_the_background_stays_for_its_page_and_no_longer() {
    let server = "import socket, time; s = socket.create_server((\"127.0.0.1\", 8444)); time.sleep(600)";
    let dialled = "import socket; socket.create_connection((\"127.0.0.1\", 8444))";
    // The second background command is ready by its word, the first by its port.
    let text = format!(
        "```sh background\npython3 -c '{server}'\n```\n```sh background\necho $$ >pid; echo Listening on nothing; exec sleep 600\n```\n\
         ```sh\npython3 -c '{dialled}'\nkill -0 $(cat pid)\ncp pid \"{}\"\n```\n",
        std::env::temp_dir()
            .join(format!("handfast-page-pid-{}", std::process::id()))
            .display()
    );
    assert_eq!(page(&text), Ok(()));
    let file = std::env::temp_dir().join(format!("handfast-page-pid-{}", std::process::id()));
    let pid = fs::read_to_string(&file).expect("the page has written it");
    let _ = fs::remove_file(file);
    assert!(
        !Path::new("/proc").join(pid.trim()).exists(),
        "{} lives on",
        pid.trim()
    );
}

#[test]
fn a_command_in_the_background_may_talk_to_a_file() {
    let text = "```sh background\nexec python3 -m http.server 8444 --bind 127.0.0.1 >log 2>&1\n```\n\
                ```sh\ncurl -sf http://localhost:8444/ >/dev/null\n```\n";
    assert_eq!(page(text), Ok(()));
}

#[test]
fn a_command_in_the_background_that_ends_is_a_failure() {
    let said = complaint("```sh background\necho cannot do that >&2; exit 2\n```\n");
    assert!(
        said.contains("page.md:2: ended instead of staying") && said.contains("| cannot do that"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_understood_is_refused() {
    assert!(complaint("text\n```bash\ntrue\n```\n").starts_with("page.md:2: write \"sh\" for \"bash\""));
    assert!(complaint("```sh exti=4\ntrue\n```\n").contains("\"sh exti=4\" is not known"));
    assert!(complaint("```sh exit=x\ntrue\n```\n").contains("\"exit=x\" has no exit code"));
    assert!(complaint("```sh\ntrue\n").contains("page.md:1: this block has no end"));
    assert!(complaint("```toml file=../up\n```\n").contains("outside of the page's folder"));
}

#[test]
fn a_block_inside_of_a_list_is_read_without_its_indent() {
    let blocks = read_blocks(
        "page.md",
        "1. Do:\n\n   ```sh\n   cat <<E\n     kept\n   E\n   ```\n",
    )
    .expect("it is well formed");
    assert_eq!(
        blocks,
        [Block {
            line: 4,
            text: "cat <<E\n  kept\nE\n".into(),
            what: What::Run { exit: 0 }
        }]
    );
}

#[test]
fn only_numbers_that_mean_a_port_are_exchanged() {
    let ports = BTreeMap::from([(8443, 41001), (9000, 41002)]);
    let written =
        "curl https://localhost:8443/x8443 --lifetime 8760h -p 9000 84430 1.8443 v8443 \"127.0.0.1:8443\"";
    let (exchanged, used) = with_ports(written, &ports);
    assert_eq!(
        exchanged,
        "curl https://localhost:41001/x8443 --lifetime 8760h -p 41002 84430 1.8443 v8443 \"127.0.0.1:41001\""
    );
    assert_eq!(used, [41001, 41002, 41001]);
}
