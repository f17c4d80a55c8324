//! One page: what clap knows of a command, in the sections that manuals have.

use std::io;

use clap::Command;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use super::sections;

/// Every command with its page, by the name of the page.
pub(super) fn pages(root: &Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut pages = Vec::new();
    add(root, &[], &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, above: &[&str], pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let path: Vec<&str> = above.iter().copied().chain([command.get_name()]).collect();
    pages.push((path.join("-"), page(command, &path)?));
    for below in shown(command) {
        add(below, &path, pages)?;
    }
    Ok(())
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|below| !below.is_hide_set() && below.get_name() != "help")
}

fn page(command: &Command, path: &[&str]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let page = Man::new(command.clone())
        .title(path.join("-"))
        .manual("Handfast")
        .section("1");
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    text_section(&mut out, "SYNOPSIS", &[synopsis(command)])?;
    page.render_description_section(&mut out)?;
    page.render_options_section(&mut out)?;
    let below: Vec<(String, String)> = shown(command)
        .map(|below| {
            let about = below.get_about().map(ToString::to_string).unwrap_or_default();
            (format!("{}-{}(1)", path.join("-"), below.get_name()), about)
        })
        .collect();
    list_section(&mut out, "COMMANDS", &below)?;
    text_section(&mut out, "EXAMPLES", &examples(command))?;
    list_section(&mut out, "FILES", &sections::files(path))?;
    list_section(&mut out, "ENVIRONMENT", &sections::environment(command))?;
    list_section(&mut out, "EXIT STATUS", &sections::exit_status())?;
    let also = see_also(command, path);
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]).text([roman(also.join(", "))]);
    roff.to_writer(&mut out)?;
    Ok(out)
}

/// As the help has it, with the value of each flag.
fn synopsis(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage:").trim().to_owned()
}

/// The lines of the help below `Examples:`.
fn examples(command: &Command) -> Vec<String> {
    let after = command
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let lines = after.lines().skip_while(|line| !line.starts_with("Example"));
    lines.skip(1).map(|line| line.trim().to_owned()).collect()
}

/// What stands above, what stands below, and the page of everything.
fn see_also(command: &Command, path: &[&str]) -> Vec<String> {
    let above = path.split_last().map(|(_, above)| above.join("-"));
    let above = above
        .filter(|name| !name.is_empty())
        .map(|name| format!("{name}(1)"));
    let below = shown(command).map(|below| format!("{}-{}(1)", path.join("-"), below.get_name()));
    let related = sections::related(path).map(|name| format!("handfast-{name}(1)"));
    above.into_iter().chain(below).chain(related).collect()
}

/// Lines as they are.
fn text_section(out: &mut Vec<u8>, heading: &str, lines: &[String]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut roff = Roff::new();
    roff.control("SH", [heading]).control("nf", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []).to_writer(out)
}

fn list_section(out: &mut Vec<u8>, heading: &str, items: &[(String, String)]) -> io::Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let mut roff = Roff::new();
    roff.control("SH", [heading]);
    for (name, what) in items {
        roff.control("TP", []).text([bold(name)]).text([roman(what)]);
    }
    roff.to_writer(out)
}
