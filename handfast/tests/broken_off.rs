//! Ctrl-C and SIGTERM while programs run and keys lie in temporary folders: everything is taken away, and the exit code
//! says which signal it was. A stand-in for nginx runs and never listens.

mod program;

use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
};

use program::{Place, daemon::until, service::listen};

/// Writes its number and that of a child of its own, and does nothing.
const STAND_IN: &str = "#!/bin/sh\nsleep 600 &\necho $! >>\"$PIDS\"\necho $$ >>\"$PIDS\"\nwait\n";

/// The working command, and what it has begun.
struct Working {
    child: Child,
}

/// A place with the stand-in on its path, and an empty folder for temporary files.
fn place(stand_in: &str) -> Place {
    let place = Place::new();
    for folder in ["bin", "temporary"] {
        fs::create_dir(place.path(folder)).expect("a folder");
    }
    place.write("bin/nginx", stand_in);
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(place.path("bin/nginx"), executable).expect("it is ours");
    place.write("pids", "");
    place.run("init --name Acme").good();
    place.run("issue server --dns localhost --out server").good();
    let files = "--cert server/tls.crt --key server/tls.key --ca server/ca.crt";
    place.run(&format!("setup nginx {files} --out site")).good();
    place
}

fn command(place: &Place, line: &str) -> Command {
    let mut command = place.handfast(line);
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .env("PATH", format!("{}:{path}", place.path("bin").display()))
        .env("TMPDIR", place.path("temporary"))
        .env("PIDS", place.path("pids"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn temporary(place: &Place) -> usize {
    fs::read_dir(place.path("temporary")).expect("a folder").count()
}

fn pids(place: &Place) -> Vec<String> {
    place.read("pids").lines().map(str::to_owned).collect()
}

/// One that nobody has waited for is no program any more.
fn is_running(pid: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = state.rsplit(") ").next().unwrap_or_default().chars().next();
    state.is_some_and(|state| state != 'Z')
}

impl Working {
    /// Starts `line`, until the stand-in and its child run and there are temporary files.
    fn start(place: &Place, line: &str) -> Self {
        let mut child = command(place, line).spawn().expect("the program starts");
        until(format!("{line} works"), || {
            if let Ok(Some(status)) = child.try_wait() {
                let mut said = String::new();
                let _ = child.stderr.take().map(|mut from| from.read_to_string(&mut said));
                panic!("it ended with {status}: {said}");
            }
            (pids(place).len() >= 2 && temporary(place) > 0).then_some(())
        });
        Self { child }
    }

    /// Sends `signal`, and returns the exit code with stdout and stderr.
    fn end(mut self, signal: &str) -> (Option<i32>, String, String) {
        let status = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {}", self.child.id())])
            .status();
        assert!(status.expect("sh runs").success());
        let status = until("its end", || self.child.try_wait().expect("it is ours"));
        let (mut stdout, mut stderr) = (String::new(), String::new());
        let _ = self
            .child
            .stdout
            .take()
            .map(|mut from| from.read_to_string(&mut stdout));
        let _ = self
            .child
            .stderr
            .take()
            .map(|mut from| from.read_to_string(&mut stderr));
        (status.code(), stdout, stderr)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_signal_ends_the_programs_and_removes_the_folders_with_keys() {
    for line in [
        "setup verify nginx",
        "verify-config site/nginx.conf",
        "lab run HF-206/nginx",
    ] {
        for (signal, exit, word) in [
            ("INT", 130, "interrupted"),
            ("TERM", 143, "terminated"),
            ("HUP", 143, "terminated"),
            ("QUIT", 131, "told to quit"),
            ("PIPE", 141, "not read any more"),
        ] {
            let place = place(STAND_IN);
            let working = Working::start(&place, line);
            assert!(pids(&place).iter().all(|pid| is_running(pid)), "{line}");
            let (code, _, stderr) = working.end(signal);
            assert_eq!(code, Some(exit), "{line}: {stderr}");
            assert!(stderr.contains(word), "{line}: {stderr}");
            assert_eq!(temporary(&place), 0, "{line}");
            let left: Vec<String> = pids(&place).into_iter().filter(|pid| is_running(pid)).collect();
            assert!(left.is_empty(), "{line} left {left:?}");
        }
    }
}

#[test]
fn what_a_killed_run_has_left_is_removed_by_the_next_one() {
    for line in ["verify-config site/nginx.conf", "lab run HF-206/nginx"] {
        let place = place(STAND_IN);
        let working = Working::start(&place, line);
        let (code, ..) = working.end("KILL");
        assert_eq!(code, None, "{line}");
        assert!(temporary(&place) > 0, "{line}");
        // Somebody else's, that is only called like ours.
        fs::create_dir(place.path("temporary/handfast-lab-notes")).expect("a folder");
        place.write("bin/nginx", "#!/bin/sh\nexit 1\n");
        let ran = program::Ran::new(line, command(&place, line));
        assert!(
            ran.stderr.contains("was left by a run that was killed"),
            "{ran:#?}"
        );
        assert_eq!(temporary(&place), 1, "{line}");
        let left: Vec<String> = pids(&place).into_iter().filter(|pid| is_running(pid)).collect();
        assert!(left.is_empty(), "{line} left {left:?}");
    }
}

#[test]
fn a_program_that_ends_by_itself_has_its_own_exit_code_and_leaves_nothing_either() {
    for (line, exit) in [
        ("setup verify nginx", 3),
        ("verify-config site/nginx.conf", 3),
        ("lab run HF-206/nginx", 3),
    ] {
        let place = place("#!/bin/sh\necho $$ >>\"$PIDS\"\nexit 1\n");
        let ran = program::Ran::new(line, command(&place, line));
        assert_eq!(ran.exit, exit, "{ran:#?}");
        assert_eq!(temporary(&place), 0, "{line}");
        assert!(!pids(&place).is_empty(), "it was started: {ran:#?}");
    }
}

#[test]
fn a_program_that_does_not_end_when_asked_is_made_to() {
    let place = place(
        "#!/bin/sh\ntrap '' TERM INT\necho $$ >>\"$PIDS\"\necho $$ >>\"$PIDS\"\nwhile :; do sleep 0.1; done\n",
    );
    let (code, _, stderr) = Working::start(&place, "setup verify nginx").end("INT");
    assert_eq!(code, Some(130), "{stderr}");
    assert_eq!(temporary(&place), 0);
    assert!(!pids(&place).iter().any(|pid| is_running(pid)));
}

#[test]
fn with_json_an_interruption_is_an_object_too() {
    let place = place(STAND_IN);
    let (code, stdout, _) = Working::start(&place, "setup verify nginx --json").end("INT");
    assert_eq!(code, Some(130));
    let answer = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
    assert_eq!(program::schema::assert_documented(&answer), "error");
    assert_eq!(answer["error"]["exit"], 130);
}

#[test]
fn quickstart_that_waits_for_a_call_can_be_interrupted_and_keeps_its_folder() {
    let place = place(STAND_IN);
    let (told, asked) = std::sync::mpsc::channel();
    // A service that never answers.
    let port = listen(move |_, stream| {
        let _ = told.send(());
        let _keep = stream;
        std::thread::sleep(program::daemon::PATIENCE);
    });
    let line = format!("quickstart --once --to http://127.0.0.1:{port}");
    let child = command(&place, &line).spawn().expect("the program starts");
    asked
        .recv_timeout(program::daemon::PATIENCE)
        .expect("a call reaches the service");
    let (code, _, stderr) = Working { child }.end("INT");
    assert_eq!(code, Some(130), "{stderr}");
    assert!(place.path("handfast-quickstart/client/tls.key").exists());
}
