//! `handfast ca requests`: what waits for a second person.

use handfast_ca::{Authority, WaitingRequest, WhichHeld};
use handfast_finding::when::written;
use handfast_pki::name;
use handfast_report::schema::Schema;
use serde_json::{Value, json};

use super::Where;
use crate::{
    commands::leaf::dir_flag,
    failure::{Exit, Failure},
    words::Words,
};

/// List the requests that wait for a second person to approve them
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca requests")]
pub struct Args {
    /// Those that were decided, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let authority = Authority::open(&args.place.dir)?;
    let which = if args.all {
        WhichHeld::All
    } else {
        WhichHeld::Undecided
    };
    let held = authority.held(which)?;
    words.json(
        Schema::CaRequests,
        json!({ "requests": held.iter().map(described).collect::<Vec<_>>() }),
    );
    if held.is_empty() {
        words.talk("no request waits");
        return Ok(Exit::Yes);
    }
    for request in &held {
        words.data(line(request));
        asked_for(request).iter().for_each(|part| words.data(part));
    }
    if let Some(first) = held.iter().find(|request| request.decision.is_none()) {
        let dir = dir_flag(&args.place.dir);
        words.next(format_args!(
            "handfast ca approve {}{dir} --out {}.crt",
            first.id, first.id
        ));
    }
    Ok(Exit::Yes)
}

fn state(request: &WaitingRequest) -> &'static str {
    match &request.decision {
        None => "waiting",
        Some(decision) if !decision.is_approved => "denied",
        Some(_) if request.serial.is_some() => "issued",
        Some(_) => "approved",
    }
}

/// One line for people.
pub fn line(request: &WaitingRequest) -> String {
    let reason = request.requester.reason.as_deref();
    let reason = reason.map_or_else(String::new, |reason| format!(", because \"{reason}\""));
    let by = request.decision.as_ref();
    let by = by.map_or_else(String::new, |decision| format!(", by {}", decision.by));
    format!(
        "{}  {}  {:<8}  {} for {}, asked by {}{reason}{by}",
        request.id,
        request.at.strftime("%Y-%m-%d %H:%MZ"),
        state(request),
        request.profile,
        request.called(),
        request.requester,
    )
}

/// All that the certificate would be: who approves it has to see that.
fn asked_for(request: &WaitingRequest) -> Vec<String> {
    let shown = |text: String| if text.is_empty() { "none".into() } else { text };
    let names: Vec<String> = request.names.iter().map(ToString::to_string).collect();
    let lifetime = request
        .lifetime
        .map_or_else(|| "that of the profile".into(), written);
    let mut parts = vec![
        format!("  subject    {}", shown(name::shown(&request.subject))),
        format!("  names      {}", shown(names.join(", "))),
        format!("  lifetime   {lifetime}"),
        format!("  key        {}", request.public_key.algorithm()),
    ];
    if !request.roles.is_empty() {
        let roles: Vec<String> = request.roles.iter().map(ToString::to_string).collect();
        parts.push(format!("  PSD2 roles {}", roles.join(", ")));
    }
    parts
}

/// The same in JSON.
pub fn described(request: &WaitingRequest) -> Value {
    json!({
        "id": request.id,
        "at": request.at,
        "state": state(request),
        "profile": request.profile,
        "subject": handfast_pki::name::shown(&request.subject),
        "names": request.names.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "key": request.public_key.fingerprint().to_string(),
        "key_kind": request.public_key.algorithm(),
        "lifetime_seconds": request.lifetime.map(|lifetime| lifetime.as_secs()),
        "psd2_roles": request.roles.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "requester": request.requester.to_string(),
        "uid": request.requester.uid,
        "user": request.requester.user,
        "host": request.requester.host,
        "reason": request.requester.reason,
        "decided_by": request.decision.as_ref().map(|decision| &decision.by),
        "decided_at": request.decision.as_ref().map(|decision| decision.at),
        "serial": request.serial,
    })
}
