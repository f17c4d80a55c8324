//! What the requests of one connection share, and what a client is answered where the backend does not.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use handfast_audit::WouldReject;
use handfast_pki::{Code, Fingerprint, code};
use handfast_policy::Denial;
use http::{HeaderValue, Response, StatusCode};
use hyper::upgrade::OnUpgrade;

use super::{
    answer::{Answer, problem},
    budget::Budget,
    headers::Ours,
    remembered::{Made, Verified},
    sender::{Reads, Slots},
    slots::Share,
    unacceptable::Unacceptable,
};
use crate::{
    authorize::Allowed,
    counters::{At, RouteCounters},
    error::Ended,
    host::{Route, Standing},
    limits::Detail,
    live::State,
    pulse::{Busy, Pulse},
    registry::network,
    seen::Client,
    upstream::{InUse, Upstream},
    worker::Worker,
};

/// What the requests of one connection share.
pub(super) struct Visit {
    pub(super) worker: Worker,
    pub(super) ours: Ours,
    /// The generation of trust that the handshake was made under.
    pub(super) state: Arc<State>,
    pub(super) standing: Standing,
    /// The backend and the counters of the first route, which is that of most requests.
    upstream: Option<Arc<Upstream>>,
    first: Arc<RouteCounters>,
    /// What is remembered of the client where it is known by name, and a bit for each of the first routes that it is known to use.
    client: Option<Arc<Client>>,
    known: AtomicU64,
    /// What would be recorded of each request, where the client would be rejected in the handshake.
    pub(super) would_reject: Option<Box<WouldReject>>,
    /// Whom requests are counted for that wait for the backend: the certificate, or where there is none the network.
    pub(super) waits_as: [u8; 32],
    pub(super) address: String,
    pub(super) id: u64,
    pub(super) pulse: Arc<Pulse>,
    pub(super) share: Arc<Share>,
    /// Over HTTP/2: what answers may cost that nobody reads.
    pub(super) budget: Option<Arc<Budget>>,
    /// Both halves of a switched protocol, to be joined when HTTP has ended.
    pub(super) switched: Mutex<Option<Switched>>,
    verified: Mutex<Option<Box<Verified>>>,
    made: Mutex<Vec<Made>>,
}

/// Both halves, and what is in use until they have ended.
pub(super) type Switched = (OnUpgrade, OnUpgrade, (Slots, InUse));

impl Visit {
    pub(super) fn new(allowed: &Allowed, worker: Worker) -> Self {
        let (standing, secured) = (allowed.standing().clone(), allowed.secured());
        let admission = &standing.admission;
        let address = secured.address.ip().to_canonical().to_string();
        let told = admission.told.as_ref();
        let ours = Ours {
            client_cert: told.map(|told| told.client_cert.clone()),
            client_cert_chain: told
                .filter(|_| worker.chain)
                .map(|told| told.client_cert_chain.clone()),
            xfcc: told.filter(|_| worker.xfcc).map(|told| told.forwarded.clone()),
            // An address is always a header value.
            forwarded_for: HeaderValue::from_str(&address)
                .unwrap_or_else(|_| HeaderValue::from_static("unknown")),
        };
        let nobody = || Fingerprint::of(network(secured.address.ip()).to_string().as_bytes()).0;
        let waits_as = standing.fingerprint().unwrap_or_else(nobody);
        let (host, first) = (standing.host.name.label(), standing.first_route());
        let counters = &worker.context.counters;
        let is_http2 = secured.established.alpn == Some("h2");
        Self {
            upstream: first.and_then(|route| worker.upstream(&route.to)),
            first: counters.route(host, first.map_or("", Route::label)),
            client: standing
                .peer
                .as_ref()
                .map(|peer| counters.seen.connected(peer, Some(host), None)),
            would_reject: admission
                .would_reject
                .as_ref()
                .map(|why| secured.would_reject(why)),
            known: AtomicU64::new(0),
            share: worker.slots.share(waits_as),
            waits_as,
            address,
            budget: is_http2.then(|| Budget::new(secured.pulse.now())),
            ours,
            state: secured.state.clone(),
            id: secured.id,
            pulse: secured.pulse.clone(),
            switched: Mutex::default(),
            verified: Mutex::default(),
            made: Mutex::default(),
            worker,
            standing,
        }
    }

