//! The sites of a configuration that somebody else wrote: every address that speaks TLS, by every name it is known for.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use handfast_doctor::{Ending, Report, Talk, examine};
use handfast_finding::Problem;
use handfast_lab::fixtures;
use handfast_pki::code;
use handfast_report::style::STRONG;
use handfast_setup::Part;
use handfast_tls::HandshakeError;
use handfast_trace::Side;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    moved::Listener,
    play::{self, PATIENCE, PAUSE, Visitor, runtime},
    stage::{HOST, Stage},
    table::{self, Cell},
};

/// How long a server on this machine may say nothing.
const SILENCE: Duration = Duration::from_secs(1);

/// Who was let in at one address by one name.
pub struct Site {
    /// The address, as it was written.
    pub at: String,
    /// The name, as it was written; nothing for every other one.
    pub name: Option<String>,
    /// The two in words.
    shown: String,
    pub cells: Vec<Cell>,
}

/// What was seen.
#[derive(Default)]
pub struct Met {
    pub sites: Vec<Site>,
    /// What was not met, and why, in words.
    pub notes: Vec<String>,
}

/// Where to look.
pub struct Wanted<'a> {
    pub listeners: &'a [Listener],
    /// The names of sites, as they were written, and names that they match.
    pub hosts: &'a [(String, String)],
    /// Addresses and names to look at alone: one of the addresses, if there are some, by one of the names, if there are.
    pub only: &'a [String],
}

impl Wanted<'_> {
    /// Those of `all` that are to be met.
    fn of<'c>(&self, mut all: Vec<Candidate<'c>>) -> Result<Vec<Candidate<'c>>, Problem> {
        let all_at = || self.listeners.iter().map(|listener| listener.written.as_str());
        let all_names = || self.hosts.iter().map(|(written, _)| written.as_str());
        let is_at =
            |only: &str, at: &str| only == at || at.strip_suffix(only).is_some_and(|at| at.ends_with(':'));
        let is_known =
            |only: &str| all_at().any(|at| is_at(only, at)) || all_names().any(|name| name == only);
        if let Some(strange) = self.only.iter().find(|only| !is_known(only)) {
            let known: Vec<&str> = all_at().chain(all_names()).collect();
            return Err(
                Problem::new(code::CONFIG_INVALID, format!("no site is at \"{strange}\""))
                    .help(format!("there are: {}", known.join(", "))),
            );
        }
        let by_at = |at: &str| self.only.iter().any(|only| is_at(only, at));
        let by_name = |name: &str| self.only.iter().any(|only| only == name);
        let (some_at, some_names) = (all_at().any(by_at), all_names().any(by_name));
        all.retain(|site| {
            (!some_at || by_at(&site.listener.written)) && (!some_names || site.name.is_some_and(by_name))
        });
        match all.is_empty() {
            true => Err(not_tls(self.only.len())),
            false => Ok(all),
        }
    }
}

fn not_tls(count: usize) -> Problem {
    let which = if count == 1 {
        "the one address speaks no".to_owned()
    } else {
        format!("none of the {count} addresses speaks")
    };
    Problem::new(code::NOT_TLS, format!("{which} TLS"))
}

/// What a listener speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speech {
    Tls,
    Plain,
    /// Nothing is said to who speaks TLS, at least now.
    Silence,
    /// Whatever comes is closed, at least now.
    Closing,
    /// Nobody is there, or not yet.
    Nothing,
}

impl Speech {
    /// Whether it will not be another one in a moment.
    fn is_told(self) -> bool {
        matches!(self, Self::Tls | Self::Plain)
    }
}

/// One site before it is met.
struct Candidate<'a> {
    listener: &'a Listener,
    /// The name as it was written; nothing for every other one.
    name: Option<&'a str>,
    /// A name by which it is asked for.
    host: &'a str,
    shown: String,
}

/// Whether a revoked certificate has to be rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// The user says so.
    Demanded,
    /// The configuration names a revocation list.
    Claimed,
    /// Nobody says so, and most configurations do not.
    Unsaid,
}

/// Says of the revoked certificate at each of `sites` whether it had to be rejected, and in words why it is accepted,
/// where it is and nobody said so of the software.
pub fn settle(sites: &mut [Site], part: &Part, revocation: Revocation) -> Option<String> {
    let is_accepted = |cell: &&mut Cell| cell.fixture.name == "revoked" && cell.is_in;
    let mut is_news = false;
    for cell in sites
        .iter_mut()
        .flat_map(|site| &mut site.cells)
        .filter(is_accepted)
    {
        is_news |= !cell.is_as_told(part);
        cell.settled = match revocation {
            Revocation::Demanded => Some(false),
            Revocation::Claimed => None,
            Revocation::Unsaid => Some(true),
        };
        is_news |= revocation == Revocation::Demanded;
    }
    let why = match revocation {
        Revocation::Demanded => "the revoked certificate is accepted, and --require revocation forbids that",
        Revocation::Claimed => {
            "the revoked certificate is accepted, although the configuration names a revocation list (CRL)"
        }
        Revocation::Unsaid => {
            "the revoked certificate is accepted: this configuration names no revocation list (CRL), which counts as a fault \
             with --require revocation"
        }
    };
    is_news.then(|| format!("{why}; see handfast explain {}", code::REVOCATION_OFF))
}

