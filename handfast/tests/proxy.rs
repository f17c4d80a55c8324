//! The proxy from outside: the program in a folder of its own, clients and backends on real sockets. Needs
//! nothing but the toolchain.

mod program;

#[path = "proxy/admission.rs"]
mod admission;
#[path = "proxy/clients.rs"]
mod clients;
#[path = "proxy/deadlines.rs"]
mod deadlines;
#[path = "proxy/fail_closed.rs"]
mod fail_closed;
#[path = "proxy/http.rs"]
mod http;
#[path = "proxy/identity.rs"]
mod identity;
#[path = "proxy/judgement.rs"]
mod judgement;
#[path = "proxy/one_reading.rs"]
mod one_reading;
#[path = "proxy/places.rs"]
mod places;
#[path = "proxy/records.rs"]
mod records;
#[path = "proxy/reload.rs"]
mod reload;
#[path = "proxy/tunnel.rs"]
mod tunnel;
#[path = "proxy/upgrades.rs"]
mod upgrades;
