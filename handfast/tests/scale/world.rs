// long: the second reading of the pages stands as a whole, so that it can be read beside them
//! Hosts made by chance, and what docs/reference/config.md says of a client and a request there. Nothing of the program is
//! called: this is a second reading of the same pages.

use std::fmt::{self, Write};

use super::load::Random;

/// A client, and what is known of its certificate.
#[derive(Debug)]
pub(crate) struct Cert {
    /// Its folder; a client without one shows no certificate.
    pub(crate) pair: Option<&'static str>,
    pub(crate) ca: &'static str,
    pub(crate) names: &'static [&'static str],
    /// What is wrong with it, wherever it is shown.
    pub(crate) flaw: Option<&'static str>,
}

const fn good(pair: &'static str, ca: &'static str, names: &'static [&'static str]) -> Cert {
    Cert {
        pair: Some(pair),
        ca,
        names,
        flaw: None,
    }
}

const WEB: &[&str] = &["uri:spiffe://acme/web"];

pub(crate) const CERTS: &[Cert] = &[
    Cert {
        pair: None,
        ca: "",
        names: &[],
        flaw: None,
    },
    good("web", "acme", WEB),
    good("job", "acme", &["uri:spiffe://acme/jobs/1"]),
    good("deep", "acme", &["uri:spiffe://acme/jobs/1/2"]),
    good("alpha-a", "alpha", &["dns:a.alpha.example"]),
    good("alpha-b", "alpha", &["dns:b.alpha.example"]),
    good(
        "alpha-two",
        "alpha",
        &["dns:a.alpha.example", "dns:b.alpha.example"],
    ),
    good("beta-a", "beta", &["dns:a.beta.example"]),
    // Names that their CA may not vouch for.
    good("acme-foreign", "acme", &["dns:a.alpha.example"]),
    good(
        "acme-mixed",
        "acme",
        &["uri:spiffe://acme/web", "dns:a.alpha.example"],
    ),
    good("alpha-deep", "alpha", &["dns:x.y.alpha.example"]),
    good("alpha-forged", "alpha", &["dns:a.beta.example"]),
    good("alpha-web", "alpha", WEB),
    good(
        "beta-mixed",
        "beta",
        &["dns:a.beta.example", "dns:a.alpha.example"],
    ),
    // Of a CA that is no host's.
    good("other-web", "other", WEB),
    good("other-a", "other", &["dns:a.alpha.example"]),
    Cert {
        pair: Some("expired"),
        ca: "acme",
        names: WEB,
        flaw: Some("HF-202"),
    },
    Cert {
        pair: Some("a-server"),
        ca: "acme",
        names: &["uri:spiffe://acme/web", "dns:localhost"],
        flaw: Some("HF-201"),
    },
];

/// The CAs, and the one rule that says what each may vouch for.
const CAS: [(&str, Rule); 3] = [
    (
        "acme",
        ("uri:spiffe://acme/**", Means::Uri("spiffe://acme/", true)),
    ),
    (
        "alpha",
        ("dns:*.alpha.example", Means::Dns(".alpha.example", false)),
    ),
    ("beta", ("dns:*.beta.example", Means::Dns(".beta.example", false))),
];

