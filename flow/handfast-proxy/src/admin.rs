//! The admin port: metrics, health, connections and clients, for who runs the proxy. It reads and changes nothing.
//!
//! It speaks HTTP/1.1 in plain text, so it listens on loopback or a socket in the file system alone. On a thread of its own:
//! what it asks for is read from counters, and costs no worker more than a copied list.

mod ask;
mod lists;
mod metrics;
mod page;

use std::{
    convert::Infallible, os::unix::fs::PermissionsExt, path::Path, sync::Arc, thread::JoinHandle,
    time::Duration,
};

use bytes::Bytes;
use handfast_finding::Problem;
use handfast_pki::code;
use handfast_values::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

pub use self::ask::{Health, ask, health};
use crate::{
    accept, config::AdminAddress, live::Live, shutdown::Closing, socket_file, upstream::Upstreams,
    worker::Shared,
};

/// What the admin port looks at.
pub(crate) struct Watched {
    pub(crate) shared: Arc<Shared>,
    pub(crate) live: Arc<Live>,
    pub(crate) upstreams: Vec<Arc<Upstreams>>,
    pub(crate) closing: Arc<Closing>,
}

/// An open admin port.
pub(crate) struct Admin {
    address: AdminAddress,
    ends: CancellationToken,
    thread: JoinHandle<()>,
}

/// The most connections at a time; who is one too many waits.
const MOST: usize = 32;
/// For how long a client may take for the head of a request.
const HEAD: Duration = Duration::from_secs(5);

impl Admin {
    pub(crate) fn open(address: &AdminAddress, watched: Watched) -> Result<Self, Problem> {
        let cannot = |error: &std::io::Error| cannot_listen(address, error);
        let listener = Listener::bind(address).map_err(|error| cannot(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| cannot(&error))?;
        let ends = CancellationToken::new();
        let (asked, bound) = (ends.clone(), listener.address(address));
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = asked.cancelled() => {}
                    () = listener.serve(Arc::new(watched)) => {}
                }
            });
        });
        Ok(Self {
            address: bound,
            ends,
            thread,
        })
    }

    /// Where it is, with the port that the system chose.
    pub(crate) fn address(&self) -> &AdminAddress {
        &self.address
    }

    /// Answers nobody any more.
    pub(crate) fn close(self) {
        self.ends.cancel();
        let _ = self.thread.join();
        if let AdminAddress::Unix(path) = &self.address {
            let _ = std::fs::remove_file(path);
        }
    }
}

enum Listener {
    Loopback(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener),
}

impl Listener {
    fn bind(address: &AdminAddress) -> std::io::Result<Self> {
        let bound = match address {
            AdminAddress::Loopback(address) => {
                let listener = std::net::TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                Self::Loopback(listener)
            }
            AdminAddress::Unix(path) => {
                let listener = bind_unix(path)?;
                listener.set_nonblocking(true)?;
                Self::Unix(listener)
            }
        };
        Ok(bound)
    }

    fn address(&self, asked: &AdminAddress) -> AdminAddress {
        match self {
            Self::Loopback(listener) => listener
                .local_addr()
                .map_or_else(|_| asked.clone(), AdminAddress::Loopback),
            Self::Unix(_) => asked.clone(),
        }
    }

    async fn serve(self, watched: Arc<Watched>) {
        let places = Arc::new(Semaphore::new(MOST));
        match self {
            Self::Loopback(listener) => {
                let Ok(listener) = TcpListener::from_std(listener) else {
                    return;
                };
                loop {
                    let Ok(place) = places.clone().acquire_owned().await else {
                        return;
                    };
                    match listener.accept().await {
                        Ok((stream, _)) => drop(tokio::spawn(converse(stream, watched.clone(), place))),
                        Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                    }
                }
            }
            Self::Unix(listener) => {
                let Ok(listener) = UnixListener::from_std(listener) else {
                    return;
                };
                loop {
                    let Ok(place) = places.clone().acquire_owned().await else {
                        return;
                    };
                    match listener.accept().await {
                        Ok((stream, _)) => drop(tokio::spawn(converse(stream, watched.clone(), place))),
                        Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                    }
                }
            }
        }
    }
}

/// What keeps the admin port from being opened, as far as that can be seen without doing it.
pub(crate) fn must_be_possible(address: &AdminAddress) -> Result<(), Problem> {
    let possible = match address {
        AdminAddress::Loopback(address) => accept::must_be_ours(*address),
        AdminAddress::Unix(path) => socket_file::must_be_possible(path),
    };
    possible.map_err(|error| cannot_listen(address, &error))
}

fn cannot_listen(address: &AdminAddress, error: &std::io::Error) -> Problem {
    Problem::new(
        code::CANNOT_LISTEN,
        format_args!("the admin port \"{address}\" cannot be listened on: {error}"),
    )
}

