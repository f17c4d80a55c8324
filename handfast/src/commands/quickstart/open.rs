//! The reverse proxy of the quickstart, and its log.

use std::{net::SocketAddr, path::Path, sync::Arc};

use handfast_pki::code;
use handfast_proxy::{
    AccessLog, BackendSource, BackendUrl, ClientCas, Detail, Limits, Proxy, Sources, config::Config,
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
        sources: Sources {
            cert: server.join("tls.crt"),
            key: server.join("tls.key"),
            clients: vec![ClientCas::for_every_name(server.join("ca.crt"))],
            allow: vec![rule],
            deny: Vec::new(),
            resumption: false,
            backends: vec![BackendSource {
                name: "to".into(),
                to: vec![BackendUrl::parse(to)?],
                ca: args.to_ca.clone(),
                cert: None,
                key: None,
                most: None,
                announces: false,
            }],
            explains: false,
            waiting: Vec::new(),
        },
        xfcc: true,
        chain: false,
        reserved: Default::default(),
        detail: Detail::Connections,
        workers: 1,
        limits: Limits::default(),
        admin: None,
        announcers: Arc::new([]),
        // It serves for a moment, in a folder that it has just made.
        dangerously_unconfined: true,
    };
    Ok(config.open(None, log)?)
}
