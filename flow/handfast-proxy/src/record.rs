//! The record: one line per connection, however it ends.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use handfast_audit::{Entry, HandshakeId, Verdict};
use handfast_tls::{Established, Peer};
use jiff::Timestamp;

use crate::{
    accept::Accepted, authorize::Allowed, counters::At, error::Ended, handshake::Secured, pulse::Pulse,
    worker::WorkerContext,
};

/// The record of one connection while it lives. Dropping it writes it, whatever dropped it.
pub(crate) struct Record {
    entry: Entry,
    pulse: Arc<Pulse>,
    context: WorkerContext,
    /// Whether its handshake has been counted.
    is_counted: bool,
}

impl Record {
    pub(crate) fn begin<S>(accepted: &Accepted<S>, context: &WorkerContext) -> Self {
        let entry = Entry::begin(
            context.sink.clone(),
            accepted.time,
            accepted.id,
            accepted.address.to_string(),
        );
        Self {
            entry,
            pulse: accepted.pulse.clone(),
            context: context.clone(),
            is_counted: false,
        }
    }

    /// Who the client is, which is not always the address at the other end of its connection.
    pub(crate) fn came_from(&mut self, peer: String) {
        self.entry.record.peer = peer;
    }

    pub(crate) fn named(&mut self, handshake: Option<HandshakeId>) {
        self.entry.record.handshake = handshake;
    }

    pub(crate) fn secured(&mut self, secured: &Secured) {
        let counters = &self.context.counters;
        let lasted = Timestamp::now().duration_since(self.entry.record.time);
        counters.handshake(Verdict::Allowed, None);
        counters.handshake_time.observe(lasted.unsigned_abs());
        self.is_counted = true;
        let admission = &secured.standing.admission;
        self.entry.record.anonymous = admission.is_anonymous();
        if admission.is_anonymous() {
            counters.anonymous();
        }
        if let Some(why) = &admission.would_reject {
            counters.would_reject(At::Handshake, why.0);
            self.entry.record.would_reject = Some(secured.would_reject(why));
        }
        self.agreed(secured.standing.peer.as_deref(), secured.established);
    }

    pub(crate) fn agreed(&mut self, peer: Option<&Peer>, established: Established) {
        if let Some(peer) = peer {
            self.shown(peer);
        }
        let record = &mut self.entry.record;
        record.tls = Some(established.version);
        record.suite = Some(established.suite);
        record.alpn = established.alpn;
        record.resumed = established.resumed;
    }

    fn shown(&mut self, peer: &Peer) {
        self.entry.record.identity = Some(Box::new(peer.identity().clone()));
    }

    pub(crate) fn allowed(&mut self, allowed: &Allowed) {
        self.admitted(allowed.rule());
    }

    pub(crate) fn admitted(&mut self, rule: Option<String>) {
        self.entry.record.verdict = Verdict::Allowed;
        self.entry.record.rule = rule;
    }

    /// Ends the record with the outcome of the sentence.
    pub(crate) fn close(mut self, outcome: Result<(), Ended>) {
        let Err(ended) = outcome else { return };
        if let Ended::TurnedAway { peer, .. }
        | Ended::BrokenOff { peer, .. }
        | Ended::Withdrawn { peer: Some(peer), .. } = &ended
        {
            self.shown(peer);
            self.context
                .counters
                .seen
                .connected(peer, None, Some(ended.code()));
        }
        let record = &mut self.entry.record;
        record.verdict = ended.verdict();
        record.code = Some(ended.code());
        record.reason = Some(ended.reason());
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let withdrawn = self.context.registry.remove(self.entry.record.id);
        let record = &mut self.entry.record;
        record.bytes_in = self.pulse.bytes_in.load(Relaxed);
        record.bytes_out = self.pulse.bytes_out.load(Relaxed);
        record.requests = self.pulse.requests.load(Relaxed);
        if let Some(code) = self.pulse.cut() {
            if record.verdict == Verdict::Broken && record.identity.is_none() {
                record.verdict = Verdict::Refused;
            }
            record.code = Some(code);
            record.reason = Some(withdrawn.unwrap_or_else(|| code.title().to_owned()));
        }
        if !self.is_counted {
            self.context.counters.handshake(record.verdict, record.code);
        }
    }
}
