//! Every case, in the order of the findings.

mod allowed;
mod files;
mod folders;
mod healthy;
mod nothing_sent;
mod protocol;
mod proxy;
mod refused;
mod second;
mod spoken;
mod untrusted;

use handfast_pki::Code;

use crate::{Case, Program};

/// All of them.
pub fn all() -> Vec<Case> {
    [
        healthy::cases(),
        nothing_sent::cases(),
        refused::cases(),
        untrusted::cases(),
        files::cases(),
        folders::cases(),
        protocol::cases(),
        allowed::cases(),
        spoken::cases(),
        proxy::cases(),
        second::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The cases that `text` names: a code (`HF-206`), one case (`HF-206/nginx`) or a group (`healthy`).
pub fn named(text: &str) -> Vec<Case> {
    let text = text.trim();
    let (group, program) = match text.split_once('/') {
        Some((group, program)) => (group, Some(program)),
        None => (text, None),
    };
    let group = Code::parse(group).map_or(group.to_owned(), |code| code.to_string());
    let is_named = |case: &Case| match (case.name.split_once('/'), program) {
        (Some((own, _)), None) => own == group,
        (Some((own, rest)), Some(program)) => own == group && rest == program,
        (None, _) => false,
    };
    all().into_iter().filter(is_named).collect()
}

fn named_case(code: Code, program: Program, more: &str) -> String {
    let more = if more.is_empty() {
        String::new()
    } else {
        format!("-{more}")
    };
    format!("{code}/{}{more}", short(program))
}

/// Programs as they stand in the names of cases.
fn short(program: Program) -> &'static str {
    match program {
        Program::Apache => "apache",
        Program::GnutlsServer => "gnutls",
        Program::Python => "python",
        Program::Redis => "redis",
        Program::Rabbitmq => "rabbitmq",
        Program::Mariadb => "mariadb",
        other => other.command(),
    }
}