/// Shows the fixtures to every site of the server on `stage`.
pub fn meet(stage: &mut Stage<'_>, wanted: &Wanted<'_>) -> Result<Met> {
    let mut met = Met::default();
    let all = candidates(stage, wanted, &mut met)?;
    let all = wanted.of(all)?;
    let mut refused = None;
    let mut silent = BTreeMap::new();
    for (site, welcome) in all.iter().zip(welcomes(stage, &all)?) {
        let shown = &site.shown;
        match welcome {
            Ok(status) => stage.welcome = status,
            Err(problem) => {
                met.notes
                    .push(format!("{shown} is not tested: {}", problem.message));
                refused.get_or_insert(problem);
                continue;
            }
        }
        ask_at(stage, site);
        let versions = play::spoken(stage)?;
        for version in stage.versions() {
            if !versions.contains(&version) {
                silent.entry(version).or_insert_with(Vec::new).push(shown.clone());
            }
        }
        met.sites.push(Site {
            at: site.listener.written.clone(),
            name: site.name.map(str::to_owned),
            shown: shown.clone(),
            cells: play::play(stage, &versions)?,
        });
    }
    for (version, sites) in silent {
        let which = if sites.len() == met.sites.len() {
            "it".to_owned()
        } else {
            sites.join(", ")
        };
        met.notes.push(format!("{which} speaks no TLS {version}"));
    }
    match refused {
        Some(problem) if met.sites.is_empty() => Err(Error::GoodClientRefused(problem)),
        _ => Ok(met),
    }
}

/// Every site that speaks TLS; an address that does not goes to the notes of `met`.
fn candidates<'a>(
    stage: &Stage<'_>,
    wanted: &Wanted<'a>,
    met: &mut Met,
) -> Result<Vec<Candidate<'a>>, Problem> {
    let others = match wanted.hosts {
        [] => HOST,
        _ => fixtures::STRANGE,
    };
    let mut all = Vec::new();
    for (listener, speech) in speech(stage, wanted.listeners)? {
        match speech {
            Speech::Plain | Speech::Silence => met.notes.push(format!(
                "{} does not speak TLS, so no client is asked for a certificate there",
                listener.written
            )),
            Speech::Closing => met.notes.push(format!(
                "{} is not tested: it closes whatever comes",
                listener.written
            )),
            // What is written like an address to listen on may be that of a backend.
            Speech::Nothing => {}
            Speech::Tls => {
                let named = wanted.hosts.iter();
                let named = named.map(|(written, host)| (Some(written.as_str()), host.as_str()));
                let names = std::iter::once((None, others)).chain(named);
                all.extend(names.map(|(name, host)| Candidate {
                    listener,
                    name,
                    host,
                    shown: match name {
                        Some(name) => format!("{} as {name}", listener.written),
                        None if wanted.hosts.is_empty() => listener.written.clone(),
                        None => format!("{} by any other name", listener.written),
                    },
                }));
            }
        }
    }
    match all.is_empty() {
        true => Err(not_tls(wanted.listeners.len())),
        false => Ok(all),
    }
}

fn ask_at(stage: &mut Stage<'_>, site: &Candidate<'_>) {
    stage.port = site.listener.here;
    site.host.clone_into(&mut stage.host);
}

/// What is spoken at each of `listeners`. Who is silent or closes what comes is asked again: it may not be ready.
fn speech<'a>(stage: &Stage<'_>, listeners: &'a [Listener]) -> Result<Vec<(&'a Listener, Speech)>, Problem> {
    let runtime = runtime()?;
    let begin = Instant::now();
    let mut found: Vec<_> = listeners
        .iter()
        .map(|listener| (listener, Speech::Nothing))
        .collect();
    loop {
        for (listener, speech) in &mut found {
            if !speech.is_told() {
                *speech = runtime.block_on(listen(stage, listener))?;
            }
        }
        let is_ready = found.iter().any(|(_, speech)| *speech == Speech::Tls);
        let patience = if is_ready { SILENCE } else { PATIENCE };
        if found.iter().all(|(_, speech)| speech.is_told()) || begin.elapsed() > patience {
            return Ok(found);
        }
        std::thread::sleep(PAUSE);
    }
}

