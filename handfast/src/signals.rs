//! Signals. While something serves, SIGHUP reloads, SIGTERM and Ctrl-C stop, a second one does not wait for connections
//! to end. While something works that has started programs and written keys, SIGTERM, SIGHUP (a closed terminal) and Ctrl-C break it off.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use handfast_lab::held;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, oneshot},
};

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// What the operator asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Reload,
    Stop,
}

/// While this is there, SIGTERM, SIGHUP and Ctrl-C end the program with all that it has started: programs of others are ended,
/// folders with keys are removed, and the exit code says which signal it was.
pub struct BrokenOff {
    is_paused: Arc<AtomicBool>,
    finished: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

impl BrokenOff {
    /// Listens from now on.
    pub fn by_signals(words: &Words) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::bug)?;
        let streams = {
            let _inside = runtime.enter();
            (
                signal(SignalKind::interrupt()),
                signal(SignalKind::terminate()),
                signal(SignalKind::hangup()),
            )
        };
        let (mut interrupt, mut terminate, mut hangup) = match streams {
            (Ok(interrupt), Ok(terminate), Ok(hangup)) => (interrupt, terminate, hangup),
            (Err(error), _, _) | (_, Err(error), _) | (_, _, Err(error)) => return Err(Failure::bug(error)),
        };
        let (finished, mut finishing) = mpsc::unbounded_channel::<oneshot::Sender<()>>();
        let is_paused = Arc::new(AtomicBool::new(false));
        let (words, paused) = (*words, is_paused.clone());
        thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    let exit = tokio::select! {
                        biased;
                        _ = interrupt.recv() => Exit::Interrupted,
                        _ = terminate.recv() => Exit::Terminated,
                        // The terminal is closed.
                        _ = hangup.recv() => Exit::Terminated,
                        finished = finishing.recv() => match finished {
                            Some(answer) => {
                                // Who signals us may have signalled the programs of others, too, and their end can be
                                // known here before our own signal is. In this moment it is taken from the system.
                                let moment = tokio::time::sleep(Duration::from_millis(1));
                                tokio::select! {
                                    biased;
                                    _ = interrupt.recv() => Exit::Interrupted,
                                    _ = terminate.recv() => Exit::Terminated,
                                    _ = hangup.recv() => Exit::Terminated,
                                    () = moment => {
                                        let _ = answer.send(());
                                        continue;
                                    }
                                }
                            }
                            None => return,
                        },
                    };
                    if !paused.load(Ordering::Acquire) {
                        break_off(exit, &words);
                    }
                }
            });
        });
        Ok(Self { is_paused, finished })
    }

    /// From here on somebody else takes the signals, and they are the usual end.
    pub fn pause(&self) {
        self.is_paused.store(true, Ordering::Release);
    }
}

impl Drop for BrokenOff {
    /// Work that fails because a signal has ended what it needs is broken off and has not failed.
    fn drop(&mut self) {
        let (answer, answered) = oneshot::channel();
        if self.finished.send(answer).is_ok() {
            // After a signal there is no answer: the process ends meanwhile.
            let _ = answered.blocking_recv();
        }
    }
}

fn break_off(exit: Exit, words: &Words) -> ! {
    held::end_all();
    let what = match exit {
        Exit::Interrupted => "interrupted",
        _ => "terminated",
    };
    words.failure(&Failure {
        exit,
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Without a runtime there are no signals: what serves is closed at once rather than left without a handle.
    let Ok(runtime) = runtime else {
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
