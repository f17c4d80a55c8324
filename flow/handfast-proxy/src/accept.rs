//! Accepting connections: one listener per worker, limits, and patience when descriptors run out.

use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll},
    time::Duration,
};

use handfast_audit::{Entry, Verdict};
use handfast_pki::code;
use jiff::Timestamp;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use crate::{
    activation,
    pressure::Cause,
    pulse::{Pulse, TICK},
    registry::Slot,
    shutdown::Closing,
    worker::WorkerContext,
};

/// A connection that nothing is known about yet.
pub(crate) struct Accepted<S = TcpStream> {
    pub(crate) stream: S,
    pub(crate) address: SocketAddr,
    /// The place of the listener that it came to.
    pub(crate) listener: usize,
    pub(crate) id: u64,
    pub(crate) time: Timestamp,
    pub(crate) pulse: Arc<Pulse>,
}

/// What connections come to.
pub(crate) trait Accepts {
    type Stream;

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, SocketAddr)>>;
}

impl Accepts for TcpListener {
    type Stream = TcpStream;

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accepted = TcpListener::poll_accept(self, cx);
        if let Poll::Ready(Ok((tcp, _))) = &accepted {
            let _ = tcp.set_nodelay(true);
        }
        accepted
    }
}

/// The queue of connections that the kernel keeps for each listener.
const BACKLOG: i32 = 4096;

/// `count` listeners on one address; the kernel spreads connections over them. Of a socket that was handed over there are
/// as many handles, and whoever is first accepts.
pub(crate) fn listeners(address: SocketAddr, count: usize) -> io::Result<Vec<std::net::TcpListener>> {
    if let Some(handed_over) = activation::take(address, count)? {
        return Ok(handed_over);
    }
    // A second proxy on the same address would share its connections in silence; only our own workers may.
    drop(listener(address, false)?);
    let mut all = vec![listener(address, true)?];
    let chosen = all[0].local_addr()?;
    for _ in 1..count {
        all.push(listener(chosen, true)?);
    }
    Ok(all)
}

/// Whether `address` is one of this machine, where a listener can be. Its port is not looked at: a proxy that runs has it,
/// and who checks need not be who starts.
pub(crate) fn must_be_ours(address: SocketAddr) -> io::Result<()> {
    let mut any = address;
    any.set_port(0);
    bound(any, false).map(drop)
}

/// Whether nothing can listen on both: one port on one address, or on one that stands for all.
pub(crate) fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let covers =
        |all: SocketAddr, one: SocketAddr| all.ip().is_unspecified() && (all.is_ipv6() || one.is_ipv4());
    let is_same = one.ip() == other.ip() || covers(one, other) || covers(other, one);
    one.port() == other.port() && one.port() != 0 && is_same
}

fn listener(address: SocketAddr, shared: bool) -> io::Result<std::net::TcpListener> {
    let socket = bound(address, shared)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn bound(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// One worker: its own runtime on its own thread, until the proxy closes. Returns how many were cut.
///
/// `tidy` is called once per tick, and after a reload, with the worker's time; `serve` is the life of one connection.
pub(crate) fn run<F>(
    listeners: Vec<std::net::TcpListener>,
    context: WorkerContext,
    closing: &Closing,
    tidy: impl Fn(u32) + Send + 'static,
    serve: impl Fn(Accepted) -> F,
) -> usize
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Without a runtime (no descriptors at the very start) this worker serves nobody; the others go on.
    let Ok(runtime) = runtime else { return 0 };
    runtime.block_on(async {
        let listeners = listeners.into_iter().map(TcpListener::from_std);
        let Ok(listeners) = listeners.collect::<io::Result<Vec<_>>>() else {
            return 0;
        };
        let sweeper = tokio::spawn(sweep(context.clone(), tidy));
        let connections = TaskTracker::new();
        tokio::select! {
            () = serve_all(&listeners, &context, &connections, serve) => {}
            () = closing.asked.cancelled() => {}
        }
        drop(listeners);
        let cut = drain(&context, closing, &connections).await;
        sweeper.abort();
        cut
    })
}

/// Serves what comes to `listeners`, for ever, each connection as a task of `connections`.
pub(crate) async fn serve_all<L: Accepts, F>(
    listeners: &[L],
    context: &WorkerContext,
    connections: &TaskTracker,
    serve: impl Fn(Accepted<L::Stream>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let take = |listener, stream, address| {
        let Some(accepted) = admit(listener, stream, address, context) else {
            return;
        };
        let id = accepted.id;
        let task = connections.spawn(serve(accepted));
        context.registry.can_be_cut_by(id, task.abort_handle());
    };
    accept_all(listeners, context, take).await;
}

/// Moves the worker's clock and cuts what is overdue. What a reload took away is not left until the next tick.
pub(crate) async fn sweep(context: WorkerContext, tidy: impl Fn(u32)) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut reloads = context.shared.reloads.subscribe();
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let second = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
                context.registry.sweep(second, &context.shared.limits);
                context.shared.pressure.report(context.sink.as_ref());
            }
            // The sender lives as long as the context.
            _ = reloads.changed() => {}
        }
        tidy(context.registry.tick());
    }
}

