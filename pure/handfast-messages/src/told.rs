//! How often the first cause is right of messages that no table knows as a sentence: two hundred of 25 stacks, in the
//! words that their programs really use. The tables were written beside the first half; the second half only measures.

use std::collections::BTreeSet;

use handfast_pki::Code;

use super::{causes, lines::normal};

const OPEN: &str = include_str!("told/open.txt");
const SEALED: &str = include_str!("told/sealed.txt");

struct Told {
    code: Code,
    stack: &'static str,
    text: String,
}

impl Told {
    fn found(&self) -> Option<Code> {
        causes(&self.text).first().map(|first| first.code)
    }
}

fn told(file: &'static str) -> Vec<Told> {
    let rows = file.lines().filter(|line| line.starts_with("HF-"));
    rows.map(|line| {
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        let [code, stack, text] = words[..] else {
            panic!("not a row: {line}");
        };
        Told {
            code: Code::parse(code).expect("a code"),
            stack,
            text: text.replace("\\n", "\n").replace("\\t", "\t"),
        }
    })
    .collect()
}

/// What was read wrongly, a line each.
fn wrong(file: &'static str) -> Vec<String> {
    told(file)
        .iter()
        .filter(|told| told.found() != Some(told.code))
        .map(|told| {
            format!(
                "{}: {} instead of {}: {}",
                told.stack,
                named(told.found()),
                told.code,
                told.text
            )
        })
        .collect()
}

fn named(found: Option<Code>) -> String {
    found.map_or("nothing".to_owned(), |code| code.to_string())
}

#[test]
fn nine_in_ten_messages_that_no_table_knows_as_a_sentence_are_read_rightly() {
    let wrong = wrong(OPEN);
    assert!(wrong.len() <= 10, "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn nine_in_ten_messages_that_were_not_looked_at_are_read_rightly() {
    let wrong = wrong(SEALED);
    // Whoever reads which ones they are has nothing left to measure with.
    assert!(wrong.len() <= 10, "{} of 100 wrong", wrong.len());
}

#[test]
fn each_half_has_four_messages_of_each_of_25_stacks() {
    for file in [OPEN, SEALED] {
        let told = told(file);
        let stacks: BTreeSet<&str> = told.iter().map(|told| told.stack).collect();
        assert_eq!(stacks.len(), 25);
        for stack in stacks {
            let of_it = told.iter().filter(|told| told.stack == stack).count();
            assert_eq!(of_it, 4, "{stack}");
        }
    }
}

#[test]
fn no_message_is_a_recorded_sentence() {
    let recorded: Vec<String> = include_str!("recorded.txt").lines().map(normal).collect();
    for told in told(OPEN).iter().chain(&told(SEALED)) {
        let text = normal(&told.text);
        let is_recorded = recorded.iter().any(|line| line.ends_with(text.trim()));
        assert!(!is_recorded, "{}", told.text);
    }
}
