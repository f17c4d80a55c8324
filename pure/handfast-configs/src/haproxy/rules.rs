//! The rules of a frontend and of its backends, followed for one kind of client.

use super::{
    conditions::{Client, applies, depends, split},
    lines::{Line, Section},
};
use crate::span::Word;

/// A frontend with the backends that it may send to.
pub(super) struct Flow<'a> {
    pub(super) front: &'a Section,
    pub(super) sections: &'a [Section],
}

/// A backend, and the line that sends there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route<'a> {
    pub(super) name: &'a str,
    pub(super) index: usize,
}

impl<'a> Flow<'a> {
    /// The backends that a request of `client` can come to, past the rules of the frontend and their own.
    pub(super) fn reached(&self, client: Client) -> Vec<&'a str> {
        let routes = self.routes(client);
        routes.into_iter().map(|route| route.name).collect()
    }

    /// The same, with the lines that send there.
    pub(super) fn routes(&self, client: Client) -> Vec<Route<'a>> {
        if is_refused(self.front, client) {
            return Vec::new();
        }
        let mut found: Vec<Route<'a>> = Vec::new();
        let mut is_sure = false;
        let lines = || self.front.lines.iter().enumerate();
        for (index, line) in lines().filter(|(_, line)| line.word(0) == "use_backend") {
            let takes = applies(line, self.front, client);
            if takes != Some(false) && !is_sure {
                found.push(Route {
                    name: line.word(1),
                    index,
                });
            }
            is_sure |= takes == Some(true);
        }
        let mut default = lines().filter(|(_, line)| line.word(0) == "default_backend" && !is_sure);
        found.extend(default.next_back().map(|(index, line)| Route {
            name: line.word(1),
            index,
        }));
        if self.front.kind == "listen" && self.front.all("server").next().is_some() {
            let index = self
                .front
                .lines
                .iter()
                .position(|line| line.word(0) == "server")
                .unwrap_or(0);
            found.push(Route {
                name: &self.front.name,
                index,
            });
        }
        found.retain(|route| self.back(route.name).is_none_or(|back| !is_refused(back, client)));
        // A frontend that sends nowhere still answers by itself, so that it counts as one place.
        if found.is_empty() && self.sends_nowhere() {
            found.push(Route {
                name: &self.front.name,
                index: 0,
            });
        }
        found
    }

    fn sends_nowhere(&self) -> bool {
        !self
            .front
            .lines
            .iter()
            .any(|line| ["use_backend", "default_backend", "server"].contains(&line.word(0)))
    }

    /// The section of a backend.
    pub(super) fn back(&self, name: &str) -> Option<&'a Section> {
        self.sections
            .iter()
            .find(|section| section.name == name && section.kind == "backend")
    }

    /// All lines of the frontend and of every backend that it names.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'a Line> {
        let names = self
            .front
            .lines
            .iter()
            .filter(|line| line.word(0).ends_with("_backend"));
        let backs: Vec<&'a Section> = names.filter_map(|line| self.back(line.word(1))).collect();
        self.front
            .lines
            .iter()
            .chain(backs.into_iter().flat_map(|back| &back.lines))
    }

    /// Whether a rule that we cannot follow may refuse `client`.
    pub(super) fn is_unsure(&self, client: Client) -> bool {
        let names = self
            .front
            .lines
            .iter()
            .filter(|line| line.word(0).ends_with("_backend"));
        let backs = names.filter_map(|line| self.back(line.word(1)));
        let sections = [self.front].into_iter().chain(backs);
        // What is kept of the certificate is kept from the stranger's own, so that he chooses it.
        let may_refuse = |section: &Section, line: &Line| {
            (refuses(line) || line.word(0) == "use_backend")
                && depends(line, section)
                && applies(line, section, client).is_none()
                && client != Client::Stranger
        };
        sections.into_iter().any(|section| {
            section
                .lines
                .iter()
                .any(|line| may_refuse(section, line) || is_foreign(line))
        })
    }

    /// Whether anything depends on who the client is.
    pub(super) fn looks(&self) -> bool {
        let says_who = |word: &Word| {
            let rest = word.split("ssl_c_").skip(1);
            let mut names = rest.map(|rest| rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next());
            names.any(|name| {
                let name = name.unwrap_or_default();
                ![
                    "used",
                    "verify",
                    "err",
                    "ca_err",
                    "ca_err_depth",
                    "notafter",
                    "notbefore",
                ]
                .contains(&name)
            })
        };
        let decides =
            |line: &Line| !["log-format", "log-format-sd", "unique-id-format"].contains(&line.word(0));
        self.lines()
            .any(|line| decides(line) && line.words.iter().any(says_who) || is_foreign(line))
    }

    /// Whether the backend is told by the PROXY protocol.
    pub(super) fn is_told_by_proxy(&self) -> bool {
        self.lines().any(|line| {
            ["server", "default-server"].contains(&line.word(0))
                && line
                    .words
                    .iter()
                    .any(|word| word.starts_with("send-proxy-v2-ssl") || word.contains("cert-cn"))
        })
    }

    /// Whether a request's host is compared with the name of its handshake, or that name alone chooses.
    pub(super) fn compares_host(&self) -> bool {
        let speaks = |line: &Line, of: &str| {
            let (_, condition) = split(&line.words);
            condition.is_some_and(|(_, condition)| {
                condition.iter().any(|word| {
                    let name = word.trim_start_matches('!');
                    let mut acls = self.front.all("acl").filter(|acl| acl.word(1) == name);
                    word.contains(of) || acls.any(|acl| acl.words.iter().any(|word| word.contains(of)))
                })
            })
        };
        let refused = self
            .front
            .lines
            .iter()
            .any(|line| refuses(line) && speaks(line, "ssl_fc_sni"));
        let mut chosen = self.front.all("use_backend").peekable();
        let by_name =
            chosen.peek().is_some() && chosen.all(|line| speaks(line, "ssl_fc_sni") && !speaks(line, "host"));
        refused || by_name
    }
}

/// Whether a line, where it applies, ends the request or the connection.
pub(super) fn refuses(line: &Line) -> bool {
    const ENDS: [&str; 6] = ["deny", "reject", "tarpit", "silent-drop", "return", "redirect"];
    match line.word(0) {
        "redirect" | "block" => true,
        "http-request" => ENDS.contains(&line.word(1)),
        "tcp-request" => ENDS.contains(&line.word(2)),
        _ => false,
    }
}

/// A script or another program decides.
fn is_foreign(line: &Line) -> bool {
    match line.word(0) {
        "http-request" => line.word(1).starts_with("lua."),
        "tcp-request" => line.word(2).starts_with("lua."),
        "filter" => line.word(1) == "spoe",
        _ => false,
    }
}

/// Whether the rules of `section` are sure to refuse `client`.
pub(super) fn is_refused(section: &Section, client: Client) -> bool {
    let (tcp, http): (Vec<&Line>, Vec<&Line>) = section
        .lines
        .iter()
        .partition(|line| line.word(0) == "tcp-request");
    for phase in [tcp, http] {
        for line in phase {
            let lets_in = matches!((line.word(0), line.word(1)), ("http-request", "allow"))
                || line.word(0) == "tcp-request" && line.word(2) == "accept";
            let holds = applies(line, section, client) == Some(true);
            if holds && refuses(line) {
                return true;
            }
            if holds && lets_in {
                break;
            }
        }
    }
    false
}
