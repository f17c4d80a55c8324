//! The names of stores and layouts on the command line.

use clap::ValueEnum;
use handfast_truststore::{Layout, Store};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Who {
    System,
    Curl,
    Python,
    Node,
    Java,
    Firefox,
}

impl From<Who> for Store {
    fn from(who: Who) -> Self {
        match who {
            Who::System => Self::System,
            Who::Curl => Self::Curl,
            Who::Python => Self::Python,
            Who::Node => Self::Node,
            Who::Java => Self::Java,
            Who::Firefox => Self::Firefox,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KeptAs {
    /// Debian, Ubuntu, Alpine
    Debian,
    /// Fedora, RHEL, CentOS, Amazon Linux
    Fedora,
    /// Arch
    Arch,
}

impl From<KeptAs> for Layout {
    fn from(kept: KeptAs) -> Self {
        match kept {
            KeptAs::Debian => Self::Debian,
            KeptAs::Fedora => Self::Fedora,
            KeptAs::Arch => Self::Arch,
        }
    }
}
