//! One of the calls.

use std::{net::SocketAddr, path::Path, sync::Arc};

use handfast_credentials::load;
use handfast_doctor::{Ask, Endpoint, Target, judge};
use handfast_finding::Problem;
use handfast_pki::Purpose;
use http::{HeaderMap, Method};
use jiff::Timestamp;

use super::{Call, Outcome};

/// Makes `call` with what was prepared in `dir`.
pub async fn make(dir: &Path, proxy: SocketAddr, call: &Call) -> Result<Outcome, Problem> {
    let now = Timestamp::now();
    let credentials = match call.pair {
        Some(name) => {
            let folder = dir.join(name);
            let (cert, key) = (folder.join("tls.crt"), folder.join("tls.key"));
            Some(load::credentials(&cert, &key, Purpose::Client, now)?)
        }
        None => None,
    };
    let endpoint = Endpoint {
        host: "localhost".into(),
        port: proxy.port(),
    };
    let target = Target {
        trust: Arc::new(load::anchors(&dir.join("client/ca.crt"), now)?.into()),
        credentials,
        alpn: vec!["http/1.1".to_owned()],
        ..Target::new(endpoint)?
    };
    let ask = Ask {
        method: Method::GET,
        path: "/".into(),
        host: format!("localhost:{}", proxy.port()),
        headers: HeaderMap::new(),
        body: Default::default(),
    };
    let (trace, answer) = handfast_doctor::get(&target, &ask).await;
    let finding = judge::request(&trace, answer.as_ref(), now).into_iter().next();
    Ok(Outcome {
        trace,
        answer,
        finding,
    })
}
