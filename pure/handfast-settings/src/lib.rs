//! Configuration files of ours: each key is defined once, and everything else comes from there.
//!
//! A crate that has such a file says its keys in [`table!`]s: name, type, what the reference page says. From these come the
//! reader, which finds everything that is wrong in one pass, each with its line; the flags of a command; the rows of the
//! page; and the JSON Schema. In: the text of a file. Out: its tables, and [`Problem`]s. What they mean is for the crate.

#![warn(missing_docs)]

mod manual;
mod reader;
mod reference;
mod table;
mod values;

pub use handfast_finding::Problem;
pub use toml::de::{DeTable, DeValue};

pub use crate::{
    manual::{Entry, Part, manual},
    reader::{Reader, Text},
    reference::{page, schema},
    table::{Flag, Key, Lined, Named, Shape, Table, Without, Written, keys_of},
    values::{Choice, Connections, NoneOrMore, OneOrMore, Period, Rate, Within},
};
