//! Where requests leave a server of nginx, and which clients get that far.
//!
//! Read in nginx: the conditions of a location hold for none inside of it (`ngx_http_rewrite_merge_loc_conf`), and a
//! named location is entered past those of the server (`ngx_http_named_location`).

use super::{
    Scope, has_script,
    tokens::Directive,
    variables::{Client, Fate, Variables, is_either, is_verdict},
    ways,
};
use crate::site::{Asks, Later, Reach, Said, Site};

/// A place at which requests can end: the server itself, a location, one in it.
struct Stop<'a> {
    location: Option<&'a Directive>,
    scope: Scope<'a>,
}

impl<'a> Stop<'a> {
    /// All of the server at the end of `scope`.
    fn all(scope: &Scope<'a>) -> Vec<Self> {
        let mut found = vec![Self {
            location: None,
            scope: scope.clone(),
        }];
        let mut at = 0;
        while let Some(scope) = found.get(at).map(|stop| stop.scope.clone()) {
            let inside = scope.0.last().copied().unwrap_or_default();
            for location in inside.iter().filter(|inner| inner.name == "location") {
                found.push(Self {
                    location: Some(location),
                    scope: scope.within(location.inside()),
                });
            }
            at += 1;
        }
        found
    }

    /// The name of a location for others to go on to.
    fn name(&self) -> Option<&'a str> {
        self.location
            .map(Directive::first)
            .filter(|name| name.starts_with('@'))
    }

    /// The path, or the pattern of one, without the sign before it.
    fn path(&self) -> Option<String> {
        let word = self.location?.words.last()?;
        Some(word.trim_start_matches(['^', '~', '=']).to_owned()).filter(|path| !path.is_empty())
    }

    /// Whether clients come here by themselves.
    fn is_open(&self) -> bool {
        let own = self.scope.0.last().copied().unwrap_or_default();
        self.name().is_none() && !own.iter().any(|inner| inner.name == "internal")
    }

    fn called(&self, target: &Directive) -> String {
        match self.location {
            Some(location) => format!("\"{}\"", location.written()),
            None => format!("\"{}\"", target.written()),
        }
    }

    /// What `try_files` goes on to when there is no file.
    fn tried(&self) -> Option<&'a str> {
        let last = self.scope.last("try_files")?.words.last()?;
        last.starts_with('@').then_some(last.as_str())
    }
}

/// One server, whose clients are followed.
pub(super) struct Reaches<'s, 'a> {
    site: &'s Site,
    variables: &'s Variables<'a>,
    /// How many blocks stand around the server.
    outside: usize,
    stops: Vec<Stop<'a>>,
}

impl<'s, 'a> Reaches<'s, 'a> {
    pub(super) fn new(site: &'s Site, scope: &Scope<'a>, variables: &'s Variables<'a>) -> Self {
        Self {
            site,
            variables,
            outside: scope.0.len() - 1,
            stops: Stop::all(scope),
        }
    }

    /// Every place from which something is reached.
    pub(super) fn all(&self) -> Vec<Reach> {
        let mut found = Vec::new();
        for stop in self.stops.iter().filter(|stop| stop.is_open()) {
            if self.is_over(stop) {
                continue;
            }
            let stranger = self.stranger(stop);
            found.extend(ways::targets(&stop.scope).map(|target| self.reach(stop, target, stranger)));
            let goes_on = stop.tried().and_then(|name| self.named(name));
            for target in goes_on.iter().flat_map(|named| ways::targets(&named.scope)) {
                let there = goes_on.map_or(Later::Accept, |named| {
                    self.past_the_server(named, &self.clients())
                });
                found.push(self.reach(stop, target, stranger.max(there)));
            }
            found.extend(self.files(stop, stranger));
        }
        found.extend(self.after_refusals());
        found
    }

