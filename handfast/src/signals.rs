//! Signals. While something serves, SIGHUP reloads, SIGTERM and Ctrl-C stop, a second one does not wait for connections
//! to end. While something works that has started programs and written keys, signals break it off.

use handfast_lab::{BrokenOff, Told};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    failure::{Exit, Failure},
    time,
    words::Words,
};

/// What the operator asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Reload,
    Stop,
}

/// While this is there, a signal ends the program with all that it has started, and the exit code says which it was.
pub fn break_off(words: &Words) -> Result<BrokenOff, Failure> {
    let words = *words;
    BrokenOff::by_signals(move |told| end(told, &words)).map_err(Failure::bug)
}

fn end(told: Told, words: &Words) {
    let (exit, what) = match told {
        Told::Interrupt => (Exit::Interrupted, "interrupted"),
        Told::Terminate | Told::Hangup => (Exit::Terminated, "terminated"),
        Told::Quit => (Exit::Quit, "told to quit"),
        Told::Pipe => (Exit::Unread, "the output is not read any more"),
    };
    words.failure(&Failure {
        exit,
        code: None,
        ..Failure::misuse(format!(
            "{what}; what was started is ended, and temporary files are removed"
        ))
    });
    std::process::exit(exit as i32)
}

/// Waits for SIGTERM or Ctrl-C.
pub fn until_told() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}

/// Hands every signal to `told`, and after the first stop closes `served` with `close`; a second stop calls
/// `hurry` while that goes on.
pub fn serve_until_told<T, R>(
    served: T,
    told: impl Fn(&T, Signal),
    close: impl FnOnce(T) -> R + Send + 'static,
    hurry: impl Fn(),
) -> R
where
    T: Send + 'static,
    R: Send + 'static,
{
    // Without a runtime there are no signals: what serves is closed at once rather than left without a handle.
    let Ok(runtime) = time::runtime() else {
        return close(served);
    };
    runtime.block_on(async {
        let streams = (
            signal(SignalKind::hangup()),
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        );
        let (Ok(mut hangup), Ok(mut terminate), Ok(mut interrupt)) = streams else {
            return close(served);
        };
        loop {
            tokio::select! {
                _ = hangup.recv() => told(&served, Signal::Reload),
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
            }
        }
        told(&served, Signal::Stop);
        let closing = std::thread::spawn(move || close(served));
        while !closing.is_finished() {
            tokio::select! {
                _ = terminate.recv() => hurry(),
                _ = interrupt.recv() => hurry(),
                () = tokio::time::sleep(std::time::Duration::from_millis(10)) => {}
            }
        }
        match closing.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
