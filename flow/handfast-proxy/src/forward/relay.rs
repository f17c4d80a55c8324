//! Bytes both ways until both ways have ended; each way ends by itself (half-close).
//!
//! An idle tunnel owns no buffer: bytes pass through one scratch buffer per thread, and only what the
//! receiver does not take at once is kept with the connection.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use handfast_pki::code;
use handfast_tls::HandshakeError;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use crate::error::Ended;

/// Four TLS records; what one read of a busy socket brings.
const SCRATCH: usize = 64 << 10;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// Copies between `client` and `backend` until both directions have ended.
pub(crate) async fn relay<A, B>(client: &mut A, backend: &mut B) -> Result<(), Ended>
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let (mut up, mut down) = (Pipe::default(), Pipe::default());
    let ended = std::future::poll_fn(|cx| {
        let upwards = up.poll(cx, client, backend);
        if let Poll::Ready(Err(broken)) = upwards {
            return Poll::Ready(Err((broken, Direction::Up)));
        }
        let downwards = down.poll(cx, backend, client);
        match (upwards, downwards) {
            (_, Poll::Ready(Err(broken))) => Poll::Ready(Err((broken, Direction::Down))),
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    });
    let Err((broken, direction)) = ended.await else {
        return Ok(());
    };
    // Who cannot be written to any more may have answered, or said why: an alert waits where nobody has read it yet.
    let alert = match (&broken, direction) {
        (Broken::Writing(_), Direction::Up) => rest(&mut down, backend, client).await,
        (Broken::Writing(_), Direction::Down) => last_words(client).await,
        (Broken::Reading(error), _) => HandshakeError::late_alert(error),
    };
    Err(alert.map_or_else(|| broken.ended(direction), Ended::Refused))
}

/// How long who cannot be written to any more may say nothing.
const MOMENT: Duration = Duration::from_millis(500);

