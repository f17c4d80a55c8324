//! A case: what is wrong, with which programs it is made, how it is looked at, and what must be found.

use handfast_pki::Code;
use jiff::Timestamp;

use crate::{Error, Folder, Program, Running, cast};

/// What must be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    pub code: Code,
    /// `server`, `client` or `network`: who refused; nothing where any will do.
    pub side: Option<&'static str>,
    /// `certain`, `likely` or `guess`; nothing where any will do.
    pub certainty: Option<&'static str>,
    pub stands: Stands,
}

/// Where it must stand among the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    First,
    /// Two things are wrong at once: both are found before all others, in any order.
    Beside(Code),
    /// What can be seen does not tell this cause from others: it is among the findings, and no other of
    /// them is certain.
    Among,
}

/// A finding, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub code: String,
    pub side: String,
    pub certainty: String,
}

impl Expected {
    /// Whether `found`, the most probable cause first, says it.
    pub fn is_met(&self, found: &[Found]) -> bool {
        let code = self.code.to_string();
        match self.stands {
            Stands::First => found.first().is_some_and(|first| {
                let is_side = self.side.is_none_or(|side| side == first.side);
                let is_sure = self
                    .certainty
                    .is_none_or(|certainty| certainty == first.certainty);
                first.code == code && is_side && is_sure
            }),
            Stands::Beside(other) => {
                let mut both = [code, other.to_string()];
                let mut first: Vec<&str> = found.iter().take(2).map(|found| found.code.as_str()).collect();
                both.sort();
                first.sort_unstable();
                first == both
            }
            Stands::Among => {
                found.iter().any(|found| found.code == code)
                    && found
                        .iter()
                        .all(|found| found.certainty != "certain" || found.code == code)
            }
        }
    }
}

/// One failure, or a connection that has none.
pub struct Case {
    /// Code and program, such as `HF-206/nginx`; `healthy/nginx` where nothing is wrong.
    pub name: String,
    /// What is wrong, in a sentence without a full stop.
    pub description: String,
    /// Nothing where nothing is wrong.
    pub expected: Option<Expected>,
    pub needs: Vec<Program>,
    /// Whether what must be found was written from the pages, before what the doctor says of it was known.
    pub is_blind: bool,
    make: Make,
}

type Make = Box<dyn Fn(&Folder) -> Result<Scene, Error> + Send + Sync>;

/// A case that stands: its programs run until this is dropped.
#[derive(Debug)]
pub struct Scene {
    pub look: Look,
    /// The same connection with the tools of others, as lines of `sh`.
    pub curl: Option<String>,
    pub openssl: Option<String>,
    pub running: Vec<Running>,
}

/// How to look at a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Run `handfast` with these arguments, in the folder of the case.
    Command(Vec<String>),
    /// Run `handfast` with these arguments until it says where it listens; then run `client` with that port in
    /// `$PORT`.
    Listen { arguments: Vec<String>, client: String },
    /// Run this line of `sh` and give what it says to `handfast doctor text`.
    Text(String),
}

impl Case {
    pub(crate) fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        needs: &[Program],
        make: impl Fn(&Folder) -> Result<Scene, Error> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            expected: None,
            needs: needs.to_vec(),
            is_blind: false,
            make: Box::new(make),
        }
    }

    pub(crate) fn expect(mut self, code: Code, side: &'static str, certainty: &'static str) -> Self {
        self.expected = Some(Expected {
            code,
            side: Some(side),
            certainty: Some(certainty),
            stands: Stands::First,
        });
        self
    }

    /// Of any side, and with any certainty.
    pub(crate) fn find(mut self, code: Code, stands: Stands) -> Self {
        self.expected = Some(Expected {
            code,
            side: None,
            certainty: None,
            stands,
        });
        self
    }

    pub(crate) fn blind(mut self) -> Self {
        self.is_blind = true;
        self
    }

    /// The programs that this machine lacks for it.
    pub fn missing(&self) -> Vec<Program> {
        let is_missing = |program: &&Program| program.find().is_err();
        self.needs.iter().filter(is_missing).copied().collect()
    }

    /// Writes the files of the case into `folder` and starts its programs.
    pub fn make(&self, folder: &Folder) -> Result<Scene, Error> {
        for program in &self.needs {
            program.find()?;
        }
        cast::write(folder, Timestamp::now())?;
        (self.make)(folder)
    }
}

impl Scene {
    /// A look at what listens on `port` as HTTPS, with the certificate in the folder `pair` where there is one.
    pub(crate) fn https(running: Vec<Running>, port: u16, pair: Option<&str>, more: &[&str]) -> Self {
        let target = format!("https://localhost:{port}/");
        let mut words = vec![
            "doctor".to_owned(),
            target.clone(),
            "--ca".into(),
            "ca.crt".into(),
        ];
        words.extend(pair.iter().flat_map(|pair| {
            [
                "--cert",
                &format!("{pair}/tls.crt"),
                "--key",
                &format!("{pair}/tls.key"),
            ]
            .map(str::to_owned)
        }));
        words.extend(more.iter().map(|word| (*word).to_owned()));
        let curl_pair = pair.map_or(String::new(), |pair| {
            format!(" --cert {pair}/tls.crt --key {pair}/tls.key")
        });
        let openssl_pair = pair.map_or(String::new(), |pair| {
            format!(" -cert {pair}/tls.crt -key {pair}/tls.key -cert_chain {pair}/tls.crt")
        });
        Self {
            look: Look::Command(words),
            curl: Some(format!("curl -v --cacert ca.crt{curl_pair} {target}")),
            openssl: Some(format!(
                "openssl s_client -connect localhost:{port} -CAfile ca.crt{openssl_pair}"
            )),
            running,
        }
    }

    /// With `new` for `old` in every line.
    pub(crate) fn instead_of(mut self, old: &str, new: &str) -> Self {
        if let Look::Command(words) = &mut self.look {
            for word in words {
                *word = word.replace(old, new);
            }
        }
        for line in [&mut self.curl, &mut self.openssl].into_iter().flatten() {
            *line = line.replace(old, new);
        }
        self
    }

    /// With other arguments for `handfast`.
    pub(crate) fn look(mut self, words: &[&str]) -> Self {
        self.look = Look::Command(words.iter().map(|word| (*word).to_owned()).collect());
        self
    }

    /// No program runs, or none that curl and OpenSSL could look at.
    pub(crate) fn only(look: Look) -> Self {
        Self {
            look,
            curl: None,
            openssl: None,
            running: Vec::new(),
        }
    }
}

/// The arguments of `handfast doctor listen` on a free port, as the lab's server.
pub(crate) fn listen(more: &[&str]) -> Vec<String> {
    [
        "doctor",
        "listen",
        "127.0.0.1:0",
        "--cert",
        "server/tls.crt",
        "--key",
        "server/tls.key",
    ]
    .iter()
    .chain(more)
    .map(|word| (*word).to_owned())
    .collect()
}
