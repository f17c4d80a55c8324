//! What a server demands of its clients, graded. Nothing of the user's is sent to a server that is not believed;
//! where a check needs the user's certificate and there is none, it says so and is no success.

mod clients;
mod offers;

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Anchors, Code};
use jiff::Timestamp;

use crate::{Ending, Subject, connect, exchange, patience::Patience, trace};

/// From the best to the worst. Each check allows a best one, and the server has the worst of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// A, and what is recorded today cannot be read by the quantum computers of tomorrow.
    APlus,
    A,
    /// Safe, and something is left over from old times or tells more than it has to.
    B,
    /// Connections may be weak, or more people may come in than were meant.
    C,
    /// Whoever has no certificate is served as well.
    D,
    /// Nobody is kept out, or nobody is asked.
    F,
}

impl Grade {
    pub fn name(self) -> &'static str {
        match self {
            Self::APlus => "A+",
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::F => "F",
        }
    }
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Good,
    /// Could be better.
    Remark,
    Hole,
    /// Could not be found out.
    Unknown,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Remark => "remark",
            Self::Hole => "hole",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub struct Check {
    /// A name that stays, for machines.
    pub name: &'static str,
    /// The best grade that it allows; nothing where it could not be found out.
    pub grade: Option<Grade>,
    pub says: String,
    pub help: Option<String>,
    pub code: Option<Code>,
}

impl Check {
    fn new(name: &'static str, grade: Grade, says: impl Into<String>) -> Self {
        Self {
            name,
            grade: Some(grade),
            says: says.into(),
            help: None,
            code: None,
        }
    }

    fn unknown(name: &'static str, says: impl Into<String>) -> Self {
        Self {
            grade: None,
            ..Self::new(name, Grade::A, says)
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    pub fn verdict(&self) -> Verdict {
        match self.grade {
            Some(Grade::APlus) => Verdict::Good,
            Some(Grade::A | Grade::B) => Verdict::Remark,
            Some(Grade::C | Grade::D | Grade::F) => Verdict::Hole,
            None => Verdict::Unknown,
        }
    }

    /// The finding of the catalogue that it comes to.
    pub fn finding(&self) -> Option<Finding> {
        let finding = Finding::new(self.code?, Refuser::Server, Certainty::Certain, &self.says);
        Some(finding.help(self.help.clone().unwrap_or_default()))
    }
}

/// Everything that was looked at.
#[derive(Debug, Clone)]
pub struct Posture {
    /// As it was named.
    pub target: String,
    /// The server cannot be reached, and why.
    pub unreachable: Option<String>,
    pub checks: Vec<Check>,
}

/// Without these nothing can be said of who comes in.
const NEEDED: [&str; 2] = ["client-certificate", "verification"];

impl Posture {
    /// The worst of what the checks allow; nothing where the most important ones could not be made.
    pub fn grade(&self) -> Option<Grade> {
        let worst = self.checks.iter().filter_map(|check| check.grade).max()?;
        let is_known = |name| {
            let is_it = |check: &Check| check.name == name && check.grade.is_some();
            self.checks.iter().any(is_it)
        };
        (worst >= Grade::D || NEEDED.into_iter().all(is_known)).then_some(worst)
    }

    /// The checks that decided the grade.
    pub fn reasons(&self) -> impl Iterator<Item = &Check> {
        let grade = self.grade();
        self.checks
            .iter()
            .filter(move |check| check.grade.is_some() && check.grade == grade && grade > Some(Grade::APlus))
    }

    pub fn has_holes(&self) -> bool {
        self.checks.iter().any(|check| check.verdict() == Verdict::Hole)
    }
}

/// Looks at the server of `subject` at `now`; `named` is how the user called it, `system` are the public CAs.
pub async fn look(named: String, subject: &Subject, system: &Anchors, now: Timestamp) -> Posture {
    let anonymous = clients::anonymous(subject);
    let contact = connect::connect(&anonymous.target, Patience::default()).await;
    let (seen, answer) = exchange::exchange(contact, &anonymous.talk, Patience::default()).await;
    let first = trace::trace(seen, &anonymous.target);
    let mut posture = Posture {
        target: named,
        unreachable: None,
        checks: Vec::new(),
    };
    if let Ending::Unreachable(why) = &first.ending {
        posture.unreachable = Some(why.clone());
        return posture;
    }
    posture.checks = clients::checks(subject, &anonymous, &first, answer.as_ref(), system, now).await;
    let offers = offers::offers(&subject.target).await;
    posture.checks.extend(offers::checks(&offers));
    posture
}
