//! Sockets that the service manager has opened for us (`LISTEN_FDS`), so that a restart refuses nobody, and a port below
//! 1024 needs no right of ours.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use handfast_finding::Problem;
use handfast_pki::code;
use listenfd::ListenFd;

/// What was handed over and nobody has taken. Looked for once: the environment says it once.
static HANDED_OVER: OnceLock<Mutex<Vec<TcpListener>>> = OnceLock::new();

fn handed_over() -> MutexGuard<'static, Vec<TcpListener>> {
    let all = HANDED_OVER.get_or_init(|| {
        let mut sockets = ListenFd::from_env();
        let sockets = (0..sockets.len()).filter_map(|place| sockets.take_tcp_listener(place).ok().flatten());
        Mutex::new(sockets.collect())
    });
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The socket of `address`, if it was handed over: `count` handles of it.
pub(crate) fn take(address: SocketAddr, count: usize) -> io::Result<Option<Vec<TcpListener>>> {
    let mut all = handed_over();
    let is_meant = |socket: &TcpListener| socket.local_addr().is_ok_and(|bound| bound == address);
    let Some(place) = all.iter().position(is_meant) else {
        return Ok(None);
    };
    let first = all.swap_remove(place);
    first.set_nonblocking(true)?;
    let more = (1..count)
        .map(|_| first.try_clone())
        .collect::<io::Result<Vec<_>>>()?;
    Ok(Some([first].into_iter().chain(more).collect()))
}

/// Refuses to open while a socket was handed over that no listener is meant for: its clients would wait for ever.
pub(crate) fn must_be_taken() -> Result<(), Problem> {
    let all = handed_over();
    let Some(left) = all.iter().find_map(|socket| socket.local_addr().ok()) else {
        return Ok(());
    };
    Err(Problem::new(
        code::CANNOT_LISTEN,
        format_args!(
            "the service manager has handed over a socket at \"{left}\", and no listener is meant for it"
        ),
    )
    .help("let ListenStream of the socket unit and `listen` of the configuration be the same address"))
}
