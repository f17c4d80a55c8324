//! The log: lines are handed to a writer thread through a buffer, so that a log that blocks (a full pipe, a dead
//! disk) never blocks a peer; what does not fit is counted and told.

use std::{
    io::Write,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};

use handfast_audit::{Event, Sink};
use jiff::Timestamp;

use crate::limits::Detail;

/// A log that writes JSON lines to a writer on a thread of its own.
pub struct AccessLog {
    buffer: Arc<Buffer>,
    thread: Mutex<Option<JoinHandle<()>>>,
    detail: Detail,
}

#[derive(Default)]
struct Buffer {
    lines: Mutex<Lines>,
    filled: Condvar,
    ended: AtomicBool,
}

#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    dropped: u64,
}

impl AccessLog {
    /// The most bytes that wait for the writer.
    const MOST: usize = 8 << 20;
    /// Lines of this time are written together.
    const TOGETHER: Duration = Duration::from_millis(20);

    /// Starts the writer thread.
    pub fn new(detail: Detail, out: impl Write + Send + 'static) -> Arc<Self> {
        let buffer = Arc::new(Buffer::default());
        let for_thread = buffer.clone();
        let thread = std::thread::spawn(move || write_lines(&for_thread, out));
        Arc::new(Self {
            buffer,
            thread: Mutex::new(Some(thread)),
            detail,
        })
    }

    /// Writes what is left and ends the thread; gives up on a writer that blocks.
    pub fn finish(&self) {
        self.buffer.ended.store(true, Relaxed);
        self.buffer.filled.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        for _ in 0..100 {
            if thread.is_finished() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn wants(&self, event: &Event) -> bool {
        match event {
            Event::Reload(_) | Event::Shortage(_) | Event::Alarm(_) | Event::Target(_) => true,
            Event::Connection(_) => self.detail >= Detail::Connections,
            // What would be rejected is what an operator observes for.
            Event::Request(request) if request.would_reject.is_some() => self.detail >= Detail::Connections,
            Event::Request(_) => self.detail >= Detail::Requests,
        }
    }
}

impl Sink for AccessLog {
    fn take(&self, mut event: Event) {
        if !self.wants(&event) {
            return;
        }
        if let Event::Connection(record) = &mut event {
            let lived = Timestamp::now().duration_since(record.time);
            record.duration_ms = u64::try_from(lived.as_millis()).unwrap_or(0);
        }
        let line = event.to_line();
        let mut lines = self.buffer.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.bytes.len() + line.len() > Self::MOST {
            lines.dropped += 1;
            return;
        }
        let was_empty = lines.bytes.is_empty();
        lines.bytes.extend_from_slice(line.as_bytes());
        lines.bytes.push(b'\n');
        drop(lines);
        if was_empty {
            self.buffer.filled.notify_one();
        }
    }
}

fn write_lines(buffer: &Buffer, mut out: impl Write) {
    loop {
        let waiting = buffer.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = |lines: &mut Lines| lines.bytes.is_empty() && !buffer.ended.load(Relaxed);
        let waited = buffer
            .filled
            .wait_timeout_while(waiting, Duration::from_secs(1), empty);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        if !buffer.ended.load(Relaxed) {
            std::thread::sleep(AccessLog::TOGETHER);
        }
        let taken = std::mem::take(&mut *buffer.lines.lock().unwrap_or_else(PoisonError::into_inner));
        // A log that cannot be written must not end the proxy; the lines are lost, and that is told below.
        let _ = out.write_all(&taken.bytes);
        if taken.dropped > 0 {
            let _ = writeln!(out, "{{\"event\":\"dropped\",\"lines\":{}}}", taken.dropped);
        }
        let _ = out.flush();
        if buffer.ended.load(Relaxed)
            && buffer
                .lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .bytes
                .is_empty()
        {
            return;
        }
    }
}
