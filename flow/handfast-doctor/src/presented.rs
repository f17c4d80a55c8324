//! What a server presents; looked at, not believed.

use handfast_finding::Problem;
use handfast_pki::{Certificate, code};
use handfast_values::Endpoint;

use crate::{Ending, Target, look};

/// The chain that the server at `endpoint` presents, leaf first.
pub async fn presented_chain(endpoint: Endpoint) -> Result<Vec<Certificate>, Problem> {
    let target = Target::new(endpoint)?;
    let trace = look(&target).await;
    let presented = trace.presented();
    if !presented.is_empty() {
        return Ok(presented);
    }
    let (code, why) = match &trace.ending {
        Ending::Unreachable(detail) => (code::CANNOT_CONNECT, detail.clone()),
        Ending::Handshake(error) => (error.code(), error.to_string()),
        _ => (code::CUT_SHORT, "it sent no certificate".to_owned()),
    };
    let message = format!("{} shows no certificate: {why}", target.endpoint);
    Err(Problem::new(code, message))
}
