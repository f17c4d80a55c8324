//! The door from outside: the program in a folder of its own, clients and backends on real sockets. Needs
//! nothing but the toolchain.

mod program;

#[path = "door/admission.rs"]
mod admission;
#[path = "door/deadlines.rs"]
mod deadlines;
#[path = "door/fail_closed.rs"]
mod fail_closed;
#[path = "door/http.rs"]
mod http;
#[path = "door/identity.rs"]
mod identity;
#[path = "door/judgement.rs"]
mod judgement;
#[path = "door/one_reading.rs"]
mod one_reading;
#[path = "door/places.rs"]
mod places;
#[path = "door/records.rs"]
mod records;
#[path = "door/reload.rs"]
mod reload;
#[path = "door/tunnel.rs"]
mod tunnel;
#[path = "door/upgrades.rs"]
mod upgrades;
