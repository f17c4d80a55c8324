//! Bodies: what goes to the backend without the client's trailers, and what comes back with the strings
//! that end with it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use handfast_pki::Code;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::{
    headers,
    pool::{Pool, Sender},
};
use crate::pulse::{Busy, Pulse};

/// A request's body on its way to the backend; identity headers are taken out of its trailers, too.
///
/// The backend may answer before it has all of the body. Until the body has ended or was given up, the
/// connection is busy with it.
pub(crate) struct Cleaned {
    body: Incoming,
    /// Until the body has ended; most requests have none.
    going: Option<Busy>,
}

impl Cleaned {
    pub(crate) fn new(body: Incoming, pulse: &Arc<Pulse>) -> Self {
        Self {
            going: (!body.is_end_stream()).then(|| pulse.also_busy()),
            body,
        }
    }
}

impl Drop for Cleaned {
    fn drop(&mut self) {
        if let Some(busy) = &self.going {
            busy.given_up();
        }
    }
}

impl Body for Cleaned {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.going = None;
        }
        polled.map_ok(|mut frame| {
            if let Some(trailers) = frame.trailers_mut() {
                headers::strip_identity(trailers);
            }
            frame
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer to the client.
pub(crate) enum Answer {
    /// From the backend. When it has been read to its end, the connection goes back to the pool; when it
    /// is dropped before, the connection is closed with it.
    Backend {
        body: Incoming,
        lease: Option<Lease>,
        _busy: Busy,
    },
    /// From the door itself.
    Own { text: Option<Bytes>, _busy: Busy },
}

/// A backend connection in use.
pub(crate) struct Lease {
    pub(crate) sender: Sender,
    pub(crate) pool: Arc<Pool>,
    pub(crate) now: u32,
    /// Whether the request had a body, which may be on its way longer than the answer.
    pub(crate) had_body: bool,
}

impl Lease {
    fn give_back(self) {
        self.pool.give(self.sender, self.now, self.had_body);
    }
}

impl Answer {
    pub(crate) fn backend(body: Incoming, lease: Option<Lease>, busy: Busy) -> Self {
        let mut answer = Self::Backend {
            body,
            lease,
            _busy: busy,
        };
        answer.end_if_over();
        answer
    }

    /// A body that has no more frames is not polled again by everyone, so its end is looked for after each.
    fn end_if_over(&mut self) {
        if let Self::Backend { body, lease, .. } = self
            && body.is_end_stream()
            && let Some(lease) = lease.take()
        {
            lease.give_back();
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut *self {
            Self::Own { text, .. } => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Backend { body, lease, .. } => {
                let polled = Pin::new(body).poll_frame(cx);
                match &polled {
                    Poll::Ready(None) => {
                        if let Some(lease) = lease.take() {
                            lease.give_back();
                        }
                    }
                    Poll::Ready(Some(Err(_))) => drop(lease.take()),
                    Poll::Ready(Some(Ok(_))) => self.end_if_over(),
                    Poll::Pending => {}
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own { text, .. } => text.is_none(),
            Self::Backend { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own { text, .. } => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
            Self::Backend { body, .. } => body.size_hint(),
        }
    }
}

/// An answer of the door's own (RFC 9457): the code, a sentence that tells a stranger nothing, and the
/// number under which the operator finds the rest.
pub(crate) fn problem(status: StatusCode, code: Code, connection: u64, busy: Busy) -> Response<Answer> {
    let text = serde_json::json!({
        "type": "about:blank",
        "title": code.title(),
        "status": status.as_u16(),
        "code": code.to_string(),
        "connection": connection,
    });
    let mut response = Response::new(Answer::Own {
        text: Some(Bytes::from(format!("{text}\n"))),
        _busy: busy,
    });
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
