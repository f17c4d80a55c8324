//! The proxy from outside: the program in a folder of its own, clients and backends on real sockets. Needs
//! nothing but the toolchain.

mod program;

#[path = "proxy/admin.rs"]
mod admin;
#[path = "proxy/admission.rs"]
mod admission;
#[path = "proxy/announced.rs"]
mod announced;
#[path = "proxy/anonymous.rs"]
mod anonymous;
#[path = "proxy/backends.rs"]
mod backends;
#[path = "proxy/clients.rs"]
mod clients;
#[path = "proxy/deadlines.rs"]
mod deadlines;
#[path = "proxy/explained.rs"]
mod explained;
#[path = "proxy/fail_closed.rs"]
mod fail_closed;
#[path = "proxy/floods.rs"]
mod floods;
#[path = "proxy/forward_proxy.rs"]
mod forward_proxy;
#[path = "proxy/hosts.rs"]
mod hosts;
#[path = "proxy/http.rs"]
mod http;
#[path = "proxy/identity.rs"]
mod identity;
#[path = "proxy/judgement.rs"]
mod judgement;
#[path = "proxy/observed.rs"]
mod observed;
#[path = "proxy/one_reading.rs"]
mod one_reading;
#[path = "proxy/places.rs"]
mod places;
#[path = "proxy/records.rs"]
mod records;
#[path = "proxy/reload.rs"]
mod reload;
#[path = "proxy/rules.rs"]
mod rules;
#[path = "proxy/service_manager.rs"]
mod service_manager;
#[path = "proxy/tunnel.rs"]
mod tunnel;
#[path = "proxy/tunnels.rs"]
mod tunnels;
#[path = "proxy/upgrades.rs"]
mod upgrades;