/// Accepts for ever. Errors of one connection are passed over; running out of descriptors or memory slows
/// the loop down, because the error does not go away by asking again.
async fn accept_all<L: Accepts>(
    listeners: &[L],
    context: &WorkerContext,
    take: impl Fn(usize, L::Stream, SocketAddr),
) {
    const LONGEST: Duration = Duration::from_secs(1);
    let mut pause = Duration::from_millis(5);
    let mut first = 0;
    loop {
        let (listener, accepted) = poll_fn(|cx| poll_any(listeners, first, cx)).await;
        // The next one is asked first: a busy listener does not keep the others waiting.
        first = listener + 1;
        match accepted {
            Ok((stream, address)) => {
                pause = Duration::from_millis(5);
                take(listener, stream, address);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => {
                context.shared.pressure.note(Cause::Descriptors);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST);
            }
        }
    }
}

/// The place of a listener, and what it accepted.
type AcceptedAt<S> = (usize, io::Result<(S, SocketAddr)>);

/// The next connection of any of `listeners`, asked from the place `first` on.
fn poll_any<L: Accepts>(listeners: &[L], first: usize, cx: &mut Context<'_>) -> Poll<AcceptedAt<L::Stream>> {
    for step in 0..listeners.len() {
        let place = (first + step) % listeners.len();
        if let Poll::Ready(accepted) = listeners[place].poll_accept(cx) {
            return Poll::Ready((place, accepted));
        }
    }
    Poll::Pending
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

fn admit<S>(listener: usize, stream: S, address: SocketAddr, context: &WorkerContext) -> Option<Accepted<S>> {
    let id = context.shared.next_id.fetch_add(1, Relaxed);
    let time = Timestamp::now();
    let Some(slot) = take_slot(context) else {
        let mut entry = Entry::begin(context.sink.clone(), time, id, address.to_string());
        entry.record.verdict = Verdict::Refused;
        entry.record.code = Some(code::TOO_MANY);
        entry.record.reason = Some(format!(
            "{} connections are open",
            context.shared.limits.connections
        ));
        return None;
    };
    let pulse = context
        .registry
        .register(id, address, slot, context.shared.limits.unproven());
    Some(Accepted {
        stream,
        address,
        listener,
        id,
        time,
        pulse,
    })
}

/// A slot, or that of a connection that has proven nothing: the oldest of this worker, else of another.
fn take_slot(context: &WorkerContext) -> Option<Slot> {
    let shared = &context.shared;
    // `Slot` gives back what was taken, also when it was one too many.
    let (slot, before) = Slot::take(&shared.open);
    if before < shared.limits.connections {
        return Some(slot);
    }
    shared.pressure.note(Cause::Connections);
    // What gives way gives its slot back at once.
    let has_room =
        context.registry.make_room() || shared.registries.iter().any(|registry| registry.make_room());
    has_room.then_some(slot)
}

/// Asks every connection to end, waits within the deadline, cuts the rest and says how many that were.
pub(crate) async fn drain(context: &WorkerContext, closing: &Closing, connections: &TaskTracker) -> usize {
    /// A connection that was cut has its record to write, and nothing else.
    const LAST: Duration = Duration::from_millis(500);
    context.registry.ask_to_stop();
    connections.close();
    tokio::select! {
        () = connections.wait() => {}
        () = tokio::time::sleep(context.shared.limits.drain) => {}
        () = closing.forced.cancelled() => {}
    }
    let cut = context.registry.cut_all();
    let _ = tokio::time::timeout(LAST, connections.wait()).await;
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_addresses_collide_where_one_takes_the_port_of_the_other() {
        let collides = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|text| text.parse().expect(text));
            assert_eq!(collide(one, other), collide(other, one), "{one} {other}");
            collide(one, other)
        };
        for (one, other) in [
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("[::]:1", "127.0.0.1:1"),
            ("[::]:1", "0.0.0.0:1"),
        ] {
            assert!(collides(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("127.0.0.1:1", "127.0.0.1:2"),
            ("127.0.0.1:1", "127.0.0.2:1"),
            ("0.0.0.0:1", "[::1]:1"),
        ] {
            assert!(!collides(one, other), "{one} {other}");
        }
    }
}
