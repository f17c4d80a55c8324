//! One request, sent to a target of its backend; to another where that does no harm.

use std::{io, sync::Arc};

use handfast_pki::{Code, code};
use http::{Request, Response, StatusCode, request::Parts};
use http_body::Body;
use hyper::body::Incoming;

use super::{
    body::{Progress, RequestBody},
    sender::Sender,
    visit::{Instead, Visit},
};
use crate::{
    pulse::ticks,
    upstream::{InUse, Tried, Upstream},
};

/// An answer that has begun, and what it comes over.
pub(super) struct Sent {
    pub(super) response: Response<Incoming>,
    pub(super) sender: Sender,
    pub(super) in_use: InUse,
}

/// Sends `request` over a connection that waits or a new one, and gives up when the answer is overdue.
///
/// It is sent again where nothing of it had left: a waiting connection may just have been closed, and a target may not be
/// reachable. Where it may have left, it goes to another target only if its method promises that twice is as good as once
/// (RFC 9110 section 9.2.2) and it has no body, of which a part would be gone.
pub(super) async fn send(
    visit: &Visit,
    upstream: &Arc<Upstream>,
    mut request: Request<RequestBody>,
    upgrades: bool,
) -> Result<Sent, Instead> {
    let progress = request.body().progress();
    let started = visit.pulse.now();
    let mut copy = copy(upstream, &request, upgrades);
    let mut tried = Tried::default();
    let mut failed = Instead::from((StatusCode::BAD_GATEWAY, code::BACKEND_UNREACHABLE));
    while let Some(in_use) = upstream.pick(visit.pulse.now(), tried) {
        // The permission may have gone while another target was tried.
        if let Some(code) = visit.pulse.withdrawn() {
            return Err((StatusCode::FORBIDDEN, code).into());
        }
        match attempt(visit, &in_use, request, upgrades, started, progress.as_deref()).await {
            Ok((response, sender)) => {
                in_use.answered();
                return Ok(Sent {
                    response,
                    sender,
                    in_use,
                });
            }
            Err(Failed::Final(instead)) => return Err(instead),
            Err(Failed::Unsent(unsent, (status, code))) => {
                request = *unsent;
                failed = (status, code).into();
            }
            Err(Failed::Sent) => {
                failed = (StatusCode::BAD_GATEWAY, code::BACKEND_BROKE).into();
                let Some(parts) = copy.take() else { break };
                request = Request::from_parts(*parts, RequestBody::none());
            }
        }
        in_use.tried(&mut tried);
    }
    Err(failed)
}

/// The head of a request that may be sent twice. Only a backend with a choice of targets needs one.
fn copy(upstream: &Upstream, request: &Request<RequestBody>, upgrades: bool) -> Option<Box<Parts>> {
    let may_be_sent_twice = upstream.may_try_again()
        && !upgrades
        && request.method().is_idempotent()
        && request.body().is_end_stream();
    may_be_sent_twice.then(|| {
        let mut copy = Request::new(());
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.version_mut() = request.version();
        *copy.headers_mut() = request.headers().clone();
        Box::new(copy.into_parts().0)
    })
}

/// Why a target gave no answer.
enum Failed {
    /// Nothing is left to be tried.
    Final(Instead),
    /// Nothing of the request has left.
    Unsent(Box<Request<RequestBody>>, (StatusCode, Code)),
    /// The target may have seen it.
    Sent,
}

async fn attempt(
    visit: &Visit,
    in_use: &InUse,
    mut request: Request<RequestBody>,
    upgrades: bool,
    started: u32,
    progress: Option<&Progress>,
) -> Result<(Response<Incoming>, Sender), Failed> {
    let reads = visit.reads();
    loop {
        let now = visit.pulse.now();
        let waiting = Sender::waiting(in_use, reads, upgrades, now);
        let reused = waiting.is_some();
        let mut sender = match waiting {
            Some(sender) => sender,
            // Boxed, because it is rare, and larger than all that a request over a waiting connection needs.
            None => match Box::pin(Sender::open(in_use, reads, upgrades, now)).await {
                Ok(sender) => sender,
                Err(error) => {
                    in_use.unreachable(visit.pulse.now(), &error);
                    return Err(Failed::Unsent(Box::new(request), unreachable(&error)));
                }
            },
        };
        let sent = tokio::select! {
            biased;
            sent = sender.send(request, in_use) => sent,
            () = late(visit, started, progress) => {
                sender.is_silent(in_use);
                in_use.failed(visit.pulse.now(), code::BACKEND_LATE);
                return Err(Failed::Final((StatusCode::GATEWAY_TIMEOUT, code::BACKEND_LATE).into()));
            }
        };
        match sent {
            Ok(response) => return Ok((response, sender)),
            Err(Some(unsent)) if reused => request = unsent,
            Err(unsent) => {
                if let Some(fault) = progress.and_then(Progress::fault) {
                    return Err(Failed::Final(fault.answer().into()));
                }
                // One that waited may have been closed while the request was on its way: the target is not to blame.
                if !reused {
                    in_use.failed(visit.pulse.now(), code::BACKEND_BROKE);
                }
                let broke = (StatusCode::BAD_GATEWAY, code::BACKEND_BROKE);
                return Err(unsent.map_or(Failed::Sent, |unsent| Failed::Unsent(Box::new(unsent), broke)));
            }
        }
    }
}

fn unreachable(error: &io::Error) -> (StatusCode, Code) {
    match error.kind() {
        io::ErrorKind::TimedOut => (StatusCode::GATEWAY_TIMEOUT, code::BACKEND_UNREACHABLE),
        _ => (StatusCode::BAD_GATEWAY, code::BACKEND_UNREACHABLE),
    }
}

/// Waits until the answer is overdue, counted from the last of the request's body. Streams have deadlines of their own.
async fn late(visit: &Visit, started: u32, progress: Option<&Progress>) {
    if progress.is_some_and(Progress::streams) {
        return std::future::pending().await;
    }
    let limit = ticks(visit.worker.context.shared.limits.response);
    loop {
        let since = progress.map_or(started, |progress| progress.last(started));
        let due = since.saturating_add(limit).saturating_add(1);
        if visit.pulse.now() >= due {
            return;
        }
        visit.pulse.look_at(due).await;
    }
}
