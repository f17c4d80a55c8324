//! The calls: one that is accepted and three that are rejected, and how each must end.

use std::{net::SocketAddr, sync::Arc};

use handfast_credentials::load;
use handfast_doctor::{Answer, Ask, Endpoint, Target, Trace, judge};
use handfast_finding::Finding;
use handfast_pki::{Code, Purpose, code};
use handfast_proxy::backend;
use handfast_report::json::findings;
use handfast_tls::client::Versions;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Args, tell};
use crate::{failure::Failure, words::Words};

/// One of the calls, and how it must end.
pub(super) struct Call {
    pub(super) title: &'static str,
    /// The folder of the client's pair; none is shown without one.
    pair: Option<&'static str>,
    pub(super) expected: Option<Code>,
}

const CALLS: [Call; 4] = [
    Call {
        title: "with the right certificate",
        pair: Some("client"),
        expected: None,
    },
    Call {
        title: "without a certificate",
        pair: None,
        expected: Some(code::NO_CERTIFICATE),
    },
    Call {
        title: "with a certificate of another CA",
        pair: Some("stranger"),
        expected: Some(code::UNKNOWN_ISSUER),
    },
    Call {
        title: "with an identity that no rule allows",
        pair: Some("guest"),
        expected: Some(code::NOT_ALLOWED),
    },
];

/// What became of a call.
pub(super) struct Outcome {
    pub(super) trace: Trace,
    pub(super) answer: Option<Answer>,
    pub(super) finding: Option<Finding>,
}

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
