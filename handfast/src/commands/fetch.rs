//! What a server presents, for `inspect https://HOST:PORT`; looked at, not believed.

use std::sync::Arc;

use handfast_doctor::{Ending, Endpoint, Target};
use handfast_pki::{Certificate, Trust, code};
use handfast_proxy::backend;
use handfast_tls::client::Versions;

use crate::failure::Failure;

/// The chain that the server at `endpoint` presents, leaf first.
pub fn presented_chain(endpoint: Endpoint) -> Result<Vec<Certificate>, Failure> {
    let target = Target {
        name: backend::server_name(&endpoint.host)?,
        endpoint,
        trust: Arc::new(Trust::nobody()),
        credentials: None,
        versions: Versions::Both,
        alpn: Vec::new(),
        starttls: None,
        probing: Default::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::bug)?;
    let trace = runtime.block_on(handfast_doctor::look(&target));
    let presented = trace.presented();
    if !presented.is_empty() {
        return Ok(presented);
    }
    let (code, why) = match &trace.ending {
        Ending::Unreachable(detail) => (code::CANNOT_CONNECT, detail.clone()),
        Ending::Handshake(error) => (error.code(), error.to_string()),
        _ => (code::CUT_SHORT, "it sent no certificate".to_owned()),
    };
    Err(Failure::of(
        code,
        format!("{} shows no certificate: {why}", target.endpoint),
    ))
}
