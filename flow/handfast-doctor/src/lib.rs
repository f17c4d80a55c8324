//! The explanation: connect, record what both sides say, and judge why it came to nothing.
//!
//! [`judge::judge`] is a pure function from a recorded [`trace::Trace`] to a finding, so that every report
//! of a failure can become a fixture.

mod ask;
pub mod capture;
mod connect;
mod ending;
mod examine;
mod exchange;
pub mod files;
pub mod judge;
pub mod listen;
mod mistaken;
mod patience;
mod place;
pub mod posture;
mod presented;
pub mod probe;
mod report;
mod spoken;
mod starttls;
mod subject;
pub mod throwaway;
pub mod trace;
mod usable;
pub mod what_if;
mod whom;

pub use ask::Wish;
pub use connect::Target;
pub use ending::Ending;
pub use examine::examine;
pub use exchange::{Ask, Talk};
use handfast_dialogs::Pending;
pub use handfast_dialogs::{Answer, Reply, Service, Verdict};
pub use handfast_values::Endpoint;
pub use mistaken::taken_for_a_server;
use patience::Patience;
pub use presented::presented_chain;
pub use report::Report;
pub use starttls::StartTls;
pub use subject::{Context, Subject, When};
pub use trace::Trace;
pub use whom::{Unready, Whom};

/// One request over mutual TLS, with everything that was seen on the way.
pub async fn get(target: &Target, ask: &Ask) -> (Trace, Option<Answer>) {
    let contact = connect::connect(target, Patience::default()).await;
    let (seen, answer) = exchange::exchange(contact, &Talk::Http(ask.clone()), Patience::default()).await;
    (trace::trace(seen, target), answer)
}

/// What a server shows of itself, whether it is to be believed or not.
pub async fn look(target: &Target) -> Trace {
    let contact = connect::connect(target, Patience::default()).await;
    trace::trace(contact.into_seen(), target)
}
