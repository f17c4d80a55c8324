//! Signals. While something serves, SIGHUP reloads, SIGTERM and Ctrl-C stop, a second one does not wait for connections
//! to end. While something works that has started programs and written keys, SIGTERM, SIGHUP (a closed terminal), SIGQUIT, SIGPIPE
//! and Ctrl-C break it off.

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
    signal::unix::{Signal as Stream, SignalKind, signal},
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

/// While this is there, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE and Ctrl-C end the program with all that it has started: programs of
/// others are ended, folders with keys are removed, and the exit code says which signal it was.
pub struct BrokenOff {
    mood: Arc<Mood>,
    finished: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

/// What a signal that may end work says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Interrupt,
    Terminate,
    /// The terminal is closed.
    Hangup,
    Quit,
    /// Nobody reads what was written, here or on a connection.
    Pipe,
}

impl Told {
    fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate | Self::Hangup => Exit::Terminated,
            Self::Quit => Exit::Quit,
            Self::Pipe => Exit::Unread,
        }
    }
}

/// What is to be made of a signal.
#[derive(Debug, Default)]
struct Mood {
    /// Ctrl-C and SIGTERM are the usual end.
    is_paused: AtomicBool,
}

impl Mood {
    /// Whether the work ends.
    fn is_ended_by(&self, told: Told) -> bool {
        match told {
            Told::Interrupt | Told::Terminate => !self.is_paused.load(Ordering::Acquire),
            // A connection that the other side has closed sends it, too.
            Told::Pipe => !held::is_talking() || held::is_unread(),
            Told::Hangup | Told::Quit => true,
        }
    }
}

/// The signals that end work.
struct Signals {
    interrupt: Stream,
    terminate: Stream,
    hangup: Stream,
    quit: Stream,
    pipe: Stream,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            pipe: signal(SignalKind::pipe())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Told::Interrupt,
            _ = self.terminate.recv() => Told::Terminate,
            _ = self.hangup.recv() => Told::Hangup,
            _ = self.quit.recv() => Told::Quit,
            _ = self.pipe.recv() => Told::Pipe,
        }
    }
}

impl BrokenOff {
    /// Listens from now on.
    pub fn by_signals(words: &Words) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::bug)?;
        let signals = {
            let _inside = runtime.enter();
            Signals::listen()
        };
        let signals = signals.map_err(Failure::bug)?;
        let (finished, finishing) = mpsc::unbounded_channel::<oneshot::Sender<()>>();
        let mood = Arc::new(Mood::default());
        let (words, theirs) = (*words, mood.clone());
        thread::spawn(move || runtime.block_on(until_finished(signals, finishing, &theirs, &words)));
        Ok(Self { mood, finished })
    }

    /// From here on somebody else takes Ctrl-C and SIGTERM, and they are the usual end.
    pub fn pause(&self) {
        self.mood.is_paused.store(true, Ordering::Release);
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

/// Breaks the work off with the first signal that ends it; until then, answers whoever has finished.
async fn until_finished(
    mut signals: Signals,
    mut finishing: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
    mood: &Mood,
    words: &Words,
) {
    let heed = |told: Told| {
        if mood.is_ended_by(told) {
            break_off(told.exit(), words);
        }
    };
    loop {
        let answer = tokio::select! {
            biased;
            told = signals.next() => {
                heed(told);
                continue;
            }
            finished = finishing.recv() => match finished {
                Some(answer) => answer,
                None => return,
            },
        };
        // Who signals us may have signalled the programs of others, too, and their end can be known here before our own
        // signal is. In this moment it is taken from the system.
        let moment = tokio::time::sleep(Duration::from_millis(1));
        tokio::select! {
            biased;
            told = signals.next() => heed(told),
            () = moment => {}
        }
        let _ = answer.send(());
    }
}

fn break_off(exit: Exit, words: &Words) -> ! {
    held::end_all();
    let what = match exit {
        Exit::Interrupted => "interrupted",
        Exit::Quit => "told to quit",
        Exit::Unread => "the output is not read any more",
        _ => "terminated",
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
