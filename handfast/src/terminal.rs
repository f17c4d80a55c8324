//! A person at the terminal, who is asked for a passphrase: nothing of what is typed is shown.

use std::{
    fs::File,
    io::{BufRead, BufReader, IsTerminal, Write},
};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The passphrase of a key that is encrypted; nothing where nobody is there.
pub fn passphrase() -> Option<Zeroizing<String>> {
    asked("passphrase of the CA's key: ")
}

/// A new passphrase, typed twice.
pub fn new_passphrase() -> Result<Zeroizing<String>, Failure> {
    let nobody = || {
        Failure::misuse("there is no terminal to ask for a passphrase on")
            .help("give a file with it: --passphrase-file FILE")
    };
    let first = asked("new passphrase: ").ok_or_else(nobody)?;
    if first.is_empty() {
        return Err(Failure::misuse("an empty passphrase protects nothing"));
    }
    let again = asked("the same again: ").ok_or_else(nobody)?;
    if first != again {
        return Err(Failure::misuse("the two passphrases differ"));
    }
    Ok(first)
}

fn asked(question: &str) -> Option<Zeroizing<String>> {
    // Pipes are for data; only who sits there is asked.
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let mut terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
    let before = tcgetattr(&terminal).ok()?;
    let _quiet = Quiet::begin(&terminal, &before)?;
    terminal.write_all(question.as_bytes()).ok()?;
    let mut line = Zeroizing::new(String::new());
    BufReader::new(&terminal).read_line(&mut line).ok()?;
    (&terminal).write_all(b"\n").ok()?;
    Some(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The terminal without its echo; it has it again when this is dropped.
struct Quiet<'a> {
    terminal: File,
    before: &'a Termios,
}

impl<'a> Quiet<'a> {
    fn begin(terminal: &File, before: &'a Termios) -> Option<Self> {
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent).ok()?;
        Some(Self {
            terminal: terminal.try_clone().ok()?,
            before,
        })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, self.before);
    }
}
