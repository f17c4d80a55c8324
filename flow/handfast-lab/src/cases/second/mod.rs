//! The second half: what must be found was written from the pages of `docs/findings/`, as a person would expect it,
//! before what the doctor says was known. Two faults at once, servers that do not agree, clocks, lost connections.
//!
//! Most are rows: one server with one difference, one client with one difference. `neighbours` has been found later.

mod again;
mod balanced;
mod boxes;
mod chains;
mod clocks;
mod lists;
mod login;
mod names;
mod neighbours;
mod services;
mod suites;
mod twice;
mod weak;

use handfast_pki::Code;

use super::{
    healthy::{mosquitto_scene, needs, postgres_scene},
    named_case,
};
use crate::{Case, Error, Folder, Look, Program, Running, Scene, Setup, Stands, cast::Cast, serve};

/// The side that refused.
const SERVER: &str = "server";
const CLIENT: &str = "client";
const NETWORK: &str = "network";

const CERTAIN: &str = "certain";
const LIKELY: &str = "likely";
const GUESS: &str = "guess";

type Made = Result<(), Error>;

/// What must be found of a row.
#[derive(Clone, Copy)]
enum Must {
    /// Nothing, for nothing is wrong.
    Rest,
    /// This first, of this side, as sure as this.
    Say(Code, &'static str, &'static str),
    /// Both of them.
    SayBoth(Code, Code),
    /// This is one of those that it can be; nothing tells which.
    Suspect(Code),
}

/// One server, one client.
#[derive(Clone, Copy)]
struct Row {
    program: Program,
    variant: &'static str,
    description: &'static str,
    /// Makes the certificates that the common ones lack.
    make: fn(&Cast<'_>) -> Made,
    setup: fn(&mut Setup, &Folder),
    /// How far the server's clock is from ours.
    clock: Option<&'static str>,
    /// The folder of the client's certificate; none is sent without one.
    pair: Option<&'static str>,
    /// Further arguments of the look.
    more: &'static [&'static str],
    must: Must,
}

/// Nothing is different.
const ROW: Row = Row {
    program: Program::Nginx,
    variant: "",
    description: "",
    make: |_| Ok(()),
    setup: |_, _| {},
    clock: None,
    pair: Some("client"),
    more: &[],
    must: Must::Rest,
};

pub(super) fn cases() -> Vec<Case> {
    [
        twice::cases(),
        balanced::cases(),
        login::cases(),
        clocks::cases(),
        boxes::cases(),
        names::cases(),
        suites::cases(),
        chains::cases(),
        weak::cases(),
        lists::cases(),
        services::cases(),
    ]
    .into_iter()
    .flatten()
    .map(Case::blind)
    .chain(again::cases())
    .chain(neighbours::cases())
    .collect()
}

fn of_rows(rows: &'static [Row]) -> Vec<Case> {
    rows.iter().map(of_row).collect()
}

fn of_row(row: &'static Row) -> Case {
    let mut wanted = needs(row.program);
    wanted.extend(row.clock.map(|_| Program::Faketime));
    special(
        (row.program, row.variant),
        row.description,
        &wanted,
        row.must,
        |folder| scene(folder, row),
    )
}

/// One that is made in a way of its own.
fn special(
    (program, variant): (Program, &str),
    description: &str,
    needs: &[Program],
    must: Must,
    make: impl Fn(&Folder) -> Result<Scene, Error> + Send + Sync + 'static,
) -> Case {
    let name = match must {
        Must::Rest => format!("healthy/{}-{variant}", super::short(program)),
        Must::Say(code, ..) | Must::SayBoth(code, _) | Must::Suspect(code) => {
            named_case(code, program, variant)
        }
    };
    let case = Case::new(name, description, needs, make);
    match must {
        Must::Rest => case,
        Must::Say(code, side, certainty) => case.expect(code, side, certainty),
        Must::SayBoth(code, other) => case.find(code, Stands::Beside(other)),
        Must::Suspect(code) => case.find(code, Stands::Among),
    }
}

fn scene(folder: &Folder, row: &Row) -> Result<Scene, Error> {
    (row.make)(&Cast::of(folder)?)?;
    let mut setup = Setup {
        clock: row.clock.map(str::to_owned),
        ..Setup::default()
    };
    (row.setup)(&mut setup, folder);
    let running = serve(row.program, folder, &setup)?;
    Ok(with(of_program(row.program, running, row.pair), row.more))
}

/// The look that fits the protocol of `program`.
fn of_program(program: Program, running: Running, pair: Option<&str>) -> Scene {
    let speak: &[&str] = match program {
        Program::Postgres => return postgres_scene(running, "client", pair),
        Program::Mosquitto => &["--speak", "mqtt"],
        Program::Redis => &["--speak", "redis"],
        Program::Dovecot => &["--speak", "imap"],
        Program::Rabbitmq => &["--speak", "amqp"],
        Program::Mariadb => &["--starttls", "mysql", "--user", "client"],
        _ => {
            let port = running.port;
            return Scene::https(vec![running], port, pair, &[]);
        }
    };
    with(mosquitto_scene(running, pair), speak)
}

/// `scene` with more words for `handfast`.
fn with(mut scene: Scene, more: &[&str]) -> Scene {
    if let Look::Command(words) = &mut scene.look {
        words.extend(more.iter().map(|word| (*word).to_owned()));
    }
    scene
}

/// A look at what listens on the first port, where `running` is all that runs.
fn https(running: Vec<Running>, pair: Option<&str>) -> Scene {
    let port = running.first().map_or(0, |first| first.port);
    Scene::https(running, port, pair, &[])
}
