//! The one thread that writes: callers queue, and it takes what is there, does all of it in one transaction and wakes
//! all. Nobody waits for a group to fill; a group fills while the disk is busy with the one before.
//!
//! Each piece of work is whole or not at all: one that is refused is rolled back alone. Where the transaction itself
//! fails, the disk is full or another process does not let go, all of the group fail and nothing of it is kept.

use std::{
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use handfast_audit::tree::{LogKey, TreeError};
use rusqlite::{Connection, TransactionBehavior};

use super::log::Log;
use crate::records::StoreError;

/// How much work one transaction takes at most: what waits longer is not made to wait longer still.
const LARGEST_GROUP: usize = 256;

/// The thread, and the way to it.
pub(super) struct Writer {
    queue: Option<Sender<Box<dyn Work>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// A thread that writes through `connection`, and signs the audit log with `key`. Each group takes `sync_delay` longer, as it would on a slower disk.
    pub(super) fn start(
        connection: Connection,
        key: Arc<LogKey>,
        sync_delay: Duration,
    ) -> Result<Self, StoreError> {
        let (queue, work) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("records".into())
            .spawn(move || serve(connection, &key, &work, sync_delay))
            .map_err(|error| StoreError::Other(error.into()))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Does `work` in a transaction, together with that of other callers; it is durable when this returns.
    pub(super) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Log<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = mpsc::sync_channel(1);
        let piece = Piece {
            work: Some(work),
            outcome: None,
            answer,
        };
        let queue = self.queue.as_ref().ok_or(StoreError::WriterGone)?;
        queue.send(Box::new(piece)).map_err(|_| StoreError::WriterGone)?;
        answered.recv().map_err(|_| StoreError::WriterGone)?
    }
}

impl Drop for Writer {
    /// What is queued is written first, and the file is closed.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic has been reported on its own thread.
            let _ = thread.join();
        }
    }
}

/// A piece of work, whatever it answers.
trait Work: Send {
    /// Does it.
    fn run(&mut self, log: &mut Log<'_>) -> Ran;
    /// Wakes the caller: with its answer, or with why nothing of the group is kept.
    fn wake(self: Box<Self>, committed: Result<(), &StoreError>);
}

/// What became of a piece of work.
enum Ran {
    Stays,
    /// By the rules of the store.
    Refused,
    /// By SQLite, which may have rolled back the whole transaction.
    Failed(rusqlite::Error),
}

struct Piece<F, T> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    answer: SyncSender<Result<T, StoreError>>,
}

impl<F, T> Work for Piece<F, T>
where
    F: FnOnce(&mut Log<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, log: &mut Log<'_>) -> Ran {
        let outcome = self.outcome.insert(match self.work.take() {
            Some(work) => work(log),
            None => Err(StoreError::WriterGone),
        });
        match outcome {
            Ok(_) => Ran::Stays,
            Err(StoreError::Sqlite(error)) => Ran::Failed(copy(error)),
            Err(_) => Ran::Refused,
        }
    }

    fn wake(self: Box<Self>, committed: Result<(), &StoreError>) {
        let answer = match (self.outcome, committed) {
            // A refusal stays one, whatever became of the others.
            (Some(Err(error)), _) => Err(error),
            (Some(outcome), Ok(())) => outcome,
            (_, Err(error)) => Err(of_the_group(error)),
            (None, Ok(())) => Err(StoreError::WriterGone),
        };
        // A caller that is gone has no use for it.
        let _ = self.answer.send(answer);
    }
}

fn serve(mut connection: Connection, key: &LogKey, queue: &Receiver<Box<dyn Work>>, sync_delay: Duration) {
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(LARGEST_GROUP - 1));
        let committed = commit(&mut connection, key, &mut group, sync_delay);
        for piece in group {
            piece.wake(committed.as_ref().copied());
        }
    }
}

/// One transaction for the group. It takes the lock of the file at once: one that began by reading could not wait for
/// another writer. The audit log is taken up where it ends, and its new head is signed at the end.
fn commit(
    connection: &mut Connection,
    key: &LogKey,
    group: &mut [Box<dyn Work>],
    sync_delay: Duration,
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut log = Log::resume(&transaction, key)?;
    for piece in group {
        let run = |sql| transaction.prepare_cached(sql)?.execute([]);
        run("SAVEPOINT piece")?;
        let before = log.mark();
        let ran = piece.run(&mut log);
        match ran {
            Ran::Stays => {}
            // Nothing of the group is left to be committed.
            Ran::Failed(error) if transaction.is_autocommit() => return Err(error.into()),
            Ran::Failed(_) | Ran::Refused => {
                run("ROLLBACK TO piece")?;
                log.back_to(before);
            }
        }
        run("RELEASE piece")?;
    }
    log.seal()?;
    if !sync_delay.is_zero() {
        thread::sleep(sync_delay);
    }
    Ok(transaction.commit()?)
}

/// The same reason for one more caller.
fn of_the_group(error: &StoreError) -> StoreError {
    match error {
        StoreError::Sqlite(error) => StoreError::Sqlite(copy(error)),
        StoreError::LogDamaged { detail } => StoreError::LogDamaged {
            detail: detail.clone(),
        },
        StoreError::Log(TreeError::KeyAway { name }) => {
            StoreError::Log(TreeError::KeyAway { name: name.clone() })
        }
        other => StoreError::LogDamaged {
            detail: other.to_string(),
        },
    }
}

/// The same error for one more caller.
fn copy(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => rusqlite::Error::SqliteFailure(*code, text.clone()),
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}