    fn named(&self, name: &str) -> Option<&Stop<'a>> {
        self.stops.iter().find(|stop| stop.name() == Some(name))
    }

    /// Those who have not proven who they are.
    fn clients(&self) -> Vec<Client> {
        match self.site.asks.value {
            _ if !self.site.is_tls => vec![Client::Plain],
            // An unverified certificate is as good as none there, so both have to stay out.
            Asks::Unverified => vec![Client::Absent, Client::Stranger],
            _ => vec![Client::Absent],
        }
    }

    /// Whether even the clients that are meant are answered, or refused, before anything is reached.
    fn is_over(&self, stop: &Stop<'a>) -> bool {
        let usual = match self.site.asks.value {
            _ if !self.site.is_tls => Client::Plain,
            Asks::Never => Client::Absent,
            _ => Client::Verified,
        };
        let fate = self.variables.fate(&stop.scope.passed(self.outside), usual);
        matches!(fate, Fate::Refused | Fate::Answered)
    }

    /// What becomes at `stop` of who has not proven who he is.
    fn stranger(&self, stop: &Stop<'a>) -> Later {
        if self.site.is_tls && self.site.asks.value == Asks::Required {
            return Later::Refused;
        }
        self.later(stop, &stop.scope.passed(self.outside), &self.clients())
    }

    /// The same where the conditions of the server are passed over.
    fn past_the_server(&self, stop: &Stop<'a>, clients: &[Client]) -> Later {
        let own = stop.scope.0.last().copied().unwrap_or_default();
        self.later(stop, &[own], clients)
    }

    /// What becomes of the best off of `clients` that passes through `blocks` to `stop`.
    fn later(&self, stop: &Stop<'a>, blocks: &[&'a [Directive]], clients: &[Client]) -> Later {
        let fates: Vec<Fate> = clients
            .iter()
            .map(|client| self.variables.fate(blocks, *client))
            .collect();
        let is_kept_out = |fate: &Fate| matches!(fate, Fate::Refused | Fate::Answered);
        let is_routed =
            ways::targets(&stop.scope).any(|target| self.variables.depends(target.first(), is_either));
        match () {
            () if fates.iter().all(is_kept_out) || is_routed => Later::Refused,
            () if fates.contains(&Fate::Unsure)
                || has_script(&stop.scope, "ssl_client_verify")
                || is_fenced(&stop.scope) =>
            {
                Later::Unknown
            }
            () if ways::tells(&stop.scope, self.variables, is_verdict) => Later::Told,
            () => Later::Accept,
        }
    }

    fn reach(&self, stop: &Stop<'a>, target: &Directive, stranger: Later) -> Reach {
        let mut reach = Reach::new(stop.called(target), &target.place, target.first());
        reach.at = self.variables.addresses(target.first());
        reach.path = stop.path();
        reach.stranger = stranger;
        reach
    }

    /// The files that a place answers with, where nothing is handed on there.
    fn files(&self, stop: &Stop<'a>, stranger: Later) -> Option<Reach> {
        let is_covered = stop.location.is_none()
            && self
                .stops
                .iter()
                .any(|other| other.path().as_deref() == Some("/"));
        let hands_on = ways::targets(&stop.scope).next().is_some();
        if hands_on || is_covered || !self.site.is_http {
            return None;
        }
        let root = ["alias", "root"].iter().find_map(|name| stop.scope.last(name))?;
        // One fixed file, such as a page with an explanation.
        let tries = stop.scope.last("try_files");
        if tries.is_some_and(|tries| !tries.words.iter().any(|word| word.contains("uri"))) {
            return None;
        }
        let place = stop.location.map_or(&root.place, |location| &location.place);
        let folder = root.first().trim_end_matches('/');
        let called = stop.location.map_or("the server".to_owned(), |location| {
            format!("\"{}\"", location.written())
        });
        let mut reach = Reach::new(called, place, &format!("the files in {folder}"));
        reach.at = vec![format!("files {folder}")];
        reach.path = stop.path().or(Some("/".to_owned()));
        reach.stranger = stranger;
        reach.is_files = true;
        Some(reach)
    }

    /// What is reached by `error_page` once a client was refused.
    fn after_refusals(&self) -> Vec<Reach> {
        let mut found: Vec<Reach> = Vec::new();
        for stop in &self.stops {
            for page in stop.scope.all("error_page") {
                let Some((target, codes)) = page.words.split_last() else {
                    continue;
                };
                let codes: Vec<u16> = codes.iter().filter_map(|code| code.parse().ok()).collect();
                let clients = self.refused_with(stop, &codes);
                let Some(to) = self.error_stop(target).filter(|_| !clients.is_empty()) else {
                    continue;
                };
                let mut reaches = self.reached_past(to, &clients);
                for reach in &mut reaches {
                    reach.after = Some(Said::new((), page.written(), &page.place));
                }
                reaches.retain(|new| !found.iter().any(|old| old.place == new.place));
                found.extend(reaches);
            }
        }
        found
    }

    /// Who is refused at `stop` with one of `codes`: by the handshake with codes of its own, by a condition with that
    /// of its `return`.
    fn refused_with(&self, stop: &Stop<'a>, codes: &[u16]) -> Vec<Client> {
        const OF_A_BAD_ONE: u16 = 495;
        const OF_NONE: u16 = 496;
        const OF_NO_TLS: u16 = 497;
        let asks = self.site.asks.value;
        if !self.site.does_ask() {
            return Vec::new();
        }
        let mut clients = Vec::new();
        // The handshake's are told before there is a location.
        if stop.location.is_none() {
            let own = [
                (OF_A_BAD_ONE, Client::Stranger, asks != Asks::Unverified),
                (OF_NONE, Client::Absent, asks == Asks::Required),
                (OF_NO_TLS, Client::Plain, true),
            ];
            let told = own
                .iter()
                .filter(|(code, _, happens)| *happens && codes.contains(code));
            clients.extend(told.map(|(_, client, _)| *client));
        }
        if asks != Asks::Required {
            let blocks = stop.scope.passed(self.outside);
            let refused = self.clients().into_iter().filter(|client| {
                let code = self.variables.refusal(&blocks, *client);
                code.is_some_and(|code| codes.contains(&code))
            });
            clients.extend(refused);
        }
        clients
    }

    /// Where an error page is made: a named location, or one whose requests go on with the path that was asked for.
    fn error_stop(&self, target: &str) -> Option<&Stop<'a>> {
        if target.starts_with('@') {
            return self.named(target);
        }
        let here = |stop: &&Stop<'a>| stop.path().as_deref() == Some(target);
        let asks_again = |stop: &&Stop<'a>| {
            ways::targets(&stop.scope).any(|target| target.first().contains("$request_uri"))
        };
        self.stops.iter().find(|stop| here(stop) && asks_again(stop))
    }

    fn reached_past(&self, to: &Stop<'a>, clients: &[Client]) -> Vec<Reach> {
        let best = clients
            .iter()
            .map(|client| self.past_the_server(to, &[*client]))
            .min()
            .unwrap_or(Later::Refused);
        let mut reaches: Vec<Reach> = ways::targets(&to.scope)
            .map(|target| self.reach(to, target, best))
            .collect();
        reaches.extend(self.files(to, best));
        for reach in &mut reaches {
            reach.path = None;
        }
        reaches
    }
}

/// Whether only some addresses are let in.
pub(super) fn is_fenced(scope: &Scope<'_>) -> bool {
    scope.all("deny").iter().any(|deny| deny.first() == "all")
}