    /// A request was answered: of the route with this place in its host, or of none.
    pub(super) fn answered(&self, route: Option<usize>, status: StatusCode, begun: Instant) {
        let (took, host) = (begun.elapsed(), &self.standing.host);
        let found = route.and_then(|place| host.rules.routes.get(place));
        let path = found.map_or("", Route::label);
        match route {
            Some(0) => self.first.answered(status.as_u16(), took),
            _ => {
                let counters = &self.worker.context.counters;
                counters
                    .route(host.name.label(), path)
                    .answered(status.as_u16(), took);
            }
        }
        if let (Some(place), true) = (route, found.is_some()) {
            let bit = 1_u64
                .checked_shl(u32::try_from(place).unwrap_or(u32::MAX))
                .unwrap_or(0);
            if self.known.load(Relaxed) & bit == 0 {
                self.known.store(self.known.load(Relaxed) | bit, Relaxed);
                if let Some(client) = &self.client {
                    client.uses(path);
                }
            }
        }
    }

    /// Whether every request is written down.
    pub(super) fn records_all(&self) -> bool {
        self.worker.context.shared.detail >= Detail::Requests
    }

    /// Whether a request may have to be written down.
    pub(super) fn records(&self) -> bool {
        self.records_all() || self.standing.host.rules.observes
    }

    /// Whether the record of the connection says already that it would be rejected.
    pub(super) fn is_flagged(&self) -> bool {
        self.would_reject.is_some()
    }

    /// What is to be recorded of a request that would be rejected, because of `denied` or with all of its connection.
    pub(super) fn would_reject(&self, denied: Option<&Denial>) -> Option<Box<WouldReject>> {
        if self.would_reject.is_some() {
            return self.would_reject.clone();
        }
        let ended = Ended::Denied(denied?.clone());
        let counters = &self.worker.context.counters;
        counters.would_reject(At::Request, ended.code());
        let peer = self.standing.peer.as_ref();
        Some(Box::new(WouldReject {
            code: ended.code(),
            reason: ended.reason(),
            address: self.address.clone(),
            presented: peer.map(|peer| Box::new(peer.identity().clone())),
        }))
    }

    /// The last token that was verified.
    pub(super) fn verified(&self) -> MutexGuard<'_, Option<Box<Verified>>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The assertions that were made.
    pub(super) fn made(&self) -> MutexGuard<'_, Vec<Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much of an answer may be read at once, by what the client has shown of itself.
    pub(super) fn reads(&self) -> Reads {
        match &self.budget {
            None => Reads::Whole,
            Some(budget) if budget.is_taken_from() => Reads::Some,
            Some(_) => Reads::Little,
        }
    }

    /// The backend called `name` as it is now, whatever it was when the connection began.
    pub(super) fn upstream(&self, name: &str) -> Result<Arc<Upstream>, Instead> {
        let usual = self.upstream.as_ref();
        let usual = usual.filter(|usual| !usual.is_retired() && &*usual.backend.name == name);
        let now = usual.cloned().or_else(|| self.worker.upstream(name));
        // A backend that is gone leaves its routes for the moment until their connections are judged again.
        now.ok_or_else(|| (StatusCode::BAD_GATEWAY, code::BACKEND_UNREACHABLE).into())
    }
}

/// What is answered instead of the backend's answer.
pub(super) struct Instead {
    pub(super) status: StatusCode,
    pub(super) code: Code,
    /// Whether the connection cannot be used any further.
    pub(super) ends: bool,
    /// More than the code says, for the log alone.
    pub(super) reason: Option<String>,
}

impl From<(StatusCode, Code)> for Instead {
    fn from((status, code): (StatusCode, Code)) -> Self {
        Self {
            status,
            code,
            ends: false,
            reason: None,
        }
    }
}

impl From<Unacceptable> for Instead {
    fn from(unacceptable: Unacceptable) -> Self {
        Self {
            reason: Some(unacceptable.to_string()),
            ..unacceptable.answer().into()
        }
    }
}

impl Instead {
    pub(super) fn answer(&self, connection: u64, busy: Busy) -> Response<Answer> {
        let mut response = problem(self.status, self.code, connection, busy);
        if self.ends {
            response
                .headers_mut()
                .insert(http::header::CONNECTION, HeaderValue::from_static("close"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 6750 section 3.1: no error where nothing was presented.
            let challenge = match self.code == code::TOKEN_MISSING {
                true => HeaderValue::from_static("Bearer"),
                false => HeaderValue::from_static("Bearer error=\"invalid_token\""),
            };
            response
                .headers_mut()
                .insert(http::header::WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
