//! A stream that remembers the bytes that went through it, both ways, with their times.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Side;

/// Bytes that went one way in one call.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Since the recording began.
    pub at: Duration,
    /// Who sent them.
    pub from: Side,
    /// As they went over the wire.
    pub bytes: Vec<u8>,
}

/// What a [`Tap`] heard; shared with it, so that it outlives the stream.
#[derive(Debug, Clone)]
pub struct Recording {
    began: Instant,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    chunks: Vec<Chunk>,
    bytes: usize,
}

impl Recording {
    /// A handshake fits many times over; a download does not have to.
    const MOST: usize = 512 << 10;

    fn add(&self, from: Side, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.bytes < Self::MOST {
            heard.bytes += bytes.len();
            heard.chunks.push(Chunk {
                at: self.began.elapsed(),
                from,
                bytes: bytes.to_vec(),
            });
        }
    }

    /// A copy of everything heard so far.
    pub fn chunks(&self) -> Vec<Chunk> {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .chunks
            .clone()
    }
}

/// One side's stream with a [`Recording`] of it.
pub struct Tap<IO> {
    io: IO,
    recording: Recording,
    ours: Side,
}

impl<IO> Tap<IO> {
    /// Begins to record `io`, on which we are `ours`.
    pub fn new(io: IO, ours: Side) -> (Self, Recording) {
        let recording = Recording {
            began: Instant::now(),
            heard: Arc::default(),
        };
        (
            Self {
                io,
                recording: recording.clone(),
                ours,
            },
            recording,
        )
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Tap<IO> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.io).poll_read(cx, buf);
        this.recording
            .add(this.ours.other(), buf.filled().get(before..).unwrap_or_default());
        polled
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Tap<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_write(cx, buf);
        if let Poll::Ready(Ok(written)) = &polled {
            this.recording
                .add(this.ours, buf.get(..*written).unwrap_or_default());
        }
        polled
    }

    // Without this TLS would write only the first of the records it has ready, and an alert is rarely the first.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_write_vectored(cx, bufs);
        if let Poll::Ready(Ok(written)) = &polled {
            let sent: Vec<u8> = bufs
                .iter()
                .flat_map(|buf| buf.iter().copied())
                .take(*written)
                .collect();
            this.recording.add(this.ours, &sent);
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
