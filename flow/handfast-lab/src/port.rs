//! Ports for programs of others.

use std::{
    hash::{BuildHasher, RandomState},
    net::TcpListener,
};

use crate::Error;

/// A port that nobody listens on, and that is given to nobody else until a program listens on it: not by the system,
/// which could use one out of its usual range for an outgoing connection, and not by another process like this one.
pub fn free_port() -> Result<u16, Error> {
    const FROM: u16 = 10_240;
    const TRIES: usize = 100;
    let until = given_by_itself().unwrap_or(32_768);
    let bind = |port: u16| TcpListener::bind(("127.0.0.1", port)).and_then(|bound| bound.local_addr());
    if until > FROM + 1000 {
        for _ in 0..TRIES {
            // Keys of hash maps are random, and that is random enough.
            let random = RandomState::new().hash_one(0_u8);
            let place = random % u64::from(until - FROM);
            let port = FROM + u16::try_from(place).unwrap_or(0);
            if held::hold(port) && bind(port).is_ok() {
                return Ok(port);
            }
        }
    }
    bind(0)
        .map(|address| address.port())
        .map_err(|source| Error::File {
            what: "a free port".into(),
            source,
        })
}

/// The lowest port that the system gives away by itself.
fn given_by_itself() -> Option<u16> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    range.split_whitespace().next()?.parse().ok()
}

/// Ports that were given away and are perhaps not listened on yet. A name among Linux' sockets without files is held by
/// one process at a time, and goes with it.
#[cfg(target_os = "linux")]
mod held {
    use std::{
        collections::VecDeque,
        os::{
            linux::net::SocketAddrExt,
            unix::net::{SocketAddr, UnixDatagram},
        },
        sync::Mutex,
    };

    /// As many as a process has open at once; what was given before is in use, or never will be.
    const MOST: usize = 64;

    static HELD: Mutex<VecDeque<UnixDatagram>> = Mutex::new(VecDeque::new());

    /// Whether `port` is ours now.
    pub(super) fn hold(port: u16) -> bool {
        let name = format!("handfast-lab-port-{port}");
        let Ok(socket) = SocketAddr::from_abstract_name(name).and_then(|name| UnixDatagram::bind_addr(&name))
        else {
            return false;
        };
        if let Ok(mut held) = HELD.lock() {
            held.push_back(socket);
            if held.len() > MOST {
                held.pop_front();
            }
        }
        true
    }
}

/// Elsewhere it is luck that nobody else takes it.
#[cfg(not(target_os = "linux"))]
mod held {
    pub(super) fn hold(_: u16) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    #[test]
    fn a_port_is_given_away_once() {
        let port = super::free_port().expect("a port");
        assert!(!super::held::hold(port));
    }
}
