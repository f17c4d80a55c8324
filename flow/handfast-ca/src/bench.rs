//! How fast this CA is on this machine: [`issue`] measures durable certificates, [`fill`] makes records for millions, and
//! [`ask`] turns their pages. It is for a folder that is made for it and thrown away.

mod ask;
mod fill;
mod load;
mod measure;

pub use self::{
    ask::{Asked, ask},
    fill::fill,
    load::{Load, Rate, issue},
    measure::{Course, Filled, measure},
};
