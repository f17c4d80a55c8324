//! Two chains side by side: what was sent, what is trusted, and where they fail to meet.

use std::fmt::Write as _;

use handfast_doctor::{Report, Trace};
use handfast_finding::{Refuser, when::relative};
use handfast_pki::{
    Certificate,
    name::{self, Name},
    time,
};
use jiff::Timestamp;

use crate::style::{BAD, FAINT, GOOD, STRONG};

/// The picture, before it is drawn.
pub struct Chains {
    /// Who sent the chain, `client` or `server`; the other one judged it.
    pub sender: &'static str,
    /// From the leaf upwards.
    pub sent: Vec<Link>,
    /// What the other side trusts, or says that it accepts.
    pub trusted: Vec<String>,
    /// Whether the judge said whom it trusts.
    pub is_told: bool,
    /// Where in `trusted` the way ends; nothing where it leads nowhere.
    pub meets: Option<usize>,
    /// The name that is looked for and not found.
    pub looked_for: String,
}

/// One certificate of a chain.
pub struct Link {
    pub name: String,
    pub until: String,
    /// What is wrong with it at a glance; nothing where it is not.
    pub fault: Option<&'static str>,
}

/// The chain that `made` is about: the client's, unless it was the client that refused.
pub fn of(made: &Report, now: Timestamp) -> Option<Chains> {
    let trace = made.trace.as_ref()?;
    let by_client = made
        .findings
        .first()
        .is_some_and(|first| first.side == Refuser::Client);
    let presented = trace.presented();
    if (by_client || trace.own_chain.is_empty()) && !presented.is_empty() {
        let trusted: Vec<&Certificate> = made.trusted.iter().collect();
        let names = trusted.iter().map(|anchor| anchor.subject().clone()).collect();
        return Some(chains("server", &presented, names, true, now));
    }
    (!trace.own_chain.is_empty()).then(|| of_client(trace, now))
}

fn of_client(trace: &Trace, now: Timestamp) -> Chains {
    let issuers = trace
        .asked
        .as_ref()
        .map(|asked| asked.issuers.as_slice())
        .unwrap_or_default();
    let names: Vec<Name> = issuers.iter().filter_map(|der| name::of_der(der)).collect();
    let is_told = !names.is_empty();
    chains("client", &trace.own_chain, names, is_told, now)
}

fn chains(
    sender: &'static str,
    sent: &[Certificate],
    trusted: Vec<Name>,
    is_told: bool,
    now: Timestamp,
) -> Chains {
    let top = sent
        .iter()
        .rfind(|certificate| !certificate.is_self_issued())
        .or(sent.last());
    let looked_for = top.map(|top| name::shown(top.issuer())).unwrap_or_default();
    // A chain may also pass through what is trusted before its end.
    let is_issuer = |name: &Name| sent.iter().any(|certificate| certificate.issuer() == name);
    Chains {
        sender,
        meets: trusted.iter().position(is_issuer),
        sent: sent.iter().map(|certificate| link(certificate, now)).collect(),
        trusted: trusted.iter().map(name::shown).collect(),
        is_told,
        looked_for,
    }
}

fn link(certificate: &Certificate, now: Timestamp) -> Link {
    let fault = if now > certificate.not_after() {
        Some("expired")
    } else if now < certificate.not_before() {
        Some("not yet valid")
    } else {
        None
    };
    Link {
        name: certificate.called(),
        until: format!(
            "until {} ({})",
            time::shown(certificate.not_after()),
            relative(certificate.not_after(), now)
        ),
        fault,
    }
}

impl Chains {
    /// The side that judges.
    pub fn judge(&self) -> &'static str {
        if self.sender == "client" {
            "server"
        } else {
            "client"
        }
    }

    /// Where the two chains meet or fail to, in a sentence.
    pub fn told(&self) -> String {
        match (self.meets, self.is_told) {
            (Some(place), _) => format!(
                "they meet at \"{}\"",
                self.trusted.get(place).map(String::as_str).unwrap_or_default()
            ),
            (None, true) => format!("they do not meet: no CA on the right is \"{}\"", self.looked_for),
            (None, false) => format!("the {} does not say whom it trusts", self.judge()),
        }
    }

    /// In columns, for the terminal.
    pub fn text(&self) -> String {
        const LEFT: usize = 52;
        const MOST: usize = 6;
        let mut left = vec![format!("what the {} sent", self.sender)];
        for (place, link) in self.sent.iter().enumerate() {
            let fault = link.fault.map_or(String::new(), |fault| format!("  ✗ {fault}"));
            left.push(format!(
                "{} {}{fault}",
                if place == 0 { "●" } else { "↑" },
                link.name
            ));
            left.push(format!("    {}", link.until));
        }
        left.push(format!("↑ {} ?", self.looked_for));
        let mut right = vec![format!("what the {} trusts", self.judge())];
        right.extend(self.trusted.iter().take(MOST).enumerate().map(|(place, name)| {
            let mark = if self.meets == Some(place) { "✓" } else { "·" };
            format!("{mark} {name}")
        }));
        if let Some(more) = self.trusted.len().checked_sub(MOST).filter(|more| *more > 0) {
            right.push(format!("  and {more} more"));
        }
        if !self.is_told {
            right.push("  it does not say".to_owned());
        }
        let mut out = String::new();
        for row in 0..left.len().max(right.len()) {
            let (left, right) = (left.get(row), right.get(row));
            let left: String = left
                .map(String::as_str)
                .unwrap_or_default()
                .chars()
                .take(LEFT)
                .collect();
            let right = right.map(String::as_str).unwrap_or_default();
            if row == 0 {
                let _ = writeln!(out, "  {STRONG}{left:LEFT$}  {right}{STRONG:#}");
            } else {
                let _ = writeln!(out, "  {left:LEFT$}  {right}");
            }
        }
        let style = if self.meets.is_some() {
            GOOD
        } else if self.is_told {
            BAD
        } else {
            FAINT
        };
        let _ = writeln!(out, "  {style}{}{style:#}", self.told());
        out
    }
}
