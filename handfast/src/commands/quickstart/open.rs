//! The reverse proxy of the quickstart, and its log.

use std::{net::SocketAddr, path::Path, sync::Arc};

use handfast_pki::code;
use handfast_proxy::{
    AccessLog, ClientCas, Detail, Limits, Proxy, Sources, backend,
    config::{BackendTls, Config},
};

use super::{Args, prepare::CLIENT};
use crate::failure::Failure;

pub(super) fn create_log(path: &Path) -> Result<std::fs::File, Failure> {
    std::fs::File::create(path).map_err(|error| {
        Failure::of(
            code::UNREADABLE,
            format!("\"{}\" cannot be written: {error}", path.display()),
        )
    })
}

pub(super) fn open(args: &Args, to: &str, log: Arc<AccessLog>) -> Result<Proxy, Failure> {
    let server = args.dir.join("server");
    let rule = format!("uri:{CLIENT}").parse().map_err(Failure::bug)?;
    let config = Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        target: backend::BackendUrl::parse(to)?,
        backend_tls: BackendTls {
            ca: args.to_ca.clone(),
            cert: None,
            key: None,
        },
        sources: Sources {
            cert: server.join("tls.crt"),
            key: server.join("tls.key"),
            clients: vec![ClientCas::for_every_name(server.join("ca.crt"))],
            allow: vec![rule],
            deny: Vec::new(),
            resumption: false,
            waiting: Vec::new(),
        },
        xfcc: true,
        reserved: Default::default(),
        detail: Detail::Connections,
        workers: 1,
        limits: Limits::default(),
    };
    Ok(config.open(None, log)?)
}
