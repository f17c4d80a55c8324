//! `ca.toml` in the folder of a CA: its profiles, raw as they are written, then resolved to what they mean.
//!
//! A table `[profile.NAME]` says in what a profile differs from the built-in one that it is like. Every problem is found in
//! one pass, each with its line. Which keys there are stands in `keys.rs` alone: the reader, the reference page and the JSON
//! Schema are made from it.

mod keys;
mod resolve;

use std::{io, path::Path};

use handfast_credentials::files::read_regular;
use handfast_finding::{Problem, shell::shell};
use handfast_pki::code;
use handfast_settings::{Reader, Table, keys_of};
use serde_json::Value;

pub use self::keys::{QcType, RawFile, RawProfile};
use crate::{folder, profiles::Profiles};

/// What `init` writes: a file in which everything is a comment.
pub const TEMPLATE: &str = include_str!("config/template.toml");

/// The profiles of the CA in `folder`: the built-in ones, with what its `ca.toml` says.
///
/// # Errors
///
/// Everything that is wrong in the file, with its lines.
pub fn read(folder: &Path) -> Result<Profiles, Vec<Problem>> {
    let path = folder.join(folder::CONFIG);
    must_be_ours(folder)?;
    match std::fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Profiles::built_in()),
        _ => must_be_ours(&path)?,
    }
    let bytes = read_regular(&path).map_err(|problem| vec![problem])?;
    let shown = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|_| {
        let message = format!("\"{shown}\": expected text in UTF-8, found other bytes");
        vec![Problem::new(code::WRONG_FORMAT, message)]
    })?;
    of_text(&shown, &text)
}

/// Who may write the file, or put another into its place, decides what is signed.
fn must_be_ours(path: &Path) -> Result<(), Vec<Problem>> {
    let Some(mode) = folder::writable_by_others(path) else {
        return Ok(());
    };
    let shown = path.display();
    let message =
        format!("\"{shown}\" decides what is signed, and others may write it: its mode is {mode:03o}");
    let command = format!("chmod go-w {}", shell(shown));
    Err(vec![Problem::new(code::OPEN_TO_OTHERS, message).command(command)])
}

/// The same of the text of a file that is called `file`.
pub fn of_text(file: &str, text: &str) -> Result<Profiles, Vec<Problem>> {
    let mut errors = Vec::new();
    let mut reader = Reader {
        file,
        text,
        errors: &mut errors,
    };
    let raw: Option<RawFile> = reader.document().map(|document| keys_of(&mut reader, &document));
    let mut profiles = Profiles::built_in();
    for named in raw.iter().flat_map(|raw| &raw.profile) {
        if let Some(offered) = resolve::profile(named, &mut errors) {
            profiles.insert(offered);
        }
    }
    if let Some((first, other)) = different_shards(&profiles) {
        let named = raw
            .iter()
            .flat_map(|raw| &raw.profile)
            .find(|named| named.name.text == other);
        let message = format!(
            "\"crl-shards\" of \"{other}\" is another than that of \"{first}\", expected one for all"
        );
        let problem = Problem::new(code::CONFIG_INVALID, message);
        errors.push(named.map_or_else(|| problem.clone(), |named| named.name.wrong(problem.clone())));
    }
    if errors.is_empty() {
        return Ok(profiles);
    }
    errors.sort_by_key(|problem| problem.place.as_ref().map(|place| place.line));
    Err(errors)
}

/// Two profiles that send verifiers to different places: a part says where it lies, and lies at one place.
fn different_shards(profiles: &Profiles) -> Option<(String, String)> {
    let mut with = profiles.iter().filter_map(|offered| {
        let shards = offered.rules.pointers.crl_shards.as_ref()?;
        Some((offered.rules.name.to_string(), shards))
    });
    let (first, shards) = with.next()?;
    let (other, _) = with.find(|(_, other)| *other != shards)?;
    Some((first, other))
}

/// The table of `docs/reference/ca.md`, as Markdown with its heading row.
pub fn page() -> String {
    handfast_settings::page(["key", "value", "without it"], RawProfile::KEYS)
}

/// The JSON Schema (2020-12) of `ca.toml`.
pub fn schema() -> Value {
    handfast_settings::schema("ca.toml", RawFile::KEYS)
}

/// The tables of `ca.toml`, for its manual page.
pub fn manual() -> Vec<handfast_settings::Part> {
    handfast_settings::manual(RawFile::KEYS)
}

/// The names of the keys of a profile.
pub fn keys() -> impl Iterator<Item = &'static str> {
    RawProfile::KEYS.iter().map(|key| key.name)
}

#[cfg(test)]
mod tests {
    use handfast_settings::Shape;

    use super::*;

    fn lines(text: &str) -> Vec<(Option<usize>, String)> {
        let problems = of_text("ca.toml", text).err().unwrap_or_default();
        problems
            .into_iter()
            .map(|problem| (problem.place.map(|place| place.line), problem.message))
            .collect()
    }