/// A rule as it is written, and what that means.
type Rule = (&'static str, Means);

#[derive(Debug, Clone, Copy)]
enum Means {
    Anonymous,
    Any,
    Exactly(&'static str),
    /// A beginning, and whether more than one segment may follow.
    Uri(&'static str, bool),
    /// An end, and whether more than one label may precede.
    Dns(&'static str, bool),
}

const RULES: &[Rule] = &[
    ("any", Means::Any),
    ("uri:spiffe://acme/web", Means::Exactly("uri:spiffe://acme/web")),
    ("uri:spiffe://acme/*", Means::Uri("spiffe://acme/", false)),
    ("uri:spiffe://acme/**", Means::Uri("spiffe://acme/", true)),
    (
        "uri:spiffe://acme/jobs/*",
        Means::Uri("spiffe://acme/jobs/", false),
    ),
    ("uri:spiffe://acme/we", Means::Exactly("uri:spiffe://acme/we")),
    ("dns:a.alpha.example", Means::Exactly("dns:a.alpha.example")),
    ("dns:B.Alpha.EXAMPLE", Means::Exactly("dns:b.alpha.example")),
    ("dns:*.alpha.example", Means::Dns(".alpha.example", false)),
    ("dns:**.example", Means::Dns(".example", true)),
    ("dns:*.example", Means::Dns(".example", false)),
    ("dns:*.beta.example", Means::Dns(".beta.example", false)),
    // Of another type than any name.
    (
        "uri:https://a.alpha.example",
        Means::Exactly("uri:https://a.alpha.example"),
    ),
    ("cn:web", Means::Exactly("cn:web")),
    ("email:*@acme.example", Means::Exactly("email:none")),
];

impl Means {
    fn fits_name(self, name: &str) -> bool {
        let one_or_more = |parts: &str, between: char, many: bool| {
            let count = parts.split(between).count();
            parts.split(between).all(|part| !part.is_empty()) && (many || count == 1)
        };
        match self {
            Self::Anonymous | Self::Any => false,
            Self::Exactly(whole) => name == whole,
            Self::Uri(begin, many) => name
                .strip_prefix("uri:")
                .and_then(|uri| uri.strip_prefix(begin))
                .is_some_and(|rest| one_or_more(rest, '/', many)),
            Self::Dns(end, many) => name
                .strip_prefix("dns:")
                .and_then(|dns| dns.strip_suffix(end))
                .is_some_and(|rest| one_or_more(rest, '.', many)),
        }
    }

    fn fits(self, cert: &Cert) -> bool {
        match self {
            Self::Anonymous => cert.pair.is_none(),
            Self::Any => cert.pair.is_some(),
            _ => cert.names.iter().any(|name| self.fits_name(name)),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Route {
    /// Without a slash at its end; "/" is the empty one.
    path: &'static str,
    methods: &'static [&'static str],
    allow: Vec<Rule>,
    deny: Vec<Rule>,
    /// Which backend it leads to.
    pub(crate) to: usize,
}

impl Route {
    fn allows(&self, cert: &Cert) -> bool {
        let any = |rules: &[Rule]| rules.iter().any(|(_, means)| means.fits(cert));
        any(&self.allow) && !any(&self.deny)
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        let is_below = path
            .strip_prefix(self.path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        is_below && (self.methods.is_empty() || self.methods.contains(&method))
    }
}

#[derive(Debug)]
pub(crate) struct Host {
    names: &'static [&'static str],
    is_default: bool,
    /// The folder of its certificate.
    pub(crate) pair: String,
    clients: Vec<&'static str>,
    optional: bool,
    pub(crate) explains: bool,
    resumption: bool,
    pub(crate) speaks_http: bool,
    routes: Vec<Route>,
}

/// What a host says of a client in the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    Accepted,
    /// With one of these codes.
    Refused([&'static str; 2]),
}

impl Host {
    /// Whether the client is accepted: its CA is one of the host's, vouches for its own names alone, and a route allows it.
    pub(crate) fn entry(&self, cert: &Cert) -> Entry {
        let refused = |code| Entry::Refused([code, cert.flaw.unwrap_or(code)]);
        let is_allowed = self.routes.iter().any(|route| route.allows(cert));
        if cert.pair.is_none() {
            return match self.optional && is_allowed {
                true => Entry::Accepted,
                false => refused("HF-101"),
            };
        }
        if !self.clients.contains(&cert.ca) {
            return refused("HF-103");
        }
        let bound = CAS.iter().find(|(name, _)| *name == cert.ca);
        let (_, (_, bound)) = bound.expect("a CA of the hosts");
        if !cert.names.iter().all(|name| bound.fits_name(name)) {
            return refused("HF-217");
        }
        match (cert.flaw, is_allowed) {
            (Some(flaw), _) => refused(flaw),
            (None, false) => refused("HF-609"),
            (None, true) => Entry::Accepted,
        }
    }

    /// The route of a request, with the path in its one form.
    pub(crate) fn route(&self, method: &str, path: &str) -> Option<&Route> {
        let fitting = self.routes.iter().filter(|route| route.fits(method, path));
        fitting.max_by_key(|route| route.path.len())
    }

    pub(crate) fn allows(route: &Route, cert: &Cert) -> bool {
        route.allows(cert)
    }

    /// Whether every request has one answer, so that paths are forwarded as they came.
    pub(crate) fn passes_paths_on(&self) -> bool {
        matches!(&*self.routes, [only] if only.path.is_empty() && only.methods.is_empty())
    }
}

pub(crate) struct World {
    pub(crate) listeners: Vec<Vec<Host>>,
}

/// The names of the hosts of each listener.
const NAMES: [&[&[&str]]; 3] = [
    &[
        &["api.acme.example", "*.api.acme.example"],
        &["admin.example"],
        &["*.wild.example"],
        &["x.wild.example", "xn--bcher-kva.example"],
    ],
    // The first name of the first listener, with rules of its own.
    &[&["api.acme.example"], &[]],
    &[&["tcp.example"], &["bytes.example"]],
];

/// What clients ask for, in the handshake and in requests.
pub(crate) const ASKED: [&str; 13] = [
    "api.acme.example",
    "one.api.acme.example",
    "a.b.api.acme.example",
    "admin.example",
    "sub.admin.example",
    "x.wild.example",
    "y.wild.example",
    "wild.example",
    "xn--bcher-kva.example",
    "tcp.example",
    "bytes.example",
    "unknown.example",
    // No name at all.
    "127.0.0.1",
];

const PATHS: [&str; 6] = [
    "",
    "/reports",
    "/reports/admin",
    "/admin",
    "/Reports",
    "/reports/a%20b",
];
const METHODS: [&[&str]; 5] = [&[], &[], &["GET"], &["GET", "DELETE"], &["POST", "PUT"]];

impl World {
    pub(crate) fn new(random: &mut Random) -> Self {
        let listeners = NAMES.iter().enumerate().map(|(place, names)| {
            let default = random.below(names.len() + 1);
            let hosts = names.iter().enumerate().map(|(at, names)| Host {
                names,
                is_default: at == default || names.is_empty(),
                pair: format!("host-{place}-{at}"),
                ..Host::new(random, place < 2)
            });
            let mut hosts: Vec<_> = hosts.collect();
            // The last of several defaults would be one too many.
            if hosts.iter().filter(|host| host.is_default).count() > 1 {
                hosts[0].is_default = false;
            }
            hosts
        });
        Self {
            listeners: listeners.collect(),
        }
    }

    /// The host that a name means at a listener: the name in full, one label for a `*`, or else the default.
    pub(crate) fn host(&self, listener: usize, asked: &str) -> Option<usize> {
        let hosts = &self.listeners[listener];
        let asked = asked.to_ascii_lowercase();
        let has = |wanted: &str| hosts.iter().position(|host| host.names.contains(&wanted));
        let wildcard = || has(&format!("*.{}", asked.split_once('.')?.1));
        has(&asked)
            .or_else(wildcard)
            .or_else(|| hosts.iter().position(|host| host.is_default))
    }

    /// All of it as handfast.toml, with the URLs of two backends for requests and one for bytes.
    pub(crate) fn to_toml(&self, backends: [&str; 3]) -> String {
        let mut text = String::from("[proxy]\nworkers = 2\nlog = \"connections\"\n");
        for (name, (bound, _)) in CAS {
            let ca = CERTS.iter().find(|cert| cert.ca == name);
            let folder = ca.and_then(|cert| cert.pair).expect("a client of each CA");
            let _ = write!(
                text,
                "[[clients]]\nname = \"{name}\"\nca = \"{folder}/ca.crt\"\nnames = [\"{bound}\"]\n"
            );
        }
        for (place, url) in backends.iter().enumerate() {
            let _ = write!(text, "[[backend]]\nname = \"b{place}\"\nto = \"{url}\"\n");
        }
        for hosts in &self.listeners {
            text += "[[listener]]\nlisten = \"127.0.0.1:0\"\n";
            hosts.iter().for_each(|host| host.write(&mut text));
        }
        text
    }
}

fn some<T: Copy>(random: &mut Random, from: &[T], most: usize) -> Vec<T> {
    (0..=random.below(most)).map(|_| *random.pick(from)).collect()
}

impl Host {
    fn new(random: &mut Random, speaks_http: bool) -> Self {
        let mut clients: Vec<&str> = CAS.iter().map(|(name, _)| *name).collect();
        if random.one_in(3) {
            clients.remove(random.below(clients.len()));
        }
        let optional = random.one_in(3);
        let mut paths = PATHS.to_vec();
        let count = match (speaks_http, random.below(4)) {
            (false, _) | (true, 0) => 1,
            (true, more) => more + 1,
        };
        // A host for everything has "/"; one of many may be without it.
        let mut chosen = vec![if count == 1 || random.one_in(2) { 0 } else { 1 }];
        chosen.extend((1..count).map(|_| 0));
        let routes = chosen.into_iter().map(|at| {
            let at = if at == 0 && paths[0].is_empty() {
                0
            } else {
                random.below(paths.len())
            };
            let path = paths.remove(at);
            let whole = count == 1;
            let mut allow = some(random, RULES, 3);
            if optional && random.one_in(2) {
                allow.push(("anonymous", Means::Anonymous));
            }
            let denies = random.one_in(2);
            Route {
                path,
                methods: if whole {
                    &[]
                } else {
                    random.pick::<&[&str]>(&METHODS)
                },
                allow,
                deny: if denies {
                    some(random, &RULES[1..], 2)
                } else {
                    Vec::new()
                },
                to: if speaks_http { random.below(2) } else { 2 },
            }
        });
        Self {
            names: &[],
            is_default: false,
            pair: String::new(),
            routes: routes.collect(),
            clients,
            optional,
            explains: speaks_http && random.one_in(5),
            resumption: !random.one_in(4),
            speaks_http,
        }
    }

    fn write(&self, text: &mut String) {
        let pair = &self.pair;
        let _ = write!(
            text,
            "[[listener.host]]\ndefault = {}\ncert = \"{pair}/tls.crt\"\nkey = \"{pair}/tls.key\"\n\
             clients = {:?}\nclient-certificate = \"{}\"\non-refusal = \"{}\"\nresumption = {}\n",
            self.is_default,
            self.clients,
            if self.optional { "optional" } else { "required" },
            if self.explains { "explain" } else { "alert" },
            self.resumption,
        );
        write_list(text, "names", self.names);
        for route in &self.routes {
            let written = |rules: &[Rule]| rules.iter().map(|(text, _)| *text).collect::<Vec<_>>();
            let path = if route.path.is_empty() { "/" } else { route.path };
            let _ = write!(
                text,
                "[[listener.host.route]]\npath = \"{path}\"\nallow = {:?}\nto = \"b{}\"\n",
                written(&route.allow),
                route.to,
            );
            write_list(text, "deny", &written(&route.deny));
            write_list(text, "methods", route.methods);
        }
    }
}

/// A key that is left out where it has no value: an empty list is an error.
fn write_list<T: fmt::Debug>(text: &mut String, key: &str, values: &[T]) {
    if !values.is_empty() {
        let _ = writeln!(text, "{key} = {values:?}");
    }
}

/// A host as a request spells it.
#[derive(Debug, Clone)]
pub(crate) struct Spelled {
    pub(crate) text: String,
    /// Whether it is one host with an optional port (RFC 9110, section 7.2).
    pub(crate) is_host: bool,
    pub(crate) name: &'static str,
}

impl Spelled {
    /// `name` in one of the ways that people and attackers write it; the ill-formed ones only with `raw`, since clients of
    /// HTTP/2 refuse to send them.
    pub(crate) fn new(random: &mut Random, name: &'static str, raw: bool) -> Self {
        let upper = name.to_ascii_uppercase();
        let good = [
            name.to_owned(),
            name.to_owned(),
            name.to_owned(),
            format!("{upper}:8443"),
            format!("{name}:443"),
            upper.clone(),
            if name == "127.0.0.1" {
                name.to_owned()
            } else {
                format!("{name}.")
            },
            if name == "127.0.0.1" {
                upper
            } else {
                format!("{name}.:1")
            },
        ];
        let bad = [
            format!("x@{name}"),
            format!("{name}, {name}"),
            format!("{name}:port"),
            format!("{name}:70000"),
            format!("{name}/x"),
            format!("{name}\\"),
            format!("{name}%00"),
            format!(".{name}"),
            format!("{}..example", name.trim_end_matches(".example")),
            String::new(),
        ];
        let is_host = !raw || !random.one_in(12);
        let text = random.pick(if is_host { &good[..] } else { &bad[..] }).clone();
        Self { text, is_host, name }
    }
}

/// A path as a request spells it.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) text: String,
    /// In its one form; nothing where two programs could read it differently.
    pub(crate) normal: Option<String>,
}

#[derive(Clone, Copy)]
enum Piece {
    Segment(&'static str),
    Same,
    Up,
    Bad,
}

/// So many of [`PIECES`] stand at its beginning that are not bad.
const GOOD_PIECES: usize = 16;
const PIECES: &[(&str, Piece)] = &[
    ("reports", Piece::Segment("reports")),
    ("reports", Piece::Segment("reports")),
    ("%72eport%73", Piece::Segment("reports")),
    ("Reports", Piece::Segment("Reports")),
    ("reports2", Piece::Segment("reports2")),
    ("admin", Piece::Segment("admin")),
    ("%61dmin", Piece::Segment("admin")),
    ("a%20b", Piece::Segment("a%20b")),
    ("a%2bb", Piece::Segment("a%2Bb")),
    ("a~b", Piece::Segment("a~b")),
    ("a%7Eb", Piece::Segment("a~b")),
    ("", Piece::Same),
    (".", Piece::Same),
    ("%2e", Piece::Same),
    ("..", Piece::Up),
    ("%2E.", Piece::Up),
    ("a%2fb", Piece::Bad),
    ("a%5Cb", Piece::Bad),
    ("a%00", Piece::Bad),
    ("%2561dmin", Piece::Bad),
    ("admin;x", Piece::Bad),
    // The rest only where bytes are sent as they are.
    ("a\\b", Piece::Bad),
];

impl Path {
    pub(crate) fn new(random: &mut Random, raw: bool) -> Self {
        let end = PIECES.len() - usize::from(!raw);
        // Most paths have nothing bad, or most requests would end there.
        let end = if random.one_in(5) { end } else { GOOD_PIECES };
        let chosen: Vec<_> = (0..random.below(5))
            .map(|_| *random.pick(&PIECES[..end]))
            .collect();
        let (mut text, mut normal, mut last) = (String::new(), Some(Vec::new()), Piece::Same);
        for (written, piece) in chosen {
            text = text + "/" + written;
            normal = normal.and_then(|mut segments: Vec<&str>| {
                match piece {
                    Piece::Segment(name) => segments.push(name),
                    Piece::Same => {}
                    Piece::Up => drop(segments.pop()?),
                    Piece::Bad => return None,
                }
                Some(segments)
            });
            last = piece;
        }
        if text.is_empty() {
            text.push('/');
        }
        let normal = normal.map(|segments| {
            let joined: String = segments.iter().map(|segment| format!("/{segment}")).collect();
            match last {
                Piece::Segment(_) => joined,
                _ => joined + "/",
            }
        });
        Self { text, normal }
    }
}
