//! How many files and sockets the process may open: every connection is one, and often two.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::Limits;

/// The limit of descriptors as it was found and as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptors {
    pub before: u64,
    pub now: u64,
}

/// Log, files, watches, runtimes and what is opened for a moment.
const OTHERS: u64 = 64;

/// Raises the soft limit of descriptors to the hard one (setrlimit(2)). Systems keep the soft one low for programs that
/// use select(2), which this is not.
pub fn raise() -> Descriptors {
    let limit = getrlimit(Resource::Nofile);
    let before = limit.current.unwrap_or(u64::MAX);
    let wanted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Refused where the system has a lower limit of its own: then everything stays as it is.
    let now = match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => limit.maximum.unwrap_or(u64::MAX),
        Err(_) => before,
    };
    Descriptors { before, now }
}

impl Descriptors {
    /// What the operator should know: how many there are, and whether `limits` fit.
    pub fn shown(&self, limits: &Limits) -> String {
        let needed = (limits.connections as u64)
            .saturating_add(limits.backend_connections as u64)
            .saturating_add(OTHERS);
        let raised = if self.now > self.before {
            format!(" (raised from {})", self.before)
        } else {
            String::new()
        };
        let have = if self.now == u64::MAX {
            "without a limit".to_owned()
        } else {
            self.now.to_string()
        };
        if self.now >= needed {
            return format!("  descriptors: {have}{raised}");
        }
        format!(
            "  warning: descriptors: {have}{raised}, and {} connections with {} to the backend need {needed}: raise the \
             hard limit (ulimit -Hn, LimitNOFILE=)",
            limits.connections, limits.backend_connections
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_raised_and_what_does_not_suffice_is_said() {
        let limits = Limits::default();
        let shown = |before, now| Descriptors { before, now }.shown(&limits);
        assert_eq!(shown(1024, 524_288), "  descriptors: 524288 (raised from 1024)");
        assert_eq!(shown(u64::MAX, u64::MAX), "  descriptors: without a limit");
        let few = shown(1024, 4096);
        assert!(few.contains("warning") && few.contains("24160"), "{few}");
    }
}
