//! Makes the calls: one that is accepted and three that are rejected.

use std::{net::SocketAddr, sync::Arc};

use handfast_credentials::load;
use handfast_doctor::{Ask, Endpoint, Target, judge};
use handfast_pki::Purpose;
use handfast_proxy::backend;
use handfast_report::json::findings;
use handfast_tls::client::Versions;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Args,
    call::{CALLS, Call, Outcome},
    tell,
};
use crate::{failure::Failure, words::Words};

/// Makes all calls and tells each, also as objects.
pub(super) fn calls(args: &Args, proxy: SocketAddr, words: &Words) -> Result<Vec<Value>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::bug)?;
    let mut outcomes = Vec::new();
    for call in &CALLS {
        let outcome = runtime.block_on(make(args, proxy, call))?;
        let as_expected = match (&outcome.finding, call.expected) {
            (Some(finding), Some(expected)) => finding.code == expected,
            (None, None) => outcome.answer.is_some(),
            _ => false,
        };
        tell::tell(args, call, &outcome, as_expected, words);
        outcomes.push(json!({
            "call": call.title,
            "expected": call.expected.map(|code| code.to_string()),
            "status": outcome.answer.as_ref().map(|answer| answer.status.as_u16()),
            "findings": findings(outcome.finding.as_slice()),
            "as_expected": as_expected,
        }));
    }
    Ok(outcomes)
}

async fn make(args: &Args, proxy: SocketAddr, call: &Call) -> Result<Outcome, Failure> {
    let now = Timestamp::now();
    let credentials = match call.pair {
        Some(name) => {
            let folder = args.dir.join(name);
            let (cert, key) = (folder.join("tls.crt"), folder.join("tls.key"));
            Some(load::credentials(&cert, &key, Purpose::Client, now)?)
        }
        None => None,
    };
    let target = Target {
        endpoint: Endpoint {
            host: "localhost".into(),
            port: proxy.port(),
        },
        name: backend::server_name("localhost")?,
        trust: Arc::new(load::anchors(&args.dir.join("client/ca.crt"), now)?.into()),
        credentials,
        versions: Versions::Both,
        alpn: vec!["http/1.1".to_owned()],
        starttls: None,
        probing: Default::default(),
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
