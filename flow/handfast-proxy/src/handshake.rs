//! The TLS handshake: a TCP stream in, an encrypted stream of a proven peer out.

use std::{net::SocketAddr, sync::Arc};

use handfast_audit::{HandshakeId, WouldReject};
use handfast_pki::{Certificate, Code, Identity};
use handfast_policy::Denial;
use handfast_tls::{
    Established, HandshakeError, ServerStream,
    server::{Failed, Hello},
};
use jiff::Timestamp;
use tokio::net::TcpStream;

use crate::{
    accept::Accepted, error::Ended, explain, host::Standing, live::State, pulse::Pulse, registry::Proof,
    worker::Worker,
};

/// A connection whose handshake is over: its peer proved possession of a key that a trusted CA certified, or its host takes
/// it without. Only [`perform`] makes one.
pub(crate) struct Secured {
    /// Boxed: it goes through several futures, and each would keep room for the whole of it.
    pub(crate) stream: Box<ServerStream<TcpStream>>,
    pub(crate) standing: Standing,
    pub(crate) established: Established,
    /// The generation of trust that the handshake was made under, whatever is loaded since.
    pub(crate) state: Arc<State>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) address: SocketAddr,
    pub(crate) id: u64,
    _private: (),
}

impl Secured {
    /// What the certificate of the client says, whether that is true or not.
    fn presented(&self) -> Option<Identity> {
        let shown = self.stream.get_ref().1.peer_certificates()?.first()?;
        Certificate::from_der(shown)
            .ok()
            .map(|certificate| certificate.identity())
    }

    /// What there is to be recorded where the client would be rejected because of `why`.
    pub(crate) fn would_reject(&self, why: &(Code, String)) -> Box<WouldReject> {
        Box::new(WouldReject {
            code: why.0,
            reason: why.1.clone(),
            address: self.address.ip().to_canonical().to_string(),
            presented: self.presented().map(Box::new),
        })
    }
}

/// The name of the handshake that is about to begin, read without taking it from the stream. Nothing where its first
/// bytes come in pieces: a name is not worth waiting for.
pub(crate) async fn id(tcp: &TcpStream) -> Option<HandshakeId> {
    let mut start = [0; handfast_trace::HANDSHAKE_ID_NEEDS];
    let length = tcp.peek(&mut start).await.ok()?;
    handfast_trace::handshake_id(start.get(..length)?).map(HandshakeId)
}

/// Shakes hands; the worker's sweep sees to the deadline.
pub(crate) async fn perform(accepted: Accepted, worker: &Worker) -> Result<Secured, Ended> {
    let state = worker.live.state();
    let Accepted {
        stream: tcp,
        address,
        pulse,
        id,
        listener,
        ..
    } = accepted;
    // Boxed: the handshake's working memory is given back before the connection goes on.
    let (stream, standing, established) = Box::pin(shake(tcp, listener, &state, id)).await?;
    let ends = standing.peer.as_ref().map(|peer| peer.chain().not_after());
    pulse.proven(ends.map_or(i64::MAX, Timestamp::as_second));
    let state = still_allowed(state, &standing, worker)?;
    let proof = Proof {
        standing: standing.clone(),
        generation: state.generation(),
    };
    worker.context.registry.proved(id, Some(proof));
    Ok(Secured {
        stream,
        standing,
        established,
        state,
        pulse,
        address,
        id,
        _private: (),
    })
}

/// A handshake can last longer than the state that it began with. What has changed meanwhile counts before a byte is
/// forwarded; what changes from now on is found by the review.
fn still_allowed(began: Arc<State>, standing: &Standing, worker: &Worker) -> Result<Arc<State>, Ended> {
    let now = worker.live.state();
    if now.generation() == began.generation() {
        return Ok(began);
    }
    let judged = now.judge_again(standing, Timestamp::now());
    judged.map_err(|(code, reason)| Ended::Withdrawn {
        peer: standing.peer.clone(),
        code,
        reason,
    })?;
    Ok(now)
}

type Shaken = (Box<ServerStream<TcpStream>>, Standing, Established);

/// The host is chosen by the name that the ClientHello asks for, before anything is answered.
async fn shake(tcp: TcpStream, place: usize, state: &State, id: u64) -> Result<Shaken, Ended> {
    let hello = Hello::read(tcp).await.map_err(Ended::Refused)?;
    let listener = state.listener(place);
    let host = listener.and_then(|listener| listener.host(hello.server_name().as_deref()).cloned());
    let (Some(listener), Some(host)) = (listener, host) else {
        return Err(Ended::Refused(hello.refuse_name().await));
    };
    let accepted = match host.server.answer_or_explain(hello).await {
        Ok(accepted) => accepted,
        Err(refused) => {
            let ended = ended(refused.failed);
            if let Some((stream, established)) = refused.stream {
                Box::pin(explain::serve(Box::new(stream), established, ended.code(), id)).await;
            }
            return Err(ended);
        }
    };
    let standing = listener.standing(place, host, accepted.peer, accepted.pass);
    Ok((Box::new(accepted.stream), standing, accepted.established))
}

fn ended(failed: Failed<Denial>) -> Ended {
    match (failed.error, failed.denial) {
        (HandshakeError::NotAdmitted { peer }, Some(denial)) => Ended::TurnedAway { peer, denial },
        (error, _) => match failed.proven {
            Some(peer) => Ended::BrokenOff { peer, error },
            None => Ended::Refused(error),
        },
    }
}
