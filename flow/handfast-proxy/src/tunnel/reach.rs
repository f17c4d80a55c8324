//! Reaching the server of a connection, and saying why there is none.

use std::{io, sync::Arc};

use handfast_audit::Verdict;
use handfast_pki::code;
use handfast_tls::client::Connected;
use handfast_values::Endpoint;
use tokio::net::TcpStream;

use super::{
    callers::Caller,
    state::{NoWay, Way},
};
use crate::{backend, error::Ended};

/// A server that was reached and verified.
pub(super) struct Reached {
    pub(super) way: Arc<Way>,
    pub(super) host: String,
    pub(super) connected: Box<Connected<TcpStream>>,
}

/// Connects to `to`, and verifies that it is who it has to be.
pub(super) async fn reach(way: Arc<Way>, to: &Endpoint) -> Result<Reached, Ended> {
    let name = backend::server_name(&to.host).map_err(|problem| Ended::NotCarried {
        verdict: Verdict::Refused,
        code: problem.code,
        reason: problem.message,
    })?;
    let connecting = tokio::time::timeout(backend::CONNECT, backend::tcp(&to.host, to.port)).await;
    let tcp = connecting.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let tcp = tcp.map_err(|error| Ended::unreachable(to, &error))?;
    let connected = way.client.connect(name, tcp).await;
    Ok(Reached {
        connected: Box::new(connected.map_err(|refused| Ended::Refused(refused.error))?),
        host: to.host.clone(),
        way,
    })
}

/// Says what was asked for, by whom.
pub(super) fn not_carried(why: NoWay, caller: Option<&Caller>, asked: Option<&Endpoint>) -> Ended {
    let who = caller.map_or_else(
        || "a program".to_owned(),
        |caller| format!("a program of {caller}"),
    );
    let to = asked.map(|asked| format!(" to \"{asked}\"")).unwrap_or_default();
    let reason = match why {
        NoWay::Caller => format!("{who} is not carried{to}: no route of the tunnel is for it"),
        NoWay::Destination => format!("{who} is not carried{to}: no route of the tunnel leads there"),
    };
    Ended::NotCarried {
        verdict: Verdict::Denied,
        code: why.code(),
        reason,
    }
}

/// The local program broke off, or said what is no request.
pub(super) fn broken(error: &hyper::Error) -> Ended {
    let code = if error.is_parse() || error.is_parse_too_large() {
        code::BAD_REQUEST
    } else {
        code::PEER_BROKE
    };
    Ended::NotCarried {
        verdict: Verdict::Broken,
        code,
        reason: handfast_pki::text::printable(&error.to_string()),
    }
}
