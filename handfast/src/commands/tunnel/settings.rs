//! What the flags of the tunnel come to.

use std::{net::SocketAddr, sync::Arc};

use handfast_credentials::load;
use handfast_finding::Problem;
use handfast_pki::{Purpose, code};
use handfast_policy::{Policy, Rule};
use handfast_proxy::{Detail, Limits, TunnelSettings, config};
use handfast_tls::{Client, client};
use handfast_values::{Endpoint, Form};
use jiff::Timestamp;

use super::Args;

pub(super) fn settings(args: &Args) -> Result<TunnelSettings, Problem> {
    let Endpoint { host, port } = Endpoint::read(&args.to, &Form::CONNECT)?;
    let rules: Vec<Rule> = args
        .expect
        .iter()
        .map(|text| {
            text.parse::<Rule>().map_err(|error| {
                Problem::new(code::BAD_RULE, format_args!("rule {error}")).help(error.hint())
            })
        })
        .collect::<Result<_, _>>()?;
    let expectation = if rules.is_empty() {
        format!("dns:{host}")
    } else {
        args.expect.join(" or ")
    };
    let policy = match rules.is_empty() {
        true => None,
        false => Some(Arc::new(
            Policy::new(rules).map_err(|error| Problem::new(error.code(), error))?,
        )),
    };
    let (cert, key, ca) = (args.cert.clone(), args.key.clone(), args.ca.clone());
    let files = vec![cert.clone(), key.clone(), ca.clone()];
    let make = move || {
        let now = Timestamp::now();
        let expected = policy.clone();
        let settings = client::Settings {
            trust: Arc::new(load::anchors(&ca, now)?.into()),
            credentials: Some(load::credentials(&cert, &key, Purpose::Client, now)?),
            admission: expected.map(|policy| -> handfast_tls::Condition {
                Arc::new(move |chain| policy.decide(chain).is_ok())
            }),
            alpn: Vec::new(),
            versions: client::Versions::Both,
            secrets: None,
            probing: Default::default(),
        };
        Client::new(settings).map_err(|error| Problem::new(error.code(), error))
    };
    Ok(TunnelSettings {
        listen: listener(args)?,
        host,
        port,
        make: Arc::new(make),
        files,
        expectation,
        limits: Limits::default(),
        detail: if args.log == "off" {
            Detail::Off
        } else {
            Detail::Connections
        },
    })
}

/// Who reaches the listener is the client, as far as the server knows. So it is for this machine alone, unless that is said.
fn listener(args: &Args) -> Result<SocketAddr, Problem> {
    let address = config::address(&args.listen)?;
    if address.ip().is_loopback() || args.unsafe_listen {
        return Ok(address);
    }
    let message = format!("--listen {address}: others could use this certificate in plain text");
    Err(Problem::new(code::OPEN_PLAINTEXT, message).help(format!(
        "listen on this machine alone: --listen 127.0.0.1:{}; or say --unsafe-listen where the network is trusted",
        address.port()
    )))
}
