//! A doctor's report as people and machines read it: text, ladder, chains, JSON, a page, a diagram, a bundle.

pub mod bundle;
pub mod chains;
pub mod findings;
pub mod html;
pub mod joined;
pub mod json;
pub mod junit;
pub mod ladder;
pub mod mermaid;
pub mod page;
pub mod posture;
pub mod reading;
pub mod sarif;
mod steps;
mod svg;
