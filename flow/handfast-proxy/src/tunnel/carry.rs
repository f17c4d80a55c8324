//! The life of one connection through a tunnel; its record begins at once.

use std::sync::Arc;

use handfast_tls::client::Connected;
use tokio::net::TcpStream;

use super::{
    callers::Caller,
    connect,
    gate::{Gate, Held, Inside},
    near::Near,
    reach::{Reached, not_carried, reach},
    sources::Destinations,
    state::{NoWay, State},
};
use crate::{
    accept::Accepted, error::Ended, forward::relay::relay, metered::Metered, pulse::Pulse, record::Record,
    worker::WorkerContext,
};

pub(super) fn carry(
    accepted: Accepted<Near>,
    context: WorkerContext,
    gate: Arc<Gate>,
) -> impl Future<Output = ()> {
    let mut record = Record::begin(&accepted, &context);
    if let Some(caller) = &accepted.stream.caller {
        record.came_from(caller.to_string());
    }
    let inside = gate.enter(accepted.id);
    async move {
        let outcome = carry_to_end(accepted, &mut record, &context, &gate, &inside).await;
        // Before the record: a reload has nothing to cut that has ended.
        drop(inside);
        record.close(outcome);
    }
}

async fn carry_to_end(
    accepted: Accepted<Near>,
    record: &mut Record,
    context: &WorkerContext,
    gate: &Gate,
    inside: &Inside,
) -> Result<(), Ended> {
    let (id, pulse, state) = (accepted.id, accepted.pulse, gate.state());
    let Near { stream, caller } = accepted.stream;
    let near = Metered::new(stream, pulse.clone());
    if state.source.connects {
        let asked = connect::Asked { caller, id };
        let (reached, mut near) = Box::pin(connect::serve(near, asked, &state, context, &pulse)).await?;
        let mut far = admitted(reached, record, context, (id, &pulse), inside)?;
        return relay(&mut near, &mut far).await;
    }
    let reached = Box::pin(to_the_one(&state, caller.as_ref())).await?;
    let (mut near, mut far) = (near, admitted(reached, record, context, (id, &pulse), inside)?);
    // In TLS 1.3 a server refuses its client after the handshake: the alert comes with the first read.
    relay(&mut near, &mut far).await
}

/// The server that every connection of the tunnel goes to.
async fn to_the_one(state: &State, caller: Option<&Caller>) -> Result<Reached, Ended> {
    let way = state
        .way(caller, None)
        .map_err(|none| not_carried(none, caller, None))?;
    let Destinations::One(to) = &way.route.to else {
        return Err(not_carried(NoWay::Destination, caller, None));
    };
    let to = to.clone();
    reach(way, &to).await
}

/// From here on bytes pass.
fn admitted(
    reached: Reached,
    record: &mut Record,
    context: &WorkerContext,
    (id, pulse): (u64, &Pulse),
    inside: &Inside,
) -> Result<handfast_tls::client::ClientStream<TcpStream>, Ended> {
    let Connected {
        stream,
        peer,
        established,
    } = *reached.connected;
    record.agreed(Some(&peer), established);
    let expectation = reached.way.expectation(&reached.host);
    pulse.proven(peer.chain().not_after().as_second());
    let held = Held {
        peer: peer.clone(),
        way: reached.way,
    };
    inside.leads_to(held).map_err(|(code, reason)| Ended::Withdrawn {
        peer: Some(peer),
        code,
        reason,
    })?;
    record.admitted(Some(expectation));
    context.registry.proved(id, None);
    pulse.tunnels();
    Ok(stream)
}
