//! The server that we are: what it shows, whom it names, by what it judges.

use std::sync::Arc;

use handfast_credentials::load;
use handfast_doctor::{Context, listen::Listen as Server, throwaway};
use handfast_pki::name::AltName;
use handfast_tls::Credentials;
use jiff::Timestamp;

use super::flags_of_listen::Listen;
use crate::failure::Failure;

pub(super) fn server(args: &Listen) -> Result<Server, Failure> {
    let now = Timestamp::now();
    let credentials = match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => load::paired(load::certificates(cert)?, &load::private_key(key)?, key)?,
        _ => throwaway(now)?,
    };
    let mut context = Context {
        is_spoken: true,
        ..Context::default()
    };
    let mut issuers = Vec::new();
    if let Some(path) = &args.client_ca {
        let anchors = load::anchors(path, now)?;
        issuers = anchors
            .certificates()
            .iter()
            .map(|anchor| anchor.subject().der())
            .collect();
        context.known = anchors.certificates().to_vec();
        context.client_trust = Some(Arc::new(anchors.into()));
    }
    if let Some(path) = &args.expect_cert {
        context.served = load::certificates(path)?.into_iter().next();
        context.known.extend(load::neighbours(path));
    }
    Ok(Server {
        credentials,
        issuers,
        context,
    })
}

/// A certificate for this machine that nobody has a reason to believe.
fn throwaway(now: Timestamp) -> Result<Credentials, Failure> {
    let names = vec![
        AltName::Dns("localhost".into()),
        AltName::Ip(std::net::Ipv4Addr::LOCALHOST.into()),
    ];
    throwaway::server(names, now).map_err(Failure::bug)
}
