//! What stands behind a proxy while it is tried: an HTTP service that repeats the headers it was sent.

use std::{fmt::Write, net::SocketAddr};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;

use crate::demo;

/// The first line of every answer.
pub(crate) const GREETING: &str = "the upstream was sent:";

/// Starts the service on a free port of this machine.
pub(crate) fn start() -> std::io::Result<SocketAddr> {
    demo::start_with(repeat)
}

fn repeat(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let mut text = format!("{GREETING}\n");
    for (name, value) in request.headers() {
        let _ = writeln!(text, "{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
    Response::new(Full::new(Bytes::from(text)))
}
