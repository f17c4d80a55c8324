//! Who the client is: whether anybody looks, and whether the names are compared in the form in which they come.

use handfast_finding::{Certainty, Finding};
use handfast_pki::code;

use super::about;
use crate::{
    Kind,
    site::{Asks, Comparison, Form, Meant, Site},
};

pub(super) fn judge(meant: &Meant) -> Vec<Finding> {
    let mut findings = Vec::new();
    for site in &meant.sites {
        findings.extend(site.comparisons.iter().filter_map(form));
        findings.extend(any_of_ca(meant.kind, site));
    }
    findings
}

/// A subject in one form, compared with a text in the other.
fn form(comparison: &Comparison) -> Option<Finding> {
    let value = comparison.with.value.trim();
    let (found, certainty) = written_as(value, comparison.is_part)?;
    let because = |what: &str| {
        format!(
            "\"{}\" compares a name in the form of {} with {what} \"{value}\", which never match",
            comparison.with.written,
            comparison.form.name()
        )
    };
    let place = &comparison.with.place;
    if found != comparison.form {
        let because = because(&format!("one in the form of {},", found.name()));
        let help = format!(
            "write the value as {}, or compare {}",
            comparison.form.name(),
            comparison.instead
        );
        return Some(about(code::NAME_FORM, certainty, place, because).help(help));
    }
    if found == Form::Rfc2253 && !comparison.is_part && value.contains(", ") {
        let help = format!("write {}", value.replace(", ", ","));
        return Some(
            about(
                code::NAME_FORM,
                Certainty::Certain,
                place,
                because("one that has spaces after its commas,"),
            )
            .help(help),
        );
    }
    if found == Form::Rfc2253 && !comparison.is_part && is_reversed(value) {
        let reversed: Vec<&str> = value.rsplit(',').map(str::trim).collect();
        return Some(
            about(
                code::NAME_FORM,
                Certainty::Likely,
                place,
                because("one that begins with the country or organisation,"),
            )
            .help(format!("write {}", reversed.join(","))),
        );
    }
    None
}

/// The form in which `value` is written, where it is a name at all.
fn written_as(value: &str, is_part: bool) -> Option<(Form, Certainty)> {
    let plain = value.trim_start_matches('^');
    let is_attribute = |text: &str| {
        let name: String = text.chars().take_while(|c| c.is_ascii_alphabetic()).collect();
        !name.is_empty() && name.len() <= 20 && text[name.len()..].starts_with('=')
    };
    if let Some(rest) = plain.strip_prefix('/')
        && is_attribute(rest)
    {
        return Some((Form::OneLine, Certainty::Certain));
    }
    if is_part {
        // Within a pattern the separator tells.
        if value.contains("/CN=") {
            return Some((Form::OneLine, Certainty::Certain));
        }
        let begins = value.starts_with('^') && is_attribute(plain);
        return (begins || value.contains(",O=")).then_some((Form::Rfc2253, Certainty::Certain));
    }
    is_attribute(plain).then_some((Form::Rfc2253, Certainty::Certain))
}

/// `C=DE,O=Acme,CN=web`, where RFC 2253 begins with the most specific.
fn is_reversed(value: &str) -> bool {
    let mut parts = value.split(',').map(|part| part.trim().to_uppercase());
    let first = parts.next().unwrap_or_default();
    let last = parts.next_back().unwrap_or_default();
    (first.starts_with("C=") || first.starts_with("O=")) && last.starts_with("CN=")
}

/// Every certificate of the CA enters.
fn any_of_ca(kind: Kind, site: &Site) -> Option<Finding> {
    if site.asks.value != Asks::Required || !site.is_tls || site.looks {
        return None;
    }
    let because = format!(
        "{}: {} lets every certificate of the CA in, and nothing here looks at whose it is",
        site.called,
        super::quoted(&site.asks)
    );
    let help = format!("where the CA certifies others too, write {}", kind.name_one());
    Some(about(code::ANY_OF_CA, Certainty::Guess, &site.asks.place, because).help(help))
}
