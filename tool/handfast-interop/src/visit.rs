//! A client in front of every kind of server: whom it believes.

use std::path::Path;

use handfast_finding::{Problem, shell::shell};
use handfast_lab::{
    Started,
    fixtures::{self, Fixture},
};
use handfast_messages::causes;
use handfast_pki::code;
use handfast_setup::{Role, Target};

use crate::{
    error::{of_lab, of_setup},
    play,
    stage::{Ground, Setting, Stage, last_words},
    table::Cell,
    target::find,
};

/// Both versions, in the order of the table.
const VERSIONS: [&str; 2] = ["1.2", "1.3"];

/// Every fixture of a server, as `target` meets it.
pub(crate) fn visit(ground: &Ground, target: &Target, own: Option<&Path>) -> Result<Vec<Cell>, Problem> {
    let part = target.part(Role::Client).map_err(|error| of_setup(&error))?;
    let trial = part.trial.clone().unwrap_or_default();
    let versions: Vec<&'static str> = VERSIONS
        .into_iter()
        .filter(|version| {
            trial
                .versions
                .as_ref()
                .is_none_or(|known| known.iter().any(|known| known == version))
        })
        .collect();
    match &trial.against {
        Some(server) => {
            let server = find(server, own)?;
            each(ground, target, &server, &versions)
        }
        None => https(ground, target, &versions),
    }
}

/// At an HTTPS server that stands once for each fixture and version.
fn https(ground: &Ground, target: &Target, versions: &[&'static str]) -> Result<Vec<Cell>, Problem> {
    let folder = &ground.folder;
    let (house, proxies) = fixtures::serve(folder).map_err(|error| of_lab(&error))?;
    let mut cells = Vec::new();
    let trial = target
        .client
        .as_ref()
        .and_then(|part| part.trial.clone())
        .unwrap_or_default();
    let port = |fixture: &Fixture, version: &str| {
        proxies
            .iter()
            .find(|proxy| proxy.fixture == fixture.name && proxy.tls == version)
            .map(|proxy| proxy.port)
            .ok_or_else(|| Problem::bug(format!("\"{}\" has no listener", fixture.name)))
    };
    let mut all = Vec::new();
    for fixture in &fixtures::SERVERS {
        for version in versions {
            all.push((*fixture, *version, port(fixture, version)?));
        }
    }
    if trial.many {
        let first = all.first().map_or(1, |(_, _, port)| *port);
        let stage = client(ground, target, first)?;
        let urls: String = all
            .iter()
            .map(|(_, _, port)| format!(" https://localhost:{port}/"))
            .collect();
        let line = format!("{}{urls}", command(&stage)?);
        let (_, said) = stage.ask(&line)?;
        for (fixture, version, port) in all {
            let start = format!("https://localhost:{port}/: ");
            let answer = said.lines().find_map(|line| line.strip_prefix(&start));
            cells.push(match answer {
                Some("ok") => cell(fixture, version, true, ""),
                Some(why) => cell(fixture, version, false, why),
                None => {
                    return Err(Problem::bug(format!("{} said nothing of {start}", target.name)).detail(said));
                }
            });
        }
    } else {
        for (fixture, version, port) in all {
            let stage = client(ground, target, port)?;
            cells.push(ask(&stage, fixture, version)?);
        }
    }
    drop(house);
    Ok(cells)
}

/// At a server that is another target, started again for each fixture and version.
fn each(
    ground: &Ground,
    target: &Target,
    server: &Target,
    versions: &[&'static str],
) -> Result<Vec<Cell>, Problem> {
    let mut cells = Vec::new();
    for fixture in fixtures::SERVERS {
        for version in versions {
            let stage = Stage::set(
                ground,
                server,
                &Setting {
                    role: Role::Server,
                    pair: &format!("servers/{}", fixture.name),
                    port: None,
                    only: Some(version),
                },
            )?;
            let mut started = match start(&stage) {
                Ok(started) => started,
                // A server that does not even load the certificate shows it to nobody.
                Err(failure) if !fixture.verdict.is_in() => {
                    let why = format!(
                        "{} does not start with it: {}",
                        server.title,
                        last_words(&failure.message)
                    );
                    cells.push(Cell {
                        is_shown: false,
                        ..cell(fixture, version, false, &why)
                    });
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            // Both sides take the highest version that they share. What is not held down to 1.2 would be shown twice.
            if *version == "1.2" && play::says_hello(&stage, "1.3")? {
                return Err(Problem::bug(format!(
                    "{} was to be held to TLS 1.2, and speaks 1.3",
                    server.title
                )));
            }
            // Some take a certificate with a key that they cannot sign with, and answer nobody.
            let says_hello = play::says_hello(&stage, version)?;
            let client = client(ground, target, stage.port)?;
            let seen = ask(&client, fixture, version)?;
            cells.push(Cell {
                // Others listen first, and end when they come to read the certificate.
                is_shown: seen.is_in || says_hello && !started.has_ended(),
                ..seen
            });
            drop(started);
        }
    }
    Ok(cells)
}

fn client<'a>(ground: &'a Ground, target: &'a Target, port: u16) -> Result<Stage<'a>, Problem> {
    let stage = Stage::set(
        ground,
        target,
        &Setting {
            role: Role::Client,
            pair: "clients/good",
            port: Some(port),
            only: None,
        },
    )?;
    stage.prepare()?;
    Ok(stage)
}

fn command(stage: &Stage<'_>) -> Result<String, Problem> {
    let trial = stage.filled.trial.as_ref().and_then(|trial| trial.start.clone());
    trial.or_else(|| stage.filled.start.clone()).ok_or_else(|| {
        Problem::new(
            code::CONFIG_INVALID,
            format!("nothing is known of how to run {}", stage.target.title),
        )
    })
}

/// Starts a server. It is its certificate that keeps it from starting only where it keeps it every time.
fn start(stage: &Stage<'_>) -> Result<Started, Problem> {
    const TRIES: usize = 3;
    let mut last = stage.start();
    for _ in 1..TRIES {
        if last.is_ok() {
            break;
        }
        last = stage.start();
    }
    last
}

/// Runs the client once.
fn ask(stage: &Stage<'_>, fixture: Fixture, version: &'static str) -> Result<Cell, Problem> {
    const PATIENCE: &str = "timeout 60";
    let line = format!("{PATIENCE} sh -c {}", shell(command(stage)?));
    let (ended_well, said) = stage.ask(&line)?;
    let prints = stage.part.trial.as_ref().and_then(|trial| trial.prints.clone());
    let is_in = ended_well && prints.is_none_or(|prints| said.contains(&prints));
    Ok(cell(fixture, version, is_in, &said))
}

fn cell(fixture: Fixture, tls: &'static str, is_in: bool, said: &str) -> Cell {
    Cell {
        fixture,
        tls,
        is_in,
        is_shown: true,
        code: if is_in {
            None
        } else {
            causes(said).first().map(|finding| finding.code)
        },
        words: if is_in { String::new() } else { last_words(said) },
        settled: None,
    }
}