    #[test]
    fn the_file_that_init_writes_changes_nothing_and_every_line_of_it_is_right_without_its_sign() {
        let names = |profiles: &Profiles| -> Vec<String> {
            profiles
                .iter()
                .map(|offered| offered.rules.name.to_string())
                .collect()
        };
        let untouched = of_text("ca.toml", TEMPLATE).expect("good");
        assert_eq!(names(&untouched), names(&Profiles::built_in()));
        let uncommented: String = TEMPLATE
            .lines()
            .map(|line| line.strip_prefix("#~ ").unwrap_or(line).to_owned() + "\n")
            .collect();
        let all = of_text("ca.toml", &uncommented).expect("good");
        assert!(names(&all).len() > names(&untouched).len());
    }

    #[test]
    fn all_problems_are_found_at_once_each_with_its_line() {
        let text = "[profile.web]\nlike = \"server\"\nnames = [\"dns:**.acme.example\",\n  \"everything\"]\nlifetime = \"400d\"\nmax-lifetime = \"90d\"\nkeys = [\"p256\", \"rsa1024\"]\nkey-usge = []\n[profile.own]\n[profile.Bad]\nlike = \"server\"\n[profile.pay]\nlike = \"psd2\"\n[profile.short]\nlike = \"client\"\nno-rev-avail = true\npermitted = [\"dns:acme.example\"]\n";
        let found = lines(text);
        for (line, part) in [
            (4, "pattern \"everything\""),
            (1, "\"lifetime\" is longer than \"max-lifetime\""),
            (7, "\"rsa1024\" is not a kind of key"),
            (8, "unknown key \"key-usge\""),
            (9, "\"own\" is no built-in profile"),
            (10, "\"Bad\" is not the name of a profile"),
            (12, "\"nca-name\" is missing"),
            (14, "\"no-rev-avail\" needs"),
            (17, "\"permitted\" is for CAs"),
        ] {
            let fits = |(at, message): &(Option<usize>, String)| *at == Some(line) && message.contains(part);
            assert!(found.iter().any(fits), "{line} {part}: {found:#?}");
        }
        assert_eq!(found.len(), 10, "{found:#?}");
    }

    #[test]
    fn an_empty_list_is_refused_unless_the_reference_says_what_it_means() {
        let file = |key: &str| format!("[profile.web]\nlike = \"server\"\n{key} = []\n");
        let mut seen = [0, 0];
        for key in RawProfile::KEYS {
            match key.shape {
                Shape::Texts => {
                    let message = format!("\"{}\" is an empty list, expected at least one value", key.name);
                    assert_eq!(lines(&file(key.name)), [(Some(3), message)]);
                    seen[0] += 1;
                }
                Shape::NoneOrMore => {
                    assert!(key.reference.ends_with("empty for none"), "{}", key.name);
                    assert_eq!(lines(&file(key.name)), []);
                    seen[1] += 1;
                }
                _ => {}
            }
        }
        assert!(seen[0] > 10 && seen[1] > 0, "{seen:?}");
    }

    #[test]
    fn what_is_no_toml_and_what_is_no_profile_say_where() {
        assert_eq!(lines("[profile.web\nlike = 1").len(), 1);
        assert_eq!(
            lines("[profiles.web]\nlike = \"server\"\n"),
            [(
                Some(1),
                "unknown key \"profiles\", did you mean \"profile\"?".to_owned()
            )]
        );
        assert_eq!(lines(""), []);
    }

    /// A file of examples with something taken out, doubled or exchanged is read or refused with words; nothing panics.
    #[test]
    fn whatever_stands_in_the_file_is_read_or_refused_with_words() {
        let good: String = TEMPLATE
            .lines()
            .map(|line| line.strip_prefix("#~ ").unwrap_or(line).to_owned() + "\n")
            .collect();
        let mut state = 20_260_601_u64;
        let mut draw = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(state >> 33).unwrap_or(0) % below
        };
        let mut refused = 0;
        for _ in 0..3_000 {
            let mut text: Vec<char> = good.chars().collect();
            for _ in 0..=draw(3) {
                let (at, length) = (draw(text.len()), draw(12));
                let part: Vec<char> = text.iter().skip(at).take(length).copied().collect();
                match draw(3) {
                    0 => drop(text.splice(at..at + part.len(), [])),
                    1 => drop(text.splice(at..at, part)),
                    _ => text[at] = ['"', '[', '=', '\n', '\u{0}', 'x', '7', '*'][draw(8)],
                }
            }
            let text: String = text.into_iter().collect();
            if let Err(problems) = of_text("ca.toml", &text) {
                refused += 1;
                assert!(
                    problems.iter().all(|problem| !problem.message.is_empty()),
                    "{text}"
                );
            }
        }
        assert!(refused > 500, "{refused}");
    }
}
