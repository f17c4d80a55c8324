//! Headers that tell a backend who the client is: whether the client can write them itself.

use std::collections::BTreeMap;

use handfast_finding::{Certainty, Finding};
use handfast_pki::code;

use super::about;
use crate::{
    Kind,
    site::{Act, Asks, Meant, Site, Step, Way},
};

pub(super) fn judge(meant: &Meant) -> Vec<Finding> {
    let mut findings = Vec::new();
    for site in &meant.sites {
        for way in site.ways.iter().filter(|way| way.hands_on) {
            findings.extend(way.steps.iter().filter_map(|step| weak(meant.kind, way, step)));
            for (header, (believed, certainty)) in believed(meant, site, way) {
                findings.extend(missing(meant.kind, way, &header, believed, certainty));
                findings.extend(underscored(meant.kind, way, &header, believed));
            }
        }
        findings.extend(not_told(meant.kind, site));
    }
    findings
}

/// The headers that the backend of `way` has reason to believe, where they are set, and how sure that is.
fn believed<'a>(meant: &'a Meant, site: &'a Site, way: &'a Way) -> BTreeMap<String, (&'a Step, Certainty)> {
    let mut found: BTreeMap<String, (&Step, Certainty)> = BTreeMap::new();
    let mut learn = |step: &'a Step, certainty: Certainty| {
        if step.is_identity {
            let known = found.entry(step.header.clone()).or_insert((step, certainty));
            known.1 = known.1.min(certainty);
        }
    };
    for step in way.steps.iter().chain(&way.lost) {
        learn(step, Certainty::Certain);
    }
    for other in &meant.sites {
        for there in other.ways.iter().filter(|there| there.backend == way.backend) {
            there
                .steps
                .iter()
                .for_each(|step| learn(step, Certainty::Certain));
        }
    }
    // Another backend of the same site may believe it too.
    for there in &site.ways {
        there.steps.iter().for_each(|step| learn(step, Certainty::Likely));
    }
    found
}

/// What is known of a header after all steps of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// As the client sent it.
    Raw,
    Ours,
}

/// What becomes of `header` as the client sent it, step by step.
fn walk(way: &Way, header: &str) -> State {
    way.steps.iter().fold(State::Raw, |state, step| match step.act {
        Act::Remove if !step.sometimes && covers(&step.header, header) => State::Ours,
        Act::Set if !step.sometimes && step.header == header => State::Ours,
        _ => state,
    })
}

/// Whether a removal of `removed` takes `header` away.
fn covers(removed: &str, header: &str) -> bool {
    match (removed.strip_prefix('*'), removed.strip_suffix('*')) {
        (_, Some(start)) => header.starts_with(start),
        (Some(end), None) => header.ends_with(end),
        (None, None) => removed == header,
    }
}

/// A line that sets the header, and leaves the client's beside it.
fn weak(kind: Kind, way: &Way, step: &Step) -> Option<Finding> {
    if step.act == Act::Copy {
        let because = format!(
            "{}: \"{}\" hands on what the client itself wrote",
            way.called, step.said.written
        );
        let help = format!("write {}", kind.hand_on());
        return Some(about(code::FORGEABLE, step.sure, &step.said.place, because).help(help));
    }
    if !step.is_identity || walk(way, &step.header) == State::Ours {
        return None;
    }
    let how = match (step.act, step.sometimes) {
        (Act::Add, _) => "adds its value beside the client's own",
        (_, true) => "holds only under its condition, otherwise the client's own is handed on",
        (_, false) => return None,
    };
    let because = format!("{}: \"{}\" {how}", way.called, step.said.written);
    Some(
        about(code::FORGEABLE, step.sure, &step.said.place, because).help(format!(
            "write {}",
            both(kind, way, &step.header, kind.strengthen(&step.header))
        )),
    )
}

/// `write`, and what takes the underscored spelling away where that comes through as well: else it would be the next thing
/// to be found.
fn both(kind: Kind, way: &Way, header: &str, write: String) -> String {
    let other = header.replace('-', "_");
    if !way.keeps_underscores || !header.contains('-') || walk(way, &other) == State::Ours {
        return write;
    }
    format!(
        "{write}, and for its other spelling {}",
        kind.drop_underscores(header)
    )
}

/// A way to a backend that believes `header`, which this way neither sets nor removes.
fn missing(kind: Kind, way: &Way, header: &str, believed: &Step, certainty: Certainty) -> Option<Finding> {
    let is_tried = way
        .steps
        .iter()
        .any(|step| step.header == header && step.act != Act::Remove);
    if is_tried || walk(way, header) == State::Ours {
        return None;
    }
    let is_lost = way.lost.iter().any(|step| step.header == header);
    let because = if is_lost {
        format!(
            "{}: by setting headers of its own this block loses \"{}\" of line {}, and hands on the client's own {header}",
            way.called, believed.said.written, believed.said.place.line
        )
    } else {
        format!(
            "{}: hands on the client's own {header}, which \"{}\" of line {} makes the backend trust",
            way.called, believed.said.written, believed.said.place.line
        )
    };
    let write = match is_lost {
        true if kind == Kind::Nginx => format!("{};", believed.said.written),
        true => believed.said.written.clone(),
        false => kind.remove(header),
    };
    let write = both(kind, way, header, write);
    Some(about(code::FORGEABLE, certainty, &way.place, because).help(format!("write here {write}")))
}

/// `X_SSL_Client_CN` beside `X-SSL-Client-CN`: one and the same for WSGI, PHP, Rack and CGI.
fn underscored(kind: Kind, way: &Way, header: &str, believed: &Step) -> Option<Finding> {
    let other = header.replace('-', "_");
    if !way.keeps_underscores || !header.contains('-') || walk(way, &other) == State::Ours {
        return None;
    }
    // Where the plain spelling comes through already, that is said.
    if walk(way, header) == State::Raw {
        return None;
    }
    let because = format!(
        "{}: hands on {other} as the client sent it, which many backends read as the {header} of \"{}\"",
        way.called, believed.said.written
    );
    Some(
        about(code::FORGEABLE, Certainty::Likely, &believed.said.place, because)
            .help(format!("write {}", kind.drop_underscores(header))),
    )
}

/// A certificate was verified, and the backend does not learn whose.
fn not_told(kind: Kind, site: &Site) -> Option<Finding> {
    let is_verified = matches!(site.asks.value, Asks::Required | Asks::Optional);
    let way = site.ways.first()?;
    if !is_verified || !site.is_http || site.ways.iter().any(|way| way.tells) {
        return None;
    }
    let because = format!(
        "{}: the client's certificate is verified, and {} tells the backend nothing of it",
        site.called, way.called
    );
    Some(
        about(code::NOT_FORWARDED, Certainty::Guess, &way.place, because).help(format!(
            "where the application has to know, write {}",
            kind.hand_on()
        )),
    )
}
