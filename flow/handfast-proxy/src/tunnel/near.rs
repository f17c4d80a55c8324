//! The plain side of a tunnel: sockets of TCP and of the file system, opened without a moment in which others could use
//! them.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    net::{Ipv4Addr, SocketAddr},
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
        net::{UnixListener as StdUnixListener, UnixStream as StdUnixStream},
    },
    path::{Path, PathBuf},
    task::{Context, Poll, ready},
};

use handfast_finding::Problem;
use handfast_pki::code;
use tokio::net::{TcpListener, UnixListener};

use super::{
    callers::Caller,
    sources::{Plain, Socket},
};
use crate::{
    accept::{self, Accepts},
    backend::Stream,
    socket_file,
    worker::cannot_listen,
};

/// A connection of a local program.
pub(super) struct Near {
    pub(super) stream: Box<dyn Stream>,
    /// Who that is, on a socket in the file system.
    pub(super) caller: Option<Caller>,
}

/// A bound socket, of no runtime yet.
pub(super) enum Bound {
    Tcp(std::net::TcpListener),
    Unix(StdUnixListener),
}

/// A socket that local programs connect to.
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// What keeps `plain` from being listened on, as far as that can be seen without doing it.
pub(super) fn must_be_possible(plain: &Plain) -> Result<(), Problem> {
    match plain {
        Plain::Tcp(address) => {
            accept::must_be_ours(*address).map_err(|error| cannot_listen(*address, &error))
        }
        Plain::Unix(socket) => {
            socket_file::must_be_possible(&socket.path).map_err(|error| cannot_bind(socket, &error))
        }
    }
}

impl Bound {
    /// Opens `plain`, and says what it is called with the port that the system chose.
    pub(super) fn open(plain: &Plain) -> Result<(Self, String), Problem> {
        match plain {
            Plain::Tcp(address) => {
                let cannot = |error: io::Error| cannot_listen(*address, &error);
                let listener = accept::listeners(*address, 1).map_err(cannot)?.pop();
                let listener = listener.ok_or_else(|| Problem::new(code::CANNOT_LISTEN, "no listener"))?;
                let chosen = listener.local_addr().map_err(cannot)?;
                Ok((Self::Tcp(listener), chosen.to_string()))
            }
            Plain::Unix(socket) => {
                let listener = bind(socket).map_err(|error| cannot_bind(socket, &error))?;
                Ok((Self::Unix(listener), plain.to_string()))
            }
        }
    }
}

impl Listener {
    pub(super) fn from_std(bound: Bound) -> io::Result<Self> {
        Ok(match bound {
            Bound::Tcp(listener) => Self::Tcp(TcpListener::from_std(listener)?),
            Bound::Unix(listener) => Self::Unix(UnixListener::from_std(listener)?),
        })
    }
}

impl Accepts for Listener {
    type Stream = Near;

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Near, SocketAddr)>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = ready!(Accepts::poll_accept(listener, cx))?;
                let near = Near {
                    stream: Box::new(stream),
                    caller: None,
                };
                Poll::Ready(Ok((near, address)))
            }
            Self::Unix(listener) => {
                let (stream, _) = ready!(listener.poll_accept(cx))?;
                let near = Near {
                    caller: Caller::of(&stream),
                    stream: Box::new(stream),
                };
                // Whoever comes over it is on this machine.
                Poll::Ready(Ok((near, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))))
            }
        }
    }
}

/// The file of a socket, to be removed with its tunnel as long as it is still that one.
pub(super) struct SocketFile {
    path: PathBuf,
    inode: (u64, u64),
}

impl SocketFile {
    pub(super) fn of(plain: &Plain) -> Option<Self> {
        let Plain::Unix(socket) = plain else { return None };
        let metadata = fs::symlink_metadata(&socket.path).ok()?;
        Some(Self {
            path: socket.path.clone(),
            inode: (metadata.dev(), metadata.ino()),
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let now = fs::symlink_metadata(&self.path);
        if now.is_ok_and(|now| (now.dev(), now.ino()) == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A socket that nobody can connect to before its permissions are those that are wanted: it is made in a folder that is
/// ours alone, and then moved to its place. One that a process left behind that is gone is replaced.
fn bind(socket: &Socket) -> io::Result<StdUnixListener> {
    let path = &socket.path;
    socket_file::must_be_possible(path)?;
    if fs::symlink_metadata(path).is_ok() && is_served(path) {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    let private = socket_file::private(path);
    let made = DirBuilder::new().mode(0o700).create(&private);
    made.or_else(|error| {
        // Left behind by a process of the same number.
        fs::remove_dir_all(&private).map_err(|_| error)?;
        DirBuilder::new().mode(0o700).create(&private)
    })?;
    let inside = private.join("s");
    let bound = StdUnixListener::bind(&inside).and_then(|listener| {
        listener.set_nonblocking(true)?;
        permit(&inside, socket)?;
        fs::rename(&inside, path)?;
        Ok(listener)
    });
    let _ = fs::remove_dir_all(&private);
    bound
}

fn is_served(path: &Path) -> bool {
    match StdUnixStream::connect(path) {
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::ConnectionRefused,
    }
}

/// Gives the file `path` the permissions of `socket`.
pub(super) fn permit(path: &Path, socket: &Socket) -> io::Result<()> {
    if socket.owner.is_some() || socket.group.is_some() {
        chown(path, socket.owner, socket.group)?;
    }
    fs::set_permissions(path, Permissions::from_mode(socket.mode))
}

pub(super) fn cannot_bind(socket: &Socket, error: &io::Error) -> Problem {
    Problem::new(
        code::CANNOT_LISTEN,
        format_args!(
            "\"unix:{}\" cannot be listened on: {error}",
            socket.path.display()
        ),
    )
}
