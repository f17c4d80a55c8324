//! `handfast schema`: what the keys of JSON answers are.

use handfast_pki::text::printable;
use handfast_report::{schema::Schema, style::STRONG};
use serde_json::{Value, json};

use crate::{
    failure::{Exit, Failure},
    suggest,
    words::Words,
};

/// List the forms of the JSON output, or print the JSON Schema of one
///
/// The first key of every object that --json prints is "schema", with a name and a version such as handfast-doctor/1.
/// The version changes when a key is removed or changes its meaning. NAME prints the JSON Schema (draft 2020-12).
/// The names handfast.toml, tunnel.toml and ca.toml print those of the configuration files.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  handfast schema\n  handfast schema doctor > handfast-doctor.json")]
pub struct Args {
    /// The name of a form, such as doctor or handfast-doctor/1
    #[arg(value_name = "NAME", hide_possible_values = true, value_parser = suggest::SCHEMAS)]
    name: Option<String>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let Some(name) = &args.name else {
        list(words);
        return Ok(Exit::Yes);
    };
    let file = match name.as_str() {
        "ca.toml" => Some(handfast_ca::config::schema()),
        "handfast.toml" => Some(handfast_proxy::config::schema()),
        "tunnel.toml" => Some(handfast_proxy::tunnel::keys::schema()),
        _ => None,
    };
    if let Some(file) = file {
        words.data(serde_json::to_string_pretty(&file).map_err(Failure::bug)?);
        words.json(
            Schema::Schema,
            json!({ "name": name, "describes": name, "file": file }),
        );
        return Ok(Exit::Yes);
    }
    let schema = Schema::named(name).ok_or_else(|| {
        Failure::misuse(format!("\"{}\" is not the name of a form", printable(name)))
            .help("choose one of the forms that there are")
            .command("handfast schema")
    })?;
    words.data(schema.file().trim_end());
    let file: Value = serde_json::from_str(schema.file()).map_err(Failure::bug)?;
    words.json(
        Schema::Schema,
        json!({ "name": schema.name(), "describes": schema.id(), "file": file }),
    );
    Ok(Exit::Yes)
}

fn list(words: &Words) {
    let width = Schema::ALL
        .iter()
        .map(|schema| schema.id().len())
        .max()
        .unwrap_or(0);
    for schema in Schema::ALL {
        words.data(format_args!(
            "{STRONG}{:width$}{STRONG:#}  {}",
            schema.id(),
            schema.title()
        ));
    }
    let all = Schema::ALL.iter().map(
        |schema| json!({ "name": schema.name(), "describes": schema.id(), "printed_by": schema.title() }),
    );
    words.json(Schema::SchemaList, json!({ "schemas": all.collect::<Vec<_>>() }));
    words.next("handfast schema doctor");
}
