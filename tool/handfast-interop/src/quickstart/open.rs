//! The reverse proxy of the quickstart, and its log.

use std::{net::SocketAddr, path::Path, sync::Arc};

use handfast_finding::Problem;
use handfast_pki::code;
use handfast_proxy::{
    AccessLog, BackendSource, BackendUrl, ClientCas, Detail, HostSource, Limits, ListenerSource,
    PolicySource, Proxy, RouteSource, Sources, config::Config,
};

use super::prepare::CLIENT;
use crate::error::Result;

/// The log in the file `path`, which is begun anew.
pub fn create_log(path: &Path) -> Result<std::fs::File> {
    std::fs::File::create(path).map_err(|error| {
        let message = format!("\"{}\" cannot be written: {error}", path.display());
        Problem::new(code::UNREADABLE, message).into()
    })
}

/// The reverse proxy in front of `to`, with what was prepared in `dir`; `to_ca` is the CA of an https service.
pub fn open(dir: &Path, to: &str, to_ca: Option<&Path>, log: Arc<AccessLog>) -> Result<Proxy> {
    let server = dir.join("server");
    let rule = format!("uri:{CLIENT}").parse().map_err(Problem::bug)?;
    let host = HostSource {
        names: Vec::new(),
        is_default: true,
        cert: server.join("tls.crt"),
        key: server.join("tls.key"),
        clients: vec!["client-ca".to_owned()],
        routes: vec![RouteSource {
            path: String::new(),
            methods: None,
            policy: PolicySource::Rules {
                allow: vec![rule],
                deny: Vec::new(),
                anonymous: false,
            },
            to: "to".into(),
            bound_tokens: None,
        }],
        resumption: false,
        explains: false,
        optional: false,
        observes: false,
    };
    let config = Config {
        sources: Sources {
            clients: vec![ClientCas::for_every_name(server.join("ca.crt"))],
            backends: vec![BackendSource {
                name: "to".into(),
                to: vec![BackendUrl::parse(to)?],
                ca: to_ca.map(Path::to_owned),
                cert: None,
                key: None,
                most: None,
                announces: false,
                assertion: None,
            }],
            listeners: vec![ListenerSource {
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                hosts: vec![host],
            }],
            assertion_key: None,
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
