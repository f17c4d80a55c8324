//! HAProxy: every `bind` of a `frontend` or `listen` as a site, and every entry of a `crt-list` that asks otherwise.
//!
//! Rules are followed in their order for each kind of client, from the frontend into its backends.

mod bind;
mod conditions;
pub(super) mod lines;
mod reaches;
mod rules;
pub(super) mod spots;
#[cfg(test)]
mod tests;
mod ways;

use bind::{Bases, Options};
use lines::{Entry, Line, Section};
use rules::Flow;

use super::{
    address,
    files::{Naming, Opened, Reader},
    site::{Asks, Comparison, Crossing, Form, Found, Later, Said, Site},
    span::{Word, joined},
    trouble::Trouble,
};

/// The sites of the configuration `file`.
pub(super) fn read(file: &str, opened: &Opened, reader: &mut Reader<'_>) -> Result<Found, Trouble> {
    let sections = lines::read(file, opened)?;
    let bases = Bases::of(&sections);
    let mut sites = Vec::new();
    for section in sections
        .iter()
        .filter(|section| ["frontend", "listen"].contains(&section.kind.as_str()))
    {
        let flow = Flow {
            front: section,
            sections: &sections,
        };
        for line in section.all("bind") {
            sites.extend(bound(&flow, line, &bases, reader)?);
        }
    }
    Ok(Found {
        sites,
        admins: admins(&sections),
    })
}

/// Sockets of the running program that other machines can open, and by which it takes other certificates and CAs.
fn admins(sections: &[Section]) -> Vec<Said<()>> {
    let lines = sections
        .iter()
        .filter(|section| section.kind == "global")
        .flat_map(|section| section.all("stats"));
    lines
        .filter(|line| {
            let is_admin = line
                .words
                .windows(2)
                .any(|pair| pair[0] == "level" && pair[1] == "admin");
            line.word(1) == "socket" && is_admin && !address::is_local(line.word(2))
        })
        .map(|line| Said::new((), line.written(), &line.place))
        .collect()
}

/// The sites of one `bind`: what it says itself, and the entries of its list that say something else.
fn bound(flow: &Flow<'_>, line: &Line, bases: &Bases, reader: &mut Reader<'_>) -> Result<Vec<Site>, Trouble> {
    let options = Options::of(line.words.get(2..).unwrap_or_default());
    let called = format!(
        "bind \"{}\" of {} \"{}\"",
        line.word(1),
        flow.front.kind,
        flow.front.name
    );
    let mut site = Site::new(called, &line.place);
    site.addresses = line.word(1).split(',').map(str::to_owned).collect();
    site.is_default = true;
    site.is_tls = options.has("ssl");
    site.is_http = mode(flow) != "tcp";
    site.resumes = !options.has("no-tls-tickets") && !bases.has("no-tls-tickets") || bases.caches_sessions;
    if !site.is_tls {
        conduct(&mut site, flow, false);
        return Ok(vec![site]);
    }
    options.fill(&mut site, line, bases, reader);
    let mut sites = Vec::new();
    for list in options.all("crt-list") {
        let entries = entries(list, line, bases, reader)?;
        for entry in entries {
            let pair = bind::pair(&entry.certificate, &entry.place, bases, reader);
            let changes = Options::of(&entry.options);
            if !changes.concerns_clients() {
                site.pairs.push(pair);
                continue;
            }
            let mut other = Site::new(
                format!("entry \"{}\" of {}", joined(&entry.names), site.called),
                &entry.place,
            );
            (other.addresses, other.names) = (site.addresses.clone(), texts(&entry.names));
            (other.is_http, other.resumes) = (site.is_http, site.resumes);
            let said = Line {
                words: entry.options.clone(),
                place: entry.place.clone(),
            };
            options.with(&changes).fill(&mut other, &said, bases, reader);
            other.pairs = vec![pair];
            conduct(&mut other, flow, options.ignores(&changes));
            sites.push(other);
        }
    }
    conduct(&mut site, flow, options.ignores(&Options::default()));
    // A list whose every entry speaks for itself leaves nothing to the line.
    if !site.pairs.is_empty() || sites.is_empty() {
        sites.insert(0, site);
    }
    Ok(sites)
}