async fn listen(stage: &Stage<'_>, listener: &Listener) -> Result<Speech, Problem> {
    let visitor = Visitor::new(stage)?;
    let mut subject = visitor.subject(fixtures::CLIENTS.first(), "both", HeaderMap::new())?;
    subject.target.endpoint.port = listener.here;
    // A backend that is down may keep the answer for longer than it takes to tell what is spoken.
    subject.talk = Talk::Listen;
    let look = examine(String::new(), &subject, Timestamp::now());
    // It waits for the rest of another protocol, or does not serve yet.
    let report = tokio::time::timeout(SILENCE, look).await;
    Ok(report.map_or(Speech::Silence, |report| spoken_in(&report)))
}

fn spoken_in(report: &Report) -> Speech {
    let Some(trace) = &report.trace else {
        return Speech::Nothing;
    };
    if trace.server_hello().is_some() || trace.alert_from(Side::Server).is_some() {
        return Speech::Tls;
    }
    match &trace.ending {
        Ending::Unreachable(_) => Speech::Nothing,
        Ending::Handshake(HandshakeError::CutShort { .. }) => Speech::Closing,
        _ => Speech::Plain,
    }
}

type Welcome = std::result::Result<Option<StatusCode>, Problem>;

/// How the good client is answered at each of `sites`: the status, which shows that somebody is let in, or why not. Who
/// closes without a reason is asked again, for it may not be ready.
fn welcomes(stage: &mut Stage<'_>, sites: &[Candidate<'_>]) -> Result<Vec<Welcome>, Problem> {
    let runtime = runtime()?;
    let last = Instant::now() + PATIENCE;
    loop {
        let mut welcomes = Vec::new();
        let mut is_told = true;
        for site in sites {
            ask_at(stage, site);
            let subject =
                Visitor::new(stage)?.subject(fixtures::CLIENTS.first(), "both", HeaderMap::new())?;
            let report = runtime.block_on(examine(String::new(), &subject, Timestamp::now()));
            is_told &= play::is_told(&report);
            welcomes.push(welcome(&report));
        }
        if is_told || welcomes.iter().any(Result::is_ok) || Instant::now() > last {
            return Ok(welcomes);
        }
        std::thread::sleep(PAUSE);
    }
}

/// The backend of somebody else's configuration is not here, so that any status is a welcome that is no refusal.
fn welcome(report: &Report) -> Welcome {
    const REFUSALS: [u16; 6] = [400, 401, 403, 421, 495, 496];
    let status = report.answer.as_ref().map(|answer| answer.status);
    let is_refused = status.is_some_and(|status| REFUSALS.contains(&status.as_u16()));
    let is_open = report
        .trace
        .as_ref()
        .is_some_and(|trace| trace.peer.is_some() && trace.ending.is_good());
    if is_open && !is_refused {
        return Ok(status);
    }
    let first = report.findings.first();
    Err(Problem::new(
        first.map_or(code::CONFIG_INVALID, |finding| finding.code),
        format!(
            "even the valid client of this CA is rejected: {}",
            first.map_or("no reason", |finding| finding.because.as_str())
        ),
    ))
}

/// A table for each way in which sites accept and reject, with those that do.
pub fn text(sites: &[Site], part: &Part) -> String {
    if let [
        Site {
            name: None, cells, ..
        },
    ] = sites
    {
        return table::text(cells, part);
    }
    let mut groups: Vec<(String, &[Cell])> = Vec::new();
    for site in sites {
        let is_alike = |(_, cells): &&mut (String, &[Cell])| {
            let outcome = |cell: &Cell| (cell.fixture.name, cell.tls, cell.is_in);
            cells.iter().map(outcome).eq(site.cells.iter().map(outcome))
        };
        match groups.iter_mut().find(is_alike) {
            Some((all, _)) => *all = format!("{all}, {}", site.shown),
            None => groups.push((site.shown.clone(), &site.cells)),
        }
    }
    groups
        .into_iter()
        .map(|(shown, cells)| format!("{STRONG}{shown}{STRONG:#}\n{}", table::text(cells, part)))
        .collect()
}

/// Every cell, with the site that it was seen at.
pub fn to_json(sites: &[Site], part: &Part) -> Value {
    let of_site = |site: &Site| {
        let mut cells = table::to_json(&site.cells, part);
        for cell in cells.as_array_mut().into_iter().flatten() {
            cell["at"] = json!(site.at);
            cell["name"] = json!(site.name);
        }
        cells.as_array().cloned().unwrap_or_default()
    };
    Value::from(sites.iter().flat_map(of_site).collect::<Vec<_>>())
}
