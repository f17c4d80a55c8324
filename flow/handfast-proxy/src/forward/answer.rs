//! What goes back to the client: the backend's answer with what ends with it, or one of our own.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use handfast_pki::Code;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::{
    budget::{Budget, Flowing, Held},
    sender::Lease,
};
use crate::pulse::Busy;

/// The body of an answer to the client.
pub(crate) enum Answer {
    /// From the backend. When it has been read to its end, the connection goes back to the pool; when it
    /// is dropped before, the connection is closed with it.
    Backend {
        body: Incoming,
        lease: Option<Lease>,
        /// Where the client has several answers at a time.
        budget: Option<Arc<Budget>>,
        /// Until it has ended.
        flowing: Option<Flowing>,
        busy: Busy,
    },
    /// From the proxy itself.
    Own { text: Option<Bytes>, _busy: Busy },
}

impl Answer {
    pub(super) fn backend(
        body: Incoming,
        lease: Option<Lease>,
        budget: Option<Arc<Budget>>,
        busy: Busy,
    ) -> Self {
        let mut answer = Self::Backend {
            body,
            lease,
            flowing: budget.as_ref().map(|budget| budget.flows(busy.now())),
            budget,
            busy,
        };
        answer.end_if_over();
        answer
    }

    /// A body that has no more frames is not polled again by everyone, so its end is looked for after each.
    fn end_if_over(&mut self) {
        if let Self::Backend {
            body,
            lease,
            budget,
            flowing,
            ..
        } = self
            && body.is_end_stream()
        {
            end(lease, budget.as_deref(), flowing);
        }
    }
}

impl Body for Answer {
    type Data = Held;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Held>, hyper::Error>>> {
        match &mut *self {
            Self::Own { text, .. } => Poll::Ready(text.take().map(|text| Ok(Frame::data(text.into())))),
            Self::Backend {
                body,
                lease,
                budget,
                flowing,
                busy,
            } => {
                if let Some(budget) = budget {
                    ready!(budget.poll_room(cx));
                }
                let polled = Pin::new(body).poll_frame(cx);
                if let (Some(flowing), true) = (&flowing, polled.is_pending()) {
                    flowing.is_dry();
                }
                let polled = ready!(polled);
                if let (Some(flowing), Some(Ok(frame))) = (&flowing, &polled) {
                    let bytes = frame.data_ref().map_or(0, Bytes::len);
                    flowing.passes(bytes, busy.now());
                }
                let hold = |bytes: Bytes| match budget {
                    Some(budget) => budget.hold(bytes),
                    None => bytes.into(),
                };
                let held = polled.map(|frame| frame.map(|frame| frame.map_data(hold)));
                match &held {
                    None => end(lease, budget.as_deref(), flowing),
                    Some(Err(_)) => drop(lease.take()),
                    Some(Ok(_)) => self.end_if_over(),
                }
                Poll::Ready(held)
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

/// The whole answer was read: its connection is free for the next request.
fn end(lease: &mut Option<Lease>, budget: Option<&Budget>, flowing: &mut Option<Flowing>) {
    if let Some(lease) = lease.take() {
        lease.give_back();
        if let Some(budget) = budget {
            budget.passed();
        }
    }
    *flowing = None;
}

/// An answer of the proxy's own (RFC 9457): the code, a sentence that tells a stranger nothing, and the
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
