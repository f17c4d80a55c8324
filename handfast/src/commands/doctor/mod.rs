//! `handfast doctor`: why a connection fails, who refused, and what to do.

mod config;
mod flags;
mod flags_of_listen;
mod join;
mod known;
mod listen;
mod pcap;
mod posture;
mod show;
mod target;
pub mod text;
mod what_if;
mod whom;

use clap::Subcommand;
use handfast_doctor::Report;
use handfast_report::{json, schema::Schema, shown::learned};

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Say why a connection over mutual TLS fails, who refused, and what to do
///
/// Connects, records and decodes the handshake, and judges it together with the files given. Where one look is
/// not enough, further connections are made without the user's certificate.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  handfast doctor https://localhost:8443/ --ca ca.crt --cert tls.crt --key tls.key\n  \
                  handfast doctor https://localhost:8443/ --ca ca.crt --html report.html\n  \
                  handfast doctor --client-files client\n  \
                  handfast doctor db.example:5432 --starttls postgres --ca ca.crt\n  \
                  handfast doctor config /etc/nginx/nginx.conf"
)]
pub struct Args {
    #[command(subcommand)]
    pub look: Option<Look>,
    #[command(flatten)]
    pub target: flags::Flags,
}

/// The other ways to look.
#[derive(Debug, Subcommand)]
pub enum Look {
    WhatIf(what_if::WhatIf),
    Listen(flags_of_listen::Listen),
    Pcap(pcap::Pcap),
    Text(text::Text),
    Config(config::Config),
    Posture(posture::Posture),
    Join(join::Join),
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    match &args.look {
        None => target::run(&args.target, words),
        Some(Look::WhatIf(look)) => what_if::run(look, words),
        Some(Look::Listen(look)) => listen::run(look, words),
        Some(Look::Pcap(look)) => pcap::run(look, words),
        Some(Look::Text(look)) => text::run(look, words),
        Some(Look::Config(look)) => config::run(look, words),
        Some(Look::Posture(look)) => posture::run(look, words),
        Some(Look::Join(look)) => join::run(look, words),
    }
}

/// Says `made`, and how the command ends: 0 without findings, 1 with.
fn conclude(made: &Report, words: &Words) -> Exit {
    words.json(Schema::Doctor, json::report(made));
    words.data(learned(made));
    Exit::found(&made.findings)
}
