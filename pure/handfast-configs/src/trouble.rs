//! Why a configuration cannot be judged: both values, and where.

use handfast_finding::{Place, Problem, shell::shell};
use handfast_pki::{Code, code, conceal::concealed};

/// A configuration that cannot be read as what it is; the operator's, and no finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// A file that is missing, or that we may not read.
    #[error("\"{file}\" cannot be read{}: {why}", of(.named_at))]
    Unreadable {
        /// As it was named.
        file: String,
        /// The line that names it; none for the file that the user named.
        named_at: Option<Place>,
        /// What the system says.
        why: String,
    },
    /// Bytes that are no text.
    #[error("\"{file}\": expected text, found bytes that are none")]
    NotText {
        /// As it was named.
        file: String,
    },
    /// Text that its program would not read either, or that we do not.
    #[error("{place}: expected {expected}, found {found}")]
    Malformed {
        /// Where.
        place: Place,
        /// What would have been right.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Text that is of no program that we know.
    #[error(
        "\"{file}\": expected a configuration of nginx, Apache, HAProxy, Envoy or Caddy, found none of them"
    )]
    UnknownKind {
        /// As it was named.
        file: String,
    },
    /// A configuration of another program.
    #[error(
        "\"{file}\": expected a configuration of nginx, Apache, HAProxy, Envoy or Caddy, found one of {name}, which is not read"
    )]
    OtherKind {
        /// As it was named.
        file: String,
        /// The program.
        name: &'static str,
    },
    /// The configuration of our own proxy.
    #[error("\"{file}\" is a configuration of Handfast itself")]
    Ours {
        /// As it was named.
        file: String,
    },
}

fn of(named_at: &Option<Place>) -> String {
    named_at
        .as_ref()
        .map(|place| format!(", which {place} names"))
        .unwrap_or_default()
}

impl Trouble {
    /// What is repeated of the configuration may be a key that it holds itself.
    pub(super) fn malformed(place: &Place, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Malformed {
            place: place.clone(),
            expected: concealed(&expected.into()).into_owned(),
            found: concealed(&found.into()).into_owned(),
        }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Unreadable { .. } => code::UNREADABLE,
            Self::NotText { .. } | Self::UnknownKind { .. } | Self::OtherKind { .. } => code::WRONG_FORMAT,
            Self::Malformed { .. } | Self::Ours { .. } => code::CONFIG_INVALID,
        }
    }
}

impl From<&Trouble> for Problem {
    fn from(trouble: &Trouble) -> Self {
        use Trouble as T;
        let problem = Self::new(trouble.code(), trouble);
        match trouble {
            T::Unreadable {
                named_at: Some(_), ..
            } => problem.help("name the folder that relative paths start from: --prefix DIR"),
            T::UnknownKind { .. } => problem.help("say what it is: --kind nginx"),
            T::OtherKind { .. } => problem.help(
                "nothing is said about its mutual TLS; try it with a connection: handfast doctor HOST:PORT",
            ),
            T::Ours { file } => problem
                .help("have it checked as such")
                .command(format!("handfast check --config {}", shell(file))),
            T::Malformed {
                place,
                expected,
                found,
            } => Self::new(trouble.code(), format_args!("expected {expected}, found {found}"))
                .place(Some(place.clone())),
            _ => problem,
        }
    }
}