/// A socket for its owner. One that a process left behind that is gone is taken over.
fn bind_unix(path: &Path) -> std::io::Result<std::os::unix::net::UnixListener> {
    use std::os::unix::net::{UnixListener, UnixStream};
    // What is no socket refuses a connection as well, and is not ours to remove.
    socket_file::must_be_possible(path)?;
    let listener = match UnixListener::bind(path) {
        Err(error)
            if error.kind() == std::io::ErrorKind::AddrInUse
                && UnixStream::connect(path)
                    .is_err_and(|refused| refused.kind() == std::io::ErrorKind::ConnectionRefused) =>
        {
            std::fs::remove_file(path)?;
            UnixListener::bind(path)?
        }
        bound => bound?,
    };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// One connection. Each has one answer: who asks now and then keeps no place.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    watched: Arc<Watched>,
    _place: tokio::sync::OwnedSemaphorePermit,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(&request, &watched);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .keep_alive(false);
    // Who breaks off has heard enough.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

fn answer<B>(request: &Request<B>, watched: &Watched) -> Response<Full<Bytes>> {
    const TEXT: &str = "text/plain; charset=utf-8";
    const JSON: &str = "application/json";
    if !is_for_us(request) {
        return said(
            StatusCode::MISDIRECTED_REQUEST,
            TEXT,
            "Host must be a loopback address\n".to_owned(),
        );
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return said(StatusCode::METHOD_NOT_ALLOWED, TEXT, "GET only\n".to_owned());
    }
    match request.uri().path() {
        "/metrics" => said(StatusCode::OK, metrics::MEDIA_TYPE, metrics::text(watched)),
        "/healthz" if watched.shared.heartbeat.is_alive() => said(StatusCode::OK, TEXT, "alive\n".to_owned()),
        "/healthz" => said(
            StatusCode::SERVICE_UNAVAILABLE,
            TEXT,
            "a worker stands still\n".to_owned(),
        ),
        "/readyz" if watched.closing.asked.is_cancelled() => {
            said(StatusCode::SERVICE_UNAVAILABLE, TEXT, "draining\n".to_owned())
        }
        "/readyz" => said(StatusCode::OK, TEXT, "ready\n".to_owned()),
        "/v1/connections" => said(StatusCode::OK, JSON, lists::connections(watched)),
        "/v1/clients" => said(StatusCode::OK, JSON, lists::clients(watched)),
        "/.well-known/jwks.json" => said(StatusCode::OK, "application/jwk-set+json", keys(watched)),
        _ => said(
            StatusCode::NOT_FOUND,
            TEXT,
            "/metrics /healthz /readyz /v1/connections /v1/clients /.well-known/jwks.json\n".to_owned(),
        ),
    }
}

/// The keys that verify assertions; none where no backend wants any.
fn keys(watched: &Watched) -> String {
    let state = watched.live.state();
    let keys = state.assertions().map(|assertions| assertions.jwks());
    format!("{}\n", keys.unwrap_or_else(|| serde_json::json!({ "keys": [] })))
}

/// A page in a browser can ask for a name of its own that leads to loopback; it cannot ask for loopback by address.
fn is_for_us<B>(request: &Request<B>) -> bool {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = Authority::read(host).map_or("", |authority| authority.host);
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn said(status: StatusCode, media_type: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_admin_port_is_for_this_machine_alone() {
        let read = |text: &str| AdminAddress::parse(text, Path::new("/etc/handfast"));
        for good in ["127.0.0.1:9443", "[::1]:9443", "localhost:0", "127.8.8.8:1"] {
            assert!(matches!(read(good), Ok(AdminAddress::Loopback(_))), "{good}");
        }
        assert_eq!(
            read("unix:admin.sock"),
            Ok(AdminAddress::Unix("/etc/handfast/admin.sock".into()))
        );
        for bad in [":9443", "0.0.0.0:9443", "[::]:9443", "192.0.2.1:9443", "9443", ""] {
            let problem = read(bad).expect_err(bad);
            assert_eq!(problem.code, code::CONFIG_INVALID, "{bad}");
        }
    }

    #[test]
    fn a_name_of_others_that_leads_to_loopback_is_not_answered() {
        let ask = |host: &str| {
            let request = Request::get("/")
                .header("host", host)
                .body(())
                .expect("a request");
            is_for_us(&request)
        };
        assert!(
            ["127.0.0.1:9443", "localhost", "[::1]:1", "LOCALHOST:5"]
                .into_iter()
                .all(ask)
        );
        assert!(
            ![
                "evil.example:9443",
                "",
                "localhost.evil.example",
                "192.0.2.1",
                "[[::1]]",
                "127.1",
                "localhost:",
                "localhost:09443",
                "evil@localhost"
            ]
            .into_iter()
            .any(ask)
        );
        let none = Request::get("/").body(()).expect("a request");
        assert!(!is_for_us(&none));
    }
}
