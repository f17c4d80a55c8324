//! What the doctor found, as people and machines read it: text, ladder, chains, JSON, a page, a diagram, a bundle.
//!
//! In: a report, a posture, a reading of a text. Out: a text, with the [`style`]s of a terminal where it is for one, or
//! an object. Nothing here prints.

pub mod bundle;
pub mod cards;
pub mod chains;
pub mod exchange;
pub mod expiry;
pub mod findings;
pub mod html;
pub mod join;
pub mod joined;
pub mod json;
pub mod junit;
pub mod ladder;
pub mod mermaid;
pub mod page;
pub mod pages;
pub mod paths;
pub mod posture;
pub mod reading;
pub mod sarif;
pub mod schema;
pub mod shown;
mod steps;
pub mod style;
mod svg;
pub mod verdict;
