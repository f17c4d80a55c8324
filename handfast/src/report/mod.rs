//! A doctor's report as people and machines read it: text, ladder, JSON, a page, a diagram.

pub mod findings;
pub mod json;
pub mod ladder;
pub mod page;
pub mod reading;
