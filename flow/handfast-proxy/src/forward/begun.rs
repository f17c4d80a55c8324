//! The record of one request.

use std::time::Instant;

use handfast_audit::{Event, Request as RequestRecord, WouldReject};
use handfast_pki::{Code, text::printable};
use http::{Request, Response};
use hyper::body::Incoming;
use jiff::Timestamp;

use super::{answer::Answer, visit::Visit};

/// Why a request was answered as it was, or would have been.
pub(super) struct Why {
    pub(super) code: Option<Code>,
    pub(super) reason: Option<String>,
    pub(super) would_reject: Option<Box<WouldReject>>,
}

/// What a request's record says before there is an answer.
pub(super) struct Begun {
    time: Timestamp,
    instant: Instant,
    method: String,
    path: String,
    host: Option<String>,
}

impl Begun {
    pub(super) fn of(request: &Request<Incoming>) -> Self {
        let host = request
            .headers()
            .get(http::header::HOST)
            .and_then(|host| host.to_str().ok());
        let host = host.or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
        Self {
            time: Timestamp::now(),
            instant: Instant::now(),
            method: printable(request.method().as_str()),
            path: printable(request.uri().path()),
            host: host.map(printable),
        }
    }

    pub(super) fn record(self, visit: &Visit, response: &Response<Answer>, why: Why) {
        visit.worker.context.sink.take(Event::Request(RequestRecord {
            time: self.time,
            connection: visit.id,
            method: self.method,
            path: self.path,
            host: self.host,
            status: response.status().as_u16(),
            code: why.code,
            reason: why.reason,
            would_reject: why.would_reject,
            duration_us: u64::try_from(self.instant.elapsed().as_micros()).unwrap_or(u64::MAX),
        }));
    }
}
