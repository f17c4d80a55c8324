//! How a command ends: one exit code for each cause, whichever command meets it.

use std::process::ExitCode;

use handfast_finding::{Finding, Refuser};
use handfast_pki::{Code, code};

/// The exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The answer is yes, or the work is done.
    Yes = 0,
    /// The answer is no, or a problem was found.
    No = 1,
    /// Misuse or bad configuration.
    Misuse = 2,
    /// Could not connect or find out.
    Unreachable = 3,
    /// The peer refused us.
    Refused = 4,
    /// We do not trust the peer.
    Untrusted = 5,
    /// A policy refused.
    Denied = 6,
    /// A bug of ours.
    Bug = 70,
    /// Broken off by Ctrl-C (SIGINT), as shells number it.
    Interrupted = 130,
    /// Broken off by SIGQUIT.
    Quit = 131,
    /// Broken off by SIGPIPE, or because nobody reads any more.
    Unread = 141,
    /// Broken off by SIGTERM.
    Terminated = 143,
    /// `needs-renewal` cannot tell, as `step` numbers it.
    CannotTell = 255,
}

impl Exit {
    /// How a command ends that cannot do its work because of `code`. An answer of no is not this: the command says that.
    pub fn of(code: Code) -> Self {
        match code {
            code::BUG => Self::Bug,
            code::STORE
            | code::NOT_RECORDED
            | code::LINT
            | code::AUDIT_DAMAGED
            | code::HISTORY_REWRITTEN
            | code::PROOF_REFUSED
            | code::OUTPUT_LOST
            | code::WAITS
            | code::CLOCK => Self::No,
            code::OWN_APPROVAL => Self::Denied,
            code::TOOL
            | code::LAB
            | code::NOT_TLS
            | code::CUT_SHORT
            | code::CANNOT_CONNECT
            | code::NOTHING_TOLD => Self::Unreachable,
            _ => Self::Misuse,
        }
    }

    /// How a request ends that `finding` explains: the side that refused counts.
    pub fn of_request(finding: &Finding) -> Self {
        match finding.side {
            // Who does not speak TLS has not refused us.
            _ if finding.code == code::NOT_TLS => Self::Unreachable,
            Refuser::Server => Self::Refused,
            Refuser::Client => Self::Untrusted,
            Refuser::Network => Self::Unreachable,
        }
    }

    /// How a look ends that found something, or nothing.
    pub fn found(findings: &[Finding]) -> Self {
        if findings.is_empty() { Self::Yes } else { Self::No }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_or_a_flag_is_to_blame_for_ends_alike_whichever_it_is() {
        for code in [
            code::USAGE,
            code::UNREADABLE,
            code::WRONG_FORMAT,
            code::KEY_MISMATCH,
            code::EXPIRED,
            code::CONFIG_INVALID,
            code::EXISTS,
        ] {
            assert_eq!(Exit::of(code), Exit::Misuse, "{code}");
        }
        assert_eq!(Exit::of(code::STORE), Exit::No);
        assert_eq!(Exit::of(code::LAB), Exit::Unreachable);
        assert_eq!(Exit::of(code::BUG), Exit::Bug);
    }
}