/// What the `crt-list` says that a `bind` line names.
fn entries(list: &Word, line: &Line, bases: &Bases, reader: &mut Reader<'_>) -> Result<Vec<Entry>, Trouble> {
    let path = bases.certificate(list, reader);
    let opened = reader.open(&path, Some(Naming::path(&line.place, &list.span)))?;
    let entries = lines::crt_list(&path.display().to_string(), &opened)?;
    reader.close();
    Ok(entries)
}

fn mode<'a>(flow: &Flow<'a>) -> &'a str {
    let said = |section: &'a Section| section.all("mode").last().map(|line| line.word(1));
    let defaults = flow.sections.iter().filter(|section| section.kind == "defaults");
    said(flow.front)
        .or_else(|| defaults.rev().find_map(said))
        .unwrap_or("http")
}

/// What becomes of a client once the handshake is over.
fn conduct(site: &mut Site, flow: &Flow<'_>, ignores: bool) {
    use conditions::Client::{Absent, Plain, Stranger, Verified};
    let strangers: &[conditions::Client] = match (site.asks.value, ignores) {
        // Who sends nothing stays out by itself.
        (Asks::Unverified, true) => &[Stranger],
        (Asks::Unverified, false) => &[Stranger, Absent],
        _ => &[Absent],
    };
    let good = if site.is_tls { Verified } else { Plain };
    let reached = flow.reached(good);
    let is_kept_out = |client: &conditions::Client| {
        let theirs = flow.reached(*client);
        theirs.is_empty() || reached.iter().any(|backend| !theirs.contains(backend))
    };
    let is_refused = !reached.is_empty() && strangers.iter().all(is_kept_out);
    let let_in: Vec<conditions::Client> = match site.asks.value {
        _ if !site.is_tls => vec![Plain],
        Asks::Never => vec![Absent],
        Asks::Required => vec![Verified],
        Asks::Optional | Asks::Unverified => [Verified].iter().chain(strangers).copied().collect(),
    };
    if site.is_http {
        site.ways = ways::of(flow, &let_in);
    }
    let tells = site.ways.iter().any(|way| way.tells) || flow.is_told_by_proxy();
    site.later = match () {
        () if is_refused => Later::Refused,
        () if strangers.iter().any(|client| flow.is_unsure(*client)) => Later::Unknown,
        () if tells => Later::Told,
        () => Later::Accept,
    };
    site.reaches = reaches::of(flow, site, if site.is_tls { strangers } else { &[Plain] });
    site.looks = tells || flow.looks();
    let crossing = if flow.compares_host() {
        Crossing::Refused
    } else {
        Crossing::Unsaid
    };
    site.crossing = Said::new(crossing, "", &site.place);
    site.comparisons = comparisons(flow);
}

/// Subjects and issuers compared with a text, in `acl` lines and in braces.
fn comparisons(flow: &Flow<'_>) -> Vec<Comparison> {
    let mut found = Vec::new();
    for line in flow.lines() {
        for (index, word) in line.words.iter().map(Word::as_str).enumerate() {
            let (name, format) = word.split_once('(').unwrap_or((word, ""));
            if !["ssl_c_s_dn", "ssl_c_i_dn"].contains(&name) {
                continue;
            }
            let arguments: Vec<&str> = format.trim_end_matches(')').split(',').collect();
            if !arguments[0].is_empty() || word.contains("),") || word.ends_with(',') {
                continue;
            }
            let rest = &line.words[index + 1..];
            let end = rest.iter().position(|word| *word == "}").unwrap_or(rest.len());
            let rest = &rest[..end];
            let method = rest
                .iter()
                .position(|word| *word == "-m")
                .and_then(|at| rest.get(at + 1));
            let is_part =
                method.is_some_and(|method| ["beg", "end", "sub", "reg"].contains(&method.as_str()));
            let (form, instead) = if arguments.contains(&"rfc2253") {
                (Form::Rfc2253, name.to_owned())
            } else {
                (Form::OneLine, format!("{name}(,0,rfc2253)"))
            };
            found.extend(conditions::patterns(rest).into_iter().map(|value| Comparison {
                form,
                with: Said::new(value.to_owned(), line.written(), &line.place),
                is_part,
                instead: instead.clone(),
            }));
        }
    }
    found
}

fn texts(words: &[Word]) -> Vec<String> {
    words.iter().map(|word| word.text.clone()).collect()
}