/// Passes the rest of an answer on to `client`, as long as it comes, and gives the alert at its end.
async fn rest<A, B>(down: &mut Pipe, backend: &mut B, client: &mut A) -> Option<HandshakeError>
where
    A: AsyncWrite + Unpin,
    B: AsyncRead + Unpin,
{
    loop {
        let before = down.passed;
        let passing = std::future::poll_fn(|cx| down.poll(cx, backend, client));
        match tokio::time::timeout(MOMENT, passing).await {
            Ok(Err(Broken::Reading(error))) => return HandshakeError::late_alert(&error),
            Ok(_) => return None,
            Err(_) if down.passed == before => return None,
            Err(_) => {}
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// From the client to the backend.
    Up,
    Down,
}

/// The alert that stands at the end of `from`, if one comes within a moment.
async fn last_words(from: &mut (impl AsyncRead + Unpin)) -> Option<HandshakeError> {
    let reading = async {
        let mut passed_over = [0; 1024];
        loop {
            match from.read(&mut passed_over).await {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return HandshakeError::late_alert(&error),
            }
        }
    };
    tokio::time::timeout(MOMENT, reading).await.unwrap_or(None)
}

/// One direction.
#[derive(Default)]
struct Pipe {
    /// Read, and not yet taken by the receiver.
    kept: Vec<u8>,
    /// How much of `kept` has been taken.
    taken: usize,
    unflushed: bool,
    ended: bool,
    /// Why nothing more can be read. What was read before is passed on first.
    failed: Option<io::Error>,
    done: bool,
    /// Bytes that were read.
    passed: u64,
}

/// Which end failed.
enum Broken {
    Reading(io::Error),
    Writing(io::Error),
}

impl Broken {
    fn ended(self, direction: Direction) -> Ended {
        let (from, to) = if direction == Direction::Up {
            ("client", "backend")
        } else {
            ("backend", "client")
        };
        let (who, error) = match self {
            Self::Reading(error) => (from, error),
            Self::Writing(error) => (to, error),
        };
        let code = if who == "client" {
            code::PEER_BROKE
        } else {
            code::BACKEND_BROKE
        };
        Ended::Broken {
            code,
            reason: format!("the {who} broke off: {error}"),
        }
    }
}

impl Pipe {
    fn poll<R, W>(&mut self, cx: &mut Context<'_>, from: &mut R, to: &mut W) -> Poll<Result<(), Broken>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        if self.done {
            return Poll::Ready(Ok(()));
        }
        loop {
            ready!(self.write_kept(cx, to)).map_err(Broken::Writing)?;
            if self.ended {
                ready!(Pin::new(&mut *to).poll_shutdown(cx)).map_err(Broken::Writing)?;
                self.done = true;
                return Poll::Ready(Ok(()));
            }
            if self.failed.is_some() {
                ready!(Pin::new(&mut *to).poll_flush(cx)).map_err(Broken::Writing)?;
            }
            if let Some(error) = self.failed.take() {
                return Poll::Ready(Err(Broken::Reading(error)));
            }
            match BUFFER.with_borrow_mut(|buffer| self.pass(cx, from, to, buffer)) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(broken)) => return Poll::Ready(Err(broken)),
                Poll::Pending => {
                    if self.unflushed && self.kept.is_empty() {
                        ready!(Pin::new(&mut *to).poll_flush(cx)).map_err(Broken::Writing)?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    fn write_kept<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut W,
    ) -> Poll<io::Result<()>> {
        while self.taken < self.kept.len() {
            match ready!(Pin::new(&mut *to).poll_write(cx, &self.kept[self.taken..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.taken += written,
            }
        }
        // The memory goes back: a tunnel that was congested once is mostly idle later.
        self.kept = Vec::new();
        self.taken = 0;
        Poll::Ready(Ok(()))
    }

    /// Reads what is there, up to the scratch buffer's size, and passes it on.
    fn pass<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
        buffer: &mut [u8],
    ) -> Poll<Result<(), Broken>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut read = ReadBuf::new(buffer);
        let mut pending = false;
        while read.remaining() > 0 {
            let before = read.filled().len();
            match Pin::new(&mut *from).poll_read(cx, &mut read) {
                Poll::Ready(Ok(())) if read.filled().len() == before => {
                    self.ended = true;
                    break;
                }
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    self.failed = Some(error);
                    break;
                }
                Poll::Pending => {
                    pending = true;
                    break;
                }
            }
        }
        let mut rest = read.filled();
        if rest.is_empty() {
            return if pending {
                Poll::Pending
            } else {
                Poll::Ready(Ok(()))
            };
        }
        self.unflushed = true;
        self.passed += rest.len() as u64;
        while !rest.is_empty() {
            match Pin::new(&mut *to).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Err(Broken::Writing(io::ErrorKind::WriteZero.into())));
                }
                Poll::Ready(Ok(written)) => rest = &rest[written..],
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Broken::Writing(error))),
                Poll::Pending => {
                    self.kept = rest.to_vec();
                    break;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn what_comes_after_a_half_close_is_still_delivered() {
        let (mut client, mut client_side) = duplex(64);
        let (mut backend, mut backend_side) = duplex(64);
        let tunnel = tokio::spawn(async move { relay(&mut client_side, &mut backend_side).await.is_ok() });
        client.write_all(b"question").await.expect("written");
        client.shutdown().await.expect("half-closed");
        let mut heard = String::new();
        backend.read_to_string(&mut heard).await.expect("read to its end");
        assert_eq!(heard, "question");
        backend
            .write_all(b"answer, longer than what fits into the pipe at once: 64 bytes are not that much")
            .await
            .expect("written");
        backend.shutdown().await.expect("closed");
        let mut heard = String::new();
        client.read_to_string(&mut heard).await.expect("read to its end");
        assert!(heard.ends_with("not that much"));
        assert!(tunnel.await.expect("no panic"));
    }

    /// Says `text` and breaks off with the same read, as TLS without close_notify does.
    struct Cut {
        text: &'static [u8],
    }

    impl AsyncRead for Cut {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if self.text.is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            let (now, later) = self.text.split_at(buf.remaining().min(self.text.len()));
            buf.put_slice(now);
            self.text = later;
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Cut {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn an_answer_is_delivered_before_its_end_is_found_to_be_broken() {
        for asks in [false, true] {
            let (mut client, mut client_side) = duplex(16);
            let mut backend_side = Cut {
                text: b"an answer that is longer than what the client takes at once",
            };
            if asks {
                // The backend takes no question any more, and has answered all the same.
                client.write_all(b"question").await.expect("written");
            }
            let tunnel =
                tokio::spawn(async move { relay(&mut client_side, &mut backend_side).await.is_err() });
            let mut heard = String::new();
            client.read_to_string(&mut heard).await.expect("read to its end");
            assert!(heard.ends_with("takes at once"), "{heard}");
            assert!(tunnel.await.expect("no panic"), "its end is broken all the same");
        }
    }

    #[tokio::test]
    async fn a_slow_receiver_holds_the_sender_back() {
        let (mut client, mut client_side) = duplex(1 << 10);
        let (_backend, mut backend_side) = duplex(1 << 10);
        let tunnel = relay(&mut client_side, &mut backend_side);
        let flood = async {
            let mut sent = 0;
            while client.write_all(&[0; 512]).await.is_ok() {
                sent += 512;
                assert!(sent < 256 << 10, "the tunnel must not buffer without bound");
            }
        };
        let waited = tokio::time::timeout(std::time::Duration::from_millis(50), async {
            tokio::join!(tunnel, flood)
        });
        assert!(waited.await.is_err(), "both sides wait");
    }
}
