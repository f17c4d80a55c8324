//! Keys and certificates from one form into another, with the chain put into order.
//!
//! In: a [`Source`], the files to convert, and what is [`Wanted`]. Out: an [`Output`], whose every byte is made before the
//! first file is written. What can go wrong: a form that does not hold what there is, and all that can be wrong with a file.

mod check;
mod forms;
mod goods;
mod keyed;
mod left_out;
mod missing;
mod next;
mod output;
mod source;
mod spares;
mod wanted;

pub use self::{
    goods::Goods,
    output::{Output, Written},
    source::Source,
    wanted::{Form, Wanted},
};
