//! Work that has started programs and written keys, and is broken off by a signal: SIGTERM, SIGHUP (a closed terminal), SIGQUIT,
//! SIGPIPE and Ctrl-C end what [`held`] holds before the process ends.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{
    signal::unix::{Signal as Stream, SignalKind, signal},
    sync::{mpsc, oneshot},
};

use crate::held;

/// While this is there, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE and Ctrl-C end the program with all that it has started: programs of
/// others are ended, and folders with keys are removed.
pub struct BrokenOff {
    mood: Arc<Mood>,
    finished: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

/// What a signal that may end work says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Ctrl-C.
    Interrupt,
    Terminate,
    /// The terminal is closed.
    Hangup,
    Quit,
    /// Nobody reads what was written, here or on a connection.
    Pipe,
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
    fn listen() -> io::Result<Self> {
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
    /// Listens from now on. After a signal that ends the work, and when all that was started is ended, `end` is told of it,
    /// and is to end the process.
    pub fn by_signals(end: impl Fn(Told) + Send + 'static) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let signals = {
            let _inside = runtime.enter();
            Signals::listen()?
        };
        let (finished, finishing) = mpsc::unbounded_channel::<oneshot::Sender<()>>();
        let mood = Arc::new(Mood::default());
        let theirs = mood.clone();
        thread::spawn(move || runtime.block_on(until_finished(signals, finishing, &theirs, end)));
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
    end: impl Fn(Told),
) {
    let heed = |told: Told| {
        if mood.is_ended_by(told) {
            held::end_all();
            end(told);
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
