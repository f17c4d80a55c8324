//! A stream that tells its connection's pulse what passes.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::pulse::Pulse;

/// A plaintext stream that feels the pulse.
pub(crate) struct Metered<IO> {
    io: IO,
    pulse: Arc<Pulse>,
    /// Bytes that were read before their reader was there.
    early: Bytes,
}

impl<IO> Metered<IO> {
    pub(crate) fn new(io: IO, pulse: Arc<Pulse>) -> Self {
        Self {
            io,
            pulse,
            early: Bytes::new(),
        }
    }

    fn wrote(&self, polled: &Poll<std::io::Result<usize>>) {
        match polled {
            Poll::Ready(Ok(bytes)) => self.pulse.said(*bytes as u64),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.pulse.waits_for_reader(),
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Metered<IO> {
    /// Waits for the next bytes without owning a buffer meanwhile; they stand before those that are read
    /// afterwards. `false` where the stream has ended instead.
    pub(crate) async fn next_bytes(&mut self) -> std::io::Result<bool> {
        let early = std::future::poll_fn(|cx| {
            let mut buffer = [0; 2048];
            let mut read = ReadBuf::new(&mut buffer);
            ready!(Pin::new(&mut *self).poll_read(cx, &mut read))?;
            Poll::Ready(Ok::<_, std::io::Error>(Bytes::copy_from_slice(read.filled())))
        });
        let early = early.await?;
        self.give_back(early);
        Ok(!self.early.is_empty())
    }

    /// Says why the connection ends, where the last frame of ours is whole; there is no waiting for such a client.
    fn ask_for_calm(&mut self, cx: &mut Context<'_>) {
        if self.pulse.is_flushed() {
            let _ = Pin::new(&mut self.io).poll_write(cx, &CALM);
            let _ = Pin::new(&mut self.io).poll_flush(cx);
        }
        let _ = Pin::new(&mut self.io).poll_shutdown(cx);
    }

    /// Reads what still comes, for a moment: closing with unread bytes would reset the connection, and the reset would
    /// overtake the reason.
    fn pass_over(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        const AT_ONCE: usize = 64;
        let mut buffer = [0; 4096];
        for _ in 0..AT_ONCE {
            let mut read = ReadBuf::new(&mut buffer);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Err(std::io::Error::other("frames without a request")));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Puts bytes before those that are read next.
    pub(crate) fn give_back(&mut self, early: Bytes) {
        self.early = early;
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Metered<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        if !this.early.is_empty() {
            let early = this.early.split_to(this.early.len().min(buf.remaining()));
            buf.put_slice(&early);
            return Poll::Ready(Ok(()));
        }
        if this.pulse.is_ending() {
            return this.pass_over(cx);
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.io).poll_read(cx, buf);
        let bytes = buf.filled().len() - before;
        if bytes > 0 && !this.pulse.heard(bytes as u64) {
            buf.set_filled(before);
            this.ask_for_calm(cx);
            return this.pass_over(cx);
        }
        polled
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Metered<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_write(cx, buf);
        this.wrote(&polled);
        polled
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_write_vectored(cx, bufs);
        this.wrote(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_flush(cx);
        this.pulse.was_flushed(matches!(polled, Poll::Ready(Ok(()))));
        polled
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

/// GOAWAY with ENHANCE_YOUR_CALM (RFC 9113 sections 6.8 and 7), for all streams.
const CALM: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0x0b];
